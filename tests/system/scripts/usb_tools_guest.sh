	# Somebody types, then something does; a stick is read. A reader of chip cards is no keyboard, and no stick.
	load $stick $keyboard
	there /dev/sda
	there /sys/bus/usb/devices/1-2/1-2:1.0/input
	there /sys/bus/usb/devices/1-3/serial
	sleep 1
	echo "guest: read $(md5sum </dev/sda)"
	echo "guest: interfaces $(ls -d /sys/bus/usb/devices/[12]-[1-9]*:* | xargs -n1 basename | tr '\n' ' ')"
	typed() { # the keys that went down, by what HID calls them: a is 04
		xxd -p -c 8 /typed | cut -c5-6 | grep -v 00 | tr -d '\n'
	}
	cat /dev/hidraw0 >/typed &
	sleep 1
	echo "guest: type 0.7 ab"
	sleep 4
	echo "guest: typed $(typed)"
	echo "guest: type 0 cdefghij"
	sleep 4
	echo "guest: type 0.7 xyz"
	sleep 5
	echo "guest: at last $(typed)"
	echo "guest: errors $(dmesg | grep -c 'xhci_hcd.*\(WARN\|ERROR\|died\)')"
