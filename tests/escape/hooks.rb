# For the guest in tests/escape: reads of the first port run a script for a while; writes of the second put a
# hook on a port, a page where CPUs start, or an MSR, or take it off, so that every CPU has to hear of it.
WHAT = [[:port_read, 0x5110], [:mmio_read, 0x30000], [:msr_read, 0xfe]]
hooks = {}

on :port_read, 0x5100 do |io|
  sum = 0
  50.times { |i| sum += i }
  io.value = sum & 0xff
end

on :port_write, 0x5101 do |io|
  kind = io.value >> 1
  next unless WHAT[kind]
  if io.value & 1 == 1
    hooks[kind] ||= on(*WHAT[kind]) { |access| access.value = 0x77 }
  elsif hooks[kind]
    hooks.delete(kind).off
  end
end
