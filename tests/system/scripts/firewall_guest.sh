# In the guest, as root: a virtio network card behind scripts/packet_filter.rb, which lets port 80 and pings out.
for module in virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci failover net_failover virtio_net; do
	insmod /lib/$module.ko
done
for i in 1 2 3 4 5 6 7 8 9; do [ -e /sys/class/net/eth0 ] || sleep 1; done
ip link set eth0 up
ip addr add 10.0.2.15/24 dev eth0
echo "guest: fetched $(nc 10.0.2.100 80 </dev/null | md5sum)"
nc -w 2 10.0.2.100 25 </dev/null | grep -q . || echo "guest: no mail"
ping -c 3 10.0.2.2 | grep received | sed 's/^/guest: ping /'
dmesg | grep -i "netdev watchdog\|transmit queue\|hung\|nobody cared"
