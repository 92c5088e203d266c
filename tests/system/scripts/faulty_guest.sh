# In the guest, as root: of each disk (of those that $only says) sectors 2048 on cannot be read, 4096 on cannot be written, and its cache cannot be flushed.
for module in scsi_common scsi_mod libata ata_piix libahci ahci crct10dif_common crc-t10dif crc64 crc64-rocksoft t10-pi sd_mod nvme-core nvme virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk; do
	[ ! -e /lib/$module.ko ] || insmod /lib/$module.ko 2>/dev/null
done
find_disk() {
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		disk=$(ls -l /sys/block | grep "$1" | grep -o '[a-z0-9]*$') && return
		sleep 0.5
	done
}
try() {
	dd bs=4k count=1 "$@" 2>/dev/null
	echo "guest: $name $* $?" | sed "s, .f=/dev/null,,; s, .f=/bin/busybox,,; s, .f=/dev/$disk,,"
}
list() {
	printf '%s\n' 'nvme 00:09.0' 'virtio 00:0a.0' 'sata 00:08.0' 'ide 00:01.1.*target0:0:1' | grep -E "$only"
}
list | while read name at; do find_disk $at; done
sleep 1
dmesg -c >/dev/null
list | while read name at; do
	find_disk $at
	try if=/dev/$disk of=/dev/null skip=8 iflag=direct
	try if=/dev/$disk of=/dev/null skip=256 iflag=direct
	try if=/dev/$disk of=/dev/null skip=258 iflag=direct
	try if=/bin/busybox of=/dev/$disk seek=16 oflag=direct
	try if=/bin/busybox of=/dev/$disk seek=512 oflag=direct
	try if=/bin/busybox of=/dev/$disk seek=24 oflag=direct conv=fsync
	try if=/dev/$disk of=/dev/null skip=16 iflag=direct
	sleep 6 # more messages in five seconds the kernel would suppress
done
dmesg | sed 's/^\[[^]]*\] /guest: says /'
