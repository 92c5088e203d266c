/*
 * tests/guest/pci_odd.c: ways by ports to a PCI device that a script hides: accesses across the ends of the
 * data ports, narrow writes of CONFIG_ADDRESS, strings, bits that select nothing; and with race=N, N reads
 * of another device while a second CPU selects the hidden one. Prints `leaked N` for each.
 *
 * Options: device=DEVICE of bus 0, function 0, and id=ID of it.
 */
#include "guest.h"

#include "instruction.h"
#include "second.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc
#define CONFIG_ENABLE 0x80000000u
#define VECTOR 0x10
#define PIT_DIVISOR 61 /* 19.6 kHz: an emulator that runs the CPUs in turns changes turns at each tick */

static uint32_t hidden, hidden_id;
SHARED bool stop, second_done;

/* Is any byte behind CFBh one of the ID's? It has none of 0xff. */
static bool shows(uint16_t port, unsigned width_bytes)
{
	uint32_t value = width_bytes == 4 ? in32(port) : width_bytes == 2 ? in16(port) : in8(port);

	for (unsigned i = 0; i < width_bytes; i++) {
		unsigned byte = value >> (8 * i) & 0xff, at = port + i - CONFIG_DATA;

		if (at < 4 && byte == (hidden_id >> (8 * at) & 0xff))
			return true;
	}
	return false;
}

static void check_widths(void)
{
	unsigned leaked = 0;

	out32(CONFIG_ADDRESS, hidden);
	for (uint16_t port = CONFIG_ADDRESS; port < CONFIG_DATA + 4; port++)
		for (unsigned width = 1; width <= 4; width *= 2)
			leaked += shows(port, width);
	guest_check(leaked == 0, "widths", "leaked %u", leaked);
}

/* What is narrower than 32 bits selects nothing. */
static void check_narrow_selects(void)
{
	unsigned leaked = 0;

	for (unsigned width = 1; width <= 2; width *= 2) {
		out32(CONFIG_ADDRESS, CONFIG_ENABLE);
		for (unsigned at = 0; at < 4; at += width) {
			if (width == 1 && at != 1) /* the reset register */
				out8((uint16_t)(CONFIG_ADDRESS + at), (uint8_t)(hidden >> (8 * at)));
			else if (width == 2 && at != 0)
				out16((uint16_t)(CONFIG_ADDRESS + at), (uint16_t)(hidden >> (8 * at)));
		}
		leaked += in32(CONFIG_DATA) == hidden_id;
	}
	guest_check(leaked == 0, "narrow selects", "leaked %u", leaked);
	guest_check(in32(CONFIG_ADDRESS) == CONFIG_ENABLE, "CONFIG_ADDRESS is kept", "0x%x",
		    in32(CONFIG_ADDRESS));
}

static void check_strings(void)
{
	static uint32_t select, value[2];
	const uint32_t *from = &select;
	uint32_t *to = value;
	uint64_t count = 2;

	select = hidden | 0x0f000000; /* bits that PC chipsets ignore */
	__asm__ volatile("outsl" : "+S"(from) : "d"(CONFIG_ADDRESS), "m"(select));
	__asm__ volatile("rep insl" : "+D"(to), "+c"(count) : "d"(CONFIG_DATA) : "memory");
	guest_check(value[0] != hidden_id && value[1] != hidden_id, "strings", "leaked 0x%x", value[0]);
}

static void select_second(void)
{
	while (!stop) {
		out32(CONFIG_ADDRESS, hidden);
		out32(CONFIG_ADDRESS, CONFIG_ENABLE);
	}
	second_done = true;
}

static void check_race(uint64_t rounds)
{
	uint32_t leaked = 0;

	out8(0x21, 0xff);
	out8(0xa1, 0xff);
	out8(0x43, 0x34);
	out8(0x40, PIT_DIVISOR);
	out8(0x40, 0);
	if (!guest_check(second_start(VECTOR, select_second), "second CPU", "it did not come"))
		return;
	for (uint64_t i = 0; i < rounds; i++) {
		out32(CONFIG_ADDRESS, CONFIG_ENABLE);
		leaked += in32(CONFIG_DATA) == hidden_id;
	}
	stop = true;
	while (!second_done)
		__asm__ volatile("pause");
	guest_check(leaked == 0, "race", "leaked %u", leaked);
}

void guest_main(void)
{
	uint64_t rounds = option_number_or("race", 0);

	hidden = CONFIG_ENABLE | (uint32_t)option_number_or("device", 3) << 11;
	hidden_id = (uint32_t)option_number_or("id", 0x100e8086);
	check_widths();
	check_narrow_selects();
	check_strings();
	if (rounds != 0)
		check_race(rounds);
}
