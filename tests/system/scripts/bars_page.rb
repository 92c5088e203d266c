# The first of two cards whose BARs share a page, and a controller with a BAR of 64 bits.
PCI.select(id: "10ec:8139")[0].bar(1).on(:read, offset: 0..3) { |io| io.value = 0x11111111 }
PCI.find(id: "1b36:000d").bar(0).on(:read, offset: 0) { |io| io.value = 0x22222222 }
