/*
 * tests/guest/ide.c: commands of all sorts to the first IDE disk, whose blocks the script disk.rb changes,
 * refuses and moves about. ATA/ATAPI-7; Bus Master IDE 1.0. It polls: no interrupt is on.
 */
#include "guest.h"

#include "disk_data.h"
#include "instruction.h"

#define COMMAND_BLOCK 0x1f0
#define CONTROL 0x3f6
#define CONTROL_NIEN 0x02
#define CONTROL_SRST 0x04
#define BSY 0x80
#define DRQ 0x08
#define ERR 0x01
#define DEVICE_LBA 0xe0
#define MASTER_COMMAND (master + 0)
#define MASTER_STATUS (master + 2)
#define MASTER_TABLE (master + 4)
#define SECTOR 512
#define SECTORS 32
#define POLLS 1000000

enum way { PIO, PIO32, MULTIPLE, DMA, DMA_48, WAYS };

static struct {
	const char *name;
	uint8_t read, write;
	uint32_t sectors;
} ways[] = {
	[PIO] = { "pio", 0x20, 0x30, 3 },
	[PIO32] = { "pio32", 0x24, 0x34, 2 },
	[MULTIPLE] = { "multiple", 0xc4, 0xc5, 20 },
	[DMA] = { "dma", 0xc8, 0xca, 9 },
	[DMA_48] = { "dma48", 0x25, 0x35, SECTORS },
};

/* What the script does with which sector. */
enum { XORED = 28000, WRITE_DENIED = 28200, READ_DENIED, WRITE_DROPPED = 28210, READ_DROPPED, READ_ANSWERED,
       MOVED_FROM = 28220, MOVED_TO, DONE_DENIED = 28230, RAW_OF_XORED = 28240, HALF_CHANGED = 28290,
       PLAIN = 28300, DELAYED = 28340, HELD, HELD_DENIED, HELD_TOO_LONG, DONE_HELD, HELD_RESET, LOST, HELD_ANSWERED,
       WRITE_REASON = 28350, WRITE_STATUS, DISCARD_DENIED = 28400 };

static uint16_t master;
static uint8_t out[SECTORS * SECTOR] __attribute__((aligned(4096)));
static uint8_t in[SECTORS * SECTOR] __attribute__((aligned(4096)));
static uint64_t table[SECTORS * SECTOR / 1024 + 1] __attribute__((aligned(4096)));

static uint8_t status_wait(uint8_t wanted)
{
	uint8_t status = BSY;

	for (uint32_t i = 0; i < POLLS && ((status & BSY) || !(status & (wanted | ERR | (wanted == 0)))); i++) {
		status = in8(CONTROL);
		if (!(status & BSY) && wanted == 0)
			break;
	}
	return in8(COMMAND_BLOCK + 7);
}

static bool is_extended(uint8_t command)
{
	return command == 0x06 || command == 0x24 || command == 0x25 || command == 0x34 || command == 0x35;
}

static void address_write(uint32_t lba, uint32_t count)
{
	out8(COMMAND_BLOCK + 2, (uint8_t)count);
	for (unsigned i = 0; i < 3; i++)
		out8((uint16_t)(COMMAND_BLOCK + 3 + i), (uint8_t)(lba >> 8 * i));
}

static void command_prepare(uint8_t command, uint32_t lba, uint32_t sectors)
{
	if (is_extended(command))
		address_write(lba >> 24, sectors >> 8);
	address_write(lba, sectors);
	out8(COMMAND_BLOCK + 6, (uint8_t)(DEVICE_LBA | (is_extended(command) ? 0 : lba >> 24 & 15)));
}

static void block_move(enum way way, uint8_t *bytes, uint32_t length, bool write)
{
	uint64_t count = way == PIO32 ? length / 4 : length / 2;

	if (write && way == PIO32)
		__asm__ volatile("rep outsl" : "+S"(bytes), "+c"(count) : "d"(COMMAND_BLOCK) : "memory");
	else if (write)
		__asm__ volatile("rep outsw" : "+S"(bytes), "+c"(count) : "d"(COMMAND_BLOCK) : "memory");
	else if (way == PIO32)
		__asm__ volatile("rep insl" : "+D"(bytes), "+c"(count) : "d"(COMMAND_BLOCK) : "memory");
	else
		__asm__ volatile("rep insw" : "+D"(bytes), "+c"(count) : "d"(COMMAND_BLOCK) : "memory");
}

/* Returns the status at the end. */
static uint8_t pio(enum way way, uint32_t lba, uint32_t sectors, uint8_t *bytes, bool write)
{
	uint32_t block = way == MULTIPLE ? 16 : 1;
	uint8_t command = write ? ways[way].write : ways[way].read, status = 0;

	command_prepare(command, lba, sectors);
	out8(COMMAND_BLOCK + 7, command);
	for (uint32_t left = sectors; left != 0; left -= block) {
		if (block > left)
			block = left;
		status = status_wait(DRQ);
		if (status & ERR)
			return status;
		block_move(way, bytes, block * SECTOR, write);
		bytes += block * SECTOR;
	}
	return status_wait(0);
}

/* Pieces of 1 KiB, so that the disk's sectors and the memory's pieces do not match. */
static void table_fill(uint8_t *bytes, uint32_t length)
{
	uint32_t entry = 0;

	for (uint32_t at = 0; at < length; at += 1024, entry++) {
		uint32_t part = length - at < 1024 ? length - at : 1024;

		table[entry] = (uint32_t)(uintptr_t)(bytes + at) | (uint64_t)part << 32;
	}
	table[entry - 1] |= UINT64_C(1) << 63;
}

static uint8_t dma_end(void)
{
	uint8_t status = 0;

	for (uint32_t i = 0; i < POLLS; i++) {
		status = in8(MASTER_STATUS);
		if (!(in8(CONTROL) & BSY) && (!(status & 1) || (in8(CONTROL) & ERR)))
			break;
	}
	out8(MASTER_COMMAND, 0);
	return in8(COMMAND_BLOCK + 7);
}

static void dma_prepare(uint8_t command, uint32_t lba, uint32_t sectors, bool write)
{
	out32(MASTER_TABLE, (uint32_t)(uintptr_t)table);
	out8(MASTER_COMMAND, write ? 0 : 8);
	out8(MASTER_STATUS, 6);
	command_prepare(command, lba, sectors);
}

static uint8_t dma(enum way way, uint32_t lba, uint32_t sectors, uint8_t *bytes, bool write)
{
	uint8_t command = write ? ways[way].write : ways[way].read;

	table_fill(bytes, sectors * SECTOR);
	dma_prepare(command, lba, sectors, write);
	out8(COMMAND_BLOCK + 7, command);
	out8(MASTER_COMMAND, write ? 1 : 9);
	return dma_end();
}

static uint8_t transfer(enum way way, uint32_t lba, uint32_t sectors, uint8_t *bytes, bool write)
{
	return way >= DMA ? dma(way, lba, sectors, bytes, write) : pio(way, lba, sectors, bytes, write);
}

static void fill(uint8_t seed)
{
	for (uint32_t i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i * 7 + i / SECTOR + seed);
	memset(in, 0xee, sizeof(in));
}

static void check_transfers(enum way way)
{
	uint32_t sectors = ways[way].sectors, length = sectors * SECTOR;
	const char *name = ways[way].name;
	uint8_t status;

	fill((uint8_t)way);
	status = transfer(way, PLAIN, sectors, out, true);
	guest_check(!(status & (BSY | DRQ | ERR)), name, "write ends with 0x%x", status);
	status = transfer(way, PLAIN, sectors, in, false);
	guest_check(!(status & (BSY | DRQ | ERR)) && is_xored(in, out, length, 0), name, "read gives others, 0x%x", status);
	fill((uint8_t)(way + 100));
	status = transfer(way, XORED, sectors, out, true);
	status |= transfer(way, RAW_OF_XORED, sectors, in, false);
	guest_check(!(status & ERR) && is_xored(in, out, length, 0x5a), name, "written as it was, 0x%x", status);
	status = transfer(way, XORED, sectors, in, false);
	guest_check(!(status & ERR) && is_xored(in, out, length, 0), name, "not changed when read, 0x%x", status);
}

static void check_refused(enum way way, uint32_t lba, bool write)
{
	uint8_t status, error;

	memset(in, 0xee, sizeof(in));
	status = transfer(way, lba, 1, write ? out : in, write);
	error = in8(COMMAND_BLOCK + 1);
	guest_check((status & ERR) && !(status & BSY) && error == 0x40, ways[way].name,
		    "lba %u: status 0x%x, error 0x%x", lba, status, error);
	guest_check(write || is_xored(in, (const uint8_t[SECTOR]){ 0 }, SECTOR, 0xee), ways[way].name,
		    "lba %u was read", lba);
}

/* Why a request is refused stands in the error register. */
static void check_reasons(enum way way)
{
	transfer(way, WRITE_REASON, 1, out, true);
	guest_check(in8(COMMAND_BLOCK + 1) == 0x10, ways[way].name, "reason 0x%x", in8(COMMAND_BLOCK + 1));
	transfer(way, WRITE_STATUS, 1, out, true);
	guest_check(in8(COMMAND_BLOCK + 1) == 0x84, ways[way].name, "status 0x%x", in8(COMMAND_BLOCK + 1));
}

/* TRIM of two ranges, which the script refuses: so it does not matter whether the disk has it. */
static void check_discard(void)
{
	uint64_t *ranges = (uint64_t *)out;
	uint8_t status;

	memset(out, 0, SECTOR);
	ranges[0] = UINT64_C(8) << 48 | DISCARD_DENIED;
	ranges[2] = UINT64_C(4) << 48 | PLAIN;
	table_fill(out, SECTOR);
	dma_prepare(0x06, 0, 1, true);
	out8(COMMAND_BLOCK + 1, 1);
	out8(COMMAND_BLOCK + 7, 0x06);
	out8(MASTER_COMMAND, 1);
	status = dma_end();
	guest_check((status & ERR) && in8(COMMAND_BLOCK + 1) == 0x04, "discard", "status 0x%x, error 0x%x", status,
		    in8(COMMAND_BLOCK + 1));
	/* A list that is in no memory is refused before anybody is asked. */
	dma_prepare(0x06, 0, 1, true);
	out32(MASTER_TABLE, 0xfee00000);
	out8(COMMAND_BLOCK + 1, 1);
	out8(COMMAND_BLOCK + 7, 0x06);
	out8(MASTER_COMMAND, 1);
	status = dma_end();
	guest_check(status & ERR, "a discard of nothing", "status 0x%x", status);
}

static void check_verdicts(enum way way)
{
	static uint8_t before[SECTOR] __attribute__((aligned(16)));
	const char *name = ways[way].name;

	fill((uint8_t)(way + 50));
	check_refused(way, WRITE_DENIED, true);
	check_refused(way, READ_DENIED, false);
	check_refused(way, DONE_DENIED, false);
	check_refused(way, HALF_CHANGED, true);
	check_reasons(way);
	transfer(way, WRITE_DROPPED, 1, before, false);
	guest_check(!(transfer(way, WRITE_DROPPED, 1, out, true) & ERR), name, "dropped write fails");
	transfer(way, WRITE_DROPPED, 1, in, false);
	guest_check(memcmp(before, in, SECTOR) == 0, name, "dropped write is on the disk");
	guest_check(!(transfer(way, READ_DROPPED, 1, in, false) & ERR) &&
		    is_xored(in, (const uint8_t[SECTOR]){ 0 }, SECTOR, 0), name, "dropped read gives more than zeros");
	guest_check(!(transfer(way, READ_ANSWERED, 1, in, false) & ERR) &&
		    is_xored(in, (const uint8_t[SECTOR]){ 0 }, SECTOR, 0xa5), name, "answered read gives others than the script's");
	transfer(way, MOVED_FROM, 1, out, true);
	transfer(way, MOVED_TO, 1, in, false);
	guest_check(memcmp(in, out, SECTOR) == 0, name, "moved write is elsewhere");
}

/* A reset is what ends it. */
static void check_reset(enum way way, uint32_t lba)
{
	const char *name = ways[way].name;
	uint8_t status;

	if (way >= DMA) {
		table_fill(in, SECTOR);
		dma_prepare(ways[way].read, lba, 1, false);
		out8(COMMAND_BLOCK + 7, ways[way].read);
		out8(MASTER_COMMAND, 9);
	} else {
		command_prepare(ways[way].read, lba, 1);
		out8(COMMAND_BLOCK + 7, ways[way].read);
	}
	guest_check(in8(CONTROL) & BSY, name, "a disk that waits is not busy");
	out8(CONTROL, CONTROL_NIEN | CONTROL_SRST);
	out8(CONTROL, CONTROL_NIEN);
	out8(MASTER_COMMAND, 0);
	command_prepare(0xc6, 0, 16);
	out8(COMMAND_BLOCK + 7, 0xc6);
	status = status_wait(0);
	guest_check(!(status & BSY), name, "busy behind a reset: 0x%x", status);
	status = transfer(way, HELD + 20, 1, in, false);
	guest_check(!(status & (BSY | ERR)), name, "behind a reset: 0x%x", status);
}

/* Requests that wait: what the script says in the end is what happens, and until then the disk is busy. */
static void check_waits(enum way way)
{
	static const uint32_t waits[] = { DELAYED, HELD, DONE_HELD };
	const char *name = ways[way].name;
	uint8_t status;

	fill((uint8_t)(way + 70));
	for (unsigned i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		transfer(PIO, waits[i], 1, out, true);
		memset(in, 0xee, SECTOR);
		status = transfer(way, waits[i], 1, in, false);
		guest_check(!(status & (BSY | ERR)) && memcmp(in, out, SECTOR) == 0, name,
			    "lba %u that waits: 0x%x", waits[i], status);
	}
	status = transfer(way, HELD_ANSWERED, 1, in, false);
	guest_check(!(status & (BSY | ERR)) && is_xored(in, (const uint8_t[SECTOR]){ 0 }, SECTOR, 0xa5), name,
		    "a read that waits is answered otherwise: 0x%x", status);
	check_refused(way, HELD_DENIED, false);
	check_refused(way, HELD_TOO_LONG, false);
	check_reset(way, HELD_RESET);
	check_reset(way, LOST);
}

/* The bus master is started first, then the command given: what is written is what the script made of it. */
static void check_early_start(void)
{
	uint8_t status;

	fill(210);
	table_fill(out, SECTOR);
	dma_prepare(0xca, XORED, 1, true);
	out8(MASTER_COMMAND, 1);
	out8(COMMAND_BLOCK + 7, 0xca);
	status = dma_end();
	transfer(PIO, RAW_OF_XORED, 1, in, false);
	guest_check(!(status & ERR) && is_xored(in, out, SECTOR, 0x5a), "started before the command",
		    "status 0x%x, 0x%x for 0x%x", status, in[0], out[0]);
}

/* A command by a wide write, and one whose transfer is never started, then a reset. */
static void check_odd(void)
{
	uint8_t status;

	fill(200);
	transfer(PIO, PLAIN, 1, out, true);
	command_prepare(0x30, WRITE_DENIED, 1);
	out16(COMMAND_BLOCK + 6, 0x30 << 8 | DEVICE_LBA);
	status = status_wait(DRQ);
	block_move(PIO, out, SECTOR, true);
	status = status_wait(0);
	guest_check(status & ERR, "a command in the upper byte", "status 0x%x", status);
	dma_prepare(0xca, PLAIN, 1, true);
	out8(COMMAND_BLOCK + 7, 0xca);
	out8(CONTROL, CONTROL_NIEN | CONTROL_SRST);
	out8(CONTROL, CONTROL_NIEN);
	status = status_wait(0);
	guest_check(!(status & BSY), "reset", "status 0x%x", status);
	status = transfer(DMA, PLAIN, 1, in, false);
	guest_check(!(status & ERR) && memcmp(in, out, SECTOR) == 0, "after a reset", "status 0x%x", status);
	check_early_start();
	check_discard();
	fill(200); /* what is on the disk */
	/* A table that is in no memory: an error, and the next command works. */
	dma_prepare(0xca, XORED, 1, true);
	out32(MASTER_TABLE, 0xfee00000);
	out8(COMMAND_BLOCK + 7, 0xca);
	out8(MASTER_COMMAND, 1);
	status = dma_end();
	guest_check(status & ERR, "a table nowhere", "status 0x%x", status);
	status = transfer(DMA, PLAIN, 1, in, false);
	guest_check(!(status & ERR) && memcmp(in, out, SECTOR) == 0, "after a bad table", "status 0x%x", status);
}

/* A disk without 48-bit addresses gets the other commands. */
static void ways_choose(void)
{
	out8(COMMAND_BLOCK + 6, DEVICE_LBA);
	out8(COMMAND_BLOCK + 7, 0xec); /* IDENTIFY DEVICE */
	(void)status_wait(DRQ);
	block_move(PIO, in, SECTOR, false);
	if (in[2 * 83 + 1] & 4)
		return;
	ways[PIO32].read = 0x20;
	ways[PIO32].write = 0x30;
	ways[DMA_48].read = 0xc8;
	ways[DMA_48].write = 0xca;
}

static uint16_t master_find(void)
{
	for (uint32_t slot = 0; slot < 256; slot++) {
		uint32_t function = 0x80000000u | slot << 8, value;

		out32(0xcf8, function | 8);
		if (in32(0xcfc) >> 16 != 0x0101)
			continue;
		out32(0xcf8, function | 4);
		value = in32(0xcfc);
		out32(0xcfc, (value & 0xffff) | 5); /* I/O and bus master */
		out32(0xcf8, function | 0x20);
		return (uint16_t)(in32(0xcfc) & 0xfff0);
	}
	return 0;
}

void guest_main(void)
{
	master = master_find();
	out8(CONTROL, CONTROL_NIEN);
	command_prepare(0xc6, 0, 16); /* SET MULTIPLE MODE */
	out8(COMMAND_BLOCK + 7, 0xc6);
	(void)status_wait(0);
	guest_check(master != 0, "bus master", "none");
	ways_choose();
	for (unsigned way = 0; way < WAYS; way++) {
		check_transfers((enum way)way);
		check_verdicts((enum way)way);
		check_waits((enum way)way);
	}
	check_odd();
	guest_print("guest: done\n");
	guest_power_off();
}
