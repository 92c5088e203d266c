# What an installation changes, and its removal changes back.

facts_of_installation() {
	fact "system partition: $(cd /boot/efi && find . -type f -exec sha256sum {} + | sort -k 2 | xargs)"
	efibootmgr -v >$boot/logs/entries
	fact "boot entries: $(sed -n 's/^\(Boot[0-9A-F]\{4\}\)\*\{0,1\} \([^\t]*\).*/\1 \2;/p' $boot/logs/entries | xargs)"
}
