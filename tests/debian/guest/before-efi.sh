# Part of run.sh, before the reboot: leaves things in the firmware that are to be there afterwards.

variable=/sys/firmware/efi/efivars/Ritevisor-cfc8fc79-be2e-4ddc-97f0-9f98bfe298a0
printf '\007\000\000\000kept over a reset' >/run/variable
check efi-set cp /run/variable $variable # in one write, as the firmware takes it
check efi-create efibootmgr --create --disk $(lsblk -n -o PKNAME -p $(findmnt -n -o SOURCE /)) \
	--part 2 --label 'Handed in' --loader '\EFI\BOOT\BOOTX64.EFI'
efibootmgr -v >$boot/logs/efibootmgr
# The entries of devices that the test adds have numbers of their own; "Handed in" comes first.
fact "entry $(grep -c 'Handed in' $boot/logs/efibootmgr)"
