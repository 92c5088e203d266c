# Which USB controllers there are, and which when two more were plugged in.
usb() {
	for d in /sys/bus/pci/devices/*; do
		case $(cat $d/class) in 0x0c03*) echo "$(cat $d/class):$(cat $d/vendor)";; esac
	done | sort | tr '\n' ' '
}
echo "guest: usb $(usb)"
echo "guest: plug usb-ehci,id=late,addr=1c"
echo "guest: plug qemu-xhci,id=later,addr=1b"
sleep 4
echo 1 >/sys/bus/pci/rescan
echo "guest: usb then $(usb)"
# By their slots, whatever the kernel believes: nothing answers, and nothing is switched on.
for slot in 1c 1b 1d; do
	echo "guest: at $slot $(probe out32 0xcf8 $(printf '0x%x' $((0x80000000 + 0x$slot * 2048))); probe in32 0xcfc)"
done
