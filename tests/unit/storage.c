/*
 * tests/unit/storage.c: a stick as a disk: random commands of a driver that keeps to Bulk-Only Transport, whose hooks pass, change,
 * refuse, drop, answer, and have wait, by a rule that the test knows: what the driver is told and what is on the stick is right
 * to the byte. Then transfers of one that keeps to nothing: the stick, which takes for a command whatever looks like one, at
 * whatever time, is never told to write what hooks refuse.
 */
#include "xhci_guest.h"

#include "core/memory.h"
#include "disk_memory.h"
#include "disk_own.h"
#include "hook/hook.h"
#include "mediator/disk/disk_class.h"
#include "mediator/usb/storage.h"
#include "rv/errno.h"
#include "unit.h"
#include "vmm/deadline.h"

#define SEQUENCES 2000 /* of each sort; the argument is another number */
#define IN 3	       /* as doorbells count, and as the stick's descriptors say */
#define OUT 4
#define EVENTS MIB(6)
#define TABLE (EVENTS + KIB(8))
#define CONTEXTS (EVENTS + KIB(12)) /* where the controller finds the slot's, and that */
#define SLOT_CONTEXT (EVENTS + KIB(16))
#define EVENT_TRBS 64
#define SECTORS 64     /* the guest's; behind them are a script's own */
#define MOST 4	       /* sectors of a command */
#define OWN_MOST 24
#define PACKET 512
#define DATA BUFFER
#define WRAPPER (BUFFER + KIB(64))

enum rule { RULE_PASS, RULE_CHANGE, RULE_DENY, RULE_DROP, RULE_WAIT, RULE_WAIT_DENY, RULE_DENY_END, RULES };

static unsigned nr_sequences = SEQUENCES, nr_rules[RULES], nr_told, nr_executed, nr_lost, nr_cancelled, nr_usb_ends, nr_gone;
static bool is_hostile, gives_up, hears_usb; /* of USB's transfers too */
static uint64_t nr_events, nr_taken;
static struct request *waiting;

static enum rule rule_of(uint64_t lba)
{
	return (enum rule)(lba % RULES);
}

/* A script's own ----------------------------------------------------------------------------------------------------- */

static unsigned nr_own[3]; /* done, busy, others */

static int own_io(struct disk_io *io)
{
	return storage_own_io(0, io);
}

/* Before or amid whatever the guest does. */
static int own(void)
{
	int error = disk_own_do(own_io, SECTORS, 512, OWN_MOST, true);

	nr_own[error == 0 ? 0 : error == -RV_EBUSY || error == -RV_ENOENT ? 1 : 2]++; /* amid a command, or before the first */
	return error;
}

/* Hooks ------------------------------------------------------------------------------------------------------------ */

bool hook_wants_requests(uint32_t kind)
{
	return kind == RV_EVENT_DISK_READ || kind == RV_EVENT_DISK_WRITE || kind == RV_EVENT_DISK_DONE || kind == RV_EVENT_DISK_COMMAND ||
	       (hears_usb && kind == RV_EVENT_USB_DONE);
}

bool hook_wants_such_requests(uint32_t kind, const struct rv_event *event, size_t from, size_t end)
{
	(void)kind;
	(void)event;
	(void)from;
	(void)end;
	return false;
}

void source_usb_fill_endpoint(struct rv_event *event, const struct request_usb *usb)
{
	(void)event;
	(void)usb;
}

bool request_cancel(struct request *request)
{
	if (waiting != request)
		return false;
	waiting = NULL;
	nr_cancelled++;
	return true;
}

static bool offer_end(struct request *request)
{
	UNIT_CHECK(request->cannot_wait);
	nr_told++;
	if (request->asked == RV_EVENT_DISK_READ && rule_of(request->disk.lba) == RULE_CHANGE && request->data_bytes >= 4)
		UNIT_EQUAL(request->data(request, 0, (void *)(uintptr_t)"READ", 4, true), 0);
	if (rule_of(request->disk.lba) == RULE_DENY_END && (request->asked == RV_EVENT_DISK_READ || request->asked == RV_EVENT_DISK_WRITE))
		request->verdict = RV_VERDICT_DENY;
	return true;
}

static void any_move(unsigned number);

/* Of a stick's command it cannot wait. Meanwhile another CPU may give the transfer up. */
static void offer_usb_end(struct request *request)
{
	const struct xhci_transfer *transfer = CONTAINER_OF(request, struct xhci_transfer, request);

	UNIT_EQUAL(request->cannot_wait, transfer->stage != STORAGE_NONE);
	if (transfer->stage == STORAGE_NONE)
		return;
	nr_usb_ends++;
	if (gives_up && unit_random() % 16 == 0)
		any_move(transfer->ring->endpoint->number);
	nr_gone += transfer->end.is_gone;
}

bool request_offer(struct request *request, struct vcpu *vcpu)
{
	enum rule rule = rule_of(request->disk.lba);
	bool writes = request->asked == RV_EVENT_DISK_WRITE;

	(void)vcpu;
	UNIT_EQUAL(xhci_lock.holder, 0);
	request->verdict = RV_VERDICT_PASS;
	/* Before a command has gone to the stick there is room for a script's own; then there is not, until it has ended. */
	if (unit_random() % 4 == 0 && own() == -RV_EBUSY && !is_hostile)
		UNIT_CHECK(request->kind != RV_EVENT_DISK_READ && request->kind != RV_EVENT_DISK_WRITE);
	if (request->kind == RV_EVENT_DISK_DONE)
		return offer_end(request);
	if (request->kind == RV_EVENT_USB_DONE)
		offer_usb_end(request);
	if (!writes && request->kind != RV_EVENT_DISK_READ)
		return true;
	nr_rules[rule]++;
	if (rule == RULE_CHANGE && writes && request->data_bytes != 0)
		UNIT_CHECK(request->data(request, 0, (void *)(uintptr_t)"EDIT", 4, true) == 0 || is_hostile);
	if (rule == RULE_DROP && !writes && request->answer_bytes != 0) {
		UNIT_EQUAL(request->data(request, 1, (void *)(uintptr_t)"answer", 6, true), 0);
		request->is_answered = true;
	}
	if (rule == RULE_DENY)
		request->verdict = RV_VERDICT_DENY;
	if (rule == RULE_DROP)
		request->verdict = RV_VERDICT_DROP;
	if (rule != RULE_WAIT && rule != RULE_WAIT_DENY)
		return true;
	waiting = request;
	return false;
}

static void decide(void)
{
	struct request *request = waiting;

	if (request == NULL)
		return;
	waiting = NULL;
	request->verdict = rule_of(request->disk.lba) == RULE_WAIT_DENY ? RV_VERDICT_DENY : RV_VERDICT_PASS;
	request->resume(request, NULL);
}

/* The stick -------------------------------------------------------------------------------------------------------- */

static struct {
	enum { COMMAND, DATA_OUT, DATA_IN, STATUS, BROKEN } mode;
	uint8_t sectors[SECTORS + DISK_OWN_BLOCKS][512];
	uint8_t answer[OWN_MOST * 512], code[16], csw[13];
	uint32_t length, at, lba;
	uint8_t attention; /* a code that it says once */
	bool fails, stalls, is_silent; /* the command; when data are to go */
} stick;

static void stick_status(uint8_t status)
{
	uint32_t residue = stick.length - stick.at;

	memcpy(stick.csw, "USBS", 4);
	memcpy(stick.csw + 8, &residue, 4);
	stick.csw[12] = status;
	stick.mode = STATUS;
}

static void stick_command(const uint8_t *cbw)
{
	uint32_t count = (uint32_t)(cbw[15 + 7] << 8 | cbw[15 + 8]);

	memcpy(stick.csw + 4, cbw + 4, 4);
	memcpy(&stick.length, cbw + 8, 4);
	memcpy(stick.code, cbw + 15, 16);
	stick.at = 0;
	stick.lba = (uint32_t)(cbw[15 + 4] << 8 | cbw[15 + 5]);
	memset(stick.answer, 0, sizeof(stick.answer));
	stick.fails = false;
	nr_executed++;
	if (stick.length > sizeof(stick.answer) || ((stick.code[0] == 0x28 || stick.code[0] == 0x2a) && (stick.lba + count > ARRAY_LENGTH(stick.sectors) || count > OWN_MOST))) {
		stick.length = 0;
		stick_status(1);
		return;
	}
	if (stick.attention != 0 && stick.code[0] != 3) {
		stick.mode = cbw[12] & 0x80 ? DATA_IN : DATA_OUT;
		stick.fails = true;
		if (stick.length == 0)
			stick_status(1);
		return;
	}
	if (stick.code[0] == 3 && stick.attention != 0) {
		memcpy(stick.answer, (uint8_t[]){ 0x70, 0, 6, [12] = stick.attention }, 13);
		stick.attention = 0;
	}
	if (stick.code[0] == 0x28)
		memcpy(stick.answer, stick.sectors[stick.lba], count * 512);
	if (stick.code[0] == 0x25)
		memcpy(stick.answer, (uint8_t[]){ 0, 0, 0, ARRAY_LENGTH(stick.sectors) - 1, 0, 0, 2, 0 }, 8);
	if (stick.code[0] == 0x2a && stick.lba < SECTORS && (rule_of(stick.lba) == RULE_DENY || rule_of(stick.lba) == RULE_DROP || rule_of(stick.lba) == RULE_WAIT_DENY))
		unit_fail("the stick is told to write sector %u", stick.lba);
	stick.mode = cbw[12] & 0x80 ? DATA_IN : DATA_OUT;
	if (stick.length == 0)
		stick_status(0);
}

/* False: it stalls. */
static bool stick_take(const uint8_t *packet, unsigned bytes)
{
	if (stick.mode == DATA_OUT && stick.stalls) {
		stick.mode = BROKEN;
		return false;
	}
	if (stick.mode == DATA_OUT) {
		unsigned count = bytes < stick.length - stick.at ? bytes : stick.length - stick.at;

		memcpy(stick.answer + stick.at, packet, count);
		stick.at += count;
		if (stick.at < stick.length && bytes == PACKET)
			return true;
		if (stick.code[0] == 0x2a && !stick.fails)
			memcpy(stick.sectors[stick.lba], stick.answer, stick.at);
		stick_status(stick.fails);
		return true;
	}
	if (stick.mode == BROKEN || bytes != 31 || memcmp(packet, "USBC", 4) != 0) {
		stick.mode = BROKEN;
		return false;
	}
	stick_command(packet);
	return true;
}

/* A packet; -1: it has none; -2: it stalls. */
static int stick_give(uint8_t *packet)
{
	unsigned count = stick.length - stick.at;

	if (stick.stalls && stick.mode == DATA_IN)
		stick.mode = BROKEN;
	if (stick.mode == BROKEN)
		return -2;
	if (stick.mode == STATUS) {
		memcpy(packet, stick.csw, 13);
		stick.mode = COMMAND;
		return 13;
	}
	if (stick.mode != DATA_IN)
		return -1;
	count = count > PACKET ? PACKET : count;
	memcpy(packet, stick.answer + stick.at, count);
	stick.at += count;
	if (stick.at == stick.length)
		stick_status(stick.fails);
	return (int)count;
}

/* The controller ----------------------------------------------------------------------------------------------------- */

struct endpoint {
	struct guest_ring ring;
	uint64_t at;
	bool cycle, is_halted;
};

static struct endpoint endpoints[5];

static void reach(uint64_t address, void *bytes, unsigned count, bool write)
{
	for (unsigned i = 0; i < count; i++) {
		uint8_t *at = disk_memory_reach(address + i, 1);

		if (write)
			*at = ((uint8_t *)bytes)[i];
		else
			((uint8_t *)bytes)[i] = *at;
	}
}

static void put_event(unsigned number, const struct xhci_trb *trb, uint64_t at, uint32_t code, uint32_t left)
{
	struct xhci_trb event = { at, code << 24 | left, XHCI_TRB_OF(XHCI_TRANSFER_EVENT) | 1 << 24 | number << 16 };

	if (trb->status >> 22 != 0) {
		device_put_event(trb->status >> 22, at, code, left, event.control);
		return;
	}
	event.control |= nr_events / EVENT_TRBS % 2 == 0;
	reach(EVENTS + nr_events % EVENT_TRBS * sizeof(event), &event, sizeof(event), true);
	nr_events++;
}

/* What follows links. False: there is none. */
static bool fetch(uint64_t *at, bool *cycle, struct xhci_trb *trb)
{
	for (unsigned i = 0; i < 16; i++) {
		reach(*at, trb, sizeof(*trb), false);
		if ((trb->control & 1) != *cycle)
			return false;
		if (XHCI_TRB_TYPE(trb->control) != XHCI_LINK)
			return true;
		*at = trb->parameter & ~UINT64_C(15);
		*cycle ^= (trb->control & XHCI_TRB_TOGGLE) != 0;
	}
	return false;
}

#define PARTS 8

/* A transfer. False: there is none, or the stick has nothing to say. */
static bool step(unsigned number)
{
	struct endpoint *endpoint = &endpoints[number];
	struct xhci_trb trbs[PARTS];
	uint64_t at = endpoint->at, ats[PARTS];
	uint8_t bytes[KIB(16)];
	bool cycle = endpoint->cycle;
	unsigned nr = 0, total = 0, done = 0;

	if (endpoint->is_halted || (stick.is_silent && (stick.mode == DATA_IN || stick.mode == DATA_OUT)))
		return false;
	do {
		if (nr == PARTS || !fetch(&at, &cycle, &trbs[nr]))
			return false;
		ats[nr] = at;
		at += 16;
		total += XHCI_TRB_TYPE(trbs[nr].control) == XHCI_NORMAL ? XHCI_TRB_BYTES(trbs[nr].status) : 0;
	} while (trbs[nr++].control & XHCI_TRB_CHAIN);
	if (total > sizeof(bytes))
		return false;
	for (unsigned i = 0, place = 0; number == OUT && i < nr; place += XHCI_TRB_BYTES(trbs[i].status), i++) {
		if (XHCI_TRB_TYPE(trbs[i].control) == XHCI_NORMAL)
			reach(trbs[i].parameter, bytes + place, XHCI_TRB_BYTES(trbs[i].status), false);
	}
	while (number == OUT && done < total && !endpoint->is_halted) {
		unsigned count = total - done < PACKET ? total - done : PACKET;

		endpoint->is_halted = !stick_take(bytes + done, count);
		done += count;
	}
	while (number == IN && done < total) {
		uint8_t packet[PACKET];
		int count = stick_give(packet);

		if (count == -1 && done == 0)
			return false;
		endpoint->is_halted = count == -2;
		if (count < 0)
			break;
		if ((unsigned)count > total - done)
			count = (int)(total - done); /* it babbles */
		memcpy(bytes + done, packet, (unsigned)count);
		done += (unsigned)count;
		if (count < PACKET)
			break;
	}
	endpoint->at = at;
	endpoint->cycle = cycle;
	for (unsigned i = 0, place = 0; i < nr; i++) {
		unsigned room = XHCI_TRB_TYPE(trbs[i].control) == XHCI_NORMAL ? XHCI_TRB_BYTES(trbs[i].status) : 0;
		unsigned count = place >= done ? 0 : done - place < room ? done - place : room;

		if (number == IN)
			reach(trbs[i].parameter, bytes + place, count, true);
		place += room;
		if (endpoint->is_halted) {
			put_event(number, &trbs[i], ats[i], XHCI_STALL, room - count);
			break;
		}
		if (number == IN && count < room && (trbs[i].control & (XHCI_TRB_ISP | XHCI_TRB_IOC))) {
			put_event(number, &trbs[i], ats[i], XHCI_SHORT_PACKET, room - count);
			break;
		}
		if (trbs[i].control & XHCI_TRB_IOC)
			put_event(number, &trbs[i], ats[i], XHCI_SUCCESS, 0);
	}
	return true;
}

static void run(unsigned number)
{
	for (unsigned i = 0; i < 8 && step(number); i++)
		;
}

static bool take_event(struct xhci_trb *event)
{
	uint64_t place = EVENTS + nr_taken % EVENT_TRBS * sizeof(*event);

	event->control = (uint32_t)guest_access(place + 12, 0, 4, false);
	UNIT_CHECK(deadline_next_tsc != 0); /* whoever is to hear of a disk has */
	if ((event->control & 1) != (nr_taken / EVENT_TRBS % 2 == 0))
		return false;
	event->parameter = guest_access(place, 0, 8, false);
	event->status = (uint32_t)guest_access(place + 8, 0, 4, false);
	nr_taken++;
	return true;
}

/* The driver --------------------------------------------------------------------------------------------------------- */

static uint8_t model[SECTORS][512];
static uint32_t last_tag;

/* What the controller says of the endpoints: 1: they run. */
static void say_state(uint32_t state)
{
	for (unsigned number = IN; number <= OUT; number++)
		memcpy(memory_direct(SLOT_CONTEXT + number * DEVICE_CONTEXT_BYTES), &state, sizeof(state));
}

static void configure(void)
{
	uint32_t words[33 * DEVICE_CONTEXT_BYTES / 4] = { 0, 1u << OUT | 1u << IN | 1 };

	for (unsigned number = IN; number <= OUT; number++) {
		uint64_t at = COMMANDS + KIB(64) + number * KIB(8);

		endpoints[number] = (struct endpoint){ .at = at, .cycle = true };
		guest_ring_init(&endpoints[number].ring, at, at + KIB(4));
		words[(number + 1) * DEVICE_CONTEXT_BYTES / 4 + 1] = PACKET << 16 | (number == IN ? 6u : 2u) << 3;
		words[(number + 1) * DEVICE_CONTEXT_BYTES / 4 + 2] = (uint32_t)at | 1;
	}
	memcpy(memory_direct(CONTEXT), words, sizeof(words));
	UNIT_EQUAL(guest_slot_command(XHCI_CONFIGURE_ENDPOINT, 1, CONTEXT, 0), XHCI_SUCCESS);
}

static void setup(void)
{
	const struct xhci_erst entry = { EVENTS, EVENT_TRBS, 0 };
	const uint64_t context = SLOT_CONTEXT;

	nr_events = nr_taken = 0;
	waiting = NULL;
	guest_watches_disks = true;
	device_bulk = run;
	guest_begin(1024);
	memset(&stick, 0, sizeof(stick));
	memset(memory_direct(EVENTS), 0, KIB(4));
	memcpy(memory_direct(TABLE), &entry, sizeof(entry));
	memcpy(device_event_ring, (uint32_t[8]){ 0, 0, 1, 0, TABLE, 0, EVENTS, 0 }, sizeof(device_event_ring));
	UNIT_EQUAL(usb_watch_transfers(), 0);
	guest_reset();
	disk_own_begin();
	memcpy(memory_direct(CONTEXTS + 8), &context, sizeof(context));
	guest_register(DEVICE_OPERATIONAL + XHCI_DCBAAP, CONTEXTS);
	say_state(1);
	sticks[1] = (struct stick){ .kind = STICK_GOOD };
	(void)guest_slot_command(XHCI_ENABLE_SLOT, 0, 0, 0);
	guest_ring_init(&guest_rings[1], COMMANDS + KIB(8), COMMANDS + KIB(12));
	(void)guest_give_address(1, 0);
	UNIT_EQUAL(guest_control(1, guest_ask(1, 0, 18), false, false), XHCI_SUCCESS);
	configure();
	for (unsigned i = 0; i < SECTORS; i++)
		memset(stick.sectors[i], (int)i + 1, 512);
	memcpy(model, stick.sectors, sizeof(model));
}

static void teardown(void)
{
	usb_unwatch_transfers();
	guest_watches_disks = false;
	device_bulk = NULL;
	memset(device_event_ring, 0, sizeof(device_event_ring));
	guest_end();
}

/* Gives a transfer of one or two TRBs. */
static uint64_t queue(unsigned number, uint64_t at, unsigned bytes, unsigned nr)
{
	struct guest_ring *ring = &endpoints[number].ring;
	uint32_t control = XHCI_TRB_OF(XHCI_NORMAL) | (number == IN ? XHCI_TRB_ISP : 0);
	unsigned first = nr == 2 ? bytes / 2 : 0;

	if (first != 0 && ring->index < SEGMENT_TRBS - 3) {
		bool cycle = ring->cycle;
		uint64_t head = guest_ring_put(ring, at, first, control | XHCI_TRB_CHAIN, true);
		uint64_t tail = guest_ring_put(ring, at + first, bytes - first, control | XHCI_TRB_IOC, false);

		guest_access(head + 12, control | XHCI_TRB_CHAIN | cycle, 4, true);
		return tail;
	}
	return guest_ring_put(ring, at, bytes, control | XHCI_TRB_IOC, false);
}

/* The transfer's end: its code, and how many bytes have come. */
static uint32_t await(unsigned number, unsigned bytes, uint64_t tail, unsigned *moved)
{
	struct xhci_trb event;

	for (unsigned i = 0; i < 8; i++) {
		if (unit_random() % 4 == 0)
			(void)own();
		run(number);
		if (unit_random() % 4 == 0)
			(void)own();
		if (take_event(&event)) {
			UNIT_EQUAL(XHCI_TRB_ENDPOINT(event.control), number);
			*moved = event.parameter == tail ? bytes - XHCI_TRB_RESIDUE(event.status) : bytes / 2 - XHCI_TRB_RESIDUE(event.status);
			return XHCI_TRB_CODE(event.status);
		}
		decide();
	}
	unit_fail("a transfer of endpoint %u has no end", number);
	return 0;
}


/* A command: its CSW's status. What comes is at DATA. */
static unsigned command(const uint8_t *code, bool in, unsigned length, unsigned *moved)
{
	uint8_t *cbw = memory_direct(WRAPPER), *csw = memory_direct(WRAPPER + KIB(1));
	bool is_eager = unit_random() % 4 == 0 && endpoints[IN].ring.index < 4 && endpoints[OUT].ring.index < 4;
	uint32_t tag = ++last_tag, status;
	unsigned nr = 1, bytes;
	uint64_t tails[3];

	memset(cbw, 0, 31);
	memcpy(cbw, "USBC", 4);
	memcpy(cbw + 4, &tag, 4);
	memcpy(cbw + 8, &length, 4);
	cbw[12] = in ? 0x80 : 0;
	cbw[14] = 10;
	memcpy(cbw + 15, code, 10);
	*moved = 0;
	memset(csw, 0xee, 13);
	tails[0] = queue(OUT, WRAPPER, 31, 1 + (unsigned)unit_random() % 2);
	for (unsigned i = 0; i < 3 && unit_why[0] == '\0'; i++) {
		for (; nr < (is_eager ? 3 : i + 1); nr++) /* all at once, or each when the one before is over */
			tails[nr] = nr == 2 ? queue(IN, WRAPPER + KIB(1), 13, 1)
				    : length != 0 ? queue(in ? IN : OUT, DATA, length, 1 + (unsigned)unit_random() % 2) : 0;
		if (i == 1 && length == 0)
			continue;
		status = await(i == 0 || (i == 1 && !in) ? OUT : IN, i == 0 ? 31 : i == 1 ? length : 13, tails[i], i == 1 ? moved : &bytes);
		UNIT_CHECK(status == XHCI_SUCCESS || (i == 1 && in && status == XHCI_SHORT_PACKET));
	}
	UNIT_CHECK(memcmp(csw, "USBS", 4) == 0 && memcmp(csw + 4, &tag, 4) == 0);
	return csw[12];
}

static void check_sense(unsigned key, unsigned code)
{
	const uint8_t request_sense[10] = { 3, 0, 0, 0, 18 };
	const uint8_t *sense = memory_direct(DATA);
	unsigned moved;

	UNIT_EQUAL(command(request_sense, true, 18, &moved), 0);
	UNIT_EQUAL(moved, 18);
	UNIT_CHECK((sense[2] & 0xf) == key && sense[12] == code);
}

static void read_or_write(bool writes)
{
	uint8_t lba = (uint8_t)(unit_random() % (SECTORS - MOST)), count = (uint8_t)(1 + unit_random() % MOST);
	const uint8_t code[10] = { writes ? 0x2a : 0x28, 0, 0, 0, 0, lba, 0, 0, count };
	bool fails = rule_of(lba) == RULE_DENY || rule_of(lba) == RULE_WAIT_DENY || rule_of(lba) == RULE_DENY_END;
	unsigned bytes = count * 512u, moved;
	uint8_t *data = memory_direct(DATA), is[MOST * 512];

	for (unsigned i = 0; i < bytes; i++)
		data[i] = writes ? (uint8_t)unit_random() : 0xee;
	memcpy(is, writes ? data : model[lba], bytes);
	UNIT_EQUAL(command(code, !writes, bytes, &moved), fails);
	if (rule_of(lba) == RULE_CHANGE)
		memcpy(is, writes ? "EDIT" : "READ", 4);
	if (rule_of(lba) == RULE_DROP || rule_of(lba) == RULE_DENY_END)
		memset(is, 0, writes ? 0 : bytes);
	if (rule_of(lba) == RULE_DROP)
		memcpy(is + 1, writes ? is + 1 : (const uint8_t *)"answer", 6);
	if (writes && rule_of(lba) != RULE_DENY && rule_of(lba) != RULE_WAIT_DENY && rule_of(lba) != RULE_DROP)
		memcpy(model[lba], is, bytes);
	if (!writes && (!fails || rule_of(lba) == RULE_DENY_END) && memcmp(is, data, bytes) != 0)
		unit_fail("sector %u is read as another", lba);
	if (!writes && fails && rule_of(lba) != RULE_DENY_END)
		UNIT_EQUAL(moved, 0);
	UNIT_CHECK(memcmp(model, stick.sectors, sizeof(model)) == 0);
	if (unit_random() % 4 == 0)
		UNIT_CHECK(own() == 0); /* the guest's has ended */
	if (fails && unit_random() % 2 == 0)
		check_sense(writes ? 7 : 3, writes ? 0x27 : 0x11);
}

static void learn(void)
{
	const uint8_t inquiry[10] = { 0x12, 0, 0, 0, 36 }, capacity[10] = { 0x25 }, early[10] = { 0x28, 0, 0, 0, 0, 0, 0, 0, 1 };
	unsigned moved;

	UNIT_EQUAL(command(early, true, 512, &moved), 1); /* nobody knows yet what a sector is */
	check_sense(2, 4);
	UNIT_EQUAL(command(inquiry, true, 36, &moved), 0);
	UNIT_EQUAL(moved, 36);
	UNIT_EQUAL(command(capacity, true, 8, &moved), 0);
	UNIT_EQUAL(controller->slots[1]->storage->units[0].info.sectors, ARRAY_LENGTH(stick.sectors));
}

static void sequence(void)
{
	learn();
	for (unsigned i = 5 + (unsigned)unit_random() % 20; i != 0 && unit_why[0] == '\0'; i--)
		read_or_write(unit_random() % 2 == 0);
}

/* One that keeps to nothing -------------------------------------------------------------------------------------------- */

static void any_wrapper(uint8_t *bytes)
{
	uint8_t lba = (uint8_t)(unit_random() % (SECTORS - MOST)), count = (uint8_t)(unit_random() % (MOST + 1));
	uint32_t length = unit_random() % 4 == 0 ? (uint32_t)unit_random() % 1200 : count * 512u;

	memset(bytes, 0, 31);
	memcpy(bytes, unit_random() % 16 == 0 ? "USBX" : "USBC", 4);
	memcpy(bytes + 8, &length, 4);
	if (unit_random() % 4 == 0)
		length = 31; /* its data look like a command, and may come to be one */
	bytes[12] = unit_random() % 4 == 0 ? 0x80 : 0;
	bytes[13] = unit_random() % 16 == 0 ? (uint8_t)unit_random() : 0;
	bytes[14] = unit_random() % 8 == 0 ? (uint8_t)unit_random() : 10;
	bytes[15] = length == 31 && unit_random() % 2 == 0 ? 0x15 : unit_random() % 3 != 0 ? 0x2a : unit_random() % 2 == 0 ? 0x28 : (uint8_t)unit_random();
	bytes[20] = lba;
	bytes[23] = count;
}

static void any_transfer(void)
{
	static const unsigned lengths[] = { 31, 31, 31, 13, 512, 1024, 512 + 31, 1024 + 31, 1 };
	unsigned number = unit_random() % 3 == 0 ? IN : OUT;
	unsigned bytes = lengths[unit_random() % ARRAY_LENGTH(lengths)];
	uint64_t at = DATA + unit_random() % 16 * KIB(2);

	for (unsigned i = 0; number == OUT && i < 2048; i += 512)
		any_wrapper((uint8_t *)memory_direct(at) + i);
	if (number == OUT && bytes > 512)
		any_wrapper((uint8_t *)memory_direct(at) + bytes - 31);
	(void)queue(number, at, bytes, 1 + (unsigned)unit_random() % 2);
}

/* What the controller may have yet to execute becomes nothing. */
static void take_back(uint64_t at)
{
	uint32_t was = (uint32_t)guest_access(at + 12, 0, 4, false);

	guest_access(at + 12, XHCI_TRB_OF(XHCI_NO_OP) | (was & 1), 4, true);
}

static void any_move(unsigned number)
{
	struct endpoint *endpoint = &endpoints[number];
	uint64_t place = guest_ring_at(&endpoint->ring);

	if (unit_random() % 4 == 0)
		(void)guest_slot_command(XHCI_RESET_ENDPOINT, 1, 0, number << 16);
	if (guest_slot_command(XHCI_SET_TR_DEQUEUE, 1, place | endpoint->ring.cycle, number << 16) != XHCI_SUCCESS)
		return;
	endpoint->at = place;
	endpoint->cycle = endpoint->ring.cycle;
	endpoint->is_halted = false;
}

static void storage_was_reset(void)
{
	(void)guest_control(1, USB_SETUP_OF((uint64_t)STORAGE_RESET_TYPE, STORAGE_RESET, 0, 0, 0ull), false, false);
	stick.mode = COMMAND;
	stick.stalls = false;
	any_move(IN);
	any_move(OUT);
}

/* What the mediator waits for is what the controller has: nobody else ends it, though the guest gives it up. */
static void check_filler(void)
{
	const struct storage *storage = controller->slots[1]->storage;
	bool is_filled = !storage->is_filling || storage->phase == STORAGE_LOST;

	for (unsigned number = IN; number <= OUT; number++) {
		const struct xhci_transfer *transfer = controller->slots[1]->endpoints[number]->ring.transfers;

		for (; transfer != NULL; transfer = transfer->next)
			is_filled |= transfer->stage == STORAGE_STAGE_FILLER;
	}
	UNIT_CHECK(is_filled);
}

static void hostile(void)
{
	struct xhci_trb event;

	learn();
	gives_up = true;
	for (unsigned i = 10 + (unsigned)unit_random() % 60; i != 0 && unit_why[0] == '\0'; i--) {
		nr_lost += controller->slots[1]->storage->phase == STORAGE_LOST;
		switch (unit_random() % 16) {
		case 0:
			any_move(unit_random() % 2 == 0 ? IN : OUT);
			break;
		case 1:
			storage_was_reset();
			break;
		case 2:
			decide();
			break;
		case 3:
		case 4:
		case 5:
			run(IN);
			run(OUT);
			while (take_event(&event))
				;
			break;
		case 6:
			if (endpoints[OUT].ring.index != 0)
				take_back(guest_ring_at(&endpoints[OUT].ring) - 16);
			break;
		case 8:
			(void)own();
			break;
		case 9:
			stick.stalls |= unit_random() % 8 == 0; /* so it fails a script's own too, amid what hooks are asked */
			break;
		case 7:
			if (unit_random() % 8 == 0) {
				configure();
				stick.mode = COMMAND;
			}
			break;
		default:
			if (nr_events - nr_taken < EVENT_TRBS / 2)
				any_transfer();
		}
		check_filler();
	}
	gives_up = false;
}

/* A command that the mediator has let go, and the controller has not executed when the guest takes it back, or goes on behind it: the
 * stick would take its data for a command. Then the guest resets the storage, and all is well. */
static void take_back_command(bool moves)
{
	uint8_t *cbw = memory_direct(WRAPPER), *write = memory_direct(DATA);
	const uint8_t lba = RULE_DENY;
	uint32_t length = 31;
	uint64_t at;

	setup();
	learn();
	memset(cbw, 0, 31);
	memcpy(cbw, "USBC", 4);
	memcpy(cbw + 8, &length, 4);
	cbw[14] = 10;
	memcpy(write, cbw, 31);
	cbw[15] = 0x15; /* MODE SELECT: no hook has anything against it */
	length = 512;
	memcpy(write + 8, &length, 4);
	write[15] = 0x2a;
	write[20] = lba;
	write[23] = 1;
	at = queue(OUT, WRAPPER, 31, 1);
	if (moves)
		any_move(OUT);
	else
		take_back(at);
	(void)queue(OUT, DATA, 31, 1);
	run(OUT);
	UNIT_EQUAL(controller->slots[1]->storage->phase, STORAGE_LOST);
	teardown();
}

static void taken_back(void)
{
	is_hostile = true;
	for (unsigned i = 0; i < 20 && unit_why[0] == '\0'; i++)
		take_back_command(i % 2 == 0);
}

/* What it is told: nothing, and why. */
static void check_refused(int why)
{
	unsigned nr = nr_executed;

	UNIT_EQUAL(own(), why);
	UNIT_EQUAL(nr_executed, nr);
}

static void refused(void)
{
	const uint8_t test[10] = { 0 };
	unsigned moved, nr_news, nr_heard;

	is_hostile = false;
	setup();
	nr_news = guest_nr_news;
	nr_heard = guest_nr_told;
	UNIT_EQUAL(storage_own_io(0, &(struct disk_io){ .kind = RV_EVENT_DISK_FLUSH }), -RV_ENOENT);
	learn();
	UNIT_EQUAL(guest_nr_news, nr_news + 1);
	UNIT_EQUAL(guest_nr_told, nr_heard + 1);
	UNIT_EQUAL(own(), 0);
	say_state(3); /* the guest has stopped them */
	check_refused(-RV_EBUSY);
	say_state(1);
	guest_others_decide = true;
	check_refused(-RV_EPERM);
	guest_others_decide = false;
	storage_was_reset();
	check_refused(-RV_EBUSY);
	UNIT_EQUAL(command(test, false, 0, &moved), 0);
	UNIT_EQUAL(own(), 0);
	guest_register(DEVICE_OPERATIONAL, 0);
	check_refused(-RV_EAGAIN);
	guest_register(DEVICE_OPERATIONAL, XHCI_USBCMD_RUN);
	UNIT_EQUAL(guest_slot_command(XHCI_CONFIGURE_ENDPOINT, 1, 0, XHCI_TRB_DC), XHCI_SUCCESS);
	check_refused(-RV_EAGAIN);
	UNIT_EQUAL(guest_slot_command(XHCI_DISABLE_SLOT, 1, 0, 0), XHCI_SUCCESS);
	check_refused(-RV_ENOENT);
	UNIT_EQUAL(guest_nr_news, nr_news + 2);
	UNIT_EQUAL(guest_nr_told, nr_heard + 2);
	teardown();
	UNIT_EQUAL(guest_nr_news, nr_news + 2);
}

/* What it says once, of another medium: the script's command fails, and the guest's next. */
static void tells_the_guest(void)
{
	const uint8_t test[10] = { 0 }, sense[10] = { 3, 0, 0, 0, 18 };
	unsigned moved;

	is_hostile = false;
	for (unsigned i = 0; i < 2; i++) {
		setup();
		learn();
		stick.attention = 0x28;
		UNIT_EQUAL(own(), -RV_EIO);
		UNIT_EQUAL(stick.attention, 0);
		check_refused(-RV_EIO);
		if (i == 0)
			UNIT_EQUAL(command(test, false, 0, &moved), 1);
		check_sense(6, 0x28);
		UNIT_EQUAL(command(sense, true, 18, &moved), 0);
		UNIT_EQUAL(command(test, false, 0, &moved), 0);
		UNIT_EQUAL(own(), 0);
		teardown();
	}
}

/* One that stalls, or is silent, is the guest's to reset; what the controller may have yet is nobody else's until it is reset. */
static void fails_own(void)
{
	const uint8_t test[10] = { 0 };
	unsigned moved;

	is_hostile = false;
	for (unsigned i = 0; i < 2; i++) {
		setup();
		learn();
		stick.stalls = i == 0;
		stick.is_silent = i == 1;
		while (own() == 0 && unit_why[0] == '\0')
			; /* a flush has no data that could stall */
		UNIT_EQUAL(controller->slots[1]->storage->phase, STORAGE_LOST);
		UNIT_EQUAL(controller->nr_stale != 0, i == 1);
		stick.stalls = stick.is_silent = false;
		check_refused(-RV_EIO);
		storage_was_reset();
		UNIT_EQUAL(command(test, false, 0, &moved), 0);
		disk_own_forget();
		UNIT_EQUAL(own(), 0);
		teardown();
	}
}

/* One way to the storage. */
static void other_ways(void)
{
	static const uint8_t uas[9] = { 9, 4, 0, 1, 2, 8, 6, 0x62, 0 }, other[9] = { 9, 4, 1, 0, 2, 8, 6, 0x50, 0 };
	static const uint8_t second[18] = { 9, 2, 18, 0, 1, 2, 0, 0xc0, 0, 9, 4, 0, 0, 0, 8, 6, 0x50, 0 };
	const uint32_t packets = PACKET << 16, out = 2u << 3, in = 6u << 3;
	uint8_t *descriptors, copy[64];
	struct xhci_slot *slot;

	setup();
	slot = controller->slots[1];
	descriptors = slot->descriptors;
	UNIT_EQUAL(slot->known->info.descriptor_bytes, 50);
	UNIT_CHECK(storage_forbids(slot) == NULL && storage_has_endpoint(slot, OUT) && storage_has_endpoint(slot, IN) && !storage_has_endpoint(slot, 2));
	UNIT_CHECK(storage_endpoint_is_right(slot, OUT, 0, packets | out) && storage_endpoint_is_right(slot, IN, 0, packets | in));
	UNIT_CHECK(!storage_endpoint_is_right(slot, OUT, 0, 31 << 16 | out)); /* each packet short: data would be commands */
	UNIT_CHECK(!storage_endpoint_is_right(slot, OUT, 0, packets | 1u << 3) && !storage_endpoint_is_right(slot, OUT, 1 << 10, packets | out));

	memcpy(descriptors + 50, uas, 9);
	slot->known->info.descriptor_bytes = 59;
	UNIT_CHECK(storage_forbids(slot) == NULL);
	memcpy(copy, descriptors, 59);
	storage_conceal(slot, copy, 59);
	UNIT_CHECK(memcmp(copy, descriptors, 55) == 0 && copy[55] == 0xff && copy[57] == 0xff);
	UNIT_CHECK(storage_refuses(slot, USB_SETUP_OF(1ull, USB_SET_INTERFACE, 1, 0, 0ull)));
	UNIT_CHECK(!storage_refuses(slot, USB_SETUP_OF(1ull, USB_SET_INTERFACE, 0, 0, 0ull)));
	UNIT_CHECK(!storage_refuses(slot, USB_SETUP_OF(1ull, USB_SET_INTERFACE, 1, 1, 0ull)));

	memcpy(descriptors + 50, other, 9);
	UNIT_CHECK(storage_forbids(slot) != NULL);
	guest_watches_disks = false;
	UNIT_CHECK(storage_forbids(slot) == NULL && !storage_refuses(slot, USB_SETUP_OF(1ull, USB_SET_INTERFACE, 1, 0, 0ull)));
	guest_watches_disks = true;
	memcpy(descriptors + 50, second, 18); /* the same interface, in a second configuration */
	slot->known->info.descriptor_bytes = 68;
	UNIT_CHECK(storage_forbids(slot) != NULL);
	descriptors[50 + 9 + 5] = 0xff; /* which is none of storage */
	UNIT_CHECK(storage_forbids(slot) == NULL);
	slot->known->info.descriptor_bytes = 50;
	descriptors[18 + 9 + 7] = 0x62;
	UNIT_CHECK(storage_forbids(slot) != NULL);
	UNIT_CHECK(guest_slot_command(XHCI_CONFIGURE_ENDPOINT, 1, CONTEXT, 0) != XHCI_SUCCESS);
	teardown();
}

/* No ring leads over another's, where what one endpoint has looked at would be what the other moves. */
static void rings_are_apart(void)
{
	const uint8_t test[10] = { 0 }, capacity[10] = { 0x25 };
	const uint64_t others[] = { COMMANDS + KIB(64) + IN * KIB(8), COMMANDS, COMMANDS + KIB(8), COMMANDS + KIB(64) + IN * KIB(8) + 16 };
	unsigned moved;

	is_hostile = false;
	setup();
	learn();
	for (unsigned i = 0; i < ARRAY_LENGTH(others); i++) {
		UNIT_CHECK(guest_slot_command(XHCI_SET_TR_DEQUEUE, 1, others[i] | 1, OUT << 16) != XHCI_SUCCESS);
		UNIT_EQUAL(command(test, false, 0, &moved), 0);
	}
	for (unsigned i = 0; i < 3; i++) { /* to the last IN has not come, so it stops before that */
		memcpy(memory_direct(CONTEXT + (OUT + 1) * DEVICE_CONTEXT_BYTES + 8), &(uint64_t){ others[i] | 1 }, 8);
		UNIT_CHECK(guest_slot_command(XHCI_CONFIGURE_ENDPOINT, 1, CONTEXT, 0) != XHCI_SUCCESS);
	}
	configure();
	stick.mode = COMMAND;
	UNIT_EQUAL(command(capacity, true, 8, &moved), 0);
	teardown();
}

static void sequences(void)
{
	for (unsigned i = 0; i < nr_sequences && unit_why[0] == '\0'; i++) {
		hears_usb = i % 2 == 0;
		setup();
		(is_hostile ? hostile : sequence)();
		teardown();
		if (unit_why[0] != '\0')
			fprintf(stderr, "sequence %u\n", i);
	}
}

static void all_comes_through(void)
{
	is_hostile = false;
	sequences();
	for (unsigned i = 0; i < RULES; i++)
		UNIT_CHECK(nr_rules[i] > nr_sequences / 2);
	UNIT_CHECK(nr_told > nr_sequences && nr_usb_ends > nr_sequences);
	UNIT_CHECK(nr_own[0] > nr_sequences && nr_own[1] > nr_sequences && nr_own[2] == 0);
}

static void nothing_goes_round(void)
{
	is_hostile = true;
	nr_executed = 0;
	memset(nr_own, 0, sizeof(nr_own));
	sequences();
	UNIT_CHECK(nr_own[0] > nr_sequences / 4 && nr_own[1] > nr_sequences / 4);
	UNIT_CHECK(nr_executed > nr_sequences && nr_lost > nr_sequences && nr_cancelled != 0 && nr_gone != 0);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		nr_sequences = (unsigned)strtoul(argv[1], NULL, 0);
	disk_memory_reset(1024);
	usb_find();
	usb_class.find();
	controller = xhci_at(0);
	unit_run("2,000 sequences of commands: what is written, read and told is as hooks have it", all_comes_through);
	unit_run("2,000 of transfers without order: the stick is told nothing that hooks refuse", nothing_goes_round);
	unit_run("a command that the guest takes back loses it the stick", taken_back);
	unit_run("a script's own command has its place, or is refused", refused);
	unit_run("what a stick tells a script's command once the guest hears", tells_the_guest);
	unit_run("one that does not end a script's command is the guest's to reset", fails_own);
	unit_run("a stick's rings lead over no other", rings_are_apart);
	unit_run("there is one way to the storage, by packets as its descriptors say", other_ways);
	guest_free();
	return unit_failed;
}
