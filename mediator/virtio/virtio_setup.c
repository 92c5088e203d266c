/*
 * mediator/virtio/virtio_setup.c: what the guest's driver sets up, and what the device has of it: fewer features, and
 * queues of ours; and the end of both, a reset.
 */
#include "mediator/virtio/virtio.h"

#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/string.h"
#include "core/time.h"
#include "rv/errno.h"
#include "vmm/interrupt_watch.h"

#define VIRTIO_STOP_US 100000 /* that a guest's CPU stands for a reset; then it is seen when the guest asks */

/* Features ----------------------------------------------------------------------------------------- */

static uint32_t virtio_let_be_used(const struct virtio_device *device, uint32_t half)
{
	if (half >= ARRAY_LENGTH(device->class->features))
		return 0;
	return half == 0 ? device->class->features[0] & ~device->hidden : device->class->features[half];
}

uint32_t virtio_features_offered(const struct virtio_device *device)
{
	uint32_t select = device->is_legacy ? 0 : device->device_select;

	return virtio_get(device, VIRTIO_DEVICE_FEATURES) & virtio_let_be_used(device, select);
}

static uint32_t virtio_offered(const struct virtio_device *device, uint32_t half)
{
	uint32_t offered;

	if (device->is_legacy)
		return half == 0 ? virtio_get(device, VIRTIO_DEVICE_FEATURES) & virtio_let_be_used(device, 0) : 0;
	virtio_put(device, VIRTIO_DEVICE_SELECT, half);
	offered = virtio_get(device, VIRTIO_DEVICE_FEATURES) & virtio_let_be_used(device, half);
	virtio_put(device, VIRTIO_DEVICE_SELECT, device->device_select);
	return offered;
}

static bool virtio_takes_too_much(const struct virtio_device *device)
{
	return ((device->features[0] & ~virtio_offered(device, 0)) | (device->features[1] & ~virtio_offered(device, 1))) != 0;
}

uint32_t virtio_read_features(const struct virtio_device *device, uint32_t half)
{
	virtio_put(device, VIRTIO_DRIVER_SELECT, half);
	return virtio_get(device, VIRTIO_DRIVER_FEATURES);
}

void virtio_read_setup(const struct virtio_device *device, struct virtio_setup *setup)
{
	setup->page = device->is_legacy ? virtio_get(device, VIRTIO_QUEUE_PAGE) : 0;
	setup->size = (uint16_t)virtio_get(device, VIRTIO_QUEUE_SIZE);
	for (unsigned i = 0; !device->is_legacy && i < ARRAY_LENGTH(setup->addresses); i++)
		setup->addresses[i] = virtio_get(device, (enum virtio_register)(VIRTIO_QUEUE_ADDRESS + i));
}

/* Tells the device which features are used: the guest's, but for events, and tables of descriptors, which we use
 * ourselves. */
void virtio_tell_features(struct virtio_device *device)
{
	device->has_indirect = (virtio_offered(device, 0) & VIRTIO_FEATURE_INDIRECT) != 0;
	for (uint32_t i = 0; i < (device->is_legacy ? 1u : 2u); i++) {
		uint32_t value = device->features[i] & virtio_offered(device, i) & (i == 0 ? ~VIRTIO_FEATURE_EVENT_IDX : UINT32_MAX);

		virtio_put(device, VIRTIO_DRIVER_SELECT, i);
		virtio_put(device, VIRTIO_DRIVER_FEATURES,
			   value | (i == 0 && device->has_indirect ? VIRTIO_FEATURE_INDIRECT : 0));
	}
	virtio_put(device, VIRTIO_DRIVER_SELECT, device->driver_select);
	device->is_told = true;
}

/* Reset ---------------------------------------------------------------------------------------------- */

void virtio_end(struct virtio_device *device)
{
	for (unsigned i = 0; i < VIRTIO_QUEUES_MAXIMUM; i++) {
		if (device->queues[i] != NULL)
			virtio_queue_end(device->queues[i]);
		device->queues[i] = NULL;
	}
	if (device->is_attached) {
		__atomic_store_n(&device->is_attached, false, __ATOMIC_RELEASE);
		interrupt_want_everywhere(false);
	}
	device->is_stopping = device->is_broken = device->is_told = device->is_live = false;
}

/* Once its status is 0, the device is done with all memory that it had (2.4.1). */
void virtio_settle(struct virtio_device *device)
{
	bool is_new = device->is_attached || device->is_stopping || device->is_told || !device->is_seen;

	if (!is_new || virtio_get(device, VIRTIO_STATUS) != 0)
		return;
	if (device->is_attached)
		log_info("%s%u: reset: its queues are the guest's", device->class->name, device->index);
	virtio_end(device);
	memset(device->setups, 0, sizeof(device->setups));
	memset(device->features, 0, sizeof(device->features));
	device->device_select = virtio_get(device, VIRTIO_DEVICE_SELECT);
	device->driver_select = virtio_get(device, VIRTIO_DRIVER_SELECT);
	device->queue_select = (uint16_t)virtio_get(device, VIRTIO_QUEUE);
	device->is_seen = true;
	if (!device->class->is_watched())
		virtio_release(device);
}

bool virtio_stop(struct virtio_device *device)
{
	uint64_t end = tsc_read() + time_tsc_of_us(VIRTIO_STOP_US);

	virtio_put(device, VIRTIO_STATUS, 0);
	while (virtio_get(device, VIRTIO_STATUS) != 0) {
		if (tsc_read() >= end)
			return false;
		cpu_pause();
	}
	return true;
}

static void virtio_reset(struct virtio_device *device)
{
	device->is_stopping = true;
	(void)virtio_stop(device);
	virtio_settle(device);
}

void virtio_status_written(struct virtio_device *device, uint32_t value, struct vcpu *vcpu)
{
	if (value == 0) {
		virtio_reset(device);
		return;
	}
	virtio_settle(device); /* it may have been reset by other ways than this register */
	if ((value & VIRTIO_STATUS_FEATURES_OK) && virtio_takes_too_much(device))
		value &= ~VIRTIO_STATUS_FEATURES_OK; /* as devices do */
	else if ((value & VIRTIO_STATUS_FEATURES_OK) && !device->is_told)
		virtio_tell_features(device);
	virtio_put(device, VIRTIO_STATUS, value);
	if ((value & VIRTIO_STATUS_DRIVER_OK) && device->is_attached && device->class->started != NULL)
		device->class->started(device, vcpu);
}

/* Queues ------------------------------------------------------------------------------------------- */

static gpa_t virtio_setup_address(const struct virtio_setup *setup, unsigned which)
{
	return setup->addresses[2 * which] | (uint64_t)setup->addresses[2 * which + 1] << 32;
}

/* This queue alone is reset (2.6.1), with what is on its way. Which of the device's queues that is knows no other
 * register. */
void virtio_reset_written(struct virtio_device *device)
{
	unsigned number = device->queue_select;
	uint64_t end = tsc_read() + time_tsc_of_us(VIRTIO_STOP_US);

	if (number >= VIRTIO_QUEUES_MAXIMUM || !(device->features[1] & VIRTIO_FEATURE_HIGH_RING_RESET) || device->is_stopping ||
	    device->queues[number] == NULL)
		return;
	virtio_put(device, VIRTIO_QUEUE_RESET, 1);
	while (virtio_get(device, VIRTIO_QUEUE_RESET) != 0 && tsc_read() < end)
		cpu_pause();
	if (virtio_get(device, VIRTIO_QUEUE_RESET) != 0) {
		virtio_queue_kill(device->queues[number], "a reset that does not end");
		return;
	}
	virtio_queue_end(device->queues[number]);
	device->queues[number] = NULL;
	device->setups[number] = (struct virtio_setup){ 0 };
}

static bool virtio_is_memory(gpa_t address, uint64_t length_bytes, uint64_t alignment)
{
	return address % alignment == 0 && memory_is_ram(address, length_bytes);
}

bool virtio_are_rings(const struct virtio_guest_ring *guest)
{
	return virtio_is_memory(guest->descriptors, guest->size * sizeof(struct virtio_descriptor), 16) &&
	       virtio_is_memory(guest->available, sizeof(struct virtio_available) + guest->size * 2 + 2, 2) &&
	       virtio_is_memory(guest->used, sizeof(struct virtio_used) + guest->size * sizeof(struct virtio_used_entry) + 2, 4);
}

int virtio_make_queue(struct virtio_device *device, const struct virtio_guest_ring *guest, uint32_t ring_size)
{
	if (ring_size < VIRTIO_RING_SIZE_MINIMUM || ring_size > VIRTIO_RING_SIZE_MAXIMUM)
		return -RV_ENOTSUP;
	if (guest->size == 0 || !virtio_are_rings(guest))
		return -RV_EFAULT;
	device->queues[device->queue_select] = virtio_queue_new(device, guest, ring_size);
	return device->queues[device->queue_select] != NULL ? 0 : -RV_ENOMEM;
}

void virtio_become_ours(struct virtio_device *device)
{
	if (device->is_attached)
		return;
	__atomic_store_n(&device->is_attached, true, __ATOMIC_RELEASE);
	interrupt_want_everywhere(true);
	if (device->class->attached != NULL)
		device->class->attached(device);
	log_info("%s%u: its queues are ours: requests are seen", device->class->name, device->index);
}

void virtio_begin_queue(struct virtio_device *device)
{
	device->notify[device->queue_select] = device->is_legacy ? 0 : virtio_notify_address(device);
	virtio_become_ours(device);
	if (device->class->made != NULL)
		device->class->made(device->queues[device->queue_select]);
}

/* Takes the guest's ring, and has one of ours of that size for the device. */
static int virtio_attach(struct virtio_device *device, const struct virtio_guest_ring *guest, uint32_t ring_size)
{
	int error = virtio_make_queue(device, guest, ring_size);

	if (error != 0)
		return error;
	if (!device->is_told && !(virtio_get(device, VIRTIO_STATUS) & VIRTIO_STATUS_FEATURES_OK))
		virtio_tell_features(device);
	virtio_begin_queue(device);
	return 0;
}

/* False: the guest's driver sees that there is no queue. */
static bool virtio_may_attach(struct virtio_device *device, const struct virtio_guest_ring *guest, uint32_t ring_size)
{
	int error = virtio_attach(device, guest, ring_size);

	if (error != 0)
		log_error("%s%u: queue %u is not let be used, since its requests could not be seen (error %d): %s",
			  device->class->name, device->index, device->queue_select, -error,
			  error == -RV_ENOMEM ? "give more with memory="
					      : "it is such that this is not supported, or no memory of the guest's");
	return error == 0;
}

static bool virtio_is_free(struct virtio_device *device)
{
	virtio_settle(device);
	return !device->is_stopping && device->queue_select < VIRTIO_QUEUES_MAXIMUM &&
	       device->queues[device->queue_select] == NULL;
}

static void virtio_put_address(const struct virtio_device *device, unsigned which, hpa_t address)
{
	virtio_put(device, (enum virtio_register)(VIRTIO_QUEUE_ADDRESS + 2 * which), (uint32_t)address);
	virtio_put(device, (enum virtio_register)(VIRTIO_QUEUE_ADDRESS + 2 * which + 1), (uint32_t)(address >> 32));
}

void virtio_put_our_ring(const struct virtio_device *device, const struct virtio_ring *ring)
{
	virtio_put(device, VIRTIO_QUEUE_SIZE, ring->size);
	virtio_put_address(device, 0, memory_physical(ring->descriptors));
	virtio_put_address(device, 1, memory_physical(ring->available));
	virtio_put_address(device, 2, memory_physical(ring->used));
	virtio_put(device, VIRTIO_QUEUE_ENABLE, 1);
}

void virtio_enable_queue(struct virtio_device *device)
{
	const struct virtio_setup *setup = &device->setups[device->queue_select % VIRTIO_QUEUES_MAXIMUM];
	struct virtio_guest_ring guest = { 0 };
	uint32_t most;

	if (!virtio_is_free(device))
		return;
	most = virtio_get(device, VIRTIO_QUEUE_SIZE);
	if (most > VIRTIO_QUEUE_SIZE_MAXIMUM)
		most = VIRTIO_QUEUE_SIZE_MAXIMUM;
	guest.size = setup->size != 0 ? setup->size : most;
	guest.descriptors = virtio_setup_address(setup, 0);
	guest.available = virtio_setup_address(setup, 1);
	guest.used = virtio_setup_address(setup, 2);
	if (virtio_may_attach(device, &guest, most))
		virtio_put_our_ring(device, &device->queues[device->queue_select]->ring);
}

/* All three in a row, by a rule (2.7.2). */
static void virtio_enable_page(struct virtio_device *device, uint32_t page)
{
	struct virtio_guest_ring guest = { .size = virtio_get(device, VIRTIO_QUEUE_SIZE) };

	guest.descriptors = (gpa_t)page << PAGE_SHIFT;
	guest.available = guest.descriptors + guest.size * sizeof(struct virtio_descriptor);
	guest.used = align_up(guest.available + sizeof(struct virtio_available) + guest.size * 2 + 2, PAGE_BYTES);
	if (!virtio_may_attach(device, &guest, guest.size))
		return;
	device->setups[device->queue_select].page = page;
	virtio_put(device, VIRTIO_QUEUE_PAGE,
		   (uint32_t)(memory_physical(device->queues[device->queue_select]->ring.descriptors) >> PAGE_SHIFT));
}

/* To take the page away makes QEMU's device reset itself; of others, that queue is used no more until they are. */
void virtio_page_written(struct virtio_device *device, uint32_t page)
{
	if (page != 0) {
		if (virtio_is_free(device))
			virtio_enable_page(device, page);
		return;
	}
	virtio_put(device, VIRTIO_QUEUE_PAGE, 0);
	virtio_settle(device);
	if (device->queue_select < VIRTIO_QUEUES_MAXIMUM && device->queues[device->queue_select] != NULL)
		device->queues[device->queue_select]->is_dead = true;
}
