	# In the guest, as root: the virtio or SATA disk that the script reads and writes too.
	for module in virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk \
		scsi_common scsi_mod libata libahci ahci crct10dif_common crc-t10dif crc64 crc64-rocksoft t10-pi sd_mod; do
		insmod /lib/$module.ko
	done
	until name=$(grep -ls RV1 /sys/block/*/serial /sys/block/*/device/vpd_pg80 | cut -d / -f 4) && [ -b "/dev/$name" ]; do
		sleep 0.1
	done
	disk=/dev/$name
	direct() { # block of 4096 bytes
		dd if=$disk bs=4096 skip=$1 count=1 iflag=direct 2>/dev/null
	}
	yes low | head -c 4096 >/tmp/low
	dd if=/tmp/low of=$disk bs=4096 seek=257 count=1 oflag=direct 2>/dev/null
	echo "guest: answered $(direct 256 | head -c 6)"
	echo "guest: dropped $(direct 257 | tr -d '\000' | head -c 3)."
	echo "guest: done $(direct 258 | head -c 7)"
	echo "guest: long $(direct 259 | head -c 4)"
	# Two CPUs at work while the script is.
	many() {
		for i in 1 2 3 4; do dd if=$disk bs=4096 skip=1000 count=100 iflag=direct 2>/dev/null | md5sum; done | sort -u | wc -l
	}
	many >/tmp/alike &
	alike=$(many)
	wait
	echo "guest: alike $alike $(cat /tmp/alike)"
	for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.2; done
	dmesg | grep -i "timeout\|abort\|nobody cared\|frozen"
