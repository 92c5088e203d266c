# A stick is read again and again, all while others come and go at a root port, and behind a hub; drivers are taken off and put on;
# the bus sleeps. A second hub is refused, and so all behind it.
drivers
disk_there 2-1
disk_there 1-4.2
there '/sys/bus/usb/devices/1-4.1/1-4.1:1.0/*/input'
echo "guest: one $(cat /dev/$(disk 2-1) | sum)"
echo "guest: behind $(cat /dev/$(disk 1-4.2) | sum)"
sleep 1
echo "guest: devices $(ls -d /sys/bus/usb/devices/[12]-*:* | sed 's,.*/,,' | grep -v '^.-0' | tr '\n' ' ')"

reader() { # reads the stick until told not to, and says how often it was another
	bad=0 good=0
	while [ ! -e /stop ]; do
		echo 3 >/proc/sys/vm/drop_caches
		[ "$(cat /dev/$1 | sum)" = "$2" ] && good=$((good + 1)) || bad=$((bad + 1))
	done
	echo "$good $bad" >/read
}
right=$(cat /dev/$(disk 2-1) | sum)
reader $(disk 2-1) $right &
for i in $(seq 12); do
	echo "guest: plug usb-storage,id=comes$i,bus=x.0,port=2,drive=two,serial=COMES,share-rw=on"
	echo "guest: plug usb-kbd,id=key$i,bus=x.0,port=4.3" # no rule has it
	sleep $((i % 3 / 2)).$((i * 7 % 10))
	echo "guest: unplug comes$i"
	echo "guest: unplug key$i"
done
echo "guest: plug usb-storage,id=last,bus=x.0,port=2,drive=two,serial=COMES,share-rw=on"
echo "guest: plug usb-kbd,id=keylast,bus=x.0,port=4.3"
disk_there 2-2
there /sys/bus/usb/devices/1-4.3/serial
sleep 1
echo "guest: key $(cat /sys/bus/usb/devices/1-4.3/bConfigurationValue | wc -w)"
echo "guest: unplug keylast"
echo "guest: last $(cat /dev/$(disk 2-2) | sum)"
>/stop
wait
echo "guest: during $(awk '{ print ($1 > 1), $2 }' /read)"

pci=$(readlink /sys/bus/usb/devices/usb1 | sed 's,.*/\(0000:[0-9a-f:.]*\)/usb1,\1,')
for i in 1 2 3; do # amid transfers
	cat /dev/$(disk 2-1) /dev/$(disk 2-2) >/dev/null 2>&1 &
	echo $pci >/sys/bus/pci/drivers/xhci_hcd/unbind
	wait
	gone /sys/bus/usb/devices/usb1
	echo $pci >/sys/bus/pci/drivers/xhci_hcd/bind
	disk_there 2-1
	disk_there 2-2
	disk_there 1-4.2
done
echo "guest: bound $(cat /dev/$(disk 2-1) /dev/$(disk 2-2) /dev/$(disk 1-4.2) | sum)"

for d in /sys/bus/usb/devices/*/power/autosuspend_delay_ms; do
	echo 0 >$d
	echo auto >${d%/*}/control
done
for d in /sys/bus/usb/devices/[12]-*/host*/power /sys/bus/usb/devices/[12]-*/[12]-*:*/host*/target*/*/power; do
	echo 0 >$d/autosuspend_delay_ms 2>/dev/null
	echo auto >$d/control 2>/dev/null
done
slept=no
for i in $(seq 100); do
	[ "$(cat /sys/bus/usb/devices/usb2/power/runtime_status)" = suspended ] && slept=yes && break
	sleep 0.2
done
echo "guest: slept $slept $(cat /sys/bus/usb/devices/usb2/power/runtime_status /sys/bus/usb/devices/usb1/power/runtime_status | tr '\n' ' ')"
echo 3 >/proc/sys/vm/drop_caches
echo "guest: woken $(cat /dev/$(disk 2-1) /dev/$(disk 2-2) /dev/$(disk 1-4.2) | sum)"
echo "guest: inputs $(ls -d /sys/bus/usb/devices/[12]-*/[12]-*:*/*/input/input* 2>/dev/null | wc -l)"
# (A controller says TRB Error, of a device that goes while it is given an address, without us too.)
dmesg | grep -v 'unexpected setup address' | grep -i 'HC died\|mismatched\|not part of current\|xhci_hcd.*ERROR\|BUG:\|lockup' | sed 's/^/guest: bad /'
ritectl usb list | sed 's/^/guest: rule /'
