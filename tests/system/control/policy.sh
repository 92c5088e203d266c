# control=policy, auth=key, and options of ritectl that print: in the built-in guest. The key is in /key.
say() {
	echo "control: $*"
}

# Without the key nobody is let in, and with it everybody, whatever his rights are.
ritectl list 2>&1
say no key $?
sed 2s/./S/ /key >/damaged
ritectl --key /damaged list 2>&1
say damaged key $?
chmod 644 /key
mkdir -p /etc; echo 'nobody:x:99:99::/:/bin/sh' >/etc/passwd
su -s /bin/sh nobody -c 'ritectl --key /key list' >/dev/null
say unprivileged with the key $?
mkdir /with_key
printf '#!/bin/sh\nexec /bin/ritectl --key /key "$@"\n' >/with_key/ritectl
chmod 755 /with_key/ritectl
PATH=/with_key:$PATH

# Policies may be taken away, replaced and loaded.
say denied $(probe in8 0x81)
ritectl unload policy.rb
say unload $? $(probe in8 0x81) $(ritectl list | grep -c '^policy.rb.*in force')
echo 'policy!; on(:port_read, 0x81, on_error: :deny) { |io| io.value = 0x41 }' >/mine.rb
ritectl -q load /mine.rb
say load $? $(probe in8 0x81) $(ritectl list | grep -c '^mine.rb *load *in force.*policy')
sed -i s/0x41/0x42/ /mine.rb
ritectl -q reload /mine.rb
say reload $? $(probe in8 0x81)
echo 'policy!' | ritectl -q run - 2>/dev/null
say lent $?

# A dry run prints, fails as a run does, and hooks nothing.
ritectl --dry-run -e 'puts "dry"; on(:port_read, 0x80) { |io| io.value = 0x21 }; at_exit { puts "end" }' 2>&1
say dry $? $(probe in8 0x80) $(ritectl list | grep -c '^-e ')
ritectl -q --dry-run -e 'on(:port_read, 0x80, on_error: :deny) { }; raise "no"' >/dev/null 2>&1
say dry failure $? $(ritectl list | grep -c '^-e ')

# Where it is printed, and what it is called.
ritectl -q -o /out.txt -n some.name -e 'puts setting(:nothing, "written"); $stdout rescue 0; on(:port_read, 0x80) { |io| io.value = 0x23 }' &
until [ "$(probe in8 0x80)" = 0x23 ]; do :; done
say name $(ritectl list | grep -c '^some.name *run')
kill -INT $!
wait $!
say output $? $(cat /out.txt)
ritectl -o /no/such/file list 2>/dev/null
say no output $?
ritectl -n 'a/b' -e '' 2>&1
say bad name $?
ritectl -V
say version $?
ritectl -o /version -V
say version in a file $? $(grep -c . /version)

# Where a file is: what stands in those sectors is what was written, in two pieces.
{
	printf '\0\0\0\0\203\0\0\0\0\010\0\0\0\030\0\0' # one partition, from sector 2048 on
	head -c 48 /dev/zero
	printf '\125\252'
} | dd of=$DISK bs=1 seek=446 conv=notrunc 2>/dev/null
blockdev --rereadpt $DISK
mke2fs ${DISK}1 >/dev/null 2>&1
mkdir /files
mount -t ext4 ${DISK}1 /files
yes first | head -c 1024 >/files/bait
yes between | head -c 40960 >/files/other
yes later | dd of=/files/bait bs=1024 seek=64 count=1 2>/dev/null
where=$(ritectl where /files/bait)
say where $? $(echo $where | grep -c '^[0-9]*\.\.[0-9]*,[0-9]*\.\.[0-9]*$')
first=${where%%..*} later=${where##*,}
sync
echo 3 >/proc/sys/vm/drop_caches
say there $(dd if=$DISK bs=512 skip=$first count=1 2>/dev/null | head -n 1) $(dd if=$DISK bs=512 skip=${later%..*} count=1 2>/dev/null | head -n 1)
say json $(ritectl -f json where /files/bait)
umount /files
ritectl where /tmp/none 2>&1
echo memory >/in_memory
ritectl where /in_memory 2>&1
say nowhere $?

# What can be hooked, with what events have.
ritectl -lv disk_write
ritectl -f json -lv msr_read
