# Requests of disks: filters, verdicts, and the view of their data. (The simulated disk's data are zeros.)
def try
  yield
rescue StandardError => error
  log "#{error.class}: #{error.message}"
end

log "#{Disk.map(&:inspect).join} #{Disk[:ide0].bytes} #{Disk["ide0"]} #{Disk[0]} #{Disk[:ide1].inspect}"
try { on(:disk_write, disk: :sda) { } }
try { on(:disk_write, cylinder: 1) { } }
try { on(:disk_write, lba: 5..1) { } }

on(:disk_write, disk: :ide0, lba: 0..9, sectors: 1) { |r| r.deny("the partition table") }
on(:disk_write, lba: [20, 30..39]) { |r| r.drop }
on(:disk_write, lba: 40..49, except: { lba: 44 }) { |r| r.lba += 100 }
on(:disk_write, lba: 50) do |r|
  data = r.data
  log "#{data.inspect} #{data[0]} #{data.u32(508)} #{data.index("\x01").inspect} #{data == "\0" * 512}"
  data[0] = 0x7f
  data[1, 3] = "ELF"
  data.set_u32(4, 0x01020304)
  data.set_u16(8, 0x0506, :big)
  log "#{data[0, 10].to_s.inspect} #{data.u16(8)} #{data.u64(0, :big).to_s(16)} #{data.index("ELF")} #{data.include?("FLE")}"
  part = data[256, 256].fill(0x55).xor("\x01\x02\x03")
  log "#{part.u8(0)} #{part.u8(1)} #{part.u8(255)} #{data[255]} #{data.index("TWVT")} #{part.index("\x54\x57", 1)}"
  try { data[500, 13] }
  try { data.u16(511) }
  try { data[0, 2] = "abc" }
  try { data.set_u8(0, 256) }
  try { data.u16(0, :middle) }
  try { data.xor("") }
  log r.to_h.inspect
end
on(:disk_write, lba: 100) do |r|
  keys = [1, 3, 8, 511, 512, 513].map { |size| (0...size).map { |i| (i * 7 + 1 & 0xff).chr }.join.b }
  good = keys.map do |key|
    r.data.fill(0)
    part = r.data[5, 8000].xor(key)
    part.to_s.bytes == (key * (8000 / key.size + 1))[0, 8000].bytes && r.data[4] == 0 && r.data[8005] == 0
  end
  log "xor #{good}"
end
on(:disk_read, lba: 60) do |r|
  try { r.data.u8(0) }
  r.done { |done| }
end
kept = nil
on(:disk_read, lba: 61) { |r| kept = r.data }
on(:disk_read, lba: 62) { |r| try { kept.u8(0) } }
on(:disk_write, lba: 70) { |r| r.data[0] = 1; raise "half-way" }
on(:disk_write, lba: 71, on_error: :deny) { |r| raise "before" }
on(:disk_write, lba: 72) { |r| raise "before" }
on(:disk_flush, :disk_command) { |r| log "#{r} #{r.kind} #{r.write?}" }
on(:disk_done, status: 1..255) { |r| log "#{r} failed" }
held = []
on(:disk_write, lba: 80..89) { |r| held << r.hold(limit: 5.seconds) }
on(:disk_write, lba: 81) { |r| log "asked: it does not wait" }
on(:disk_write, lba: 90) { |r| r.lba = 91; r.delay 200.microseconds }
on(:disk_write, lba: 90..91) { |r| log "after the delay: #{r}" }
on(:disk_write, lba: 92) { |r| r.accept; r.delay 1.second }
on(:disk_write, lba: 92) { |r| log "not asked" }
on(:disk_write, lba: 93) { |r| r.hold(limit: 1.second); r.deny }
on(:disk_write, lba: 94) do |r|
  try { r.delay 0 }
  try { r.hold(limit: 61.minutes) }
  try { r.hold }
  r.drop
  try { r.delay 1.second }
end
on(:disk_flush) do
  first, second = held
  log "#{held.inspect} #{first.pass} #{first.pass} #{second.deny("late")} #{second.drop}"
end
