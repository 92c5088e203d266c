# The second disk holds what the guest writes in another form; a part of it cannot be written.
KEY = "\x5a"

on(:disk_write, disk: :ide1, on_error: :deny) { |r| r.data.xor(KEY) }
on(:disk_read, disk: :ide1) { |r| r.done { |done| done.data.xor(KEY) } }
on(:disk_write, disk: :ide1, lba: 65536..65599) { |r| r.deny }
at_exit { puts "disks #{Disk.map { |disk| "#{disk} #{disk.sectors}" }.join(", ")}" }
