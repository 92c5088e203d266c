# Hooks a port, a page of memory or an MSR, or leaves it alone, as the guest says: kind << 1 | on.
WHAT = [[:port_read, 0x5111], [:mmio_read, 0x30000], [:msr_read, 0xfe]]
hooks = {}
changes = 0

on(:port_write, 0x5110, budget: 5.seconds) do |io|
  kind = io.value >> 1
  changes += 1
  if io.value & 1 == 1
    hooks[kind] = on(*WHAT[kind], budget: 5.seconds) { |access| access.value = 0x77 }
  else
    hooks.delete(kind).off
  end
end

at_exit { puts "changed #{changes} times" }
