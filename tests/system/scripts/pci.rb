# Configuration space: the network card disappears, one register lies, one keeps its value.
on(:pci_config_read, id: "8086:100e") { |io| io.deny }
on(:pci_config_read, slot: "00:00.0", offset: 0..3, width: 4) { |io| puts "watched #{io} 0x#{io.value.to_s(16)}" }
on(:pci_config_read, slot: "00:00.0", offset: 0x3c, width: 1) { |io| io.value = 0x77 }
on(:pci_config_write, id: "8086:7000", offset: 0x3c, width: 1) { |io| io.deny }
on(:pci_config_write, class: 0x0300, offset: 0x3c, width: 1) { |io| io.value = io.value + 1 }
on(:pci_config_write, id: "8086:7010", offset: 0x3c, width: 1) { |io| io.value = io.value + 1 }
