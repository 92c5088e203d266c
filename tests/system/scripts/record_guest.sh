# In the guest, as root: all that a virtio network card sends and receives is recorded, from its driver's coming to its
# going, and written to the disk of the second channel as a tar.
cat >/work.sh <<X
	for module in virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci failover net_failover virtio_net; do
		insmod /lib/\$module.ko
	done
	for i in 1 2 3 4 5 6 7 8 9; do [ -e /sys/class/net/eth0 ] || sleep 1; done
	ip link set eth0 up
	ip addr add 10.0.2.15/24 dev eth0
	echo "guest: fetched \$(nc 10.0.2.100 80 </dev/null | md5sum)"
	ping -c 3 10.0.2.2 | grep received | sed 's/^/guest: ping /'
	ip link set eth0 down
	rmmod virtio_net
X
ritectl record -q -e 'net_*' --payload 2048 --buffer 1024 -o /recorded sh /work.sh
echo "guest: recorded $?"
for module in scsi_common scsi_mod libata ata_piix sd_mod; do
	insmod /lib/$module.ko
done
tar cf - -C / recorded | dd of=/dev/$(ls -l /sys/block | sed -n "s,.*/ata2/.*/,,p") bs=64K conv=notrunc 2>/dev/null
sync
dmesg | grep -i "netdev watchdog\|transmit queue\|hung\|nobody cared"
