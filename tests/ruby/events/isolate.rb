# What C says of configuration space and of a port, without a block.
PCI.isolate(class: 0x0200)
PCI.hide(id: "8086:7000")
PCI.isolate(slot: "00:05.0")
silent = on(:port_write, 0x80, verdict: :deny)
on(:port_write, 0x80) { |io| log "not reached" }
log "silent", events: silent.events
[[:port_write, { verdict: :isolate }], [:pci_config_write, { verdict: :pass }],
 [:port_write, { verdict: :deny, observe: true }]].each do |kind, filters|
  begin
    on(kind, 0x81, **filters)
  rescue ArgumentError => e
    log e.message
  end
end
begin
  on(:port_write, 0x81, verdict: :deny) { |io| io.deny }
rescue ArgumentError => e
  log e.message
end
begin
  PCI.isolate
rescue ArgumentError => e
  log e.message
end
