	# Reads of 4 KiB, three bulk transfers each; exits, and the controller's interrupts.
	load $stick
	there /dev/sda
	sleep 2
	exits() {
		ritectl stats | sed -n 's/^exits //p'
	}
	interrupts() {
		awk '/xhci/ { for (i = 2; i <= NF; i++) if ($i ~ /^[0-9]+$/) sum += $i; else break } END { print sum + 0 }' /proc/interrupts
	}
	before=$(exits) i=$(interrupts)
	dd if=/dev/sda of=/dev/null bs=4096 count=250 iflag=direct 2>/dev/null
	now=$(interrupts) after=$(exits)
	echo "guest: exits $((after - before)) interrupts $((now - i))"
	[ $((now - i)) -ge 250 ] && [ $((after - before)) -gt 0 ] && [ $((after - before)) -le $((now - i + 100)) ] && echo "guest: an interrupt is an exit, a transfer none"
