/*
 * tests/guest/ahci.c: commands of all sorts to the disk at port 0 of the AHCI controller of the highest slot, whose
 * sectors the script ahci.rb changes, refuses, moves about and has wait; lists that no driver would make; resets amid
 * requests; and a CD drive at port 1. Serial ATA AHCI 1.3.1. It polls: no interrupt is on.
 *
 * Options: unseen=1: nobody is between; some reads, and that is all. live=1: hooks come and go while it reads.
 */
#include "guest.h"

#include "ahci_registers.h"
#include "disk_data.h"
#include "instruction.h"
#include "reserved.h"

#define POLLS 1000000u
#define SECTOR 512u

#define IS_D2H 1u
#define OK 0x50u
#define REFUSED 0x4051u /* UNC, ERR */
#define ABORTED 0x441u
#define NOT_FOUND 0x1051u
#define NEVER ~0u

enum { READ_DMA_EXT = 0x25, WRITE_DMA_EXT = 0x35, READ_DMA = 0xc8, WRITE_DMA = 0xca, READ_SECTORS = 0x20,
       WRITE_SECTORS = 0x30, READ_MULTIPLE = 0xc4, WRITE_MULTIPLE_EXT = 0x39, SET_MULTIPLE = 0xc6, FLUSH_EXT = 0xea,
       READ_QUEUED = 0x60, WRITE_QUEUED = 0x61, READ_LOG = 0x2f, IDENTIFY = 0xec, IDENTIFY_PACKET = 0xa1, PACKET = 0xa0,
       NOP = 0x00, POWER_MODE = 0xe5, DATASET = 0x06 };

/* What the script does with which sector. */
enum { XORED = 1000, WRITE_DENIED = 1200, READ_DENIED, WRITE_DROPPED = 1210, READ_DROPPED, READ_ANSWERED, MOVED_FROM = 1220, MOVED_TO,
       DONE_DENIED = 1230, RAW_OF_XORED = 1240, HALF_CHANGED = 1300, PLAIN = 1400, DELAYED = 1500, DONE_DELAYED = 1510,
       HELD = 1520, DONE_HELD = 1530, LOST = 1540, UNANSWERED, WRITE_REASON = 1550, DISCARD_DENIED = 1560 };

static uint64_t base;
static uint32_t pair; /* the port of the index */
static bool is_unseen;
static unsigned port;
static volatile uint32_t list[2][256] __attribute__((aligned(1024)));
static volatile uint8_t received[2][256] __attribute__((aligned(256)));
static struct {
	uint8_t fis[64], packet[64];
	uint32_t entries[248][4];
} tables[32] __attribute__((aligned(128)));
static uint8_t out[256 * SECTOR] __attribute__((aligned(4096))), in[256 * SECTOR] __attribute__((aligned(4096)));

static volatile uint32_t *at(uint32_t offset)
{
	return (volatile uint32_t *)(uintptr_t)(base + offset);
}

static volatile uint32_t *of_port(uint32_t offset)
{
	return at(0x100 + 0x80 * port + offset);
}

static uint64_t address_of(const volatile void *memory)
{
	return (uint64_t)(uintptr_t)memory;
}

static bool await(volatile uint32_t *reg, uint32_t mask, uint32_t wanted)
{
	for (uint32_t i = 0; i < POLLS; i++) {
		if ((*reg & mask) == wanted)
			return true;
	}
	return false;
}

static void stop_port(void)
{
	*of_port(CMD) &= ~CMD_ST;
	(void)await(of_port(CMD), CMD_CR, 0);
}

static void start_port(void)
{
	stop_port();
	*of_port(CMD) &= ~CMD_FRE;
	(void)await(of_port(CMD), 0x4000, 0);
	*of_port(CLB) = (uint32_t)address_of(list[port]);
	*of_port(CLB + 4) = 0;
	*of_port(FB) = (uint32_t)address_of(received[port]);
	*of_port(FB + 4) = 0;
	*of_port(SERR) = ~0u;
	*of_port(IS) = ~0u;
	*of_port(CMD) |= CMD_FRE;
	*of_port(CMD) |= CMD_ST;
}

/* A command in a slot: not given yet. Its data are in pieces: the first `first` bytes, and then as few as can be. */
static void prepare(unsigned slot, uint8_t code, uint64_t lba, uint32_t count, const uint8_t *bytes, uint32_t length,
		    uint32_t first)
{
	uint8_t *fis = tables[slot].fis;
	uint32_t nr = 0;
	bool is_queued = code == READ_QUEUED || code == WRITE_QUEUED;
	bool is_write = code == WRITE_DMA_EXT || code == WRITE_DMA || code == WRITE_SECTORS || code == WRITE_MULTIPLE_EXT ||
			code == WRITE_QUEUED || code == DATASET;
	bool is_extended = code == READ_DMA_EXT || code == WRITE_DMA_EXT || code == WRITE_MULTIPLE_EXT || is_queued;

	memset(&tables[slot], 0, sizeof(tables[slot]));
	fis[0] = 0x27;
	fis[1] = 0x80;
	fis[2] = code;
	fis[3] = code == DATASET; /* TRIM */
	for (unsigned i = 0; i < 3; i++) {
		fis[4 + i] = (uint8_t)(lba >> 8 * i);
		fis[8 + i] = (uint8_t)(lba >> (24 + 8 * i));
	}
	fis[7] = (uint8_t)(0x40 | (is_extended ? 0 : lba >> 24 & 15));
	fis[is_queued ? 3 : 12] = (uint8_t)count;
	fis[is_queued ? 11 : 13] = (uint8_t)(count >> 8);
	if (is_queued)
		fis[12] = (uint8_t)(slot << 3);
	for (uint32_t done = 0, part; done < length; done += part) {
		uint64_t where = address_of(bytes) + done;

		part = done == 0 && first != 0 && first < length ? first : length - done;
		tables[slot].entries[nr][0] = (uint32_t)where;
		tables[slot].entries[nr][1] = (uint32_t)(where >> 32);
		tables[slot].entries[nr++][3] = part - 1;
	}
	list[port][8 * slot] = 5 | (is_write ? 0x40u : 0) | nr << 16;
	list[port][8 * slot + 1] = 0xeeeeeeee;
	list[port][8 * slot + 2] = (uint32_t)address_of(&tables[slot]);
	list[port][8 * slot + 3] = 0;
}

/* What PxTFD says in the end, or NEVER. After an error the port is started again. */
static uint32_t finish(unsigned slot)
{
	uint32_t status;

	for (uint32_t i = 0; ((*of_port(SACT) | *of_port(CI)) & 1u << slot) && !(*of_port(IS) & IS_TFES); i++) {
		if (i == POLLS)
			return NEVER;
	}
	status = *of_port(TFD) & 0xffff;
	if (status & 1)
		start_port();
	if (status >> 8 == 4)
		status &= ~0x10u; /* "seek complete" means nothing any more */
	*of_port(IS) = ~0u;
	return status;
}

static uint32_t run(unsigned slot)
{
	if ((tables[slot].fis[2] | 1) == WRITE_QUEUED)
		*of_port(SACT) = 1u << slot;
	*of_port(CI) = 1u << slot;
	return finish(slot);
}

static uint32_t give(uint8_t code, uint64_t lba, uint32_t count, const uint8_t *bytes, uint32_t length)
{
	prepare(0, code, lba, count, bytes, length, 0);
	return run(0);
}

static uint32_t transfer(uint8_t code, uint64_t lba, uint32_t sectors, const uint8_t *bytes)
{
	return give(code, lba, sectors, bytes, sectors * SECTOR);
}

static void fill(uint8_t seed)
{
	disk_fill(out, sizeof(out), seed);
}

static void check_status(const char *name, uint32_t status, uint32_t wanted)
{
	guest_check(status == wanted, name, "0x%x, not 0x%x", status, wanted);
}

static void check_identify(void)
{
	const uint16_t *words = (const uint16_t *)(const void *)in;
	uint32_t status;

	memset(in, 0, SECTOR);
	status = give(IDENTIFY, 0, 0, in, SECTOR);
	guest_check(status == OK && words[60] == 32768, "identify", "status 0x%x, %u sectors", status, words[60]);
	guest_check(list[0][1] == SECTOR, "bytes that were moved", "%u", list[0][1]);
}

static void check_transfers(uint8_t write, uint8_t read, uint32_t sectors, uint32_t first)
{
	uint32_t length = sectors * SECTOR, status;

	fill((uint8_t)(write + sectors));
	prepare(3, write, XORED, sectors, out + 2, length, first);
	status = run(3);
	memset(in, 0, sizeof(in));
	prepare(31, read, RAW_OF_XORED, sectors, in + 6, length, first);
	status |= run(31);
	guest_check(status == OK && is_xored(in + 6, out + 2, length, 0x5a), "written changed", "0x%x, %u sectors: 0x%x", write,
		    sectors, status);
	prepare(7, read, XORED, sectors, in + 6, length, first);
	status = run(7);
	guest_check(status == OK && is_xored(in + 6, out + 2, length, 0) && (read == READ_QUEUED || list[0][8 * 7 + 1] == length), "read changed",
		    "0x%x, %u sectors: 0x%x, %u bytes", read, sectors, status, list[0][8 * 7 + 1]);
}

/* A refused command is an error with all that belongs to one. */
static void check_error(void)
{
	fill(3);
	prepare(5, WRITE_DMA_EXT, WRITE_DENIED, 1, out, SECTOR, 0);
	*of_port(CI) = 1u << 5;
	guest_check(await(of_port(IS), IS_TFES, IS_TFES), "error in PxIS", "0x%x", *of_port(IS));
	guest_check((*of_port(TFD) & 0xffff) == REFUSED, "error in PxTFD", "0x%x", *of_port(TFD));
	guest_check(received[0][0x40] == 0x34 && received[0][0x42] == 0x51 && received[0][0x43] == 0x40 &&
			    received[0][0x44] == (WRITE_DENIED & 0xff),
		    "error in memory", "0x%x 0x%x 0x%x", received[0][0x42], received[0][0x43], received[0][0x44]);
	*of_port(CI) = 1u << 6; /* it stands still */
	guest_check((*of_port(CI) & 3u << 5) == 3u << 5, "stands still", "0x%x", *of_port(CI));
	start_port();
	guest_check(*of_port(CI) == 0 && !(*of_port(IS) & IS_TFES), "started again", "0x%x", *of_port(CI));
}

static void check_verdicts(void)
{
	check_status("write refused", transfer(WRITE_DMA_EXT, WRITE_DENIED, 1, out), REFUSED);
	check_status("read refused", transfer(READ_DMA, READ_DENIED, 1, in), REFUSED);
	check_status("read by PIO refused", transfer(READ_SECTORS, READ_DENIED, 1, in), REFUSED);
	memset(in, 0xee, SECTOR);
	check_status("refused when done", transfer(READ_DMA_EXT, DONE_DENIED, 1, in), REFUSED);
	guest_check(in[0] == 0xee && in[SECTOR - 1] == 0xee, "nothing of it is there", "0x%x", in[0]);
	check_status("a block that fails", transfer(WRITE_DMA_EXT, HALF_CHANGED, 1, out), REFUSED);
	check_status("write dropped", transfer(WRITE_DMA_EXT, WRITE_DROPPED, 1, out), OK);
	check_status("it is read", transfer(READ_DMA_EXT, WRITE_DROPPED, 1, in), OK);
	guest_check(is_xored(in, (const uint8_t[SECTOR]){ 0 }, SECTOR, 0), "it is not there", "0x%x", in[0]);
	memset(in, 0xee, SECTOR);
	check_status("read dropped", transfer(READ_DMA_EXT, READ_DROPPED, 1, in), OK);
	guest_check(is_xored(in, (const uint8_t[SECTOR]){ 0 }, SECTOR, 0), "it gives zeros", "0x%x", in[0]);
	check_status("read answered", transfer(READ_DMA_EXT, READ_ANSWERED, 1, in), OK);
	guest_check(is_xored(in, (const uint8_t[SECTOR]){ 0 }, SECTOR, 0xa5), "it gives the script's", "0x%x", in[0]);
	check_status("write moved", transfer(WRITE_DMA, MOVED_FROM, 1, out), OK);
	check_status("read there", transfer(READ_DMA_EXT, MOVED_TO, 1, in), OK);
	guest_check(is_xored(in, out, SECTOR, 0), "it is elsewhere", "0x%x", in[0]);
	check_status("flush", give(FLUSH_EXT, 0, 0, NULL, 0), OK);
	check_status("a command refused", give(POWER_MODE, 0, 0, NULL, 0), ABORTED);
	check_status("one that the disk aborts", give(NOP, 0, 0, NULL, 0), ABORTED);
	check_status("one that it does not know", give(0xff, 0, 0, NULL, 0), ABORTED);
}

/* Why something is refused; and discards, of whose list of ranges the script refuses one. */
static void check_reasons(void)
{
	static uint64_t ranges[SECTOR / 8] __attribute__((aligned(16))) = { UINT64_C(8) << 48 | (PLAIN + 200) };

	check_status("a reason", transfer(WRITE_DMA_EXT, WRITE_REASON, 1, out), NOT_FOUND);
	check_status("discard", give(DATASET, 0, 1, (const uint8_t *)ranges, SECTOR), OK);
	ranges[5] = UINT64_C(4) << 48 | DISCARD_DENIED;
	check_status("two, one of which is refused", give(DATASET, 0, 1, (const uint8_t *)ranges, SECTOR), ABORTED);
	check_status("a list that is too long", give(DATASET, 0, 0, (const uint8_t *)ranges, SECTOR), ABORTED);
}

/* Many at a time; those that are to be alone wait for it. One that is refused ends them all, and the disk's log says
 * which it was. */
static void check_queued(void)
{
	uint8_t sum = 0;

	fill(77);
	memset(in, 0xee, sizeof(in));
	for (unsigned i = 0; i < 32; i++)
		prepare(i, i % 2 == 0 ? WRITE_QUEUED : READ_QUEUED, i % 2 == 0 ? XORED + i : PLAIN + i, 1,
			(i % 2 == 0 ? out : in) + i * SECTOR, SECTOR, 0);
	prepare(7, READ_DMA_EXT, PLAIN, 1, in + 7 * SECTOR, SECTOR, 0);
	prepare(9, READ_QUEUED, READ_DROPPED, 1, in + 9 * SECTOR, SECTOR, 0);
	prepare(11, READ_QUEUED, DELAYED, 1, in + 11 * SECTOR, SECTOR, 0);
	prepare(13, READ_QUEUED, DONE_DELAYED, 1, in + 13 * SECTOR, SECTOR, 0);
	*of_port(SACT) = ~(1u << 7);
	*of_port(CI) = ~0u;
	guest_check(await(of_port(CI), ~0u, 0) && await(of_port(SACT), ~0u, 0), "32 queued", "0x%x 0x%x", *of_port(CI),
		    *of_port(SACT));
	for (unsigned i = 1; i < 32; i += 2)
		sum |= in[i * SECTOR] | in[(i + 1) * SECTOR - 1];
	guest_check(sum == 0, "they are there", "0x%x", sum);
	check_status("read what was written", transfer(READ_DMA_EXT, RAW_OF_XORED, 31, in), OK);
	guest_check(is_xored(in + 30 * SECTOR, out + 30 * SECTOR, SECTOR, 0x5a), "written changed", "0x%x", in[30 * SECTOR]);
	prepare(3, READ_QUEUED, PLAIN, 1, in, SECTOR, 0);
	prepare(4, WRITE_QUEUED, WRITE_DENIED, 1, out, SECTOR, 0);
	*of_port(SACT) = 3u << 3;
	*of_port(CI) = 3u << 3;
	guest_check(await(of_port(IS), IS_TFES, IS_TFES) && (*of_port(SACT) & 1u << 4), "queued refused", "0x%x 0x%x",
		    *of_port(IS), *of_port(SACT));
	check_status("its error", finish(4), REFUSED);
	check_status("the log of it", give(READ_LOG, 0x10, 1, in, SECTOR), OK);
	for (unsigned i = 0; i < SECTOR; i++)
		sum = (uint8_t)(sum + in[i]);
	guest_check(in[0] == 4 && in[2] == 0x51 && in[3] == 0x40 && in[4] == (WRITE_DENIED & 0xff) && sum == 0, "what it says",
		    "%u 0x%x 0x%x 0x%x, sum %u", in[0], in[2], in[3], in[4], sum);
	check_status("held, then refused", give(READ_QUEUED, HELD, 1, in, SECTOR), REFUSED);
	/* QEMU has a queued command fail if the last one that was not has failed. */
	check_status("one between", transfer(READ_DMA_EXT, PLAIN, 1, in), OK);
	check_status("refused when done", give(READ_QUEUED, DONE_DENIED, 1, in, SECTOR), REFUSED);
	check_status("one between", transfer(READ_DMA_EXT, PLAIN, 1, in), OK);
	check_status("0 sectors are 65,536", give(READ_QUEUED, PLAIN, 0, in, sizeof(in)), REFUSED);
}

/* The end is not seen before it is decided, neither by register nor in memory. */
static void check_waiting(void)
{
	memset(in, 0xee, SECTOR);
	check_status("delayed", transfer(READ_DMA_EXT, DELAYED, 1, in), OK);
	guest_check(in[0] == 0, "it is there", "0x%x", in[0]);
	memset(in, 0xee, SECTOR);
	prepare(2, READ_DMA_EXT, DONE_DELAYED, 1, in, SECTOR, 0);
	*of_port(CI) = 1u << 2;
	guest_check(await(of_port(IS), IS_D2H, IS_D2H) && in[0] == 0 && *of_port(CI) == 0, "delayed when done", "0x%x 0x%x",
		    in[0], *of_port(CI));
	check_status("its end", finish(2), OK);
	for (uint32_t lba = LOST; lba <= UNANSWERED; lba++) {
		prepare(1, READ_DMA_EXT, lba, 1, in, SECTOR, 0);
		*of_port(CI) = 2;
		for (unsigned i = 0; i < 1000; i++) /* by then it would be done */
			(void)*of_port(CI);
		guest_check((*of_port(CI) & 2) && (*of_port(TFD) & 0x80), "lost", "0x%x 0x%x", *of_port(CI), *of_port(TFD));
		stop_port();
		start_port();
		check_status("after that", transfer(READ_DMA_EXT, PLAIN, 1, in), OK);
	}
	check_status("held, then refused", transfer(READ_DMA_EXT, HELD, 1, in), REFUSED);
	check_status("held when done, then refused", transfer(READ_DMA_EXT, DONE_HELD, 1, in), REFUSED);
	prepare(1, READ_DMA_EXT, HELD + 1, 1, in, SECTOR, 0);
	*of_port(CI) = 1u << 1;
	guest_check((*of_port(CI) & 2) && (*of_port(TFD) & 0x80), "held is busy", "0x%x 0x%x", *of_port(CI), *of_port(TFD));
	stop_port();
	guest_check(*of_port(CI) == 0, "stopped amid it", "0x%x", *of_port(CI));
	start_port();
	check_status("after that", transfer(READ_DMA_EXT, PLAIN, 1, in), OK);
	prepare(1, READ_DMA_EXT, HELD + 1, 1, in, SECTOR, 0);
	*of_port(CI) = 1u << 1;
	*at(GHC) = 0x80000001u;
	(void)await(at(GHC), 1, 0);
	*at(GHC) = 0x80000000u;
	start_port();
	guest_check(*of_port(CI) == 0, "reset amid it", "0x%x", *of_port(CI));
	check_status("after the reset", transfer(READ_DMA_EXT, PLAIN, 1, in), OK);
	for (unsigned i = 0; i < 32; i++)
		prepare(i, READ_DMA_EXT, i % 3 == 0 ? XORED : PLAIN, 8, in, 8 * SECTOR, 0);
	*of_port(CI) = ~0u;
	stop_port();
	*of_port(SCTL) = (*of_port(SCTL) & ~15u) | 1;
	*of_port(SCTL) &= ~15u;
	start_port();
	check_status("after the link's reset", transfer(READ_DMA_EXT, PLAIN, 1, in), OK);
	*of_port(CI) = ~1u;
	guest_check(await(of_port(CI), ~0u, 0), "32 commands", "0x%x", *of_port(CI));
}

/* Memory that is the hypervisor's, or that nothing may name. */
static void check_memory(void)
{
	uint64_t ours = reserved_find();

	guest_check(ours != 0, "hypervisor's memory", "none");
	check_status("ours read into", give(READ_DMA_EXT, PLAIN, 1, (const uint8_t *)(uintptr_t)ours, SECTOR), ABORTED);
	check_status("ours written from", give(WRITE_DMA_EXT, PLAIN, 1, (const uint8_t *)(uintptr_t)ours, SECTOR), ABORTED);
	check_status("identify into ours", give(IDENTIFY, 0, 0, (const uint8_t *)(uintptr_t)ours, SECTOR), ABORTED);
	check_status("no memory", give(READ_DMA_EXT, PLAIN, 1, (const uint8_t *)(uintptr_t)0xfee00000u, SECTOR), ABORTED);
	prepare(0, READ_DMA_EXT, PLAIN, 2, in, 2 * SECTOR, SECTOR);
	tables[0].entries[1][0] = (uint32_t)ours;
	check_status("ours as second piece", run(0), ABORTED);
	prepare(0, READ_DMA_EXT, PLAIN, 1, in, SECTOR, 0);
	list[0][2] = (uint32_t)ours;
	check_status("a table in ours", run(0), ABORTED);
	prepare(0, READ_DMA_EXT, PLAIN, 1, in, SECTOR, 0);
	list[0][0] |= 0xffff0000u;
	check_status("65535 pieces", run(0), ABORTED);
	prepare(0, WRITE_DMA_EXT, XORED, 16, out, SECTOR, 0);
	check_status("less memory than data", run(0), REFUSED);
	stop_port();
	*of_port(CLB) = (uint32_t)ours;
	*of_port(CMD) |= CMD_ST;
	guest_check(!(*of_port(CMD) & CMD_ST), "a list in ours", "0x%x", *of_port(CMD));
	*of_port(CMD) &= ~CMD_FRE;
	*of_port(CLB) = (uint32_t)address_of(list[0]);
	*of_port(FB) = (uint32_t)ours;
	*of_port(CMD) |= CMD_FRE;
	guest_check(!(*of_port(CMD) & CMD_FRE), "FISes into ours", "0x%x", *of_port(CMD));
	start_port();
	check_status("as before", transfer(READ_DMA_EXT, PLAIN, 1, in), OK);
}

static void check_commands(void)
{
	prepare(0, READ_DMA_EXT, PLAIN, 1, in, SECTOR, 0);
	tables[0].fis[0] = 0x46;
	check_status("data for a command", run(0), ABORTED);
	prepare(0, READ_DMA_EXT, PLAIN, 1, in, SECTOR, 0);
	list[0][0] |= 1u << 9;
	check_status("a test of the link", run(0), ABORTED);
	/* A reset by two FISes. QEMU does not end the first if the last command has failed. */
	check_status("one that is all right", transfer(READ_DMA_EXT, PLAIN, 1, in), OK);
	prepare(0, 0, 0, 0, NULL, 0, 0);
	tables[0].fis[1] = 0;
	tables[0].fis[15] = 4;
	list[0][0] |= 1u << 8 | 1u << 10;
	check_status("a reset begins", run(0) == NEVER, 0);
	prepare(0, 0, 0, 0, NULL, 0, 0);
	tables[0].fis[1] = 0;
	check_status("it ends", run(0) == NEVER, 0);
	check_status("after it", transfer(READ_DMA_EXT, PLAIN, 1, in), OK);
	prepare(0, READ_DMA, WRITE_DENIED, 1, out, SECTOR, 0);
	list[0][0] |= 0x40;
	check_status("the other direction", run(0), OK);
}

/* The registers by parts, in pairs, and by ports. */
static void check_registers(void)
{
	volatile uint8_t *bytes = (volatile uint8_t *)(uintptr_t)(base + 0x100);
	uint32_t value;

	guest_check(bytes[CLB + 1] == (address_of(list[0]) >> 8 & 0xff), "a byte of it", "0x%x", bytes[CLB + 1]);
	guest_check(*(volatile uint64_t *)(uintptr_t)(base + 0x100 + CLB) == address_of(list[0]), "two at a time", "0x%x",
		    *of_port(CLB));
	prepare(9, READ_DMA_EXT, XORED, 1, in, SECTOR, 0);
	bytes[CI + 1] = 2;
	check_status("a byte of PxCI", finish(9), OK);
	out32((uint16_t)pair, CAP);
	value = in32((uint16_t)(pair + 4));
	guest_check(value == *at(CAP), "by index and data", "0x%x, not 0x%x", value, *at(CAP));
	prepare(0, WRITE_DMA_EXT, WRITE_DENIED, 1, out, SECTOR, 0);
	out32((uint16_t)pair, 0x100 + CI);
	out32((uint16_t)(pair + 4), 1);
	check_status("a command by index and data", finish(0), REFUSED);
}

static void check_packets(void)
{
	port = 1;
	start_port();
	check_status("identify of a CD drive", give(IDENTIFY_PACKET, 0, 0, in, SECTOR), OK);
	guest_check((in[1] & 0xc0) == 0x80, "it is one", "0x%x", in[1]);
	prepare(0, PACKET, 0, 0, in, 36, 0);
	tables[0].fis[3] = 1;
	tables[0].packet[0] = 0x12;
	tables[0].packet[4] = 36;
	list[1][0] |= 0x20;
	memset(in, 0, SECTOR);
	check_status("a packet", run(0), OK);
	guest_check((in[0] & 31) == 5 && memcmp(in + 8, "QEMU", 4) == 0, "its answer", "0x%x", in[0]);
	prepare(0, PACKET, 0, 0, (const uint8_t *)(uintptr_t)reserved_find(), 36, 0);
	list[1][0] |= 0x20;
	check_status("a packet into ours", run(0), ABORTED);
	port = 0;
}

/* Of a disk that takes its time, and has zeros. Whatever comes and goes between, all ends, and is there. */
static void check_live(void)
{
	static const uint8_t zeros[64 * SECTOR];
	unsigned nr_bad = 0;

	for (unsigned round = 0; round < 100; round++) {
		memset(in, 0xee, 64 * SECTOR);
		for (unsigned i = 0; i < 32; i++)
			prepare(i, round % 4 == 0 ? READ_DMA_EXT : READ_QUEUED, 2 * i, 2, in + 2 * i * SECTOR, 2 * SECTOR,
				i % 3 == 0 ? 514 : 0);
		for (unsigned i = 0; i < (round % 4 == 0 ? 4 : 32); i++) {
			if (round % 4 != 0)
				*of_port(SACT) = 1u << i;
			*of_port(CI) = 1u << i;
			if ((round * 32 + i) % 37 == 0)
				out8(0x80, 0); /* the script's hook comes, or goes */
		}
		if (!await(of_port(CI), ~0u, 0) || !await(of_port(SACT), ~0u, 0) ||
		    memcmp(in, zeros, (round % 4 == 0 ? 8 : 64) * SECTOR) != 0 || (*of_port(IS) & IS_TFES))
			nr_bad++;
		*of_port(IS) = ~0u;
	}
	guest_check(nr_bad == 0, "reads while hooks come and go", "%u of 100 are wrong", nr_bad);
}

/* Of the last one in the lists of slots. */
static void find(void)
{
	for (uint32_t slot = 0; slot < 256; slot++) {
		uint32_t function = 0x80000000u | slot << 8;

		out32(0xcf8, function | 8);
		if (in32(0xcfc) >> 8 != 0x010601)
			continue;
		out32(0xcf8, function | 4);
		out32(0xcfc, (in32(0xcfc) & 0xffff) | 7);
		out32(0xcf8, function | 0x24);
		base = in32(0xcfc) & ~15u;
		out32(0xcf8, function | 0x20);
		pair = (in32(0xcfc) & ~3u) + 16;
	}
}

void guest_main(void)
{
	static const uint8_t pairs[][2] = { { WRITE_DMA_EXT, READ_DMA_EXT }, { WRITE_DMA, READ_DMA },
					    { WRITE_SECTORS, READ_SECTORS }, { WRITE_MULTIPLE_EXT, READ_MULTIPLE },
					    { WRITE_QUEUED, READ_QUEUED } };

	find();
	guest_check(base != 0, "controller", "none");
	is_unseen = option_number_or("unseen", 0) != 0;
	*at(GHC) = 0x80000000u;
	start_port();
	check_identify();
	if (is_unseen) {
		for (unsigned i = 0; i < 20; i++)
			check_status("read", transfer(READ_DMA_EXT, PLAIN, 8, in), OK);
		guest_power_off();
	}
	if (option_number_or("live", 0) != 0) {
		check_live();
		guest_power_off();
	}
	check_status("blocks", give(SET_MULTIPLE, 0, 16, NULL, 0), OK);
	for (unsigned i = 0; i < 5; i++) {
		check_transfers(pairs[i][0], pairs[i][1], 1, 0);
		check_transfers(pairs[i][0], pairs[i][1], 3, 100);
		check_transfers(pairs[i][0], pairs[i][1], 50, 5002);
	}
	check_error();
	check_verdicts();
	check_reasons();
	check_queued();
	check_waiting();
	check_memory();
	check_commands();
	check_registers();
	check_packets();
	guest_print("guest: done\n");
	guest_power_off();
}
