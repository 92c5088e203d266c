# The root file system lies on the disk in another form (tests/debian/rewritten.py): what the system reads is
# rewritten on its way, and what it writes.
KEY = "\x5a"
ROOT = 0..0
requests = 0

on(:disk_write, disk: :nvme0n1, lba: ROOT, on_error: :deny) do |request|
  requests += 1
  request.data.xor(KEY)
end
on(:disk_read, disk: :nvme0n1, lba: ROOT, on_error: :deny) do |request|
  requests += 1
  request.done { |done| done.data.xor(KEY) }
end
at_exit { puts "rewritten: #{requests > 1000}" }
