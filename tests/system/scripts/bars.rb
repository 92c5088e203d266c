# Hooks that go where a card's BARs go.
nic = PCI.find(id: "8086:100e")
nic.bars.each { |bar| log bar.to_s }
on(:mmio_read, 8, of: nic.bar(0)) { |io| io.value = 0x01230000 | io.offset }
nic.bar(1).on(:read) { |io| io.value = 0x04560000 | io.offset }
at_exit { log "now", address: nic.bar(0).address.to_s(16) }
