# A policy denies by default, and what denies stays on.
log "hooks before", on: on(:port_read, 0x5f) { }.enabled?
policy!
policy!
blocker = on(:port_read, 0x60) { |io| raise "on purpose" }
watcher = on(:port_read, 0x61, on_error: :pass) { |io| raise "on purpose" }
observer = on(:port_read, 0x62, observe: true) { |io| raise "on purpose" }
begin
  on(:port_read, 0x63, on_error: :disable) { }
rescue ArgumentError => error
  log error.message
end
off(on(:port_read, 0x64) { })   # nobody has seen it yet
on(:port_read, 0x65) do
  [blocker, watcher, observer].each do |hook|
    hook.off
    log "off", hook: hook.address
  rescue AccessError => error
    log error.message
  end
end
on(:port_read, 0x66) do
  on(:port_read, [0x68, 0x69, "x"]) { log "stays" }
end
every(5.seconds) { |timer| log "timer", on_error: "none" }
