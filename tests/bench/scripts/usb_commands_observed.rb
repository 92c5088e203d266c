# Each command of a stick, and its end, comes to a block that returns at once.
on(:disk_request, disk: :usb0) { |r| }
on(:disk_done, disk: :usb0) { |r| }
