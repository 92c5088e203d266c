	# The stick that the script reads and writes too, on two CPUs.
	load $stick
	there /dev/sda
	echo 0 >/sys/block/sda/queue/read_ahead_kb
	direct() { # block of 4096 bytes
		dd if=/dev/sda bs=4096 skip=$1 count=1 iflag=direct 2>/dev/null
	}
	many() {
		for i in 1 2 3 4; do dd if=/dev/sda bs=64k skip=32 count=32 iflag=direct 2>/dev/null | md5sum | cut -c1-32; done | sort -u | tr '\n' ' '
	}
	yes low | head -c 4096 >/low
	dd if=/low of=/dev/sda bs=4096 seek=257 count=1 oflag=direct 2>/dev/null || echo "guest: failed"
	echo "guest: answered $(direct 256 | head -c 4)"
	echo "guest: dropped $(direct 257 | md5sum | cut -c1-32)"
	echo "guest: done $(direct 258 | md5sum | cut -c1-32)"
	echo "guest: long $(direct 259 | head -c 4)"
	many >/other &
	one=$(many)
	wait
	echo "guest: alike $one$(cat /other)"
	dd if=/dev/sda of=/copy bs=64k skip=32 count=16 iflag=direct 2>/dev/null
	dd if=/copy of=/dev/sda bs=64k seek=80 oflag=direct conv=fsync 2>/dev/null || echo "guest: failed"
	echo "guest: copied $(dd if=/dev/sda bs=64k skip=80 count=16 iflag=direct 2>/dev/null | md5sum | cut -c1-32) $(md5sum </copy | cut -c1-32)"
	sleep 3
	echo "guest: warnings $(dmesg | grep -c 'xhci_hcd.*\(WARN\|ERROR\|died\)\|usb [0-9]-[0-9]: reset\|I/O error')"
	echo "guest: unplug stick"
	gone /dev/sda
	sleep 4
