# Exceptions are negated by C; what they say is checked as filters are.
on(:port_write, 0x60..0x6f, except: { port: 0x64..0x67 }) { |io| log "ports", port: io.port }
on(:port_write, 0x80..0x83, except: [{ port: 0x80, value: [1, 2] }, { width: 4 }]) { |io| log "list" }
on(:msr_read, 0..0xffff, except: { msr: [0x1b, 0x10] }) { |msr| log "msr" }
on(:cpuid, except: { leaf: 7, subleaf: 1.. }) { |cpu| log "cpuid" }
on(:pci_config_read, except: { id: "8086:100e" }) { |io| log "pci" }
[
  -> { on(:port_read, except: { prt: 1 }) { } },
  -> { on(:port_read, except: { on_error: :deny }) { } },
  -> { on(:port_read, except: { value: 1 }) { } },
  -> { on(:port_read, except: { width: 3 }) { } },
  -> { on(:port_read, except: { port: 0x10000 }) { } },
  -> { on(:port_read, except: {}) { } },
  -> { on(:port_read, except: { port: nil }) { } },
  -> { on(:port_read, except: { port: [] }) { } },
  -> { on(:port_read, except: 0x60) { } },
  -> { on(:port_read, except: [0x60]) { } },
  -> { on(:port_read, except: (1..17).map { |port| { port: port } }) { } },
  -> { on(:mmio_read, except: { address: 1 }) { } },
  -> { every(5.seconds, except: { period: 1 }) { } },
].each do |call|
  call.()
  log.error "taken"
rescue ArgumentError, RangeError => error
  log error.message
end
