/*
 * tests/guest/nvme.c: commands of all sorts to the NVMe controller of the highest slot, whose blocks the script
 * nvme.rb changes, refuses and moves about; and commands and queues that no driver would make. NVM Express 2.0c.
 * Namespace 1 has blocks of 512 bytes, 2 of 4096. It polls: no interrupt is on.
 *
 * Option: unseen=1: nobody is between; a read, and that is all.
 */
#include "guest.h"

#include "disk_data.h"
#include "instruction.h"
#include "reserved.h"

#define PAGE 4096u
#define POLLS 100000000u
#define ENTRIES 4u /* of each queue */
#define QUEUES 3u  /* 1 and 2 complete to the same */
#define RETRY_NOT 0x4000u

#define CAP_HIGH 0x04
#define CC 0x14
#define CSTS 0x1c
#define AQA 0x24
#define ASQ 0x28
#define ACQ 0x30
#define CMBSZ 0x3c
#define DOORBELLS 0x1000

enum { DELETE_SQ, CREATE_SQ, DELETE_CQ = 4, CREATE_CQ, IDENTIFY, ABORT = 8, EVENTS = 0x0c, DOORBELL_BUFFER = 0x7c };
enum { FLUSH, WRITE, READ, WRITE_ZEROES = 8, DISCARD };

/* What the script does with which block, of each namespace. */
enum { XORED = 1000, WRITE_DENIED = 1200, READ_DENIED, WRITE_DROPPED = 1210, READ_DROPPED, READ_ANSWERED, MOVED_FROM = 1220, MOVED_TO,
       DONE_DENIED = 1230, RAW_OF_XORED = 1240, HALF_CHANGED = 1300, PLAIN = 1400, WRITE_REASON = 1310, WRITE_STATUS, WRITE_ONCE_MORE,
       LOST = 1320, UNANSWERED, FAILS };

struct command {
	uint32_t words[16];
};

static uint64_t base;
static bool is_unseen; /* no script has hooks */
static struct command submission[QUEUES][PAGE / 64] __attribute__((aligned(4096)));
static volatile uint32_t completion[2][PAGE / 4] __attribute__((aligned(4096)));
static uint32_t tails[QUEUES], heads[2], phases[2];
static uint8_t out[40 * PAGE] __attribute__((aligned(4096))), in[40 * PAGE] __attribute__((aligned(4096)));
static uint64_t lists[2][PAGE / 8] __attribute__((aligned(4096)));

static volatile uint32_t *at(uint32_t offset)
{
	return (volatile uint32_t *)(uintptr_t)(base + offset);
}

static uint64_t address_of(const void *memory)
{
	return (uint64_t)(uintptr_t)memory;
}

/* Waits for the next completion; its status, or ~0. */
static uint32_t complete(unsigned queue)
{
	unsigned which = queue != 0;
	volatile uint32_t *entry = &completion[which][4 * heads[which]];

	for (uint32_t i = 0; (entry[3] >> 16 & 1) != phases[which]; i++) {
		if (i == POLLS)
			return ~0u;
	}
	if (++heads[which] == ENTRIES) {
		heads[which] = 0;
		phases[which] ^= 1;
	}
	*at(DOORBELLS + 8 * which + 4) = heads[which];
	return entry[2] >> 16 == queue && (entry[3] & 0xffff) == 0xfffe ? entry[3] >> 17 : ~1u;
}

static void submit(unsigned queue, const struct command *command)
{
	submission[queue][tails[queue]] = *command;
	tails[queue] = (tails[queue] + 1) % ENTRIES;
	*at(DOORBELLS + 8 * queue) = tails[queue];
}

static uint32_t give(unsigned queue, uint32_t code, uint32_t namespace, uint64_t prp1, uint64_t prp2, uint32_t word10,
		     uint32_t word11, uint32_t word12)
{
	struct command command = { { code | 0xfffe0000, namespace, [6] = (uint32_t)prp1, (uint32_t)(prp1 >> 32),
				     (uint32_t)prp2, (uint32_t)(prp2 >> 32), word10, word11, word12 } };

	submit(queue, &command);
	return complete(queue);
}

static uint32_t create_queue(uint32_t code, uint32_t number, uint64_t where, uint32_t size, uint32_t word11)
{
	return give(0, code, 0, where, 0, (size - 1) << 16 | number, word11, 0);
}

static void enable(void)
{
	memset(tails, 0, sizeof(tails));
	memset(heads, 0, sizeof(heads));
	memset((void *)(uintptr_t)completion, 0, sizeof(completion));
	phases[0] = phases[1] = 1;
	*at(CC) = 0;
	for (uint32_t i = 0; (*at(CSTS) & 1) && i < POLLS; i++)
		;
	*at(AQA) = (ENTRIES - 1) << 16 | (ENTRIES - 1);
	*at(ASQ) = (uint32_t)address_of(submission[0]);
	*at(ASQ + 4) = 0;
	*at(ACQ) = (uint32_t)address_of((const void *)(uintptr_t)completion[0]);
	*at(ACQ + 4) = 0;
	*at(CC) = 1 | 6 << 4 | 6 << 16 | 4 << 20;
	for (uint32_t i = 0; !(*at(CSTS) & 1) && i < POLLS; i++)
		;
}

static void start(void)
{
	uint32_t status;

	enable();
	status = create_queue(CREATE_CQ, 1, address_of((const void *)(uintptr_t)completion[1]), ENTRIES, 1);
	status |= create_queue(CREATE_SQ, 1, address_of(submission[1]), ENTRIES, 1 << 16 | 1);
	status |= create_queue(CREATE_SQ, 2, address_of(submission[2]), ENTRIES, 1 << 16 | 1);
	guest_check(status == 0, "queues", "status 0x%x", status);
	status = give(0, IDENTIFY, 0, address_of(in), 0, 1, 0, 0);
	guest_check(status == 0 && (is_unseen || ((in[257] & 1) && in[77] >= 1 && in[77] <= 5 && in[536] == 0)),
		    "what it has", "status 0x%x, OACS 0x%x, MDTS %u, SGLS 0x%x", status, in[257], in[77], in[536]);
	for (uint32_t namespace = 1; namespace <= (is_unseen ? 1 : 2); namespace++)
		status |= give(0, IDENTIFY, namespace, address_of(in), 0, 0, 0, 0);
	guest_check(status == 0, "namespaces", "status 0x%x", status);
}

/* The address of a list of the pages of `bytes` from the second on; it begins near its page's end. */
static uint64_t list_of(const uint8_t *bytes, uint32_t length)
{
	uint64_t *list = &lists[0][PAGE / 8 - 3], *entry = list;

	for (uint32_t done = PAGE - address_of(bytes) % PAGE; done < length; done += PAGE) {
		if (entry == &lists[0][PAGE / 8 - 1] && done + PAGE < length) {
			*entry = address_of(lists[1]);
			entry = lists[1];
		}
		*entry++ = address_of(bytes + done);
	}
	return address_of(list);
}

static uint32_t transfer(unsigned queue, uint32_t code, uint32_t namespace, uint64_t lba, uint32_t blocks,
			 const uint8_t *bytes)
{
	uint32_t length = blocks * (namespace == 1 ? 512 : PAGE), first = PAGE - address_of(bytes) % PAGE;
	uint64_t prp2 = length <= first ? 0 : length <= first + PAGE ? address_of(bytes) + first : list_of(bytes, length);

	return give(queue, code, namespace, address_of(bytes), prp2, (uint32_t)lba, (uint32_t)(lba >> 32), blocks - 1);
}

static void fill(uint8_t seed)
{
	disk_fill(out, sizeof(out), seed);
}

static void check_transfers(uint32_t namespace, unsigned queue, uint32_t blocks, uint32_t offset)
{
	uint32_t length = blocks * (namespace == 1 ? 512 : PAGE), status;

	fill((uint8_t)(namespace * 16 + queue + blocks));
	status = transfer(queue, WRITE, namespace, XORED, blocks, out + offset);
	memset(in, 0, sizeof(in));
	status |= transfer(queue, READ, namespace, RAW_OF_XORED, blocks, in + offset);
	guest_check(status == 0 && is_xored(in + offset, out + offset, length, 0x5a), "written changed",
		    "%u blocks of %u: status 0x%x", blocks, namespace, status);
	status = transfer(queue, READ, namespace, XORED, blocks, in + offset);
	guest_check(status == 0 && is_xored(in + offset, out + offset, length, 0), "read changed",
		    "%u blocks of %u: status 0x%x", blocks, namespace, status);
}

static void check_status(const char *name, uint32_t status, uint32_t wanted)
{
	guest_check(status == wanted, name, "0x%x, not 0x%x", status, wanted);
}

static void check_verdicts(uint32_t namespace)
{
	uint32_t length = namespace == 1 ? 512 : PAGE;

	fill((uint8_t)(namespace + 50));
	check_status("write refused", transfer(1, WRITE, namespace, WRITE_DENIED, 1, out), 0x280 | RETRY_NOT);
	check_status("read refused", transfer(2, READ, namespace, READ_DENIED, 1, in), 0x281 | RETRY_NOT);
	memset(in, 0xee, length);
	check_status("refused when done", transfer(1, READ, namespace, DONE_DENIED, 1, in), 0x281 | RETRY_NOT);
	guest_check(in[0] == 0xee && in[length - 1] == 0xee, "nothing of it is there", "0x%x", in[0]);
	check_status("a block that fails", transfer(1, WRITE, namespace, HALF_CHANGED, 1, out), 0x280 | RETRY_NOT);
	check_status("write dropped", transfer(2, WRITE, namespace, WRITE_DROPPED, 1, out), 0);
	check_status("it is read", transfer(2, READ, namespace, WRITE_DROPPED, 1, in), 0);
	guest_check(is_xored(in, (const uint8_t[PAGE]){ 0 }, length, 0), "it is not there", "0x%x", in[0]);
	memset(in, 0xee, length);
	check_status("read dropped", transfer(1, READ, namespace, READ_DROPPED, 1, in), 0);
	guest_check(is_xored(in, (const uint8_t[PAGE]){ 0 }, length, 0), "it gives zeros", "0x%x", in[0]);
	check_status("read answered", transfer(1, READ, namespace, READ_ANSWERED, 1, in), 0);
	guest_check(is_xored(in, (const uint8_t[PAGE]){ 0 }, length, 0xa5), "it gives the script's", "0x%x", in[0]);
	check_status("write moved", transfer(1, WRITE, namespace, MOVED_FROM, 1, out), 0);
	check_status("read there", transfer(2, READ, namespace, MOVED_TO, 1, in), 0);
	guest_check(is_xored(in, out, length, 0), "it is elsewhere", "0x%x", in[0]);
	check_status("flush", give(1, FLUSH, namespace, 0, 0, 0, 0, 0), 0);
	check_status("beyond the end", transfer(1, READ, namespace, UINT64_C(1) << 40, 1, in), 0x080 | RETRY_NOT);
}

/* Why a request is refused; and discards, of whose list of ranges the script refuses one. */
static void check_reasons(uint32_t namespace)
{
	static uint32_t ranges[2][4] __attribute__((aligned(4096))) = { { 0, 8, 3000 }, { 0, 16, 2000 } };

	check_status("a reason", transfer(1, WRITE, namespace, WRITE_REASON, 1, out), 0x020 | RETRY_NOT);
	check_status("a status", transfer(1, WRITE, namespace, WRITE_STATUS, 1, out), 0x182 | RETRY_NOT);
	check_status("to be tried again", transfer(1, WRITE, namespace, WRITE_ONCE_MORE, 1, out), 0x007);
	check_status("discard", give(1, DISCARD, namespace, address_of(ranges), 0, 0, 4, 0), 0);
	check_status("two, one of which is refused", give(1, DISCARD, namespace, address_of(ranges), 0, 1, 4, 0),
		     0x286 | RETRY_NOT);
	check_status("zeroes", give(1, WRITE_ZEROES, namespace, 0, 0, 1500, 0, 3), 0x001 | RETRY_NOT);
	check_status("a list nowhere", give(1, DISCARD, namespace, 0xfee00000, 0, 1, 4, 0), 0x004);
}

/* Memory that is the hypervisor's, or that no list may name. */
static void check_memory(void)
{
	uint64_t ours = reserved_find();
	uint32_t many = 3 * PAGE / 512;

	guest_check(ours != 0, "hypervisor's memory", "none");
	check_status("ours read into", give(1, READ, 1, ours, 0, PLAIN, 0, 0), 0x004);
	check_status("ours written from", give(1, WRITE, 1, ours, 0, PLAIN, 0, 0), 0x004);
	check_status("ours as second page", give(1, WRITE, 1, address_of(out), ours, PLAIN, 0, 2 * PAGE / 512 - 1), 0x004);
	check_status("a list in ours", give(1, WRITE, 1, address_of(out), ours, PLAIN, 0, many - 1), 0x004);
	lists[0][0] = address_of(in);
	lists[0][1] = ours;
	check_status("ours in a list", give(1, READ, 1, address_of(in), address_of(lists), PLAIN, 0, many - 1), 0x004);
	check_status("no memory", give(1, READ, 1, 0xfee00000, 0, PLAIN, 0, 0), 0x004);
	lists[0][PAGE / 8 - 1] = address_of(&lists[0][0]);
	for (unsigned i = 0; i < PAGE / 8 - 1; i++)
		lists[0][i] = address_of(&lists[0][0]);
	check_status("a list of itself", give(1, READ, 1, address_of(in), address_of(&lists[0][PAGE / 8 - 1]), PLAIN, 0,
					      128 * 1024 / 512 - 1), 0);
	check_status("an odd offset", give(1, READ, 1, address_of(in) + 2, 0, PLAIN, 0, 0), 0x013 | RETRY_NOT);
	check_status("too much", give(1, READ, 1, address_of(in), address_of(lists), PLAIN, 0, 0xffff), 0x002 | RETRY_NOT);
	check_status("a log page to ours", give(0, 2, 0xffffffff, ours, 0, 0x7f0002, 0, 0), 0x004);
	check_status("queue in ours", create_queue(CREATE_CQ, 3, ours, ENTRIES, 1), 0x002 | RETRY_NOT);
	check_status("queue into ours", create_queue(CREATE_SQ, 3, ours - PAGE, 128, 1 << 16 | 1), 0x002 | RETRY_NOT);
}

static void check_commands(void)
{
	check_status("no such namespace", transfer(1, READ, 3, 0, 1, in), 0x00b | RETRY_NOT);
	check_status("all namespaces", transfer(1, READ, 0xffffffff, 0, 1, in), 0x00b | RETRY_NOT);
	check_status("a fused command", transfer(1, READ | 1 << 8, 1, 0, 1, in), 0x002 | RETRY_NOT);
	check_status("other lists", transfer(1, READ | 1 << 14, 1, 0, 1, in), 0x002 | RETRY_NOT);
	check_status("an unknown one", transfer(1, 0x7f, 1, 0, 1, in), 0x001 | RETRY_NOT);
	check_status("queue 0", create_queue(CREATE_CQ, 0, address_of(in), ENTRIES, 1), 0x101 | RETRY_NOT);
	check_status("queue 200", create_queue(CREATE_CQ, 200, address_of(in), ENTRIES, 1), 0x101 | RETRY_NOT);
	check_status("queue in pieces", create_queue(CREATE_CQ, 3, address_of(in), ENTRIES, 0), 0x002 | RETRY_NOT);
	check_status("no such completions", create_queue(CREATE_SQ, 3, address_of(in), ENTRIES, 9 << 16 | 1), 0x100 | RETRY_NOT);
	check_status("completions in use", give(0, DELETE_CQ, 0, 0, 0, 1, 0, 0), 0x10c);
	check_status("abort", give(0, ABORT, 0, 0, 0, 0x1234 << 16 | 1, 0, 0), 0);
}

static uint32_t set_doorbells(uint64_t doorbells, uint64_t events)
{
	return give(0, DOORBELL_BUFFER, 0, doorbells, events, 0, 0, 0);
}

/* Of queues that are polled the registers are to be rung each time, whatever stands in memory. */
static void check_doorbells_in_memory(void)
{
	static volatile uint32_t doorbells[PAGE / 4] __attribute__((aligned(4096)));
	static volatile uint32_t events[PAGE / 4] __attribute__((aligned(4096)));
	uint64_t ours = reserved_find(), good = address_of((const void *)(uintptr_t)events);

	check_status("doorbells in ours", set_doorbells(ours, good), 0x002 | RETRY_NOT);
	check_status("what they are rung at in ours", set_doorbells(good, ours), 0x002 | RETRY_NOT);
	check_status("doorbells nowhere", set_doorbells(0xfee00000, good), 0x002 | RETRY_NOT);
	check_status("doorbells amid a page", set_doorbells(good + 64, good), 0x002 | RETRY_NOT);
	check_status("doorbells in memory", set_doorbells(address_of((const void *)(uintptr_t)doorbells), good), 0);
	guest_check(doorbells[2] == tails[1] && doorbells[3] == heads[1] && events[3] == 0xffff, "as they were", "%u, %u, 0x%x",
		    doorbells[2], doorbells[3], events[3]);
	for (unsigned i = 0; i < 6; i++) {
		doorbells[2] = i; /* of any value */
		check_status("a read with them", transfer(1, READ, 1, PLAIN, 1, in), 0);
		guest_check(events[2] == tails[1] && events[0] == tails[0], "the next is to be rung", "%u, not %u", events[2], tails[1]);
	}
}

/* Doorbells that mean nothing, and a reset amid what was given. */
static void check_doorbells(void)
{
	struct command event = { { EVENTS | 0x00010000 } }, read = { { READ | 0xfffe0000, 1, [6] = (uint32_t)address_of(in) } };

	*at(DOORBELLS + 8) = 0xffff;
	*at(DOORBELLS + 12) = 77;
	*at(DOORBELLS + 8 * 30) = 1;
	*(volatile uint64_t *)(uintptr_t)(base + DOORBELLS + 8) = UINT64_C(0x300000003);
	*(volatile uint16_t *)(uintptr_t)(base + DOORBELLS + 8) = 3;
	check_status("after odd doorbells", transfer(1, READ, 1, PLAIN, 1, in), 0);
	submit(0, &event); /* it never ends */
	check_status("beside an event", give(0, IDENTIFY, 0, address_of(in), 0, 1, 0, 0), 0);
	submit(1, &read);
	submit(2, &read);
	start();
	for (uint32_t lba = LOST; lba <= UNANSWERED; lba++) {
		read.words[10] = lba;
		submit(2, &read);
	}
	check_status("beside two that are lost", transfer(1, READ, 1, PLAIN, 1, in), 0);
	start();
	guest_check(!(*at(CSTS) & 2), "has not failed", "0x%x", *at(CSTS));
	read.words[10] = FAILS;
	submit(2, &read);
	guest_check(*at(CSTS) & 2, "has failed", "0x%x", *at(CSTS));
	check_status("nothing goes on", transfer(1, READ, 1, PLAIN, 1, in), ~0u);
	start();
	guest_check(!(*at(CSTS) & 2), "works again", "0x%x", *at(CSTS));
	check_transfers(1, 1, 5, 0);
	check_status("queue deleted", give(0, DELETE_SQ, 0, 0, 0, 2, 0, 0), 0);
	*at(DOORBELLS + 16) = 1;
	check_status("beside it", transfer(1, READ, 1, PLAIN, 1, in), 0);
	tails[2] = 0;
	check_status("queue again", create_queue(CREATE_SQ, 2, address_of(submission[2]), ENTRIES, 1 << 16 | 1), 0);
	check_transfers(1, 2, 3, 0);
}

/* Of the last one in the lists of slots. */
static uint64_t find(void)
{
	uint64_t found = 0;

	for (uint32_t slot = 0; slot < 256; slot++) {
		uint32_t function = 0x80000000u | slot << 8;

		out32(0xcf8, function | 8);
		if (in32(0xcfc) >> 8 != 0x010802)
			continue;
		out32(0xcf8, function | 4);
		out32(0xcfc, (in32(0xcfc) & 0xffff) | 6); /* memory and bus master */
		out32(0xcf8, function | 0x14);
		found = (uint64_t)in32(0xcfc) << 32;
		out32(0xcf8, function | 0x10);
		found |= in32(0xcfc) & ~15u;
	}
	return found;
}

void guest_main(void)
{
	base = find();
	guest_check(base != 0, "controller", "none");
	is_unseen = option_number_or("unseen", 0) != 0;
	start();
	if (is_unseen) { /* a doorbell each */
		for (unsigned i = 0; i < 20; i++)
			check_status("read", transfer(1, READ, 1, PLAIN, 8, in), 0);
		guest_power_off();
	}
	guest_check((*at(CAP_HIGH) & 0x03f00000) == 0 && *at(CMBSZ) == 0, "no memory of its own", "0x%x, 0x%x",
		    *at(CAP_HIGH), *at(CMBSZ));
	guest_check(*at(ASQ) == (uint32_t)address_of(submission[0]), "the guest's queue", "0x%x", *at(ASQ));
	for (uint32_t namespace = 1; namespace <= 2; namespace++) {
		check_transfers(namespace, 1, 1, 0);
		check_transfers(namespace, 2, 3, 512);
		check_transfers(namespace, 1, namespace == 1 ? 50 : 30, 1024);
		check_verdicts(namespace);
		check_reasons(namespace);
	}
	check_memory();
	check_commands();
	check_doorbells_in_memory();
	check_doorbells();
	guest_print("guest: done\n");
	guest_power_off();
}
