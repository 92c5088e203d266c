# Recordings, in the built-in guest: control=load, auth=root. What is recorded goes to $DISK, as a tar from 64 KiB on;
# the host looks at it (record.py).
say() {
	echo "record: $*"
}

port() {
	for value in "$@"; do probe out8 0x80 $value; done
}

# Disk and port events, and what a script decides and says of them.
cat >/count.rb <<X
reads = writes = 0
on(:disk_read) { |r| reads += 1; trace "seen", lba: r.lba, text: "a\"b", none: nil, ratio: 1.5 }
on(:port_write, 0x80) { |io| writes += 1; io.value = 7 if io.value == 6 }
on(:port_read, 0x80, into: Trace)
at_exit { puts "record: counted #{reads} #{writes}" }
X
ritectl -q load /count.rb
cat >/work.sh <<X
for value in 5 6 8; do probe out8 0x80 \$value; done
probe out8 0x80 9
probe in8 0x80 >/dev/null
dd if=/dev/$(ls -l /sys/block | sed -n "s,.*/ata1/.*/,,p") of=/dev/null bs=4096 count=6 skip=100 iflag=direct 2>/dev/null
X
mkdir /traces
cp /count.rb /traces
ritectl record -q -e 'disk_*,port_*:0x80,trace' --payload 512 -o /traces/first sh /work.sh
say first $?
ritectl unload count.rb
ritectl log | grep -o 'record: counted .*'

# Nobody fetches while a script says more than there is room for.
cat >/flood.sh <<X
kill -STOP \$PPID
ritectl -q -e '400.times { |i| trace "flood", number: i }'
kill -CONT \$PPID
X
ritectl record -e trace --buffer 8 -o /traces/lossy sh /flood.sh 2>/traces/told
say lossy $?

# Into a pipe, which holds all of it.
ritectl record -q -e port_write:0x80 -o - sh -c 'for value in 1 2 3; do probe out8 0x80 $value; done' >/traces/piped
say piped $?

# Told as it comes.
ritectl record -q -f json -e port_write:0x80 -o - sh -c 'echo said; for value in 4 5 6; do probe out8 0x80 $value; done' >/traces/live 2>/dev/null
say live $?

# What it refuses; a command that fails; only one at a time.
ritectl record -e nothing -o /x 2>/dev/null
say no such kind $?
ritectl record -e port_write:0x80 2>/dev/null
say no output $?
ritectl record -e port_write:0x10000 -o /x 2>/dev/null
say no such port $?
ritectl record -q -e trace -o /traces/first sh -c true 2>/dev/null
say folder is there $?
ritectl record -q -e trace -o /failed sh -c 'ritectl record -q -o /second true 2>/dev/null; echo "record: second $?"; false'
say command failed $?

# One that is killed leaves nothing behind.
free_pages() {
	ritectl stats | sed -n 's/^free pages //p'
}
before=$(free_pages)
ritectl record -q -e port_write:0x80 -o /killed &
pid=$!
until [ -e /killed/cpu0 ]; do sleep 1; done
kill -9 $pid
wait $pid 2>/dev/null
sleep 11
until ritectl record -q -e trace -o /again true 2>/dev/null; do rm -rf /again; sleep 1; done
say killed $(($(free_pages) - before > -8))

# An unprivileged process cannot record.
mkdir -p /etc
echo 'nobody:x:99:99::/:/bin/sh' >/etc/passwd
chmod 666 /dev/cpu/0/msr
su -s /bin/sh nobody -c 'ritectl record -o /tmp/x true' 2>/dev/null
say unprivileged $?
tar cf - -C / traces | dd of=$DISK bs=64K seek=1 conv=notrunc 2>/dev/null
sync
say written
