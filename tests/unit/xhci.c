/*
 * tests/unit/xhci.c: the mediator of xHCI between a guest and a controller (xhci_device.c): devices of all sorts come and go
 * in random order; the guest takes transfers back, writes over what it has given, and resets amid questions to scripts. What
 * is let in works as bare, what is not never hears what it must not; the guest's rings are to it what it has written, and
 * memory when all is over. Transfers of a device that was let in are what hooks make of them.
 */
#include "mediator/usb/xhci.h"

#include "core/log.h"
#include "core/memory.h"
#include "core/time.h"
#include "disk_memory.h"
#include "hook/hook.h"
#include "mediator/usb/usb.h"
#include "rv/errno.h"
#include "rv/kinds.h"
#include "unit.h"
#include "vmm/pci_function.h"
#include "vmm/suspend.h"
#include "xhci_device.h"

#define SEQUENCES 2000
#define RINGS MIB(1) /* the guest's: of commands, then two pages a slot */
#define RINGS_BYTES KIB(128)
#define COMMANDS RINGS
#define CONTEXT MIB(3)
#define BUFFER MIB(4)
#define SEGMENT_TRBS 9 /* with its link */
#define REGIONS 128
#define GRACES 256
#define OPERATIONAL (DEVICE_BASE + DEVICE_OPERATIONAL)

struct watchers suspend_watchers;
uint64_t time_tsc_hz = 2000000, paging_direct_bytes = GIB(512);

static struct xhci_controller *controller;
static struct access_region *regions[REGIONS];
static struct grace *graces[GRACES];
static unsigned nr_graces, nr_allowed, nr_refused, nr_detached, nr_attached, nr_resets, nr_verified_liars;
static uint8_t mirror[RINGS_BYTES]; /* what the guest has written there */
static bool wants_transfers;
uint64_t trace_kinds;
static bool is_followed, is_amid, has_reset, is_register_scarce;

/* Those that the mediator calls --------------------------------------------------------------------------- */

void log_line(enum log_level level, const char *format, ...)
{
	(void)level;
	(void)format;
}

int print_format(char *buffer, size_t buffer_bytes, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(buffer, buffer_bytes, format, arguments);
	va_end(arguments);
	return length;
}

void spinlock_acquire(struct spinlock *lock)
{
	UNIT_EQUAL(lock->holder, 0);
	lock->holder = 1;
}

void spinlock_release(struct spinlock *lock)
{
	UNIT_EQUAL(lock->holder, 1);
	lock->holder = 0;
}

void access_deny(struct access *access)
{
	access->value = access_mask(access);
	access->resolved = true;
}

void access_drop(struct access *access)
{
	access->resolved = true;
}

void grace_begin(struct grace *grace, void (*end)(struct grace *grace))
{
	grace->end = end;
	UNIT_CHECK(nr_graces < GRACES);
	graces[nr_graces++] = grace;
}

static void grace_end(void)
{
	for (; nr_graces != 0; nr_graces--)
		graces[nr_graces - 1]->end(graces[nr_graces - 1]);
}

int mmio_register(struct access_region *region)
{
	UNIT_CHECK(region->is_kept && memory_is_ram(region->first, region->last - region->first + 1));
	if (is_register_scarce && unit_random() % 8 == 0)
		return -RV_ENOMEM;
	for (unsigned i = 0; i < REGIONS; i++) {
		if (regions[i] == NULL) {
			regions[i] = region;
			return 0;
		}
	}
	unit_fail("too many regions");
	return -RV_ENOMEM;
}

void mmio_unregister(struct access_region *region)
{
	for (unsigned i = 0; i < REGIONS; i++) {
		if (regions[i] == region)
			regions[i] = NULL;
	}
}

int pci_follow(struct pci_follower *follower)
{
	(void)follower;
	is_followed = true;
	return 0;
}

void pci_unfollow(struct pci_follower *follower)
{
	(void)follower;
	is_followed = false;
}

bool pci_follow_base(const struct pci_follower *follower, uint64_t *base, bool *is_port)
{
	(void)follower;
	*base = DEVICE_BASE;
	*is_port = false;
	return is_followed;
}

uint64_t mmio_hardware_read(gpa_t gpa, uint8_t width_bytes)
{
	UNIT_EQUAL(width_bytes, 4);
	return device_read((uint32_t)(gpa - DEVICE_BASE));
}

void mmio_hardware_write(gpa_t gpa, uint8_t width_bytes, uint64_t value)
{
	UNIT_EQUAL(width_bytes, 4);
	device_write((uint32_t)(gpa - DEVICE_BASE), (uint32_t)value, true);
}

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

void request_begin(struct request *request, uint32_t kind)
{
	*request = (struct request){ .kind = kind, .asked = kind };
}

/* The guest ------------------------------------------------------------------------------------------------- */

static uint64_t guest_access(uint64_t address, uint64_t value, uint8_t width, bool write)
{
	struct access access = { .kind = ACCESS_MMIO, .write = write, .width_bytes = width, .address = address, .value = value };

	if (write && address - RINGS < RINGS_BYTES)
		memcpy(mirror + (address - RINGS), &value, width);
	for (unsigned i = 0; i < REGIONS; i++) {
		if (regions[i] != NULL && regions[i]->first < address + width && regions[i]->last >= address &&
		    regions[i]->handler(&access, regions[i]->context) == ACCESS_DONE)
			return access.value;
	}
	if (write)
		memcpy(memory_direct(address), &value, width);
	else
		memcpy(&access.value, memory_direct(address), width);
	return access.value;
}

static void guest_register(uint32_t offset, uint32_t value)
{
	struct access access = { .kind = ACCESS_MMIO, .write = true, .width_bytes = 4, .address = DEVICE_BASE + offset, .value = value };

	if (offset < DEVICE_RUNTIME && is_followed && controller->registers.handler(&access, offset, controller) == ACCESS_DONE)
		return;
	device_write(offset, value, false);
}

struct guest_ring {
	uint64_t segments[2];
	unsigned nr, segment, index;
	bool cycle;
};
static struct guest_ring commands, rings[DEVICE_SLOTS + 1];

static uint64_t ring_at(const struct guest_ring *ring)
{
	return ring->segments[ring->segment] + 16 * ring->index;
}

static void store_trb(uint64_t at, uint64_t parameter, uint32_t status, uint32_t control)
{
	if (unit_random() % 4 == 0) {
		guest_access(at, parameter, 8, true);
	} else {
		guest_access(at, (uint32_t)parameter, 4, true);
		guest_access(at + 4, parameter >> 32, 4, true);
	}
	guest_access(at + 8, status, 4, true);
	guest_access(at + 12, control, 4, true);
}

static void ring_init(struct guest_ring *ring, uint64_t first, uint64_t second)
{
	*ring = (struct guest_ring){ .segments = { first, second }, .nr = second != 0 ? 2 : 1, .cycle = true };
	for (unsigned i = 0; i < ring->nr; i++) {
		for (unsigned k = 0; k < SEGMENT_TRBS; k++)
			store_trb(ring->segments[i] + 16 * k, 0, 0, 0);
		store_trb(ring->segments[i] + 16 * (SEGMENT_TRBS - 1), ring->segments[(i + 1) % ring->nr], 0,
			  XHCI_TRB_OF(XHCI_LINK) | (i + 1 == ring->nr ? XHCI_TRB_TOGGLE : 0));
	}
}

/* As Linux does: the first of several gets its cycle bit last. Returns where it is. */
static uint64_t ring_put(struct guest_ring *ring, uint64_t parameter, uint32_t status, uint32_t control, bool hold)
{
	uint64_t at = ring_at(ring);

	store_trb(at, parameter, status, control | (ring->cycle ^ hold));
	if (++ring->index == SEGMENT_TRBS - 1) {
		uint64_t link = ring_at(ring);
		uint32_t was = (uint32_t)guest_access(link + 12, 0, 4, false);

		guest_access(link + 12, (was & ~1u) | ring->cycle, 4, true);
		ring->cycle ^= (was & XHCI_TRB_TOGGLE) != 0;
		ring->segment = (ring->segment + 1) % ring->nr;
		ring->index = 0;
	}
	return at;
}

/* The completion of what is there; 0: there is none. */
static struct device_event await(uint64_t at)
{
	struct device_event event, found = { 0 };

	while (device_step())
		;
	while (device_event(&event)) {
		UNIT_CHECK(event.parameter - RINGS < RINGS_BYTES); /* the guest never hears of ours */
		if (event.parameter == at)
			found = event;
	}
	return found;
}

static uint32_t command(uint64_t parameter, uint32_t control, struct device_event *event)
{
	uint64_t at = ring_put(&commands, parameter, 0, control, false);

	guest_register(DEVICE_DOORBELLS, 0);
	*event = await(at);
	return XHCI_TRB_CODE(event->status);
}

static uint32_t slot_command(enum xhci_trb_type type, unsigned slot, uint64_t parameter, uint32_t more)
{
	struct device_event event;

	return command(parameter, XHCI_TRB_OF(type) | slot << 24 | more, &event);
}

/* A control transfer: its code, 0: it has not ended. */
static uint32_t control(unsigned slot, uint64_t setup, bool attack, bool take_back)
{
	struct guest_ring *ring = &rings[slot];
	uint32_t bytes = USB_SETUP_LENGTH(setup);
	bool cycle = ring->cycle;
	uint64_t first, data = 0, status;
	struct device_event event;
	uint32_t code;

	first = ring_put(ring, setup, 8, XHCI_TRB_OF(XHCI_SETUP) | XHCI_TRB_IDT | (bytes ? XHCI_TRB_TRT_IN : 0), true);
	if (bytes != 0)
		data = ring_put(ring, BUFFER + slot * 256, bytes, XHCI_TRB_OF(XHCI_DATA) | XHCI_TRB_IN | XHCI_TRB_ISP, false);
	status = ring_put(ring, 0, 0, XHCI_TRB_OF(XHCI_STATUS) | XHCI_TRB_IOC, false);
	guest_access(first + 12, XHCI_TRB_OF(XHCI_SETUP) | XHCI_TRB_IDT | (bytes ? XHCI_TRB_TRT_IN : 0) | cycle, 4, true);
	if (attack)
		guest_access(first, USB_SETUP_OF(0, USB_SET_CONFIGURATION, 1, 0, 0ull), 8, true);
	if (take_back && bytes == 0) {
		uint64_t trbs[] = { first, status };

		for (unsigned i = 0; i < 2; i++) {
			uint32_t was = (uint32_t)guest_access(trbs[i] + 12, 0, 4, false);

			guest_access(trbs[i] + 12, XHCI_TRB_OF(XHCI_NO_OP) | (was & 1), 4, true);
		}
	}
	guest_register(DEVICE_DOORBELLS + 4 * slot, 1);
	event = await(status);
	code = XHCI_TRB_CODE(event.status);
	if (has_reset || code != 0)
		return code;
	/* A stall is told of the first with data. Either way the driver does what drivers do. */
	(void)data;
	slot_command(XHCI_RESET_ENDPOINT, slot, 0, 1 << 16);
	if (!has_reset)
		slot_command(XHCI_SET_TR_DEQUEUE, slot, ring_at(ring) | ring->cycle, 1 << 16);
	return 0;
}

static uint64_t ask(unsigned type, unsigned number, unsigned length)
{
	return USB_SETUP_OF(0x80ull, USB_GET_DESCRIPTOR, (uint64_t)type << 8 | number, type == 3 && number != 0 ? 0x409ull : 0ull,
			    (uint64_t)length);
}

/* Its controller, as a driver begins. */
static void guest_reset(void)
{
	guest_register(DEVICE_OPERATIONAL + XHCI_USBCMD, XHCI_USBCMD_HCRST);
	ring_init(&commands, COMMANDS, 0);
	guest_register(DEVICE_OPERATIONAL + XHCI_CRCR, COMMANDS | 1);
	guest_register(DEVICE_OPERATIONAL + XHCI_CRCR + 4, 0);
	guest_register(DEVICE_OPERATIONAL + XHCI_USBCMD, XHCI_USBCMD_RUN);
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
		has_reset = true;
		nr_resets++;
	} else if (unit_random() % 4 == 0 && kind != STICK_MUTE) {
		/* Another CPU goes on with the same ring. */
		(void)ring_put(&rings[slot], USB_SETUP_OF(0, USB_SET_CONFIGURATION, 1, 0, 0ull), 8, XHCI_TRB_OF(XHCI_SETUP) | XHCI_TRB_IDT, false);
		(void)ring_put(&rings[slot], 0, 0, XHCI_TRB_OF(XHCI_STATUS) | XHCI_TRB_IN, false);
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

static bool give_address(unsigned slot, uint32_t more)
{
	uint32_t words[3 * DEVICE_CONTEXT_BYTES / 4] = { 0, 3 };
	uint64_t dequeue = ring_at(&rings[slot]) | rings[slot].cycle;

	words[16] = 3u << 20;
	words[17] = slot << 16;
	words[34] = (uint32_t)dequeue;
	words[35] = (uint32_t)(dequeue >> 32);
	memcpy(memory_direct(CONTEXT), words, sizeof(words));
	return slot_command(XHCI_ADDRESS_DEVICE, slot, CONTEXT, more) == XHCI_SUCCESS;
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

	code = slot_command(XHCI_CONFIGURE_ENDPOINT, slot, CONTEXT, 0);
	if (has_reset)
		return;
	was_in = device_is_configured[slot];
	UNIT_EQUAL(was_in, is_in);
	UNIT_EQUAL(code, is_in ? XHCI_SUCCESS : 5);
	if (stick->kind == STICK_LIAR)
		nr_verified_liars++;
	/* A command that is another when the doorbell rings. */
	if (!is_in) {
		uint64_t at = ring_put(&commands, 0, 0, XHCI_TRB_OF(XHCI_NO_OP_COMMAND), false);
		uint32_t was = (uint32_t)guest_access(at + 12, 0, 4, false);

		guest_access(at + 12, XHCI_TRB_OF(XHCI_CONFIGURE_ENDPOINT) | slot << 24 | (was & 1), 4, true);
		guest_register(DEVICE_DOORBELLS, 0);
		(void)await(at);
		UNIT_CHECK(!device_is_configured[slot]);
		/* Two transfers that look like one. */
		(void)ring_put(&rings[slot], USB_SETUP_OF(0x80, USB_GET_STATUS, 0, 0, 0ull), 8, XHCI_TRB_OF(XHCI_SETUP) | XHCI_TRB_IDT, false);
	}
	code = control(slot, USB_SETUP_OF(0, USB_SET_CONFIGURATION, 1, 0, 0ull), false, false);
	UNIT_EQUAL(stick->is_configured, is_in);
	if (stick->kind != STICK_MUTE)
		UNIT_EQUAL(code == XHCI_SUCCESS, is_in);
	code = control(slot, USB_SETUP_OF(0x21, 9, 0, 0, 0ull), false, false); /* of its class */
	UNIT_EQUAL(stick->was_touched, is_in);
	(void)(is_in ? nr_allowed++ : nr_refused++);
}

static void enumerate(unsigned slot)
{
	struct stick *stick = &sticks[slot];
	unsigned features;

	if (unit_random() % 2 == 0) {
		if (!give_address(slot, XHCI_TRB_BSR))
			return;
		(void)control(slot, ask(1, 0, 8), unit_random() % 4 == 0, false);
		(void)slot_command(XHCI_RESET_DEVICE, slot, 0, 0);
	}
	if (!give_address(slot, 0))
		return;
	for (unsigned i = 0; i < 3 && !has_reset; i++) {
		uint64_t setup = ask(1, 0, 18);

		if (control(slot, setup, unit_random() % 4 == 0, false) == XHCI_SUCCESS && (stick->kind != STICK_SMALL || i == 2))
			check_answer(slot, setup);
	}
	if (has_reset)
		return;
	if (control(slot, ask(2, 0, 32), unit_random() % 4 == 0, false) == XHCI_SUCCESS)
		check_answer(slot, ask(2, 0, 32));
	if (unit_random() % 2 == 0 && control(slot, ask(3, 2, 255), false, false) == XHCI_SUCCESS)
		check_answer(slot, ask(3, 2, 255));
	features = stick->nr_features;
	if (unit_random() % 4 == 0) { /* what it takes back never comes */
		(void)control(slot, USB_SETUP_OF(0, USB_SET_FEATURE, 0, 0, 0ull), false, true);
		UNIT_EQUAL(stick->nr_features, features);
	}
	use(slot);
}

static void check_view(void)
{
	for (unsigned i = 0; i < 64; i++) {
		uint64_t at = RINGS + unit_random() % (RINGS_BYTES / 4) * 4;

		if ((uint32_t)guest_access(at, 0, 4, false) != *(uint32_t *)(mirror + (at - RINGS)))
			unit_fail("the guest sees another %#llx", (unsigned long long)at);
	}
}

static void plug(void)
{
	struct device_event event;
	unsigned slot;

	if (command(0, XHCI_TRB_OF(XHCI_ENABLE_SLOT), &event) != XHCI_SUCCESS) {
		(void)slot_command(XHCI_DISABLE_SLOT, 1 + (unsigned)unit_random() % DEVICE_SLOTS, 0, 0);
		return;
	}
	slot = XHCI_TRB_SLOT(event.control);
	sticks[slot] = (struct stick){ .kind = (enum stick_kind)(unit_random() % STICK_KINDS) };
	ring_init(&rings[slot], COMMANDS + slot * KIB(8), COMMANDS + slot * KIB(8) + KIB(4) + (unit_random() % 2) * 128);
	enumerate(slot);
	if (!has_reset && unit_random() % 3 == 0 && sticks[slot].kind == STICK_GOOD) {
		(void)slot_command(XHCI_RESET_DEVICE, slot, 0, 0);
		sticks[slot].was_touched = false;
		enumerate(slot);
	}
	if (!has_reset && unit_random() % 2 == 0)
		UNIT_EQUAL(slot_command(XHCI_DISABLE_SLOT, slot, 0, 0), XHCI_SUCCESS);
	/* What stands behind a ring is the guest's. */
	guest_access(COMMANDS + slot * KIB(8) + KIB(2), unit_random(), 8, true);
}

static void begin(unsigned nr_pages)
{
	disk_memory_reset(nr_pages);
	device_power_on();
	memset(memory_direct(RINGS), 0, RINGS_BYTES);
	memset(mirror, 0, sizeof(mirror));
	controller->is_learned = false;
	has_reset = is_amid = false;
	UNIT_EQUAL(usb_watch(), 0);
	guest_reset();
}

static void end(void)
{
	usb_unwatch();
	grace_end();
	UNIT_CHECK(!is_followed && memcmp(memory_direct(RINGS), mirror, RINGS_BYTES) == 0);
	for (unsigned i = 0; i < REGIONS; i++)
		UNIT_CHECK(regions[i] == NULL);
}

static void sequences(void)
{
	for (unsigned i = 0; i < SEQUENCES && unit_why[0] == '\0'; i++) {
		is_register_scarce = false;
		begin(1024);
		for (unsigned k = (unsigned)unit_random() % 4; k != 0 && unit_why[0] == '\0'; k--) {
			has_reset = false;
			plug();
			check_view();
			grace_end();
			if (unit_random() % 16 == 0)
				guest_reset();
		}
		end();
		if (unit_why[0] != '\0')
			fprintf(stderr, "sequence %u\n", i);
	}
	UNIT_CHECK(nr_allowed > 400 && nr_refused > 400 && nr_attached > 1000 && nr_detached > 500 && nr_resets > 20 &&
		   nr_verified_liars > 50);
}

/* Nothing is known of what will work then, but for what must not: a device that is not let in is not configured. */
static void shortage(void)
{
	for (unsigned i = 0; i < 300 && unit_why[0] == '\0'; i++) {
		unsigned slot = 1 + (unsigned)unit_random() % DEVICE_SLOTS;

		is_register_scarce = true;
		begin(1024);
		sticks[slot] = (struct stick){ .kind = STICK_BAD };
		for (unsigned k = 0; k < slot; k++)
			(void)slot_command(XHCI_ENABLE_SLOT, 0, 0, 0);
		ring_init(&rings[slot], COMMANDS + slot * KIB(8), COMMANDS + slot * KIB(8) + KIB(4));
		(void)give_address(slot, 0);
		for (unsigned k = 0; k < 12; k++)
			(void)ring_put(&rings[slot], (uint64_t)unit_random(), (uint32_t)unit_random() & 0x1ffff, (uint32_t)unit_random() & ~1u, false);
		(void)slot_command(XHCI_CONFIGURE_ENDPOINT, slot, CONTEXT, 0);
		guest_register(DEVICE_DOORBELLS + 4 * slot, 1);
		UNIT_CHECK(!device_is_configured[slot] && !sticks[slot].is_configured);
		end();
	}
	is_register_scarce = false;
}

/* Rings that lie where none can, or in each other. */
static void strange_rings(void)
{
	static const uint64_t places[] = { 0, MIB(8), MIB(9) + 64, COMMANDS, COMMANDS + 32, FAKE_MEMORY_BYTES - 16, FAKE_MEMORY_BYTES,
					   UINT64_MAX - 15, COMMANDS + KIB(8) + 16 };

	for (unsigned i = 0; i < ARRAY_LENGTH(places); i++) {
		begin(1024);
		sticks[1] = (struct stick){ .kind = STICK_GOOD };
		(void)slot_command(XHCI_ENABLE_SLOT, 0, 0, 0);
		rings[1] = (struct guest_ring){ .segments = { places[i] }, .nr = 1, .cycle = true };
		(void)give_address(1, 0);
		store_trb(COMMANDS + KIB(8), places[i], 0, XHCI_TRB_OF(XHCI_LINK) | 1); /* and a link to it */
		rings[1].segments[0] = COMMANDS + KIB(8);
		(void)give_address(1, 0);
		/* Where that ring takes the place of the next commands, these stop. */
		if (slot_command(XHCI_NO_OP_COMMAND, 0, 0, 0) != XHCI_SUCCESS && places[i] != COMMANDS + 32)
			unit_fail("no more commands with a ring at %#llx", (unsigned long long)places[i]);
		guest_register(DEVICE_OPERATIONAL + XHCI_CRCR, (uint32_t)places[i] | 1);
		guest_register(DEVICE_OPERATIONAL + XHCI_CRCR + 4, (uint32_t)(places[i] >> 32));
		usb_unwatch();
		grace_end();
	}
}

/* What the guest has written ahead the controller does not find before it was looked at. */
static void written_ahead(void)
{
	uint64_t at = COMMANDS + KIB(8);

	begin(1024);
	sticks[1] = (struct stick){ .kind = STICK_BAD };
	(void)slot_command(XHCI_ENABLE_SLOT, 0, 0, 0);
	ring_init(&rings[1], at, at + KIB(4));
	store_trb(at + 16, USB_SETUP_OF(0, USB_SET_CONFIGURATION, 1, 0, 0ull), 8, XHCI_TRB_OF(XHCI_SETUP) | XHCI_TRB_IDT | 1);
	(void)give_address(1, 0);
	store_trb(at, 0, 0, XHCI_TRB_OF(XHCI_NO_OP) | 1);
	UNIT_EQUAL(*(uint32_t *)memory_direct(at + 12), XHCI_TRB_OF(XHCI_NO_OP) | 1);
	UNIT_EQUAL(*(uint32_t *)memory_direct(at + 16 + 12) & 1, 0);
	UNIT_EQUAL(guest_access(at + 16 + 12, 0, 4, false), XHCI_TRB_OF(XHCI_SETUP) | XHCI_TRB_IDT | 1);
	end();
}

/* A guest that starts a controller without saying where its commands are, behind a reset or a sleep: those at the address
 * that the controller has then are nobody's. */
static void unsaid_ring(void)
{
	for (unsigned how = 0; how < 3; how++) {
		begin(1024);
		UNIT_EQUAL(slot_command(XHCI_NO_OP_COMMAND, 0, 0, 0), XHCI_SUCCESS);
		if (how == 0) {
			guest_register(DEVICE_OPERATIONAL + XHCI_USBCMD, XHCI_USBCMD_HCRST);
		} else {
			device_power_on();
			watch_tell(&suspend_watchers, NULL);
		}
		store_trb(0, 0, 0, XHCI_TRB_OF(XHCI_ENABLE_SLOT));
		if (how == 2)
			guest_register(DEVICE_OPERATIONAL + XHCI_CONFIG, DEVICE_SLOTS);
		guest_register(DEVICE_OPERATIONAL + XHCI_USBCMD, XHCI_USBCMD_RUN);
		guest_register(DEVICE_DOORBELLS, 0);
		UNIT_CHECK(!device_step());
		store_trb(0, 0, 0, 0);
		/* And then it says. */
		guest_register(DEVICE_OPERATIONAL + XHCI_USBCMD, 0);
		ring_init(&commands, COMMANDS, 0);
		guest_register(DEVICE_OPERATIONAL + XHCI_CRCR, COMMANDS | 1);
		guest_register(DEVICE_OPERATIONAL + XHCI_CRCR + 4, 0);
		guest_register(DEVICE_OPERATIONAL + XHCI_USBCMD, XHCI_USBCMD_RUN);
		UNIT_EQUAL(slot_command(XHCI_NO_OP_COMMAND, 0, 0, 0), XHCI_SUCCESS);
		end();
	}
}

/* The controller that boot would have found. */
void pci_functions_visit(void (*visit)(uint64_t address))
{
	visit(0x18000);
}

uint32_t pci_hardware_read(uint64_t address, uint8_t width_bytes)
{
	(void)address;
	(void)width_bytes;
	return 0x0c033000;
}

static void paths(void)
{
	static struct rv_usb_info info;

	begin(1024);
	for (unsigned slot = 1; slot <= 5; slot++) {
		sticks[slot] = (struct stick){ .kind = STICK_GOOD };
		(void)slot_command(XHCI_ENABLE_SLOT, 0, 0, 0);
		ring_init(&rings[slot], COMMANDS + slot * KIB(8), COMMANDS + slot * KIB(8) + KIB(4));
		is_amid = true;
		(void)give_address(slot, 0);
		(void)control(slot, ask(1, 0, 18), false, false);
	}
	UNIT_CHECK(usb_describe(0, &info) && strcmp(info.path, "1-1") == 0);
	UNIT_CHECK(usb_describe(4, &info) && strcmp(info.path, "2-1") == 0);
	UNIT_CHECK(strcmp(info.manufacturer, "B") == 0 && strcmp(info.product, "C") == 0 && strcmp(info.serial, "D") == 0);
	UNIT_EQUAL(info.descriptor_bytes, 50);
	UNIT_CHECK(!usb_describe(5, &info));
	UNIT_EQUAL(usb_read(1, 0, mirror, 50), 0);
	UNIT_EQUAL(usb_read(1, 1, mirror, 50), -RV_ERANGE);
	UNIT_EQUAL(usb_read(7, 0, mirror, 1), -RV_ENOENT);
	usb_unwatch();
	grace_end();
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
	begin(1024);
	memset(memory_direct(EVENTS), 0, KIB(4));
	memcpy(memory_direct(TABLE), &entry, sizeof(entry));
	memcpy(device_event_ring, (uint32_t[8]){ 0, 0, 1, 0, TABLE, 0, EVENTS, 0 }, sizeof(device_event_ring));
	UNIT_EQUAL(usb_watch_transfers(), 0);
	guest_reset();
	sticks[1] = (struct stick){ .kind = STICK_GOOD };
	(void)slot_command(XHCI_ENABLE_SLOT, 0, 0, 0);
	ring_init(&rings[1], COMMANDS + KIB(8), COMMANDS + KIB(12));
	is_amid = true;
	(void)give_address(1, 0);
	UNIT_EQUAL(control(1, ask(1, 0, 18), false, false), XHCI_SUCCESS);
	memset(memory_direct(BULK), 0, KIB(8));
	ring_init(&bulk_ring, BULK, BULK + KIB(4));
	words[(number + 1) * DEVICE_CONTEXT_BYTES / 4 + 1] = (goes_in ? 6u : 2u) << 3;
	words[(number + 1) * DEVICE_CONTEXT_BYTES / 4 + 2] = BULK | 1;
	memcpy(memory_direct(CONTEXT), words, sizeof(words));
	UNIT_EQUAL(slot_command(XHCI_CONFIGURE_ENDPOINT, 1, CONTEXT, 0), XHCI_SUCCESS);
	memcpy(memory_direct(BUFFER), "0123456789abcdef", 16);
	nr_transfers = nr_events_told = 0;
	transfer_rule = transfer_end_rule = TRANSFER_PASS;
}

static void transfers_end(void)
{
	usb_unwatch_transfers();
	memset(device_event_ring, 0, sizeof(device_event_ring));
	wants_transfers = false;
	end();
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
		first = ring_put(&bulk_ring, BUFFER, 8, XHCI_TRB_OF(XHCI_NORMAL) | (i % 2 ? XHCI_TRB_CHAIN : XHCI_TRB_IOC), false);
		at = first;
		if (i % 2 != 0) {
			UNIT_CHECK((given(first).control & 1) != (guest_access(first + 12, 0, 4, false) & 1)); /* not before all is there */
			at = ring_put(&bulk_ring, BUFFER + 8, 16, XHCI_TRB_OF(XHCI_NORMAL) | XHCI_TRB_IOC, false);
		}
		UNIT_CHECK(given(first).parameter == BUFFER && (given(first).control & 1) == (guest_access(first + 12, 0, 4, false) & 1));
		UNIT_CHECK(nr_transfers == 2 * i + 1 && transfer_kind == RV_EVENT_USB_TRANSFER);
		UNIT_CHECK(transfer_last.length == (i % 2 ? 24 : 8) && transfer_last.direction == 0 && transfer_last.type == RV_USB_BULK);
		event = tell(2, at, XHCI_SUCCESS, 0);
		UNIT_CHECK(event.parameter == at && event.status == (uint32_t)XHCI_SUCCESS << 24);
		UNIT_CHECK(nr_transfers == 2 * i + 2 && transfer_kind == RV_EVENT_USB_DONE && transfer_last.length == (i % 2 ? 24 : 8));
	}
	/* What was read is what the device gets, whatever another CPU of the guest's writes then. */
	at = ring_put(&bulk_ring, BUFFER, 16, XHCI_TRB_OF(XHCI_NORMAL) | XHCI_TRB_IOC, false);
	memcpy(memory_direct(BUFFER), "written too late", 16);
	UNIT_CHECK(memcmp(transfer_bytes, "0123456789abcdef", 16) == 0);
	UNIT_CHECK(memcmp(disk_memory_reach(given(at).parameter, 16), "0123456789abcdef", 16) == 0);
	memcpy(memory_direct(BUFFER), "0123456789abcdef", 16);
	(void)tell(2, at, XHCI_SUCCESS, 0);
	/* Changed: the guest's own memory stays as it is. */
	transfer_rule = TRANSFER_CHANGE;
	at = ring_put(&bulk_ring, BUFFER, 16, XHCI_TRB_OF(XHCI_NORMAL) | XHCI_TRB_IOC, false);
	trb = given(at);
	UNIT_CHECK(trb.parameter != BUFFER && memcmp(disk_memory_reach(trb.parameter, 16), "0123456789abedit", 16) == 0);
	UNIT_CHECK(memcmp(memory_direct(BUFFER), "0123456789abcdef", 16) == 0 && guest_access(at, 0, 8, false) == BUFFER);
	(void)tell(2, at, XHCI_SUCCESS, 0);
	transfer_rule = TRANSFER_CHANGE;
	at = ring_put(&bulk_ring, 0x3736353433323130, 8, XHCI_TRB_OF(XHCI_NORMAL) | XHCI_TRB_IOC | XHCI_TRB_IDT, false);
	UNIT_CHECK(given(at).parameter == UINT64_C(0x7469646533323130)); /* in the TRB itself */
	(void)tell(2, at, XHCI_SUCCESS, 0);
	/* Dropped, and refused: the device gets nothing, and what follows a refusal waits for the guest. */
	transfer_rule = TRANSFER_DROP;
	at = ring_put(&bulk_ring, BUFFER, 16, XHCI_TRB_OF(XHCI_NORMAL) | XHCI_TRB_IOC, false);
	UNIT_EQUAL(XHCI_TRB_TYPE(given(at).control), XHCI_NO_OP);
	UNIT_EQUAL(tell(2, at, XHCI_SUCCESS, 0).status, XHCI_SUCCESS << 24);
	transfer_rule = TRANSFER_DENY;
	at = ring_put(&bulk_ring, BUFFER, 16, XHCI_TRB_OF(XHCI_NORMAL) | XHCI_TRB_IOC, false);
	UNIT_EQUAL(XHCI_TRB_TYPE(given(at).control), XHCI_NO_OP);
	first = ring_put(&bulk_ring, BUFFER, 16, XHCI_TRB_OF(XHCI_NORMAL) | XHCI_TRB_IOC, false);
	UNIT_CHECK((given(first).control & 1) != (guest_access(first + 12, 0, 4, false) & 1));
	UNIT_EQUAL(tell(2, at, XHCI_SUCCESS, 0).status, XHCI_STALL << 24 | 16);
	UNIT_CHECK(transfer_kind == RV_EVENT_USB_DONE && transfer_last.status == XHCI_STALL && transfer_last.length == 0);
	transfer_rule = TRANSFER_PASS;
	at = ring_at(&commands);
	UNIT_EQUAL(slot_command(XHCI_RESET_ENDPOINT, 1, 0, 2 << 16), XHCI_SUCCESS);
	UNIT_EQUAL(XHCI_TRB_TYPE(given(at).control), XHCI_STOP_ENDPOINT);
	UNIT_EQUAL(slot_command(XHCI_SET_TR_DEQUEUE, 1, first | 1, 2 << 16), XHCI_SUCCESS);
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
	at = ring_put(&bulk_ring, BUFFER, 16, XHCI_TRB_OF(XHCI_NORMAL) | XHCI_TRB_IOC | XHCI_TRB_ISP, false);
	UNIT_CHECK(transfer_kind == RV_EVENT_USB_TRANSFER && transfer_last.direction == 1 && transfer_last.endpoint == 1);
	event = tell(3, at, XHCI_SUCCESS, 0);
	UNIT_CHECK(memcmp(transfer_bytes, "0123456789abcdef", 16) == 0 && transfer_last.length == 16);
	/* Less has come; then a second event of the same. */
	(void)ring_put(&bulk_ring, BUFFER, 16, XHCI_TRB_OF(XHCI_NORMAL) | XHCI_TRB_CHAIN | XHCI_TRB_ISP, false);
	at = ring_put(&bulk_ring, BUFFER + 16, 16, XHCI_TRB_OF(XHCI_NORMAL) | XHCI_TRB_IOC | XHCI_TRB_ISP, false);
	event = tell(3, at, XHCI_SHORT_PACKET, 12);
	UNIT_CHECK(transfer_last.length == 20 && transfer_last.status == 0 && event.status == ((uint32_t)XHCI_SHORT_PACKET << 24 | 12));
	nr_transfers = 0;
	(void)tell(3, at, XHCI_SUCCESS, 0);
	UNIT_EQUAL(nr_transfers, 0);
	transfer_end_rule = TRANSFER_CHANGE;
	at = ring_put(&bulk_ring, BUFFER, 16, XHCI_TRB_OF(XHCI_NORMAL) | XHCI_TRB_IOC, false);
	(void)tell(3, at, XHCI_SUCCESS, 0);
	UNIT_CHECK(memcmp(memory_direct(BUFFER), "0123456789abedit", 16) == 0);
	transfer_end_rule = TRANSFER_DENY;
	at = ring_put(&bulk_ring, BUFFER, 16, XHCI_TRB_OF(XHCI_NORMAL) | XHCI_TRB_IOC, false);
	event = tell(3, at, XHCI_SUCCESS, 0);
	UNIT_CHECK(event.status == ((uint32_t)XHCI_SHORT_PACKET << 24 | 16) && *(char *)memory_direct(BUFFER) == 0);
	/* By Event Data TRBs: what has come is told by the event, which names no place. */
	transfer_end_rule = TRANSFER_PASS;
	(void)ring_put(&bulk_ring, BUFFER, 16, XHCI_TRB_OF(XHCI_NORMAL) | XHCI_TRB_CHAIN, false);
	(void)ring_put(&bulk_ring, 0x1234567812345678, 0, XHCI_TRB_OF(XHCI_EVENT_DATA) | XHCI_TRB_IOC, false);
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
	(void)ring_put(&bulk_ring, BUFFER, 16, XHCI_TRB_OF(XHCI_NORMAL) | XHCI_TRB_IOC, false);
	(void)tell(2, at, XHCI_SUCCESS, 0);
	(void)tell(31, at, XHCI_SUCCESS, 0);
	UNIT_EQUAL(nr_transfers, 1);
	transfers_end();
}

static void slot_free(struct xhci_slot *slot)
{
	for (unsigned i = 0; slot != NULL && i < XHCI_ENDPOINTS; i++)
		free(slot->endpoints[i]);
	free(slot);
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
	unit_run("where devices are, and what they say", paths);
	unit_run("transfers to a device: seen, changed, dropped, refused", transfers_out);
	unit_run("transfers from a device: seen, changed, refused at their ends", transfers_in);
	for (unsigned i = 0; i < ARRAY_LENGTH(controller->slots); i++)
		slot_free(controller->slots[i]); /* they stay, with their pages */
	return unit_failed;
}
