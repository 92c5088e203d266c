/*
 * mediator/virtio/virtio_registers.c: a device's registers as the guest sees them: those that say where its queues are
 * hold what it wrote, while the device has ours; what would be a way round us is not there.
 */
#include "mediator/virtio/virtio.h"

#include "vmm/deadline.h"

#define VIRTIO_BITS(width_bytes) ((width_bytes) >= 4 ? UINT32_MAX : (1u << 8 * (width_bytes)) - 1)

/* Registers ---------------------------------------------------------------------------------------- */

/* What the guest has said about the selected queue; NULL: there is no such queue, or not for the guest. */
static struct virtio_setup *virtio_selected(struct virtio_device *device)
{
	return device->queue_select < VIRTIO_QUEUES_MAXIMUM ? &device->setups[device->queue_select] : NULL;
}

static uint32_t virtio_size_read(struct virtio_device *device)
{
	const struct virtio_setup *setup = virtio_selected(device);
	uint32_t size = virtio_get(device, VIRTIO_QUEUE_SIZE);

	if (setup == NULL)
		return 0;
	if (device->is_legacy || size == 0)
		return size;
	if (setup->size != 0)
		return setup->size;
	return size < VIRTIO_QUEUE_SIZE_MAXIMUM ? size : VIRTIO_QUEUE_SIZE_MAXIMUM;
}

static uint32_t virtio_status_read(struct virtio_device *device)
{
	virtio_settle(device);
	return virtio_get(device, VIRTIO_STATUS) | (device->is_broken ? VIRTIO_STATUS_NEEDS_RESET : 0);
}

static uint32_t virtio_register_read(struct virtio_device *device, uint8_t name, struct vcpu *vcpu)
{
	const struct virtio_setup *setup = virtio_selected(device);
	uint32_t value;

	switch (name) {
	case VIRTIO_DEVICE_FEATURES:
		return virtio_features_offered(device);
	case VIRTIO_DRIVER_FEATURES:
		return device->driver_select < ARRAY_LENGTH(device->features) ? device->features[device->driver_select] : 0;
	case VIRTIO_NR_QUEUES:
		value = virtio_get(device, VIRTIO_NR_QUEUES);
		return value < VIRTIO_QUEUES_MAXIMUM ? value : VIRTIO_QUEUES_MAXIMUM;
	case VIRTIO_STATUS: /* a guest that polls may look at nothing else */
		virtio_work(device, vcpu);
		return virtio_status_read(device);
	case VIRTIO_QUEUE_SIZE:
		return virtio_size_read(device);
	case VIRTIO_QUEUE_ENABLE:
		return setup != NULL && device->queues[device->queue_select] != NULL;
	case VIRTIO_QUEUE_PAGE:
		return setup != NULL ? setup->page : 0;
	case VIRTIO_QUEUE_ADDRESS ... VIRTIO_QUEUE_ADDRESS + 5:
		return setup != NULL ? setup->addresses[name - VIRTIO_QUEUE_ADDRESS] : 0;
	case VIRTIO_QUEUE_RESET: /* it is over when the guest can look; and not all devices have it */
		return 0;
	case VIRTIO_ISR: /* the interrupts that it takes back are about what is found now */
		value = virtio_get(device, VIRTIO_ISR);
		virtio_isr_read(device, vcpu);
		return value;
	default:
		return virtio_get(device, (enum virtio_register)name);
	}
}

static void virtio_select(struct virtio_device *device, uint8_t name, uint32_t *shadow, uint32_t value)
{
	*shadow = value;
	virtio_put(device, (enum virtio_register)name, value);
}

static void virtio_queue_selected(struct virtio_device *device, uint32_t value)
{
	device->queue_select = (uint16_t)value;
	virtio_put(device, VIRTIO_QUEUE, value);
}

/* That it is a power of two is what drivers see to, and devices do not (2.7). */
static void virtio_size_written(struct virtio_device *device, uint32_t value)
{
	struct virtio_setup *setup = virtio_selected(device);

	if (setup == NULL || device->is_legacy || value > VIRTIO_QUEUE_SIZE_MAXIMUM ||
	    value > virtio_get(device, VIRTIO_QUEUE_SIZE))
		return;
	setup->size = (uint16_t)value;
}

static void virtio_register_write(struct virtio_device *device, uint8_t name, uint32_t value, struct vcpu *vcpu)
{
	struct virtio_setup *setup = virtio_selected(device);

	switch (name) {
	case VIRTIO_DEVICE_SELECT:
		virtio_select(device, name, &device->device_select, value);
		break;
	case VIRTIO_DRIVER_SELECT:
		virtio_select(device, name, &device->driver_select, value);
		break;
	case VIRTIO_DRIVER_FEATURES:
		if (device->driver_select < ARRAY_LENGTH(device->features))
			device->features[device->driver_select] = value;
		break;
	case VIRTIO_QUEUE:
		virtio_queue_selected(device, value);
		break;
	case VIRTIO_QUEUE_SIZE:
		virtio_size_written(device, value);
		break;
	case VIRTIO_QUEUE_ENABLE:
		if (value == 1)
			virtio_enable_queue(device);
		break;
	case VIRTIO_QUEUE_RESET:
		if (value == 1)
			virtio_reset_written(device);
		break;
	case VIRTIO_QUEUE_PAGE:
		virtio_page_written(device, value);
		break;
	case VIRTIO_QUEUE_ADDRESS ... VIRTIO_QUEUE_ADDRESS + 5:
		if (setup != NULL)
			setup->addresses[name - VIRTIO_QUEUE_ADDRESS] = value;
		break;
	case VIRTIO_STATUS:
		virtio_status_written(device, value & 0xff, vcpu);
		break;
	case VIRTIO_NOTIFY:
		virtio_notified(device, value, vcpu);
		break;
	case VIRTIO_CONFIG_VECTOR:
	case VIRTIO_QUEUE_VECTOR:
		virtio_put(device, (enum virtio_register)name, value);
		break;
	default:
		break;
	}
}

/* Registers are accessed as they are, or several at a time: of a write to a part of one nothing is promised
 * (4.1.3.1), and nothing done. */
static void virtio_access(struct virtio_device *device, struct access *access, uint32_t offset)
{
	unsigned count;
	const struct virtio_place *place = virtio_places(device->is_legacy, &count);
	uint32_t end = offset + access->width_bytes, config = UINT32_MAX;
	uint64_t written = access->value;

	if (device->is_legacy && end > VIRTIO_LEGACY_CONFIG)
		config = virtio_legacy_config(device);
	if (!access->write)
		access->value = 0;
	for (const struct virtio_place *last = place + count; place < last; place++) {
		uint32_t place_end = place->offset + place->width_bytes;
		bool whole = place->offset >= offset && place_end <= end;
		uint64_t value;

		if (place_end <= offset || place->offset >= end || place_end > config)
			continue;
		if (access->write && whole)
			virtio_register_write(device, place->name, (uint32_t)(written >> 8 * (place->offset - offset)) &
						      VIRTIO_BITS(place->width_bytes), access->vcpu);
		if (access->write)
			continue;
		value = virtio_register_read(device, place->name, access->vcpu);
		access->value |= place->offset >= offset ? value << 8 * (place->offset - offset)
							 : value >> 8 * (offset - place->offset);
	}
	access->value &= access_mask(access);
}

/* The device's configuration --------------------------------------------------------------------------- */

uint64_t virtio_replace(uint64_t value, uint32_t at, uint32_t field, uint32_t most)
{
	for (uint32_t i = 0; i < 4; i++) {
		uint32_t shift = 8 * (field + i - at);

		if (field + i >= at && field + i < at + 8)
			value = (value & ~(UINT64_C(0xff) << shift)) | (uint64_t)(most >> 8 * i & 0xff) << shift;
	}
	return value;
}

uint64_t virtio_clamp(const struct virtio_device *device, uint64_t value, uint32_t at, uint32_t field, uint32_t bytes,
		      uint32_t most)
{
	if (field >= at + 8 || field + 4 <= at || virtio_config_get(device, field, (uint8_t)bytes) <= most)
		return value;
	if (bytes == 2) /* what follows it is another's */
		most |= virtio_config_get(device, field + 2, 2) << 16;
	return virtio_replace(value, at, field, most);
}

static void virtio_config_read(struct virtio_device *device, struct access *access, uint32_t at)
{
	access_fetch(access);
	access->value = device->class->config_read(device, access->value, at) & access_mask(access);
}

/* Windows ------------------------------------------------------------------------------------------ */

/* Begins an access by a window: under the lock. False: it is not for us; it is a script's own, which would be a way
 * round those of others; or it begins before the window and reaches into it, as no driver's does. */
static bool virtio_enter(struct virtio_window *window, struct access *access, int64_t offset)
{
	access->fault |= access->direct;
	if (access->direct || offset < (int64_t)window->follower.first)
		return false;
	spinlock_acquire(&window->device->lock);
	return true;
}

static uint32_t virtio_window_offset(const struct virtio_window *window, int64_t offset)
{
	return (uint32_t)((uint64_t)offset - window->follower.first);
}

static enum access_result virtio_leave(struct virtio_window *window, struct access *access, enum access_result result)
{
	spinlock_release(&window->device->lock);
	/* A guest that polls with its interrupts off looks at nothing else: what waits may be due. */
	deadline_look(access->vcpu);
	if (result == ACCESS_DONE)
		access->resolved = true;
	return result;
}

/* What is unseen does not go to the device where nothing may pass unseen. */
static bool virtio_is_kept(const struct virtio_device *device, const struct access *access)
{
	return access->write && virtio_lets_none_pass(device);
}

/* What is unseen goes to the device, but for that; but a reset is the beginning of what is seen. */
static bool virtio_is_reset(const struct virtio_device *device, const struct access *access, uint32_t offset)
{
	unsigned count;
	const struct virtio_place *place = virtio_places(device->is_legacy, &count);

	while (place->name != VIRTIO_STATUS)
		place++;
	return access->write && place->offset >= offset && place->offset < offset + access->width_bytes &&
	       (access->value >> 8 * (place->offset - offset) & 0xff) == 0;
}

enum access_result virtio_registers_access(struct access *access, int64_t offset, void *context)
{
	struct virtio_window *window = context;
	struct virtio_device *device = window->device;
	uint32_t at = virtio_window_offset(window, offset);

	if (!virtio_enter(window, access, offset))
		return access->write || access->direct ? ACCESS_DONE : ACCESS_PASS;
	device->is_legacy = window->type == VIRTIO_LEGACY;
	device->base = access->address - at;
	if (device->is_legacy && at >= VIRTIO_LEGACY_CONFIG && at >= virtio_legacy_config(device)) {
		if (!access->write && device->is_seen)
			virtio_config_read(device, access, at - virtio_legacy_config(device));
		return virtio_leave(window, access, ACCESS_PASS);
	}
	if (!device->is_seen)
		virtio_settle(device);
	if (!device->is_seen && !virtio_is_reset(device, access, at))
		return virtio_leave(window, access, virtio_is_kept(device, access) ? ACCESS_DONE : ACCESS_PASS);
	virtio_access(device, access, at);
	return virtio_leave(window, access, ACCESS_DONE);
}

enum access_result virtio_config_access(struct access *access, int64_t offset, void *context)
{
	struct virtio_window *window = context;

	if (access->write || !virtio_enter(window, access, offset))
		return access->direct ? ACCESS_DONE : ACCESS_PASS;
	if (window->device->is_seen)
		virtio_config_read(window->device, access, virtio_window_offset(window, offset));
	return virtio_leave(window, access, ACCESS_PASS);
}

/* Whichever address it is written to, the number is a queue's (4.1.5.2). */
enum access_result virtio_notify_access(struct access *access, int64_t offset, void *context)
{
	struct virtio_window *window = context;

	if (!access->write)
		return ACCESS_PASS;
	if (!virtio_enter(window, access, offset))
		return ACCESS_DONE;
	if (!window->device->is_seen)
		return virtio_leave(window, access, virtio_is_kept(window->device, access) ? ACCESS_DONE : ACCESS_PASS);
	virtio_notified(window->device, access->value & 0xffff, access->vcpu);
	return virtio_leave(window, access, ACCESS_DONE);
}

enum access_result virtio_isr_access(struct access *access, int64_t offset, void *context)
{
	struct virtio_window *window = context;
	struct virtio_device *device = window->device;

	if (access->write || !virtio_enter(window, access, offset))
		return access->direct ? ACCESS_DONE : ACCESS_PASS;
	if (device->is_attached) { /* as VIRTIO_ISR above */
		access_fetch(access);
		virtio_isr_read(device, access->vcpu);
	}
	return virtio_leave(window, access, ACCESS_PASS);
}

/* The window in configuration space: nothing is behind it (4.1.4.9). */
enum access_result virtio_pci_access(struct access *access, int64_t offset, void *context)
{
	(void)offset;
	(void)context;
	access->fault |= access->direct;
	if (!access->write) {
		access->value = 0;
		access->resolved = true;
	}
	return ACCESS_DONE;
}
