# What a user does with ritectl, in the built-in guest: control=load, auth=root.
say() {
	echo "control: $*"
}

ritectl -q -e 'puts "two and two: #{2 + 2}"'
say one line $?
ritectl -q -e 'raise "no"' 2>&1
say raised $?
ritectl -q -e 'puts (' 2>&1
say syntax $?
ritectl frobnicate 2>/dev/null
say usage $?

say kinds $(ritectl -l 'pci_config_read*3.0') $(ritectl -lv port_write | grep -c 'filters: .*port:')

# Hooks come into force, output comes at once, Ctrl-C runs at_exit.
cat >/watch.rb <<X
on(:port_read, 0x80) { |io| io.value = 0x21; puts "read" }
at_exit { puts "bye" }
X
mkfifo /out
ritectl -q run /watch.rb >/out &
pid=$!
exec 3</out
until ritectl list | grep -q '^watch.rb *run *in force'; do :; done
say while it runs $(probe in8 0x80)
read line <&3
say at once $line
kill -INT $pid
say the rest $(cat <&3)
wait $pid
say ended $?
exec 3<&-
say afterwards $(probe in8 0x80)

# A pipe that is closed.
ritectl -q -e 'every(10.milliseconds) { puts "tick" }; at_exit { Log.notice "the pipe is closed" }' | head -n 1
until ritectl log | grep -q 'nobody watches\|gone' || ! ritectl list | grep -q ' run '; do :; done
say closed pipe $(ritectl list | grep -c ' run ')

# What is loaded stays; a name is taken once; an error keeps nothing.
ritectl -q load /watch.rb
say load $?
ritectl -q load /watch.rb 2>&1
say again $?
say loaded $(probe in8 0x80)
ritectl -f json list
ritectl unload watch.rb
say unload $?
ritectl unload watch.rb 2>&1
say gone $? $(probe in8 0x80)

# A second of top, while a script counts port reads.
ritectl -q -e 'on(:port_read, 0x80) { 300.times { } }' &
pid=$!
until ritectl list | grep -q '^-e *run *in force'; do :; done
ritectl top 1 1 >/top &
i=0
while [ $i -lt 20 ]; do probe in8 0x80 >/dev/null; i=$((i + 1)); done
wait $!
say top $(grep -c '^exits/s [1-9].*port [1-9].*hypercall [1-9]' /top) $(sed -n 's/^-e *[1-9][0-9]* *\([0-9]*\) *[1-9][0-9]* .*/\1/p' /top)
kill -TERM $pid
wait $pid

# Boot's scripts are in the list; a policy stays.
ritectl list
ritectl unload policy.rb 2>&1
say policy $?
echo 'policy!' | ritectl -q run - 2>&1
say lent policy $?

# JSON, with what it needs to be quoted.
ritectl -q -f json -e 'puts "a \"b\" \\ \t"; Log.warn "careful"; exit 3'
say status of a script $?

# Killed ones go when their lease is over; a load that never ends is no exception.
ritectl -q -e 'on(:port_read, 0x80) { |io| io.value = 0x22 }' &
until [ "$(probe in8 0x80)" = 0x22 ]; do :; done
kill -9 $!
ritectl -q -e 'loop { }' &
sleep 1
say two run $(ritectl list | grep -c ' run ')
kill -9 $!
sleep 11
say after the lease $(ritectl list | grep -c ' run ') $(probe in8 0x80)

# A flood: what is lost is counted, and the guest lives.
ritectl -q -e 'after(1.milliseconds, budget: 5.seconds) { 500.times { puts "x" * 100 }; exit }' >/flood 2>/lost
say flood $? $(grep -c . /lost)

# An unprivileged process, and one without the MSR device.
mkdir -p /etc
echo 'nobody:x:99:99::/:/bin/sh' >/etc/passwd
chmod 666 /dev/cpu/0/msr
su -s /bin/sh nobody -c 'ritectl list' 2>&1
say unprivileged $?
mv /dev/cpu/0/msr /dev/cpu/0/away
ritectl list 2>&1
say no device $?
mv /dev/cpu/0/away /dev/cpu/0/msr

# A script that is changed, in the place of the one that is there.
ritectl -q load /watch.rb
sed -i s/0x21/0x31/ /watch.rb
ritectl -q reload /watch.rb
say reload $? $(probe in8 0x80)
echo 'raise "no"' >>/watch.rb
sed -i s/0x31/0x41/ /watch.rb
ritectl -q reload /watch.rb 2>/dev/null
say failed reload $? $(probe in8 0x80) $(ritectl list | grep -c watch.rb)
