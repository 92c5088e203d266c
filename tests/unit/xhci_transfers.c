/*
 * tests/unit/xhci_transfers.c: random sequences on a device's two bulk endpoints, whose controller is here: transfers of one to
 * four TRBs with links between and amid them, immediate data, Event Data TRBs, short packets, endpoints that are stopped
 * amid a transfer, transfers that are taken back, dequeue pointers that are set. Hooks pass, change, drop and refuse by
 * a rule that the test knows, and have every third wait: then the controller, which goes to sleep where it finds nothing, is
 * rung again, but not if the guest has stopped the endpoint. What the device hears, and what the guest is told and finds in its
 * memory, is right to the byte. Then the same of a guest that means harm: the controller reads nothing of the hypervisor's but what it is given,
 * and does nothing that no hook was asked about.
 */
#include "xhci_guest.h"

#include "core/memory.h"
#include "disk_memory.h"
#include "hook/hook.h"
#include "rv/errno.h"
#include "rv/kinds.h"
#include "unit.h"

#define SEQUENCES 2000 /* of each sort; the argument is another number */
#define OUT 2	       /* as doorbells count */
#define IN 3
#define EVENTS MIB(6)
#define TABLE (EVENTS + KIB(8))
#define EVENT_TRBS 32
#define TDS 64
#define TD_TRBS 4
#define TD_BYTES 400 /* of a TRB */

enum rule { RULE_PASS, RULE_CHANGE, RULE_DROP, RULE_DENY };

/* What the guest wants to have moved. */
struct td {
	bool is_cancelled, is_told;
	unsigned nr, bytes;
	uint64_t at[TD_TRBS + 1], next; /* its TRBs, one of Event Data behind them; what follows */
	unsigned lengths[TD_TRBS];
	bool next_cycle, has_data, is_immediate;
	uint8_t data[TD_TRBS * TD_BYTES];
};

/* What the guest is to be told of an endpoint, in this order. */
struct news {
	uint32_t code;
	uint64_t parameter; /* 0: it is not looked at */
	struct td *td;
};

/* An endpoint as the guest's driver knows it, and as the controller does. */
struct endpoint {
	unsigned number;
	struct guest_ring ring;
	struct td tds[TDS];
	unsigned nr, first; /* that is not over */
	bool is_stalled, is_stopped;
	bool is_idle;	     /* the controller has found nothing, and was not rung since */
	struct request *waits, *late; /* the second is decided, and its ring may be elsewhere by now */
	uint64_t at;
	bool cycle;
	unsigned part;	     /* TRBs of the transfer that were done, when it was stopped */
	unsigned moved, room, limit, offered; /* bytes */
	bool is_halted;	     /* the guest is to be told of a stall, and goes on behind that */
	struct request *end_waits, *end_late;
	struct news news[4 * TDS];
	unsigned nr_news, nr_told;
};

static struct endpoint out, in;
static uint64_t buffers;
static unsigned nr_events, nr_taken, nr_over[4], nr_cancelled, nr_asked, nr_short, nr_stopped, nr_hostile, nr_held, nr_let_go, nr_ended, nr_ends_held, nr_ends_told, nr_ends_ended, nr_lazy;
static unsigned nr_sequences = SEQUENCES;
static bool is_hostile;

/* Hooks ------------------------------------------------------------------------------------------------------------ */

/* By its length alone, so that the test knows it too. */
static enum rule rule_of(unsigned bytes)
{
	static const enum rule rules[] = { RULE_PASS, RULE_PASS, RULE_PASS, RULE_PASS, RULE_CHANGE, RULE_CHANGE, RULE_DROP, RULE_DENY };
	enum rule rule = rules[bytes % 8];

	return rule == RULE_CHANGE && bytes < 4 ? RULE_PASS : rule;
}

bool hook_wants_requests(uint32_t kind)
{
	(void)kind;
	return true;
}

bool hook_wants_such_requests(uint32_t kind, const struct rv_event *event, size_t from, size_t end)
{
	(void)kind;
	(void)event;
	return from < end;
}

void source_usb_fill_endpoint(struct rv_event *event, const struct request_usb *usb)
{
	event->usb_endpoint = usb->endpoint;
}

static struct endpoint *endpoint_of(const struct request *request)
{
	return request->usb.direction ? &in : &out;
}

bool request_cancel(struct request *request)
{
	struct endpoint *endpoint = endpoint_of(request);

	UNIT_EQUAL(xhci_lock.holder, 1);
	if (endpoint->end_waits == request) {
		endpoint->end_waits = NULL;
		if (unit_random() % 4 == 0 && endpoint->end_late == NULL) {
			endpoint->end_late = request;
			return false;
		}
		nr_ends_ended++;
		return true;
	}
	if (endpoint->waits != request)
		return false;
	endpoint->waits = NULL;
	if (unit_random() % 4 == 0 && endpoint->late == NULL) {
		endpoint->late = request;
		return false;
	}
	nr_ended++;
	return true;
}

static bool has_decided(struct request *request, enum rule rule)
{
	request->verdict = rule == RULE_DROP ? RV_VERDICT_DROP : rule == RULE_DENY ? RV_VERDICT_DENY : RV_VERDICT_PASS;
	if (unit_random() % 3 != 0 || request->usb.type != RV_USB_BULK)
		return true;
	UNIT_CHECK(endpoint_of(request)->waits == NULL); /* one at a time, so that they stay in their order */
	endpoint_of(request)->waits = request;
	nr_held++;
	return false;
}

/* What waits goes on, at an exit of whatever CPU. */
static void let_go(struct endpoint *endpoint)
{
	struct request *request = endpoint->waits, *late = endpoint->late, *end = endpoint->end_waits, *end_late = endpoint->end_late;

	if (end != NULL || end_late != NULL) { /* the end of another, before */
		endpoint->end_waits = endpoint->end_late = NULL;
		if (end_late != NULL)
			end_late->resume(end_late, NULL);
		if (end != NULL) {
			device_is_read = false;
			nr_ends_told++;
			end->resume(end, NULL);
			UNIT_CHECK(device_is_read || is_hostile); /* so that it interrupts */
		}
		if (unit_random() % 2 == 0)
			return;
	}

	endpoint->late = endpoint->waits = NULL;
	if (late != NULL)
		late->resume(late, NULL);
	if (request == NULL)
		return;
	nr_let_go++;
	request->resume(request, NULL);
}

bool request_offer(struct request *request, struct vcpu *vcpu)
{
	enum rule rule = rule_of(request->usb.length);
	uint8_t bytes[16];

	(void)vcpu;
	UNIT_EQUAL(xhci_lock.holder, 0);
	request->verdict = RV_VERDICT_PASS;
	if (request->kind == RV_EVENT_USB_DONE && request->data_bytes >= sizeof(bytes))
		UNIT_CHECK(request->data(request, 0, bytes, sizeof(bytes), false) == 0 || is_hostile);
	if (request->kind == RV_EVENT_USB_DONE && request->usb.type == RV_USB_BULK && unit_random() % 4 == 0) {
		UNIT_CHECK(endpoint_of(request)->end_waits == NULL);
		endpoint_of(request)->end_waits = request;
		nr_ends_held++;
		return false;
	}
	if (request->kind != RV_EVENT_USB_TRANSFER)
		return true;
	nr_asked++;
	if (rule == RULE_CHANGE && !request->usb.direction)
		UNIT_CHECK(request->data(request, request->usb.length - 4, (void *)(uintptr_t)"edit", 4, true) == 0 || is_hostile);
	return has_decided(request, rule);
}

/* The controller --------------------------------------------------------------------------------------------------- */

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

/* The TRB there, if it is the controller's. */
static bool fetch(struct endpoint *endpoint, struct xhci_trb *trb)
{
	for (unsigned i = 0; i < 16; i++) {
		reach(endpoint->at, trb, sizeof(*trb), false);
		if ((trb->control & 1) != endpoint->cycle)
			return false;
		if (XHCI_TRB_TYPE(trb->control) != XHCI_LINK)
			return true;
		endpoint->at = trb->parameter & ~UINT64_C(15);
		endpoint->cycle ^= (trb->control & XHCI_TRB_TOGGLE) != 0;
	}
	return false;
}

static void put_event(const struct endpoint *endpoint, uint64_t parameter, uint32_t code, uint32_t left, bool is_data)
{
	struct xhci_trb event = { parameter, code << 24 | left, 0 };

	event.control = XHCI_TRB_OF(XHCI_TRANSFER_EVENT) | 1 << 24 | endpoint->number << 16 | (is_data ? XHCI_TRB_ED : 0) |
			(nr_events / EVENT_TRBS % 2 == 0);
	if ((nr_events + 1) % EVENT_TRBS * sizeof(event) == (device_event_ring[6] & ~15u) - EVENTS)
		unit_fail("there is no room for events");
	reach(EVENTS + nr_events % EVENT_TRBS * sizeof(event), &event, sizeof(event), true);
	nr_events++;
}

/* What the device says, in the order in which it says it. */
static uint8_t said(const struct endpoint *endpoint, unsigned at)
{
	return (uint8_t)(endpoint->first * 31 + at * 7);
}

static uint8_t heard[TD_TRBS * TD_BYTES];

/* Moves a TRB's data. Returns how many bytes were not. */
static unsigned move(struct endpoint *endpoint, const struct xhci_trb *trb)
{
	unsigned bytes = XHCI_TRB_BYTES(trb->status), count = bytes;

	if (endpoint->number == IN && count > endpoint->room)
		count = endpoint->room;
	if (count > sizeof(heard) - endpoint->moved)
		count = (unsigned)sizeof(heard) - endpoint->moved;
	if (endpoint->number == OUT && (trb->control & XHCI_TRB_IDT))
		memcpy(heard + endpoint->moved, &trb->parameter, count < 8 ? count : 8);
	else if (endpoint->number == OUT)
		reach(trb->parameter, heard + endpoint->moved, count, false);
	for (unsigned i = 0; endpoint->number == IN && i < count; i++) {
		uint8_t byte = said(endpoint, endpoint->moved + i);

		reach(trb->parameter + i, &byte, 1, true);
	}
	endpoint->moved += count;
	endpoint->room -= count;
	return bytes - count;
}

/* One TRB. False: there is none. *is_end: it was the last of its transfer. */
static bool step(struct endpoint *endpoint, bool *is_end)
{
	struct xhci_trb trb;
	unsigned left = 0;
	uint32_t type;
	uint64_t at;

	if (!fetch(endpoint, &trb)) {
		UNIT_CHECK(endpoint->part == 0 || is_hostile); /* all of a transfer is there */
		return false;
	}
	at = endpoint->at;
	endpoint->at += sizeof(trb);
	type = XHCI_TRB_TYPE(trb.control);
	if (type == XHCI_NORMAL) {
		endpoint->offered += XHCI_TRB_BYTES(trb.status);
		left = move(endpoint, &trb);
	}
	else if (type != XHCI_EVENT_DATA && type != XHCI_NO_OP && !is_hostile)
		unit_fail("the controller finds a TRB of type %u", type);
	endpoint->part++;
	if (left != 0 && type == XHCI_NORMAL && (trb.control & (XHCI_TRB_ISP | XHCI_TRB_IOC)))
		put_event(endpoint, at, XHCI_SHORT_PACKET, left, false);
	else if (trb.control & XHCI_TRB_IOC)
		put_event(endpoint, type == XHCI_EVENT_DATA ? trb.parameter : at, XHCI_SUCCESS, type == XHCI_EVENT_DATA ? endpoint->moved : 0,
			  type == XHCI_EVENT_DATA);
	while (left != 0 && (trb.control & XHCI_TRB_CHAIN) && fetch(endpoint, &trb)) { /* the rest of it is passed over */
		endpoint->at += sizeof(trb);
		endpoint->part++;
		endpoint->offered += XHCI_TRB_TYPE(trb.control) == XHCI_NORMAL ? XHCI_TRB_BYTES(trb.status) : 0;
		if (XHCI_TRB_TYPE(trb.control) == XHCI_EVENT_DATA && (trb.control & XHCI_TRB_IOC))
			put_event(endpoint, trb.parameter, XHCI_SHORT_PACKET, endpoint->moved, true);
	}
	*is_end = !(trb.control & XHCI_TRB_CHAIN);
	return true;
}

/* The mediator has rung, or the guest: never an endpoint that the guest has stopped. */
static bool is_awake(struct endpoint *endpoint)
{
	if (device_is_rung[1][endpoint->number]) {
		device_is_rung[1][endpoint->number] = false;
		if (endpoint->is_stopped && !is_hostile)
			unit_fail("endpoint %u is started, which the guest has stopped", endpoint->number);
		endpoint->is_idle = false;
	}
	return !endpoint->is_idle && !endpoint->is_stopped;
}

/* The guest -------------------------------------------------------------------------------------------------------- */

/* The next event: true, if there is one. */
static bool take_event(struct xhci_trb *event)
{
	uint64_t place = EVENTS + nr_taken % EVENT_TRBS * sizeof(*event);

	event->control = (uint32_t)guest_access(place + 12, 0, 4, false);
	if ((event->control & 1) != (nr_taken / EVENT_TRBS % 2 == 0))
		return false;
	event->parameter = guest_access(place, 0, 8, false);
	event->status = (uint32_t)guest_access(place + 8, 0, 4, false);
	nr_taken++;
	return true;
}

static void more_news(struct endpoint *endpoint, struct news news)
{
	UNIT_CHECK(endpoint->nr_news < ARRAY_LENGTH(endpoint->news));
	endpoint->news[endpoint->nr_news++] = news;
}

/* As Linux 6.1: where it has read events, and what it is to write is there already, it writes nothing, and is not interrupted again. */
static void tell_dequeue(unsigned nr_read)
{
	const uint32_t at = DEVICE_RUNTIME + XHCI_INTERRUPTER(0) + XHCI_ERDP;
	uint32_t place = (uint32_t)(EVENTS + nr_taken % EVENT_TRBS * sizeof(struct xhci_trb));

	if (nr_read % EVENT_TRBS != 0 && (guest_register_read(at) & ~15u) == place)
		unit_fail("the guest reads that it has read event %u, of which it was not told before", nr_taken);
	guest_register(at, place | XHCI_ERDP_EHB);
	guest_register(at + 4, 0);
}

/* The driver's handler of interrupts; a lazy one leaves some for the next, for which the controller is to interrupt again. */
static void hear_some(unsigned most)
{
	unsigned before = nr_taken;
	struct xhci_trb event;

	while (most-- != 0 && take_event(&event)) {
		struct endpoint *endpoint = XHCI_TRB_ENDPOINT(event.control) == IN ? &in : &out;
		struct news *news;

		if (XHCI_TRB_TYPE(event.control) == XHCI_VENDOR_EVENT)
			continue;
		while (endpoint->nr_told < endpoint->nr_news && endpoint->news[endpoint->nr_told].td->is_cancelled)
			endpoint->nr_told++;
		if (endpoint->nr_told == endpoint->nr_news) {
			unit_fail("an event of endpoint %u too much: code %u", endpoint->number, XHCI_TRB_CODE(event.status));
			return;
		}
		news = &endpoint->news[endpoint->nr_told++];
		if (XHCI_TRB_CODE(event.status) != news->code || (news->parameter != 0 && event.parameter != news->parameter))
			unit_fail("code %u of endpoint %u, not %u", XHCI_TRB_CODE(event.status), XHCI_TRB_ENDPOINT(event.control), news->code);
		news->td->is_told |= news->code != XHCI_STOPPED;
		endpoint->is_stalled |= news->code == XHCI_STALL;
	}
	tell_dequeue(nr_taken - before);
	if (take_event(&event)) {
		nr_taken--;
		nr_lazy++;
		UNIT_CHECK((device_event_ring[6] & ~15u) != EVENTS + nr_events % EVENT_TRBS * sizeof(event));
	}
}

static void hear(void)
{
	if (unit_random() % 4 == 0)
		hear_some(1);
	hear_some(UINT32_MAX);
	hear_some(UINT32_MAX); /* and what fills places, which comes when there is room */
	/* Where nothing waits, its places are the controller's: what it has taken back has left none. */
	if (out.nr_told == out.nr_news && in.nr_told == in.nr_news && nr_taken % EVENT_TRBS != nr_events % EVENT_TRBS)
		unit_fail("the guest is at event %u, the controller at %u", nr_taken, nr_events);
}

/* All is told but what waits. */
static void hear_all(struct endpoint *endpoint)
{
	hear();
	if (endpoint->end_waits != NULL || endpoint->end_late != NULL)
		return;
	while (endpoint->nr_told < endpoint->nr_news && endpoint->news[endpoint->nr_told].td->is_cancelled)
		endpoint->nr_told++;
	if (endpoint->nr_told != endpoint->nr_news)
		unit_fail("an end of endpoint %u is not told", endpoint->number);
}

static void endpoint_init(struct endpoint *endpoint, unsigned number, uint64_t at)
{
	*endpoint = (struct endpoint){ .number = number, .at = at, .cycle = true };
	guest_ring_init(&endpoint->ring, at, at + KIB(4));
}

static void setup(void)
{
	uint32_t words[33 * DEVICE_CONTEXT_BYTES / 4] = { 0, 1u << OUT | 1u << IN | 1 };
	const struct xhci_erst entry = { EVENTS, EVENT_TRBS, 0 };

	nr_events = nr_taken = 0;
	guest_begin(1024);
	memset(memory_direct(EVENTS), 0, KIB(4));
	memcpy(memory_direct(TABLE), &entry, sizeof(entry));
	memcpy(device_event_ring, (uint32_t[8]){ 0, 0, 1, 0, TABLE, 0, EVENTS, 0 }, sizeof(device_event_ring));
	UNIT_EQUAL(usb_watch_transfers(), 0);
	guest_reset();
	sticks[1] = (struct stick){ .kind = STICK_GOOD };
	(void)guest_slot_command(XHCI_ENABLE_SLOT, 0, 0, 0);
	guest_ring_init(&guest_rings[1], COMMANDS + KIB(8), COMMANDS + KIB(12));
	(void)guest_give_address(1, 0);
	UNIT_EQUAL(guest_control(1, guest_ask(1, 0, 18), false, false), XHCI_SUCCESS);
	endpoint_init(&out, OUT, COMMANDS + KIB(64));
	endpoint_init(&in, IN, COMMANDS + KIB(72));
	for (unsigned number = OUT; number <= IN; number++) {
		words[(number + 1) * DEVICE_CONTEXT_BYTES / 4 + 1] = (number == IN ? 6u : 2u) << 3;
		words[(number + 1) * DEVICE_CONTEXT_BYTES / 4 + 2] = (uint32_t)(number == IN ? in.at : out.at) | 1;
	}
	memcpy(memory_direct(CONTEXT), words, sizeof(words));
	UNIT_EQUAL(guest_slot_command(XHCI_CONFIGURE_ENDPOINT, 1, CONTEXT, 0), XHCI_SUCCESS);
	buffers = BUFFER;
}

static void teardown(void)
{
	usb_unwatch_transfers();
	guest_end();
	memset(device_event_ring, 0, sizeof(device_event_ring));
	let_go(&out); /* what was decided too late */
	let_go(&in);
	let_go(&out);
	let_go(&in);
}

static void guest_rings_bell(struct endpoint *endpoint)
{
	(void)is_awake(endpoint); /* what the mediator has done so far */
	endpoint->is_stopped = false;
	guest_register(DEVICE_DOORBELLS + 4, endpoint->number);
}

static void stop(struct endpoint *endpoint, enum xhci_trb_type how)
{
	UNIT_EQUAL(guest_slot_command(how, 1, 0, endpoint->number << 16), XHCI_SUCCESS);
	(void)is_awake(endpoint);
	endpoint->is_stopped = endpoint->is_idle = true;
	if (unit_random() % 4 == 0)
		let_go(endpoint);
}

/* The first that the guest believes to be on its way. */
static unsigned oldest_of(const struct endpoint *endpoint)
{
	unsigned oldest = endpoint->first;

	for (unsigned i = endpoint->first; i-- > 0;) {
		if (!endpoint->tds[i].is_told && !endpoint->tds[i].is_cancelled)
			oldest = i;
	}
	return oldest;
}

/* As many TRBs as there is room for, before those that wait. */
static bool has_room(const struct endpoint *endpoint)
{
	unsigned nr = 0;

	for (unsigned i = oldest_of(endpoint); i < endpoint->nr; i++)
		nr += endpoint->tds[i].nr + endpoint->tds[i].has_data;
	return endpoint->nr < TDS && nr + TD_TRBS + 1 < 2 * (SEGMENT_TRBS - 1);
}

/* A link amid a transfer is part of it (4.11.5.1). */
static void chain_link(struct endpoint *endpoint, bool chain)
{
	uint64_t link;
	uint32_t was;

	if (endpoint->ring.index != SEGMENT_TRBS - 2)
		return;
	link = endpoint->ring.segments[endpoint->ring.segment] + 16 * (SEGMENT_TRBS - 1);
	was = (uint32_t)guest_access(link + 12, 0, 4, false) & ~XHCI_TRB_CHAIN;
	guest_access(link + 12, was | (chain ? XHCI_TRB_CHAIN : 0), 4, true);
}

static uint64_t put(struct endpoint *endpoint, uint64_t parameter, uint32_t status, uint32_t control, bool hold)
{
	chain_link(endpoint, (control & XHCI_TRB_CHAIN) != 0);
	return guest_ring_put(&endpoint->ring, parameter, status, control, hold);
}

static void queue(struct endpoint *endpoint)
{
	struct td *td = &endpoint->tds[endpoint->nr];
	uint32_t control = 0;

	if (!has_room(endpoint))
		return;
	*td = (struct td){ .nr = 1 + (unsigned)unit_random() % TD_TRBS, .has_data = unit_random() % 4 == 0 };
	td->is_immediate = endpoint->number == OUT && td->nr == 1 && !td->has_data && unit_random() % 4 == 0;
	for (unsigned i = 0; i < td->nr; i++) {
		uint64_t parameter = buffers + unit_random() % 64;
		bool is_last = i + 1 == td->nr && !td->has_data;

		td->lengths[i] = td->is_immediate ? 4 + (unsigned)unit_random() % 5 : 1 + (unsigned)unit_random() % TD_BYTES;
		for (unsigned k = 0; k < td->lengths[i]; k++)
			td->data[td->bytes + k] = endpoint->number == OUT ? (uint8_t)unit_random() : 0xee;
		if (td->is_immediate)
			memcpy(&parameter, td->data, 8);
		else
			memcpy(memory_direct(parameter), td->data + td->bytes, td->lengths[i]);
		td->bytes += td->lengths[i];
		buffers += KIB(1);
		if (buffers == EVENTS)
			buffers = BUFFER;
		control = XHCI_TRB_OF(XHCI_NORMAL) | (is_last ? XHCI_TRB_IOC : XHCI_TRB_CHAIN) | (td->is_immediate ? XHCI_TRB_IDT : 0) |
			  (endpoint->number == IN && !td->has_data ? XHCI_TRB_ISP : 0);
		td->at[i] = put(endpoint, parameter, td->lengths[i], control, i == 0);
	}
	if (td->has_data)
		td->at[td->nr] = put(endpoint, td->at[0] ^ UINT64_C(0x5555000000000000), 0, XHCI_TRB_OF(XHCI_EVENT_DATA) | XHCI_TRB_IOC, false);
	td->next = guest_ring_at(&endpoint->ring);
	td->next_cycle = endpoint->ring.cycle;
	endpoint->nr++;
	/* All of it is there but for the first one's cycle bit: now it is given. */
	control = (uint32_t)guest_access(td->at[0] + 12, 0, 4, false);
	guest_access(td->at[0] + 12, control ^ 1, 4, true);
	if (unit_random() % 8 == 0)
		let_go(endpoint); /* before it is rung */
	if (!endpoint->is_stalled)
		guest_rings_bell(endpoint);
}

/* It is over: what the device has heard of it, and what the guest is told and finds. */
static void check_over(struct endpoint *endpoint, struct td *td, unsigned room)
{
	enum rule rule = rule_of(td->bytes);
	bool is_refused = rule == RULE_DROP || rule == RULE_DENY, is_short = !is_refused && td->bytes > room;
	uint32_t code = rule == RULE_DENY ? XHCI_STALL : is_short ? XHCI_SHORT_PACKET : XHCI_SUCCESS;
	unsigned moved = is_refused ? 0 : is_short ? room : td->bytes;
	uint64_t parameter = 0;

	UNIT_EQUAL(endpoint->moved, moved);
	if (rule == RULE_CHANGE && endpoint->number == OUT)
		memcpy(td->data + td->bytes - 4, "edit", 4);
	if (endpoint->number == OUT && memcmp(heard, td->data, moved) != 0)
		unit_fail("the device hears something else");
	if (code == XHCI_SUCCESS && !is_refused)
		parameter = td->has_data ? td->at[0] ^ UINT64_C(0x5555000000000000) : td->at[td->nr - 1];
	more_news(endpoint, (struct news){ code, parameter, td });
	endpoint->is_halted |= rule == RULE_DENY;
	hear_all(endpoint);
	for (unsigned i = 0; endpoint->number == IN && !is_refused && i < td->lengths[0] && i < room; i++)
		UNIT_EQUAL(*((uint8_t *)memory_direct(guest_access(td->at[0], 0, 8, false)) + i), said(endpoint, i));
	nr_over[rule]++;
	nr_short += is_short;
}

/* The controller does the next transfer, or a part of it. False: it waits. */
static bool run(struct endpoint *endpoint, bool may_stop)
{
	struct td *td = &endpoint->tds[endpoint->first];
	enum rule rule = rule_of(td->bytes);
	unsigned total = td->nr + td->has_data, events = nr_events;
	bool is_quiet = td->is_cancelled || rule == RULE_DROP || rule == RULE_DENY, is_end = false;

	if (endpoint->first == endpoint->nr || !is_awake(endpoint))
		return false;
	if (endpoint->part == 0) {
		endpoint->moved = 0;
		endpoint->limit = endpoint->number == IN && unit_random() % 3 == 0 ? 1 + (unsigned)unit_random() % (TD_BYTES * 2) : UINT32_MAX;
		endpoint->room = endpoint->limit;
	}
	do {
		if (!step(endpoint, &is_end)) {
			endpoint->is_idle = true;
			if (!endpoint->is_halted && endpoint->waits == NULL && endpoint->late == NULL)
				unit_fail("the controller does not get transfer %u of endpoint %u", endpoint->first, endpoint->number);
			return false;
		}
		if (may_stop && !is_quiet && !is_end && unit_random() % 2 == 0) {
			put_event(endpoint, endpoint->at, XHCI_STOPPED, 0, false);
			more_news(endpoint, (struct news){ XHCI_STOPPED, endpoint->at, td });
			hear_all(endpoint);
			stop(endpoint, XHCI_STOP_ENDPOINT);
			guest_rings_bell(endpoint);
			nr_stopped++;
			return false;
		}
	} while (is_quiet ? endpoint->part < total : !is_end);
	endpoint->part = 0;
	if (td->is_cancelled)
		UNIT_EQUAL(nr_events, events);
	else
		check_over(endpoint, td, endpoint->limit);
	endpoint->first++;
	return unit_why[0] == '\0';
}

/* The guest's driver goes on behind a transfer, as it does behind an error, or one that it takes back while it is under way. */
static void go_on_behind(struct endpoint *endpoint, const struct td *td)
{
	if (endpoint->is_stalled)
		stop(endpoint, XHCI_RESET_ENDPOINT);
	endpoint->is_stalled = endpoint->is_halted = false;
	endpoint->part = 0;
	endpoint->at = td->next;
	endpoint->cycle = td->next_cycle;
	hear();
	UNIT_EQUAL(guest_slot_command(XHCI_SET_TR_DEQUEUE, 1, td->next | td->next_cycle, endpoint->number << 16), XHCI_SUCCESS);
	for (unsigned i = endpoint->nr_told; i < endpoint->nr_news; i++)
		endpoint->news[i].td->is_cancelled = true; /* with all that was before */
	endpoint->nr_told = endpoint->nr_news;
	guest_rings_bell(endpoint);
}

/* One is taken back: by a new place if the controller is amid it, else it becomes nothing (as Linux does). */
static void cancel(struct endpoint *endpoint)
{
	unsigned oldest = oldest_of(endpoint), which;
	struct td *td;

	which = oldest + (unsigned)unit_random() % (endpoint->nr - oldest + 1);
	td = &endpoint->tds[which];
	if (which == endpoint->nr || td->is_cancelled || endpoint->is_stalled)
		return;
	stop(endpoint, XHCI_STOP_ENDPOINT);
	hear(); /* what was over before */
	if (td->is_told || endpoint->is_stalled) {
		if (!endpoint->is_stalled)
			guest_rings_bell(endpoint);
		return;
	}
	nr_cancelled++;
	/* It is the one that the controller is at. */
	if (which == endpoint->first && (endpoint->part != 0 || (endpoint->waits != NULL && unit_random() % 2 == 0))) {
		go_on_behind(endpoint, td);
		endpoint->first++;
		return;
	}
	td->is_cancelled = true;
	if (which < endpoint->first && which + 1 == endpoint->first)
		endpoint->is_halted = false; /* it was no stall that the guest has heard of */
	for (unsigned i = 0; i < td->nr + td->has_data; i++) {
		uint32_t was = (uint32_t)guest_access(td->at[i] + 12, 0, 4, false);

		for (unsigned k = 0; k < 12; k += 4)
			guest_access(td->at[i] + k, 0, 4, true);
		guest_access(td->at[i] + 12, (was & 1) | XHCI_TRB_OF(XHCI_NO_OP), 4, true);
	}
	guest_rings_bell(endpoint);
	hear();
}

static void sequence(void)
{
	for (unsigned i = 10 + (unsigned)unit_random() % 100; i != 0 && unit_why[0] == '\0'; i--) {
		struct endpoint *endpoint = unit_random() % 2 == 0 ? &out : &in;

		switch (unit_random() % 8) {
		case 0:
		case 1:
		case 2:
			queue(endpoint);
			break;
		case 3:
			cancel(endpoint);
			break;
		case 4:
			(void)run(endpoint, true);
			let_go(endpoint);
			break;
		default:
			for (unsigned k = (unsigned)unit_random() % 4; k != 0 && run(endpoint, false); k--)
				;
			if (endpoint->is_stalled && unit_random() % 2 == 0)
				go_on_behind(endpoint, &endpoint->tds[endpoint->first - 1]);
		}
	}
	for (unsigned i = 0; i < 2 * TDS && unit_why[0] == '\0'; i++) { /* all that waits comes to its end */
		struct endpoint *endpoint = i % 2 == 0 ? &out : &in;

		let_go(endpoint);
		hear_all(endpoint);
		while (run(endpoint, false))
			;
		if (endpoint->is_stalled)
			go_on_behind(endpoint, &endpoint->tds[endpoint->first - 1]);
	}
	if (unit_why[0] == '\0')
		UNIT_CHECK(out.first == out.nr && in.first == in.nr);
}

/* A guest that means harm ------------------------------------------------------------------------------------------------ */

/* Somewhere in or about its rings, and where no ring can be. */
static uint64_t some_place(void)
{
	static const uint64_t places[] = { COMMANDS, COMMANDS + KIB(8), MIB(8), MIB(8) + KIB(64), EVENTS, 0, UINT64_MAX - 15, FAKE_MEMORY_BYTES - 16 };
	uint64_t bulk = COMMANDS + KIB(64) + unit_random() % 4 * KIB(4) + unit_random() % 20 * 16;

	return unit_random() % 4 == 0 ? places[unit_random() % ARRAY_LENGTH(places)] + unit_random() % 3 * 16 : bulk;
}

static void write_anything(void)
{
	static const uint8_t types[] = { XHCI_NORMAL, XHCI_NORMAL, XHCI_NORMAL, XHCI_LINK, XHCI_LINK, XHCI_EVENT_DATA, XHCI_NO_OP, XHCI_SETUP, 5, 63 };
	uint64_t at = COMMANDS + KIB(64) + unit_random() % 4 * KIB(4) + unit_random() % 20 * 16;
	uint8_t type = types[unit_random() % sizeof(types)];
	uint64_t parameter = type == XHCI_LINK ? some_place() : BUFFER + unit_random() % KIB(64);
	uint32_t flags = (uint32_t)unit_random() & (XHCI_TRB_CYCLE | XHCI_TRB_TOGGLE | XHCI_TRB_ISP | XHCI_TRB_CHAIN | XHCI_TRB_IOC);
	uint8_t width = (uint8_t)(1u << unit_random() % 4);

	if (unit_random() % 16 == 0)
		(void)guest_access(at + 8 + unit_random() % 8 / width * width, unit_random() & 0x0fff01ff, width, true);
	else
		guest_store_trb(at, parameter, (uint32_t)unit_random() % TD_BYTES, flags | XHCI_TRB_OF(type));
}

static void set_any_place(struct endpoint *endpoint)
{
	uint64_t place = some_place();

	UNIT_EQUAL(guest_slot_command(XHCI_STOP_ENDPOINT, 1, 0, endpoint->number << 16), XHCI_SUCCESS);
	place |= unit_random() & 1;
	if (guest_slot_command(XHCI_SET_TR_DEQUEUE, 1, place, endpoint->number << 16) != XHCI_SUCCESS)
		return;
	endpoint->at = place & ~UINT64_C(15);
	endpoint->cycle = place & 1;
	endpoint->offered = 0;
	nr_hostile++;
}

/* Whatever the controller moves, the hook has let pass. */
static void run_anything(struct endpoint *endpoint)
{
	bool is_end = false;

	for (unsigned i = 0; i < 8; i++) {
		endpoint->moved = 0;
		endpoint->room = UINT32_MAX;
		if (!step(endpoint, &is_end))
			return;
		if (!is_end)
			continue;
		if (endpoint->offered != 0 && (rule_of(endpoint->offered) == RULE_DROP || rule_of(endpoint->offered) == RULE_DENY))
			unit_fail("%u bytes are moved that were refused", endpoint->offered);
		endpoint->offered = 0;
	}
}

static void hostile(void)
{
	struct xhci_trb event;

	for (unsigned i = 20 + (unsigned)unit_random() % 100; i != 0 && unit_why[0] == '\0'; i--) {
		struct endpoint *endpoint = unit_random() % 2 == 0 ? &out : &in;

		switch (unit_random() % 8) {
		case 0:
			set_any_place(endpoint);
			break;
		case 1:
			(void)guest_slot_command(XHCI_RESET_ENDPOINT, 1, 0, endpoint->number << 16);
			break;
		case 2:
			run_anything(endpoint);
			while (take_event(&event))
				;
			let_go(endpoint);
			break;
		case 3:
			if (unit_random() % 8 == 0)
				guest_grace_end();
			break;
		default:
			write_anything();
		}
	}
}

static void sequences(void)
{
	for (unsigned i = 0; i < nr_sequences && unit_why[0] == '\0'; i++) {
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
	UNIT_CHECK(nr_over[RULE_PASS] > nr_sequences && nr_over[RULE_CHANGE] > nr_sequences / 2 && nr_over[RULE_DROP] > nr_sequences / 4);
	UNIT_CHECK(nr_lazy > nr_sequences / 2);
	UNIT_CHECK(nr_ends_held > nr_sequences && nr_ends_told > nr_sequences / 2 && nr_ends_ended > nr_sequences / 16);
	UNIT_CHECK(nr_held > nr_sequences && nr_let_go > nr_sequences / 2 && nr_ended > nr_sequences / 16);
	UNIT_CHECK(nr_over[RULE_DENY] > nr_sequences / 4 && nr_cancelled > nr_sequences / 2 && nr_short > nr_sequences / 8 && nr_stopped > nr_sequences / 16);
}

static void nothing_goes_round(void)
{
	is_hostile = true;
	sequences();
	UNIT_CHECK(nr_hostile > nr_sequences / 2);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		nr_sequences = (unsigned)strtoul(argv[1], NULL, 0);
	disk_memory_reset(1024);
	usb_find();
	controller = xhci_at(0);
	unit_run("2,000 sequences on endpoints: all of it comes through, and is told, as hooks have it", all_comes_through);
	unit_run("2,000 of a guest that means harm: nothing goes round the hook", nothing_goes_round);
	guest_free();
	return unit_failed;
}
