	# In the guest, as root: 64 programs write a block each to the disk with the serial number RV1, all at once.
	while ! [ -b "$disk" ]; do
		disk=/dev/$(grep -l RV1 /sys/class/nvme/*/serial | cut -d / -f 5)n1
	done
	write() { # block of 4096 bytes, CPU
		yes "block $1" | head -c 4096 >/tmp/block$1
		taskset $2 dd if=/tmp/block$1 of=$disk bs=4096 seek=$1 count=1 oflag=direct 2>/dev/null && echo written >>/tmp/ends || echo refused >>/tmp/ends
	}
	for i in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31; do
		write $((1024 + i * 20)) $((i % 2 + 1)) &
		write $((2048 + i * 20)) $((i % 2 + 1)) &
	done
	wait
	echo "guest: $(sort /tmp/ends | uniq -c | tr -s ' \n' ' ')"
	# What the dead script has not hooked is written; what it refuses stays refused.
	write 4096 1
	write 1024 2
	echo "guest: then $(tail -n 2 /tmp/ends | tr '\n' ' ')"
	dmesg | grep -i "timeout\|abort\|polled\|controller is down"
