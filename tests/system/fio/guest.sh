# In the guest, as root: fio on two CPUs, on the disk of 48 MiB, while scripts come and go.
for module in /fio/*.ko; do insmod $module 2>/dev/null; done
for i in 1 2 3 4 5 6 7 8 9; do
	disk=$(grep -lx 98304 /sys/block/*/size) && break
	sleep 1
done
device=/dev/$(basename "$(dirname "$disk")")
echo "guest: the disk is $device"
fio --name=verify --filename=$device --size=20m --offset_increment=20m --numjobs=2 --bs=4k-64k --rw=randrw \
	--verify=crc32c --verify_fatal=1 --do_verify=1 --ioengine=libaio --iodepth=32 --direct=1 --randrepeat=1 \
	--loops=4 --group_reporting --output-format=json --output=/report --eta=never &
fio=$!
came=0
while kill -0 $fio 2>/dev/null; do
	for script in watch change delay; do
		kill -0 $fio 2>/dev/null || break
		ritectl -q load /fio/$script.rb || echo "guest: $script does not come"
		# NVMe's queues become ours when their driver sets them up.
		[ $came = 0 ] && [ -e /sys/class/nvme/nvme0 ] && echo 1 >/sys/class/nvme/nvme0/reset_controller
		usleep 700000
		ritectl -q unload $script.rb || echo "guest: $script does not go"
		came=$((came + 1))
		usleep 300000
	done
done
wait $fio
echo "guest: fio $?, errors $(sed -n 's/.*"total_err" : //p; s/.*"error" : \([0-9]*\).*/\1/p' /report | sort -u | xargs)"
echo "guest: scripts came $came times"
dmesg | grep -iE "timeout|abort|polled|is down|I/O error|reset controller|frozen|exception Emask" | sed 's/^/guest: complaint /'
