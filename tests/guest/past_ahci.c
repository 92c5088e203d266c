/*
 * tests/guest/past_ahci.c: writes clear text past the cipher to the disk at port 0 of the AHCI controller of the highest slot, by
 * every way there is: each command as a queued one, by DMA, by PIO, with bits of headers and FISes that change what it means; lists
 * that are put elsewhere while the port runs; registers that are moved; resets amid a write. Part of the disk is encrypted (past.h).
 * Serial ATA AHCI 1.3.1; it polls.
 */
#include "past.h"

#include "ahci_registers.h"
#include "instruction.h"

#define POLLS 100u
#define MANY_POLLS 20000u
#define GHC_RESET 1u
#define GHC_ON 0x80000000u
#define HEADER_WRITE 0x40u

enum { READ_EXT = 0x25, WRITE_EXT = 0x35, WRITE_DMA = 0xca, WRITE_QUEUED = 0x61, SMART = 0xb0 };
/* Ways, beside the commands': 0x000 with the write bit, 0x100 queued, 0x200 with features, 0x300 without the bit. */
enum { FIS_KIND = 0x400, HEADER_BITS, MULTIPLIER, LIST_MOVED, LIST_BEFORE_START, ISSUED_WHILE_OFF, MOVED_BAR, NOT_DECODED, INDEX_DATA,
       AMID_STOP, AMID_RESET, AMID_LINK, WRAPPED, BEHIND, TABLE_CHANGED, QUEUED_TAG, HEADS };

static uint64_t base, patience;
static uint32_t function, pair, polls = POLLS;
static volatile uint32_t list[256] __attribute__((aligned(1024)));
static uint32_t second_list[256] __attribute__((aligned(1024)));
static volatile uint8_t received[256] __attribute__((aligned(256)));
static struct {
	uint8_t fis[64], packet[64];
	uint32_t entries[4][4];
} tables[32] __attribute__((aligned(128)));
static uint8_t clear[8 * PAST_SECTOR] __attribute__((aligned(4096))), in[8 * PAST_SECTOR] __attribute__((aligned(4096)));

static volatile uint32_t *of_port(uint32_t offset)
{
	return (volatile uint32_t *)(uintptr_t)(base + 0x100 + offset);
}

static uint32_t address_of(const volatile void *memory)
{
	return (uint32_t)(uintptr_t)memory;
}

static uint32_t config_read(uint32_t offset)
{
	out32(0xcf8, function | offset);
	return in32(0xcfc);
}

static void config_write(uint32_t offset, uint32_t value)
{
	out32(0xcf8, function | offset);
	out32(0xcfc, value);
}

static void start(void)
{
	*of_port(CMD) &= ~CMD_ST;
	for (uint32_t i = 0; (*of_port(CMD) & CMD_CR) && i < POLLS; i++)
		;
	*of_port(CMD) &= ~CMD_FRE;
	*of_port(CLB) = address_of(list);
	*of_port(CLB + 4) = 0;
	*of_port(FB) = address_of(received);
	*of_port(FB + 4) = 0;
	*of_port(SERR) = ~0u;
	*of_port(IS) = ~0u;
	*of_port(CMD) |= CMD_FRE;
	for (uint32_t i = 0; (*of_port(TFD) & 0x88) && i < POLLS; i++)
		;
	*of_port(CMD) |= CMD_ST;
}

static void prepare(unsigned slot, uint8_t code, uint32_t lba, uint32_t header)
{
	uint8_t *fis = tables[slot].fis;
	bool is_queued = code == WRITE_QUEUED;

	memset(&tables[slot], 0, sizeof(tables[slot]));
	fis[0] = 0x27;
	fis[1] = 0x80;
	fis[2] = code;
	for (unsigned i = 0; i < 4; i++)
		fis[i < 3 ? 4 + i : 8] = (uint8_t)(lba >> 8 * i);
	fis[7] = 0x40;
	fis[is_queued ? 3 : 12] = 8;
	if (is_queued)
		fis[12] = (uint8_t)(slot << 3);
	tables[slot].entries[0][0] = address_of(clear);
	tables[slot].entries[0][3] = sizeof(clear) - 1;
	list[8 * slot] = 5 | header | 1 << 16;
	list[8 * slot + 1] = 0;
	list[8 * slot + 2] = address_of(&tables[slot]);
	list[8 * slot + 3] = 0;
}

static bool finish(uint32_t slots)
{
	uint64_t since = 0;
	bool good;

	for (uint32_t i = 0; ((*of_port(SACT) | *of_port(CI)) & slots) && !(*of_port(IS) & IS_TFES) &&
	     (i < polls || past_waits(&since, patience)); i++)
		;
	good = !((*of_port(SACT) | *of_port(CI)) & slots) && !(*of_port(TFD) & 0x89);
	if (!good)
		start();
	*of_port(IS) = ~0u;
	return good;
}

static bool run(unsigned slot)
{
	if (tables[slot].fis[2] == WRITE_QUEUED)
		*of_port(SACT) = 1u << slot;
	*of_port(CI) = 1u << slot;
	return finish(1u << slot);
}

static void prepare_write(unsigned slot, uint32_t way)
{
	past_fill(clear, sizeof(clear), way);
	prepare(slot, WRITE_EXT, past_lba(way), HEADER_WRITE);
}

/* Ways -------------------------------------------------------------------------------------------------- */

static void try_commands(void)
{
	for (uint32_t variant = 0; variant < 4; variant++) {
		for (uint32_t code = 0; code < 256; code++) {
			uint32_t way = variant << 8 | code;

			if (code == READ_EXT || code == 0xe6)
				continue;
			past_fill(clear, sizeof(clear), way);
			prepare(variant, (uint8_t)code, past_lba(way), variant == 3 ? 0 : HEADER_WRITE);
			if (variant == 1) {
				tables[variant].fis[3] = 8;
				*of_port(SACT) = 1u << variant;
			}
			if (variant == 2)
				tables[variant].fis[3] = (uint8_t)(code == SMART ? 0xd6 : 1 + code % 16);
			(void)run(variant);
		}
	}
}

/* Each kind of FIS, and each bit of a header; ports of a multiplier; another tag than the slot's; heads. */
static void try_bits(void)
{
	for (uint32_t kind = 0; kind < 256; kind += 5) {
		prepare_write(4, FIS_KIND);
		tables[4].fis[kind & 1] = (uint8_t)(kind & 1 ? kind : kind | 1);
		if (tables[4].fis[0] != 0x27 || !(tables[4].fis[1] & 0x80))
			(void)run(4);
	}
	start();
	for (uint32_t bit = 0; bit < 32; bit++) {
		prepare_write(5, HEADER_BITS);
		list[8 * 5] ^= 1u << bit;
		tables[5].packet[0] = 0x2a;
		tables[5].packet[8] = 8;
		(void)run(5);
	}
	start();
	for (uint32_t number = 1; number < 16; number++) {
		prepare_write(6, MULTIPLIER);
		tables[6].fis[1] |= (uint8_t)number;
		list[8 * 6] |= number << 12;
		(void)run(6);
	}
	prepare_write(7, QUEUED_TAG);
	prepare(7, WRITE_QUEUED, past_lba(QUEUED_TAG), HEADER_WRITE);
	tables[7].fis[12] = 9 << 3;
	*of_port(SACT) = 3u << 7 | 1u << 9;
	*of_port(CI) = 1u << 7;
	(void)finish(1u << 7);
	start();
	prepare_write(8, HEADS);
	tables[8].fis[2] = WRITE_DMA;
	tables[8].fis[7] = 0x05; /* head 5, no LBA */
	tables[8].fis[4] = 3;
	tables[8].fis[5] = 9;
	tables[8].fis[6] = 0;
	(void)run(8);
}

static void try_addresses(void)
{
	for (uint32_t i = 0; i < 3; i++) {
		prepare_write(9, WRAPPED);
		memset(tables[9].fis + 8, 0xff, i == 0 ? 3 : i);
		memset(tables[9].fis + 4, i == 2 ? 0 : 0xff, 3);
		(void)run(9);
	}
	prepare_write(9, BEHIND);
	for (uint32_t i = 0; i < sizeof(clear); i += 16)
		memcpy(clear + i, "stays as it was ", 16); /* around the range all is clear */
	tables[9].fis[4] = 32764 & 255;
	tables[9].fis[5] = 32764 >> 8;
	(void)run(9);
	prepare_write(9, TABLE_CHANGED);
	memset(in, 0, sizeof(in));
	tables[9].entries[0][0] = address_of(in);
	*of_port(CI) = 1u << 9;
	tables[9].entries[0][0] = address_of(clear);
	memcpy(in, clear, sizeof(in));
	(void)finish(1u << 9);
}

/* Lists elsewhere, before the port starts and while it runs; commands that are issued while it does not. */
static void try_lists(void)
{
	prepare_write(10, LIST_MOVED);
	memcpy(second_list, (const void *)(uintptr_t)list, sizeof(second_list));
	memset((void *)(uintptr_t)list, 0, sizeof(list));
	*of_port(CLB) = address_of(second_list);
	*of_port(FBS) = 1;
	*of_port(CI) = 1u << 10;
	(void)finish(1u << 10);
	start();
	prepare_write(11, ISSUED_WHILE_OFF);
	*of_port(CMD) &= ~CMD_ST;
	*of_port(SACT) = 1u << 11;
	*of_port(CI) = 1u << 11;
	*of_port(CMD) |= CMD_ST;
	(void)finish(1u << 11);
	prepare_write(12, LIST_BEFORE_START);
	*of_port(CMD) &= ~(CMD_ST | CMD_FRE);
	*of_port(CLB) = address_of(list);
	*of_port(CI) = 1u << 12;
	*of_port(CMD) |= CMD_FRE;
	*of_port(CMD) |= CMD_ST;
	*of_port(CI) = 1u << 12;
	(void)finish(1u << 12);
	start();
}

static void try_pci(void)
{
	uint32_t home = (uint32_t)base, enabled = config_read(4) & 0xffff;

	prepare_write(13, MOVED_BAR);
	config_write(0x24, home ^ 0x2000000);
	base = home ^ 0x2000000;
	*of_port(CI) = 1u << 13;
	(void)finish(1u << 13);
	config_write(0x24, home);
	base = home;
	*of_port(CI) = 1u << 13;
	(void)finish(1u << 13);
	prepare_write(14, NOT_DECODED);
	config_write(4, enabled & ~6u);
	*of_port(CI) = 1u << 14;
	config_write(4, enabled | 7);
	(void)finish(1u << 14);
	prepare_write(15, INDEX_DATA);
	for (uint32_t round = 0; round < 2 && pair != 0; round++) {
		out32((uint16_t)pair, 0x100 + CI);
		out32((uint16_t)(pair + 4), 1u << 15);
		(void)finish(1u << 15);
		config_write(0x20, 0xd101);
		pair = 0xd110;
	}
	start();
}

static void reset_controller(void)
{
	volatile uint32_t *ghc = (volatile uint32_t *)(uintptr_t)(base + GHC);

	*ghc = GHC_RESET;
	for (uint32_t i = 0; (*ghc & GHC_RESET) && i < POLLS; i++)
		;
	*ghc = GHC_ON;
}

static void try_resets(void)
{
	for (uint32_t i = 0; i < 12; i++) {
		prepare_write(16, AMID_STOP + i % 3);
		prepare(17, WRITE_QUEUED, past_lba(AMID_STOP + i % 3), HEADER_WRITE);
		if (i & 4)
			*of_port(SACT) = 1u << 17;
		*of_port(CI) = i & 4 ? 1u << 17 : 1u << 16;
		if (i % 3 == 0)
			*of_port(CMD) &= ~CMD_ST;
		else if (i % 3 == 1)
			reset_controller();
		else
			*of_port(SCTL) = 0x301;
		if (i & 8)
			memset(clear, 0, sizeof(clear));
		*of_port(CI) = 3u << 16;
		*of_port(SCTL) = 0x300;
		start();
	}
}

/* What is as it should be: at both ends of the range, and over them. */
static void check_good(uint32_t first)
{
	uint32_t bad = 0;

	start();
	prepare(0, 0xec, 0, 0); /* IDENTIFY: after all that, which disk it is is not known */
	tables[0].entries[0][0] = address_of(in);
	tables[0].entries[0][3] = PAST_SECTOR - 1;
	bad |= run(0) ? 0 : 1u;
	prepare(0, READ_EXT, first, 0);
	bad |= run(0) ? 0 : 2u;
	past_fill_inside(clear, first);
	prepare(0, WRITE_EXT, first, HEADER_WRITE);
	bad |= run(0) ? 0 : 4u;
	prepare(0, READ_EXT, first, 0);
	tables[0].entries[0][0] = address_of(in);
	bad |= run(0) ? 0 : 8u;
	guest_check(bad == 0 && memcmp(in, clear, sizeof(in)) == 0, "a write as it should be", "these are refused: 0x%x", bad);
}

void guest_main(void)
{
	for (uint32_t slot = 0; slot < 256; slot++) {
		out32(0xcf8, 0x80000000u | slot << 8 | 8);
		if (in32(0xcfc) >> 8 == 0x010601)
			function = 0x80000000u | slot << 8;
	}
	guest_check(function != 0, "controller", "none");
	config_write(4, (config_read(4) & 0xffff) | 7);
	base = config_read(0x24) & ~15u;
	pair = (config_read(0x20) & ~15u) == 0 ? 0 : (config_read(0x20) & ~15u) + 0x10;
	*(volatile uint32_t *)(uintptr_t)(base + GHC) = GHC_ON;
	start();
	try_lists();
	try_bits();
	try_addresses();
	try_pci();
	try_resets();
	try_commands();
	start();
	polls = MANY_POLLS;
	patience = PAST_LONG;
	check_good(PAST_FIRST - 4);
	check_good(PAST_END - 4);
	guest_print("guest: done\n");
	guest_power_off();
}
