# Copy on write: the first disk stays untouched. An overlay is of the disk that it stands for, and lies where to: says.
policy!
SAFE = %i[read flush identify log_page get_features smart_read]
cow = Overlay.new(:nvme0n1, to: Disk.find(serial: "SCRATCH01") || Disk.find(serial: "1"))
on(:disk_write, :disk_discard, disk: :nvme0n1) { |r| r.redirect cow }
on(:disk_read, disk: :nvme0n1, lba: cow) { |r| r.redirect cow }
on(:disk_command, disk: :nvme0n1, except: { command: SAFE }) { |r| r.deny }
