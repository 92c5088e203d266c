/*
 * tests/unit/shutdown_status.c: byte 0Fh of CMOS memory cannot be written by any port that leads to it, in
 * accesses of any width; others can.
 */
#include "vmm/shutdown_status.h"

#include <stdlib.h>
#include <string.h>

#include "core/spinlock.h"
#include "unit.h"
#include "vmm/access.h"

static struct access_region *guard;
static bool has_more_bytes; /* 72h, 73h, 76h and 77h lead to 128 more, else to the same */
static uint8_t indexes[2], memory[2][128];

void spinlock_acquire(struct spinlock *lock)
{
	lock->holder = 1;
}

void spinlock_release(struct spinlock *lock)
{
	lock->holder = 0;
}

int pio_register(struct access_region *region)
{
	guard = region;
	return 0;
}

/* An ICH's clock. */
void pio_hardware_write(uint16_t port, uint8_t width_bytes, uint32_t value)
{
	unsigned bank = has_more_bytes && (port & 2);

	UNIT_EQUAL(width_bytes, 1);
	if (port < 0x70 || port > 0x77)
		return;
	if (port & 1)
		memory[bank][indexes[bank]] = (uint8_t)value;
	else
		indexes[bank] = value & 0x7f;
}

static void guest_write(uint16_t port, uint8_t width_bytes, uint32_t value)
{
	struct access access = {.kind = ACCESS_PORT, .write = true, .width_bytes = width_bytes,
				.address = port, .value = value};

	if (port > guard->last || port + width_bytes <= guard->first ||
	    guard->handler(&access, guard->context) == ACCESS_PASS) {
		for (unsigned i = 0; i < width_bytes; i++)
			pio_hardware_write((uint16_t)(port + i), 1, value >> 8 * i & 0xff);
	}
}

static void set_up(bool more_bytes)
{
	has_more_bytes = more_bytes;
	memset(memory, 0, sizeof(memory));
	memory[0][0x0f] = 0x0a;
	UNIT_EQUAL(shutdown_status_guard(), 0);
	UNIT_EQUAL(memory[0][0x0f], 0);
}

static void test_other_bytes(void)
{
	set_up(false);
	guest_write(0x70, 1, 0x90);
	guest_write(0x71, 1, 0x11);
	UNIT_EQUAL(memory[0][0x10], 0x11);
	guest_write(0x74, 2, 0x2211);
	UNIT_EQUAL(memory[0][0x11], 0x22);
	set_up(true);
	guest_write(0x70, 4, 0x33124413);
	UNIT_EQUAL(memory[0][0x13], 0x44);
	UNIT_EQUAL(memory[1][0x12], 0x33);
}

/* The index by one port, the data by another. */
static void test_aliases(void)
{
	for (uint16_t index = 0x70; index < 0x78; index += 2) {
		for (uint16_t data = 0x71; data < 0x78; data += 2) {
			set_up(false);
			guest_write(index, 1, 0x8f);
			guest_write(data, 1, 0x0a);
			UNIT_EQUAL(memory[0][0x0f], 0);
		}
	}
}

static void test_random(void)
{
	static const uint8_t widths[] = {1, 2, 4};

	srand(1);
	for (unsigned more = 0; more < 2; more++) {
		set_up(more);
		for (unsigned i = 0; i < 100000; i++) {
			uint32_t value = (uint32_t)rand();

			if (rand() % 2)
				value = (value & 0x80808080) | 0x0f0f0f0f;
			guest_write((uint16_t)(0x6d + rand() % 12), widths[rand() % 3], value);
			if (memory[0][0x0f] != 0)
				unit_fail("write %u: the byte is 0x%x", i, memory[0][0x0f]);
		}
		UNIT_CHECK(memory[0][0x10] | memory[0][0x20] | memory[0][0x0e]);
	}
}

int main(void)
{
	unit_run("shutdown_status_other_bytes", test_other_bytes);
	unit_run("shutdown_status_aliases", test_aliases);
	unit_run("shutdown_status_random", test_random);
	return unit_failed;
}
