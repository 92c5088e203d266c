	# A stick goes amid a write, and another comes.
	load $stick
	there /dev/sda
	(dd if=/bin/busybox of=/dev/sda bs=4096 seek=8 count=1 conv=fsync 2>/dev/null && echo "guest: written") &
	sleep 2
	echo "guest: unplug stick"
	gone /dev/sda
	wait
	echo "guest: plug usb-storage,id=other,bus=x.0,port=2,drive=two,serial=TWO"
	for i in $(seq 100); do
		[ -n "$(ls /sys/block | grep ^sd)" ] && break
		sleep 0.2
	done
	echo "guest: other $(md5sum </dev/$(ls /sys/block | grep ^sd) | cut -c1-32)"
	echo "guest: warnings $(dmesg | grep -c 'xhci_hcd.*\(WARN\|ERROR\|died\)\|usb [0-9]-[0-9]: reset')"
	dmesg | grep 'xhci_hcd.*\(WARN\|ERROR\|died\)\|: reset'
