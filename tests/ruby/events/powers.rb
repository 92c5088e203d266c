# A script keeps what it names; until its top level has ended it has all.
log "before", port: Port.read8(0x80)
powers :log, :port
powers :log, :msr
log "still", port: Port.read8(0x80)
begin
  powers :disc
rescue ArgumentError => error
  log error.message
end
on(:port_read, 0x60) do
  [-> { Port.read8(0x80) }, -> { Msr.read(0x1b) }, -> { on(:port_read, 0x61) { } }].each do |call|
    call.()
    log.error "allowed"
  rescue AccessError => error
    log error.message
  end
  powers :log, :port
  log "timer", on: every(1.seconds) { }.enabled?
end
kept = on(:port_read, 0x62) { |io| io.value = 7 }
on(:port_read, 0x63) do
  off(kept)
rescue AccessError => error
  log error.message
end
