/*
 * mediator/virtio/virtio_firmware.c: a device that firmware's driver has in use when we start, as int 13h has disks: where
 * its queue is stands in the device's registers, and how far it has come in the queue itself (Virtual I/O Device
 * Specification 1.2, 4.1.4.3, 4.1.4.10, 2.7). The device is reset and set up anew by the same words with a ring of ours;
 * the driver does not see that.
 */
#include "mediator/virtio/virtio.h"

#include "core/log.h"
#include "vmm/guest_memory.h"

#define FIRMWARE_DRIVER (VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER)

/* Does it use that queue? Which is selected then. */
static bool firmware_uses(const struct virtio_device *device, uint32_t number)
{
	virtio_put(device, VIRTIO_QUEUE, number);
	return virtio_get(device, device->is_legacy ? VIRTIO_QUEUE_PAGE : VIRTIO_QUEUE_ENABLE) != 0;
}

static uint32_t firmware_count_queues(const struct virtio_device *device)
{
	uint32_t count = device->is_legacy ? VIRTIO_QUEUES_MAXIMUM : virtio_get(device, VIRTIO_NR_QUEUES), used = 0;

	for (uint32_t i = 0; i < count && i < VIRTIO_QUEUES_MAXIMUM; i++)
		used += firmware_uses(device, i);
	return used;
}

void virtio_firmware_note(struct virtio_device *device)
{
	struct virtio_firmware *firmware = &device->firmware;

	if (!(virtio_get(device, VIRTIO_STATUS) & VIRTIO_STATUS_DRIVER_OK) || firmware_count_queues(device) != 1 ||
	    !firmware_uses(device, 0))
		return;
	firmware->features[0] = virtio_read_features(device, 0);
	firmware->features[1] = device->is_legacy ? 0 : virtio_read_features(device, 1);
	virtio_read_setup(device, &firmware->setup);
	firmware->is_noted = true;
}

static bool firmware_reset(struct virtio_device *device)
{
	bool is_reset = virtio_stop(device);

	virtio_settle(device);
	return is_reset && device->is_seen;
}

/* As its driver did. False: that is not let be used. */
static bool firmware_set_up(struct virtio_device *device)
{
	const struct virtio_firmware *firmware = &device->firmware;

	device->features[0] = firmware->features[0];
	device->features[1] = firmware->features[1];
	device->setups[0] = firmware->setup;
	virtio_status_written(device, FIRMWARE_DRIVER, NULL);
	if (!device->is_legacy)
		virtio_status_written(device, FIRMWARE_DRIVER | VIRTIO_STATUS_FEATURES_OK, NULL);
	device->queue_select = 0;
	virtio_put(device, VIRTIO_QUEUE, 0);
	if (device->is_legacy)
		virtio_page_written(device, firmware->setup.page);
	else if (virtio_get(device, VIRTIO_STATUS) & VIRTIO_STATUS_FEATURES_OK)
		virtio_enable_queue(device);
	return device->queues[0] != NULL;
}

/* The driver waits for nothing: what it has given has come back. */
static bool firmware_go_on(struct virtio_queue *queue)
{
	uint16_t given = 0, taken = 0;

	if (guest_memory_read(queue->guest.available + offsetof(struct virtio_available, index), &taken, sizeof(taken)) != 0 ||
	    guest_memory_read(queue->guest.used + offsetof(struct virtio_used, index), &given, sizeof(given)) != 0 ||
	    taken != given)
		return false;
	queue->taken = queue->given = given;
	return true;
}

void virtio_firmware_take_over(struct virtio_device *device)
{
	uint32_t ready = FIRMWARE_DRIVER | VIRTIO_STATUS_DRIVER_OK | (device->is_legacy ? 0 : VIRTIO_STATUS_FEATURES_OK);

	if (!device->firmware.is_noted)
		return;
	device->firmware.is_noted = false;
	if (!firmware_reset(device))
		return;
	if (firmware_set_up(device) && firmware_go_on(device->queues[0])) {
		virtio_status_written(device, ready, NULL);
		log_info("%s%u: the queue that firmware has goes on", device->class->name, device->index);
		return;
	}
	log_warning("%s%u: what firmware has set up is such that it cannot go on", device->class->name, device->index);
	(void)firmware_reset(device);
}
