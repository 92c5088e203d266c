/*
 * mediator/disk/virtio_disk.c: the machine's virtio disks, by the numbers of their PCI functions (Virtual I/O Device
 * Specification 1.2, 4.1.2).
 */
#include "mediator/disk/virtio_disk.h"

#include "core/log.h"
#include "core/memory.h"
#include "mediator/disk/cipher.h"
#include "mediator/disk/disk.h"
#include "rv/errno.h"
#include "vmm/pci_function.h"

static struct virtio_disk *virtio_disks[RV_DISKS_A_BUS];
static unsigned virtio_nr_disks;

static size_t virtio_disk_pages(void)
{
	return align_up(sizeof(struct virtio_disk), PAGE_BYTES) / PAGE_BYTES;
}

static uint32_t virtio_disk_id(uint64_t function)
{
	uint32_t ids = pci_hardware_read(function | PCI_ID, 4);

	return (ids & 0xffff) == VIRTIO_VENDOR ? ids >> 16 : 0;
}

static bool virtio_is_one(uint64_t function)
{
	uint32_t id = virtio_disk_id(function);

	return id == VIRTIO_DISK_TRANSITIONAL || id == VIRTIO_DISK;
}

static struct virtio_disk *virtio_new(uint64_t function)
{
	struct disk_controller *gone = disk_reuse(&virtio_class, function);
	struct virtio_disk *disk;
	uint16_t index;

	if (gone != NULL) {
		disk = CONTAINER_OF(gone, struct virtio_disk, common);
		index = disk->device.index;
		disk_renew(gone, disk, sizeof(*disk));
		disk->device.index = index;
		return disk;
	}
	disk = virtio_nr_disks < RV_DISKS_A_BUS ? memory_allocate_pages(virtio_disk_pages()) : NULL;
	if (disk != NULL)
		disk->device.index = (uint16_t)virtio_nr_disks;
	return disk;
}

static bool virtio_prepare(struct virtio_disk *disk, uint64_t function)
{
	disk->device.class = &virtio_disk_class;
	disk->device.function = function;
	disk->block_sectors = 1;
	disk->info.number = (uint16_t)(RV_DISK_VIRTIO * RV_DISKS_A_BUS + disk->device.index);
	if (cipher_is_wanted()) /* zeros that it makes would be none to the guest */
		disk->device.hidden |= VIRTIO_FEATURE_WRITE_ZEROES | VIRTIO_FEATURE_SECURE_ERASE;
	return virtio_device_init(&disk->device, virtio_disk_id(function) == VIRTIO_DISK_TRANSITIONAL);
}

static void virtio_add(struct virtio_disk *disk)
{
	bool is_new = disk->common.class == NULL;

	disk->common.function = disk->device.function;
	if (!is_new)
		return;
	disk->common.class = &virtio_class;
	disk->common.lock = &disk->device.lock;
	disk->common.registers = &disk->device.windows[0].follower;
	disk_add(&disk->common);
	virtio_device_add(&disk->device);
	virtio_disks[virtio_nr_disks] = disk;
	__atomic_store_n(&virtio_nr_disks, virtio_nr_disks + 1, __ATOMIC_RELEASE);
}

/* NULL: it is left out. */
static struct virtio_disk *virtio_look_closely(uint64_t function)
{
	struct virtio_disk *disk = virtio_new(function);

	if (disk != NULL && virtio_prepare(disk, function)) {
		virtio_add(disk);
		return disk;
	}
	disk_say_left_out("a virtio disk", function);
	if (disk != NULL && disk->common.class == NULL)
		memory_free_pages(disk, virtio_disk_pages());
	else if (disk != NULL)
		disk->common.is_gone = disk->common.is_free = true; /* for the next */
	return NULL;
}

static void virtio_come(uint64_t function)
{
	(void)virtio_look_closely(function);
}

static void virtio_look_at(uint64_t function)
{
	struct virtio_disk *disk = virtio_is_one(function) ? virtio_look_closely(function) : NULL;

	if (disk == NULL || !virtio_locate(&disk->device))
		return;
	virtio_learn(&disk->device);
	if (disk_takes_over())
		virtio_firmware_note(&disk->device);
}

static void virtio_leave(struct disk_controller *controller)
{
	struct virtio_disk *disk = CONTAINER_OF(controller, struct virtio_disk, common);

	log_notice("virtio%u: it is gone", disk->device.index);
	virtio_leave_device(&disk->device);
	disk->info.sector_bytes = 0;
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
	.is_one = virtio_is_one,
	.come = virtio_come,
	.leave = virtio_leave,
};
