def refused(what)
  yield
  log.error "accepted", what: what
rescue ArgumentError, TypeError, RangeError, AccessError => e
  log e.message
end
refused(1) { on(:port_raed, 0x60) { } }
refused(2) { on(:port_read, 0x60, lba: 1) { } }
refused(3) { on(:port_read, 0x60) }
refused(4) { on(:port_read, 0x10000) { } }
refused(5) { on(:port_read, 0x64..0x60) { } }
refused(6) { on(:port_read, 0x60, value: 3) { } }
refused(7) { on(:port_read, 0x60, width: 3) { } }
refused(8) { on(:port_read, 0x60, on_error: :explode) { } }
refused(9) { every(0) { } }
refused(10) { on(:port_read, 0x60, 0x61) { } }
refused(11) { on(:port_read, "0x60") { } }
refused(12) { on(0x60) { } }
refused(13) { on(:pci_config_read, id: "8086") { } }
refused(14) { every(5) { } }
refused(15) { on(:pci_config_read, slot: "00:20.0") { } }
refused(16) { on(:pci_config_read, slot: "00:1f") { } }
refused(17) { on(:pci_config_read, id: "8086:\0100e") { } }
refused(18) { on(:pci_config_read, bus: 256) { } }
refused(19) { on(:mmio_read, (1 << 64)...(1 << 65)) { } }
refused(20) { on(:mmio_write) { } }
refused(21) { on(:port_write, 0x60, mask: 1) { } }
refused(22) { on(:port_read, "1".."2") { } }
refused(24) { on(:port_read, 0x60, budget: -1) { } }
refused(25) { on(:port_read, 0x60, budget: 11.seconds) { } }
refused(26) { on(:pci_config_read, class_mask: 0xff0000) { } }
refused(27) { on(:port_read, []) { } }
refused(28) { on(:port_read, 0x60, port: 0x70) { } }
refused(29) { on(:msr_read, port: [0x60, 0x64]) { } }
log on(:port_read, port: [0x62, 0x64]) { }.off.inspect, hooks: Hook.all.size
log on(:port_read, 0xfff0..) { }.off.inspect
refused(23) { Hook.__add(:timer_read, 1, {}, proc { }, []) }
# A method defined later is the one that is called, whatever was called before.
class Answer
  def value = 1
end
first = Answer.new.value
class Answer
  def value = 2
end
second = Answer.new.value
Answer.include(Module.new { def missing = 3 })
log "methods", first: first, second: second, third: Answer.new.missing
h = on(:port_read, :port_write, 0x60, budget: 500.microseconds) { |io| }
log h.inspect, count: Hook.all.size
h.off
log h.inspect, count: Hook.all.size
log "durations", a: 2.seconds, b: 3.milliseconds, c: 1.minutes, d: 0.5.seconds
