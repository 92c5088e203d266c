	# The controller's driver sleeps and wakes, three times, and then the machine does, once. Each time the stick is what it was, and the keyboard is not there.
	load $stick $keyboard
	there /dev/sda
	there /sys/bus/usb/devices/1-2/serial
	sleep 1
	look() {
		echo 3 >/proc/sys/vm/drop_caches
		echo "guest: $1 stick $(md5sum </dev/sda | cut -c1-32)"
		echo "guest: $1 interfaces $(ls -d /sys/bus/usb/devices/*-*:* | sed 's,.*/,,' | tr '\n' ' ')"
	}
	look 0
	echo deep >/sys/power/mem_sleep
	echo 1 >/sys/module/suspend/parameters/pm_test_delay
	echo devices >/sys/power/pm_test # as far as drivers
	for turn in 1 2 3; do
		dd if=/dev/sda of=/dev/null bs=64k iflag=direct 2>/dev/null &
		echo mem >/sys/power/state
		echo "guest: drivers $?"
		wait
		sleep 2
		look $turn
	done
	echo none >/sys/power/pm_test
	echo mem >/sys/power/state
	echo "guest: mem $?"
	there /dev/sda
	sleep 2
	look 4
	dmesg | grep -i 'HC died\|mismatched\|not part of current\|not responding' | sed 's/^/guest: no good: /'
