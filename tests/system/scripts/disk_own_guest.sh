	# In the guest, as root: the disks that the script reads and writes too.
	for module in scsi_common scsi_mod libata ata_piix sd_mod; do
		insmod /lib/$module.ko
	done
	while [ ! -e /dev/sda ] || [ ! -e /dev/nvme1n1 ]; do sleep 0.1; done
	direct() { # disk, block of 4096 bytes
		dd if=/dev/$1 bs=4096 skip=$2 count=1 iflag=direct 2>/dev/null
	}
	for d in nvme1n1 sda; do
		yes low | head -c 4096 >/tmp/low
		dd if=/tmp/low of=/dev/$d bs=4096 seek=257 count=1 oflag=direct 2>/dev/null
		echo "guest: $d answered $(direct $d 256 | head -c 6)"
		echo "guest: $d dropped $(direct $d 257 | tr -d '\000' | head -c 3)."
		echo "guest: $d done $(direct $d 258 | head -c 7)"
	done
	for d in nvme1n1 sda; do
		yes moved-$d | head -c 4096 | dd of=/dev/$d bs=4096 seek=259 count=1 oflag=direct 2>/dev/null
	done
	echo "guest: moved $(direct nvme1n1 259 | head -n 1) $(direct sda 259 | head -n 1)"
	# Both at work while the script is.
	(for i in 1 2 3 4; do dd if=/dev/nvme1n1 bs=4096 skip=1000 count=200 iflag=direct 2>/dev/null | md5sum; done | sort -u | wc -l >/tmp/alike) &
	alike=$(for i in 1 2 3 4; do dd if=/dev/sda bs=4096 skip=1000 count=100 iflag=direct 2>/dev/null | md5sum; done | sort -u | wc -l)
	wait
	echo "guest: alike $alike $(cat /tmp/alike)"
	for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.2; done
	dmesg | grep -i "timeout\|abort\|polled\|lost interrupt\|nobody cared\|frozen"
