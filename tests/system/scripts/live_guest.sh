# In the guest, as root: a virtio network card comes when somebody records, and is pinged by until nobody does any more.
echo "guest: waiting"
until ritectl log | grep -q "recording, up to"; do sleep 1; done
for module in virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci failover net_failover virtio_net; do
	insmod /lib/$module.ko
done
for i in 1 2 3 4 5 6 7 8 9; do [ -e /sys/class/net/eth0 ] || sleep 1; done
ip link set eth0 up
ip addr add 10.0.2.15/24 dev eth0
until ritectl record -q -e trace -o /alone true 2>/dev/null; do ping -c 1 10.0.2.2 >/dev/null; done
echo "guest: pinged"
