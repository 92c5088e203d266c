# In Debian, by tests/system/handed_in: a stick that is known, a keyboard, and a stranger that is plugged in; what of them is there.
# Where ritectl is beside, Ritevisor is below: then the stick is captured too, and the capture stays on this script's disk.
stick() { # by its port: the stranger says that it has the same name and number
	stick=/dev/$(ls -d /sys/bus/usb/devices/2-1/2-1:*/host*/target*/*/block/* 2>/dev/null | sed 's,.*/,,')
	test -b $stick
}
no_stick() {
	! stick
}
within() { # seconds, command
	tries=$1
	shift
	until "$@"; do
		[ $((tries -= 1)) -gt 0 ] || return
		sleep 1
	done
}
work() { # mounts the stick, reads what is on it, and leaves a copy there
	within 60 stick
	mkdir -p /stick
	mount $stick /stick && echo "guest: mounted $(findmnt -n -o FSTYPE /stick)"
	echo "guest: file $(md5sum </stick/file | cut -c1-32)"
	cp /stick/file /stick/copy
	umount /stick
	blockdev --flushbufs $stick
}
if [ "${1:-}" = again ]; then
	# The driver begins anew, so that a capture has what devices say they are.
	pci=$(basename $(dirname $(readlink -f /sys/bus/usb/devices/usb2)))
	echo $pci >/sys/bus/pci/drivers/xhci_hcd/unbind
	within 60 no_stick
	echo $pci >/sys/bus/pci/drivers/xhci_hcd/bind
	work
	sleep 10
	echo "guest: interfaces again $(ls /sys/bus/usb/devices | grep : | xargs)"
	exit
fi
systemctl stop serial-getty@ttyS0
dmesg -n 1
exec >/dev/ttyS0 2>&1
echo
echo "guest: state $(cat /run/state)"
echo "guest: failed units $(systemctl --failed --plain --no-legend | cut -d ' ' -f 1 | xargs)."
work
echo "guest: plug usb-redir,chardev=stranger,bus=x.0,port=3"
within 60 test -e /sys/bus/usb/devices/1-3
sleep 20
echo "guest: interfaces $(ls /sys/bus/usb/devices | grep : | xargs)"
echo "guest: disks of USB $(ls -d /sys/bus/usb/devices/*/*/host*/target*/*/block/* | wc -l)"
echo "guest: keyboards of USB $(ls /dev/input/by-id 2>/dev/null | grep -c 'kbd$')"
if [ -e ritectl ]; then
	modprobe msr
	cp ritectl /var/tmp
	/var/tmp/ritectl usb list
	/var/tmp/ritectl record -q -e usb_control,usb_transfer,usb_done --payload 2048 --buffer 1024 -f pcapng -o /run/usb.pcapng sh /mnt/run.sh again
	echo "guest: recorded $?"
	cp /run/usb.pcapng .
else
	sh /mnt/run.sh again
fi
dmesg --kernel | grep -i 'usb\|hci\|EXT4' | grep -i 'error\|fail\|died\|warn\|timeout\|corrupt' | sed 's/^\[[^]]*\] */guest: complaint: /'
echo "guest: off"
cd /
umount /mnt
systemctl poweroff
