# hello.rb: Ruby on the bare machine, before any operating system.
#
# Prints ten lines, then who is speaking: the mruby version, the CPU, the time, the memory. It
# registers no hook, so its engine ends before the guest starts.
#
# Settings: none.

10.times do |n| Bitvisor.print("#{n} Hello") end

puts "This is mruby #{MRUBY_VERSION} on the bare machine, without libc and without FPU."
puts "CPU     #{Cpuid.name}, TSC #{Machine.tsc_hz / 1_000_000} MHz"
puts "Memory  #{Machine.memory_end >> 20} MiB"
puts "Time    #{Time.now}"
puts "Pi      #{Math::PI}, and 2 ** 100 is #{2 ** 100}"
