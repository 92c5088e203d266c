# A script that is loaded while the guest lives, with disk requests in flight, takes part in everything; so does the next,
# in the place that it leaves: in the built-in guest, with a slow disk of 16 MiB.
say() {
	echo "control: $*"
}

slow=$(grep -lx 32768 /sys/block/sd*/size | cut -d/ -f4)
while [ ! -e /stop ]; do
	dd if=/dev/$slow of=/dev/null bs=4096 count=64 iflag=direct 2>/dev/null || say failed
done &
cat >/late.rb <<'R'
seen = Counter.new(:seen)
on(:disk_read) { seen << :disk_read }
on(:disk_done) { seen << :disk_done }
every(20.milliseconds) { seen << :timer }
on(:port_read, 0x80) { seen << :port }
on(:cpuid, 0x80000002) { seen << :cpuid }
on(:msr_read, 0x10) { seen << :msr }
on(:pci_config_read) { seen << :pci }
on(:mmio_read, 0xfed00000..0xfed003ff) { seen << :mmio }
R
for round in 1 2 3; do
	ritectl -q load /late.rb
	for access in 'in8 0x80' 'cpuid 0x80000002' 'rdmsr 0x10' 'read32 0xfed00000' 'pci 0 1 0 0'; do
		probe $access >/dev/null
	done
	sleep 1
	ritectl metrics late.rb | sed -n 's/^@seen\[\(.*\)\]: [1-9].*/\1/p' | sort >/seen
	say round $round: $(cat /seen)
	ritectl -q unload late.rb
done
touch /stop
wait
# By names, in C: the engine is not entered, and prints the same itself.
cat >/words.rb <<'R'
on(:disk_done, into: Histogram.log2(:latency, unit: :us, by: %i[disk direction]))
on(:disk_read, :disk_write, into: Histogram.linear(:sectors, step: 8, by: :direction))
on(:disk_request, into: Counter.new(:commands, by: %i[kind command]))
R
ritectl -q load /words.rb
dd if=/dev/zero of=/dev/$slow bs=4096 count=3 oflag=direct conv=fsync 2>/dev/null || say failed
dd if=/dev/$slow of=/dev/null bs=8192 count=5 iflag=direct 2>/dev/null || say failed
ritectl metrics words.rb >/text
sed -n 's/^@.*/control: text &/p' /text
ritectl -f json metrics words.rb | grep '"@commands"'
say entered $(ritectl list | awk '/^words.rb/ { print $6 }')
ritectl -q unload words.rb
ritectl log | grep '^@' | grep -v '^@seen' | sort >/printed
grep '^@' /text | sort | cmp - /printed && say printed alike
say left $(ritectl list | grep -c late.rb)
