/*
 * tests/guest/virtio_nic.c: a guest that sends frames by every way that a virtio network card has: descriptors in a ring and
 * in tables, event indices, a queue that is reset by itself, resets again and again, a notification before the driver is
 * ready, registers that have moved, the window in configuration space, another ring under a queue that works, the legacy
 * interface. The number of the way is the frame's Ethernet type, from 8901h on. What comes out of the machine is for
 * somebody outside to see; here the buffers have to come back. Virtual I/O Device Specification 1.2, 2.7, 4.1 and 5.1.
 */
#include "guest.h"
#include "instruction.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc
#define CONFIG_ENABLE 0x80000000u
#define COMMAND 0x04
#define COMMAND_ALL 7u
#define BAR 0x10
#define CAPABILITIES 0x34
#define VENDOR 9u
#define TRANSITIONAL 0x10001af4u
#define SEND 1u /* the queue */
#define ENTRIES 64u
#define FRAME 60u
#define POLLS 20000000u
#define RESETS 50u
#define MOVED_TO 0xe8000000u
#define OFFSET_RING_RESET 58u

enum { COMMON = 1, NOTIFY, ISR, DEVICE, WINDOW };
enum { NEXT = 1, INDIRECT = 4 };
enum { ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8 };
#define FEATURE_INDIRECT (1u << 28)
#define FEATURE_EVENTS (1u << 29)
#define FEATURE_HIGH_VERSION_1 1u
#define FEATURE_HIGH_RING_RESET (1u << 8)

struct descriptor {
	uint64_t address;
	uint32_t length;
	uint16_t flags, next;
};

static struct ring { /* large enough for what the legacy interface has */
	struct descriptor descriptors[256];
	volatile uint16_t flags, index, entries[256], used_event;
	uint8_t gap[4096 - 6 - 2 * 256];
	volatile uint16_t used_flags, used_index;
	volatile uint32_t used[256][2];
	volatile uint16_t event;
	uint8_t end[2 * 4096 - 6 - 8 * 256];
} rings[2] __attribute__((aligned(4096)));

static struct {
	uint8_t header[12], frame[FRAME];
} packet = { .frame = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x89 } };
static struct descriptor table[2];
static unsigned function;
static uint32_t where[6], number_of_bar, multiplier, window;

static uint32_t config_read(unsigned offset)
{
	out32(CONFIG_ADDRESS, CONFIG_ENABLE | function << 8 | (offset & ~3u));
	return in32(CONFIG_DATA) >> 8 * (offset % 4);
}

static void config_write(unsigned offset, uint32_t value)
{
	out32(CONFIG_ADDRESS, CONFIG_ENABLE | function << 8 | offset);
	out32(CONFIG_DATA, value);
}

static void put(uint32_t offset, uint32_t width, uint32_t value)
{
	uintptr_t at = where[COMMON] + offset;

	if (width == 1)
		*(volatile uint8_t *)at = (uint8_t)value;
	else if (width == 2)
		*(volatile uint16_t *)at = (uint16_t)value;
	else
		*(volatile uint32_t *)at = value;
}

static uint32_t get(uint32_t offset, uint32_t width)
{
	uintptr_t at = where[COMMON] + offset;

	return width == 1 ? *(volatile uint8_t *)at : width == 2 ? *(volatile uint16_t *)at : *(volatile uint32_t *)at;
}

/* The same by the window in configuration space (4.1.4.9). */
static void put_by_window(uint32_t offset, uint32_t width, uint32_t value)
{
	config_write(window + 4, number_of_bar);
	config_write(window + 8, where[COMMON] - (config_read(BAR + 4 * number_of_bar) & ~15u) + offset);
	config_write(window + 12, width);
	config_write(window + 16, value);
}

typedef void (*writer)(uint32_t offset, uint32_t width, uint32_t value);

static void find(void)
{
	for (unsigned at = config_read(CAPABILITIES) & 0xfc; at != 0; at = config_read(at + 1) & 0xfc) {
		unsigned type = config_read(at + 3) & 0xff, bar = config_read(at + 4) & 0xff;

		if ((config_read(at) & 0xff) != VENDOR || type == 0 || type > WINDOW)
			continue;
		if (type == WINDOW) {
			window = at;
			continue;
		}
		number_of_bar = bar;
		where[type] = (config_read(BAR + 4 * bar) & ~15u) + config_read(at + 8);
		if (type == NOTIFY)
			multiplier = config_read(at + 16);
	}
}

/* Its address in the registers of the queue. */
static void put_ring(writer write, struct ring *ring)
{
	uint64_t parts[] = { (uint64_t)ring->descriptors, (uint64_t)&ring->flags, (uint64_t)&ring->used_flags };

	for (unsigned i = 0; i < 3; i++) {
		write(32 + 8 * i, 4, (uint32_t)parts[i]);
		write(36 + 8 * i, 4, 0);
	}
}

static void enable(writer write)
{
	memset(rings, 0, sizeof(rings));
	write(22, 2, SEND);
	write(24, 2, ENTRIES);
	put_ring(write, &rings[0]);
	write(28, 2, 1);
}

static void set_up(writer write, uint32_t features, bool is_ready)
{
	write(20, 1, 0);
	write(20, 1, ACKNOWLEDGE | DRIVER);
	write(8, 4, 0);
	write(12, 4, features);
	write(8, 4, 1);
	write(12, 4, FEATURE_HIGH_VERSION_1 | FEATURE_HIGH_RING_RESET);
	write(20, 1, ACKNOWLEDGE | DRIVER | FEATURES_OK);
	enable(write);
	if (is_ready)
		write(20, 1, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
}

/* Another entry, to be found by the device. */
static void give(struct ring *ring, unsigned way, bool in_table)
{
	uint16_t head = ring->index * 2 % ENTRIES;
	struct descriptor *chain = in_table ? table : &ring->descriptors[head];

	packet.frame[13] = (uint8_t)way;
	chain[0] = (struct descriptor){ (uint64_t)packet.header, sizeof(packet.header), NEXT, in_table ? 1 : head + 1 };
	chain[1] = (struct descriptor){ (uint64_t)packet.frame, FRAME, 0, 0 };
	if (in_table)
		ring->descriptors[head] = (struct descriptor){ (uint64_t)table, sizeof(table), INDIRECT, 0 };
	ring->entries[ring->index % ENTRIES] = head;
	__asm__ volatile("mfence" ::: "memory");
	ring->index++;
	__asm__ volatile("mfence" ::: "memory");
}

static void notify(void)
{
	put(22, 2, SEND);
	*(volatile uint16_t *)(uintptr_t)(where[NOTIFY] + get(30, 2) * multiplier) = SEND;
}

static void await(unsigned way)
{
	uint16_t index = rings[0].index;

	for (unsigned i = 0; i < POLLS && rings[0].used_index != index; i++)
		__asm__ volatile("pause");
	guest_check(rings[0].used_index == index, "it comes back", "way %u: %u of %u", way, rings[0].used_index, index);
}

static void send(unsigned way, bool in_table)
{
	give(&rings[0], way, in_table);
	notify();
	await(way);
}

/* That a queue's addresses change while it is on is not so for the device. */
static void send_by_another_ring(unsigned way)
{
	put(22, 2, SEND);
	put_ring(put, &rings[1]);
	put(28, 2, 1);
	give(&rings[1], way, false);
	notify();
	put_ring(put, &rings[0]);
}

static void send_after_queue_reset(unsigned way)
{
	put(22, 2, SEND);
	put(OFFSET_RING_RESET, 2, 1);
	guest_check(get(OFFSET_RING_RESET, 2) == 0 && get(28, 2) == 0, "the queue is reset", "%u", get(28, 2));
	enable(put);
	send(way, false);
}

static void send_legacy(unsigned way)
{
	uint16_t ports = (uint16_t)(config_read(BAR) & ~3u);

	out8(ports + 18, 0);
	out8(ports + 18, ACKNOWLEDGE | DRIVER);
	out32(ports + 4, 0);
	memset(rings, 0, sizeof(rings));
	out16(ports + 14, SEND);
	guest_check(in16(ports + 12) == 256, "the legacy queue has 256 entries", "%u", in16(ports + 12));
	out32(ports + 8, (uint32_t)((uint64_t)&rings[0] >> 12));
	out8(ports + 18, ACKNOWLEDGE | DRIVER | DRIVER_OK);
	give(&rings[0], way, false);
	rings[0].descriptors[0].length = 10; /* the header's bytes there */
	out16(ports + 16, SEND);
	await(way);
}

static void send_all(void)
{
	uint32_t bar;

	set_up(put, 0, true);
	send(1, false);
	set_up(put, FEATURE_INDIRECT, true);
	send(2, true);
	set_up(put, FEATURE_EVENTS, true);
	send(3, false);
	send(4, false);
	send_after_queue_reset(5);
	for (unsigned i = 0; i < RESETS; i++)
		set_up(put, FEATURE_EVENTS | FEATURE_INDIRECT, i % 2 != 0);
	send(6, true);
	set_up(put, 0, false);
	give(&rings[0], 7, false);
	notify();
	put(20, 1, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
	notify();
	await(7);
	bar = config_read(BAR + 4 * number_of_bar) & ~15u;
	config_write(BAR + 4 * number_of_bar, MOVED_TO);
	find();
	set_up(put, 0, true);
	send(8, false);
	config_write(BAR + 4 * number_of_bar, bar);
	find();
	set_up(put, 0, true);
	send_by_another_ring(9);
	put(20, 1, 0);
	set_up(put_by_window, 0, true);
	give(&rings[0], 10, false);
	notify();
	send_legacy(11);
}

void guest_main(void)
{
	while (function < 256 && config_read(0) != TRANSITIONAL)
		function++;
	if (!guest_check(function < 256, "there is a card", "%u", function))
		return;
	config_write(COMMAND, config_read(COMMAND) | COMMAND_ALL);
	find();
	send_all();
}
