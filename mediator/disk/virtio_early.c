/*
 * mediator/disk/virtio_early.c: reads the beginning of a virtio disk before the guest runs, by a queue of our own and one
 * command at a time (Virtual I/O Device Specification 1.2, 3.1), and leaves the device reset. What it is called is known
 * from then on.
 */
#include "mediator/disk/virtio_disk.h"

#include "core/instructions.h"
#include "core/memory.h"
#include "core/string.h"
#include "core/time.h"
#include "mediator/disk/disk_early.h"
#include "rv/errno.h"
#include "vmm/pci_function.h"

#define EARLY_COMMAND_US 2000000
#define EARLY_RESET_US 2000000
#define EARLY_STATUS_DRIVER 3u /* ACKNOWLEDGE, DRIVER (2.1) */

static bool early_reset(const struct virtio_device *device)
{
	uint64_t end = tsc_read() + time_tsc_of_us(EARLY_RESET_US);

	virtio_put(device, VIRTIO_STATUS, 0);
	while (virtio_get(device, VIRTIO_STATUS) != 0) {
		if (tsc_read() >= end)
			return false;
		cpu_pause();
	}
	return true;
}

/* As few features as there can be. */
static bool early_negotiate(const struct virtio_device *device)
{
	uint32_t wanted = VIRTIO_FEATURE_HIGH_VERSION_1 | VIRTIO_FEATURE_HIGH_ACCESS_PLATFORM;

	virtio_put(device, VIRTIO_STATUS, EARLY_STATUS_DRIVER);
	virtio_put(device, VIRTIO_DRIVER_SELECT, 0);
	virtio_put(device, VIRTIO_DRIVER_FEATURES, 0);
	if (device->is_legacy)
		return true;
	virtio_put(device, VIRTIO_DEVICE_SELECT, 1);
	wanted &= virtio_get(device, VIRTIO_DEVICE_FEATURES);
	virtio_put(device, VIRTIO_DRIVER_SELECT, 1);
	virtio_put(device, VIRTIO_DRIVER_FEATURES, wanted);
	virtio_put(device, VIRTIO_STATUS, EARLY_STATUS_DRIVER | VIRTIO_STATUS_FEATURES_OK);
	return (virtio_get(device, VIRTIO_STATUS) & VIRTIO_STATUS_FEATURES_OK) != 0;
}

/* NULL: it cannot be had. */
static struct virtio_queue *early_make_queue(struct virtio_device *device)
{
	static const struct virtio_guest_ring none;
	struct virtio_queue *queue;
	uint32_t size;

	virtio_put(device, VIRTIO_QUEUE, 0);
	size = virtio_get(device, VIRTIO_QUEUE_SIZE);
	if (!device->is_legacy && size > VIRTIO_QUEUE_SIZE_MAXIMUM)
		size = VIRTIO_QUEUE_SIZE_MAXIMUM;
	device->queue_select = 0;
	device->has_indirect = false;
	if (size < VIRTIO_RING_SIZE_MINIMUM || size > VIRTIO_RING_SIZE_MAXIMUM)
		return NULL;
	queue = virtio_queue_new(device, &none, size);
	if (queue == NULL)
		return NULL;
	if (device->is_legacy)
		virtio_put(device, VIRTIO_QUEUE_PAGE, (uint32_t)(memory_physical(queue->ring.descriptors) >> PAGE_SHIFT));
	else
		virtio_put_our_ring(device, &queue->ring);
	device->notify[0] = device->is_legacy ? 0 : virtio_notify_address(device);
	virtio_put(device, VIRTIO_STATUS, virtio_get(device, VIRTIO_STATUS) | VIRTIO_STATUS_DRIVER_OK);
	return queue;
}

/* The command of a slot, to its end. */
static bool early_do(struct virtio_slot *slot, const struct virtio_header *header)
{
	slot->area->status = VIRTIO_IOERR;
	if (!virtio_chain_write(slot, header, true))
		return false;
	virtio_submit(slot);
	return virtio_await_alone(slot, EARLY_COMMAND_US) &&
	       __atomic_load_n(&slot->area->status, __ATOMIC_RELAXED) == VIRTIO_OK;
}

static bool early_name(struct virtio_disk *disk, struct virtio_queue *queue)
{
	struct virtio_slot *slot = queue->slots[VIRTIO_SLOT_NUDGE];
	const struct virtio_header header = { .type = VIRTIO_GET_ID };

	slot->is_filler = true;
	if (!early_do(slot, &header))
		return false;
	virtio_name(disk, slot->area->id, VIRTIO_ID_BYTES);
	return true;
}

static int early_read(struct virtio_queue *queue, struct disk_early *early)
{
	struct virtio_slot *slot = queue->slots[0];
	int error = 0;

	slot->is_filler = false;
	slot->is_bounced = true;
	slot->done_bytes = 0;
	if (bounce_take_bytes(&slot->bounce, PAGE_BYTES) != 0)
		return -RV_ENOMEM;
	for (uint64_t at = 0; error == 0 && at < early->length_bytes; at += PAGE_BYTES) {
		const struct virtio_header header = { .type = VIRTIO_IN, .sector = at / VIRTIO_SECTOR_BYTES };

		error = early_do(slot, &header) ? 0 : -RV_EIO;
		if (error == 0)
			memcpy(early->to + at, slot->bounce.pages[0], PAGE_BYTES);
	}
	return error;
}

static int early_look(struct virtio_disk *disk, struct virtio_queue *queue, struct disk_early *early)
{
	int error;

	virtio_learn(&disk->device);
	if (!early_name(disk, queue) || !disk_early_is(early, disk->info.serial))
		return -RV_ENOENT;
	error = disk_early_found(early, &disk->info);
	return error != 0 ? error : early_read(queue, early);
}

int virtio_disk_read_early(struct virtio_disk *disk, struct disk_early *early)
{
	struct virtio_device *device = &disk->device;
	uint32_t command = pci_hardware_read(device->function | PCI_COMMAND, 2);
	struct virtio_queue *queue = NULL;
	int error = -RV_ENOENT;

	if (!virtio_locate(device) || !early_reset(device))
		return -RV_ENOENT;
	pci_hardware_write(device->function | PCI_COMMAND, 2, command | PCI_COMMAND_MASTER);
	if (early_negotiate(device))
		queue = early_make_queue(device);
	if (queue != NULL)
		error = early_look(disk, queue, early);
	/* One that does not let go of our pages keeps them. */
	if (early_reset(device) && queue != NULL)
		virtio_queue_end(queue);
	pci_hardware_write(device->function | PCI_COMMAND, 2, command);
	return error;
}
