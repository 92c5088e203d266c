# Requests of disks: what commands are called, how requests are refused and lost, read-only disks, what is counted.
def try
  yield
rescue StandardError => error
  log "#{error.class}: #{error.message}"
end

SAFE = %i[read flush identify log_page get_features smart_read]

ide = Disk.find(bus: :ide)
log "#{ide.size} #{ide.block_size} #{ide.controller} #{ide.controller.disks.inspect} #{ide == :ide0} #{Disk[:ide0] == ide}"
log "#{Disk.find(model: /SIM/)} #{Disk.find(serial: "none").inspect} #{Disk.find { |d| d.sectors > 1 }} #{Disk.first}"
try { Disk.find }
try { on(:disk_command, command: :erase) { } }
try { on(:disk_command, command: []) { } }
try { Bytes.allocate.u8(0) }

# Names and numbers, alone and together.
on(:disk_request, lba: 100, command: %i[write discard]) { |r| log "named #{r.command.inspect} 0x#{r.opcode.to_s(16)} #{r.direction}" }
on(:disk_write, lba: 101, command: 0xca) { |r| log "numbered" }
on(:disk_write, lba: 101, command: 0xc5) { |r| log "not asked" }
on(:disk_command, lba: 102, command: [:format, 0xb4]) { |r| log "either #{r.command}" }
on(:disk_request, lba: 103, except: { command: SAFE }) { |r| r.deny :write_protected }
on(:disk_command, lba: 104, opcode: 0xb0, argument: 0xd5) { |r| log "#{r.to_h}" }
on(:disk_write, lba: 105, queue: 1..) { |r| log "queue #{r.queue}" }
on(:disk_done, lba: 106, latency: 50.milliseconds..) { |r| log "slow #{r.latency} #{r.read?} #{r.write?}" }

# Refusals.
on(:disk_write, lba: 200) { |r| r.deny :media_error, retry: true }
on(:disk_write, lba: 201) { |r| r.deny status: 0x10 }
on(:disk_write, lba: 202) { |r| try { r.deny :tired } }
on(:disk_write, lba: 203) { |r| try { r.deny status: 0 } }
on(:disk_write, lba: 204) { |r| r.deny "for the log" }
on(:disk_write, lba: 205..206) do |r|
  held = r.hold(limit: 1.second)
  after(1.second) { log held.deny(:no_access, retry: true) }
end
on(:disk_read, lba: 207..208) do |r|
  held = r.hold(limit: 1.second)
  after(1.second) do
    try { held.answer("short") }
    log "#{held.answer("a" * 512)} #{held.answer("b" * 512)}"
  end
end
on(:disk_write, lba: 209) do |r|
  held = r.hold(limit: 1.second)
  after(1.second) { try { held.answer("a" * 512) } }
end

# Lost.
on(:disk_write, lba: 210) { |r| r.lose }
on(:disk_write, lba: 211) { |r| r.lose :completion }
on(:disk_write, lba: 212) { |r| try { r.lose :interrupt } }

# Data.
on(:disk_write, lba: 220) do |r|
  data = r.data
  data.xor(3, 0x41).xor(4, "ab").xor("\x01")
  log "#{data[0, 7].to_s.inspect} #{data.u8(511)}"
  try { data.xor(511, "ab") }
end
on(:disk_write, lba: 300..303) { |r| log "#{r.ranges} #{r.touches?(304..400)} #{r.touches?(300...301)}" }
on(:disk_discard, lba: 310) { |r| log "#{r.ranges} #{r.write?}" }

# Disks that cannot be written.
seen = []
on(:disk_attach) { |disk| seen << disk.to_s }
log "attached #{seen}"
on(:disk_write, lba: 401) { |r| r.disk.read_only = true }
on(:disk_write, lba: 402) { |r| r.disk.read_only = false }
on(:disk_done, lba: 403) { |r| log "#{r.disk.inspect} #{r.disk == :ide0} #{r.disk.read_only?}" }

# What is counted is printed at the end.
on(:disk_done, lba: 500.., into: Histogram.log2(:latency, unit: :us, by: %i[disk direction]))
on(:disk_done, lba: 500.., into: Counter.new(:commands, by: :command))
sizes = Histogram.linear(:sizes, step: 10)
[0, 9, 10, 35, 35].each { |size| sizes << size }
log "#{sizes.total} #{sizes.size} #{sizes[][0]}"
words = Histogram.log2(:words)
[0, 1, 2, 3, 1024, 1025].each { |number| words << number }
names = Counter.new(:names)
names << :b << :a << :a
try { on(:disk_done, into: names) { } }
log.alert "look", lba: 1
log names.to_h

# Whatever goes, it is told by what it was.
lost = []
on(:disk_detach) { |disk| lost << disk.name }
on(:disk_read, lba: 600) { |r| log "seen #{seen}, lost #{lost}, of #{r.disk.inspect}" }

log "#{Disk.find(serial: "1").inspect} #{Disk.find(serial: "").inspect} #{Disk.find(serial: //, bus: :ide)}"
