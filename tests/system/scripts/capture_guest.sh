# In the guest, as root: all that a network card of the kind $card sends and receives is recorded, from its driver's coming to its
# going, and written to the disk of the second channel as a tar.
modules=$card
[ $card = virtio-net-pci ] && modules="virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci failover net_failover virtio_net"
cat >/work.sh <<X
	for module in $modules; do
		insmod /lib/\$module.ko
	done
	for i in 1 2 3 4 5 6 7 8 9; do grep -q 12:34:57 /sys/class/net/*/address && break; sleep 1; done
	name=\$(basename \$(dirname \$(grep -l 12:34:57 /sys/class/net/*/address)))
	ip link set \$name up
	ip addr add 10.0.2.15/24 dev \$name
	for i in 1 2 3 4 5 6 7 8 9; do [ "\$(cat /sys/class/net/\$name/carrier)" = 1 ] && break; sleep 1; done
	echo "guest: fetched \$(nc 10.0.2.100 80 </dev/null | md5sum)"
	nc -w 2 10.0.2.100 25 </dev/null | grep -q . || echo "guest: no mail"
	ip link set \$name down
	rmmod $(echo $modules | sed 's/.* //')
X
ritectl record -q -e 'net_*' --payload 2048 --buffer 1920 -o /recorded sh /work.sh
echo "guest: recorded $?"
for module in scsi_common scsi_mod libata ata_piix crc64 crc64-rocksoft crct10dif_common crc-t10dif t10-pi sd_mod; do
	insmod /lib/$module.ko 2>/dev/null
done
tar cf - -C / recorded | dd of=/dev/$(ls -l /sys/block | sed -n "s,.*/ata2/.*/,,p") bs=64K conv=notrunc 2>/dev/null
sync
dmesg | grep -i "netdev watchdog\|transmit queue\|hung\|nobody cared\|reset adapter"
