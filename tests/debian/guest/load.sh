# Part of run.sh: disks, network, CPUs and memory at work, all of it checked.

# 32 MiB that are the same everywhere.
data=/var/tmp/data
seq 1 5000000 | head -c 33554432 >$data
sum() {
	sha256sum <"$1" | cut -d ' ' -f 1
}
fact "data $(sum $data)"

# On a file system of its own, so that fsck can look at it unmounted.
check mkfs mkfs.ext4 -q -F /var/tmp/scratch 256M
mkdir -p /var/tmp/scratch.d
check mount mount -o loop /var/tmp/scratch /var/tmp/scratch.d
for verify in crc32c sha256; do
	check fio-$verify fio --name=$verify --directory=/var/tmp/scratch.d --size=48m --bs=4k-64k \
		--rw=randrw --verify=$verify --verify_fatal=1 --do_verify=1 --ioengine=libaio --iodepth=8 \
		--direct=1 --randrepeat=1 --output-format=json
	# Straight to the system's own disk, by both CPUs.
	check fio-disk-$verify fio --name=$verify --directory=/var/tmp --size=8m --bs=4k --numjobs=2 \
		--rw=randwrite --verify=$verify --verify_fatal=1 --do_verify=1 --ioengine=libaio \
		--iodepth=8 --direct=1 --randrepeat=1 --group_reporting --output-format=json
done
check dd dd if=$data of=/var/tmp/scratch.d/data bs=64k oflag=direct
check umount umount /var/tmp/scratch.d
check fsck e2fsck -fn /var/tmp/scratch
check remount mount -o loop,ro /var/tmp/scratch /var/tmp/scratch.d
fact "data on the scratch disk $(sum /var/tmp/scratch.d/data)"
umount /var/tmp/scratch.d

mkdir -p /root/.ssh
[ -e /root/.ssh/id_ed25519 ] || ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519
cp /root/.ssh/id_ed25519.pub /root/.ssh/authorized_keys
copy="scp -q -o StrictHostKeyChecking=no -o BatchMode=yes -o ConnectTimeout=120"
check scp-loopback $copy $data root@127.0.0.1:/var/tmp/data.loopback
fact "data over loopback $(sum /var/tmp/data.loopback)"
# Out by the network card to the host, and from there in again.
check scp-network $copy -P $port $data root@10.0.2.2:/var/tmp/data.network
fact "data over the network card $(sum /var/tmp/data.network)"

check stress stress-ng --verify --timeout 90s --metrics-brief --cpu 2 --cpu-ops 100 --vm 2 \
	--vm-bytes 64m --vm-ops 20000 --fork 2 --fork-ops 400 --switch 2 --switch-ops 20000 \
	--memcpy 2 --memcpy-ops 40 --timer 2 --timer-ops 2000
fact "complaints of stress: $(grep -c -i -E 'fail|error' $boot/logs/stress)"

# Each CPU but the first goes and comes back.
echo 0 >/sys/devices/system/cpu/cpu1/online
fact "cpus without one $(nproc)"
echo 1 >/sys/devices/system/cpu/cpu1/online
fact "cpus with it again $(nproc)"
fact "state after load $(systemctl is-system-running)"
dmesg >$boot/logs/dmesg-after-load
