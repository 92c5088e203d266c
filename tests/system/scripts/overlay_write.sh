# In the guest, as root: writes records to the disk RV1 for ever, and says which it has flushed; each fifth it does not flush.
of() { for c in /sys/class/nvme/*; do grep -q $1 $c/serial && echo /dev/$(basename $c)n1; done; }
while [ ! -b "$(of RV1)" ] || [ ! -b "$(of RV2)" ]; do sleep 0.1; done
disk=$(of RV1)
dd if=/dev/zero of=$(of RV2) bs=4096 count=1 oflag=direct 2>/dev/null || echo "guest: the other disk is not its"
number=0
while number=$((number + 1)); do
	record=$(printf 'record    %06d' $number)
	while [ ${#record} -lt 4096 ]; do record=$record$record; done
	printf %s "$record" >/tmp/record
	if [ $((number % 5)) = 0 ]; then
		dd if=/tmp/record of=$disk bs=4096 seek=$((number % 64 * 3)) oflag=direct 2>/dev/null || break
	else
		dd if=/tmp/record of=$disk bs=4096 seek=$((number % 64 * 3)) oflag=direct conv=fsync 2>/dev/null || break
		echo "guest: flushed $number"
	fi
done
