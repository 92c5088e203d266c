	# A mouse and a keyboard, behind Bochs's xHCI.
	load usb-common usbcore xhci-hcd xhci-pci $keyboard
	there /sys/bus/usb/devices/1-1:1.0/driver
	there /sys/bus/usb/devices/1-2/serial
	echo "guest: interfaces $(ls -d /sys/bus/usb/devices/*-*:* | xargs -n1 basename | tr '\n' ' ')"
	echo "guest: inputs $(cat /sys/class/input/input*/name | grep BOCHS)"
	echo "guest: errors $(dmesg | grep -c -i 'mismatched\|not part of current\|not responding\|HC died')"
