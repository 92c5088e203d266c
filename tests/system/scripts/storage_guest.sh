	# A stick is read and written, and what scripts have said of its sectors shows.
	load $stick
	there /dev/sda
	echo 0 >/sys/block/sda/queue/read_ahead_kb
	sector() { # eight sectors of the stick, as it says they are now
		echo 3 >/proc/sys/vm/drop_caches
		dd if=/dev/sda bs=512 skip=$1 count=8 iflag=fullblock 2>/dev/null
	}
	put() { # a letter, eight sectors
		yes $2 | tr -d '\n' | dd of=/dev/sda bs=4096 seek=$(($1 / 8)) count=1 iflag=fullblock conv=fsync 2>/dev/null || echo "guest: failed $1"
	}
	large() {
		dd if=/dev/sda bs=1M skip=2 count=4 2>/dev/null
	}
	exec 3<>/dev/sda
	for at in 200 304 400 504; do put $at A; done
	for at in 200 304 400 504 800; do echo "guest: at $at $(sector $at | tr -d '\0' | head -c 6)"; done
	echo "guest: changed $(sector 96 | tr -d '\0' | head -c 9)"
	echo "guest: moved $(sector 600 | md5sum | cut -c1-32)"
	sector 704 >/dev/null
	sector 1000 >/dev/null
	sector 1200 >/dev/null
	echo "guest: late $(sector 904 | md5sum | cut -c1-32)"
	echo 512 >/sys/block/sda/queue/read_ahead_kb
	echo 3 >/proc/sys/vm/drop_caches
	echo "guest: large $(large | md5sum | cut -c1-32)"
	large | tr 'a-z' 'b-za' >/large
	dd if=/large of=/dev/sda bs=1M seek=2 conv=fsync 2>/dev/null || echo "guest: failed large"
	echo 3 >/proc/sys/vm/drop_caches
	echo "guest: other $(md5sum </large | cut -c1-32) $(large | md5sum | cut -c1-32)"
	echo "guest: errors $(for at in '304 op 0x1' '704 op 0x0' '1000 op 0x0' '1200 op 0x0'; do dmesg | grep -c "sda, sector $at"; done | tr '\n' ' ')"
	echo "guest: warnings $(dmesg | grep -c 'xhci_hcd.*\(WARN\|ERROR\|died\)\|usb 2-1: reset')"
