# In the guest, as root: drives the disk with the serial number RV1, which a script keeps in another form.
for module in _ring "" _pci_legacy_dev _pci_modern_dev _pci _blk; do insmod /lib/virtio$module.ko; done
find_disk() {
	disk=
	while [ ! -b "$disk" ]; do
		name=$(grep -ls RV1 /sys/block/vd*/serial | cut -d / -f 4)
		disk=/dev/$name
	done
}
show() {
	echo 3 >/proc/sys/vm/drop_caches
	echo "guest: $1 $(head -c 204800 $2 | md5sum)"
}
copy() {
	dd if=$b of=$disk count=$2 seek=$1 conv=fsync && echo "guest: written at $1"
}
b=/bin/busybox
find_disk
copy 0 400
show wrote $b
show read $disk
for at in 65536 65600 66560; do copy $at 16; done
dd if=$disk count=16 skip=66048 >&2 || echo "guest: read refused"
dd if=$disk bs=4096 skip=8384 count=1 | cmp -n 4096 - $b && echo "guest: moved"
dd if=$disk bs=1280k count=4 iflag=direct | cmp -n 204800 - $b && echo "guest: large"
for cpu in 0 1 0 1; do
	for i in 1 2; do
		taskset $((cpu + 1)) dd if=$disk bs=$((4096 << cpu)) count=$((32 >> cpu)) iflag=direct | md5sum
	done >/tmp/r$((n += 1)) &
done
dd if=$b of=$disk bs=64k count=8 seek=256 oflag=direct
wait
echo "guest: alike $(cat /tmp/r* | sort | uniq -c)"
blkdiscard -o 34603008 -l 65536 $disk && echo "guest: discarded"
d=$(readlink -f /sys/block/$name/device)
cd $d/driver
for i in unbind bind; do basename $d >$i; done
find_disk
show bound $disk
echo 1 >$d/../remove
echo 1 >/sys/bus/pci/rescan
find_disk
show rescanned $disk
echo "guest: queues $(grep -c req /proc/interrupts)"
dmesg | grep -i "timeout\|nobody cared\|hung"
