# In the guest, as root: drives the disk of 128 MiB, which is encrypted below it.
for module in scsi_common scsi_mod libata libahci ahci ata_piix crct10dif_common crc-t10dif crc64 crc64-rocksoft t10-pi \
	sd_mod virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk; do
	insmod /lib/$module.ko 2>/dev/null
done
while [ ! -b "$disk" ]; do
	disk=/dev/$(grep -lx ${sectors:-262144} /sys/block/*/size | cut -d / -f 4)
done
show() {
	echo 3 >/proc/sys/vm/drop_caches
	echo "guest: $1 $(head -c 204800 $2 | md5sum)"
}
dd if=/bin/busybox of=$disk bs=512 count=400 conv=fsync 2>/dev/null
show wrote /bin/busybox
show read $disk
blkdiscard -o 0 -l 65536 $disk 2>/dev/null
show discarded $disk
dd if=/dev/zero of=$disk bs=4096 count=16 conv=fsync 2>/dev/null
show zeroed $disk
dmesg | grep -i "timeout\|frozen\|lost interrupt\|DMA.*disabled\|I/O error"
