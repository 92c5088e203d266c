# In the guest, as root: disks come and go in slot 9, and, if there is an AHCI controller in slot 8, in that; each kind
# behind another. With "torn=1" before it, one is torn out by a script when it is read from sector 4000.
for module in scsi_common scsi_mod libata libahci ahci crct10dif_common crc-t10dif crc64 crc64-rocksoft t10-pi sd_mod nvme-core nvme virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk; do
	[ ! -e /lib/$module.ko ] || insmod /lib/$module.ko 2>/dev/null
done
await() {
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		[ $1 $2 ] && return
		sleep 0.5
	done
	echo "guest: not so: $1 $2"
}
slot() {
	echo /sys/bus/pci/devices/0000:00:0$1.0
}
come() {
	echo "guest: plug $3,id=hot$1,addr=$1$4"
	await -b /dev/$2
}
check() {
	dd if=/bin/busybox of=/dev/$1 bs=4k count=50 conv=fsync 2>/dev/null
	echo 3 >/proc/sys/vm/drop_caches
	dd if=/dev/$1 bs=4k count=50 2>/dev/null | cmp -n 204800 - /bin/busybox && echo "guest: $2 is alike"
}
go() {
	echo "guest: unplug hot$1"
	await ! "-e $(slot $1)"
	sleep 1
}
read_on() {
	while dd if=/dev/$1 of=/dev/null bs=4k count=50 iflag=direct 2>/dev/null; do :; done
}
come 9 nvme0n1 nvme ,serial=HOT1,drive=one
check nvme0n1 first
read_on nvme0n1 &
sleep 0.5
go 9
wait
come 9 vda virtio-blk-pci ,drive=two
check vda second
go 9
come 9 nvme0n1 nvme ,serial=HOT3,drive=three
check nvme0n1 third
if [ -e $(slot 8) ]; then
	for i in 1 2 3 4 5 6 7 8 9 10; do
		disk=$(ls -l /sys/block | grep -o '00:08.0.*block/sd.') && break
		sleep 0.5
	done
	check ${disk##*/} sata
	go 8
	come 8 vda virtio-blk-pci ,drive=four
	check vda sixth
	go 8
fi
dmesg | sed 's/^\[[^]]*\] /guest: says /' | grep -A999 'says.*00:09.0'
[ -n "$torn" ] || exit 0
dd if=/dev/nvme0n1 of=/dev/null bs=512 count=1 skip=4000 iflag=direct 2>/dev/null &
sleep 4
echo 1 >$(slot 9)/remove
wait $! && echo "guest: what was held was read"
sleep 1
come 9 nvme0n1 nvme ,serial=HOT4,drive=five
check nvme0n1 fourth
