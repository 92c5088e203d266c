# In the guest, as root: what the tools for disks are to see of both disks ($ide, $nvme), to refuse, and to disturb.
# On a line of its own: the other CPU may be amid one of a script's.
say() { printf '\nguest: %s\n' "$*"; }
{ head -c 700 /dev/zero; printf needle-in-sector; head -c 3380 /dev/zero; } >block
for disk in $ide $nvme; do
	for at in 2000 2100 6000; do
		dd if=block of=$disk bs=4096 count=1 seek=$at oflag=direct conv=fsync 2>/dev/null
	done
	dd if=$disk bs=4096 count=1 skip=6000 iflag=direct 2>/dev/null | cmp - block && say "as written"
	blkdiscard -o 16777216 -l 1048576 $disk && say "discarded"
done
put() { dd if=/bin/busybox of=$disk bs=512 count=8 seek=$1 conv=fsync 2>/dev/null && say "$name written $1"; }
# How many of ten blocks, all of which are zeros, are alike.
alike() {
	for i in 0 1 2 3 4 5 6 7 8 9; do dd if=$disk bs=4096 count=1 skip=$((5000 + i)) iflag=direct 2>/dev/null | md5sum; done |
		sort | uniq -c | sort -n | tail -1 | awk '{ print $1 }'
}
for name in ide nvme; do
	eval disk=\$$name
	for at in 3000 0 2044 4092 8184 65528; do put $at; done
	blkdiscard -o 0 -l 1048576 $disk 2>/dev/null && say "$name discarded"
	put 30000
	say "$name alike $(alike)"
	put 30096
	put 30200
done
dmesg | grep -i "timeout\|frozen\|polled"
