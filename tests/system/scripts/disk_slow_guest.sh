	# In the guest, as root: the slow disk works.
	for module in scsi_common scsi_mod libata ata_piix sd_mod; do
		insmod /lib/$module.ko
	done
	while [ ! -e /dev/sda ]; do sleep 0.1; done
	for block in 0 8 16; do
		echo "guest: block $block $(dd if=/dev/sda bs=4096 skip=$block count=1 iflag=direct 2>/dev/null | od -An -tx1 -N2)"
	done
	echo "guest: faults $(dmesg | grep -ci "ata.*\(timeout\|frozen\|DRQ\|reset\|failed\)")"
