# Every configuration access goes through Ruby and on, unchanged.
on(:pci_config_access) { |io| io.id }
