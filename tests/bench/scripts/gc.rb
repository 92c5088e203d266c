# The collector's longest pause with 10 MiB of live objects: arrays of the largest size, hashes,
# strings, and hooks that make garbage all the time.
KEEP = []
KEEP << Array.new(32_000) { |i| i.to_s } while KEEP.size < 3
KEEP << (0...2_000).map { |i| [i, "value #{i}"] }.to_h while KEEP.size < 16
log "gc", live_kib: Machine.statistics[:heap] / 1024

reads = 0
on :port_read, 0x80 do |io|
  200.times { |i| "a#{i}" + "b" }
  reads += 1
  if reads % 100 == 0
    s = Machine.statistics
    log "gc", reads: reads, steps: s[:gc_steps], longest_pause_cycles: s[:gc_longest_pause],
              idle_steps: s[:gc_idle_steps], longest_idle_pause_cycles: s[:gc_longest_idle_pause]
  end
end
