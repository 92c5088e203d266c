/*
 * tests/guest/xhci_driver.c: the driver: sections of xHCI 1.2 are beside what they ask for.
 */
#include "xhci_driver.h"

#include "guest.h"
#include "pci.h"

#define CONFIG_CLASS 0x08u
#define CLASS_XHCI 0x0c0330u
#define POLLS 200000u /* of registers, and of events */
#define CYCLE 1u
#define TOGGLE 2u
#define IOC 0x20u
#define IDT 0x40u
#define IN_DIRECTION 0x10000u
#define TYPE(number) ((uint32_t)(number) << 10)
#define TRB_NORMAL 1u
#define TRB_SETUP 2u
#define TRB_DATA 3u
#define TRB_STATUS 4u
#define TRB_LINK 6u
#define TRB_ENABLE_SLOT 9u
#define TRB_ADDRESS_DEVICE 11u
#define TRB_CONFIGURE_ENDPOINT 12u
#define TRB_TRANSFER_EVENT 32u
#define TRB_COMPLETION_EVENT 33u
#define SUCCESS 1u
#define SHORT_PACKET 13u
#define PORT_CONNECTED 0x1u
#define PORT_ENABLED 0x2u
#define PORT_RESET 0x10u
#define PORT_POWER 0x200u
#define PORT_SPEED(status) ((status) >> 10 & 15)
#define SUPER_SPEED 4u
#define ENDPOINT_CONTROL 4u
#define ENDPOINT_OUT 2u
#define ENDPOINT_IN 6u
#define COMMAND_SIGNATURE 0x43425355u
#define STATUS_SIGNATURE 0x53425355u
#define STATUS_BYTES 13u
#define COMMAND_BYTES 31u

bool xhci_find(struct xhci_driver *driver, struct xhci_memory *memory, unsigned number)
{
	for (unsigned function = 0; function < 256; function++) {
		uint64_t bar;

		if (config_read(function, 0) == ~0u || config_read(function, CONFIG_CLASS) >> 8 != CLASS_XHCI || number-- != 0)
			continue;
		bar = config_read(function, CONFIG_BAR);
		if ((bar & 6) == 4)
			bar |= (uint64_t)config_read(function, CONFIG_BAR + 4) << 32;
		bar &= ~UINT64_C(15);
		config_write(function, CONFIG_COMMAND, config_read(function, CONFIG_COMMAND) | COMMAND_MEMORY_MASTER);
		*driver = (struct xhci_driver){ .registers = bar, .memory = memory };
		driver->operational = bar + (xhci_read32(bar) & 0xff);
		driver->runtime = bar + (xhci_read32(bar + 0x18) & ~31u);
		driver->doorbells = bar + (xhci_read32(bar + 0x14) & ~3u);
		driver->nr_ports = xhci_read32(bar + 4) >> 24;
		return true;
	}
	return false;
}

static void write64(uint64_t address, uint64_t value)
{
	xhci_write32(address, (uint32_t)value);
	xhci_write32(address + 4, (uint32_t)(value >> 32));
}

static void ring_init(struct xhci_guest_ring *ring, bool has_link)
{
	memset(ring, 0, sizeof(*ring));
	ring->cycle = CYCLE;
	if (has_link)
		ring->trbs[XHCI_TRBS - 1] = (struct xhci_trb){ (uint64_t)ring->trbs, 0, TYPE(TRB_LINK) | TOGGLE };
}

static void ring_put(struct xhci_guest_ring *ring, uint64_t parameter, uint32_t status, uint32_t control)
{
	struct xhci_trb *trb = &ring->trbs[ring->index %= XHCI_TRBS];

	trb->parameter = parameter;
	trb->status = status;
	trb->control = control | ring->cycle;
	if (++ring->index == XHCI_TRBS - 1) {
		ring->trbs[ring->index].control = TYPE(TRB_LINK) | TOGGLE | ring->cycle;
		ring->cycle ^= CYCLE;
		ring->index = 0;
	}
}

/* 4.2 */
bool xhci_begin(struct xhci_driver *driver)
{
	struct xhci_memory *memory = driver->memory;

	xhci_write32(driver->operational + XHCI_USBCMD, 0);
	xhci_write32(driver->operational + XHCI_USBCMD, XHCI_RESET);
	for (unsigned i = 0; (xhci_read32(driver->operational + XHCI_USBSTS) & XHCI_NOT_READY) ||
			     (xhci_read32(driver->operational + XHCI_USBCMD) & XHCI_RESET); i++) {
		if (i == POLLS)
			return false;
	}
	ring_init(&memory->commands, true);
	ring_init(&memory->events, false);
	for (unsigned i = 0; i < sizeof(memory->rings) / sizeof(memory->rings[0]); i++)
		ring_init(&memory->rings[i], true);
	memset(memory->contexts, 0, sizeof(memory->contexts));
	memory->segments[0].address = (uint64_t)memory->events.trbs;
	memory->segments[0].size = XHCI_TRBS;
	memory->segments[0].reserved = 0;
	xhci_write32(driver->operational + XHCI_CONFIG, XHCI_SLOTS);
	write64(driver->operational + XHCI_DCBAAP, (uint64_t)memory->contexts);
	write64(driver->operational + XHCI_CRCR, (uint64_t)memory->commands.trbs | CYCLE);
	xhci_write32(driver->runtime + XHCI_ERSTSZ, 1);
	write64(driver->runtime + XHCI_ERDP, (uint64_t)memory->events.trbs);
	write64(driver->runtime + XHCI_ERSTBA, (uint64_t)memory->segments);
	xhci_write32(driver->operational + XHCI_USBCMD, XHCI_RUN);
	return true;
}

/* The next event of that type, by its completion code; others are passed. */
static uint32_t event_wait(struct xhci_driver *driver, uint32_t type, uint32_t *slot)
{
	struct xhci_guest_ring *events = &driver->memory->events;

	for (unsigned i = 0; i < POLLS; i++) {
		struct xhci_trb *event = &events->trbs[events->index %= XHCI_TRBS];
		uint32_t control = event->control;

		if ((control & CYCLE) != events->cycle) {
			__asm__ volatile("pause");
			continue;
		}
		if (++events->index == XHCI_TRBS) {
			events->index = 0;
			events->cycle ^= CYCLE;
		}
		write64(driver->runtime + XHCI_ERDP, (uint64_t)&events->trbs[events->index] | 8);
		if ((control >> 10 & 0x3f) == type) {
			*slot = control >> 24;
			return event->status >> 24;
		}
	}
	return 0;
}

uint32_t xhci_command(struct xhci_driver *driver, uint64_t parameter, uint32_t control)
{
	uint32_t slot, code;

	ring_put(&driver->memory->commands, parameter, 0, control);
	xhci_write32(driver->doorbells, 0);
	code = event_wait(driver, TRB_COMPLETION_EVENT, &slot);
	if (code == SUCCESS && (control >> 10 & 0x3f) == TRB_ENABLE_SLOT)
		driver->slot = slot;
	return code;
}

/* 4.11.2.2 */
uint32_t xhci_control(struct xhci_driver *driver, uint64_t setup, void *data)
{
	struct xhci_guest_ring *ring = &driver->memory->rings[1];
	uint32_t slot, length = (uint32_t)(setup >> 48);
	bool in = (setup & 0x80) != 0;

	ring_put(ring, setup, 8, TYPE(TRB_SETUP) | IDT | (length == 0 ? 0 : in ? 3u << 16 : 2u << 16));
	if (length != 0)
		ring_put(ring, (uint64_t)data, length, TYPE(TRB_DATA) | (in ? IN_DIRECTION : 0));
	ring_put(ring, 0, 0, TYPE(TRB_STATUS) | IOC | (in && length != 0 ? 0 : IN_DIRECTION));
	xhci_write32(driver->doorbells + 4 * driver->slot, 1);
	return event_wait(driver, TRB_TRANSFER_EVENT, &slot);
}

uint32_t xhci_bulk(struct xhci_driver *driver, unsigned doorbell, void *data, uint32_t bytes)
{
	uint32_t slot;

	ring_put(&driver->memory->rings[doorbell], (uint64_t)data, bytes, TYPE(TRB_NORMAL) | IOC);
	xhci_write32(driver->doorbells + 4 * driver->slot, doorbell);
	return event_wait(driver, TRB_TRANSFER_EVENT, &slot);
}

/* 6.2.3; of the input context, whose first 32 bytes say what is meant. */
static void endpoint_set(struct xhci_driver *driver, unsigned doorbell, uint32_t type, uint32_t packet_bytes)
{
	volatile uint32_t *context = &driver->memory->input[8 * (doorbell + 1)];

	context[0] = 0;
	context[1] = packet_bytes << 16 | type << 3 | 3u << 1;
	context[2] = (uint32_t)(uint64_t)driver->memory->rings[doorbell].trbs | CYCLE;
	context[3] = (uint32_t)((uint64_t)driver->memory->rings[doorbell].trbs >> 32);
	context[4] = 8;
}

/* 4.3.2, 4.3.3 */
bool xhci_address(struct xhci_driver *driver)
{
	struct xhci_memory *memory = driver->memory;
	unsigned port = 0;
	uint32_t speed = 0;

	for (unsigned i = 0; i < driver->nr_ports && port == 0; i++) {
		uint32_t status = xhci_read32(driver->operational + XHCI_PORTS + 16 * i);

		if ((status & PORT_CONNECTED) && (PORT_SPEED(status) == SUPER_SPEED) != driver->is_slow) {
			port = i + 1;
			speed = PORT_SPEED(status);
		}
	}
	if (port == 0)
		return false;
	xhci_write32(driver->operational + XHCI_PORTS + 16 * (port - 1), PORT_POWER | PORT_RESET);
	for (unsigned i = 0; !(xhci_read32(driver->operational + XHCI_PORTS + 16 * (port - 1)) & PORT_ENABLED); i++) {
		if (i == POLLS)
			return false;
	}
	if (xhci_command(driver, 0, TYPE(TRB_ENABLE_SLOT)) != SUCCESS)
		return false;
	for (unsigned i = 0; i < sizeof(memory->input) / 4; i++)
		memory->input[i] = 0;
	for (unsigned i = 0; i < sizeof(memory->device) / 4; i++)
		memory->device[i] = 0;
	memory->contexts[driver->slot] = (uint64_t)memory->device;
	memory->input[1] = 3; /* the slot's and endpoint 0's */
	memory->input[8] = 1u << 27 | speed << 20;
	memory->input[9] = port << 16;
	endpoint_set(driver, 1, ENDPOINT_CONTROL, driver->is_slow ? 64 : 512);
	return xhci_command(driver, (uint64_t)memory->input, TYPE(TRB_ADDRESS_DEVICE) | driver->slot << 24) == SUCCESS;
}

/* 4.6.6 */
bool xhci_configure(struct xhci_driver *driver)
{
	struct xhci_memory *memory = driver->memory;

	if (xhci_control(driver, UINT64_C(18) << 48 | 0x01000680, memory->data) != SUCCESS)
		return false;
	memory->input[1] = 1 | 1u << XHCI_IN | 1u << XHCI_OUT;
	memory->input[8] = (memory->input[8] & 0x7ffffff) | XHCI_OUT << 27;
	endpoint_set(driver, XHCI_IN, ENDPOINT_IN, 1024);
	endpoint_set(driver, XHCI_OUT, ENDPOINT_OUT, 1024);
	return xhci_command(driver, (uint64_t)memory->input, TYPE(TRB_CONFIGURE_ENDPOINT) | driver->slot << 24) == SUCCESS &&
	       xhci_control(driver, 0x00010900, NULL) == SUCCESS;
}

bool xhci_read_sector(struct xhci_driver *driver, uint32_t sector)
{
	struct xhci_memory *memory = driver->memory;
	uint8_t *block = memory->block;
	uint32_t words[] = { COMMAND_SIGNATURE, ++driver->tag, SECTOR_BYTES };
	uint32_t code;

	memset(block, 0, sizeof(memory->block));
	memcpy(block, words, sizeof(words));
	block[12] = 0x80;
	block[14] = 10;
	block[15] = 0x28;
	for (unsigned i = 0; i < 4; i++)
		block[17 + i] = (uint8_t)(sector >> (24 - 8 * i));
	block[23] = 1;
	if (xhci_bulk(driver, XHCI_OUT, block, COMMAND_BYTES) != SUCCESS)
		return false;
	memset(memory->data, 0, sizeof(memory->data));
	code = xhci_bulk(driver, XHCI_IN, memory->data, SECTOR_BYTES);
	if (code != SUCCESS && code != SHORT_PACKET)
		return false;
	if (xhci_bulk(driver, XHCI_IN, block, STATUS_BYTES) != SUCCESS)
		return false;
	memcpy(words, block, sizeof(words));
	return words[0] == STATUS_SIGNATURE && words[1] == driver->tag && block[12] == 0;
}
