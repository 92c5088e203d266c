/*
 * tests/guest/bars.c: moves the BARs of a device on bus 0 in all the ways there are, and looks where a script's
 * hooks answer that follow them: reads of offset 8 of BAR 0 (memory) give 01230008h, of offset 18h of BAR 1 (ports)
 * 04560018h.
 *
 * Options: id=DEVICE_VENDOR (default: the 82540EM); ecam=ADDRESS writes configuration space by memory; cpus=1
 * has a second CPU poll all the time where the BAR goes next.
 */
#include "guest.h"

#include "instruction.h"
#include "second.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc
#define COMMAND 0x04
#define BAR0 0x10
#define BAR1 0x14
#define HOOKED_MEMORY 0x01230008u
#define HOOKED_PORT 0x04560018u
#define FIRST 0xe8000000u
#define SECOND 0xe9000000u
#define PORTS 0xd000u
#define ROUNDS 200

static uint64_t ecam;
static uint32_t function;
SHARED uint32_t missed, polls;
SHARED bool stop, stopped;

static uint32_t config_read(unsigned offset)
{
	if (ecam != 0)
		return *(volatile uint32_t *)(ecam + (function >> 8 << 12) + offset);
	out32(CONFIG_ADDRESS, 0x80000000u | function | offset);
	return in32(CONFIG_DATA);
}

static void config_write(unsigned offset, uint32_t value)
{
	if (ecam != 0) {
		*(volatile uint32_t *)(ecam + (function >> 8 << 12) + offset) = value;
		return;
	}
	out32(CONFIG_ADDRESS, 0x80000000u | function | offset);
	out32(CONFIG_DATA, value);
}

static void config_write8(unsigned offset, uint8_t value)
{
	if (ecam != 0) {
		*(volatile uint8_t *)(ecam + (function >> 8 << 12) + offset) = value;
		return;
	}
	out32(CONFIG_ADDRESS, 0x80000000u | function | (offset & ~3u));
	out8((uint16_t)(CONFIG_DATA + (offset & 3)), value);
}

static uint32_t memory_at(uint32_t base)
{
	return *(volatile uint32_t *)(uint64_t)(base + 8);
}

static uint32_t port_at(uint32_t base)
{
	return in32((uint16_t)(base + 0x18));
}

static void expect_memory(const char *what, uint32_t here, uint32_t not_here)
{
	guest_check(memory_at(here) == HOOKED_MEMORY && memory_at(not_here) != HOOKED_MEMORY, what,
		    "0x%x there, 0x%x where it was", memory_at(here), memory_at(not_here));
}

static void check_moves(void)
{
	uint32_t before = config_read(BAR0) & ~15u, ports = config_read(BAR1) & ~3u;

	expect_memory("as it was", before, FIRST);
	config_write(BAR0, FIRST);
	expect_memory("moved", FIRST, before);
	config_write8(BAR0 + 3, SECOND >> 24);
	expect_memory("moved by a byte", SECOND, FIRST);
	guest_check(port_at(ports) == HOOKED_PORT, "ports", "0x%x", port_at(ports));
	config_write(BAR1, PORTS);
	guest_check(port_at(PORTS) == HOOKED_PORT && port_at(ports) != HOOKED_PORT, "ports moved", "0x%x, 0x%x",
		    port_at(PORTS), port_at(ports));
}

static void check_sizing(void)
{
	uint32_t size;

	config_write(BAR0, ~0u);
	size = config_read(BAR0);
	guest_check(size == 0xfffe0000, "size", "0x%x", size);
	expect_memory("while it is sized", SECOND, 0xfffe0000);
	config_write(BAR0, SECOND);
	guest_check(config_read(BAR0) == SECOND, "BAR as it was", "0x%x", config_read(BAR0));
	expect_memory("sized", SECOND, FIRST);
}

static void check_decoding(void)
{
	uint32_t command = config_read(COMMAND) & 0xffff;

	config_write(COMMAND, command & ~3u);
	guest_check(memory_at(SECOND) != HOOKED_MEMORY && port_at(PORTS) != HOOKED_PORT, "switched off",
		    "0x%x, 0x%x", memory_at(SECOND), port_at(PORTS));
	config_write(BAR0, ~0u);
	guest_check(config_read(BAR0) == 0xfffe0000, "size while it is off", "0x%x", config_read(BAR0));
	config_write(BAR0, FIRST);
	guest_check(memory_at(FIRST) != HOOKED_MEMORY, "still off", "0x%x", memory_at(FIRST));
	config_write(COMMAND, command | 3);
	expect_memory("switched on", FIRST, SECOND);
	guest_check(port_at(PORTS) == HOOKED_PORT, "ports switched on", "0x%x", port_at(PORTS));
}

/* The interrupt controllers' addresses, and a port that is guarded. */
static void check_refused(void)
{
	config_write(BAR0, 0xfee00000);
	guest_check(config_read(BAR0) == FIRST, "not over the local APIC", "0x%x", config_read(BAR0));
	config_write(BAR1, 0xce0); /* of 32 bytes or of 64: over CF8h */
	guest_check((config_read(BAR1) & ~3u) == PORTS, "not over CONFIG_ADDRESS", "0x%x", config_read(BAR1));
	expect_memory("stays", FIRST, SECOND);
}

/* What the device itself gives, which has its link up (82540EM: Device Status, bit 1), is never to be seen.
 * Where nobody answers there are zeros or ones. */
static bool is_real(uint32_t value)
{
	return value != HOOKED_MEMORY && value != ~0u && value != 0;
}

static void poll_both(void)
{
	while (!stop) {
		uint32_t first = memory_at(FIRST), second = memory_at(SECOND);

		missed += is_real(first) + is_real(second);
		polls++;
	}
	stopped = true;
}

static void check_second_cpu(void)
{
	if (!guest_check(second_start(0x10, poll_both), "second CPU", "it did not come"))
		return;
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint32_t seen = polls;

		config_write(BAR0, i % 2 == 0 ? SECOND : FIRST);
		while (polls == seen)
			__asm__ volatile("pause");
	}
	stop = true;
	while (!stopped)
		__asm__ volatile("pause");
	guest_check(missed == 0, "nothing is missed", "%u of %u", missed, polls);
}

void guest_main(void)
{
	uint32_t id = (uint32_t)option_number_or("id", 0x100e8086);
	uint64_t window = option_number_or("ecam", 0);

	for (function = 0; function < 0x10000 && config_read(0) != id; function += 0x100)
		continue;
	if (!guest_check(function < 0x10000, "device", "it is not there"))
		return;
	ecam = window;
	check_moves();
	check_sizing();
	check_decoding();
	check_refused();
	if (option_number_or("cpus", 0) != 0)
		check_second_cpu();
}
