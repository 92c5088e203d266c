# An access comes to each hook that has one byte of it in its range, and says where it begins.
on(:mmio_read, 0x1003..0x100a) { |io| log "mmio", offset: io.offset, width: io.width }
on(:mmio_write, 0x1003..0x100a) { |io| log "write", offset: io.offset, value: io.value }
on(:port_read, 0x71) { |io| log "port", offset: io.offset, port: io.port, width: io.width }
on(:pci_config_read, 0x3d) { |io| log "config", offset: io.offset, width: io.width }
on(:msr_read, 0x1001) { |msr| log "msr", offset: msr.offset }
# Two hooks on one port: what the first has fetched is what the second sees.
on(:port_read, 0x60) { |io| log "first", value: io.value }
on(:port_read, 0x60) { |io| io.value = io.value + 1 }
on(:port_read, 0x5f..0x60) { |io| log "third", value: io.value, offset: io.offset }
