/*
 * mediator/usb/xhci_harvest.c: the guest's event rings (4.9.4). The controller writes them where the guest has put them; what
 * the guest reads there is a copy of ours, into which an event is taken when the guest looks for it, and hooks have seen
 * it. So it does not matter whether a driver waits for an interrupt or polls.
 */
#include "mediator/usb/xhci.h"

#include "core/log.h"
#include "core/memory.h"
#include "rv/errno.h"
#include "vmm/deadline.h"
#include "vmm/guest_memory.h"

#define XHCI_EVENTS_MAXIMUM 4096 /* of a segment (6.5) */
#define XHCI_EVENTS_AT_ONCE 256	 /* that one read of the guest's has looked at */

static uint32_t xhci_runtime_get(struct xhci_controller *controller, unsigned interrupter, uint32_t offset)
{
	return xhci_get(controller, controller->runtime + XHCI_INTERRUPTER(interrupter) + offset);
}

static uint64_t xhci_runtime_address(struct xhci_controller *controller, unsigned interrupter, uint32_t offset)
{
	return (uint64_t)xhci_runtime_get(controller, interrupter, offset + 4) << 32 | xhci_runtime_get(controller, interrupter, offset);
}

static struct xhci_trb *xhci_event_memory(const struct xhci_event_segment *segment, uint32_t index)
{
	return memory_direct(segment->region.first + index * sizeof(struct xhci_trb));
}

/* Events ------------------------------------------------------------------------------------------------- */

/* The next one, if the controller has written it. */
static bool xhci_harvest_next(const struct xhci_harvest *harvest, struct xhci_trb *event)
{
	const struct xhci_trb *memory = xhci_event_memory(harvest->segments[harvest->segment], harvest->index);
	uint32_t control = __atomic_load_n(&memory->control, __ATOMIC_ACQUIRE);

	*event = (struct xhci_trb){ __atomic_load_n(&memory->parameter, __ATOMIC_RELAXED),
				    __atomic_load_n(&memory->status, __ATOMIC_RELAXED), control };
	return (control & XHCI_TRB_CYCLE) == harvest->cycle;
}


/* Takes what there is into the guest's copy. Gives up the lock. */
static void xhci_harvest_pump(struct xhci_harvest *harvest, struct vcpu *vcpu)
{
	uint32_t round = harvest->round;
	struct xhci_trb event;

	if (harvest->is_pumped)
		return; /* its reader does not see it yet, and looks again */
	harvest->is_pumped = true;
	for (unsigned i = 0; i < XHCI_EVENTS_AT_ONCE && xhci_harvest_next(harvest, &event); i++) {
		if (!xhci_harvest_has_room(harvest))
			break;
		if (XHCI_TRB_TYPE(event.control) != XHCI_TRANSFER_EVENT)
			xhci_harvest_put(harvest, &event);
		else if (!xhci_transfer_event(harvest, &event, vcpu))
			break;
		if (harvest->round != round)
			return; /* whoever began anew has reset is_pumped */
		xhci_harvest_step(harvest, &harvest->segment, &harvest->index, &harvest->cycle);
	}
	harvest->is_pumped = false;
}

static void xhci_event_segment_do(struct xhci_event_segment *segment, struct access *access)
{
	uint64_t offset = access->address - segment->region.first;
	uint8_t *bytes = (uint8_t *)segment->trbs + offset, *memory = memory_direct(access->address);

	access->resolved = true;
	if (!access->write)
		access->value = 0;
	for (unsigned i = 0; i < access->width_bytes; i++) {
		if (access->write)
			bytes[i] = memory[i] = (uint8_t)(access->value >> 8 * i);
		else
			access->value |= (uint64_t)bytes[i] << 8 * i;
	}
}

static enum access_result xhci_event_access(struct access *access, void *context)
{
	struct xhci_event_segment *segment = context;
	enum access_result result = ACCESS_DONE;

	spinlock_acquire(&xhci_lock);
	if (segment->harvest != NULL && !access->write && !access->direct)
		xhci_harvest_pump(segment->harvest, access->vcpu);
	if (segment->harvest == NULL) {
		result = ACCESS_PASS;
	} else if (access->direct || access->address < segment->region.first ||
		   access->address + access->width_bytes - 1 > segment->region.last) {
		access->fault |= access->direct;
		access_deny(access);
	} else {
		xhci_event_segment_do(segment, access);
	}
	spinlock_release(&xhci_lock);
	if (deadline_due()) /* news of sticks are for somebody */
		deadline_check(access->vcpu);
	return result;
}

/* Segments ------------------------------------------------------------------------------------------------- */

static uint32_t xhci_event_pages(const struct xhci_event_segment *segment)
{
	return (uint32_t)(align_up(segment->nr_trbs * sizeof(struct xhci_trb), PAGE_BYTES) / PAGE_BYTES);
}

static void xhci_event_segment_free(struct grace *grace)
{
	struct xhci_event_segment *segment = CONTAINER_OF(grace, struct xhci_event_segment, grace);

	memory_free_pages(segment->trbs, xhci_event_pages(segment));
	memory_free(segment);
}

static int xhci_event_segment_add(struct xhci_harvest *harvest, uint64_t address, uint32_t nr_trbs)
{
	uint64_t bytes = nr_trbs * sizeof(struct xhci_trb);
	struct xhci_event_segment *segment;
	int error = -RV_ENOMEM;

	if (address % 64 != 0 || nr_trbs == 0 || nr_trbs > XHCI_EVENTS_MAXIMUM || !memory_is_ram(address, bytes))
		return -RV_EFAULT;
	segment = memory_allocate(sizeof(*segment));
	if (segment == NULL)
		return error;
	segment->nr_trbs = nr_trbs;
	if (memory_has_spare_pages(xhci_event_pages(segment)))
		segment->trbs = memory_allocate_pages(xhci_event_pages(segment));
	if (segment->trbs == NULL)
		goto free;
	for (uint32_t i = 0; i < nr_trbs; i++)
		segment->trbs[i] = *(const struct xhci_trb *)memory_direct(address + i * sizeof(struct xhci_trb));
	segment->harvest = harvest;
	segment->region = (struct access_region){ .first = address, .last = address + bytes - 1, .band = BAND_MEDIATOR,
						  .handler = xhci_event_access, .context = segment, .is_kept = true };
	error = mmio_register(&segment->region);
	if (error != 0)
		goto free_pages;
	harvest->segments[harvest->nr_segments++] = segment;
	return 0;

free_pages:
	memory_free_pages(segment->trbs, xhci_event_pages(segment));
free:
	memory_free(segment);
	return error;
}

/* Where the guest reads next, and which cycle bit a new event there has: the one before it is one that it has read. */
static bool xhci_harvest_place(struct xhci_harvest *harvest, uint64_t dequeue)
{
	const struct xhci_event_segment *segment;
	uint32_t before;

	for (harvest->segment = 0; harvest->segment < harvest->nr_segments; harvest->segment++) {
		segment = harvest->segments[harvest->segment];
		if (dequeue >= segment->region.first && dequeue <= segment->region.last)
			break;
	}
	if (harvest->segment == harvest->nr_segments)
		return false;
	harvest->index = (uint32_t)((dequeue - segment->region.first) / sizeof(struct xhci_trb));
	if (harvest->index != 0) {
		harvest->cycle = segment->trbs[harvest->index - 1].control & XHCI_TRB_CYCLE;
		return true;
	}
	before = harvest->segment == 0 ? harvest->nr_segments - 1 : harvest->segment - 1;
	segment = harvest->segments[before];
	harvest->cycle = (segment->trbs[segment->nr_trbs - 1].control & XHCI_TRB_CYCLE) ^ (harvest->segment == 0);
	return true;
}

static void xhci_harvest_end_one(struct xhci_harvest *harvest)
{
	harvest->round++;
	harvest->is_pumped = false;
	harvest->table = 0;
	harvest->nr_fillers = 0;
	while (harvest->nr_segments > 0) {
		struct xhci_event_segment *segment = harvest->segments[--harvest->nr_segments];

		segment->harvest = NULL;
		mmio_unregister(&segment->region);
		grace_begin(&segment->grace, xhci_event_segment_free);
	}
}

static void xhci_harvest_begin_one(struct xhci_harvest *harvest, unsigned interrupter)
{
	struct xhci_controller *controller = harvest->controller;
	uint64_t table = xhci_runtime_address(controller, interrupter, XHCI_ERSTBA) & ~UINT64_C(63);
	uint32_t nr = xhci_runtime_get(controller, interrupter, XHCI_ERSTSZ) & 0xffff;
	struct xhci_erst entry;
	int error = nr > XHCI_EVENT_SEGMENTS ? -RV_E2BIG : 0;

	if (nr != 0 && table == harvest->table)
		return;
	xhci_harvest_end_one(harvest);
	if (nr == 0)
		return;
	for (uint32_t i = 0; error == 0 && i < nr; i++) {
		error = guest_memory_read(table + i * sizeof(entry), &entry, sizeof(entry));
		if (error == 0)
			error = xhci_event_segment_add(harvest, entry.address & ~UINT64_C(63), entry.nr_trbs & 0xffff);
	}
	if (error == 0 && xhci_harvest_place(harvest, xhci_runtime_address(controller, interrupter, XHCI_ERDP) & ~UINT64_C(15))) {
		harvest->to_segment = harvest->segment;
		harvest->to_index = harvest->index;
		harvest->to_cycle = harvest->cycle;
		harvest->dequeue[0] = xhci_runtime_get(controller, interrupter, XHCI_ERDP);
		harvest->dequeue[1] = xhci_runtime_get(controller, interrupter, XHCI_ERDP + 4);
		harvest->table = table;
		return;
	}
	xhci_harvest_end_one(harvest);
	log_warning("xhci%u: the events of interrupter %u cannot be followed (%d): ends of transfers are not seen", controller->index,
		    interrupter, error);
}

bool xhci_harvests(const struct xhci_controller *controller)
{
	return controller->harvests[0].table != 0;
}

void xhci_harvest_begin(struct xhci_controller *controller)
{
	if (!controller->watches_transfers || !controller->is_seen)
		return;
	for (unsigned i = 0; i < XHCI_HARVESTS && i < controller->interrupter; i++) {
		controller->harvests[i].controller = controller;
		xhci_harvest_begin_one(&controller->harvests[i], i);
	}
}

void xhci_harvest_end(struct xhci_controller *controller)
{
	for (unsigned i = 0; i < XHCI_HARVESTS; i++)
		xhci_harvest_end_one(&controller->harvests[i]);
}

/* Reads of the registers exit too, so that the guest hears of no streams: a ring of these is many. */
int xhci_watch_transfers(struct xhci_controller *controller, bool watches)
{
	int error = 0;

	if (controller->watches_transfers == watches)
		return 0;
	controller->watches_transfers = watches;
	if (!controller->is_claimed)
		return 0;
	pci_unfollow(&controller->registers);
	controller->registers.region.writes_only = !watches;
	error = pci_follow(&controller->registers);
	if (error != 0)
		controller->is_claimed = false;
	return error;
}
