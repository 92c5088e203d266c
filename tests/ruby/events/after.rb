# A time once: its block runs, and the hook is gone, whatever the block does.
once = after(2.seconds) do |event|
  log "once", kind: event.kind, on: once.enabled?
  after(5.seconds) { raise "the second" }
end
log "waits", on: once.enabled?, hooks: Hook.all.size
stopped = after(1.seconds) { log.error "never" }
stopped.off
[0, 1.5, nil].each do |wrong|
  after(wrong) { }
rescue ArgumentError => error
  log error.message
end
begin
  after(1.seconds)
rescue ArgumentError => error
  log error.message
end
