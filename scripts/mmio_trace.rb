# mmio_trace.rb: traces the registers of one PCI device: what an unknown driver does to it.
#
# Logs the first accesses in full, and counts all by register; the counts come every few seconds
# and at the end. Only this device's BAR is intercepted.
#
# Settings:
#   trace_id=8086:100e     the device (default: the first Ethernet controller)
#   trace_class=0x0106     or its class
#   bar=0                  which of its BARs (default: the first in memory)
#   limit=100              so many accesses are logged one by one (default: 100)
#   period=5               seconds between counts (default: 5)

LIMIT = setting(:limit, 100)
PERIOD = setting(:period, 5)

id = setting(:trace_id)
device = id ? PCI.find(id: id) : PCI.find(class: setting(:trace_class, 0x0200))
abort "mmio_trace: no such device; there are: #{PCI.devices.join("; ")}" unless device

number = setting(:bar, -1)
bar = number < 0 ? device.bars.find { |b| !b.port? } : device.bar(number)
abort "mmio_trace: #{device} has no such BAR; it has: #{device.bars.join("; ")}" unless bar

log "tracing", device: device.to_s, bar: bar.to_s

counts = Hash.new(0)
logged = 0

bar.on(:access) do |io|
  counts[io.write? ? [:write, io.offset] : [:read, io.offset]] += 1
  if logged < LIMIT
    logged += 1
    puts "%s +%05x %s %0#{io.width * 2}x" % [device.slot, io.offset, io.write? ? "<-" : "->", io.value]
  end
end

report = lambda do
  counts.sort_by { |_, n| -n }[0, 10].each do |(direction, offset), n|
    puts "%8d %-5s +%05x" % [n, direction, offset]
  end
  counts.clear
end

every(PERIOD.seconds) { report.call unless counts.empty? }
at_exit { report.call }
