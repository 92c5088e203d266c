# In the guest, behind encrypted_guest.sh: the ends of the disk, which has $sectors.
dd if=/bin/busybox of=$disk bs=512 count=1 seek=$((sectors - 1)) conv=fsync 2>/dev/null
echo 3 >/proc/sys/vm/drop_caches
dd if=$disk bs=512 count=1 skip=$((sectors - 1)) 2>/dev/null | cmp -n 512 - /bin/busybox && echo "guest: the last sector is as it was written"
dd if=/bin/busybox of=$disk bs=512 count=1 seek=$sectors conv=fsync 2>/dev/null || echo "guest: nothing is beyond the last sector"
# 192 KiB at 1 MiB, of which those in the middle are given up.
dd if=/bin/busybox of=$disk bs=4096 seek=256 count=48 conv=fsync 2>/dev/null
blkdiscard -o 1114112 -l 65536 $disk && echo "guest: gave up 64 KiB"
blkdiscard -o $((sectors * 512)) -l 4096 $disk 2>/dev/null || echo "guest: nothing beyond is given up"
