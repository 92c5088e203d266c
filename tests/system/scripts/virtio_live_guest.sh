# In the guest, as root: a virtio network card is recorded while it is in use, told of its address, and taken off and put on
# again.
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
get before
get over >/over1 &
get over >/over2 &
sleep 1
ritectl record -q -e 'net_*' --payload 64 --buffer 1024 -o /recorded sh -c 'sleep 2; nc 10.0.2.100 80 </dev/null | md5sum | sed "s/^/guest: during /"; nc 10.0.2.100 80 </dev/null >/dev/null & sleep 1'
echo "guest: recorded $?"
get after
wait
cat /over1 /over2
ping -c 3 -s 1400 10.0.2.2 | grep received | sed 's/^/guest: ping /'
ip link set eth0 promisc on
ip link set eth0 promisc off
ip link set eth0 address 52:54:00:12:34:57
echo "guest: address $?"
ping -c 3 -s 1400 10.0.2.2 | grep received | sed 's/^/guest: ping /'
d=$(readlink -f /sys/class/net/eth0/device)
cd $d/driver
for i in unbind bind; do basename $d >$i; done
up
get last
dmesg | grep -i "netdev watchdog\|transmit queue\|hung\|nobody cared\|failed to set"
