# Part of run.sh, before the reboot: installs Ritevisor as its users do, unless the run is bare.

. ./installation.sh
facts_of_installation
if [ $mode != bare ]; then
	words=
	for option in $options; do
		words="$words --option $option"
	done
	python3 project/ritevisor install --esp /boot/efi --script project/scripts/hello.rb $words \
		>$boot/logs/install 2>&1 || fact "install: status $?"
	efibootmgr -v >$boot/logs/entries-installed
	[ "$(grep -c '^Boot.*ritevisor.efi' $boot/logs/entries-installed)" = 1 ] ||
		fact "boot entries: status 1"
fi
