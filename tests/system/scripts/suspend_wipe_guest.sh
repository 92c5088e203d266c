# In the guest, as root: a disk that is encrypted below it, over two times of sleep.
nvme=$(grep -l RV1 /sys/class/nvme/*/serial | cut -d / -f 5)
disk=/dev/${nvme}n1
dd if=/bin/busybox of=$disk bs=512 count=400 conv=fsync 2>/dev/null
echo deep >/sys/power/mem_sleep
for i in 1 2; do
	echo mem >/sys/power/state
	echo "mem $?"
	echo 3 >/proc/sys/vm/drop_caches
	[ "$(head -c 204800 $disk | md5sum)" = "$(head -c 204800 /bin/busybox | md5sum)" ] && echo "guest: $i as written"
done
