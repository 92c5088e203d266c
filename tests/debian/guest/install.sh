# Part of run.sh, after the reboot, which went through Ritevisor unless the run is bare: takes it away.

. ./installation.sh
if [ $mode != bare ]; then
	# Once more, over itself: there is still one entry, and nothing else changes.
	python3 project/ritevisor install --esp /boot/efi >$boot/logs/install 2>&1 ||
		fact "install again: status $?"
	efibootmgr -v >$boot/logs/entries-installed
	[ "$(grep -c '^Boot.*ritevisor.efi' $boot/logs/entries-installed)" = 1 ] ||
		fact "boot entries: status 1"
	python3 project/ritevisor uninstall --esp /boot/efi >$boot/logs/uninstall 2>&1 ||
		fact "uninstall: status $?"
fi
facts_of_installation
