	# A stick and a keyboard are there from the start. Then a second keyboard comes, the stick goes and comes again, and the
	# driver is taken off and put on.
	load $stick $keyboard
	stick() {
		there /dev/$1
		there /sys/bus/usb/devices/2-1/2-1:1.0/driver
		echo "guest: $2 $(md5sum /dev/$1)"
	}
	stick sda read
	there /sys/bus/usb/devices/1-2/serial
	cd /sys/bus/usb/devices/2-1
	echo "guest: hash $( (printf '%s%s%s%s' "$(cat product)" $(cat idVendor) $(cat idProduct) $(cat serial); cat descriptors) | sha256sum | cut -c1-64 | xxd -r -p | base64)"
	cd /
	ritectl usb list | sed 's/^/guest: rule /'
	echo "guest: plug usb-kbd,id=more,bus=x.0,port=3"
	there /sys/bus/usb/devices/1-3/serial
	sleep 2
	echo "guest: interfaces $(ls -d /sys/bus/usb/devices/*-*:* | xargs -n1 basename | tr '\n' ' ')"
	echo "guest: inputs $(ls -d /sys/class/input/input*/id/vendor 2>/dev/null | xargs cat 2>/dev/null | grep -c 0627)"
	echo "guest: unplug stick"
	gone /sys/bus/usb/devices/2-1
	echo "guest: plug usb-storage,id=again,bus=x.0,port=1,drive=two,serial=STICK"
	stick sd? again 2>/dev/null
	for m in xhci-pci xhci-hcd; do rmmod $m; done
	gone /sys/bus/usb/devices/usb1
	load xhci-hcd xhci-pci
	there /sys/bus/usb/devices/1-3/serial
	stick sd? reloaded 2>/dev/null
	echo "guest: errors $(dmesg | grep -c -i 'mismatched\|not part of current\|timeout\|not responding\|HC died\|xhci_hcd.*ERROR')"
	dmesg | grep -i 'mismatched\|not part of current\|timeout\|not responding\|HC died\|xhci_hcd.*ERROR'
