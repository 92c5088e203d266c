# In the guest, as root: four disks that are encrypted below it, and two network cards, over twenty times of sleep, all of
# them busy. From each fourth the clock wakes the machine. Short, since it comes by the kernel's command line.
for i in 1 2 3 4 5; do for m in /lib/*.ko; do insmod $m 2>/dev/null; done; done
until [ "$(echo $disks | wc -w)" = 4 ]; do
	disks=$(grep -lx 262144 /sys/block/*/size | cut -d / -f 4)
done
net=2
for card in eth1 eth2; do
	ip link set $card up
	ip addr add 10.0.$net.15/24 dev $card
	net=3
done
sum() { head -c 204800 $1 | md5sum; }
look() {
	echo 3 >/proc/sys/vm/drop_caches
	for d in $disks; do [ "$(sum /dev/$d)" = "$(sum /bin/busybox)" ] && written=$((written + 1)); done
	for net in 2 3; do ping -c 2 10.0.$net.2 | grep -q " 0% p" && pinged=$((pinged + 1)); done
	probe out8 0x84 1
	dmesg -c | grep -i "timeout\|timed out\|netdev watchdog\|transmit q\|frozen\|I/O error"
}
for d in $disks; do dd if=/bin/busybox of=/dev/$d bs=512 count=400 conv=fsync 2>/dev/null; done
sleep 3
dmesg -c >/dev/null
look
echo deep >/sys/power/mem_sleep
for d in $disks; do
	{ while dd if=/dev/$d of=/dev/null bs=64k count=9 skip=64 iflag=direct && dd if=/dev/zero of=/dev/$d bs=64k count=9 seek=200 oflag=direct; do :; done 2>/dev/null; echo "busy: failed"; } &
done
for net in 2 3; do ping -i 0.2 10.0.$net.2 >/dev/null & done
alarm=/sys/class/rtc/rtc0/wakealarm
for i in $(seq 20); do
	sleep 1
	[ $((i % 4)) = 0 ] && echo 0 >$alarm && echo +20 >$alarm
	echo mem >/sys/power/state && slept=$((slept + 1))
	look
done
echo "guest: slept $slept, written $written, pinged $pinged"
kill $(jobs -p)
