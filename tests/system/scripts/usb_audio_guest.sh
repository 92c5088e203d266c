# A sound is played, by an isochronous endpoint, while a stick is read all the time.
drivers
disk_there 2-1
there /dev/dsp
sleep 1
head -c 24000 /dev/zero | tr '\0' '\300' >/sound
while [ ! -e /stop ]; do
	dd if=/dev/$(disk 2-1) of=/dev/null bs=4096 iflag=direct 2>/dev/null
	echo >>/turns
done &
sleep 1
centiseconds() {
	sed 's/ .*//; s/\.//' /proc/uptime
}
before=$(centiseconds)
cat /sound >/dev/dsp
echo "guest: played $?"
echo "guest: centiseconds $(($(centiseconds) - before))"
>/stop
wait
echo "guest: turns $(wc -l </turns)"
dmesg | grep -i 'xrun\|underrun\| urb\|HC died\|mismatched' | sed 's/^/guest: no good: /'
