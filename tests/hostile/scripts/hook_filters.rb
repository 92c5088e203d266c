# Filters that mean nothing, addresses that are none.
# group: hooks
# guest: deny
# state: alive
# nolog: ${name}: accepted
BAD = [
  [:port_read, 0..(1 << 62)], [:port_read, 5..1], [:port_read, -1], [:port_read, 1 << 64], [:port_read, 65536], [:port_read, "x"],
  [:port_read, 1.5], [:port_read, [0, [1]]], [:mmio_read, 0..(1 << 52)],
  [:mmio_read, (1 << 51)..((1 << 52) - 1)], [:mmio_write], [:msr_read, 1 << 32], [:cpuid, -5], [:pci_config_read, 4096],
  [:timer, 5], [:shutdown], [:nothing], [], [nil], ["port_read", 1], [:port_read, 1, 2], [:port_read, Object.new],
]
OPTIONS = [{width: 3}, {width: [1, 16]}, {value: 1}, {mask: 1}, {budget: -1}, {budget: 1 << 70}, {budget: "x"}, {on_error: :explode},
           {on_error: 5}, {class: 1}, {unknown: 1}, {subleaf: 1}, {base: 1 << 70}, {observe: nil, width: "1"}]
def try
  yield
  log "accepted"
rescue ArgumentError, RangeError, TypeError, NoMethodError, AccessError, NotImplementedError
end
on(:port_read, PORT, on_error: :deny, budget: 100.milliseconds) do |io|
  BAD.each { |arguments| try { on(*arguments) { } } }
  OPTIONS.each { |options| try { on(:port_read, 0x3f0, **options) { } } }
  [0, -1, 0.5, 999, 1 << 70, "x", nil, Float::NAN, 1.0e300].each { |duration| try { every(duration) { } } }
  try { on(:port_read, 1) }
  try { every(5.seconds) }
  raise "done"
end
