# Answers 1 if meet_second.rb is in its hook at the same time. They see each other by two words of
# the guest's memory.
on(:port_read, 0x5100, budget: 10.seconds) do |io|
  Memory.write32(0x20000, 1)
  deadline = Machine.tsc + 5 * Machine.tsc_hz
  nil while Memory.read32(0x20004) != 1 && Machine.tsc < deadline
  io.value = Memory.read32(0x20004)
end
