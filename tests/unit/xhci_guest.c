/*
 * tests/unit/xhci_guest.c: the guest, and those whom the mediator calls.
 */
#include "xhci_guest.h"

#include "core/log.h"
#include "core/memory.h"
#include "core/time.h"
#include "disk_memory.h"
#include "hook/hook.h"
#include "mediator/disk/cipher.h"
#include "mediator/disk/disk.h"
#include "mediator/disk/disk_class.h"
#include "rv/errno.h"
#include "unit.h"
#include "vmm/deadline.h"
#include "vmm/pci_function.h"
#include "vmm/suspend.h"

#define REGIONS 128
#define GRACES 256

struct watchers suspend_watchers;
uint64_t time_tsc_hz = 2000000, paging_direct_bytes = GIB(512);
uint64_t trace_kinds;

struct xhci_controller *controller;
struct guest_ring guest_commands, guest_rings[DEVICE_SLOTS + 1];
uint8_t guest_mirror[RINGS_BYTES];
bool guest_has_reset, guest_is_register_scarce, guest_watches_disks, guest_others_decide;
unsigned guest_nr_news, guest_nr_told;
uint64_t deadline_next_tsc = DEADLINE_NEVER;
static struct access_region *regions[REGIONS];
static struct grace *graces[GRACES];
static unsigned nr_graces;
static bool is_followed, are_bells_followed, are_dequeues_followed;

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

bool disk_is_watched(void)
{
	return guest_watches_disks;
}

static void have_news(void)
{
	guest_nr_news++;
	deadline_next_tsc = 0;
}

void disk_add(struct disk_controller *each)
{
	each->news = have_news;
}

void deadline_check(struct vcpu *vcpu)
{
	(void)vcpu;
	UNIT_EQUAL(xhci_lock.holder, 0);
	guest_nr_told++;
	deadline_next_tsc = DEADLINE_NEVER;
}

bool hook_others_decide(uint32_t kind, struct event_origin *origin, const struct hook_owner *owner)
{
	(void)kind;
	(void)origin;
	(void)owner;
	return guest_others_decide;
}

bool cipher_covers_serial(const char *serial)
{
	(void)serial;
	return false;
}

bool hook_reads_requests(uint32_t kind)
{
	return hook_wants_requests(kind);
}

enum rv_verdict hook_hold_verdict(const struct hook_hold *hold)
{
	(void)hold;
	return RV_VERDICT_PASS;
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

void guest_grace_end(void)
{
	for (; nr_graces != 0; nr_graces--)
		graces[nr_graces - 1]->end(graces[nr_graces - 1]);
}

int mmio_register(struct access_region *region)
{
	UNIT_CHECK(region->is_kept && memory_is_ram(region->first, region->last - region->first + 1));
	if (guest_is_register_scarce && unit_random() % 8 == 0)
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
	if (controller != NULL && follower == &controller->bells)
		are_bells_followed = true;
	else if (controller != NULL && follower == &controller->dequeues)
		are_dequeues_followed = true;
	else
		is_followed = true;
	return 0;
}

void pci_unfollow(struct pci_follower *follower)
{
	if (follower == &controller->bells)
		are_bells_followed = false;
	else if (follower == &controller->dequeues)
		are_dequeues_followed = false;
	else
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
void request_begin(struct request *request, uint32_t kind)
{
	static uint64_t last;

	*request = (struct request){ .kind = kind, .asked = kind, .handle = ++last };
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
/* The guest ------------------------------------------------------------------------------------------------- */

uint64_t guest_access(uint64_t address, uint64_t value, uint8_t width, bool write)
{
	struct access access = { .kind = ACCESS_MMIO, .write = write, .width_bytes = width, .address = address, .value = value };

	if (write && address - RINGS < RINGS_BYTES)
		memcpy(guest_mirror + (address - RINGS), &value, width);
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

void guest_register(uint32_t offset, uint32_t value)
{
	struct access access = { .kind = ACCESS_MMIO, .write = true, .width_bytes = 4, .address = DEVICE_BASE + offset, .value = value };

	if (offset < DEVICE_RUNTIME && is_followed && controller->registers.handler(&access, offset, controller) == ACCESS_DONE)
		return;
	if (offset >= controller->bells.first && offset <= controller->bells.last && are_bells_followed)
		UNIT_EQUAL(controller->bells.handler(&access, offset, controller), ACCESS_PASS);
	if (offset >= controller->dequeues.first && offset <= controller->dequeues.last && are_dequeues_followed &&
	    controller->dequeues.handler(&access, offset, controller) == ACCESS_DONE)
		return;
	device_write(offset, value, false);
}

uint32_t guest_register_read(uint32_t offset)
{
	struct access access = { .kind = ACCESS_MMIO, .width_bytes = 4, .address = DEVICE_BASE + offset };

	if (offset >= controller->dequeues.first && offset <= controller->dequeues.last && are_dequeues_followed &&
	    !controller->dequeues.region.writes_only && controller->dequeues.handler(&access, offset, controller) == ACCESS_DONE)
		return (uint32_t)access.value;
	return device_read(offset);
}

uint64_t guest_ring_at(const struct guest_ring *ring)
{
	return ring->segments[ring->segment] + 16 * ring->index;
}

void guest_store_trb(uint64_t at, uint64_t parameter, uint32_t status, uint32_t control)
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

void guest_ring_init(struct guest_ring *ring, uint64_t first, uint64_t second)
{
	*ring = (struct guest_ring){ .segments = { first, second }, .nr = second != 0 ? 2 : 1, .cycle = true };
	for (unsigned i = 0; i < ring->nr; i++) {
		for (unsigned k = 0; k < SEGMENT_TRBS; k++)
			guest_store_trb(ring->segments[i] + 16 * k, 0, 0, 0);
		guest_store_trb(ring->segments[i] + 16 * (SEGMENT_TRBS - 1), ring->segments[(i + 1) % ring->nr], 0,
			  XHCI_TRB_OF(XHCI_LINK) | (i + 1 == ring->nr ? XHCI_TRB_TOGGLE : 0));
	}
}

/* As Linux does: the first of several gets its cycle bit last. Returns where it is. */
uint64_t guest_ring_put(struct guest_ring *ring, uint64_t parameter, uint32_t status, uint32_t control, bool hold)
{
	uint64_t at = guest_ring_at(ring);

	guest_store_trb(at, parameter, status, control | (ring->cycle ^ hold));
	if (++ring->index == SEGMENT_TRBS - 1) {
		uint64_t link = guest_ring_at(ring);
		uint32_t was = (uint32_t)guest_access(link + 12, 0, 4, false);

		guest_access(link + 12, (was & ~1u) | ring->cycle, 4, true);
		ring->cycle ^= (was & XHCI_TRB_TOGGLE) != 0;
		ring->segment = (ring->segment + 1) % ring->nr;
		ring->index = 0;
	}
	return at;
}

/* The completion of what is there; 0: there is none. */
struct device_event guest_await(uint64_t at)
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

uint32_t guest_command(uint64_t parameter, uint32_t control, struct device_event *event)
{
	uint64_t at = guest_ring_put(&guest_commands, parameter, 0, control, false);

	guest_register(DEVICE_DOORBELLS, 0);
	*event = guest_await(at);
	return XHCI_TRB_CODE(event->status);
}

uint32_t guest_slot_command(enum xhci_trb_type type, unsigned slot, uint64_t parameter, uint32_t more)
{
	struct device_event event;

	return guest_command(parameter, XHCI_TRB_OF(type) | slot << 24 | more, &event);
}

/* A control transfer: its code, 0: it has not ended. */
uint32_t guest_control(unsigned slot, uint64_t setup, bool attack, bool take_back)
{
	struct guest_ring *ring = &guest_rings[slot];
	uint32_t bytes = USB_SETUP_LENGTH(setup);
	bool cycle = ring->cycle;
	uint64_t first, data = 0, status;
	struct device_event event;
	uint32_t code;

	first = guest_ring_put(ring, setup, 8, XHCI_TRB_OF(XHCI_SETUP) | XHCI_TRB_IDT | (bytes ? XHCI_TRB_TRT_IN : 0), true);
	if (bytes != 0)
		data = guest_ring_put(ring, BUFFER + slot * 256, bytes, XHCI_TRB_OF(XHCI_DATA) | XHCI_TRB_IN | XHCI_TRB_ISP, false);
	status = guest_ring_put(ring, 0, 0, XHCI_TRB_OF(XHCI_STATUS) | XHCI_TRB_IOC, false);
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
	event = guest_await(status);
	code = XHCI_TRB_CODE(event.status);
	if (guest_has_reset || code != 0)
		return code;
	/* A stall is told of the first with data. Either way the driver does what drivers do. */
	(void)data;
	guest_slot_command(XHCI_RESET_ENDPOINT, slot, 0, 1 << 16);
	if (!guest_has_reset)
		guest_slot_command(XHCI_SET_TR_DEQUEUE, slot, guest_ring_at(ring) | ring->cycle, 1 << 16);
	return 0;
}

uint64_t guest_ask(unsigned type, unsigned number, unsigned length)
{
	return USB_SETUP_OF(0x80ull, USB_GET_DESCRIPTOR, (uint64_t)type << 8 | number, type == 3 && number != 0 ? 0x409ull : 0ull,
			    (uint64_t)length);
}

/* Its controller, as a driver begins. */
void guest_reset(void)
{
	guest_register(DEVICE_OPERATIONAL + XHCI_USBCMD, XHCI_USBCMD_HCRST);
	guest_ring_init(&guest_commands, COMMANDS, 0);
	guest_register(DEVICE_OPERATIONAL + XHCI_CRCR, COMMANDS | 1);
	guest_register(DEVICE_OPERATIONAL + XHCI_CRCR + 4, 0);
	guest_register(DEVICE_OPERATIONAL + XHCI_USBCMD, XHCI_USBCMD_RUN);
}
bool guest_give_address(unsigned slot, uint32_t more)
{
	uint32_t words[3 * DEVICE_CONTEXT_BYTES / 4] = { 0, 3 };
	uint64_t dequeue = guest_ring_at(&guest_rings[slot]) | guest_rings[slot].cycle;

	words[16] = 3u << 20;
	words[17] = slot << 16;
	words[34] = (uint32_t)dequeue;
	words[35] = (uint32_t)(dequeue >> 32);
	memcpy(memory_direct(CONTEXT), words, sizeof(words));
	return guest_slot_command(XHCI_ADDRESS_DEVICE, slot, CONTEXT, more) == XHCI_SUCCESS;
}
void guest_begin(unsigned nr_pages)
{
	disk_memory_reset(nr_pages);
	device_power_on();
	memset(memory_direct(RINGS), 0, RINGS_BYTES);
	memset(guest_mirror, 0, sizeof(guest_mirror));
	controller->is_learned = false;
	guest_has_reset = false;
	UNIT_EQUAL(usb_watch(), 0);
	guest_reset();
}

void guest_end(void)
{
	usb_unwatch();
	guest_grace_end();
	UNIT_CHECK(!is_followed && !are_bells_followed && !are_dequeues_followed && memcmp(memory_direct(RINGS), guest_mirror, RINGS_BYTES) == 0);
	for (unsigned i = 0; i < REGIONS; i++)
		UNIT_CHECK(regions[i] == NULL);
}
void guest_free(void)
{
	for (unsigned i = 0; i < ARRAY_LENGTH(controller->slots); i++) {
		struct xhci_slot *slot = controller->slots[i];

		for (unsigned k = 0; slot != NULL && k < XHCI_ENDPOINTS; k++)
			free(slot->endpoints[k]);
		free(slot);
	}
}
