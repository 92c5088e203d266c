# Runs inside the Debian guest, from the disk labelled HANDED-IN at /mnt, once each boot: collects
# what the boot was like, does what the test asks for, then reboots or powers off.
#
# settings: $parts (load, efi, install), $port (the host's port that leads to our ssh server), $mode
# (bare, ours, script), $options (for Ritevisor).
# Results go to boot1/ and boot2/: facts are compared to those of a bare run, as they are; dmesg
# is compared with understanding; logs are for people.
cd /mnt
. ./settings
boot=boot1
[ ! -e boot1/done ] || boot=boot2
mkdir -p $boot/logs

say() {
	echo "handed-in: $boot: $*" >/dev/ttyS0 # past systemd: the login there hangs others up
}

fact() {
	echo "$*" >>$boot/facts
}

# Runs a command; the fact is its status. Its output goes into a log named by the first word.
check() {
	name=$1
	shift
	say "$name"
	"$@" >$boot/logs/$name 2>&1
	fact "$name: status $?"
}

say "state $(cat /run/state)"
fact "state $(cat /run/state)"
failed=$(systemctl --failed --plain --no-legend | cut -d ' ' -f 1 | xargs)
fact "failed units: ${failed:-none}"
fact "kernel $(uname -r)"
fact "cpus $(nproc)"
address() {
	ip -4 -o address show scope global | awk '{ print $4 }' | xargs
}
# "running" does not wait for the network.
tries=120
while [ -z "$(address)" ] && [ $((tries -= 1)) -gt 0 ]; do
	sleep 1
done
fact "address $(address)"
fact "ssh server $(systemctl is-active ssh)"
fact "root device $(findmnt -n -o SOURCE / | sed 's/sd./sd?/')" # found in any order
dmesg --kernel >$boot/dmesg
journalctl -b -p err --no-pager -o cat >$boot/logs/journal-errors
systemd-analyze >$boot/logs/analyze 2>&1

if [ $boot = boot1 ]; then
	# What is set here is looked for after the reboot.
	for part in $parts; do
		[ ! -e before-$part.sh ] || . ./before-$part.sh
	done
	date >boot1/done
	sync
	say rebooting
	systemctl reboot
	exit
fi
for part in $parts; do
	. ./$part.sh
done
date >boot2/done
say "powering off"
cd /
umount /mnt
systemctl poweroff
