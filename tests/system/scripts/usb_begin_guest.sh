	# Before guest scripts about USB.
	dmesg -n 4
	stick="usb-common usbcore xhci-hcd xhci-pci scsi_common scsi_mod usb-storage crct10dif_common crc-t10dif crc64 crc64-rocksoft t10-pi sd_mod"
	keyboard="hid usbhid hid-generic"
	load() { # drivers
		for m in "$@"; do insmod /lib/$m.ko 2>/dev/null; done
	}
	there() { # a file, within 40 s
		for i in $(seq 200); do
			[ -e $1 ] && return
			sleep 0.2
		done
		echo "guest: no $1"
	}
	gone() {
		for i in $(seq 200); do
			[ -e $1 ] || return
			sleep 0.2
		done
		echo "guest: still $1"
	}
