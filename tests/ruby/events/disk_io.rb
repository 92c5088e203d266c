# A script's own reads and writes, partition tables, and answers in the place of the disk's.
def try
  yield
rescue StandardError => error
  log "#{error.class}: #{error.message}"
end

disk = Disk[:ide0]
log "new #{disk.read(5).bytes.uniq} #{disk.read(0, 3).bytesize} #{disk.partitions.inspect}"
disk.write(5, "abcd" * 256)
log "written #{disk.read(5)[0, 8]} #{disk.read(6)[508, 4]} #{disk.read(4, 4).bytesize} #{disk.flush}"
try { disk.read(-1) }
try { disk.read(disk.sectors) }
try { disk.read(disk.sectors - 1, 2) }
try { disk.read(0, 0) }
try { disk.read(0, 4096) }
try { disk.write(0, "short") }
try { disk.write(0, "") }
try { Disk.new(:nvme0n1, 8, 512, "", "").read(0) }

def le(number, bytes)
  (0...bytes).map { |i| (number >> 8 * i & 0xff).chr }.join
end

def record(*entries)
  text = entries.map { |type, first, count| "\0\0\0\0" + type.chr + "\0\0\0" + le(first, 4) + le(count, 4) }.join
  "\0" * 446 + text + "\0" * (64 - text.bytesize) + "\x55\xaa"
end

# MBR, with a chain that ends in itself, and one that is longer than the disk.
disk.write(0, record([0x83, 2048, 1000], [0x05, 4096, 8192], [0x82, disk.sectors - 10, 11], [0x0c, 20_000, 100]))
disk.write(4096, record([0x83, 63, 500], [0x05, 1000, 600]))
disk.write(5096, record([0x82, 10, 20], [0x05, 1000, 600]))
log "mbr #{disk.partitions.size} #{disk.partitions[0, 4].map(&:inspect).join(" ")}"
log "one #{disk.partition(4).range} #{disk.partition(99).inspect} #{disk.partition(1)} #{disk.partition(1).sectors}"

# GPT: the first header is broken, the second counts.
def header(disk, lba, entries)
  text = "EFI PART" + le(0x10000, 4) + le(92, 4) + le(0, 4) + le(0, 4) + le(lba, 8) + "\0" * 40 + le(entries, 8) + le(4, 4) +
         le(128, 4) + le(0, 4)
  text[16, 4] = le(Disk::PartitionTable.new(disk).__send__(:crc32, text), 4)
  text + "\0" * (512 - text.bytesize)
end

ESP = "\x28\x73\x2a\xc1\x1f\xf8\xd2\x11\xba\x4b\x00\xa0\xc9\x3e\xc9\x3b"
disk.write(0, record([0xee, 1, disk.sectors - 1]))
disk.write(1, header(disk, 1, 2).sub("EFI", "EFX"))
disk.write(disk.sectors - 1, header(disk, disk.sectors - 1, 100))
entries = ESP + "u" * 16 + le(2048, 8) + le(4095, 8) + le(0, 8) + "E\0S\0P\0" + "\0" * 66 + "\0" * 128 +
          ESP + "v" * 16 + le(5000, 8) + le(4000, 8) + "\0" * 80 + "x" * 16 + "w" * 16 + le(6000, 8) + le(6999, 8) + "\0" * 80
disk.write(100, entries)
log "gpt #{disk.partitions.map { |p| "#{p.number} #{p.range} #{p.type} #{p.name.inspect}" }.join(", ")}"

on(:disk_write, disk: :ide0, partition: 1) { |r| r.deny :write_protected }
disk.partition(4).on(:read) { |r| r.answer("y" * r.sectors * 512) }
try { on(:disk_write, disk: :ide0, partition: 2) { } }
try { on(:disk_write, partition: 1) { } }
try { on(:disk_write, disk: :ide0, partition: 1, lba: 3) { } }

on(:disk_read, lba: 300) { |r| r.answer("x" * 4096) }
on(:disk_read, lba: 301) { |r| try { r.answer("x" * 512) } }
on(:disk_write, lba: 302) { |r| try { r.answer("x" * 4096) } }
on(:disk_flush, lba: 303) { |r| try { r.answer("") } }
on(:disk_done, lba: 304) { |r| try { r.answer("x" * 4096) } }
on(:disk_write, lba: 305) { |r| r.disk.read_only = true; try { r.disk.write(9, "z" * 512) } }
on(:disk_write, lba: 306) { |r| log "in a block #{r.disk.read(5)[0, 4]}" }
every(1.second) { log "every #{disk.read(5)[0, 4]}" }
