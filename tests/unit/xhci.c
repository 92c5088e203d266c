/*
 * tests/unit/xhci.c: the mediator of xHCI between a guest and a controller (xhci_device.c): devices of all sorts come and go
 * in random order; the guest takes transfers back, writes over what it has given, and resets amid questions to scripts. What
 * is let in works as bare, what is not never hears what it must not; the guest's rings are to it what it has written, and
 * memory when all is over. Transfers of a device that was let in are what hooks make of them.
 */
#include "xhci_guest.h"

#include "core/memory.h"
#include "disk_memory.h"
#include "hook/hook.h"
#include "rv/errno.h"
#include "rv/kinds.h"
#include "unit.h"
#include "vmm/suspend.h"

#define SEQUENCES 2000

static unsigned nr_allowed, nr_refused, nr_detached, nr_attached, nr_resets, nr_verified_liars;
static bool wants_transfers, is_amid;

bool hook_wants_requests(uint32_t kind)
{
	return kind == RV_EVENT_USB_ATTACH || kind == RV_EVENT_USB_DETACH || wants_transfers;
}

bool hook_wants_such_requests(uint32_t kind, const struct rv_event *event, size_t from, size_t end)
{
	(void)kind;
	UNIT_CHECK(from < end);
	return wants_transfers && event->usb_endpoint == 1;
}

void source_usb_fill_endpoint(struct rv_event *event, const struct request_usb *usb)
{
	event->usb_endpoint = usb->endpoint;
}

/* Hooks of transfers: what the last one said is kept, and a rule decides. */
enum transfer_rule { TRANSFER_PASS, TRANSFER_DENY, TRANSFER_DROP, TRANSFER_CHANGE };
static enum transfer_rule transfer_rule, transfer_end_rule;
static struct request_usb transfer_last;
static uint32_t transfer_kind;
static unsigned nr_transfers;
static uint8_t transfer_bytes[16];

static bool transfer_seen(struct request *request)
{
	enum transfer_rule rule = request->kind == RV_EVENT_USB_DONE ? transfer_end_rule : transfer_rule;

	if (request->kind == RV_EVENT_USB_CONTROL || request->usb.type == RV_USB_CONTROL)
		return true;
	nr_transfers++;
	transfer_kind = request->kind;
	transfer_last = request->usb;
	memset(transfer_bytes, 0, sizeof(transfer_bytes));
	if (request->data_bytes >= sizeof(transfer_bytes))
		UNIT_EQUAL(request->data(request, request->data_bytes - sizeof(transfer_bytes), transfer_bytes, sizeof(transfer_bytes), false), 0);
	if (rule == TRANSFER_CHANGE)
		UNIT_EQUAL(request->data(request, request->data_bytes - 4, "edit", 4, true), 0);
	request->verdict = rule == TRANSFER_DENY ? RV_VERDICT_DENY : rule == TRANSFER_DROP ? RV_VERDICT_DROP : RV_VERDICT_PASS;
	return true;
}

bool request_cancel(struct request *request)
{
	(void)request;
	return false;
}

bool request_offer(struct request *request, struct vcpu *vcpu)
{
	static struct rv_usb_info info;
	enum stick_kind kind = (enum stick_kind)(request->usb.product_id & 0xff);
	unsigned slot = request->usb.number & 0xff;

	(void)vcpu;
	UNIT_EQUAL(xhci_lock.holder, 0);
	request->verdict = RV_VERDICT_PASS;
	if (request->kind != RV_EVENT_USB_ATTACH && request->kind != RV_EVENT_USB_DETACH)
		return transfer_seen(request);
	if (request->kind == RV_EVENT_USB_DETACH) {
		nr_detached++;
		return true;
	}
	nr_attached++;
	UNIT_EQUAL(kind, sticks[slot].kind);
	UNIT_CHECK(usb_describe(0, &info));
	request->verdict = kind == STICK_BAD ? RV_VERDICT_DENY : RV_VERDICT_PASS;
	if (is_amid)
		return true;
	is_amid = true;
	if (unit_random() % 16 == 0) {
		guest_reset();
		guest_has_reset = true;
		nr_resets++;
	} else if (unit_random() % 4 == 0 && kind != STICK_MUTE) {
		/* Another CPU goes on with the same ring. */
		(void)guest_ring_put(&guest_rings[slot], USB_SETUP_OF(0, USB_SET_CONFIGURATION, 1, 0, 0ull), 8, XHCI_TRB_OF(XHCI_SETUP) | XHCI_TRB_IDT, false);
		(void)guest_ring_put(&guest_rings[slot], 0, 0, XHCI_TRB_OF(XHCI_STATUS) | XHCI_TRB_IN, false);
		UNIT_CHECK(!sticks[slot].is_configured);
	}
	is_amid = false;
	return true;
}

/* Sequences ---------------------------------------------------------------------------------------------------- */

static bool is_let_in(enum stick_kind kind)
{
	return kind == STICK_GOOD || kind == STICK_MUTE || kind == STICK_SMALL;
}

/* What the guest is told is the first answer, whatever the device says now. */
static void check_answer(unsigned slot, uint64_t setup)
{
	struct stick first = sticks[slot];
	uint8_t bytes[256];
	uint32_t count;

	first.nr_asked = first.kind == STICK_SMALL ? 3 : 1;
	count = stick_answer(&first, setup, bytes);
	if (memcmp(memory_direct(BUFFER + slot * 256), bytes, count) != 0)
		unit_fail("kind %u, setup %#llx: another answer", first.kind, (unsigned long long)setup);
}

/* A device is configured and used, or nothing of that comes to pass. */
static void use(unsigned slot)
{
	struct stick *stick = &sticks[slot];
	bool is_in = is_let_in(stick->kind), was_in;
	uint32_t code;

	code = guest_slot_command(XHCI_CONFIGURE_ENDPOINT, slot, CONTEXT, 0);
	if (guest_has_reset)
		return;
	was_in = device_is_configured[slot];
	UNIT_EQUAL(was_in, is_in);
	UNIT_EQUAL(code, is_in ? XHCI_SUCCESS : 11); /* slot not enabled */
	if (stick->kind == STICK_LIAR || stick->kind == STICK_CHANGING || stick->kind == STICK_RENAMED)
		nr_verified_liars++;
	/* A command that is another when the doorbell rings. */
	if (!is_in) {
		uint64_t at = guest_ring_put(&guest_commands, 0, 0, XHCI_TRB_OF(XHCI_NO_OP_COMMAND), false);
		uint32_t was = (uint32_t)guest_access(at + 12, 0, 4, false);

		guest_access(at + 12, XHCI_TRB_OF(XHCI_CONFIGURE_ENDPOINT) | slot << 24 | (was & 1), 4, true);
		guest_register(DEVICE_DOORBELLS, 0);
		(void)guest_await(at);
		UNIT_CHECK(!device_is_configured[slot]);
		/* Two transfers that look like one. */
		(void)guest_ring_put(&guest_rings[slot], USB_SETUP_OF(0x80, USB_GET_STATUS, 0, 0, 0ull), 8, XHCI_TRB_OF(XHCI_SETUP) | XHCI_TRB_IDT, false);
	}
	code = guest_control(slot, USB_SETUP_OF(0, USB_SET_CONFIGURATION, 1, 0, 0ull), false, false);
	UNIT_EQUAL(stick->is_configured, is_in);
	if (stick->kind != STICK_MUTE)
		UNIT_EQUAL(code == XHCI_SUCCESS, is_in);
	code = guest_control(slot, USB_SETUP_OF(0x21, 9, 0, 0, 0ull), false, false); /* of its class */
	UNIT_EQUAL(stick->was_touched, is_in);
	(void)(is_in ? nr_allowed++ : nr_refused++);
}

static void enumerate(unsigned slot)
{
	struct stick *stick = &sticks[slot];
	unsigned features;

	if (unit_random() % 2 == 0) {
		if (!guest_give_address(slot, XHCI_TRB_BSR))
			return;
		(void)guest_control(slot, guest_ask(1, 0, 8), unit_random() % 4 == 0, false);
		(void)guest_slot_command(XHCI_RESET_DEVICE, slot, 0, 0);
	}
	if (!guest_give_address(slot, 0))
		return;
	for (unsigned i = 0; i < 3 && !guest_has_reset; i++) {
		uint64_t setup = guest_ask(1, 0, 18);

		if (guest_control(slot, setup, unit_random() % 4 == 0, false) == XHCI_SUCCESS && (stick->kind != STICK_SMALL || i == 2))
			check_answer(slot, setup);
	}
	if (guest_has_reset)
		return;
	if (guest_control(slot, guest_ask(2, 0, 32), unit_random() % 4 == 0, false) == XHCI_SUCCESS)
		check_answer(slot, guest_ask(2, 0, 32));
	if (unit_random() % 2 == 0 && guest_control(slot, guest_ask(3, 2, 255), false, false) == XHCI_SUCCESS)
		check_answer(slot, guest_ask(3, 2, 255));
	features = stick->nr_features;
	if (unit_random() % 4 == 0) { /* what it takes back never comes */
		(void)guest_control(slot, USB_SETUP_OF(0, USB_SET_FEATURE, 0, 0, 0ull), false, true);
		UNIT_EQUAL(stick->nr_features, features);
	}
	use(slot);
}

static void check_view(void)
{
	for (unsigned i = 0; i < 64; i++) {
		uint64_t at = RINGS + unit_random() % (RINGS_BYTES / 4) * 4;

		if ((uint32_t)guest_access(at, 0, 4, false) != *(uint32_t *)(guest_mirror + (at - RINGS)))
			unit_fail("the guest sees another %#llx", (unsigned long long)at);
	}
}

static void plug(void)
{
	struct device_event event;
	unsigned slot;

	if (guest_command(0, XHCI_TRB_OF(XHCI_ENABLE_SLOT), &event) != XHCI_SUCCESS) {
		(void)guest_slot_command(XHCI_DISABLE_SLOT, 1 + (unsigned)unit_random() % DEVICE_SLOTS, 0, 0);
		return;
	}
	slot = XHCI_TRB_SLOT(event.control);
	sticks[slot] = (struct stick){ .kind = (enum stick_kind)(unit_random() % STICK_KINDS) };
	guest_ring_init(&guest_rings[slot], COMMANDS + slot * KIB(8), COMMANDS + slot * KIB(8) + KIB(4) + (unit_random() % 2) * 128);
	enumerate(slot);
	if (!guest_has_reset && unit_random() % 3 == 0 && sticks[slot].kind == STICK_GOOD) {
		(void)guest_slot_command(XHCI_RESET_DEVICE, slot, 0, 0);
		sticks[slot].was_touched = false;
		enumerate(slot);
	}
	if (!guest_has_reset && unit_random() % 2 == 0)
		UNIT_EQUAL(guest_slot_command(XHCI_DISABLE_SLOT, slot, 0, 0), XHCI_SUCCESS);
	/* What stands behind a ring is the guest's. */
	guest_access(COMMANDS + slot * KIB(8) + KIB(2), unit_random(), 8, true);
}

static void sequences(void)
{
	for (unsigned i = 0; i < SEQUENCES && unit_why[0] == '\0'; i++) {
		guest_is_register_scarce = false;
		guest_begin(1024);
		for (unsigned k = (unsigned)unit_random() % 4; k != 0 && unit_why[0] == '\0'; k--) {
			guest_has_reset = false;
			plug();
			check_view();
			guest_grace_end();
			if (unit_random() % 16 == 0)
				guest_reset();
		}
		guest_end();
		if (unit_why[0] != '\0')
			fprintf(stderr, "sequence %u\n", i);
	}
	UNIT_CHECK(nr_allowed > 300 && nr_refused > 400 && nr_attached > 1000 && nr_detached > 500 && nr_resets > 20 &&
		   nr_verified_liars > 150);
}

/* Nothing is known of what will work then, but for what must not: a device that is not let in is not configured. */
static void shortage(void)
{
	for (unsigned i = 0; i < 300 && unit_why[0] == '\0'; i++) {
		unsigned slot = 1 + (unsigned)unit_random() % DEVICE_SLOTS;

		guest_is_register_scarce = true;
		guest_begin(1024);
		sticks[slot] = (struct stick){ .kind = STICK_BAD };
		for (unsigned k = 0; k < slot; k++)
			(void)guest_slot_command(XHCI_ENABLE_SLOT, 0, 0, 0);
		guest_ring_init(&guest_rings[slot], COMMANDS + slot * KIB(8), COMMANDS + slot * KIB(8) + KIB(4));
		(void)guest_give_address(slot, 0);
		for (unsigned k = 0; k < 12; k++)
			(void)guest_ring_put(&guest_rings[slot], (uint64_t)unit_random(), (uint32_t)unit_random() & 0x1ffff, (uint32_t)unit_random() & ~1u, false);
		(void)guest_slot_command(XHCI_CONFIGURE_ENDPOINT, slot, CONTEXT, 0);
		guest_register(DEVICE_DOORBELLS + 4 * slot, 1);
		UNIT_CHECK(!device_is_configured[slot] && !sticks[slot].is_configured);
		guest_end();
	}
	guest_is_register_scarce = false;
}

/* Rings that lie where none can, or in each other. */
static void strange_rings(void)
{
	static const uint64_t places[] = { 0, MIB(8), MIB(9) + 64, COMMANDS, COMMANDS + 32, FAKE_MEMORY_BYTES - 16, FAKE_MEMORY_BYTES,
					   UINT64_MAX - 15, COMMANDS + KIB(8) + 16 };

	for (unsigned i = 0; i < ARRAY_LENGTH(places); i++) {
		guest_begin(1024);
		sticks[1] = (struct stick){ .kind = STICK_GOOD };
		(void)guest_slot_command(XHCI_ENABLE_SLOT, 0, 0, 0);
		guest_rings[1] = (struct guest_ring){ .segments = { places[i] }, .nr = 1, .cycle = true };
		(void)guest_give_address(1, 0);
		guest_store_trb(COMMANDS + KIB(8), places[i], 0, XHCI_TRB_OF(XHCI_LINK) | 1); /* and a link to it */
		guest_rings[1].segments[0] = COMMANDS + KIB(8);
		(void)guest_give_address(1, 0);
		/* Where that ring takes the place of the next guest_commands, these stop. */
		if (guest_slot_command(XHCI_NO_OP_COMMAND, 0, 0, 0) != XHCI_SUCCESS && places[i] != COMMANDS + 32)
			unit_fail("no more commands with a ring at %#llx", (unsigned long long)places[i]);
		guest_register(DEVICE_OPERATIONAL + XHCI_CRCR, (uint32_t)places[i] | 1);
		guest_register(DEVICE_OPERATIONAL + XHCI_CRCR + 4, (uint32_t)(places[i] >> 32));
		usb_unwatch();
		guest_grace_end();
	}
}

static unsigned nr_resets_seen;

static void written_ahead_is_hidden(void)
{
	nr_resets_seen++;
	UNIT_EQUAL(*(uint32_t *)memory_direct(COMMANDS + KIB(8) + 16 + 12) & 1, 0);
}

/* What the guest has written ahead the controller does not find before it was looked at. */
static void written_ahead(void)
{
	uint64_t at = COMMANDS + KIB(8);

	guest_begin(1024);
	sticks[1] = (struct stick){ .kind = STICK_BAD };
	(void)guest_slot_command(XHCI_ENABLE_SLOT, 0, 0, 0);
	guest_ring_init(&guest_rings[1], at, at + KIB(4));
	guest_store_trb(at + 16, USB_SETUP_OF(0, USB_SET_CONFIGURATION, 1, 0, 0ull), 8, XHCI_TRB_OF(XHCI_SETUP) | XHCI_TRB_IDT | 1);
	(void)guest_give_address(1, 0);
	guest_store_trb(at, 0, 0, XHCI_TRB_OF(XHCI_NO_OP) | 1);
	UNIT_EQUAL(*(uint32_t *)memory_direct(at + 12), XHCI_TRB_OF(XHCI_NO_OP) | 1);
	UNIT_EQUAL(*(uint32_t *)memory_direct(at + 16 + 12) & 1, 0);
	UNIT_EQUAL(guest_access(at + 16 + 12, 0, 4, false), XHCI_TRB_OF(XHCI_SETUP) | XHCI_TRB_IDT | 1);
	/* Nor does one that is about to be reset, and another CPU of the guest's is at it still. */
	device_is_reset = written_ahead_is_hidden;
	nr_resets_seen = 0;
	guest_register(DEVICE_OPERATIONAL + XHCI_USBCMD, XHCI_USBCMD_HCRST);
	device_is_reset = NULL;
	UNIT_EQUAL(nr_resets_seen, 1);
	UNIT_EQUAL(*(uint32_t *)memory_direct(at + 16 + 12), XHCI_TRB_OF(XHCI_SETUP) | XHCI_TRB_IDT | 1);
	guest_end();
}

/* A guest that starts a controller without saying where its commands are, behind a reset, of its function too, or a sleep: those at the
 * address that the controller has then are nobody's. */
static void unsaid_ring(void)
{
	for (unsigned how = 0; how < 6; how++) {
		guest_begin(1024);
		guest_register(DEVICE_OPERATIONAL + XHCI_CONFIG, DEVICE_SLOTS);
		UNIT_EQUAL(guest_slot_command(XHCI_NO_OP_COMMAND, 0, 0, 0), XHCI_SUCCESS);
		if (how == 4) {
			guest_register(DEVICE_OPERATIONAL + XHCI_CONFIG, 0); /* while it runs */
			UNIT_EQUAL(device_read(DEVICE_OPERATIONAL + XHCI_CONFIG), DEVICE_SLOTS);
			guest_register(DEVICE_OPERATIONAL + XHCI_USBCMD, 0);
			guest_register(DEVICE_OPERATIONAL + XHCI_CONFIG, 0);
			UNIT_EQUAL(device_read(DEVICE_OPERATIONAL + XHCI_CONFIG), 0);
		}
		if (how == 0) {
			guest_register(DEVICE_OPERATIONAL + XHCI_USBCMD, XHCI_USBCMD_HCRST);
		} else {
			device_power_on();
			if (how < 3)
				watch_tell(&suspend_watchers, NULL);
		}
		guest_store_trb(0, 0, 0, XHCI_TRB_OF(XHCI_ENABLE_SLOT));
		if (how == 5) /* what it has not got of a slot's number is not there either */
			guest_register(DEVICE_OPERATIONAL + XHCI_CONFIG, 0x400);
		else if (how >= 2)
			guest_register(DEVICE_OPERATIONAL + XHCI_CONFIG, DEVICE_SLOTS);
		guest_register(DEVICE_OPERATIONAL + XHCI_USBCMD, XHCI_USBCMD_RUN);
		guest_register(DEVICE_DOORBELLS, 0);
		UNIT_CHECK(!device_step());
		guest_store_trb(0, 0, 0, 0);
		/* And then it says. */
		guest_register(DEVICE_OPERATIONAL + XHCI_USBCMD, 0);
		guest_ring_init(&guest_commands, COMMANDS, 0);
		guest_register(DEVICE_OPERATIONAL + XHCI_CRCR, COMMANDS | 1);
		guest_register(DEVICE_OPERATIONAL + XHCI_CRCR + 4, 0);
		guest_register(DEVICE_OPERATIONAL + XHCI_USBCMD, XHCI_USBCMD_RUN);
		UNIT_EQUAL(guest_slot_command(XHCI_NO_OP_COMMAND, 0, 0, 0), XHCI_SUCCESS);
		guest_end();
	}
}

/* Other commands while some are executed: the controller may take their address, but nobody has looked at them. */
static void running_ring(void)
{
	const uint64_t elsewhere = MIB(7);

	for (unsigned how = 0; how < 3; how++) {
		guest_begin(1024);
		UNIT_EQUAL(guest_slot_command(XHCI_NO_OP_COMMAND, 0, 0, 0), XHCI_SUCCESS);
		device_runs = true;
		device_stops = 0;
		guest_store_trb(elsewhere, 0, 0, XHCI_TRB_OF(XHCI_ENABLE_SLOT) | 1);
		guest_register(DEVICE_OPERATIONAL + XHCI_CRCR, (uint32_t)elsewhere | (how == 0 ? 0 : 2u << how / 2) | 1);
		if (how == 2)
			device_runs = false; /* it has stopped by itself meanwhile */
		else
			guest_register(DEVICE_OPERATIONAL + XHCI_CRCR + 4, 0);
		guest_register(DEVICE_DOORBELLS, 0);
		UNIT_CHECK(!device_step());
		UNIT_EQUAL(device_stops, how == 1 ? 2 : 0);
		device_runs = false;
		guest_store_trb(elsewhere, 0, 0, 0);
		if (how == 0) /* what was not to be taken was not */
			UNIT_EQUAL(guest_slot_command(XHCI_NO_OP_COMMAND, 0, 0, 0), XHCI_SUCCESS);
		guest_end();
	}
}

/* A command by which endpoint 0's ring is to be elsewhere, and which the controller refuses: it goes on where it is, and what the guest has
 * put there, before or behind that, it does not get. */
static void refused_move(void)
{
	const uint64_t first = COMMANDS + KIB(8), elsewhere = COMMANDS + KIB(64);

	for (unsigned how = 0; how < 4; how++) {
		guest_begin(1024);
		sticks[1] = (struct stick){ .kind = STICK_BAD };
		(void)guest_slot_command(XHCI_ENABLE_SLOT, 0, 0, 0);
		guest_ring_init(&guest_rings[1], first, first + KIB(4));
		for (unsigned i = 1; i < 3; i++) {
			guest_store_trb(first + 32 * i - 16, USB_SETUP_OF(0, USB_SET_CONFIGURATION, 1, 0, 0ull), 8, XHCI_TRB_OF(XHCI_SETUP) | XHCI_TRB_IDT | 1);
			guest_store_trb(first + 32 * i, 0, 0, XHCI_TRB_OF(XHCI_STATUS) | 1);
		}
		UNIT_CHECK(guest_give_address(1, 0));
		device_refuses = true;
		if (how == 0)
			UNIT_EQUAL(guest_slot_command(XHCI_SET_TR_DEQUEUE, 1, elsewhere | 1, 1 << 16), 19);
		else if (how == 1)
			UNIT_EQUAL(guest_slot_command(XHCI_SET_TR_DEQUEUE, 1, first, 1 << 16), 19);
		else
			guest_rings[1] = (struct guest_ring){ .segments = { how == 2 ? elsewhere : first }, .nr = 1, .cycle = how == 2 };
		if (how > 1)
			UNIT_CHECK(!guest_give_address(1, 0));
		if (how % 2 == 0)
			guest_store_trb(first, 0, 0, XHCI_TRB_OF(XHCI_NO_OP) | 1);
		guest_register(DEVICE_DOORBELLS + 4, 1);
		while (device_step())
			;
		UNIT_CHECK(!sticks[1].is_configured);
		device_refuses = false;
		guest_end();
	}
}

/* A setup stage that says that its eight bytes are elsewhere, or are not eight, is none: not for the device, whatever the controller would do. */
static void odd_setup(void)
{
	static const struct { uint32_t bytes, control, type; } setups[] = { { 8, XHCI_TRB_IDT, XHCI_SETUP }, { 8, 0, XHCI_NO_OP }, { 7, XHCI_TRB_IDT, XHCI_NO_OP } };
	uint64_t first, last;

	guest_begin(1024);
	sticks[1] = (struct stick){ .kind = STICK_GOOD };
	(void)guest_slot_command(XHCI_ENABLE_SLOT, 0, 0, 0);
	guest_ring_init(&guest_rings[1], COMMANDS + KIB(8), COMMANDS + KIB(12));
	is_amid = true; /* no reset while scripts are asked */
	UNIT_CHECK(guest_give_address(1, 0));
	for (unsigned i = 0; i < ARRAY_LENGTH(setups); i++) {
		first = guest_ring_put(&guest_rings[1], USB_SETUP_OF(0, USB_SET_FEATURE, 0, 0, 0ull), setups[i].bytes, XHCI_TRB_OF(XHCI_SETUP) | setups[i].control, false);
		last = guest_ring_put(&guest_rings[1], 0, 0, XHCI_TRB_OF(XHCI_STATUS) | XHCI_TRB_IOC, false);
		UNIT_EQUAL(XHCI_TRB_TYPE(((const struct xhci_trb *)memory_direct(first))->control), setups[i].type);
		UNIT_EQUAL(XHCI_TRB_TYPE(((const struct xhci_trb *)memory_direct(last))->control), setups[i].type == XHCI_SETUP ? XHCI_STATUS : XHCI_NO_OP);
	}
	guest_end();
}

/* Commands that lead into themselves: a device that does not answer is given its address and configured again and again. The guest's CPU
 * stands for one such question. */
static void turning_ring(void)
{
	guest_begin(1024);
	sticks[1] = (struct stick){ .kind = STICK_SILENT };
	UNIT_EQUAL(guest_slot_command(XHCI_ENABLE_SLOT, 0, 0, 0), XHCI_SUCCESS);
	guest_ring_init(&guest_rings[1], COMMANDS + KIB(8), COMMANDS + KIB(12));
	UNIT_CHECK(guest_give_address(1, 0));
	sticks[1].nr_rung = 0;
	guest_store_trb(COMMANDS + 16 * 4, COMMANDS + 16 * 2, 0, XHCI_TRB_OF(XHCI_LINK) | 1);
	guest_store_trb(COMMANDS + 16 * 3, CONTEXT, 0, XHCI_TRB_OF(XHCI_CONFIGURE_ENDPOINT) | 1 << 24 | 1);
	guest_store_trb(COMMANDS + 16 * 2, CONTEXT, 0, XHCI_TRB_OF(XHCI_ADDRESS_DEVICE) | 1 << 24 | 1);
	UNIT_EQUAL(sticks[1].nr_rung, 2); /* with that behind it, by which its ring goes on */
	guest_end();
}

/* As Linux does, alone or with the machine, by a controller that does restore its state: devices go on without being configured anew,
 * and what is refused stays so. */
static void sleeps(void)
{
	for (unsigned how = 0; how < 2; how++) {
		guest_begin(1024);
		for (unsigned slot = 1; slot <= 2; slot++) {
			sticks[slot] = (struct stick){ .kind = slot == 1 ? STICK_GOOD : STICK_BAD };
			UNIT_EQUAL(guest_slot_command(XHCI_ENABLE_SLOT, 0, 0, 0), XHCI_SUCCESS);
			guest_ring_init(&guest_rings[slot], COMMANDS + slot * KIB(8), COMMANDS + slot * KIB(8) + KIB(4));
			UNIT_CHECK(guest_give_address(slot, 0));
			UNIT_EQUAL(guest_control(slot, guest_ask(1, 0, 18), false, false), XHCI_SUCCESS);
		}
		for (unsigned turn = 0; turn < 3; turn++) {
			guest_register(DEVICE_OPERATIONAL + XHCI_USBCMD, 0);
			guest_register(DEVICE_OPERATIONAL + XHCI_USBCMD, DEVICE_SAVE);
			if (how == 1) {
				device_power_on();
				watch_tell(&suspend_watchers, NULL);
			}
			guest_register(DEVICE_OPERATIONAL + XHCI_CONFIG, DEVICE_SLOTS);
			guest_ring_init(&guest_commands, COMMANDS, 0);
			guest_register(DEVICE_OPERATIONAL + XHCI_CRCR, COMMANDS | 1);
			guest_register(DEVICE_OPERATIONAL + XHCI_CRCR + 4, 0);
			guest_register(DEVICE_OPERATIONAL + XHCI_USBCMD, DEVICE_RESTORE);
			guest_register(DEVICE_OPERATIONAL + XHCI_USBCMD, XHCI_USBCMD_RUN);
			sticks[1].was_touched = false;
			UNIT_EQUAL(guest_control(2, USB_SETUP_OF(0x21, 9, 0, 0, 0ull), false, false) == XHCI_SUCCESS, false);
			UNIT_EQUAL(guest_slot_command(XHCI_CONFIGURE_ENDPOINT, 2, CONTEXT, 0), 11);
			if (turn == 0)
				UNIT_EQUAL(guest_slot_command(XHCI_CONFIGURE_ENDPOINT, 1, CONTEXT, 0), XHCI_SUCCESS);
			UNIT_EQUAL(guest_control(1, USB_SETUP_OF(0x21, 9, 0, 0, 0ull), false, false), XHCI_SUCCESS);
			UNIT_EQUAL(guest_control(1, guest_ask(2, 0, 32), false, false), XHCI_SUCCESS);
			check_answer(1, guest_ask(2, 0, 32));
			UNIT_CHECK(sticks[1].was_touched && !sticks[2].was_touched && !sticks[2].is_configured && !device_is_configured[2]);
			check_view();
		}
		guest_end();
	}
}

static void paths(void)
{
	static struct rv_usb_info info;

	guest_begin(1024);
	for (unsigned slot = 1; slot <= 5; slot++) {
		sticks[slot] = (struct stick){ .kind = STICK_GOOD };
		(void)guest_slot_command(XHCI_ENABLE_SLOT, 0, 0, 0);
		guest_ring_init(&guest_rings[slot], COMMANDS + slot * KIB(8), COMMANDS + slot * KIB(8) + KIB(4));
		is_amid = true;
		(void)guest_give_address(slot, 0);
		(void)guest_control(slot, guest_ask(1, 0, 18), false, false);
	}
	UNIT_CHECK(usb_describe(0, &info) && strcmp(info.path, "1-1") == 0);
	UNIT_CHECK(usb_describe(4, &info) && strcmp(info.path, "2-1") == 0);
	UNIT_CHECK(strcmp(info.manufacturer, "B") == 0 && strcmp(info.product, "C") == 0 && strcmp(info.serial, "D") == 0);
	UNIT_EQUAL(info.descriptor_bytes, 50);
	UNIT_CHECK(!usb_describe(5, &info));
	UNIT_EQUAL(usb_read(1, 0, guest_mirror, 50), 0);
	UNIT_EQUAL(usb_read(1, 1, guest_mirror, 50), -RV_ERANGE);
	UNIT_EQUAL(usb_read(7, 0, guest_mirror, 1), -RV_ENOENT);
	usb_unwatch();
	guest_grace_end();
}

/* Transfers: the test is the controller of endpoint 1 of a device that was let in. */
#define BULK MIB(5)
#define EVENTS MIB(6)
#define TABLE (EVENTS + KIB(4))
#define EVENT_TRBS 16

static struct guest_ring bulk_ring;
static unsigned nr_events_told;

static void transfers_begin(bool goes_in)
{
	const unsigned number = goes_in ? 3 : 2; /* as doorbells count */
	uint32_t words[33 * DEVICE_CONTEXT_BYTES / 4] = { 0, 1u << number | 1 };
	const struct xhci_erst entry = { EVENTS, EVENT_TRBS, 0 };

	wants_transfers = true;
	guest_begin(1024);
	memset(memory_direct(EVENTS), 0, KIB(4));
	memcpy(memory_direct(TABLE), &entry, sizeof(entry));
	memcpy(device_event_ring, (uint32_t[8]){ 0, 0, 1, 0, TABLE, 0, EVENTS, 0 }, sizeof(device_event_ring));
	UNIT_EQUAL(usb_watch_transfers(), 0);
	guest_reset();
	sticks[1] = (struct stick){ .kind = STICK_GOOD };
	(void)guest_slot_command(XHCI_ENABLE_SLOT, 0, 0, 0);
	guest_ring_init(&guest_rings[1], COMMANDS + KIB(8), COMMANDS + KIB(12));
	is_amid = true;
	(void)guest_give_address(1, 0);
	UNIT_EQUAL(guest_control(1, guest_ask(1, 0, 18), false, false), XHCI_SUCCESS);
	memset(memory_direct(BULK), 0, KIB(8));
	guest_ring_init(&bulk_ring, BULK, BULK + KIB(4));
	words[(number + 1) * DEVICE_CONTEXT_BYTES / 4 + 1] = (goes_in ? 6u : 2u) << 3;
	words[(number + 1) * DEVICE_CONTEXT_BYTES / 4 + 2] = BULK | 1;
	memcpy(memory_direct(CONTEXT), words, sizeof(words));
	UNIT_EQUAL(guest_slot_command(XHCI_CONFIGURE_ENDPOINT, 1, CONTEXT, 0), XHCI_SUCCESS);
	memcpy(memory_direct(BUFFER), "0123456789abcdef", 16);
	nr_transfers = nr_events_told = 0;
	transfer_rule = transfer_end_rule = TRANSFER_PASS;
}

static void transfers_end(void)
{
	usb_unwatch_transfers();
	memset(device_event_ring, 0, sizeof(device_event_ring));
	wants_transfers = false;
	guest_end();
}

/* What the controller finds in a place of the ring, which the guest knows as `at`. */
static struct xhci_trb given(uint64_t at)
{
	return *(struct xhci_trb *)memory_direct(at);
}

/* The controller writes an event; the guest reads the next. */
static struct xhci_trb tell(unsigned number, uint64_t at, uint32_t code, uint32_t residue)
{
	uint64_t place = EVENTS + nr_events_told % EVENT_TRBS * 16;
	struct xhci_trb event = { at, code << 24 | residue, 0 };

	event.control = XHCI_TRB_OF(XHCI_TRANSFER_EVENT) | 1 << 24 | number << 16 | (nr_events_told / EVENT_TRBS % 2 == 0);
	UNIT_CHECK(((uint32_t)guest_access(place + 12, 0, 4, false) & 1) != (event.control & 1));
	memcpy(memory_direct(place), &event, sizeof(event));
	nr_events_told++;
	event.control = (uint32_t)guest_access(place + 12, 0, 4, false);
	UNIT_EQUAL(event.control & 1, (nr_events_told - 1) / EVENT_TRBS % 2 == 0);
	event.parameter = guest_access(place, 0, 8, false);
	event.status = (uint32_t)guest_access(place + 8, 0, 4, false);
	return event;
}

static void transfers_out(void)
{
	struct xhci_trb event, trb;
	uint64_t first, at;

	transfers_begin(false);
	for (unsigned i = 0; i < 40; i++) { /* of one, or of two TRBs, with a link between some of them */
		first = guest_ring_put(&bulk_ring, BUFFER, 8, XHCI_TRB_OF(XHCI_NORMAL) | (i % 2 ? XHCI_TRB_CHAIN : XHCI_TRB_IOC), false);
		at = first;
		if (i % 2 != 0) {
			UNIT_CHECK((given(first).control & 1) != (guest_access(first + 12, 0, 4, false) & 1)); /* not before all is there */
			at = guest_ring_put(&bulk_ring, BUFFER + 8, 16, XHCI_TRB_OF(XHCI_NORMAL) | XHCI_TRB_IOC, false);
		}
		UNIT_CHECK(given(first).parameter == BUFFER && (given(first).control & 1) == (guest_access(first + 12, 0, 4, false) & 1));
		UNIT_CHECK(nr_transfers == 2 * i + 1 && transfer_kind == RV_EVENT_USB_TRANSFER);
		UNIT_CHECK(transfer_last.length == (i % 2 ? 24 : 8) && transfer_last.direction == 0 && transfer_last.type == RV_USB_BULK);
		event = tell(2, at, XHCI_SUCCESS, 0);
		UNIT_CHECK(event.parameter == at && event.status == (uint32_t)XHCI_SUCCESS << 24);
		UNIT_CHECK(nr_transfers == 2 * i + 2 && transfer_kind == RV_EVENT_USB_DONE && transfer_last.length == (i % 2 ? 24 : 8));
	}
	/* What was read is what the device gets, whatever another CPU of the guest's writes then. */
	at = guest_ring_put(&bulk_ring, BUFFER, 16, XHCI_TRB_OF(XHCI_NORMAL) | XHCI_TRB_IOC, false);
	memcpy(memory_direct(BUFFER), "written too late", 16);
	UNIT_CHECK(memcmp(transfer_bytes, "0123456789abcdef", 16) == 0);
	UNIT_CHECK(memcmp(disk_memory_reach(given(at).parameter, 16), "0123456789abcdef", 16) == 0);
	memcpy(memory_direct(BUFFER), "0123456789abcdef", 16);
	(void)tell(2, at, XHCI_SUCCESS, 0);
	/* Changed: the guest's own memory stays as it is. */
	transfer_rule = TRANSFER_CHANGE;
	at = guest_ring_put(&bulk_ring, BUFFER, 16, XHCI_TRB_OF(XHCI_NORMAL) | XHCI_TRB_IOC, false);
	trb = given(at);
	UNIT_CHECK(trb.parameter != BUFFER && memcmp(disk_memory_reach(trb.parameter, 16), "0123456789abedit", 16) == 0);
	UNIT_CHECK(memcmp(memory_direct(BUFFER), "0123456789abcdef", 16) == 0 && guest_access(at, 0, 8, false) == BUFFER);
	(void)tell(2, at, XHCI_SUCCESS, 0);
	transfer_rule = TRANSFER_CHANGE;
	at = guest_ring_put(&bulk_ring, 0x3736353433323130, 8, XHCI_TRB_OF(XHCI_NORMAL) | XHCI_TRB_IOC | XHCI_TRB_IDT, false);
	UNIT_CHECK(given(at).parameter == UINT64_C(0x7469646533323130)); /* in the TRB itself */
	(void)tell(2, at, XHCI_SUCCESS, 0);
	/* Dropped, and refused: the device gets nothing, and what follows a refusal waits for the guest. */
	transfer_rule = TRANSFER_DROP;
	at = guest_ring_put(&bulk_ring, BUFFER, 16, XHCI_TRB_OF(XHCI_NORMAL) | XHCI_TRB_IOC, false);
	UNIT_EQUAL(XHCI_TRB_TYPE(given(at).control), XHCI_NO_OP);
	UNIT_EQUAL(tell(2, at, XHCI_SUCCESS, 0).status, XHCI_SUCCESS << 24);
	transfer_rule = TRANSFER_DENY;
	at = guest_ring_put(&bulk_ring, BUFFER, 16, XHCI_TRB_OF(XHCI_NORMAL) | XHCI_TRB_IOC, false);
	UNIT_EQUAL(XHCI_TRB_TYPE(given(at).control), XHCI_NO_OP);
	first = guest_ring_put(&bulk_ring, BUFFER, 16, XHCI_TRB_OF(XHCI_NORMAL) | XHCI_TRB_IOC, false);
	UNIT_CHECK((given(first).control & 1) != (guest_access(first + 12, 0, 4, false) & 1));
	UNIT_EQUAL(tell(2, at, XHCI_SUCCESS, 0).status, XHCI_STALL << 24 | 16);
	UNIT_CHECK(transfer_kind == RV_EVENT_USB_DONE && transfer_last.status == XHCI_STALL && transfer_last.length == 0);
	transfer_rule = TRANSFER_PASS;
	at = guest_ring_at(&guest_commands);
	UNIT_EQUAL(guest_slot_command(XHCI_RESET_ENDPOINT, 1, 0, 2 << 16), XHCI_SUCCESS);
	UNIT_EQUAL(XHCI_TRB_TYPE(given(at).control), XHCI_STOP_ENDPOINT);
	UNIT_EQUAL(guest_slot_command(XHCI_SET_TR_DEQUEUE, 1, first | 1, 2 << 16), XHCI_SUCCESS);
	UNIT_CHECK(XHCI_TRB_TYPE(given(first).control) == XHCI_NORMAL && nr_transfers % 2 == 1);
	(void)tell(2, first, XHCI_STOPPED, 16); /* it goes on */
	UNIT_CHECK(nr_transfers % 2 == 1);
	(void)tell(2, first, 4, 16); /* and fails: a transaction error */
	UNIT_CHECK(transfer_last.status == 4 && transfer_last.length == 0);
	transfers_end();
}

static void transfers_in(void)
{
	struct xhci_trb event;
	uint64_t at;

	transfers_begin(true);
	at = guest_ring_put(&bulk_ring, BUFFER, 16, XHCI_TRB_OF(XHCI_NORMAL) | XHCI_TRB_IOC | XHCI_TRB_ISP, false);
	UNIT_CHECK(transfer_kind == RV_EVENT_USB_TRANSFER && transfer_last.direction == 1 && transfer_last.endpoint == 1);
	event = tell(3, at, XHCI_SUCCESS, 0);
	UNIT_CHECK(memcmp(transfer_bytes, "0123456789abcdef", 16) == 0 && transfer_last.length == 16);
	/* Less has come; then a second event of the same. */
	(void)guest_ring_put(&bulk_ring, BUFFER, 16, XHCI_TRB_OF(XHCI_NORMAL) | XHCI_TRB_CHAIN | XHCI_TRB_ISP, false);
	at = guest_ring_put(&bulk_ring, BUFFER + 16, 16, XHCI_TRB_OF(XHCI_NORMAL) | XHCI_TRB_IOC | XHCI_TRB_ISP, false);
	event = tell(3, at, XHCI_SHORT_PACKET, 12);
	UNIT_CHECK(transfer_last.length == 20 && transfer_last.status == 0 && event.status == ((uint32_t)XHCI_SHORT_PACKET << 24 | 12));
	nr_transfers = 0;
	(void)tell(3, at, XHCI_SUCCESS, 0);
	UNIT_EQUAL(nr_transfers, 0);
	transfer_end_rule = TRANSFER_CHANGE;
	at = guest_ring_put(&bulk_ring, BUFFER, 16, XHCI_TRB_OF(XHCI_NORMAL) | XHCI_TRB_IOC, false);
	(void)tell(3, at, XHCI_SUCCESS, 0);
	UNIT_CHECK(memcmp(memory_direct(BUFFER), "0123456789abedit", 16) == 0);
	transfer_end_rule = TRANSFER_DENY;
	at = guest_ring_put(&bulk_ring, BUFFER, 16, XHCI_TRB_OF(XHCI_NORMAL) | XHCI_TRB_IOC, false);
	event = tell(3, at, XHCI_SUCCESS, 0);
	UNIT_CHECK(event.status == ((uint32_t)XHCI_SHORT_PACKET << 24 | 16) && *(char *)memory_direct(BUFFER) == 0);
	/* By Event Data TRBs: what has come is told by the event, which names no place. */
	transfer_end_rule = TRANSFER_PASS;
	(void)guest_ring_put(&bulk_ring, BUFFER, 16, XHCI_TRB_OF(XHCI_NORMAL) | XHCI_TRB_CHAIN, false);
	(void)guest_ring_put(&bulk_ring, 0x1234567812345678, 0, XHCI_TRB_OF(XHCI_EVENT_DATA) | XHCI_TRB_IOC, false);
	nr_transfers = 0;
	{
		uint64_t place = EVENTS + nr_events_told++ * 16;
		struct xhci_trb told = { 0x1234567812345678, XHCI_SUCCESS << 24 | 9, XHCI_TRB_OF(XHCI_TRANSFER_EVENT) | 1 << 24 | 3 << 16 | XHCI_TRB_ED | 1 };

		memcpy(memory_direct(place), &told, sizeof(told));
		UNIT_EQUAL(guest_access(place, 0, 8, false), told.parameter);
	}
	UNIT_CHECK(nr_transfers == 1 && transfer_last.length == 9);
	/* No event of another's endpoint, or slot, is one of these. */
	nr_transfers = 0;
	(void)guest_ring_put(&bulk_ring, BUFFER, 16, XHCI_TRB_OF(XHCI_NORMAL) | XHCI_TRB_IOC, false);
	(void)tell(2, at, XHCI_SUCCESS, 0);
	(void)tell(31, at, XHCI_SUCCESS, 0);
	UNIT_EQUAL(nr_transfers, 1);
	transfers_end();
}

/* Where nothing may leave beside a tunnel: by the device's class, or that of any of its interfaces. */
static void test_networks(void)
{
	static const struct { uint8_t class_code, subclass; bool is_network; } cases[] = {
		{ 2, 6, true }, { 2, 2, true }, { 0xa, 0, true }, { 0xe0, 1, true }, { 0xef, 4, true }, { 0xff, 0xff, true },
		{ 0, 0, false }, { 3, 1, false }, { 8, 6, false }, { 9, 0, false }, { 0xef, 2, false }, { 0xb, 0, false },
	};
	static struct rv_usb_info device, interface;

	device.class_code = 2;
	UNIT_CHECK(usb_forbids(&device) == NULL);
	UNIT_CHECK(usb_forbid_networks() == NULL);
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
		device = (struct rv_usb_info){ .class_code = cases[i].class_code, .subclass = cases[i].subclass, .nr_interfaces = 1,
					       .interfaces = { { 8, 6, 80 } } };
		interface = (struct rv_usb_info){ .nr_interfaces = 2, .interfaces = { { 8, 6, 80 }, { cases[i].class_code, cases[i].subclass, 0 } } };
		UNIT_EQUAL(usb_forbids(&device) != NULL, cases[i].is_network);
		UNIT_EQUAL(usb_forbids(&interface) != NULL, cases[i].is_network);
	}
}

int main(void)
{
	disk_memory_reset(1024);
	usb_find();
	controller = xhci_at(0);
	unit_run("2,000 sequences: what is let in works, what is not hears nothing", sequences);
	unit_run("memory is short", shortage);
	unit_run("rings where none can be", strange_rings);
	unit_run("what is written ahead", written_ahead);
	unit_run("a ring that is not said", unsaid_ring);
	unit_run("other commands while some are executed", running_ring);
	unit_run("commands that the controller refuses", refused_move);
	unit_run("a setup stage that is none", odd_setup);
	unit_run("commands that lead into themselves", turning_ring);
	unit_run("a controller's state is saved and restored", sleeps);
	unit_run("where devices are, and what they say", paths);
	unit_run("transfers to a device: seen, changed, dropped, refused", transfers_out);
	unit_run("transfers from a device: seen, changed, refused at their ends", transfers_in);
	guest_free(); /* slots stay, with their pages */
	unit_run("networks are told from other devices", test_networks);
	return unit_failed;
}
