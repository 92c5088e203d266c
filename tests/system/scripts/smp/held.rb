# Busy until the other CPU has sent its interrupts of this round, of which it keeps count in a word of the
# guest's memory, and answers.
round = 0
on(:port_read, 0x80, budget: 8.seconds) do |io|
  round += 1
  deadline = Machine.tsc + 6 * Machine.tsc_hz
  nil while Memory.read32(0x20000) != round && Machine.tsc < deadline
  io.value = 0x5a
end
