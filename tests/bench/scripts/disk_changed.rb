# What is read is changed, all of it.
KEY = "\x5a"
on(:disk_read) { |r| r.done { |done| done.data.xor(KEY) } }
