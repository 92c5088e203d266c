# In the guest, as root: three disks that are encrypted below it, and two network cards, over two times of sleep, all of them
# busy. Short, since it comes by the kernel's command line.
for i in 1 2 3 4 5; do for m in /lib/*.ko; do insmod $m 2>/dev/null; done; done
until [ "$(echo $disks | wc -w)" = 3 ]; do
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
	for d in $disks; do [ "$(sum /dev/$d)" = "$(sum /bin/busybox)" ] && echo "guest: $1 disk as written"; done
	for net in 2 3; do ping -c 2 10.0.$net.2 | grep -q " 0% p" && echo "guest: $1 network as before"; done
	probe out8 0x82 1
}
for d in $disks; do dd if=/bin/busybox of=/dev/$d bs=512 count=400 conv=fsync 2>/dev/null; done
sleep 3
look 0
echo deep >/sys/power/mem_sleep
for d in $disks; do
	{ while dd if=/dev/$d of=/dev/null bs=64k count=9 skip=64 iflag=direct && dd if=/dev/zero of=/dev/$d bs=64k count=9 seek=200 oflag=direct; do :; done 2>/dev/null; echo "busy: failed"; } &
done
ping -i 0.2 10.0.2.2 >/dev/null &
ping -i 0.2 10.0.3.2 >/dev/null &
for i in 1 2; do
	sleep 1
	echo mem >/sys/power/state
	echo "mem $?"
	look $i
done
kill $(jobs -p)
dmesg | grep -i "watchdog\|transmit q\|frozen\|I/O error"
