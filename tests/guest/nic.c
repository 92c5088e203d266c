/*
 * tests/guest/nic.c: a guest that sends frames by every way that Intel's cards have: all kinds of descriptors, rings at old
 * addresses of registers, ports, a second queue, resets again and again, a tail before the transmitter is on, registers that
 * have moved, the card's own memory. The number of the way is the frame's Ethernet type, from 8901h on. What comes out of
 * the machine is for somebody outside to see; here the descriptors have to be done. Intel 82574 GbE Controller Family,
 * Datasheet, 7.2 and 10.2.
 */
#include "guest.h"
#include "instruction.h"
#include "pci.h"

#define COMMAND 0x04
#define COMMAND_ALL 7u
#define BAR 0x10
#define ID_82540EM 0x100e8086u
#define ID_82574L 0x10d38086u

#define CTRL 0x0000
#define CTRL_UP 0x40u /* link */
#define CTRL_RST 0x04000000u
#define TCTL 0x0400
#define TCTL_ON 0xau
#define TX 0x3800
#define TX_OLD 0x0420
#define TX_SECOND 0x3900
#define TX_FIFO 0x3410
#define PACKET_BUFFER 0x10000
#define RING_LOW 0x00
#define RING_HIGH 0x04
#define RING_BYTES 0x08
#define RING_HEAD 0x10
#define RING_TAIL 0x18
#define LEGACY 0x0b000000u   /* end of packet, checksum inserted, report status */
#define EXTENDED 0x2b100000u /* the same, of a data descriptor */
#define CONTEXT 0x28000000u
#define SUM 0x200u /* of TCP's checksum */
#define DONE 1u
#define FRAME 64u
#define ENTRIES 8u
#define POLLS 20000000u
#define RESETS 50u
#define MOVED_TO 0xe8000000u

struct descriptor {
	uint64_t address;
	volatile uint32_t lower, upper;
};

static struct descriptor ring[ENTRIES] __attribute__((aligned(128)));
static uint8_t frame[FRAME] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x89 };
static uint64_t memory;
static uint16_t ports; /* 0: registers are in memory */

static uint32_t get(uint32_t offset)
{
	if (ports == 0)
		return *(volatile uint32_t *)(memory + offset);
	out32(ports, offset);
	return in32((uint16_t)(ports + 4));
}

static void put(uint32_t offset, uint32_t value)
{
	if (ports == 0) {
		*(volatile uint32_t *)(memory + offset) = value;
		return;
	}
	out32(ports, offset);
	out32((uint16_t)(ports + 4), value);
}

static void reset(void)
{
	put(CTRL, get(CTRL) | CTRL_RST);
	for (unsigned i = 0; i < POLLS && (get(CTRL) & CTRL_RST) != 0; i++)
		__asm__ volatile("pause");
	put(CTRL, get(CTRL) | CTRL_UP);
}

static void set_up(uint32_t registers)
{
	memset(ring, 0, sizeof(ring));
	put(registers + RING_LOW, (uint32_t)(uint64_t)ring);
	put(registers + RING_HIGH, 0);
	put(registers + RING_BYTES, sizeof(ring));
	put(registers + RING_HEAD, 0);
	put(registers + RING_TAIL, 0);
}

/* What is in the ring up to an entry is sent. */
static void send(uint32_t registers, unsigned way, unsigned count)
{
	frame[13] = (uint8_t)way;
	put(registers + RING_TAIL, count);
	for (unsigned i = 0; i < POLLS && !(ring[count - 1].upper & DONE); i++)
		__asm__ volatile("pause");
	guest_check((ring[count - 1].upper & DONE) != 0, "it is done", "way %u: %x", way, ring[count - 1].upper);
	guest_check(get(registers + RING_HEAD) == count, "the head follows", "way %u: %u", way, get(registers + RING_HEAD));
}

static void describe(unsigned index, uint32_t lower, uint32_t upper)
{
	ring[index].address = (uint64_t)frame;
	ring[index].upper = upper;
	ring[index].lower = lower | FRAME;
}

/* From a reset on. */
static void send_legacy(uint32_t registers, unsigned way)
{
	reset();
	set_up(registers);
	describe(0, LEGACY, 0);
	put(TCTL, TCTL_ON);
	send(registers, way, 1);
}

static void send_extended(unsigned way, bool has_context)
{
	reset();
	set_up(TX);
	put(TCTL, TCTL_ON);
	if (has_context) {
		ring[0].address = (uint64_t)14 << 32 | (uint64_t)20 << 40;
		ring[0].lower = CONTEXT;
	}
	describe(has_context, EXTENDED, has_context ? SUM : 0);
	send(TX, way, has_context + 1u);
}

static void send_before_it_is_on(unsigned way)
{
	reset();
	set_up(TX);
	describe(0, LEGACY, 0);
	frame[13] = (uint8_t)way;
	put(TX + RING_TAIL, 1);
	guest_check(!(ring[0].upper & DONE), "nothing is sent while it is off", "%x", ring[0].upper);
	put(TCTL, TCTL_ON);
	send(TX, way, 1);
}

/* It is for tests of the chip; nothing is to come of it. */
static void send_by_its_memory(unsigned way)
{
	frame[13] = (uint8_t)way;
	for (unsigned i = 0; i < FRAME; i += 4)
		put(PACKET_BUFFER + i, *(uint32_t *)(void *)(frame + i));
	for (unsigned i = 0; i < 0x28; i += 8)
		put(TX_FIFO + i, i == 0x18 ? FRAME / 8 : 0);
}

static void try_card(unsigned function, uint32_t id)
{
	uint32_t bar = config_read(function, BAR), io;

	config_write(function, COMMAND, config_read(function, COMMAND) | COMMAND_ALL);
	memory = bar & ~15u;
	send_legacy(TX, 1);
	send_extended(2, false);
	send_extended(3, true);
	send_legacy(TX_OLD, 4);
	for (unsigned i = 1; i < 6; i++) {
		io = config_read(function, BAR + 4 * i);
		if ((io & 1) != 0)
			ports = (uint16_t)(io & ~3u);
	}
	guest_check(ports != 0, "there are ports", "function %u", function);
	send_legacy(TX, 5);
	ports = 0;
	if (id == ID_82574L)
		send_legacy(TX_SECOND, 6);
	for (unsigned i = 0; i < RESETS; i++)
		reset();
	send_legacy(TX, 7);
	send_before_it_is_on(8);
	config_write(function, BAR, MOVED_TO);
	memory = MOVED_TO;
	send_legacy(TX, 9);
	send_by_its_memory(10);
	config_write(function, BAR, bar);
}

void guest_main(void)
{
	unsigned nr_cards = 0;

	for (unsigned function = 0; function < 256; function++) {
		uint32_t id = config_read(function, 0);

		if (id != ID_82540EM && id != ID_82574L)
			continue;
		guest_print("card %x\n", id);
		try_card(function, id);
		nr_cards++;
	}
	guest_check(nr_cards == 2, "there are two cards", "%u", nr_cards);
}
