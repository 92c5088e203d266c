# copy_on_write.rb: what the guest writes to disks goes to memory, and the disks stay as they are.
#
# The guest reads what it has written, until it ends: then that is gone. When the memory is used up, what is written is
# refused. Commands that could change a disk in other ways are refused too.
#
# It is a policy: without it no OS boots, and if it dies, all requests to these disks are refused.
#
# Settings:
#   disk=ide0,nvme0n1   which disks (default: ide0)
#   size=64             how many MiB of memory for each at most (default: 16): give the hypervisor as much more by memory=

policy!

SIZE = setting(:size, 16) << 20

overlays = setting(:disk, "ide0").split(",").map do |name|
  overlay = Overlay.new(name.to_sym, size: SIZE)
  on(:disk_write, :disk_discard, disk: name.to_sym) { |r| r.redirect overlay }
  on(:disk_read, disk: name.to_sym, lba: overlay) { |r| r.redirect overlay }
  on(:disk_command, disk: name.to_sym, except: { command: Disk::HARMLESS }) { |r| r.deny }
  overlay
end

at_exit do
  overlays.each { |overlay| puts "copy_on_write: #{overlay.disk}: #{overlay.size / 1024} KiB of #{overlay.limit / 1024} are used" }
end
