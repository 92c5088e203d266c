# In the guest, as root: changes disks whose writes copy_on_write.rb keeps in memory.
for module in mbcache jbd2 crc16 ext4; do [ ! -e $module.ko ] || insmod $module.ko; done
mkdir mnt
sum() { md5sum "$@" | cut -c1-32 | md5sum | cut -c1-32; }
copy() { # what to mount: files are copied, and are there after another mount
	mount -t ext4 $1 mnt || return
	echo "guest: has $(cat mnt/file 2>/dev/null)"
	cp /bin/busybox guest.sh mnt/ && rm -f mnt/file && umount mnt
	blockdev --flushbufs $1; echo 3 >/proc/sys/vm/drop_caches
	mount -t ext4 $1 mnt && [ "$(sum mnt/busybox mnt/guest.sh)" = "$(sum /bin/busybox guest.sh)" ] &&
		[ ! -e mnt/file ] && echo "guest: alike after a mount"
	umount mnt
}
for disk in $ide2 $nvme2; do
	copy $disk
	mke2fs $disk >/dev/null 2>&1 && copy $disk
	dd if=/bin/busybox of=$disk bs=512 count=3 seek=20001 oflag=direct 2>/dev/null
	dd if=$disk bs=512 count=5 skip=20000 iflag=direct of=/tmp/five 2>/dev/null
	[ "$(tail -c 2048 /tmp/five | head -c 1536 | md5sum)" = "$(head -c 1536 /bin/busybox | md5sum)" ] && echo "guest: a part of a read"
done
blkdiscard -o 1048576 -l 4194304 $ide2 && dd if=$ide2 bs=1M skip=1 count=4 iflag=direct 2>/dev/null | tr -d '\000' | wc -c | sed 's/^/guest: zeroed /'
dd if=/dev/urandom of=$nvme2 bs=1M count=24 oflag=direct 2>/dev/null || echo "guest: full"
dmesg | grep -i "timeout\|frozen\|polled"
