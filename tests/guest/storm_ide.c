/*
 * tests/guest/storm_ide.c: the second disk of the first IDE channel. ATA/ATAPI-7; Bus Master IDE 1.0. Lists of memory are the guest's: what
 * they name the bus master moves by itself where no hook wants the data. INITIALIZE DEVICE PARAMETERS is left out: with no
 * sectors a track QEMU 7.2 divides by them.
 */
#include "storm.h"

#define BLOCK 0x1f0
#define CONTROL 0x3f6
#define POLLS 20000u

static uint16_t master;
static uint32_t table[16][2] __attribute__((aligned(4096)));

static bool find(void)
{
	uint32_t function = storm_find(0x010180);

	if (function == 256)
		return false;
	master = (uint16_t)(config_read(function, 0x20) & 0xfff0);
	return master != 0;
}

static void begin(void)
{
	out8(CONTROL, 6);
	out8(CONTROL, 2);
	out8(master, 0);
	out8((uint16_t)(master + 2), 6);
	for (uint32_t i = 0; i < POLLS && (in8(CONTROL) & 0x80); i++)
		;
}

static void stir_table(void)
{
	uint32_t *entry = table[storm_random() % 16];

	entry[0] = (uint32_t)storm_own_address();
	entry[1] = (storm_random() % 4 ? 0x80000000 : 0) | (storm_random() % 2 ? 512 : storm_random() % 4096);
}

static void give(void)
{
	static const uint8_t codes[] = { 0x20, 0x24, 0x25, 0x29, 0x30, 0x34, 0x35, 0x39, 0x3d, 0xc4, 0xc5, 0xc6, 0xc8, 0xca, 0xce, 0x06,
					 0xe7, 0xea, 0xec, 0xef, 0xe5, 0x00, 0x08, 0xa0, 0xb0, 0x10, 0x40, 0x70, 0xf8 };
	uint32_t lba = storm_lba();
	uint8_t direction = storm_random() % 2 ? 8 : 0;

	for (unsigned depth = 1 + storm_random() % 2; depth != 0; depth--) {
		out8(BLOCK + 1, (uint8_t)(storm_random() % 4));
		out8(BLOCK + 2, (uint8_t)(depth == 2 ? 0 : storm_random() % 5));
		for (unsigned i = 0; i < 3; i++)
			out8((uint16_t)(BLOCK + 3 + i), depth == 2 ? 0 : (uint8_t)(lba >> 8 * i));
	}
	out8(BLOCK + 6, (uint8_t)(storm_random() % 8 ? 0xf0 : storm_random()));
	if (storm_random() % 4)
		out8(master, direction);
	out32((uint16_t)(master + 4), (uint32_t)address_of(table));
	if (storm_random() % 2)
		out8(master, direction | 1);
	out8(BLOCK + 7, codes[storm_random() % sizeof(codes)]);
	if (storm_random() % 2)
		out8(master, direction | 1);
}

static void access_port(void)
{
	uint16_t port = (uint16_t)(storm_random() % 2 ? BLOCK + storm_random() % 7 : storm_random() % 4 ? master + storm_random() % 4 : CONTROL);

	switch (storm_random() % 6) {
	case 0:
		out8(port, (uint8_t)storm_random());
		break;
	case 1:
		(void)in16(port);
		break;
	case 2:
		(void)in32(port);
		break;
	case 3:
		if (port < BLOCK + 6)
			out16(port, (uint16_t)storm_random());
		break;
	default:
		(void)in8(port);
	}
}

static void step(void)
{
	switch (storm_random() % 8) {
	case 0:
	case 1:
		give();
		break;
	case 2:
		stir_table();
		break;
	case 3:
		for (uint32_t i = storm_random() % 300; i != 0; i--)
			if (i % 2)
				out32(BLOCK, i);
			else
				(void)in32(BLOCK);
		break;
	case 4:
		for (uint32_t i = storm_random() % 64; i != 0; i--)
			(void)in8(storm_random() % 2 ? CONTROL : BLOCK + 7);
		break;
	default:
		access_port();
	}
}

static bool read(void *page)
{
	uint8_t *to = page;

	out8(BLOCK + 6, 0xf0);
	out8(BLOCK + 2, 8);
	for (uint16_t i = 0; i < 3; i++)
		out8((uint16_t)(BLOCK + 3 + i), 0);
	out8(BLOCK + 7, 0x20);
	for (unsigned sector = 0; sector < 8; sector++, to += 512) {
		uint64_t count = 256;
		uint8_t *at = to;
		uint32_t i = 0;

		while ((in8(CONTROL) & 0x88) != 8 && i++ < POLLS)
			;
		if ((in8(BLOCK + 7) & 0x89) != 8)
			return false;
		__asm__ volatile("rep insw" : "+D"(at), "+c"(count) : "d"(BLOCK) : "memory");
	}
	return true;
}

const struct storm_controller storm_ide = { "ide", find, begin, step, read };
