# In the guest, as root: a virtio network card whose port 25 and IPv6 a script drops, and one that may send nothing.
for module in virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci failover net_failover virtio_net; do
	insmod /lib/$module.ko
done
up() {
	for i in 1 2 3 4 5 6 7 8 9; do [ -e /sys/class/net/eth0 ] || sleep 1; done
	ip link set eth0 up
	ip addr add 10.0.2.15/24 dev eth0
}
get() {
	echo "guest: $1 $(nc 10.0.2.100 80 </dev/null | md5sum)"
}
up
get fetched
(get 1; get 2) & (get 3; get 4) & wait
ping -c 3 -s 1400 10.0.2.2 | grep received | sed 's/^/guest: ping /'
ping -c 2 10.0.2.99 | grep received | sed 's/^/guest: ghost /'
nc -w 2 10.0.2.100 25 </dev/null | grep -q . || echo "guest: no mail"
head -c 200000 /bin/busybox | nc 10.0.2.100 81 | sed 's/^/guest: sent /'
d=$(readlink -f /sys/class/net/eth0/device)
cd $d/driver
for i in unbind bind; do basename $d >$i; done
up
get again
ip link set eth1 up
ip addr add 10.0.3.15/24 dev eth1
ping -c 2 -W 1 10.0.3.2 | grep received | sed 's/^/guest: alone /'
for i in 1 2 3 4 5 6 7 8; do echo x | nc -u -w 1 10.0.3.2 9 & done
wait
grep -c 'virtio.-input' /proc/interrupts | sed 's/^/guest: queues /'
dmesg | grep -i "netdev watchdog\|transmit queue\|hung\|nobody cared"
