# Before each guest script of with_usb, behind usb_begin_guest.sh.
drivers() { # all of them but those whose names are given
	for m in $(cat /usb.modules); do
		case " $* " in *" $m "*) ;; *) load $m ;; esac
	done
}
disk() { # the name of the disk at a USB port
	ls -d /sys/bus/usb/devices/$1/$1:*/host*/target*/*/block/* 2>/dev/null | sed 's,.*/,,'
}
disk_there() {
	for i in $(seq 150); do
		[ -n "$(disk $1)" ] && return
		sleep 0.2
	done
	echo "guest: no disk at $1"
}
sum() {
	md5sum | cut -c1-32
}
# What the kernel has said of USB, without what is another each time.
said() {
	dmesg | sed 's/^\[[^]]*\] *//' | grep -i 'usb\|hci\|hid\|scsi\|sd [0-9]\|uas\|input:\|snd\|rndis\|ftdi\|WARN\|BUG' |
		grep -v 'ommand line\|MP-BIOS\|AMD Zen1\|AMD-Vi\|took [0-9]* usecs' | sed 's/device number [0-9]*/device number N/; s/input[0-9]*$/inputN/; s/hcc params 0x[0-9a-f]*/hcc params N/; s/[0-9]:0:0:0/N:0:0:0/; s/scsi host[0-9]/scsi hostN/; s/000[0-9]:\([0-9A-F]*:[0-9A-F]*\)\.[0-9A-F]*/\1/' | sort | sed 's/^/guest: said /'
}
