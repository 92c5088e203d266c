# A stick whose transfers wait is as fast as that and no slower: its driver has no errors. What is lost its driver gives up.
drivers
disk_there 2-1
disk=$(disk 2-1)
echo "guest: one $(cat /dev/$disk | sum)"
head -c 65536 /dev/$disk | dd of=/dev/$disk bs=4096 seek=64 conv=notrunc,fsync 2>/dev/null
echo 3 >/proc/sys/vm/drop_caches
echo "guest: again $(cat /dev/$disk | sum)"
there /dev/ttyUSB0
timer=/sys/bus/usb-serial/devices/ttyUSB0/latency_timer
began=$(date +%s)
echo 77 >$timer || echo "guest: gives up, $(($(date +%s) - began)) s"
echo 33 >$timer && echo "guest: and goes on with $(cat $timer)"
said
