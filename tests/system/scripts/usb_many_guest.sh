# 127 devices: seven hubs with eight keyboards each on both of two controllers, and a stick.
drivers
for i in $(seq 900); do
	nr=$(ls -d /sys/bus/usb/devices/[1-4]-* | grep -vc ':')
	[ $nr = 127 ] && break
	sleep 0.2
done
disk_there 2-8
sleep 2
echo "guest: devices $(ls -d /sys/bus/usb/devices/[1-4]-* | grep -vc ':')"
echo "guest: one $(cat /dev/$(disk 2-8) | sum)"
echo "guest: interfaces $(ls -d /sys/bus/usb/devices/[1-4]-*:* | grep -v '/[1-4]-0:' | wc -l) inputs $(ls -d /sys/class/input/input*/id/vendor | xargs cat | grep -c 0627)"
