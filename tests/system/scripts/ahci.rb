# What tests/guest/ahci.c counts on: which sector is changed, refused, moved, has to wait.
KEY = "\x5a"

counts = Hash.new(0)
disk = { disk: :sata0 }
on(:disk_request) { |r| counts["#{r.disk} #{r.kind}"] += 1 }
on(:disk_write, **disk, lba: 1000..1099, on_error: :deny) { |r| r.data.xor(KEY) }
on(:disk_read, **disk, lba: 1000..1099) { |r| r.done { |done| done.data.xor(KEY) } }
on(:disk_write, **disk, lba: 1200) { |r| r.deny }
on(:disk_read, **disk, lba: 1201) { |r| r.deny }
on(:disk_write, **disk, lba: 1210) { |r| r.drop }
on(:disk_read, **disk, lba: 1211) { |r| r.drop }
on(:disk_read, **disk, lba: 1212) { |r| r.answer("\xa5" * (r.sectors * r.disk.sector_bytes)) }
on(:disk_write, **disk, lba: 1220) { |r| r.lba = 1221 }
on(:disk_done, **disk, lba: 1230) { |r| r.deny }
on(:disk_read, **disk, lba: 1240..1299) { |r| r.lba -= 240 }
on(:disk_read, **disk, sectors: 65536) { |r| r.deny }
on(:disk_write, **disk, lba: 1300) do |r|
  r.data.fill(0)
  raise "half-way"
end
on(:disk_command, **disk, command: 0xe5) { |r| r.deny }
on(:disk_read, **disk, lba: 1500) { |r| r.delay 5.milliseconds }
on(:disk_read, **disk, lba: 1510) { |r| r.done { |done| done.delay 5.milliseconds } }
on(:disk_read, **disk, lba: 1520) do |r|
  held = r.hold(limit: 5.seconds)
  after(5.milliseconds) { held.deny }
end
on(:disk_read, **disk, lba: 1521) { |r| r.hold(limit: 5.seconds) }
on(:disk_read, **disk, lba: 1530) do |r|
  r.done do |done|
    held = done.hold(limit: 5.seconds)
    after(5.milliseconds) { held.deny }
  end
end
on(:disk_read, **disk, lba: 1540) { |r| r.lose }
on(:disk_read, **disk, lba: 1541) { |r| r.lose :completion }
on(:disk_write, **disk, lba: 1550) { |r| r.deny :out_of_range }
on :disk_discard, **disk do |r|
  puts "discards #{r.lba} #{r.sectors} #{r.ranges}"
  r.deny if r.touches?(1560..1569)
end
at_exit do
  puts "counted #{counts.keys.map(&:to_s).sort.join(", ")}"
  puts "disks #{Disk.map { |d| "#{d} #{d.sectors} of #{d.sector_bytes}" }.join(", ")}"
end
