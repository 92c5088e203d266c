# The network card, or the one below a bridge, is not there, wherever the guest looks.
nic = PCI.select(id: "8086:100e").last
log "hiding", device: nic.slot, bar: nic.bar(0).to_s
nic.hide
PCI.each { |device| device.class_code }
at_exit do
  bus = nic.bus == 0 ? 0 : PCI.find(id: "1b36:0001").read(0x19, 1)
  log format("command=0x%x", PCI.config_read(PCI.bdf(bus, nic.device, nic.function), 4, 2) & 7)
end
