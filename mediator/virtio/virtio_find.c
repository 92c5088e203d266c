/*
 * mediator/virtio/virtio_find.c: virtio devices, where their capabilities say that their registers are (Virtual I/O
 * Device Specification 1.2, 4.1.2, 4.1.4), and the claims of these.
 */
#include "mediator/virtio/virtio.h"

#include "core/log.h"
#include "vmm/pci_function.h"

#define VIRTIO_CAPABILITIES_MAXIMUM 48 /* as many as there is room for */

static struct virtio_device *virtio_devices[VIRTIO_DEVICES_MAXIMUM];
static unsigned virtio_nr_devices;

struct virtio_device *virtio_device_at(unsigned position)
{
	return position < virtio_nr_devices ? virtio_devices[position] : NULL;
}

/* Windows -------------------------------------------------------------------------------------------- */

static const struct virtio_window_kind {
	enum access_result (*handler)(struct access *access, int64_t offset, void *window);
	uint64_t most_bytes; /* that it is looked at */
} virtio_window_kinds[] = {
	[VIRTIO_LEGACY] = { virtio_registers_access, 256 },
	[VIRTIO_CAP_COMMON] = { virtio_registers_access, 64 },
	[VIRTIO_CAP_NOTIFY] = { virtio_notify_access, UINT32_MAX },
	[VIRTIO_CAP_ISR] = { virtio_isr_access, 1 },
	[VIRTIO_CAP_DEVICE] = { virtio_config_access, 256 },
	[VIRTIO_CAP_PCI] = { virtio_pci_access, 4 },
};

/* False: there are too many. */
static bool virtio_add_window(struct virtio_device *device, uint8_t type, uint8_t number, uint64_t first,
			      uint64_t length_bytes)
{
	const struct virtio_window_kind *kind = &virtio_window_kinds[type];
	struct virtio_window *window = &device->windows[device->nr_windows];

	if (device->nr_windows == VIRTIO_WINDOWS)
		return false;
	if (length_bytes > kind->most_bytes)
		length_bytes = kind->most_bytes;
	device->nr_windows++;
	window->device = device;
	window->type = type;
	window->follower = (struct pci_follower){
		.region = { .band = BAND_MEDIATOR, .writes_only = type == VIRTIO_CAP_NOTIFY },
		.function = device->function,
		.number = number,
		.first = first,
		.last = first + length_bytes - 1,
		.handler = kind->handler,
		.context = window,
	};
	return true;
}

static uint32_t virtio_capability_read(const struct virtio_device *device, unsigned at, unsigned offset,
				       uint8_t width_bytes)
{
	return pci_hardware_read(device->function | (at + offset), width_bytes);
}

/* False: what it tells of is such that we cannot be between. */
static bool virtio_add_capability(struct virtio_device *device, unsigned at)
{
	uint8_t type = (uint8_t)virtio_capability_read(device, at, VIRTIO_CAP_TYPE, 1);
	uint8_t number = (uint8_t)virtio_capability_read(device, at, VIRTIO_CAP_BAR, 1);
	uint32_t offset = virtio_capability_read(device, at, VIRTIO_CAP_OFFSET, 4);
	uint32_t length_bytes = virtio_capability_read(device, at, VIRTIO_CAP_LENGTH, 4);
	struct pci_bar bar;

	if (type == VIRTIO_CAP_PCI)
		return virtio_add_window(device, type, PCI_CONFIGURATION, at + VIRTIO_CAP_PCI_DATA, 4);
	if (type == VIRTIO_LEGACY || type > VIRTIO_CAP_PCI || length_bytes == 0)
		return true;
	if (number >= PCI_BARS_MAXIMUM || pci_bar_get(device->function, number, &bar) != 0)
		return true; /* it is not there */
	if (bar.port && type == VIRTIO_CAP_COMMON)
		return false;
	if (!virtio_add_window(device, type, number, offset, length_bytes))
		return false;
	if (type == VIRTIO_CAP_NOTIFY)
		device->windows[device->nr_windows - 1].multiplier =
			virtio_capability_read(device, at, VIRTIO_CAP_MULTIPLIER, 4);
	return true;
}

static bool virtio_add_capabilities(struct virtio_device *device)
{
	unsigned at = virtio_capability_read(device, PCI_CAPABILITIES, 0, 1) & ~3u;

	if (!(pci_hardware_read(device->function | PCI_STATUS, 2) & PCI_STATUS_CAPABILITIES))
		return true;
	for (unsigned i = 0; at > PCI_HEADER_LAST && i < VIRTIO_CAPABILITIES_MAXIMUM; i++) {
		uint32_t kind = virtio_capability_read(device, at, 0, 1);

		if (kind == PCI_CAPABILITY_MSIX)
			device->msix = (uint16_t)at;
		else if (kind == PCI_CAPABILITY_VENDOR && !virtio_add_capability(device, at))
			return false;
		at = virtio_capability_read(device, at, 1, 1) & ~3u;
	}
	return true;
}

bool virtio_device_init(struct virtio_device *device, bool is_transitional)
{
	struct pci_bar bar;

	if (virtio_nr_devices == VIRTIO_DEVICES_MAXIMUM || !virtio_add_capabilities(device))
		return false;
	if (is_transitional && pci_bar_get(device->function, 0, &bar) == 0 && bar.port &&
	    !virtio_add_window(device, VIRTIO_LEGACY, 0, 0, UINT32_MAX))
		return false;
	return device->nr_windows != 0;
}

void virtio_device_add(struct virtio_device *device)
{
	virtio_devices[virtio_nr_devices] = device;
	__atomic_store_n(&virtio_nr_devices, virtio_nr_devices + 1, __ATOMIC_RELEASE);
	virtio_watch_interrupts();
}

/* Claims ------------------------------------------------------------------------------------------- */

static void virtio_look_whether_used(struct virtio_device *device)
{
	const char *why = "such devices are not taken";

	if (!virtio_locate(device))
		return; /* that is seen at the first access */
	virtio_firmware_take_over(device);
	virtio_settle(device);
	/* What its driver was offered is not what it may use where nothing may pass. */
	if (!device->is_seen && device->class->revived != NULL && !virtio_lets_none_pass(device))
		why = virtio_live_attach(device);
	if (!device->is_seen)
		log_warning("%s%u: it is in use already, and %s: %s until the guest resets it, as an OS does when it starts",
			    device->class->name, device->index, why,
			    virtio_lets_none_pass(device) ? "nothing reaches it" : "its requests pass unseen");
}

static void virtio_unfollow(struct virtio_device *device)
{
	for (unsigned i = device->nr_windows; i-- > 0;)
		pci_unfollow(&device->windows[i].follower);
}

static int virtio_follow(struct virtio_device *device)
{
	int error = 0;

	for (unsigned i = 0; error == 0 && i < device->nr_windows; i++)
		error = pci_follow(&device->windows[i].follower);
	if (error == 0)
		return 0;
	virtio_unfollow(device);
	return error;
}

int virtio_claim(struct virtio_device *device)
{
	int error = device->is_claimed ? 0 : virtio_follow(device);

	if (error != 0 || device->is_claimed)
		return error;
	device->is_claimed = true;
	virtio_look_whether_used(device);
	return 0;
}

void virtio_release(struct virtio_device *device)
{
	/* Amid its set-up the device has not what the guest has written. */
	if (!device->is_claimed || device->is_attached || (device->is_seen && virtio_get(device, VIRTIO_STATUS) != 0))
		return;
	virtio_unfollow(device);
	device->is_claimed = device->is_seen = device->is_told = false;
}

void virtio_leave_device(struct virtio_device *device)
{
	virtio_end(device);
	virtio_unfollow(device);
	device->is_claimed = device->is_seen = false;
}
