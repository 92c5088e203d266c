	# Reads of 4 KiB, three bulk transfers each; exits, and the controller's interrupts.
	dmesg -n 4
	for m in usb-common usbcore xhci-hcd xhci-pci scsi_common scsi_mod usb-storage crct10dif_common crc-t10dif crc64 crc64-rocksoft t10-pi sd_mod; do
		insmod /lib/$m.ko 2>/dev/null
	done
	for i in $(seq 200); do
		[ -e /dev/sda ] && break
		sleep 0.2
	done
	sleep 2
	exits() {
		ritectl stats | sed -n 's/^exits //p'
	}
	interrupts() {
		awk '/xhci/ { for (i = 2; i <= NF; i++) if ($i ~ /^[0-9]+$/) sum += $i; else break } END { print sum + 0 }' /proc/interrupts
	}
	before=$(exits) i=$(interrupts)
	dd if=/dev/sda of=/dev/null bs=4096 count=250 iflag=direct 2>/dev/null
	now=$(interrupts) after=$(exits)
	echo "guest: exits $((after - before)) interrupts $((now - i))"
	[ $((now - i)) -ge 250 ] && [ $((after - before)) -gt 0 ] && [ $((after - before)) -le $((now - i + 100)) ] && echo "guest: an interrupt is an exit, a transfer none"
