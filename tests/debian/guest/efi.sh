# Part of run.sh, after the reboot: what the firmware kept, and changing it.

variable=/sys/firmware/efi/efivars/Ritevisor-cfc8fc79-be2e-4ddc-97f0-9f98bfe298a0
fact "variable $(tail -c +5 $variable)"
check efi-kept grep -q 'kept over a reset' $variable
chattr -i $variable
check efi-remove rm $variable
fact "variable $(cat $variable 2>&1)"
efibootmgr -v >$boot/logs/efibootmgr
sed 's/^/efibootmgr: /' $boot/logs/efibootmgr >>$boot/facts
number=$(sed -n 's/^Boot\(....\).*Handed in.*/\1/p' $boot/logs/efibootmgr)
check efi-next efibootmgr --bootnext $number
check efi-timeout efibootmgr --timeout 4
check efi-delete efibootmgr --bootnum $number --delete-bootnum
efibootmgr -v >$boot/logs/efibootmgr-after
sed 's/^/efibootmgr after: /' $boot/logs/efibootmgr-after >>$boot/facts
fact "runtime services $(dmesg | grep -c 'efi: .*[Ff]ail\|Unexpected.*EFI\|page fault.*EFI')"
