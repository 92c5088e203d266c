# usb_trace.rb: logs what USB devices are asked for, and how it ends, in usbmon's columns.
#
#      1.204117 S Bo:1-2:2 31 = 55534243 01000000
#      1.205001 C Bi:1-2:1 0 13 = 55534253 01000000
#
# Seconds since the script was loaded; S: submitted, C: completed; C, B or I: control, bulk, interrupt, and i or o; where the
# device is; the endpoint; of what is completed its status (0, or the controller's code); bytes; and the first of them.
# Of a control transfer that is submitted, its setup packet is between.
#
# Settings:
#   id=46f4:0001   only devices of that id (default: all)
#   limit=200      stops after so many lines (default: 1000)
#   bytes=32       so many bytes of each are shown (default: 8)

ID = setting(:id, "")
LIMIT = setting(:limit, 1000)
BYTES = setting(:bytes, 8)
TYPES = { control: "C", bulk: "B", interrupt: "I" }

$start = Machine.tsc
$lines = 0
$hooks = []
$sums = Hash.new { |sums, name| sums[name] = [0, 0, 0] }

def hex(data)
  return "" if data.nil? || data.size == 0
  bytes = data.to_s(0, [data.size, BYTES].min).bytes.map { |byte| "%02x" % byte }
  " = #{bytes.each_slice(4).map(&:join).join(" ")}"
end

def trace(t, action, middle)
  now = (Machine.tsc - $start) * 1_000_000 / Machine.tsc_hz
  where = t.device ? t.device.path : t.id
  $lines += 1
  puts "%5d.%06d %s %s%s:%s:%d %s%d%s" % [now / 1_000_000, now % 1_000_000, action, TYPES[t.type], t.in? ? "i" : "o", where,
                                          t.endpoint, middle, t.length, hex(t.data)]
  return if $lines < LIMIT
  log.notice "usb_trace: #{LIMIT} lines, stopping (limit=...)"
  $hooks.each(&:off)
end

filters = ID.empty? ? {} : { id: ID }
$hooks << on(:usb_request, **filters, observe: true) do |t|
  setup = t.setup
  trace(t, "S", setup ? "s #{setup.bytes.map { |byte| "%02x" % byte }.join} " : "")
end
$hooks << on(:usb_done, **filters, observe: true) do |t|
  sum = $sums["#{t.id} #{t.type}"]
  sum[0] += 1
  sum[t.in? ? 1 : 2] += t.length
  trace(t, "C", "#{t.status} ")
end
log "usb_trace: tracing", id: ID.empty? ? "all" : ID, limit: LIMIT

at_exit do
  $sums.each { |name, (count, read, written)| puts "Total (#{name}): #{count} transfers, in #{read} bytes, out #{written} bytes" }
end
