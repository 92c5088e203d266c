	# A stick that write_blocker.rb keeps as it is, also from a kernel that does not care.
	load $stick
	there /dev/sda1
	echo "guest: all $(md5sum </dev/sda | cut -c1-32)"
	echo "guest: read-only $(cat /sys/block/sda/ro)"
	blockdev --setrw /dev/sda
	dd if=/bin/busybox of=/dev/sda bs=4096 count=4 conv=fsync 2>/dev/null && echo "guest: written"
	echo 3 >/proc/sys/vm/drop_caches
	echo "guest: still $(md5sum </dev/sda | cut -c1-32)"
	echo "guest: warnings $(dmesg | grep -c 'xhci_hcd.*\(WARN\|ERROR\|died\)\|usb [0-9]-1: reset')"
