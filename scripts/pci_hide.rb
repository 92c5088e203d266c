# pci_hide.rb: hides PCI devices from the guest.
#
# Every read of a hidden device's configuration space gives ones and every write vanishes, as if
# nothing were there; the guest's own bus scan does the rest. The match is evaluated in C for each
# configuration access; Ruby runs for hidden devices only. Those that are there at boot are switched
# off, too, and stay hidden under whatever bus number the guest gives them.
#
# Settings:
#   hide_class=0x0c03      a class, a class with subclass, or with programming interface
#                          (default: 0x0200, Ethernet controllers)
#   hide_id=8086:100e      vendor and device instead
#   hide_slot=00:03.0      or one place

if (slot = setting(:hide_slot))
  match = { slot: slot }
elsif (id = setting(:hide_id))
  match = { id: id }
else
  match = { class: setting(:hide_class, 0x0200) }
end

hidden = PCI.select(**match)
hidden.each { |device| log "hiding", device: device.slot, id: device.id, class: "%06x" % device.class_code }
log.warning "pci_hide: no such device here", **match if hidden.empty?

attempts = 0
on :pci_config_read, **match, on_error: :deny do |io|
  attempts += 1
  io.deny
end
on(:pci_config_write, **match, on_error: :deny) { |io| io.deny }
hidden.each(&:hide)

at_exit { log "pci_hide", devices: hidden.size, reads_denied: attempts }
