# In the guest, as root: hooks, timers, and a disk that a script keeps in another form and that is busy, over three times of
# sleep. From the last one the clock wakes the machine.
nvme=$(grep -l RV1 /sys/class/nvme/*/serial | cut -d / -f 5)
disk=/dev/${nvme}n1
dd if=/bin/busybox of=$disk bs=512 count=400 conv=fsync 2>/dev/null
echo deep >/sys/power/mem_sleep
while :; do
	dd if=$disk of=/dev/null bs=64k count=100 skip=64 iflag=direct 2>/dev/null || echo "busy: failed"
	dd if=/dev/zero of=$disk bs=64k count=50 seek=200 oflag=direct 2>/dev/null || echo "busy: failed"
done &
for i in 1 2 3; do
	[ $i = 3 ] && echo 0 >/sys/class/rtc/rtc0/wakealarm && echo +20 >/sys/class/rtc/rtc0/wakealarm
	echo mem >/sys/power/state
	echo "mem $? cpus $(cat /sys/devices/system/cpu/online) port $(probe in8 0x81) $(probe checksum 50)"
	echo 3 >/proc/sys/vm/drop_caches
	[ "$(head -c 204800 $disk | md5sum)" = "$(head -c 204800 /bin/busybox | md5sum)" ] && echo "guest: $i as written"
	probe out8 0x82 1
	sleep 1
	probe out8 0x82 1
done
kill $!
