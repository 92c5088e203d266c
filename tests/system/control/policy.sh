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

# What can be hooked, with what events have.
ritectl -lv disk_write
ritectl -f json -lv msr_read
