# The other half of meet_first.rb.
on(:port_read, 0x5101, budget: 10.seconds) do |io|
  Memory.write32(0x20004, 1)
  deadline = Machine.tsc + 5 * Machine.tsc_hz
  nil while Memory.read32(0x20000) != 1 && Machine.tsc < deadline
  io.value = Memory.read32(0x20000)
end
