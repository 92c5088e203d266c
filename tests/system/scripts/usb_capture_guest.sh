	# All that a stick does is recorded, from its driver's begin on; then the recording goes to the stick, from 2 MiB on.
	dmesg -n 4
	for m in usb-common usbcore scsi_common scsi_mod usb-storage crct10dif_common crc-t10dif crc64 crc64-rocksoft t10-pi sd_mod; do
		insmod /lib/$m.ko 2>/dev/null
	done
	cat >/work.sh <<X
	insmod /lib/xhci-hcd.ko
	insmod /lib/xhci-pci.ko
	for i in \$(seq 200); do
		[ -e /dev/sda ] && break
		sleep 0.2
	done
	sleep 1
	echo "guest: read \$(head -c 1048576 /dev/sda | md5sum)"
	echo written | dd of=/dev/sda bs=512 seek=8 conv=notrunc,fsync 2>/dev/null
X
	ritectl record -q -e usb_control,usb_transfer,usb_done --payload 2048 --buffer 1024 -o /trace sh /work.sh
	echo "guest: recorded $?"
	tar cf /trace.tar -C / trace
	dd if=/trace.tar of=/dev/sda bs=64K seek=32 conv=notrunc,fsync 2>/dev/null
