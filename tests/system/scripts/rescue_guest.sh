# In the guests of tests/system/rescue.py, as root: works on the file system of the disk that has $sizes sectors, one of them.
cd /rescue
for module in *.ko; do
	insmod $module
done

# The disk, or its second partition.
for i in 1 2 3 4 5 6 7 8 9 10; do
	disk=$(for size in $sizes; do grep -lx $size /sys/block/*/size; done | cut -d / -f 4 | head -n 1)
	[ -n "$disk" ] && break
	sleep 1
done
part=/dev/$(ls /sys/block/$disk | grep "^$disk.*2\$" || echo $disk)
echo "guest: works on $part"

# Nothing reads it as it is.
check_closed() {
	if e2fsck -fn $part >/dev/null 2>&1 || mount $part /mnt 2>/dev/null; then
		echo "guest: it has a file system in clear"
	else
		echo "guest: no file system is there in clear"
	fi
}

check_whole() {
	e2fsck -fn $1 >/tmp/said 2>&1 && echo "guest: fsck has nothing to say" || cat /tmp/said
}

sums() {
	for name in "$@"; do
		(cd /mnt && sha256sum -c -s sums-$name && echo "guest: files of $name are as written: $(sha256sum <sums-$name)")
	done
}

write() {
	mkdir /mnt/$1
	cp /bin/busybox /bin/hwcheck /lib/*.ko /mnt/$1/
	echo "$1" >/mnt/$1/who
	(cd /mnt && find $1 -type f | sort | xargs sha256sum >sums-$1)
	echo "guest: $1 wrote $(ls /mnt/$1 | wc -l) files: $(sha256sum </mnt/sums-$1)"
}
