/*
 * tests/guest/storm_ahci.c: the disk at port 0 of the AHCI controller of the highest slot. Serial ATA AHCI 1.3.1. It polls.
 */
#include "storm.h"

#include "ahci_registers.h"

#define PORT 0x100
#define POLLS 20000u
#define SLOTS 32u

static uint64_t base;
static uint32_t list[SLOTS][8] __attribute__((aligned(1024)));
static uint8_t received[256] __attribute__((aligned(256)));
static struct {
	uint8_t fis[64], packet[64];
	uint32_t entries[8][4];
} tables[SLOTS] __attribute__((aligned(128)));

static volatile uint32_t *at(uint32_t offset)
{
	return (volatile uint32_t *)(uintptr_t)(base + offset);
}

static volatile uint32_t *of_port(uint32_t offset)
{
	return at(PORT + offset);
}

static bool find(void)
{
	uint32_t function = storm_find(0x010601);

	if (function == 256)
		return false;
	base = config_read(function, 0x24) & ~15u;
	*at(GHC) = 0x80000000;
	return true;
}

static void begin(void)
{
	if (storm_random() % 8 == 0) {
		*at(GHC) = 0x80000001;
		for (uint32_t i = 0; i < POLLS && (*at(GHC) & 1); i++)
			;
	}
	*at(GHC) = 0x80000000;
	*of_port(CMD) = 0;
	for (uint32_t i = 0; i < POLLS && (*of_port(CMD) & 0xc000); i++)
		;
	*of_port(SCTL) = 0x300;
	*of_port(CLB) = (uint32_t)address_of(list);
	*of_port(CLB + 4) = 0;
	*of_port(FB) = (uint32_t)address_of(received);
	*of_port(FB + 4) = 0;
	*of_port(SERR) = ~0u;
	*of_port(IS) = ~0u;
	*of_port(CMD) = 0x16;
	for (uint32_t i = 0; i < POLLS && (*of_port(TFD) & 0x88); i++)
		;
	*of_port(CMD) = 0x17;
}

static void prepare(unsigned slot, uint8_t code, uint32_t lba, uint32_t sectors)
{
	uint8_t *fis = tables[slot].fis;
	bool is_queued = code == 0x60 || code == 0x61;

	memset(tables[slot].fis, 0, sizeof(tables[slot].fis));
	fis[0] = 0x27;
	fis[1] = 0x80;
	fis[2] = code;
	for (unsigned i = 0; i < 3; i++)
		fis[4 + i] = (uint8_t)(lba >> 8 * i);
	fis[7] = 0x40;
	fis[is_queued ? 3 : 12] = (uint8_t)sectors;
	if (is_queued)
		fis[12] = (uint8_t)(slot << 3);
	memset(list[slot], 0, sizeof(list[slot]));
	list[slot][0] = 5 | (code == 0x35 || code == 0x61 || code == 0xca ? 0x40 : 0);
	list[slot][2] = (uint32_t)address_of(&tables[slot]);
}

static void add_entry(unsigned slot, uint64_t memory, uint32_t length_bytes)
{
	uint32_t *entry = tables[slot].entries[list[slot][0] >> 16 & 7];

	entry[0] = (uint32_t)memory & ~1u;
	entry[1] = (uint32_t)(memory >> 32);
	entry[3] = length_bytes - 1;
	list[slot][0] += 1 << 16;
}

static void give(void)
{
	static const uint8_t codes[] = { 0x25, 0x35, 0x60, 0x61, 0x25, 0x35, 0x60, 0x61, 0xc8, 0xca, 0xec, 0x06, 0x2f, 0x47, 0x20, 0x30,
					 0xe7, 0xea, 0xef, 0xe5, 0x00, 0xa0, 0xb0, 0x63, 0x64, 0x65, 0x92, 0xf9 };
	uint8_t code = codes[storm_random() % sizeof(codes)];
	unsigned slot = storm_random() % (storm_random() % 2 ? 4 : SLOTS);
	uint32_t sectors = storm_random() % 16;

	prepare(slot, code, storm_lba(), sectors);
	for (uint32_t i = 1 + storm_random() % 3; i != 0; i--)
		add_entry(slot, storm_address(), storm_random() % 4 ? sectors * 512 + 512 : 2 + (storm_random() & 0xfffe));
	if (storm_random() % 8 == 0)
		tables[slot].fis[storm_random() % 20] = (uint8_t)storm_random();
	if (storm_random() % 16 == 0)
		list[slot][storm_random() % 4] ^= 1u << storm_random() % 32;
	if (storm_random() % 16 == 0)
		list[slot][2] = (uint32_t)storm_address() & ~127u;
	if (code >= 0x60 && code <= 0x65)
		*of_port(SACT) = 1u << slot;
	*of_port(CI) = storm_random() % 16 ? 1u << slot : storm_random();
}

static void set_register(void)
{
	static const uint16_t offsets[] = { GHC, 0x08, 0x14, PORT + CLB, PORT + CLB + 4, PORT + FB, PORT + FB + 4, PORT + IS, PORT + 0x14,
					    PORT + CMD, PORT + SCTL, PORT + SERR, PORT + SACT, PORT + CI, PORT + 0x40 };
	uint16_t offset = offsets[storm_random() % (sizeof(offsets) / 2)];
	uint32_t value = storm_random() % 2 ? (uint32_t)storm_address() : storm_random() % 32;

	if (storm_random() % 8 == 0)
		*(volatile uint8_t *)(uintptr_t)(base + offset + storm_random() % 4) = (uint8_t)value;
	else if (storm_random() % 8 == 0)
		*(volatile uint64_t *)(uintptr_t)(base + (offset & ~7u)) = (uint64_t)value << 32 | value;
	else
		*at(offset) = value;
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
		for (uint32_t i = storm_random() % 32; i != 0; i--)
			(void)*of_port(storm_random() % 2 ? CI : IS);
		break;
	case 5:
		*of_port(IS) = *of_port(IS);
		break;
	case 6: /* what is asked for changes */
		tables[storm_random() % SLOTS].entries[storm_random() % 4][0] = (uint32_t)storm_address();
		break;
	case 7:
		*of_port(CMD) = 0x10 | (storm_random() % 4 ? 7 : storm_random());
		break;
	case 8:
		set_register();
		break;
	default:
		if (storm_random() % 4 == 0)
			begin();
	}
}

static bool read(void *page)
{
	begin();
	prepare(0, 0xec, 0, 0); /* which disk it is is not known after a reset */
	add_entry(0, address_of(page), 512);
	*of_port(CI) = 1;
	for (uint32_t i = 0; i < 10 * POLLS && (*of_port(CI) & 1) && !(*of_port(TFD) & 1); i++)
		;
	prepare(1, 0x25, 0, 8);
	add_entry(1, address_of(page), PAGE);
	*of_port(CI) = 2;
	for (uint32_t i = 0; i < 10 * POLLS && (*of_port(CI) & 2) && !(*of_port(TFD) & 1); i++)
		;
	return !(*of_port(CI) & 3) && !(*of_port(TFD) & 0x81);
}

const struct storm_controller storm_ahci = { "ahci", find, begin, step, read };
