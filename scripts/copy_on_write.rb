# copy_on_write.rb: writes go to memory, or to other disks, and the disks stay as they are.
#
# The guest reads what it has written. In memory that is gone when it ends; on another disk it is there the next time, all
# that the guest had flushed also after a power cut. When there is no room left, what is written is refused. Commands that
# could change a disk in other ways are refused too, and so is what the guest itself would write to the other disk.
#
# It is a policy: without it no OS boots, and if it dies, all requests to these disks are refused.
#
# Settings:
#   disk=ide0,nvme0n1   which disks (default: ide0)
#   size=64             how many MiB of memory for each at most (default: 16): give the hypervisor as much more by memory=
#   to=sata0,nvme1n1    on which other disks, one for each, in place of memory; empty ones, the first time: all zeros
#   sectors=2048-99999  which sectors of these (default: all)
#   format=yes          begin anew, whatever is there

policy!

disks = setting(:disk, "ide0").split(",").map(&:to_sym)
others = setting(:to, "").split(",").map(&:to_sym)
raise ArgumentError, "to= has to name a disk for each of #{disks.join(", ")}" unless others.empty? || others.size == disks.size

first, last = setting(:sectors, "").split("-").map { |text| Integer(text) }
RANGE = first && (first..(last || first))
SIZE = setting(:size, 16) << 20
ANEW = setting(:format, "no") == "yes"

overlays = disks.zip(others).map do |name, other|
  overlay = other ? Overlay.new(name, to: other, range: RANGE, format: ANEW) : Overlay.new(name, size: SIZE)
  on(:disk_write, :disk_discard, :disk_flush, disk: name) { |r| r.redirect overlay }
  on(:disk_read, disk: name, lba: overlay) { |r| r.redirect overlay }
  on(:disk_command, disk: name, except: { command: Disk::HARMLESS }) { |r| r.deny }
  overlay
end

at_exit do
  overlays.each { |overlay| puts "copy_on_write: #{overlay.disk}: #{overlay.size / 1024} KiB of #{overlay.limit / 1024} are used" }
end
