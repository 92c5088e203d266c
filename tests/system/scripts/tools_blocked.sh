# In the guest, as root: tries to change the disks that write_blocker.rb keeps as they are.
for module in mbcache jbd2 crc16 ext4; do [ ! -e $module.ko ] || insmod $module.ko; done
mkdir mnt
for disk in $ide2 $nvme2; do
	echo "guest: trying"
	mount -t ext4 -o ro $disk mnt 2>/dev/null && echo "guest: mounted" && umount mnt
	mount -t ext4 $disk mnt 2>/dev/null && echo "guest: mounted to write" && umount mnt
	mount -t ext4 -o ro,noload $disk mnt && echo "guest: reads $(cat mnt/file)" && umount mnt
	dd if=/bin/busybox of=$disk bs=4096 count=4 oflag=direct 2>/dev/null && echo "guest: written"
	mke2fs $disk >/dev/null 2>&1 && sync && blockdev --flushbufs $disk
	blkdiscard $disk 2>/dev/null && echo "guest: discarded"
	blkdiscard -z $disk 2>/dev/null && echo "guest: zeroed"
done
echo "guest: read-only $(blockdev --getro $ide) $(blockdev --getro $nvme)"
dmesg | grep -i "timeout\|frozen\|polled"
