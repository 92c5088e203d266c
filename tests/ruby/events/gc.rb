# Garbage is collected between events; a hook meets the collector only when it makes very much.
KEEP = Array.new(2_000) { |i| "kept #{i}" }
def gc(name) Machine.statistics[name] end
on(:port_read, 0x60) { |io| 300.times { |i| "#{i}" + "x" } }
on(:port_read, 0x61) { |io| io.value = gc(:gc_steps) }
on(:port_read, 0x62) { |io| io.value = gc(:gc_idle_steps) > 0 && gc(:gc_longest_idle_pause) > 0 ? 1 : 0 }
on(:port_read, 0x63) { |io| 30_000.times { |i| "#{i}" } }
on(:port_read, 0x64) { |io| io.value = gc(:gc_steps) > 0 && gc(:gc_longest_pause) > 0 ? 1 : 0 }
on(:port_read, 0x65) { |io| io.value = KEEP.each_with_index.all? { |s, i| s == "kept #{i}" } ? 1 : 0 }
