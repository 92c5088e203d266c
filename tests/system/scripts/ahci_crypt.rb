# The disk holds what the guest writes in another form; parts of it cannot be written or read, or lie elsewhere.
KEY = "\x5a"
DISK = :sata2

on(:disk_write, disk: DISK, on_error: :deny) { |r| r.data.xor(KEY) }
on(:disk_read, disk: DISK) { |r| r.done { |done| done.data.xor(KEY) } }
on(:disk_write, disk: DISK, lba: 65536..65599) { |r| r.deny }
on(:disk_read, disk: DISK, lba: 66048..66111) { |r| r.deny }
on(:disk_write, disk: DISK, lba: 66560..66623) { |r| r.drop }
on(:disk_read, disk: DISK, lba: 67072) { |r| r.lba = 0 }
on(:disk_read, disk: DISK, lba: 1000..1003) { |r| r.delay 20.milliseconds }
on(:disk_done, disk: DISK, lba: 1004..1007) { |r| r.delay 20.milliseconds }
seen = Hash.new(0)
on(:disk_done, disk: DISK) { |r| seen[r.opcode] += 1 }
firmware = 0 # and the kernel's data are as they were, or it would not start
on(:disk_read, disk: :sata0, lba: 1..99999) do |r|
  firmware += 1
  r.done { |done| 2.times { done.data.xor("\x01") } }
end
at_exit do
  puts "disks #{Disk.map { |disk| "#{disk} #{disk.serial} #{disk.sectors}" }.join(", ")}"
  puts "done of #{seen.keys.sort.map { |code| "%#x" % code }.join(" ")}"
  puts "firmware read #{firmware > 100}"
end
