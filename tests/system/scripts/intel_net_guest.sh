# In the guest, as root: Intel's network cards. A script denies the first one all that it would send, and the others mail
# and IPv6: the second is an 82574L, the third an 82540EM.
insmod /lib/e1000e.ko
insmod /lib/e1000.ko
up() {
	for i in 1 2 3 4 5 6 7 8 9; do grep -q "$1" /sys/class/net/*/address && break; sleep 1; done
	card=$(basename $(dirname $(grep -l "$1" /sys/class/net/*/address)))
	ip link set $card up
	ip addr add $2.15/24 dev $card
	for i in 1 2 3 4 5 6 7 8 9; do [ "$(cat /sys/class/net/$card/carrier)" = 1 ] && break; sleep 1; done
}
get() {
	echo "guest: $1 $(nc $2.100 80 </dev/null | md5sum)"
}
try() {
	up $1 $2
	get "fetched $3" $2
	(get "at $3" $2; get "at $3" $2) & (get "at $3" $2; get "at $3" $2) & wait
	ping -c 2 -s 1400 $2.2 | grep received | sed "s/^/guest: ping $3 /"
	ping -c 2 $2.99 | grep received | sed "s/^/guest: ghost $3 /"
	nc -w 2 $2.100 25 </dev/null | grep -q . || echo "guest: no mail $3"
	head -c 200000 /bin/busybox | nc $2.100 81 | sed "s/^/guest: sent $3 /"
	d=$(readlink -f /sys/class/net/$card/device)
	for i in unbind bind; do basename $d >/sys/bus/pci/drivers/$3/$i; done
	up $1 $2
	get "again $3" $2
	ip link set $card down
}
try 12:34:57 10.0.2 e1000e
try 12:34:58 10.0.3 e1000
up 12:34:56 10.0.4
ping -c 2 -W 1 10.0.4.2 | grep received | sed 's/^/guest: alone /'
for i in 1 2 3 4; do echo x | nc -u -w 1 10.0.4.2 9 & done
wait
dmesg | grep -i "netdev watchdog\|transmit queue\|hung\|nobody cared\|reset adapter"
