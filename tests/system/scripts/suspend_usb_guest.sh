# A stick that may come in, and a keyboard that may not, before a sleep and behind it.
dmesg -n 4
for m in usb-common usbcore xhci-hcd xhci-pci scsi_common scsi_mod usb-storage crct10dif_common crc-t10dif crc64 crc64-rocksoft t10-pi sd_mod hid usbhid hid-generic; do
	insmod /lib/$m.ko 2>/dev/null
done
usb=/sys/bus/usb/devices
look() {
	for i in $(seq 150); do
		[ -e /dev/sd? ] && [ -e $usb/1-2/serial ] && break
		sleep 0.2
	done
	sleep 2
	echo 3 >/proc/sys/vm/drop_caches
	echo "guest: $1 stick $(md5sum /dev/sd? | cut -d ' ' -f 1)"
	echo "guest: $1 interfaces $(ls -d $usb/*-*:* | xargs -n1 basename | tr '\n' ' ')"
}
look 0
echo deep >/sys/power/mem_sleep
for i in 1 2; do
	dd if=$(echo /dev/sd?) of=/dev/null bs=64k iflag=direct 2>/dev/null &
	echo mem >/sys/power/state
	echo "mem $?"
	look $i
done
