at_exit { log "first registered, last run" }
at_exit { raise "in at_exit" }
at_exit { log "last registered, first run" }
count = 0
hook = on(:port_read, 0x60) do |io|
  count += 1
  hook.off if count == 2
  io.value = count
end
on(:port_read, 0x61) do |io|
  $late ||= on(:port_read, 0x62) { |inner| inner.value = 0x77 }
  50.times { |i| on(:port_read, 0x100 + i) { } } if io.sequence == 1
  io.value = 1
end
on(:port_read, 0x63) { |io| off $late if $late.enabled? }
every(10.milliseconds) { |t| log "tick", n: t.sequence, kind: t.kind }
on(:port_read, 0x64) { |io| log "counters", events: hook.events, enabled: hook.enabled? }
