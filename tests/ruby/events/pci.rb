on(:pci_config_read, class: 0x0200) { |io| io.deny }
on(:pci_config_read, id: "8086:1237") { |io| io.value = 0x5555 if io.offset == 4 }
on(:pci_config_write, slot: "00:01.0", offset: 0x40) { |io| log io.to_s, id: io.id, class: io.class_code; io.drop }
on(:pci_config_read, bus: 0, device: 1, function: 0, offset: 0x3c..0x3f) { |io| io.value = 0xb }
log PCI.devices.map(&:slot).join(",")
PCI.find(class: 0x0601).on { |io| }
begin
  PCI.find(colour: 1)
rescue ArgumentError => e
  log e.message
end
