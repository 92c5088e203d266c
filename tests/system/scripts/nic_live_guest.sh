# In the guest, as root: one of Intel's network cards, whose driver is $card, is recorded while it is in use.
insmod /lib/$card.ko
up() {
	for i in 1 2 3 4 5 6 7 8 9; do grep -q 12:34:57 /sys/class/net/*/address && break; sleep 1; done
	name=$(basename $(dirname $(grep -l 12:34:57 /sys/class/net/*/address)))
	ip link set $name up
	ip addr add 10.0.2.15/24 dev $name
	for i in 1 2 3 4 5 6 7 8 9; do [ "$(cat /sys/class/net/$name/carrier)" = 1 ] && break; sleep 1; done
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
ritectl record -q -e 'net_*' --payload 64 --buffer 1024 -o /recorded2 sh -c 'sleep 1'
get last
dmesg | grep -i "netdev watchdog\|transmit queue\|hung\|nobody cared\|reset adapter"
