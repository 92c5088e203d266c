	# A network and a keyboard, behind QEMU's xHCI.
	load usb-common usbcore xhci-hcd xhci-pci $keyboard
	there /sys/bus/usb/devices/1-2:1.0/driver
	sleep 1
	echo "guest: keyboard $(ls -d /sys/bus/usb/devices/1-2:*.* | xargs -n1 basename | tr '\n' ' ')"
	echo "guest: network $(ls -d /sys/bus/usb/devices/1-1:*.* 2>/dev/null | wc -l) interfaces"
