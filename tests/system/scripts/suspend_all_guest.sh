# In the guest, as root: three disks that are encrypted below it, and two network cards, over two times of sleep, all of them
# busy. The disks have the sizes that no other has.
for module in scsi_common scsi_mod libata libahci ahci ata_piix crct10dif_common crc-t10dif crc64 crc64-rocksoft t10-pi \
	sd_mod virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk failover net_failover \
	virtio_net e1000; do
	insmod /lib/$module.ko 2>/dev/null
done
disks=
until [ "$(echo $disks | wc -w)" = 3 ]; do
	disks=$(grep -lx 262144 /sys/block/*/size | cut -d / -f 4)
	sleep 1
done
cards=$(ls /sys/class/net | grep -v lo)
number=2
for card in $cards; do
	ip link set $card up
	ip addr add 10.0.$number.15/24 dev $card
	number=$((number + 1))
done
sum() {
	head -c 204800 $1 | md5sum | cut -d ' ' -f 1
}
look() {
	echo 3 >/proc/sys/vm/drop_caches
	for disk in $disks; do
		[ "$(sum /dev/$disk)" = "$(sum /bin/busybox)" ] && echo "guest: $1 disk as written"
	done
	for network in 2 3; do
		ping -c 2 10.0.$network.2 | grep -q " 0% packet loss" && echo "guest: $1 network as before"
	done
}
for disk in $disks; do
	dd if=/bin/busybox of=/dev/$disk bs=512 count=400 conv=fsync 2>/dev/null
done
look 0
echo deep >/sys/power/mem_sleep
for disk in $disks; do
	while :; do
		dd if=/dev/$disk of=/dev/null bs=64k count=30 skip=64 iflag=direct 2>/dev/null || echo "busy: failed"
		dd if=/dev/zero of=/dev/$disk bs=64k count=20 seek=200 oflag=direct 2>/dev/null || echo "busy: failed"
	done &
done
ping -i 0.2 10.0.2.2 >/dev/null &
ping -i 0.2 10.0.3.2 >/dev/null &
for i in 1 2; do
	sleep 1
	echo mem >/sys/power/state
	echo "mem $?"
	probe out8 0x82 1
	look $i
	probe out8 0x82 1
done
dmesg | grep -i "netdev watchdog\|transmit queue\|frozen\|I/O error\|nobody cared"
