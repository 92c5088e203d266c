/*
 * tests/guest/past_nvme.c: writes clear text past the cipher to the NVMe disk of the highest slot, by every way there is: queues
 * that firmware made, one queue over another, every command, controllers that are moved and reset amid a write. Namespace 1 is
 * encrypted in part (past.h), 2 has metadata, 3 zones. NVM Express 2.0c; it polls.
 *
 * Options: mild=1: there is no cipher; it formats nothing, so that the disk keeps what was written, each way has the time that a disk
 * takes, and no reset comes amid a write, which now and then is QEMU 7.2's end. reset=1: of firmware's queues there are none any more.
 */
#include "past.h"

#include "instruction.h"

#define PAGE 4096u
#define POLLS 20000u
#define FEW_POLLS 2000u
#define ENTRIES 8u
#define QUEUES 4u

#define CC 0x14
#define CSTS 0x1c
#define NSSR 0x20
#define AQA 0x24
#define ASQ 0x28
#define ACQ 0x30
#define DOORBELLS 0x1000
#define CC_SHUTDOWN 0x4000u
#define CC_ENABLED (1u | 6 << 16 | 4 << 20)
#define CC_ALL_SETS (6u << 4)

enum { DELETE_SQ, CREATE_SQ, DELETE_CQ = 4, CREATE_CQ, IDENTIFY, EVENTS = 0x0c };
enum { FLUSH, WRITE, READ };
enum { NAMESPACES = 3, NEVER = 0xffff };
/* Ways, beside the commands': 0x000 to 0x2ff are those of namespaces, 0x300 to 0x3ff the admin queue's. */
enum { FIRMWARE = 0x400, ODD_DOORBELL, SAME_QUEUE, OVER_COMPLETIONS, MOVED_BAR, NOT_DECODED, STOPPED, SHUT_DOWN, SUBSYSTEM,
       FUNCTION_RESET, SLEEPING, CONTROLLER_MEMORY, AMID, WRAPPED, BEHIND, FUSED, LISTS, COPIED };

struct command {
	uint32_t words[16];
};

static uint64_t base, patience;
static bool is_mild;
static uint32_t function;
static struct command submission[QUEUES][PAGE / 64] __attribute__((aligned(4096)));
static volatile uint32_t completion[2][PAGE / 4] __attribute__((aligned(4096)));
static uint32_t tails[QUEUES], heads[2], phases[2];
static uint8_t clear[8 * PAGE] __attribute__((aligned(4096))), in[8 * PAGE] __attribute__((aligned(4096)));

static volatile uint32_t *at(uint32_t offset)
{
	return (volatile uint32_t *)(uintptr_t)(base + offset);
}

static uint64_t address_of(const volatile void *memory)
{
	return (uint64_t)(uintptr_t)memory;
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

/* Queues ---------------------------------------------------------------------------------------------- */

/* The next completion's status; NEVER: none came. */
static uint32_t complete(unsigned which, uint32_t polls)
{
	volatile uint32_t *entry = &completion[which][4 * heads[which]];
	uint64_t since = 0;

	for (uint32_t i = 0; (entry[3] >> 16 & 1) != phases[which]; i++) {
		if (i >= polls && !past_waits(&since, patience))
			return NEVER;
		(void)*at(CSTS); /* time goes on for the device */
	}
	if (++heads[which] == ENTRIES) {
		heads[which] = 0;
		phases[which] ^= 1;
	}
	*at(DOORBELLS + 8 * which + 4) = heads[which];
	return entry[3] >> 17 & 0x7ff;
}

static struct command make(uint32_t code, uint32_t namespace, uint64_t memory, uint64_t second, uint32_t lba, uint32_t blocks)
{
	return (struct command){ { code | 0x770000, namespace, [4] = (uint32_t)address_of(clear), [6] = (uint32_t)memory,
				   (uint32_t)(memory >> 32), (uint32_t)second, (uint32_t)(second >> 32), lba, 0, blocks - 1 } };
}

static void submit(unsigned queue, const struct command *command)
{
	submission[queue][tails[queue]] = *command;
	tails[queue] = (tails[queue] + 1) % ENTRIES;
	*at(DOORBELLS + 8 * queue) = tails[queue];
}

static uint32_t give(unsigned queue, const struct command *command)
{
	submit(queue, command);
	return complete(queue != 0, POLLS);
}

static uint32_t create(uint32_t code, uint32_t number, const volatile void *where, uint32_t word11)
{
	struct command command = make(code, 0, address_of(where), 0, (ENTRIES - 1) << 16 | number, 1);

	command.words[11] = word11;
	return give(0, &command);
}

static void await_ready(uint32_t wanted)
{
	for (uint32_t i = 0; (*at(CSTS) & 1) != wanted && i < POLLS; i++)
		;
}

static bool start(uint32_t sets)
{
	uint32_t status;
	struct command identify = make(IDENTIFY, 0, address_of(in), 0, 1, 1);

	*at(CC) = 0;
	await_ready(0);
	memset(tails, 0, sizeof(tails));
	memset(heads, 0, sizeof(heads));
	memset((void *)(uintptr_t)completion, 0, sizeof(completion));
	phases[0] = phases[1] = 1;
	*at(AQA) = (ENTRIES - 1) << 16 | (ENTRIES - 1);
	*at(ASQ) = (uint32_t)address_of(submission[0]);
	*at(ASQ + 4) = 0;
	*at(ACQ) = (uint32_t)address_of(completion[0]);
	*at(ACQ + 4) = 0;
	*at(CC) = CC_ENABLED | sets;
	await_ready(1);
	status = create(CREATE_CQ, 1, completion[1], 1) | create(CREATE_SQ, 1, submission[1], 1 << 16 | 1) | give(0, &identify);
	for (uint32_t namespace = 1; namespace <= NAMESPACES; namespace++) {
		identify.words[1] = namespace;
		identify.words[10] = 0;
		(void)give(0, &identify);
	}
	return status == 0;
}

/* A write as it should be, of the way's clear text; the disk may refuse it, or not. */
static struct command write_of(uint32_t way)
{
	past_fill(clear, sizeof(clear), way);
	return make(WRITE, 1, address_of(clear), 0, past_lba(way), 8);
}

static uint32_t write_now(uint32_t way)
{
	struct command command = write_of(way);

	return give(1, &command);
}

/* Ways -------------------------------------------------------------------------------------------------- */

static bool is_empty(const uint8_t *page)
{
	return page[0] == 0 && memcmp(page, page + 1, PAGE - 1) == 0;
}

/* SeaBIOS leaves the controller on. Its queue of requests is in a page near those that the registers tell, and nothing is in it yet:
 * so each that is empty becomes one. */
static void try_firmware(void)
{
	uint64_t near = *at(ASQ) & ~(uint64_t)(PAGE - 1);
	struct command command = write_of(FIRMWARE);
	uint32_t found = 0;

	if (!(*at(CC) & 1) || near < 0x100000) {
		guest_print("not ok firmware: it has left the controller off\n");
		return;
	}
	for (uint64_t page = near - 64 * PAGE; page < near + 64 * PAGE; page += PAGE) {
		struct command *queue = (struct command *)(uintptr_t)page;

		if (!is_empty((const uint8_t *)queue))
			continue;
		found++;
		for (uint32_t i = 0; i < PAGE / 64; i++)
			queue[i] = command;
	}
	for (uint32_t tail = 1; tail < 8; tail++)
		*at(DOORBELLS + 8) = tail;
	for (uint64_t i = 0, since = 0; i < POLLS || past_waits(&since, patience); i++)
		(void)*at(CSTS);
	guest_check(found != 0, "firmware's queue", "none is near 0x%lx", near);
}

static void try_doorbells(void)
{
	struct command command = write_of(ODD_DOORBELL);

	for (uint32_t i = 0; i < ENTRIES; i++)
		submission[1][i] = submission[2][i] = command;
	*(volatile uint64_t *)(uintptr_t)(base + DOORBELLS + 8) = UINT64_C(0x300000003);
	*(volatile uint64_t *)(uintptr_t)(base + DOORBELLS - 4) = UINT64_C(0x300000003);
	*(volatile uint64_t *)(uintptr_t)(base + DOORBELLS + 4) = UINT64_C(0x300000003);
	*(volatile uint32_t *)(uintptr_t)(base + DOORBELLS + 6) = 0x30003;
	*(volatile uint16_t *)(uintptr_t)(base + DOORBELLS + 8) = 3;
	*(volatile uint8_t *)(uintptr_t)(base + DOORBELLS + 8) = 3;
	*at(DOORBELLS + 16) = 3;
	for (uint32_t i = 0; i < 3 && complete(1, FEW_POLLS) != NEVER; i++)
		;
	(void)start(0);
}

/* Two submission queues in one page; one over the completions; and what it takes as commands then. */
static void try_shared(void)
{
	struct command command = write_of(SAME_QUEUE);

	(void)create(CREATE_SQ, 2, submission[1], 1 << 16 | 1);
	for (uint32_t i = 0; i < ENTRIES; i++)
		submission[1][i] = command;
	*at(DOORBELLS + 16) = 2;
	*at(DOORBELLS + 8) = 3;
	*at(DOORBELLS + 16) = 5;
	while (complete(1, FEW_POLLS) != NEVER)
		;
	(void)start(0);
	(void)create(CREATE_SQ, 2, completion[1], 1 << 16 | 1);
	(void)create(CREATE_SQ, 3, submission[0], 1 << 16 | 1);
	command = write_of(OVER_COMPLETIONS);
	memcpy((void *)(uintptr_t)completion[1], &command, sizeof(command));
	memcpy(&submission[0][6], &command, sizeof(command));
	*at(DOORBELLS + 16) = 1;
	*at(DOORBELLS + 24) = 7;
	*at(DOORBELLS + 8) = 1;
	while (complete(1, FEW_POLLS) != NEVER)
		;
	(void)start(0);
}

/* Every command with clear text wherever it may have some from, with each bit that changes what it means. */
static void try_commands(uint32_t namespace)
{
	for (uint32_t code = 0; code < 256; code++) {
		uint32_t way = (namespace - 1) << 8 | code;
		struct command command = make(code, namespace, address_of(clear), address_of(clear + PAGE), past_lba(way), 8);

		if (namespace == 1 && code == READ)
			continue; /* that would be another's clear text */
		past_fill(clear, sizeof(clear), way);
		if (give(1, &command) == NEVER)
			(void)start(CC_ALL_SETS);
		command.words[11] = 0;
		command.words[12] |= 0xf0000000 | 1 << 20;
		command.words[13] = command.words[14] = command.words[15] = 1;
		if (give(1, &command) == NEVER)
			(void)start(CC_ALL_SETS);
	}
}

static void try_admin(void)
{
	for (uint32_t code = 6; code < 256; code++) {
		struct command command = make(code, 1, address_of(clear), address_of(clear + PAGE), 0, 1);

		if (code == EVENTS)
			continue;
		past_fill(clear, sizeof(clear), 0x300 | code);
		for (uint32_t word10 = 0; word10 < 16; word10++) {
			command.words[10] = word10;
			command.words[11] = word10 == 13 ? 1 : 0;
			command.words[12] = 8;
			if (give(0, &command) == NEVER)
				(void)start(0);
		}
	}
	(void)start(0);
}

/* Bits of the first word, lists of memory, sectors that are none, a copy of what another way has written. */
static void try_fields(void)
{
	static struct { uint32_t words[8]; } copies[1] __attribute__((aligned(4096)));
	struct command command;

	for (uint32_t bits = 1; bits < 16; bits++) {
		command = write_of(FUSED);
		command.words[0] |= (bits & 3) << 8 | (bits >> 2) << 14;
		(void)give(1, &command);
	}
	for (uint32_t i = 0; i < 6; i++) {
		command = write_of(WRAPPED);
		command.words[10] = i < 3 ? 0u - 4 : PAST_END + 4 * (i - 3);
		command.words[11] = i == 1 ? ~0u : i == 2 ? 0x7fffffff : i > 2 ? 1u << (8 * i) % 31 : 0;
		(void)give(1, &command);
	}
	command = write_of(BEHIND);
	command.words[10] = 32764; /* the last four sectors, and four that are none */
	(void)give(1, &command);
	command = write_of(LISTS);
	command.words[12] = 24;
	command.words[8] = (uint32_t)address_of(submission[1]); /* the queue as the list */
	(void)give(1, &command);
	command.words[8] = (uint32_t)address_of(completion[1]);
	(void)give(1, &command);
	copies[0].words[2] = past_lba(COPIED);
	command = make(0x19, 1, address_of(copies), 0, 4, 1); /* into the clear, in front of the range */
	(void)give(1, &command);
	command = make(5, 1, address_of(clear), 0, past_lba(COPIED), 8);
	(void)give(1, &command);
}

static void move(uint64_t to)
{
	config_write(0x10, (uint32_t)to | (config_read(0x10) & 15));
	config_write(0x14, (uint32_t)(to >> 32));
	base = to;
}

/* The registers elsewhere, without decoding, the function asleep or reset: then the queues are rung. */
static void try_pci(void)
{
	struct command command = write_of(MOVED_BAR);
	uint64_t home = base;
	uint32_t enabled = config_read(4) & 0xffff, pointer, power = 0, express = 0;

	move(home ^ 0x2000000);
	submit(1, &command);
	(void)complete(1, FEW_POLLS);
	*(volatile uint32_t *)(uintptr_t)(home + DOORBELLS + 8) = tails[1];
	move(home);
	(void)start(0);
	command = write_of(NOT_DECODED);
	config_write(4, enabled & ~6u);
	submit(1, &command);
	config_write(4, enabled | 6);
	(void)complete(1, FEW_POLLS);
	(void)start(0);
	for (pointer = config_read(0x34) & 0xfc; pointer != 0; pointer = config_read(pointer) >> 8 & 0xfc) {
		uint8_t capability = (uint8_t)config_read(pointer);

		power = capability == 1 ? pointer : power;
		express = capability == 0x10 ? pointer : express;
	}
	command = write_of(SLEEPING);
	if (power != 0)
		config_write(power + 4, 3);
	submit(1, &command);
	if (power != 0)
		config_write(power + 4, 0);
	submit(1, &command);
	(void)complete(1, FEW_POLLS);
	(void)start(0);
	command = write_of(FUNCTION_RESET);
	submit(1, &command);
	if (is_mild)
		(void)complete(1, FEW_POLLS);
	if (express != 0)
		config_write(express + 8, config_read(express + 8) | 0x8000);
	config_write(4, enabled | 6);
	move(home);
	submit(1, &command);
	(void)complete(1, FEW_POLLS);
	(void)start(0);
}

/* Off, shut down, reset, and rung all the same; and a reset amid writes. */
static void try_resets(void)
{
	struct command command = write_of(STOPPED);

	*at(CC) = 0;
	*at(ASQ) = (uint32_t)address_of(submission[1]);
	submit(1, &command);
	(void)start(0);
	command = write_of(SHUT_DOWN);
	*at(CC) = CC_ENABLED | CC_SHUTDOWN;
	submit(1, &command);
	(void)complete(1, FEW_POLLS);
	(void)start(0);
	command = write_of(SUBSYSTEM);
	*at(NSSR) = 0x4e564d65;
	submit(1, &command);
	(void)complete(1, FEW_POLLS);
	(void)start(0);
	for (uint32_t i = 0; i < 16 && !is_mild; i++) {
		command = write_of(AMID);
		for (uint32_t k = 0; k < 1 + i % 6; k++)
			submit(1, &command);
		if (i % 2 == 0)
			memset(submission[1], 0, PAGE);
		memset(clear, 0, sizeof(clear));
		(void)start(0);
	}
}

/* The controller's own memory as a queue, and as data. */
static void try_its_memory(void)
{
	uint64_t memory = (config_read(0x18) & ~15u) | (uint64_t)config_read(0x1c) << 32;
	struct command command;

	if (memory == 0)
		return;
	*(volatile uint64_t *)(uintptr_t)(base + 0x50) = memory | 3;
	past_fill((void *)(uintptr_t)memory, PAGE, CONTROLLER_MEMORY);
	command = make(WRITE, 1, memory, 0, past_lba(CONTROLLER_MEMORY), 8);
	(void)give(1, &command);
	(void)create(CREATE_SQ, 2, (const void *)(uintptr_t)(memory + PAGE), 1 << 16 | 1);
	command = write_of(CONTROLLER_MEMORY);
	memcpy((void *)(uintptr_t)(memory + PAGE), &command, sizeof(command));
	*at(DOORBELLS + 16) = 1;
	(void)complete(1, FEW_POLLS);
	(void)start(0);
}

/* What is as it should be: at both ends of the range, and over them. */
static void check_good(uint32_t first)
{
	struct command command = make(READ, 1, address_of(clear), 0, first, 8);
	uint32_t status = give(1, &command);

	past_fill_inside(clear, first);
	command.words[0] = (command.words[0] & ~0xffu) | WRITE;
	status |= give(1, &command);
	memset(in, 0, PAGE);
	command = make(READ, 1, address_of(in), 0, first, 8);
	status |= give(1, &command);
	guest_check(status == 0 && memcmp(in, clear, PAGE) == 0, "a write as it should be", "status 0x%x", status);
}

static void find(void)
{
	for (uint32_t slot = 0; slot < 256; slot++) {
		out32(0xcf8, 0x80000000u | slot << 8 | 8);
		if (in32(0xcfc) >> 8 == 0x010802)
			function = 0x80000000u | slot << 8;
	}
	config_write(4, (config_read(4) & 0xffff) | 6);
	base = (uint64_t)config_read(0x14) << 32 | (config_read(0x10) & ~15u);
}

/* From here on what is asked for comes, however busy the machine is. */
static bool start_at_last(void)
{
	patience = PAST_LONG;
	return start(0);
}

void guest_main(void)
{
	is_mild = option_number_or("mild", 0) != 0;
	find();
	guest_check(function != 0, "controller", "none");
	patience = is_mild ? PAST_PAUSE : 0;
	if (option_number_or("reset", 0) == 0)
		try_firmware();
	guest_check(start_at_last(), "queues", "none");
	guest_check(write_now(0) == 0, "a write", "refused");
	patience = is_mild ? PAST_PAUSE : 0;
	try_doorbells();
	try_shared();
	try_fields();
	try_pci();
	try_resets();
	try_its_memory();
	if (!is_mild)
		try_admin();
	(void)start(CC_ALL_SETS);
	for (uint32_t namespace = 1; namespace <= NAMESPACES; namespace++)
		try_commands(namespace);
	guest_check(start_at_last(), "queues in the end", "none");
	check_good(PAST_FIRST - 4);
	check_good(PAST_END - 4);
	guest_print("guest: done\n");
	guest_power_off();
}
