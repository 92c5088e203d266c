# Counts configuration accesses by device.
seen = Hash.new(0)
on(:pci_config_read) { |io| seen[io.slot] += 1 }
at_exit { puts "PCI slots #{seen.size}" }
