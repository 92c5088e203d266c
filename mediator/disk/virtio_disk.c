/*
 * mediator/disk/virtio_disk.c: the machine's virtio disks, by the numbers of their PCI functions (Virtual I/O Device
 * Specification 1.2, 4.1.2).
 */
#include "mediator/disk/virtio_disk.h"

#include "core/memory.h"
#include "mediator/disk/cipher.h"
#include "mediator/disk/disk.h"
#include "rv/errno.h"
#include "vmm/pci_function.h"

static struct virtio_disk *virtio_disks[RV_DISKS_A_BUS];
static unsigned virtio_nr_disks;

static void virtio_look_at(uint64_t function)
{
	size_t nr_pages = align_up(sizeof(struct virtio_disk), PAGE_BYTES) / PAGE_BYTES;
	uint32_t ids = pci_hardware_read(function | PCI_ID, 4);
	struct virtio_disk *disk;

	if ((ids & 0xffff) != VIRTIO_VENDOR || (ids >> 16 != VIRTIO_DISK_TRANSITIONAL && ids >> 16 != VIRTIO_DISK))
		return;
	disk = virtio_nr_disks < RV_DISKS_A_BUS ? memory_allocate_pages(nr_pages) : NULL;
	if (disk != NULL) {
		disk->device.class = &virtio_disk_class;
		disk->device.function = function;
		disk->device.index = (uint16_t)virtio_nr_disks;
		disk->block_sectors = 1;
		disk->info.number = (uint16_t)(RV_DISK_VIRTIO * RV_DISKS_A_BUS + disk->device.index);
		if (cipher_is_wanted()) /* zeros that it makes would be none to the guest */
			disk->device.hidden |= VIRTIO_FEATURE_WRITE_ZEROES | VIRTIO_FEATURE_SECURE_ERASE;
		if (virtio_device_init(&disk->device, ids >> 16 == VIRTIO_DISK_TRANSITIONAL)) {
			if (virtio_locate(&disk->device)) {
				virtio_learn(&disk->device);
				if (disk_takes_over())
					virtio_firmware_note(&disk->device);
			}
			disk->common = (struct disk_controller){ .class = &virtio_class, .lock = &disk->device.lock };
			disk_add(&disk->common);
			virtio_device_add(&disk->device);
			virtio_disks[virtio_nr_disks++] = disk;
			return;
		}
		memory_free_pages(disk, nr_pages);
	}
	disk_say_left_out("a virtio disk", function);
}

static void virtio_find(void)
{
	pci_functions_visit(virtio_look_at);
}

static int virtio_claim_one(struct disk_controller *controller)
{
	struct virtio_device *device = &CONTAINER_OF(controller, struct virtio_disk, common)->device;
	int error = virtio_claim(device);

	return error == -RV_EINVAL ? disk_say_out_of_reach("virtio", device->index) : error;
}

static void virtio_release_one(struct disk_controller *controller)
{
	virtio_release(&CONTAINER_OF(controller, struct virtio_disk, common)->device);
}

static bool virtio_describe(unsigned index, struct rv_disk_info *info)
{
	if (index >= virtio_nr_disks)
		return false;
	*info = virtio_disks[index]->info;
	return info->sector_bytes != 0;
}

static int virtio_read_early(struct disk_early *early)
{
	int error = -RV_ENOENT;

	for (unsigned i = 0; error == -RV_ENOENT && i < virtio_nr_disks; i++)
		error = virtio_disk_read_early(virtio_disks[i], early);
	return error;
}

static int virtio_io(unsigned index, struct disk_io *io)
{
	return index < virtio_nr_disks ? virtio_own_io(&virtio_disks[index]->device, io) : -RV_ENOENT;
}

const struct disk_class virtio_class = {
	.find = virtio_find,
	.claim = virtio_claim_one,
	.release = virtio_release_one,
	.describe = virtio_describe,
	.read_early = virtio_read_early,
	.io = virtio_io,
};
