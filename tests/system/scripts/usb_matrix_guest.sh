# Each kind of device once: storage (one.img by its bulk-only interface, two.img as UAS has it, three.img behind two hubs), a
# keyboard and a tablet, a serial line, a network, audio.
drivers
disk_there 2-1
uas=2-2
for i in $(seq 150); do
	[ -e /sys/bus/usb/devices/1-5 ] && uas=1-5
	[ -n "$(disk $uas)" ] && break
	sleep 0.2
done
disk_there 1-4.5.1
echo "guest: one $(cat /dev/$(disk 2-1) | sum)"
echo "guest: two $(cat /dev/$(disk $uas) | sum)"
echo "guest: three $(cat /dev/$(disk 1-4.5.1) | sum)"
head -c 65536 /dev/$(disk $uas) | dd of=/dev/$(disk 2-1) bs=4096 seek=64 conv=notrunc,fsync 2>/dev/null
head -c 65536 /dev/$(disk 2-1) | dd of=/dev/$(disk $uas) bs=4096 seek=64 conv=notrunc,fsync 2>/dev/null
echo 3 >/proc/sys/vm/drop_caches
echo "guest: written $(cat /dev/$(disk 2-1) /dev/$(disk $uas) | sum)"
there /dev/ttyUSB0
stty -F /dev/ttyUSB0 raw -echo 115200
timeout 30 head -c 840 /dev/ttyUSB0 >/got &
sleep 1
echo "guest: feed typed line.in"
timeout 30 head -c 3000 /init >/dev/ttyUSB0
wait
echo "guest: serial $(cat /got | sum)"
echo "guest: sent $(head -c 3000 /init | sum)"
there /sys/class/net/$(ls -d /sys/bus/usb/devices/1-4.3/*/net/* | sed 's,.*/,,')
net=$(ls /sys/bus/usb/devices/1-4.3/*/net)
ifconfig $net 10.0.2.15 netmask 255.255.255.0 up
sleep 1
timeout 30 tftp -g -r file -l /served 10.0.2.2 && echo "guest: file $(cat /served | sum)"
there /dev/dsp
yes 'a sound that is heard ' | head -c 16000 >/sound
timeout 60 cat /sound >/dev/dsp
echo "guest: played $?"
there /dev/hidraw1
for name in /dev/hidraw*; do
	cat $name >/typed.${name#/dev/hidraw} &
done
sleep 1
echo "guest: type 0.1 abcde"
sleep 2
echo "guest: typed $(cat /typed.* | xxd -p | tr -d '\n')"
said
