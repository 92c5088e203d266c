	# A stick is read and written below sectors that the script has an opinion of.
	load $stick $keyboard
	there /dev/sda
	again() {
		echo 3 >/proc/sys/vm/drop_caches
	}
	echo 64 >/sys/block/sda/queue/read_ahead_kb
	echo "guest: all $(md5sum </dev/sda)"
	echo 0 >/sys/block/sda/queue/read_ahead_kb
	again
	echo "guest: changed $(dd if=/dev/sda bs=512 skip=96 count=1 2>/dev/null | tr -d '\0' | head -c 12)"
	again
	echo "guest: beside $(dd if=/dev/sda bs=512 skip=88 count=1 2>/dev/null | md5sum)"
	exec 3</dev/sda # so that what was written stays in the cache
	yes A | tr -d '\n' | dd of=/dev/sda bs=4096 seek=25 count=1 iflag=fullblock conv=fsync 2>/dev/null
	echo "guest: its own $(dd if=/dev/sda bs=4096 skip=25 count=1 2>/dev/null | head -c 6)"
	again
	echo "guest: written $(dd if=/dev/sda bs=4096 skip=25 count=1 2>/dev/null | head -c 6)"
	exec 3<&-
	yes C | tr -d '\n' | dd of=/dev/sda bs=4096 seek=38 count=1 iflag=fullblock conv=fsync 2>/dev/null
	echo "guest: errors $(dmesg | grep -c 'I/O error, dev sda, sector 304 op 0x1:(WRITE)')"
	again
	echo "guest: refused $(dd if=/dev/sda bs=4096 skip=38 count=1 2>/dev/null | head -c 3)"
	echo "guest: warnings $(dmesg | grep -c 'xhci_hcd.*\(WARN\|ERROR\|died\)')"
	dmesg | grep 'xhci_hcd\|usb 2-1: reset' | tail -n 5
