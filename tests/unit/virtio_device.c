/*
 * tests/unit/virtio_device.c: the device.
 */
#include "virtio_device.h"

#include "core/memory.h"
#include "rv/errno.h"
#include "unit.h"
#include "vmm/pci_function.h"

#define PENDING 256
#define PIECES 1024

uint8_t device_disk[DEVICE_BLOCKS * DEVICE_BLOCK_BYTES];
bool device_has_vectors, device_interrupts[DEVICE_QUEUES], device_isr;
uint32_t device_notified;

static uint32_t size, device_select, driver_select, features[2], driver_features[2], queue_select, status;
static bool has_tables;

static struct {
	bool is_there, is_notified;
	uint32_t size, addresses[6];
	uint16_t taken, given;
} queues[DEVICE_QUEUES];

static struct {
	uint16_t queue, head;
} pending[PENDING];
static unsigned nr_pending;

/* Rings ---------------------------------------------------------------------------------------------- */

static uint64_t base(uint32_t number, unsigned which)
{
	return queues[number].addresses[2 * which] | (uint64_t)queues[number].addresses[2 * which + 1] << 32;
}

static uint16_t *word(uint64_t address)
{
	return (uint16_t *)(void *)disk_memory_reach(address, 2);
}

static struct virtio_descriptor pieces[PIECES];

/* Into `pieces`; 0: it is none. */
static unsigned read_chain(uint32_t number, uint16_t head)
{
	uint64_t table = base(number, 0);
	uint32_t table_size = queues[number].size, count = 0, index = head;
	struct virtio_descriptor descriptor;

	do {
		if (index >= table_size || count == queues[number].size)
			return 0;
		memcpy(&descriptor, disk_memory_reach(table + index * 16, 16), 16);
		index = descriptor.next;
		if (descriptor.flags & VIRTIO_DESCRIPTOR_INDIRECT) {
			if (!(driver_features[0] & VIRTIO_FEATURE_INDIRECT) || descriptor.flags != VIRTIO_DESCRIPTOR_INDIRECT ||
			    count != 0 || descriptor.length_bytes % 16 != 0)
				return 0;
			table = descriptor.address;
			table_size = descriptor.length_bytes / 16;
			descriptor.flags = VIRTIO_DESCRIPTOR_NEXT;
			index = 0;
			continue;
		}
		if (descriptor.length_bytes == 0 || (count != 0 && (pieces[count - 1].flags & VIRTIO_DESCRIPTOR_WRITE) &&
						     !(descriptor.flags & VIRTIO_DESCRIPTOR_WRITE)))
			return 0;
		pieces[count++] = descriptor;
	} while (descriptor.flags & VIRTIO_DESCRIPTOR_NEXT);
	return count;
}

/* Between memory and the data pieces, but for the status at their end; returns how many bytes. */
static uint64_t move(unsigned first, unsigned end, uint8_t *bytes, uint64_t most, bool to_memory)
{
	uint64_t moved = 0;

	for (unsigned i = first; i < end; i++) {
		for (uint64_t done = 0, part; done < pieces[i].length_bytes && moved < most; done += part, moved += part) {
			uint64_t at = pieces[i].address + done;
			uint8_t *memory;

			part = PAGE_BYTES - at % PAGE_BYTES;
			part = part < pieces[i].length_bytes - done ? part : pieces[i].length_bytes - done;
			part = part < most - moved ? part : most - moved;
			memory = disk_memory_reach(at, part);
			UNIT_EQUAL((pieces[i].flags & VIRTIO_DESCRIPTOR_WRITE) != 0, to_memory);
			if (to_memory)
				memcpy(memory, bytes + moved, part);
			else
				memcpy(bytes + moved, memory, part);
		}
	}
	return moved;
}

static uint8_t execute_blocks(const struct virtio_header *header, unsigned count, bool is_read)
{
	uint64_t bytes = 0;

	for (unsigned i = 1; i < count - 1; i++)
		bytes += pieces[i].length_bytes;
	if (bytes % DEVICE_BLOCK_BYTES != 0 || header->sector >= DEVICE_BLOCKS ||
	    bytes / DEVICE_BLOCK_BYTES > DEVICE_BLOCKS - header->sector)
		return VIRTIO_IOERR;
	(void)move(1, count - 1, device_disk + header->sector * DEVICE_BLOCK_BYTES, bytes, is_read);
	return VIRTIO_OK;
}

static uint8_t execute(unsigned count)
{
	static uint8_t id[VIRTIO_ID_BYTES] = "A SERIAL";
	struct virtio_header header;
	struct virtio_range range;

	memcpy(&header, disk_memory_reach(pieces[0].address, 16), 16);
	switch (header.type) {
	case VIRTIO_IN:
	case VIRTIO_OUT:
		return execute_blocks(&header, count, header.type == VIRTIO_IN);
	case VIRTIO_FLUSH:
		return VIRTIO_OK;
	case VIRTIO_GET_ID:
		(void)move(1, count - 1, id, sizeof(id), true);
		return VIRTIO_OK;
	case VIRTIO_DISCARD:
	case VIRTIO_WRITE_ZEROES:
	case VIRTIO_SECURE_ERASE:
		UNIT_EQUAL(move(1, count - 1, (uint8_t *)&range, sizeof(range), false), sizeof(range));
		return VIRTIO_OK;
	default:
		unit_fail("the device was given a command of type %#x", header.type);
		return VIRTIO_UNSUPPORTED;
	}
}

static void complete(uint32_t number, uint16_t head)
{
	uint32_t entry[2] = { head, 1 };

	memcpy(disk_memory_reach(base(number, 2) + 4 + 8 * (queues[number].given % queues[number].size), 8), entry, 8);
	queues[number].given++;
	*word(base(number, 2) + 2) = queues[number].given;
	if (*word(base(number, 1)) & VIRTIO_NO_INTERRUPT)
		return;
	device_isr = true;
	device_interrupts[number] = true;
}

/* Commands are fetched in order, and executed in any. */
static bool fetch(void)
{
	unsigned first = (unsigned)unit_random() % DEVICE_QUEUES;

	for (unsigned i = 0; i < DEVICE_QUEUES; i++) {
		uint32_t number = (first + i) % DEVICE_QUEUES;

		if (!queues[number].is_there || !queues[number].is_notified || nr_pending == PENDING)
			continue;
		if (*word(base(number, 1) + 2) == queues[number].taken) {
			queues[number].is_notified = unit_random() % 4 == 0; /* it goes on looking */
			*word(base(number, 2)) = queues[number].is_notified ? VIRTIO_NO_NOTIFY : 0;
			continue;
		}
		pending[nr_pending].queue = (uint16_t)number;
		pending[nr_pending++].head = *word(base(number, 1) + 4 + 2 * (queues[number].taken % queues[number].size));
		queues[number].taken++;
		return true;
	}
	return false;
}

bool device_step(void)
{
	unsigned which, count;
	uint16_t number, head;
	uint8_t result;

	if (!(status & 4))
		return false;
	if (unit_random() % 2 == 0 && fetch())
		return true;
	if (nr_pending == 0)
		return fetch();
	which = (unsigned)(unit_random() % nr_pending);
	number = pending[which].queue;
	head = pending[which].head;
	pending[which] = pending[--nr_pending];
	count = read_chain(number, head);
	if (count < 2 || pieces[0].length_bytes != 16 || pieces[count - 1].length_bytes != 1) {
		unit_fail("the device was given a chain that is none");
		return true;
	}
	result = execute(count);
	*disk_memory_reach(pieces[count - 1].address, 1) = result;
	complete(number, head);
	return true;
}

/* Registers ---------------------------------------------------------------------------------------- */

static void reset(void)
{
	status = queue_select = device_select = driver_select = 0;
	device_isr = false;
	nr_pending = 0;
	memset(queues, 0, sizeof(queues));
	memset(driver_features, 0, sizeof(driver_features));
	memset(device_interrupts, 0, sizeof(device_interrupts));
	for (unsigned i = 0; i < DEVICE_QUEUES; i++)
		queues[i].size = size;
}

static void notify(uint32_t number)
{
	device_notified++;
	if (number < DEVICE_QUEUES)
		queues[number].is_notified = true;
}

static void set_features(unsigned half, uint32_t value)
{
	UNIT_EQUAL(value & ~features[half], 0);
	UNIT_EQUAL(half == 0 ? value & 1u << 29 : value & 4, 0); /* event indices, packed rings */
	driver_features[half] = value;
}

static void set_page(uint32_t page)
{
	uint64_t at = (uint64_t)page << PAGE_SHIFT;
	uint64_t bases[3] = { at, at + 16 * size, align_up(at + 16 * size + 6 + 2 * size, PAGE_BYTES) };

	if (page == 0) {
		reset();
		return;
	}
	memcpy(queues[queue_select].addresses, bases, sizeof(bases));
	queues[queue_select].is_there = true;
}

uint64_t mmio_hardware_read(gpa_t gpa, uint8_t width_bytes)
{
	uint64_t capacity = DEVICE_BLOCKS;

	switch (gpa - DEVICE_BASE) {
	case 0:
		return device_select;
	case 4:
		return device_select < 2 ? features[device_select] : 0;
	case 8:
		return driver_select;
	case 18:
		return DEVICE_QUEUES;
	case 20:
		return status;
	case 22:
		return queue_select;
	case 24:
		return queue_select < DEVICE_QUEUES ? queues[queue_select].size : 0;
	case 30:
		return queue_select;
	case DEVICE_CONFIG:
		return width_bytes == 8 ? capacity : (uint32_t)capacity;
	case DEVICE_CONFIG + VIRTIO_CONFIG_SEG_MAX:
		return 1022;
	case DEVICE_CONFIG + VIRTIO_CONFIG_BLK_SIZE:
		return DEVICE_BLOCK_BYTES;
	case DEVICE_ISR: {
		bool was = device_isr;

		device_isr = false;
		return was;
	}
	default:
		return 0;
	}
}

void mmio_hardware_write(gpa_t gpa, uint8_t width_bytes, uint64_t value)
{
	uint64_t offset = gpa - DEVICE_BASE;

	(void)width_bytes;
	if (offset >= DEVICE_NOTIFY && offset < DEVICE_ISR) {
		notify((uint32_t)(offset - DEVICE_NOTIFY) / DEVICE_MULTIPLIER);
		return;
	}
	if (offset == 0)
		device_select = (uint32_t)value;
	else if (offset == 8)
		driver_select = (uint32_t)value;
	else if (offset == 12 && driver_select < 2)
		set_features(driver_select, (uint32_t)value);
	else if (offset == 20 && value == 0)
		reset();
	else if (offset == 20)
		status = (uint32_t)value;
	else if (offset == 22)
		queue_select = (uint32_t)value;
	if (queue_select >= DEVICE_QUEUES)
		return;
	if (offset == 24)
		queues[queue_select].size = (uint32_t)value;
	else if (offset == 28)
		queues[queue_select].is_there = value == 1;
	else if (offset >= 32 && offset < 56)
		queues[queue_select].addresses[(offset - 32) / 4] = (uint32_t)value;
}

uint32_t pio_hardware_read(uint16_t port, uint8_t width_bytes)
{
	uint32_t offset = port - DEVICE_PORTS, config = device_has_vectors ? 24 : 20;

	if (offset >= config)
		return (uint32_t)mmio_hardware_read(DEVICE_BASE + DEVICE_CONFIG + offset - config, width_bytes);
	switch (offset) {
	case 0:
		return features[0];
	case 12:
		return queue_select < DEVICE_QUEUES ? size : 0;
	case 14:
		return queue_select;
	case 18:
		return status;
	case 19:
		return (uint32_t)mmio_hardware_read(DEVICE_BASE + DEVICE_ISR, 1);
	default:
		return 0;
	}
}

void pio_hardware_write(uint16_t port, uint8_t width_bytes, uint32_t value)
{
	(void)width_bytes;
	switch (port - DEVICE_PORTS) {
	case 4:
		set_features(0, value);
		break;
	case 8:
		if (queue_select < DEVICE_QUEUES)
			set_page(value);
		break;
	case 14:
		queue_select = value;
		break;
	case 16:
		notify(value);
		break;
	case 18:
		mmio_hardware_write(DEVICE_BASE + 20, 1, value);
		break;
	default:
		break;
	}
}

int pci_bar_get(uint64_t address, unsigned number, struct pci_bar *bar)
{
	(void)address;
	*bar = (struct pci_bar){ .address = number == 0 ? DEVICE_PORTS : DEVICE_BASE, .port = number == 0, .decoded = true };
	return 0;
}

uint32_t pci_hardware_read(uint64_t address, uint8_t width_bytes)
{
	(void)address;
	(void)width_bytes;
	return device_has_vectors ? PCI_MSIX_ENABLE : 0;
}

void device_power_on(uint32_t queue_size, bool tables)
{
	memset(device_disk, 0, sizeof(device_disk));
	size = queue_size;
	has_tables = tables;
	features[0] = UINT32_MAX & ~(has_tables ? 0 : VIRTIO_FEATURE_INDIRECT);
	features[1] = UINT32_MAX;
	reset();
}
