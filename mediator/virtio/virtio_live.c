/*
 * mediator/virtio/virtio_live.c: a device that the guest's driver has set up and uses becomes ours, and the driver does not
 * notice (Virtual I/O Device Specification 1.2, 4.1.4.3).
 *
 * What the driver has written to registers can be read back, and how far the device is stands in its rings of used entries:
 * so it is reset, and set up anew with rings of ours. What the guest had given it, and it not back, is then what the guest
 * has given us. That is known if the device returns buffers in the order in which they came, which is looked at. What it
 * was told by commands is for the class to say again.
 */
#include "mediator/virtio/virtio.h"

#include "core/instructions.h"
#include "core/string.h"
#include "core/time.h"
#include "rv/errno.h"
#include "vmm/guest_memory.h"

#define VIRTIO_LIVE_US 20000 /* that what is on its way is waited for */

/* Behind the driver's back meanwhile: what it has set up. */
struct virtio_life {
	struct virtio_device *device;
	uint32_t status, config_vector;
	uint16_t vectors[VIRTIO_QUEUES_MAXIMUM];
};

static uint16_t virtio_live_word(gpa_t address)
{
	uint16_t value = 0;

	(void)guest_memory_read(address, &value, sizeof(value));
	return value;
}

/* How many buffers the guest has given to the queue, and how many it has back: free-running. */
static uint16_t virtio_live_given(const struct virtio_guest_ring *guest)
{
	return virtio_live_word(guest->available + offsetof(struct virtio_available, index));
}

static uint16_t virtio_live_done(const struct virtio_guest_ring *guest)
{
	return virtio_live_word(guest->used + offsetof(struct virtio_used, index));
}

/* Are those that came back the first that were given? Of what is still to be read in both rings, the newer half: over the
 * oldest the guest may be writing what it gives next. */
static bool virtio_live_is_in_order(const struct virtio_guest_ring *guest)
{
	uint16_t done = virtio_live_done(guest);
	uint16_t count = (uint16_t)(done - (uint16_t)(virtio_live_given(guest) - guest->size));

	if (count > guest->size)
		return false;
	for (uint16_t at = (uint16_t)(done - count / 2); at != done; at++) {
		uint32_t place = at % guest->size;
		uint16_t head = virtio_live_word(guest->available + offsetof(struct virtio_available, ring) + 2 * place);

		/* A ring that has not been full once has zeros there, on both sides. */
		if (virtio_live_word(guest->used + offsetof(struct virtio_used, ring) +
				     place * sizeof(struct virtio_used_entry)) != head)
			return false;
	}
	return true;
}

/* The selected queue. False: it is not on. */
static bool virtio_live_read_queue(struct virtio_life *life, struct virtio_guest_ring *guest)
{
	struct virtio_device *device = life->device;
	struct virtio_setup *setup = &device->setups[device->queue_select];

	virtio_put(device, VIRTIO_QUEUE, device->queue_select);
	if (virtio_get(device, VIRTIO_QUEUE_ENABLE) != 1)
		return false;
	virtio_read_setup(device, setup);
	life->vectors[device->queue_select] = (uint16_t)virtio_get(device, VIRTIO_QUEUE_VECTOR);
	guest->size = setup->size;
	guest->descriptors = setup->addresses[0] | (uint64_t)setup->addresses[1] << 32;
	guest->available = setup->addresses[2] | (uint64_t)setup->addresses[3] << 32;
	guest->used = setup->addresses[4] | (uint64_t)setup->addresses[5] << 32;
	return true;
}

/* All queues are made, and nothing is different for the device yet. NULL: done. */
static const char *virtio_live_make(struct virtio_life *life)
{
	struct virtio_device *device = life->device;
	uint32_t count = virtio_get(device, VIRTIO_NR_QUEUES);
	struct virtio_guest_ring guest;

	if (count > VIRTIO_QUEUES_MAXIMUM)
		return "it has too many queues";
	for (uint32_t i = 0; i < count; i++) {
		int error;

		device->queue_select = (uint16_t)i;
		if (!virtio_live_read_queue(life, &guest))
			continue;
		if ((guest.size & (guest.size - 1)) != 0 || !virtio_are_rings(&guest) || !virtio_live_is_in_order(&guest))
			return "what is in its rings cannot be known";
		error = virtio_make_queue(device, &guest, guest.size);
		if (error != 0)
			return error == -RV_ENOMEM ? "there is not enough memory for its packets (give more with memory=)"
						   : "its rings are such that this is not supported";
	}
	return NULL;
}

static bool virtio_live_read_features(struct virtio_device *device)
{
	for (uint32_t i = 0; i < ARRAY_LENGTH(device->features); i++) {
		device->features[i] = virtio_read_features(device, i);
		if ((device->features[i] & ~device->class->features[i]) != 0)
			return false;
	}
	return (device->features[1] & VIRTIO_FEATURE_HIGH_VERSION_1) != 0;
}

/* What the guest has given to queues that send, which are the odd ones, is waited for: what the device has and has not
 * told of is begun again, and should not be done twice. */
static void virtio_live_drain(const struct virtio_device *device)
{
	uint64_t end = tsc_read() + time_tsc_of_us(VIRTIO_LIVE_US);

	for (unsigned i = 1; i < VIRTIO_QUEUES_MAXIMUM; i += 2) {
		const struct virtio_queue *queue = device->queues[i];

		while (queue != NULL && virtio_live_done(&queue->guest) != virtio_live_given(&queue->guest) && tsc_read() < end) {
			virtio_notify_queue(device, i); /* the guest's notification may be what is waiting for us */
			cpu_pause();
		}
	}
}

static void virtio_live_find_notices(struct virtio_device *device)
{
	for (unsigned i = 0; i < VIRTIO_QUEUES_MAXIMUM; i++) {
		if (device->queues[i] == NULL)
			continue;
		virtio_put(device, VIRTIO_QUEUE, i);
		device->notify[i] = virtio_notify_address(device);
	}
}

static void virtio_live_give_up(struct virtio_device *device)
{
	for (unsigned i = 0; i < VIRTIO_QUEUES_MAXIMUM; i++) {
		if (device->queues[i] != NULL)
			virtio_queue_end(device->queues[i]);
		device->queues[i] = NULL;
		device->setups[i] = (struct virtio_setup){ 0 };
	}
}

/* As the driver has, from the beginning (3.1.1). False: it does not take what it had taken. */
static bool virtio_live_set_up(struct virtio_life *life)
{
	struct virtio_device *device = life->device;

	virtio_put(device, VIRTIO_STATUS, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER);
	virtio_tell_features(device);
	virtio_put(device, VIRTIO_STATUS, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER | VIRTIO_STATUS_FEATURES_OK);
	if (!(virtio_get(device, VIRTIO_STATUS) & VIRTIO_STATUS_FEATURES_OK))
		return false;
	virtio_put(device, VIRTIO_CONFIG_VECTOR, life->config_vector);
	for (unsigned i = 0; i < VIRTIO_QUEUES_MAXIMUM; i++) {
		struct virtio_queue *queue = device->queues[i];

		if (queue == NULL)
			continue;
		device->queue_select = (uint16_t)i;
		virtio_put(device, VIRTIO_QUEUE, i);
		virtio_put(device, VIRTIO_QUEUE_VECTOR, life->vectors[i]);
		queue->taken = queue->given = virtio_live_done(&queue->guest);
		virtio_begin_queue(device);
		virtio_want_notice(queue, true);
		virtio_put_our_ring(device, &queue->ring);
	}
	virtio_put(device, VIRTIO_STATUS, life->status);
	return true;
}

/* It has let go of what the guest gave it, and there is no way back. */
static void virtio_live_go(struct virtio_life *life)
{
	struct virtio_device *device = life->device;

	device->is_seen = device->is_live = true;
	virtio_become_ours(device);
	if (virtio_stop(device) && virtio_live_set_up(life)) {
		device->class->revived(device);
		return;
	}
	for (unsigned i = 0; i < VIRTIO_QUEUES_MAXIMUM; i++) {
		if (device->queues[i] != NULL)
			virtio_queue_kill(device->queues[i], "a device that was in use and does not start again");
	}
}

const char *virtio_live_attach(struct virtio_device *device)
{
	struct virtio_life life = { .device = device, .status = virtio_get(device, VIRTIO_STATUS) };
	uint32_t device_select = virtio_get(device, VIRTIO_DEVICE_SELECT);
	uint32_t driver_select = virtio_get(device, VIRTIO_DRIVER_SELECT);
	uint16_t queue_select = (uint16_t)virtio_get(device, VIRTIO_QUEUE);
	const char *why = NULL;

	life.config_vector = virtio_get(device, VIRTIO_CONFIG_VECTOR);
	if (device->is_legacy || !(life.status & VIRTIO_STATUS_DRIVER_OK))
		why = "its driver is old, or amid its work";
	else if (!virtio_live_read_features(device))
		why = "its driver uses features in which packets cannot be seen";
	else
		why = virtio_live_make(&life);
	if (why == NULL) {
		virtio_live_find_notices(device);
		virtio_live_drain(device);
		device->device_select = device_select;
		device->driver_select = driver_select;
		virtio_live_go(&life);
	} else {
		virtio_live_give_up(device);
		memset(device->features, 0, sizeof(device->features));
	}
	device->queue_select = queue_select;
	virtio_put(device, VIRTIO_DEVICE_SELECT, device_select);
	virtio_put(device, VIRTIO_DRIVER_SELECT, driver_select);
	virtio_put(device, VIRTIO_QUEUE, queue_select);
	return why;
}
