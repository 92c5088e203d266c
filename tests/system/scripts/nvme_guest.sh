# In the guest, as root: drives the disk with the serial number RV1, which a script keeps in another form.
find_disk() {
	disk=
	while [ ! -b "$disk" ]; do
		nvme=$(grep -l RV1 /sys/class/nvme/*/serial | cut -d / -f 5)
		disk=/dev/${nvme}n1
	done
}
show() {
	echo 3 >/proc/sys/vm/drop_caches
	echo "guest: $1 $(head -c 204800 $2 | md5sum)"
}
copy() {
	dd if=/bin/busybox of=$disk bs=512 count=$2 seek=$1 conv=fsync 2>/dev/null && echo "guest: written at $1"
}
find_disk
slot=$(basename $(readlink /sys/class/nvme/$nvme/device))
copy 0 400
show wrote /bin/busybox
show read $disk
for at in 65536 65600 66560; do copy $at 16; done
dd if=$disk bs=512 count=16 skip=66048 2>/dev/null >&2 || echo "guest: read refused"
dd if=$disk bs=4096 skip=8384 count=1 2>/dev/null | cmp -n 4096 - /bin/busybox && echo "guest: moved"
for cpu in 0 1 0 1; do
	for i in 1 2; do
		taskset $((cpu + 1)) dd if=$disk bs=$((4096 << cpu)) count=$((32 >> cpu)) iflag=direct 2>/dev/null | md5sum
	done >/tmp/reader$((readers += 1)) &
done
dd if=/bin/busybox of=$disk bs=64k count=8 seek=256 oflag=direct 2>/dev/null &
echo 1 >/sys/class/nvme/$nvme/reset_controller
wait
echo "guest: alike $(cat /tmp/reader* | sort | uniq -c)"
show reset $disk
cd /sys/bus/pci/drivers/nvme
echo $slot >unbind
echo $slot >bind
find_disk
show bound $disk
echo 1 >$slot/remove
echo 1 >/sys/bus/pci/rescan
find_disk
show rescanned $disk
dmesg | grep -i "timeout\|abort\|polled\|controller is down"
