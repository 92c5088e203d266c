/*
 * tests/guest/past_virtio.c: writes clear text past the cipher to the last virtio disk, by every way there is: queues that firmware
 * made, every type of request by both interfaces, rings over rings, rings that are put elsewhere while they run, registers by the
 * window in configuration space, resets amid a write. Part of the disk is encrypted (past.h). Virtual I/O Device Specification 1.2;
 * it polls.
 *
 * Options: mild=1: there is no cipher, and each way has the time that a disk takes. reset=1: of firmware's queues there are none
 * any more.
 */
#include "past.h"

#include "instruction.h"

#define PAGE 4096u
#define POLLS 300u
#define MANY_POLLS 20000u
#define SIZE 32u
#define FIRMWARE_SIZE 256u /* of QEMU's queues as SeaBIOS leaves them */

enum { COMMON = 1, NOTIFY, ISR, DEVICE, WINDOW };
enum { IN, OUT, FLUSH = 4, GET_ID = 8, DISCARD = 11, WRITE_ZEROES = 13, SECURE_ERASE };
enum { NEXT = 1, WRITE = 2, INDIRECT = 4 };
/* Ways, beside the requests' types: 0x000 by the modern interface, 0x100 by the legacy one. */
enum { FIRMWARE = 0x400, HIGH_BITS, SAME_RING, OVER_USED, MOVED_RING, SECOND_QUEUE, BY_WINDOW, NOT_READY, AMID_RESET, WRAPPED, BEHIND,
       NOT_DECODED, TABLE_IN_TABLE, NO_FEATURES, RANGES, RENAMED };

struct descriptor {
	uint64_t address;
	uint32_t length;
	uint16_t flags, next;
};

struct ring { /* as the legacy interface wants it, with 256 entries */
	struct descriptor descriptors[256];
	uint16_t flags, index, entries[256];
	uint8_t gap[PAGE - 4 - 2 * 256];
	volatile uint16_t used_flags, used_index;
	uint32_t used[256][2];
	uint8_t end[2 * PAGE - 4 - 8 * 256];
} __attribute__((aligned(4096)));

static uint32_t function, multiplier, window, polls;
static uint64_t where[6], patience;
static uint16_t ports, seen;
static bool is_legacy;
static struct ring rings[2];
static struct {
	uint32_t type, priority;
	uint64_t sector;
} header;
static volatile uint8_t status;
static uint8_t clear[8 * PAST_SECTOR] __attribute__((aligned(4096))), in[8 * PAST_SECTOR] __attribute__((aligned(4096)));
static struct descriptor table[4] __attribute__((aligned(4096)));

static uint64_t address_of(const volatile void *memory)
{
	return (uint64_t)(uintptr_t)memory;
}

static uint32_t config_read(uint32_t offset)
{
	out32(0xcf8, function | (offset & ~3u));
	return in32(0xcfc) >> 8 * (offset % 4);
}

static void config_write(uint32_t offset, uint32_t value)
{
	out32(0xcf8, function | offset);
	out32(0xcfc, value);
}

static void put(uint32_t offset, uint32_t width, uint32_t value)
{
	volatile uint8_t *at = (volatile uint8_t *)(uintptr_t)(where[COMMON] + offset);

	if (width == 1)
		*at = (uint8_t)value;
	else if (width == 2)
		*(volatile uint16_t *)(uintptr_t)at = (uint16_t)value;
	else
		*(volatile uint32_t *)(uintptr_t)at = value;
}

static uint32_t get(uint32_t offset)
{
	return *(volatile uint32_t *)(uintptr_t)(where[COMMON] + offset);
}

static uint8_t device_status(void)
{
	return is_legacy ? in8((uint16_t)(ports + 18)) : *(volatile uint8_t *)(uintptr_t)(where[COMMON] + 20);
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
	put(32, 4, (uint32_t)descriptors);
	put(36, 4, 0);
	put(40, 4, (uint32_t)available);
	put(44, 4, 0);
	put(48, 4, (uint32_t)used);
	put(52, 4, 0);
	put(28, 2, 1);
}

static void set_usual_ring(uint32_t queue, const struct ring *ring)
{
	set_ring(queue, address_of(ring), address_of(ring) + PAGE, address_of(ring) + 2 * PAGE);
}

/* `features`: all that are offered, or none. */
static void begin(bool features)
{
	set_status(0);
	for (uint32_t i = 0; device_status() != 0 && i < POLLS; i++)
		;
	memset(rings, 0, sizeof(rings));
	seen = 0;
	rings[0].flags = rings[1].flags = 1;
	set_status(1);
	set_status(3);
	if (is_legacy) {
		out32((uint16_t)(ports + 4), features ? in32(ports) : 0);
	} else {
		for (uint32_t half = 0; half < 2; half++) {
			put(0, 4, half);
			put(8, 4, half);
			put(12, 4, features ? get(4) : half);
		}
		set_status(11);
	}
}

static void start(void)
{
	begin(true);
	set_usual_ring(0, &rings[0]);
	set_usual_ring(1, &rings[1]);
	set_status(is_legacy ? 7 : 15);
}

/* A request in three pieces, from descriptor 0 on. */
static void fill_chain(struct descriptor *at, uint32_t type, uint32_t lba, uint32_t length, bool gives)
{
	header.type = type;
	header.sector = lba;
	at[0] = (struct descriptor){ address_of(&header), 16, NEXT, 1 };
	at[1] = (struct descriptor){ address_of(gives ? in : clear), length, NEXT | (gives ? WRITE : 0), 2 };
	at[2] = (struct descriptor){ address_of(&status), 1, WRITE, 0 };
}

static void offer(struct ring *ring, uint32_t entries)
{
	ring->entries[ring->index % (is_legacy ? 256 : SIZE)] = 0;
	__asm__ volatile("" ::: "memory");
	*(volatile uint16_t *)&ring->index = (uint16_t)(ring->index + entries);
}

static uint32_t complete(void)
{
	uint64_t since = 0;

	for (uint32_t i = 0; rings[0].used_index == seen && (i < polls || past_waits(&since, patience)); i++)
		(void)device_status(); /* time goes on for the device */
	if (rings[0].used_index == seen) {
		start();
		return 0xff;
	}
	seen = rings[0].used_index;
	return status;
}

static uint32_t give(uint32_t type, uint32_t lba, uint32_t length, bool gives)
{
	status = 0xee;
	fill_chain(rings[0].descriptors, type, lba, length, gives);
	offer(&rings[0], 1);
	notify(0);
	return complete();
}

static void prepare(uint32_t way)
{
	past_fill(clear, sizeof(clear), way);
	fill_chain(rings[0].descriptors, OUT, past_lba(way), sizeof(clear), false);
}

/* Ways --------------------------------------------------------------------------------------------------- */

/* SeaBIOS leaves its queue on, in memory that it has reserved. The registers tell where; else nothing is tried. */
static void try_firmware(void)
{
	struct descriptor *descriptors;
	uint16_t *available, index;
	uint32_t size;

	put(22, 2, 0);
	size = get(24) & 0xffff;
	descriptors = (struct descriptor *)(uintptr_t)get(32);
	available = (uint16_t *)(uintptr_t)get(40);
	guest_check(device_status() == 15 && size != 0 && size <= FIRMWARE_SIZE && descriptors != NULL, "firmware's queue",
		    "status 0x%x, size %u", device_status(), size);
	if (size == 0 || descriptors == NULL || available == NULL)
		return;
	past_fill(clear, sizeof(clear), FIRMWARE);
	fill_chain(descriptors, OUT, past_lba(FIRMWARE), sizeof(clear), false);
	index = available[1];
	available[2 + index % size] = 0;
	available[1] = (uint16_t)(index + 1);
	notify(0);
	for (uint32_t i = 0; i < 4 * POLLS; i++)
		(void)device_status();
}

static void try_types(void)
{
	for (uint32_t type = 0; type < 64; type++) {
		uint32_t way = type | (is_legacy ? 0x100 : 0);

		if (type == IN)
			continue;
		past_fill(clear, sizeof(clear), way);
		(void)give(type, past_lba(way), sizeof(clear), false);
		(void)give(type, past_lba(way), 16, false);
	}
	for (uint32_t bit = 6; bit < 32; bit++) {
		past_fill(clear, sizeof(clear), HIGH_BITS);
		(void)give(OUT | 1u << bit, past_lba(HIGH_BITS), sizeof(clear), false);
	}
}

/* The disk's serial number, which says that it is encrypted, but only a part of it: as another disk may be called. */
static void try_names(void)
{
	for (uint32_t length = 24; length > 0; length--) {
		past_fill(clear, sizeof(clear), RENAMED);
		(void)give(GET_ID, 0, length, true);
		(void)give(OUT, past_lba(RENAMED), sizeof(clear), false);
	}
}

/* What is erased: into the clear around the range, too. */
static void try_ranges(void)
{
	static const uint8_t types[] = { DISCARD, WRITE_ZEROES, SECURE_ERASE };

	for (uint32_t i = 0; i < 12; i++) {
		struct {
			uint64_t sector;
			uint32_t sectors, flags;
		} range = { i < 6 ? PAST_FIRST + 8 : UINT64_MAX - 3, i < 6 ? 8 : 16, i % 2 };

		past_fill(clear, sizeof(clear), RANGES);
		memcpy(clear, &range, sizeof(range));
		(void)give(types[i / 2 % 3], 0, 16, false);
		(void)give(types[i / 2 % 3], 0, 32, false);
	}
}

static void ring_it(uint32_t queue)
{
	notify(queue);
	for (uint32_t i = 0; i < POLLS; i++)
		(void)device_status();
	start();
}

/* Two queues in one ring; a ring over what the device writes; a ring elsewhere while it runs. */
static void try_rings(void)
{
	begin(true);
	set_usual_ring(0, &rings[0]);
	set_usual_ring(1, &rings[0]);
	set_status(is_legacy ? 7 : 15);
	prepare(SAME_RING);
	offer(&rings[0], 1);
	notify(1);
	ring_it(0);
	begin(true);
	set_ring(0, address_of(&rings[0]), address_of(&rings[0]) + PAGE, address_of(&rings[0]));
	set_status(is_legacy ? 7 : 15);
	prepare(OVER_USED);
	offer(&rings[0], 3);
	ring_it(0);
	prepare(MOVED_RING);
	memcpy(&rings[1], &rings[0], sizeof(rings[0]));
	memset(&rings[0].descriptors, 0, sizeof(rings[0].descriptors));
	offer(&rings[1], 1);
	set_usual_ring(0, &rings[1]);
	ring_it(0);
	prepare(SECOND_QUEUE);
	memcpy(&rings[1], &rings[0], sizeof(rings[0]));
	offer(&rings[1], 1);
	notify(1);
	notify(7);
	ring_it(0xffff);
	prepare(TABLE_IN_TABLE);
	memcpy(table, rings[0].descriptors, sizeof(table));
	rings[0].descriptors[0] = (struct descriptor){ address_of(&table[3]), 16, INDIRECT, 0 };
	table[3] = (struct descriptor){ address_of(table), 48, INDIRECT, 0 };
	offer(&rings[0], 1);
	ring_it(0);
	rings[0].descriptors[0] = (struct descriptor){ address_of(table), 48, INDIRECT, 0 };
	prepare(TABLE_IN_TABLE);
	offer(&rings[0], 1);
	ring_it(0);
}

static void try_states(void)
{
	begin(true);
	set_usual_ring(0, &rings[0]); /* no DRIVER_OK */
	prepare(NOT_READY);
	offer(&rings[0], 1);
	ring_it(0);
	begin(false);
	set_usual_ring(0, &rings[0]);
	set_status(is_legacy ? 7 : 15);
	prepare(NO_FEATURES);
	offer(&rings[0], 1);
	ring_it(0);
	for (uint32_t i = 0; i < 8; i++) {
		prepare(AMID_RESET);
		offer(&rings[0], 1);
		notify(0);
		set_status(i % 2 ? 0 : 0x80);
		if (i & 2)
			memset(clear, 0, sizeof(clear));
		notify(0);
		start();
	}
	prepare(NOT_DECODED);
	offer(&rings[0], 1);
	out32(0xcf8, function | 4);
	config_write(4, 0);
	notify(0);
	config_write(4, 7);
	ring_it(0);
}

/* Its registers by configuration space (4.1.4.9): the notification. */
static void try_window(void)
{
	uint32_t bar = 0;

	for (uint32_t at = config_read(0x34) & 0xff; at != 0; at = config_read(at + 1) & 0xff) {
		if ((config_read(at) & 0xff) == 9 && (config_read(at + 3) & 0xff) == NOTIFY) {
			bar = config_read(at + 4) & 0xff;
			if (window == 0)
				return;
			config_write(window + 8, config_read(at + 8));
		}
	}
	config_write(window + 4, bar);
	config_write(window + 12, 2);
	prepare(BY_WINDOW);
	offer(&rings[0], 1);
	config_write(window + 16, 0);
	for (uint32_t i = 0; i < POLLS; i++)
		(void)device_status();
	start();
}

static void try_addresses(void)
{
	for (uint32_t i = 0; i < 4; i++) {
		prepare(WRAPPED);
		header.sector = i == 0 ? UINT64_MAX - 3 : i == 1 ? UINT64_C(1) << 63 : (UINT64_C(1) << (53 + i)) + PAST_FIRST;
		offer(&rings[0], 1);
		notify(0);
		(void)complete();
	}
	for (uint32_t i = 0; i < sizeof(clear); i += 16)
		memcpy(clear + i, "stays as it was ", 16); /* around the range all is clear */
	(void)give(OUT, 32764, sizeof(clear), false);
	past_fill(clear, sizeof(clear), BEHIND);
	(void)give(OUT, past_lba(BEHIND), 100, false);
	(void)give(OUT, past_lba(BEHIND), 513, false);
}

/* What is as it should be: at both ends of the range, and over them. */
static void check_good(uint32_t first)
{
	uint32_t result = give(IN, first, sizeof(in), true);

	memcpy(clear, in, sizeof(clear));
	past_fill_inside(clear, first);
	result |= give(OUT, first, sizeof(clear), false);
	memset(in, 0, sizeof(in));
	result |= give(IN, first, sizeof(in), true);
	guest_check(result == 0 && memcmp(in, clear, sizeof(in)) == 0, "a write as it should be", "status 0x%x", result);
}

static uint64_t bar_address(uint32_t number)
{
	uint32_t low = config_read(0x10 + 4 * number);

	return low & 1 ? low & ~3u : (low & 6) == 4 ? (uint64_t)config_read(0x14 + 4 * number) << 32 | (low & ~15u) : low & ~15u;
}

static void find(void)
{
	for (uint32_t slot = 0; slot < 256; slot++) {
		out32(0xcf8, 0x80000000u | slot << 8);
		if (in32(0xcfc) == 0x10011af4)
			function = 0x80000000u | slot << 8;
	}
	ports = (uint16_t)(config_read(0x10) & ~3u);
	for (uint32_t at = config_read(0x34) & 0xff; at != 0; at = config_read(at + 1) & 0xff) {
		uint32_t type = config_read(at + 3) & 0xff;

		if ((config_read(at) & 0xff) != 9 || type > WINDOW)
			continue;
		if (type == WINDOW)
			window = at;
		else
			where[type] = bar_address(config_read(at + 4) & 0xff) + config_read(at + 8);
		if (type == NOTIFY)
			multiplier = config_read(at + 16);
	}
}

void guest_main(void)
{
	find();
	guest_check(function != 0 && where[COMMON] != 0 && ports != 0, "disk", "none");
	config_write(4, (config_read(4) & 0xffff) | 7);
	if (option_number_or("reset", 0) == 0)
		try_firmware();
	for (uint32_t i = 0; i < 2; i++) {
		is_legacy = i != 0;
		polls = POLLS;
		patience = option_number_or("mild", 0) ? PAST_PAUSE : 0;
		start();
		try_names();
		try_types();
		try_ranges();
		try_addresses();
		try_rings();
		try_states();
		try_window();
		polls = MANY_POLLS;
		patience = PAST_LONG;
		check_good(PAST_FIRST - 4);
		check_good(PAST_END - 4);
	}
	guest_print("guest: done\n");
	guest_power_off();
}
