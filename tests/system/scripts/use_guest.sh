# In the guest, as root: Intel's network card, whose packets but for ARP, ssh and https are to be dropped.
insmod /lib/e1000.ko
for i in 1 2 3 4 5 6 7 8 9; do [ -e /sys/class/net/eth0 ] || sleep 1; done
ip link set eth0 up
ip addr add 10.0.2.15/24 dev eth0
for i in 1 2 3 4 5 6 7 8 9; do [ "$(cat /sys/class/net/eth0/carrier)" = 1 ] && break; sleep 1; done
echo "nameserver 10.0.2.3" >/etc/resolv.conf 2>/dev/null || { mkdir -p /etc; echo "nameserver 10.0.2.3" >/etc/resolv.conf; }
nc -w 2 10.0.2.2 443 </dev/null 2>&1 | sed 's/^/guest: https: /'
nc -w 2 10.0.2.2 25 </dev/null 2>&1 | sed 's/^/guest: mail: /'
ping -c 1 -W 1 10.0.2.2 | grep received | sed 's/^/guest: ping /'
timeout 6 nslookup -type=a www.example.org 10.0.2.3 >/dev/null 2>&1
echo "guest: asked"
