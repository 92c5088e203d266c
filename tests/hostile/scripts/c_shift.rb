# Shifts by more bits than there is memory, and back by more than that.
# group: c
# guest: deny
# state: alive
n = -1
WAYS = [-> { 1 << (1 << 40) >> (1 << 41) }, -> { 1 << 8_000_000 >> 8_000_001 }, -> { -1 << 8_388_600 >> 8_388_700 },
        -> { (1 << 63) >> -(1 << 80) }, -> { (1 << 8_388_607) << 1 }, -> { 1 << -(1 << 63) }, -> { (1 << 100) >> (1 << 63) },
        -> { (1 << 63)[1 << 70] + (1 << 63)[-1] + (-(1 << 63))[1 << 62, 1 << 62] }]
on(:port_read, PORT, on_error: :deny, budget: 20.milliseconds) do |io|
  2.times { begin; WAYS[n = (n + 1) % WAYS.size].call; rescue RangeError; end }
  raise "done"
end
