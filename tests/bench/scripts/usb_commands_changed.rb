# What is read of a stick is changed, all of it.
KEY = "\x5a"
on(:disk_read, disk: :usb0) { |r| r.done { |d| d.data.xor(KEY) } }
