/*
 * mediator/virtio/virtio_layout.c: where a device's registers are: in memory (Virtual I/O Device Specification 1.2,
 * 4.1.4.3), and in the ports of the legacy interface (4.1.4.10), which transitional devices have beside it.
 */
#include "mediator/virtio/virtio.h"

#include "vmm/pci_function.h"

static const struct virtio_place virtio_modern_places[] = {
	{ 0, 4, VIRTIO_DEVICE_SELECT },
	{ 4, 4, VIRTIO_DEVICE_FEATURES },
	{ 8, 4, VIRTIO_DRIVER_SELECT },
	{ 12, 4, VIRTIO_DRIVER_FEATURES },
	{ 16, 2, VIRTIO_CONFIG_VECTOR },
	{ 18, 2, VIRTIO_NR_QUEUES },
	{ 20, 1, VIRTIO_STATUS },
	{ 21, 1, VIRTIO_GENERATION },
	{ 22, 2, VIRTIO_QUEUE },
	{ 24, 2, VIRTIO_QUEUE_SIZE },
	{ 26, 2, VIRTIO_QUEUE_VECTOR },
	{ 28, 2, VIRTIO_QUEUE_ENABLE },
	{ 30, 2, VIRTIO_QUEUE_NOTIFY_OFFSET },
	{ 32, 4, VIRTIO_QUEUE_ADDRESS },
	{ 36, 4, VIRTIO_QUEUE_ADDRESS + 1 },
	{ 40, 4, VIRTIO_QUEUE_ADDRESS + 2 },
	{ 44, 4, VIRTIO_QUEUE_ADDRESS + 3 },
	{ 48, 4, VIRTIO_QUEUE_ADDRESS + 4 },
	{ 52, 4, VIRTIO_QUEUE_ADDRESS + 5 },
	{ 58, 2, VIRTIO_QUEUE_RESET }, /* only where VIRTIO_FEATURE_HIGH_RING_RESET is used */
};

/* Two more are there while MSI-X is on; the device's own configuration follows. */
static const struct virtio_place virtio_legacy_places[] = {
	{ 0, 4, VIRTIO_DEVICE_FEATURES },
	{ 4, 4, VIRTIO_DRIVER_FEATURES },
	{ 8, 4, VIRTIO_QUEUE_PAGE },
	{ 12, 2, VIRTIO_QUEUE_SIZE },
	{ 14, 2, VIRTIO_QUEUE },
	{ 16, 2, VIRTIO_NOTIFY },
	{ 18, 1, VIRTIO_STATUS },
	{ 19, 1, VIRTIO_ISR },
	{ 20, 2, VIRTIO_CONFIG_VECTOR },
	{ 22, 2, VIRTIO_QUEUE_VECTOR },
};

const struct virtio_place *virtio_places(bool is_legacy, unsigned *count)
{
	*count = is_legacy ? ARRAY_LENGTH(virtio_legacy_places) : ARRAY_LENGTH(virtio_modern_places);
	return is_legacy ? virtio_legacy_places : virtio_modern_places;
}

static const struct virtio_place *virtio_place_of(const struct virtio_device *device, enum virtio_register name)
{
	unsigned count;
	const struct virtio_place *places = virtio_places(device->is_legacy, &count);

	for (unsigned i = 0; i < count; i++) {
		if (places[i].name == name)
			return &places[i];
	}
	return NULL;
}

uint32_t virtio_get(const struct virtio_device *device, enum virtio_register name)
{
	const struct virtio_place *place = virtio_place_of(device, name);

	if (place == NULL)
		return 0;
	return device->is_legacy ? pio_hardware_read((uint16_t)(device->base + place->offset), place->width_bytes)
				 : (uint32_t)mmio_hardware_read(device->base + place->offset, place->width_bytes);
}

void virtio_put(const struct virtio_device *device, enum virtio_register name, uint32_t value)
{
	const struct virtio_place *place = virtio_place_of(device, name);

	if (place == NULL)
		return;
	if (device->is_legacy)
		pio_hardware_write((uint16_t)(device->base + place->offset), place->width_bytes, value);
	else
		mmio_hardware_write(device->base + place->offset, place->width_bytes, value);
}

bool virtio_has_vectors(const struct virtio_device *device)
{
	return device->msix != 0 &&
	       (pci_hardware_read(device->function | (device->msix + PCI_MSIX_CONTROL), 2) & PCI_MSIX_ENABLE);
}

uint32_t virtio_legacy_config(const struct virtio_device *device)
{
	return VIRTIO_LEGACY_CONFIG + (virtio_has_vectors(device) ? VIRTIO_LEGACY_VECTORS_BYTES : 0);
}

/* Where that window is now; 0: nowhere. Ports are for the legacy interface: of what else may be there, the same is
 * in memory too (virtio_find.c). */
static uint64_t virtio_window_base(const struct virtio_window *window)
{
	struct pci_bar bar;

	if (pci_bar_get(window->device->function, window->follower.number, &bar) != 0 || !bar.decoded ||
	    bar.port != (window->type == VIRTIO_LEGACY))
		return 0;
	return bar.address + window->follower.first;
}

static uint64_t virtio_base_of(const struct virtio_device *device, uint8_t type, const struct virtio_window **found)
{
	for (unsigned i = 0; i < device->nr_windows; i++) {
		uint64_t base = device->windows[i].type == type ? virtio_window_base(&device->windows[i]) : 0;

		if (found != NULL)
			*found = &device->windows[i];
		if (base != 0)
			return base;
	}
	return 0;
}

uint32_t virtio_config_get(const struct virtio_device *device, uint32_t offset, uint8_t width_bytes)
{
	uint64_t base;

	if (device->is_legacy)
		return pio_hardware_read((uint16_t)(device->base + virtio_legacy_config(device) + offset), width_bytes);
	base = virtio_base_of(device, VIRTIO_CAP_DEVICE, NULL);
	return base != 0 ? (uint32_t)mmio_hardware_read(base + offset, width_bytes) : 0;
}

bool virtio_locate(struct virtio_device *device)
{
	device->base = virtio_base_of(device, VIRTIO_CAP_COMMON, NULL);
	device->is_legacy = device->base == 0;
	if (device->is_legacy)
		device->base = virtio_base_of(device, VIRTIO_LEGACY, NULL);
	return device->base != 0;
}

uint64_t virtio_notify_address(const struct virtio_device *device)
{
	const struct virtio_window *window;
	uint64_t base = virtio_base_of(device, VIRTIO_CAP_NOTIFY, &window);
	uint32_t offset;

	if (base == 0)
		return 0;
	offset = virtio_get(device, VIRTIO_QUEUE_NOTIFY_OFFSET) * window->multiplier;
	return offset <= window->follower.last - window->follower.first ? base + offset : 0;
}
