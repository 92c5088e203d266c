# Somebody types as fast as a device: that waits. It was a person, who says so, and is believed from then on. Then another keyboard
# comes, which types as fast, and nobody says so: it is mute.
drivers
typed() { # the keys that went down, by what HID calls them: a is 04
	xxd -p -c 8 /typed | cut -c5-6 | grep -v 00 | tr -d '\n'
}
listen() { # to a keyboard at a port
	there "/sys/bus/usb/devices/$1/$1:1.0/0*/hidraw"
	cat /dev/$(ls /sys/bus/usb/devices/$1/$1:1.0/0*/hidraw) >/typed &
	sleep 1
}
listen 1-2
echo "guest: type 0.7 ab"
sleep 4
echo "guest: type 0 cdefghij"
sleep 4
echo "guest: typed $(typed)"
ritectl reload /usb_keylog_guard.rb
sleep 2
echo "guest: let go $(typed)"
echo "guest: type 0 klm"
sleep 3
echo "guest: trusted $(typed)"
echo "guest: unplug kbd"
gone /sys/bus/usb/devices/1-2
echo "guest: plug usb-kbd,id=more,bus=x.0,port=3"
listen 1-3
echo "guest: type 0 cdefghij"
sleep 24
echo "guest: type 0.7 xyz"
sleep 4
echo "guest: mute $(typed)"
echo "guest: errors $(dmesg | grep -c 'xhci_hcd.*\(WARN\|ERROR\|died\)\|BUG:')"
dmesg | grep 'xhci_hcd.*\(WARN\|ERROR\|died\)' | tail -n 5
