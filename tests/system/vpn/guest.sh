# In the guest, as root, with $case of tests/system/vpn/machine: its card's address is had by DHCP, a file comes through the tunnel, and frames that are none of
# it go nowhere.
for module in virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci failover net_failover virtio_net e1000 e1000e; do
	insmod /lib/$module.ko 2>/dev/null
done
for i in 1 2 3 4 5 6 7 8 9; do [ -e /sys/class/net/eth0 ] || sleep 1; done
ip link set eth0 up
cat >/lease <<'EOF'
#!/bin/sh
[ "$1" = bound ] || exit 0
ip address add $ip/$mask dev $interface
ip link set $interface mtu $mtu
ip route add default via $router
echo "guest: lease $ip/$mask $router mtu $mtu dns $dns"
EOF
chmod +x /lease
udhcpc -i eth0 -n -q -t 5 -O mtu -s /lease
if [ $case = alone ]; then
	ping -c 3 -W 3 10.9.0.1 | grep received | sed 's/^/guest: alone /'
	ip link set eth0 mtu 1500 # the lease's is too little for all the frames
	/hostile_frames eth0 10.0.2.15 10.0.2.2 51002
	sleep 20
	exit 0
fi
# Until no address is in doubt that somebody else might have it.
settle6() {
	for i in 1 2 3 4 5 6 7 8 9; do
		ip -6 address show dev eth0 | grep -q 'fe80:' && ! ip -6 address show dev eth0 | grep -q tentative && return
		sleep 1
	done
}
# IPv6, by another client.
lease6() {
	cat >/lease6 <<'EOF'
#!/bin/sh
[ "$reason" = BOUND6 ] || exit 0
ip -6 address add $new_ip6_address/128 dev $interface
echo "guest: lease $new_ip6_address dns $new_dhcp6_name_servers"
EOF
	chmod +x /lease6
	settle6 # it binds to the address of the link
	dhclient -6 -1 -sf /lease6 -lf /leases6 -pf /pid6 eth0
	settle6
	ip -6 route show default | sed 's/  */ /g; s/^/guest: /'
}
reach() {
	for i in 1 2 3 4 5 6 7 8 9; do ping -c 1 -W 2 10.9.0.1 >/dev/null && return; done
}
reach
if [ $case = syslog ]; then
	sleep 10 # a chunk of the log after the other
	exit 0
fi
if [ $case = name ]; then
	reach # its name is had late
	echo "guest: fetched $(wget -q -O - http://10.9.0.1/file | sha256sum)"
	ritectl vpn | sed 's/^/guest: /'
	ip link set eth0 mtu 1500
	/hostile_frames eth0 10.0.2.15 10.0.2.2 51002
	exit 0
fi
if [ $case = six ]; then
	echo "guest: driver $(basename "$(readlink /sys/class/net/eth0/device/driver)")"
	echo "guest: fetched $(wget -q -O - http://10.9.0.1/file | sha256sum)"
	ping -c 2 -s 1392 10.9.0.1 | grep received | sed 's/^/guest: 1420 /'
	lease6
	echo "guest: fetched by IPv6 $(wget -q -O - 'http://[fd00:9::1]/file' | sha256sum)"
	ritectl vpn | sed 's/^/guest: /'
	ip link set eth0 mtu 1500
	/hostile_frames eth0 10.0.2.15 10.0.2.2 51002
	exit 0
fi
if [ $case = card ]; then
	echo "guest: driver $(basename "$(readlink /sys/class/net/eth0/device/driver)")"
	echo "guest: fetched $(wget -q -O - http://10.9.0.1/file | sha256sum)"
	head -c 400000 /dev/urandom | base64 >/up # a text, for wget's sake, whose checksums and segments are the card's work
	echo "guest: sum $(sha256sum </up)"
	echo "guest: arrived $(wget -q -O - --post-file=/up http://10.9.0.1/)"
	ping -c 2 -s 1392 10.9.0.1 | grep received | sed 's/^/guest: 1420 /'
	ip link set eth0 mtu 1500
	reach
	/hostile_frames eth0 10.0.2.15 10.0.2.2 51002
	exit 0
fi
echo "guest: fetched $(wget -q -O - http://10.9.0.1/file | sha256sum)"
[ $case = big ] && exit 0
lease6
echo "guest: fetched by IPv6 $(wget -q -O - 'http://[fd00:9::1]/file' | sha256sum)"
ping -6 -c 2 -s 1372 fd00:9::1 | grep received | sed 's/^/guest: IPv6 1420 /'
ping -c 50 -i 0.2 10.9.0.1 >/pings &
ritectl vpn rekey 2>&1 | sed 's/^/guest: /'
kill -0 $! && echo "guest: amid traffic"
wait
grep received /pings | sed 's/^/guest: rekeyed /'
ritectl vpn | sed 's/^/guest: /'
ping -c 2 -s 1392 10.9.0.1 | grep received | sed 's/^/guest: 1420 /'
ip link set eth0 mtu 1500
ping -c 1 -W 3 -s 1393 10.9.0.1 >/dev/null || ping -c 1 -W 3 -s 1393 10.9.0.1 >/dev/null && echo "guest: 1421 told, then cut"
ip -6 address add fd00:9::2/64 dev eth0
ping -6 -c 1 -W 1 ff02::1%eth0 >/dev/null 2>&1
ping -c 1 -W 1 -b 255.255.255.255 >/dev/null 2>&1
/hostile_frames eth0 10.0.2.15 10.0.2.2 51002
if [ $case = kernel ]; then
	ritectl vpn | sed 's/^/guest: /'
	exit 0
fi
echo "guest: kill it"
sleep 1
/hostile_frames eth0 10.0.2.15 10.0.2.2 51002
ping -c 3 -W 2 10.9.0.1 | grep received | sed 's/^/guest: dead /'
ritectl vpn | sed 's/^/guest: dead /'
echo "guest: let it live"
sleep 1
reach
echo "guest: again $(wget -q -O - http://10.9.0.1/file | sha256sum)"
