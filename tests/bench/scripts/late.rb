# How late blocks run that are to run after a millisecond, while the guest does what it says by a port.
late = { "idle" => [], "busy" => [] }
phase = nil
on(:port_write, 0xe1) { |io| phase = late.keys[io.value] }
tick = lambda do
  due = Machine.tsc + Machine.tsc_hz / 1000
  after(1.millisecond) do
    late[phase] << (Machine.tsc - due) if phase
    tick.call
  end
end
tick.call
at_exit do
  late.each do |name, times|
    us = times.sort.map { |time| time * 1_000_000 / Machine.tsc_hz }
    puts "late #{name} #{us.size} #{us[us.size / 2]} #{us[-1]}" unless us.empty?
  end
end
