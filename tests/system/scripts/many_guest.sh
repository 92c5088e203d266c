	# In the guest, as root: eight readers on two CPUs, a request a block of 512 bytes.
	while ! [ -b "$disk" ]; do
		nvme=$(grep -l RV1 /sys/class/nvme/*/serial | cut -d / -f 5)
		disk=/dev/${nvme}n1
	done
	reads() {
		tr -s ' ' <"/sys/block/${nvme}n1/stat" | sed 's/^ //' | cut -d ' ' -f 1
	}
	read_all() { # blocks for each
		for i in 0 1 2 3 4 5 6 7; do
			taskset $((i % 2 + 1)) dd if=$disk bs=512 skip=$((i * 13000)) count=$1 iflag=direct 2>/dev/null | md5sum >/tmp/sum$i &
		done
	}
	check() {
		yes 0123456789abcde | head -c $((512 * $1)) | md5sum | cat - /tmp/sum? | uniq -c | tr -s ' ' | cut -d ' ' -f 2
	}
	read_all $each
	for i in $(seq ${resets:-0}); do
		sleep 1
		echo 1 >"/sys/class/nvme/$nvme/reset_controller" && done=$i
	done
	wait
	echo "guest: $done resets"
	echo "guest: $(reads) requests, alike $(check $each)"
	dd if=/dev/zero of=$disk bs=4096 count=0 conv=fsync 2>/dev/null
	dmesg | grep -i "timeout\|abort\|polled\|controller is down\|I/O error"
