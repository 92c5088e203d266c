/*
 * tests/guest/past_ide.c: writes clear text past the cipher to the second disk of the first IDE channel, by every way there is:
 * each command with data by PIO and by DMA, addresses by heads, the other disk of the channel, a bus master that is moved, resets
 * amid a write. Part of the disk is encrypted (past.h); the channel's first disk is not. ATA/ATAPI-7; Bus Master IDE 1.0; it polls.
 */
#include "past.h"

#include "instruction.h"

#define COMMAND_BLOCK 0x1f0
#define CONTROL 0x3f6
#define CONTROL_NIEN 0x02
#define CONTROL_SRST 0x04
#define BSY 0x80
#define DRQ 0x08
#define ERR 0x01
#define SECOND 0x10
#define LBA_MODE (0xe0 | SECOND)
#define HEADS_MODE (0xa0 | SECOND)
#define OTHER_LBA_MODE 0xe0
#define CONTROLLER (0x80000000u | 1 << 11 | 1 << 8) /* of PIIX3 */
#define POLLS 1000u
#define BLOCKS 300u /* of data that a command may ask for: all of its 256 sectors, and more */

enum { READ_PIO = 0x20, READ_DMA = 0xc8, WRITE_PIO = 0x30, WRITE_PIO_EXT = 0x34, WRITE_DMA = 0xca, WRITE_DMA_EXT = 0x35,
       SET_HEADS = 0x91, DOWNLOAD = 0x92, SMART = 0xb0, SET_FEATURES = 0xef, IDENTIFY = 0xec, FLUSH = 0xe7 };
/* Ways, beside the commands': 0x000 by PIO, 0x100 by DMA, 0x200 with other registers. */
enum { OTHER_DISK = 0x400, HEADS, HEADS_CHANGED, STARTED_BEFORE, MOVED_MASTER, TABLE_CHANGED, AMID_RESET, AMID_DMA, BEHIND,
       WIDTHS, HALF, NO_INTERRUPT };

static uint16_t master;
static uint64_t patience;
static uint8_t clear[8 * PAST_SECTOR] __attribute__((aligned(4096))), in[8 * PAST_SECTOR] __attribute__((aligned(4096)));
static uint64_t table[8] __attribute__((aligned(4096)));

/* The status at last: not busy, and data wanted or not; BSY: it stays so. */
static uint8_t wait_idle(void)
{
	uint8_t status = BSY;
	uint64_t since = 0;

	for (uint32_t i = 0; (status & BSY) && (i < POLLS || past_waits(&since, patience)); i++)
		status = in8(CONTROL);
	return status & BSY ? status : in8(COMMAND_BLOCK + 7);
}

static void address(uint32_t lba, uint32_t count, uint8_t device)
{
	for (unsigned high = 0; high < 2; high++) {
		out8(COMMAND_BLOCK + 2, high ? (uint8_t)count : 0);
		for (unsigned i = 0; i < 3; i++)
			out8((uint16_t)(COMMAND_BLOCK + 3 + i), high ? (uint8_t)(lba >> 8 * i) : (uint8_t)(lba >> 24 >> 8 * i));
	}
	out8(COMMAND_BLOCK + 6, (uint8_t)(device | (device & 0x40 ? lba >> 24 & 15 : 0)));
}

static void put_sector(const uint8_t *bytes)
{
	uint64_t count = PAST_SECTOR / 2;

	__asm__ volatile("rep outsw" : "+S"(bytes), "+c"(count) : "d"(COMMAND_BLOCK) : "memory");
}

/* Whatever the disk wants of data it gets, as long as it does; what it gives is taken from it. Its last status. */
static uint8_t feed(const uint8_t *bytes)
{
	uint8_t status = wait_idle();

	for (uint32_t i = 0; i < BLOCKS && (status & (BSY | DRQ)) == DRQ; i++) {
		put_sector(bytes + i % 8 * PAST_SECTOR);
		status = wait_idle();
	}
	return status;
}

static void reset(void)
{
	out8((uint16_t)(master + 0), 0);
	out8(CONTROL, CONTROL_NIEN | CONTROL_SRST);
	for (unsigned i = 0; i < 16; i++)
		(void)in8(CONTROL);
	out8(CONTROL, CONTROL_NIEN);
	(void)wait_idle();
}

static void master_prepare(const uint8_t *bytes)
{
	table[0] = (uint32_t)(uintptr_t)bytes | (uint64_t)sizeof(clear) << 32 | UINT64_C(1) << 63;
	out8((uint16_t)(master + 0), 0);
	out32((uint16_t)(master + 4), (uint32_t)(uintptr_t)table);
	out8((uint16_t)(master + 2), 6);
}

static void master_wait(void)
{
	for (uint32_t i = 0; i < POLLS; i++) {
		if (!(in8(CONTROL) & BSY) && (!(in8((uint16_t)(master + 2)) & 1) || (in8(CONTROL) & (ERR | DRQ))))
			break;
	}
	out8((uint16_t)(master + 0), 0);
	(void)in8(COMMAND_BLOCK + 7);
}

static void command(uint8_t code, uint8_t features, uint32_t lba, uint32_t count, uint8_t device)
{
	address(lba, count, device);
	out8(COMMAND_BLOCK + 1, features);
	out8(COMMAND_BLOCK + 7, code);
}

/* Ways ------------------------------------------------------------------------------------------------ */

static bool is_tried(uint32_t code)
{
	return code != 0x08 && code != 0xe6 && code != 0x99 && code != READ_PIO; /* resets, and sleeps; a read would be taken for one */
}

static void try_commands(uint32_t variant, const uint8_t *features, uint32_t nr_features)
{
	for (uint32_t code = 0; code < 256; code++) {
		uint32_t way = variant << 8 | code;

		if (!is_tried(code))
			continue;
		past_fill(clear, sizeof(clear), way);
		for (uint32_t i = 0; i < nr_features; i++) {
			master_prepare(clear);
			command((uint8_t)code, features[i], past_lba(way), 2, LBA_MODE);
			if (variant == 1) {
				out8((uint16_t)(master + 0), 1);
				master_wait();
			}
			if (feed(clear) & (BSY | DRQ))
				reset();
		}
	}
}

/* Of these, what the register before the command says matters. */
static void try_features(void)
{
	static const uint8_t codes[] = { SMART, DOWNLOAD, 0x93, 0xb1, 0xb4 };

	for (uint32_t i = 0; i < sizeof(codes); i++) {
		uint32_t way = 0x200 | codes[i];

		past_fill(clear, sizeof(clear), way);
		for (uint32_t feature = 0; feature < 256; feature++) {
			address(past_lba(way), 2, LBA_MODE);
			if (codes[i] == SMART) {
				out8(COMMAND_BLOCK + 3, 0xe0); /* SCT's log, and SMART's signature */
				out8(COMMAND_BLOCK + 4, 0x4f);
				out8(COMMAND_BLOCK + 5, 0xc2);
			}
			out8(COMMAND_BLOCK + 1, (uint8_t)feature);
			out8(COMMAND_BLOCK + 7, codes[i]);
			if (feed(clear) & (BSY | DRQ))
				reset();
		}
	}
}

/* A write to the other disk, and then its data to this one; registers of one disk are both's. */
static void try_other_disk(void)
{
	past_fill(clear, sizeof(clear), OTHER_DISK);
	for (uint32_t i = 0; i < 2; i++) {
		command(WRITE_PIO, 0, past_lba(OTHER_DISK), 1, i == 0 ? OTHER_LBA_MODE : LBA_MODE);
		(void)wait_idle();
		out8(COMMAND_BLOCK + 6, i == 0 ? LBA_MODE : OTHER_LBA_MODE);
		if (i == 0)
			out8(COMMAND_BLOCK + 7, WRITE_PIO);
		(void)feed(clear);
		out8(COMMAND_BLOCK + 6, LBA_MODE);
		(void)feed(clear);
		reset();
	}
}

/* Sectors by cylinder, head and sector: as the disk has them, and as it is told to have them. */
static void try_heads(void)
{
	for (uint32_t round = 0; round < 4; round++) {
		uint32_t heads = round == 0 ? 16 : 4 * round, sectors = round == 0 ? 63 : 17 * round;
		uint32_t lba = past_lba(HEADS + (round != 0)) + 2 * round;
		uint32_t cylinder = lba / (heads * sectors), head = lba / sectors % heads, sector = lba % sectors + 1;

		past_fill(clear, sizeof(clear), HEADS + (round != 0));
		if (round != 0)
			command(SET_HEADS, 0, 0, sectors, (uint8_t)(HEADS_MODE | (heads - 1)));
		(void)wait_idle();
		command(WRITE_PIO, 0, sector | cylinder << 8, 1, (uint8_t)(HEADS_MODE | head));
		(void)feed(clear);
		command(WRITE_DMA, 0, sector | cylinder << 8, 1, (uint8_t)(HEADS_MODE | head));
		master_prepare(clear);
		out8((uint16_t)(master + 0), 1);
		master_wait();
		reset();
	}
}

static void config_write(uint32_t offset, uint32_t value)
{
	out32(0xcf8, CONTROLLER | offset);
	out32(0xcfc, value);
}

static void try_master(void)
{
	uint16_t home = master;

	past_fill(clear, sizeof(clear), STARTED_BEFORE);
	master_prepare(clear);
	out8((uint16_t)(master + 0), 1);
	command(WRITE_DMA, 0, past_lba(STARTED_BEFORE), 8, LBA_MODE);
	master_wait();
	reset();
	past_fill(clear, sizeof(clear), MOVED_MASTER);
	config_write(0x20, 0xd001);
	master = 0xd000;
	master_prepare(clear);
	command(WRITE_DMA, 0, past_lba(MOVED_MASTER), 8, LBA_MODE);
	out8((uint16_t)(master + 0), 1);
	master_wait();
	config_write(0x20, home | 1u);
	master = home;
	reset();
	past_fill(clear, sizeof(clear), TABLE_CHANGED);
	memset(in, 0, sizeof(in));
	master_prepare(in);
	command(WRITE_DMA, 0, past_lba(TABLE_CHANGED), 8, LBA_MODE);
	table[0] = (uint32_t)(uintptr_t)clear | (uint64_t)sizeof(clear) << 32 | UINT64_C(1) << 63;
	out8((uint16_t)(master + 0), 1);
	memcpy(in, clear, sizeof(in));
	master_wait();
	reset();
}

/* Resets amid what is written, by the channel's register and by a write that is half given; and odd widths. */
static void try_resets(void)
{
	for (uint32_t i = 0; i < 4; i++) {
		past_fill(clear, sizeof(clear), AMID_RESET);
		command(WRITE_PIO_EXT, 0, past_lba(AMID_RESET), 3, LBA_MODE);
		for (uint32_t k = 0; k < i && (wait_idle() & DRQ); k++)
			put_sector(clear);
		reset();
		(void)feed(clear);
		past_fill(clear, sizeof(clear), AMID_DMA);
		master_prepare(clear);
		command(WRITE_DMA_EXT, 0, past_lba(AMID_DMA), 8, LBA_MODE);
		if (i & 1)
			out8((uint16_t)(master + 0), 1);
		reset();
		out8((uint16_t)(master + 0), 1);
		master_wait();
	}
	past_fill(clear, sizeof(clear), HALF);
	command(WRITE_PIO, 0, past_lba(HALF), 2, LBA_MODE);
	(void)wait_idle();
	for (uint32_t i = 0; i < PAST_SECTOR / 4; i++)
		out16(COMMAND_BLOCK, (uint16_t)(clear[2 * i] | clear[2 * i + 1] << 8));
	out8(COMMAND_BLOCK + 7, WRITE_PIO); /* amid the first */
	(void)feed(clear);
	reset();
	past_fill(clear, sizeof(clear), WIDTHS);
	command(WRITE_PIO, 0, past_lba(WIDTHS), 2, LBA_MODE);
	(void)wait_idle();
	for (uint32_t i = 0; i < 2 * PAST_SECTOR; i++) {
		if (i % 3 == 0)
			out8(COMMAND_BLOCK, clear[i % 16]);
		else
			out32(COMMAND_BLOCK, 0x41454c43); /* CLEA */
	}
	(void)feed(clear);
	reset();
}

static void try_behind(void)
{
	for (uint32_t i = 0; i < sizeof(clear); i += 16)
		memcpy(clear + i, "stays as it was ", 16); /* this is no way: around the range all is clear */
	for (uint32_t i = 0; i < 4; i++) {
		command(i % 2 ? WRITE_PIO_EXT : WRITE_PIO, 0, i < 2 ? 32764 : 0x0fffffff, 8, LBA_MODE);
		(void)feed(clear);
		reset();
	}
}

/* What is as it should be: at both ends of the range, and over them. */
static void check_good(uint32_t first)
{
	uint8_t status;

	for (uint32_t pass = 0; pass < 2; pass++) {
		uint8_t *to = pass == 0 ? clear : in;

		command(READ_PIO, 0, first, 8, LBA_MODE);
		for (uint32_t i = 0; i < 8; i++) {
			uint64_t count = PAST_SECTOR / 2;
			uint8_t *at = to + i * PAST_SECTOR;

			if (!(wait_idle() & DRQ))
				break;
			__asm__ volatile("rep insw" : "+D"(at), "+c"(count) : "d"(COMMAND_BLOCK) : "memory");
		}
		if (pass != 0)
			break;
		past_fill_inside(clear, first);
		command(WRITE_PIO, 0, first, 8, LBA_MODE);
		(void)feed(clear);
	}
	command(FLUSH, 0, 0, 0, LBA_MODE);
	status = wait_idle();
	guest_check(!(status & (ERR | BSY)) && memcmp(in, clear, sizeof(in)) == 0, "a write as it should be", "status 0x%x", status);
}

void guest_main(void)
{
	static const uint8_t features[] = { 0, 1 };

	out32(0xcf8, CONTROLLER | 0x20);
	master = (uint16_t)(in32(0xcfc) & 0xfff0);
	config_write(4, 5);
	reset();
	try_other_disk();
	try_heads();
	try_master();
	try_resets();
	try_behind();
	try_features();
	for (uint32_t variant = 0; variant < 2; variant++)
		try_commands(variant, features, sizeof(features));
	reset();
	patience = PAST_LONG;
	check_good(PAST_FIRST - 4);
	check_good(PAST_END - 4);
	guest_print("guest: done\n");
	guest_power_off();
}
