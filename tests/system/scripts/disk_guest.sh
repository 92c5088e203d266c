# In the guest, as root: drives the second disk, which a script keeps in another form.
for module in scsi_common scsi_mod libata ata_piix sd_mod; do
	insmod /lib/$module.ko
done
while [ ! -e /sys/bus/scsi/devices/0:0:1:0/block ]; do sleep 0.1; done
disk=/dev/$(ls /sys/bus/scsi/devices/0:0:1:0/block)
bytes=$(($(stat -c %s /bin/busybox) / 512 * 512))
dd if=/bin/busybox of=$disk bs=512 count=$((bytes / 512)) conv=fsync 2>/dev/null
echo 3 >/proc/sys/vm/drop_caches
echo "guest: written $(head -c $bytes /bin/busybox | md5sum)"
echo "guest: read    $(head -c $bytes $disk | md5sum)"
dd if=/bin/busybox of=$disk bs=512 count=16 seek=65536 conv=fsync 2>/dev/null || echo "guest: refused"
dd if=/bin/busybox of=$disk bs=512 count=16 seek=65600 conv=fsync 2>/dev/null && echo "guest: allowed"
dmesg | grep -i "timeout\|frozen\|lost interrupt\|DMA.*disabled"
sync
