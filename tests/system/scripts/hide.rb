# The network card is not there.
on(:pci_config_access, id: "8086:100e") { |io| io.deny }
