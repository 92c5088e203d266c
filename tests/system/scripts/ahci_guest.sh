# In the guest, as root: drives the SATA disk with the serial number RV1, which a script keeps in another form.
for module in scsi_common scsi_mod libata libahci ahci crct10dif_common crc-t10dif crc64 crc64-rocksoft t10-pi sd_mod; do
	insmod /lib/$module.ko
done
find_disk() {
	while ! where=$(grep -l RV1 /sys/block/*/device/vpd_pg80 2>/dev/null); do :; done
	disk=/dev/$(echo $where | cut -d / -f 4)
	while [ ! -b $disk ]; do :; done
}
show() {
	echo 3 >/proc/sys/vm/drop_caches
	echo "guest: $1 $(head -c 204800 $2 | md5sum)"
}
copy() {
	dd if=/bin/busybox of=$disk bs=512 count=$2 seek=$1 conv=fsync && echo "guest: written at $1"
}
get() {
	dd if=$disk bs=512 skip=$1 count=$2 iflag=direct
}
find_disk
copy 0 400
show wrote /bin/busybox
show read $disk
for at in 65600 66560; do copy $at 16; done
get 67072 1 | cmp -n 512 - /bin/busybox && echo "guest: moved"
for at in 1000 1004; do
	copy $at 4
	get $at 4 | cmp -n 2048 - /bin/busybox && echo "guest: waited at $at"
done
for cpu in 0 1 0 1; do
	for i in 1 2; do
		taskset $((cpu + 1)) dd if=$disk bs=$((4096 << cpu)) count=$((32 >> cpu)) iflag=direct | md5sum
	done >/tmp/reader$((readers += 1)) &
done
copy 32768 2048
wait
echo "guest: alike $(cat /tmp/reader* | sort | uniq -c)"
get 32768 1900 | cmp -n 972800 - /bin/busybox && echo "guest: long"
cd /sys/bus/pci/drivers/ahci
slot=$(basename *:*)
echo $slot >unbind
echo $slot >bind
find_disk
show bound $disk
echo 1 >$slot/remove
echo 1 >/sys/bus/pci/rescan
find_disk
show rescanned $disk
odd() {
	dmesg | grep -i "timeout\|frozen$1"
}
odd "\|exception"
copy 65536 16
get 66048 16 || echo "guest: read refused"
odd
