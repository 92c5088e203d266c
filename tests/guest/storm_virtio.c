/*
 * tests/guest/storm_virtio.c: the last virtio disk, by both interfaces. Virtual I/O Device Specification 1.2. It polls.
 */
#include "storm.h"

#define POLLS 20000u
#define SIZE 16u

enum { COMMON = 1, NOTIFY, ISR, DEVICE };
enum { NEXT = 1, WRITE = 2, INDIRECT = 4 };

static struct descriptor {
	uint64_t address;
	uint32_t length;
	uint16_t flags, next;
} table[SIZE] __attribute__((aligned(16)));

/* As the legacy interface wants it, with 256 entries. */
static struct ring {
	struct descriptor descriptors[256];
	uint16_t flags, index, entries[256];
	uint8_t gap[PAGE - 4 - 2 * 256];
	volatile uint16_t used_flags, used_index;
	uint32_t used[256][2];
	uint8_t end[2 * PAGE - 4 - 8 * 256];
} rings[2] __attribute__((aligned(4096)));

static struct {
	uint32_t type, priority;
	uint64_t sector;
} headers[8];
static volatile uint8_t status;
static uint64_t where[5];
static uint32_t multiplier;
static uint16_t ports;
static bool is_legacy;

static bool find(void)
{
	uint32_t function = storm_find(0x010000);

	if (function == 256)
		return false;
	for (uint32_t at = config_read(function, 0x34) & 0xfc; at != 0; at = config_read(function, at) >> 8 & 0xfc) {
		uint32_t first = config_read(function, at), type = first >> 24, bar = CONFIG_BAR + 4 * (config_read(function, at + 4) & 7);

		if ((first & 0xff) != 9 || type < COMMON || type > DEVICE)
			continue;
		where[type] = (config_read(function, bar) & ~15u) + ((uint64_t)config_read(function, bar + 4) << 32) + config_read(function, at + 8);
		if (type == NOTIFY)
			multiplier = config_read(function, at + 16);
	}
	ports = (uint16_t)(config_read(function, CONFIG_BAR) & ~3u);
	return ports != 0 && where[COMMON] != 0;
}

static void put(uint32_t offset, uint32_t width, uint64_t value)
{
	uint64_t at = where[COMMON] + offset;

	if (width == 1)
		*(volatile uint8_t *)(uintptr_t)at = (uint8_t)value;
	else if (width == 2)
		*(volatile uint16_t *)(uintptr_t)at = (uint16_t)value;
	else if (width == 4)
		*(volatile uint32_t *)(uintptr_t)at = (uint32_t)value;
	else
		*(volatile uint64_t *)(uintptr_t)at = value;
}

static void set_status(uint8_t value)
{
	if (is_legacy)
		out8((uint16_t)(ports + 18), value);
	else
		put(20, 1, value);
}

static void notify(uint32_t queue)
{
	if (is_legacy)
		out16((uint16_t)(ports + 16), (uint16_t)queue);
	else
		*(volatile uint16_t *)(uintptr_t)(where[NOTIFY] + queue * multiplier) = (uint16_t)queue;
}

static void set_ring(uint32_t queue, uint64_t descriptors, uint64_t available, uint64_t used)
{
	if (is_legacy) {
		out16((uint16_t)(ports + 14), (uint16_t)queue);
		out32((uint16_t)(ports + 8), (uint32_t)(descriptors >> 12));
		return;
	}
	put(22, 2, queue);
	put(24, 2, SIZE);
	put(32, 4, descriptors);
	put(36, 4, descriptors >> 32);
	put(40, 4, available);
	put(44, 4, available >> 32);
	put(48, 4, used);
	put(52, 4, used >> 32);
	put(28, 2, 1);
}

static void set_usual_ring(uint32_t queue)
{
	set_ring(queue, address_of(&rings[queue]), address_of(&rings[queue].flags), address_of((const void *)(uintptr_t)&rings[queue].used_flags));
}

static void begin(void)
{
	set_status(0);
	is_legacy = storm_random() % 2;
	set_status(0);
	memset(rings, 0, sizeof(rings));
	rings[0].flags = rings[1].flags = storm_random() % 4 ? 1 : 0;
	set_status(3);
	if (is_legacy) {
		out32((uint16_t)(ports + 4), in32(ports));
	} else {
		for (uint32_t half = 0; half < 2; half++) {
			put(0, 4, half);
			put(8, 4, half);
			put(12, 4, *(volatile uint32_t *)(uintptr_t)(where[COMMON] + 4));
		}
		set_status(11);
	}
	set_usual_ring(0);
	set_usual_ring(1);
	set_status(is_legacy ? 7 : 15);
}

/* A chain as it should be but for where its data are; or one with a part that is anything. */
static void give(void)
{
	static const uint32_t types[] = { 0, 1, 0, 1, 0, 1, 4, 8, 11, 13, 14, 2, 16, 0x80000000 };
	uint32_t queue = storm_random() % 2, head = storm_random() % 4 * 4, number = storm_random() % 8, type = types[storm_random() % 14];
	bool reads = type == 0 || type == 8, is_apart = storm_random() % 4 == 0;
	struct descriptor *to = is_apart ? table : rings[queue].descriptors + head;
	uint16_t first = (uint16_t)(is_apart ? 0 : head);

	headers[number].type = type;
	headers[number].sector = storm_lba();
	to[0] = (struct descriptor){ address_of(&headers[number]), 16, NEXT, (uint16_t)(first + 1) };
	to[1] = (struct descriptor){ storm_address(), storm_random() % 4 ? 512 * (1 + storm_random() % 8) : storm_random() % 5000,
				     NEXT | (reads ? WRITE : 0), (uint16_t)(first + 2) };
	to[2] = (struct descriptor){ storm_address(), 512 * (storm_random() % 3), NEXT | (reads ? WRITE : 0), (uint16_t)(first + 3) };
	to[3] = (struct descriptor){ address_of(&status), 1, WRITE, 0 };
	if (storm_random() % 8 == 0)
		to[storm_random() % 4] = (struct descriptor){ storm_address(), storm_random() % 2 ? storm_random() : storm_random() % 600,
							      (uint16_t)(storm_random() % 8), (uint16_t)(storm_random() % 20) };
	if (is_apart)
		rings[queue].descriptors[head] = (struct descriptor){ storm_random() % 16 ? address_of(table) : storm_address(), 64, INDIRECT, 0 };
	rings[queue].entries[rings[queue].index % SIZE] = (uint16_t)(storm_random() % 32 ? head : storm_random());
	rings[queue].index = (uint16_t)(rings[queue].index + (storm_random() % 32 ? 1 : storm_random()));
	if (storm_random() % 4)
		notify(queue);
}

static void set_register(void)
{
	static const uint8_t widths[] = { 1, 2, 4, 8 };
	uint64_t value = storm_random() % 2 ? storm_address() : storm_random() % 20;

	switch (storm_random() % 4) {
	case 0:
		put(storm_random() % 60, widths[storm_random() % 4], value);
		break;
	case 1:
		out32((uint16_t)(ports + storm_random() % 6 * 4), (uint32_t)value);
		break;
	case 2:
		(void)*(volatile uint64_t *)(uintptr_t)(where[1 + storm_random() % 4] + storm_random() % 32 * 2);
		break;
	default:
		notify(storm_random() % 4);
	}
}

static void step(void)
{
	switch (storm_random() % 10) {
	case 0:
	case 1:
	case 2:
	case 3:
		give();
		break;
	case 4:
		notify(storm_random() % 2);
		break;
	case 5: /* what is asked for changes */
		rings[storm_random() % 2].descriptors[storm_random() % SIZE].address = storm_address();
		break;
	case 6:
		set_register();
		break;
	case 7:
		for (uint32_t i = storm_random() % 16; i != 0; i--)
			(void)in8((uint16_t)(ports + (storm_random() % 2 ? 18 : 19)));
		break;
	case 8:
		if (storm_random() % 4 == 0)
			set_ring(storm_random() % 3, storm_address(), storm_address(), storm_address());
		break;
	default:
		if (storm_random() % 4 == 0)
			begin();
	}
}

static bool read(void *page)
{
	headers[0].type = 0;
	headers[0].sector = 0;
	status = 0xff;
	rings[0].descriptors[0] = (struct descriptor){ address_of(headers), 16, NEXT, 1 };
	rings[0].descriptors[1] = (struct descriptor){ address_of(page), PAGE, NEXT | WRITE, 2 };
	rings[0].descriptors[2] = (struct descriptor){ address_of(&status), 1, WRITE, 0 };
	rings[0].entries[0] = 0;
	rings[0].index = 1;
	notify(0);
	for (uint32_t i = 0; i < 10 * POLLS && rings[0].used_index == 0; i++)
		(void)in8((uint16_t)(ports + 18));
	return status == 0;
}

const struct storm_controller storm_virtio = { "virtio", find, begin, step, read };
