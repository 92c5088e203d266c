# Steady garbage beside little that lives: the heap stays small.
counts = Hash.new(0)
30.times { |i| counts[[i, :read, 1]] = 1 }
on(:port_read, 0x84, budget: 200.milliseconds) do |io|
  counts[[io.port, io.direction, io.width]] += 1
  [counts.size, [io.sequence, { io.width => io.port }]].to_s
  if io.sequence == 20_000
    statistics = Machine.statistics
    log "burst", heap: statistics[:heap], steps: statistics[:gc_steps] + statistics[:gc_idle_steps]
  end
end
