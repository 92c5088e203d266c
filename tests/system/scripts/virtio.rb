# What tests/guest/virtio.c counts on: which block of both disks is changed, refused, moved.
KEY = "\x5a"

counts = Hash.new(0)
disks = { disk: %i[virtio0 virtio1] }
on(:disk_request, **disks) { |r| counts["#{r.kind} #{r.opcode}"] += 1 }
[1000..1099, 4000..4099].each do |range|
  on(:disk_write, **disks, lba: range, on_error: :deny) { |r| r.data.xor(KEY) }
  on(:disk_read, **disks, lba: range) { |r| r.done { |done| done.data.xor(KEY) } }
end
on(:disk_write, **disks, lba: 1200) { |r| r.deny }
on(:disk_read, **disks, lba: 1201) { |r| r.deny }
on(:disk_write, **disks, lba: 1210) { |r| r.drop }
on(:disk_read, **disks, lba: 1211) { |r| r.drop }
on(:disk_read, **disks, lba: 1212) { |r| r.answer("\xa5" * (r.sectors * r.disk.sector_bytes)) }
on(:disk_write, **disks, lba: 1220) { |r| r.lba = 1221 }
on(:disk_done, **disks, lba: 1230) { |r| r.deny }
on(:disk_read, **disks, lba: [1240..1299, 4240..4299]) { |r| r.lba -= 240 }
on(:disk_read, **disks, lba: 1310) { |r| r.delay 3.milliseconds }
on(:disk_write, **disks, lba: 1311) { |r| r.deny :unsupported }
on(:disk_write, **disks, lba: 1312) { |r| r.deny status: 77 }
on(:disk_discard, **disks, lba: 1500) { |r| r.deny }
on(:disk_write, **disks, lba: 1300) do |r|
  r.data.fill(0)
  raise "half-way"
end
sizes = []
on(:disk_write, disk: :virtio1, sectors: 3) { |r| sizes << r.data.size }
at_exit do
  puts "counted #{counts.keys.sort.join(", ")}"
  puts "disks #{Disk.map { |disk| "#{disk} #{disk.serial} #{disk.sectors}" }.join(", ")}"
  puts "sizes #{sizes.uniq.inspect}, #{Disk[:virtio1].sector_bytes}"
end
