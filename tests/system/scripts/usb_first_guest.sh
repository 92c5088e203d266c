# A keyboard is in; the second, and a stick, are not; a mouse is. Then the first goes, and another comes.
drivers
configured() {
	for port in 1 2 3 4; do
		[ -e /sys/bus/usb/devices/1-$port/1-$port:1.0 ] && echo -n " 1-$port"
	done
}
there /sys/bus/usb/devices/1-2/1-2:1.0
there /sys/bus/usb/devices/1-4/1-4:1.0
sleep 2
echo "guest: first$(configured)"
echo "guest: unplug kbd"
gone /sys/bus/usb/devices/1-2
echo "guest: plug usb-kbd,id=next,bus=x.0,port=1"
there /sys/bus/usb/devices/1-1/1-1:1.0
echo "guest: then$(configured)"
echo "guest: plug usb-kbd,id=more,bus=x.0,port=2"
there /sys/bus/usb/devices/1-2
sleep 2
echo "guest: still$(configured)"
