# Part of run.sh, after the reboot: the Debian package, as its users have it.

check package-install dpkg --install ritevisor.deb
check package-version ritevisor --version
check package-check ritevisor check hello
check package-script ritevisor scripts disk_latency
check package-manual test -s /usr/share/man/man1/ritectl.1.gz
check package-completion bash -c '
	source /usr/share/bash-completion/completions/ritectl
	COMP_WORDS=(ritectl lo) COMP_CWORD=1
	_ritectl
	[ "${COMPREPLY[*]}" = "load log" ]'
modprobe msr
if [ $mode != bare ]; then
	ritectl -e 'puts 6 * 7' >$boot/logs/ritectl 2>&1
	grep -qx 42 $boot/logs/ritectl || fact "ritectl: status 1 $(xargs <$boot/logs/ritectl)"
	ritectl list >$boot/logs/ritectl-list 2>&1 || fact "ritectl list: status $?"
fi
check package-purge dpkg --purge ritevisor
fact "package left: $(ls -d /usr/lib/ritevisor /usr/bin/rite* 2>/dev/null | xargs)"
