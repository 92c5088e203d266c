# What tests/guest/nvme.c counts on: which block of both namespaces is changed, refused, moved.
KEY = "\x5a"

counts = Hash.new(0)
disks = { disk: %i[nvme1n1 nvme1n2] }
on(:disk_request, **disks) { |r| counts[r.kind] += 1 }
on(:disk_write, **disks, lba: 1000..1099, on_error: :deny) { |r| r.data.xor(KEY) }
on(:disk_read, **disks, lba: 1000..1099) { |r| r.done { |done| done.data.xor(KEY) } }
on(:disk_write, **disks, lba: 1200) { |r| r.deny }
on(:disk_read, **disks, lba: 1201) { |r| r.deny }
on(:disk_write, **disks, lba: 1210) { |r| r.drop }
on(:disk_read, **disks, lba: 1211) { |r| r.drop }
on(:disk_read, **disks, lba: 1212) { |r| r.answer("\xa5" * (r.sectors * r.disk.sector_bytes)) }
on(:disk_write, **disks, lba: 1220) { |r| r.lba = 1221 }
on(:disk_done, **disks, lba: 1230) { |r| r.deny }
on(:disk_read, **disks, lba: 1240..1299) { |r| r.lba -= 240 }
on(:disk_write, **disks, lba: 1300) do |r|
  r.data.fill(0)
  raise "half-way"
end
on(:disk_write, **disks, lba: 1310) { |r| r.deny :write_protected }
on(:disk_write, **disks, lba: 1311) { |r| r.deny status: 0x182 }
on(:disk_write, **disks, lba: 1312) { |r| r.deny :aborted, retry: true }
on(:disk_discard, **disks, queue: 1..) do |r|
  puts "discards #{r.disk} #{r.lba} #{r.sectors} #{r.ranges} #{r.command}"
  r.deny :no_access if r.touches?(2000..2015)
  r.deny if r.command == :write_zeroes
end
lost = []
on(:disk_read, **disks, lba: 1320) { |r| r.lose; lost << r.lba }
on(:disk_read, **disks, lba: 1321) { |r| r.lose :completion; lost << r.lba }
on(:disk_read, **disks, lba: 1322) { |r| r.disk.controller.fail }
sizes = []
on(:disk_write, disk: :nvme1n2, sectors: 3) { |r| sizes << r.data.size }
at_exit do
  puts "counted #{counts.keys.map(&:to_s).sort.join(" ")}"
  puts "lost #{lost}"
  puts "sizes #{sizes.uniq.inspect}, #{Disk[:nvme1n2].sector_bytes}"
end
