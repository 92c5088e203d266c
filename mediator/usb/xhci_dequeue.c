/*
 * mediator/usb/xhci_dequeue.c: where the guest's events are. An event that is kept takes no place in the guest's ring until it is
 * told, and those of other endpoints go before it: from then on the guest's places are not the controller's. So what the
 * guest writes of how far it has read (ERDP, 5.5.2.3.3) becomes what that is in the controller's places. What is told later
 * comes without an event of the controller's: but it interrupts again where a ring is not empty when it is told how far it
 * was read (4.17.2), which is how we have the guest look. What the guest reads in the register is its own: Linux 6.1 does not
 * write what it finds there already, and in the controller's places that says something else.
 */
#include "mediator/usb/xhci.h"

#include "core/log.h"
#include "core/memory.h"
#include "rv/errno.h"

void xhci_harvest_step(const struct xhci_harvest *harvest, uint32_t *segment, uint32_t *index, bool *cycle)
{
	if (++*index < harvest->segments[*segment]->nr_trbs)
		return;
	*index = 0;
	*segment = (*segment + 1) % harvest->nr_segments;
	*cycle ^= *segment == 0;
}

/* Places are numbered from the table's first on. */
static uint32_t xhci_harvest_place_of(const struct xhci_harvest *harvest, uint32_t segment, uint32_t index)
{
	for (uint32_t i = 0; i < segment; i++)
		index += harvest->segments[i]->nr_trbs;
	return index;
}

static uint32_t xhci_harvest_places(const struct xhci_harvest *harvest)
{
	return xhci_harvest_place_of(harvest, harvest->nr_segments, 0);
}

static uint64_t xhci_harvest_address(const struct xhci_harvest *harvest, uint32_t place, uint32_t *segment)
{
	for (*segment = 0; place >= harvest->segments[*segment]->nr_trbs; ++*segment)
		place -= harvest->segments[*segment]->nr_trbs;
	return harvest->segments[*segment]->region.first + place * sizeof(struct xhci_trb);
}

/* The guest's last word. False: it is nowhere in the ring. */
static bool xhci_harvest_dequeue(const struct xhci_harvest *harvest, uint32_t *place)
{
	uint64_t address = ((uint64_t)harvest->dequeue[1] << 32 | harvest->dequeue[0]) & ~UINT64_C(15);

	for (uint32_t i = 0; i < harvest->nr_segments; i++) {
		const struct access_region *region = &harvest->segments[i]->region;

		if (address < region->first || address > region->last)
			continue;
		*place = xhci_harvest_place_of(harvest, i, (uint32_t)((address - region->first) / sizeof(struct xhci_trb)));
		return true;
	}
	return false;
}

bool xhci_harvest_has_room(const struct xhci_harvest *harvest)
{
	uint32_t to = xhci_harvest_place_of(harvest, harvest->to_segment, harvest->to_index), dequeue;

	if (!harvest->controller->hears_dequeues || !xhci_harvest_dequeue(harvest, &dequeue))
		return true; /* then there is for each that the controller has room for */
	return (to + 1) % xhci_harvest_places(harvest) != dequeue;
}

static void xhci_harvest_put_one(struct xhci_harvest *harvest, const struct xhci_trb *event)
{
	struct xhci_trb *trb = &harvest->segments[harvest->to_segment]->trbs[harvest->to_index];

	*trb = *event;
	trb->control = (event->control & ~XHCI_TRB_CYCLE) | harvest->to_cycle;
	xhci_harvest_step(harvest, &harvest->to_segment, &harvest->to_index, &harvest->to_cycle);
}

/* One of a type that is left to vendors, and that no driver knows (table 6-91). */
static void xhci_harvest_fill(struct xhci_harvest *harvest)
{
	const struct xhci_trb filler = { 0, (uint32_t)XHCI_SUCCESS << 24, XHCI_TRB_OF(XHCI_VENDOR_EVENT) };

	xhci_harvest_put_one(harvest, &filler);
}

void xhci_harvest_put(struct xhci_harvest *harvest, const struct xhci_trb *event)
{
	xhci_harvest_put_one(harvest, event);
	for (; harvest->nr_fillers != 0 && xhci_harvest_has_room(harvest); harvest->nr_fillers--)
		xhci_harvest_fill(harvest);
}

void xhci_harvest_drop(struct xhci_harvest *harvest)
{
	harvest->nr_fillers++;
}

static void xhci_harvest_tell(struct xhci_harvest *harvest, uint32_t flags)
{
	struct xhci_controller *controller = harvest->controller;
	uint32_t at = controller->runtime + XHCI_INTERRUPTER((uint32_t)(harvest - controller->harvests)) + XHCI_ERDP;
	uint32_t places = xhci_harvest_places(harvest), dequeue, segment, unread;
	uint64_t address;

	if (!xhci_harvest_dequeue(harvest, &dequeue)) {
		xhci_put(controller, at + 4, harvest->dequeue[1]);
		xhci_put(controller, at, harvest->dequeue[0]);
		return;
	}
	unread = (xhci_harvest_place_of(harvest, harvest->to_segment, harvest->to_index) + places - dequeue) % places;
	address = xhci_harvest_address(harvest, (xhci_harvest_place_of(harvest, harvest->segment, harvest->index) + places - unread) % places,
				       &segment);
	xhci_put(controller, at + 4, (uint32_t)(address >> 32));
	xhci_put(controller, at, (uint32_t)address | flags | segment);
}

void xhci_harvest_interrupt(struct xhci_harvest *harvest)
{
	if (harvest->table != 0 && harvest->controller->hears_dequeues)
		xhci_harvest_tell(harvest, XHCI_ERDP_EHB);
}

/* All that was kept was told, or is filled in: what the guest reads is memory itself from now on. */
static void xhci_harvest_align(struct xhci_harvest *harvest)
{
	uint32_t places = xhci_harvest_places(harvest), end, dequeue;

	for (uint32_t i = 0; i < places && (harvest->to_segment != harvest->segment || harvest->to_index != harvest->index ||
					    harvest->to_cycle != harvest->cycle); i++)
		xhci_harvest_fill(harvest);
	if (!xhci_harvest_dequeue(harvest, &dequeue))
		return;
	end = xhci_harvest_place_of(harvest, harvest->segment, harvest->index);
	for (; dequeue != end; dequeue = (dequeue + 1) % places) {
		uint32_t segment;
		struct xhci_trb *memory = memory_direct(xhci_harvest_address(harvest, dequeue, &segment));

		*memory = harvest->segments[segment]->trbs[dequeue - xhci_harvest_place_of(harvest, segment, 0)];
	}
}

/* The guest has read more, or has none to read. */
static void xhci_dequeue_written(struct xhci_harvest *harvest, unsigned half, uint32_t value, struct vcpu *vcpu)
{
	struct xhci_controller *controller = harvest->controller;

	harvest->dequeue[half] = value;
	for (; harvest->nr_fillers != 0 && xhci_harvest_has_room(harvest); harvest->nr_fillers--)
		xhci_harvest_fill(harvest);
	xhci_harvest_tell(harvest, half == 0 ? value & XHCI_ERDP_EHB : 0);
	if (half != 0 || !controller->has_full_ends)
		return;
	controller->has_full_ends = false;
	for (unsigned i = 1; i <= controller->nr_slots; i++) {
		for (unsigned k = 1; controller->slots[i] != NULL && k < XHCI_ENDPOINTS; k++) {
			struct xhci_ring *ring = xhci_ring_of(controller->slots[i], k);

			if (ring != NULL)
				xhci_ends_go_on(ring, vcpu);
		}
	}
}

/* As the guest has written it; whether it may be interrupted again the controller knows. */
static void xhci_dequeue_read(const struct xhci_harvest *harvest, struct access *access, unsigned at)
{
	struct xhci_controller *controller = harvest->controller;
	uint32_t low = controller->runtime + XHCI_INTERRUPTER((uint32_t)(harvest - controller->harvests)) + XHCI_ERDP;
	uint64_t value = (uint64_t)harvest->dequeue[1] << 32 | (harvest->dequeue[0] & ~XHCI_ERDP_EHB) |
			 (xhci_get(controller, low) & XHCI_ERDP_EHB);

	access->value = value >> 8 * at & access_mask(access);
}

enum access_result xhci_dequeues_access(struct access *access, int64_t offset, void *context)
{
	struct xhci_controller *controller = context;
	int64_t at = offset - (int64_t)(controller->runtime + XHCI_INTERRUPTER(0));
	struct xhci_harvest *harvest;
	enum access_result result = ACCESS_PASS;

	if (access->direct || at < 0 || at >= XHCI_HARVESTS * XHCI_INTERRUPTER_BYTES || at % XHCI_INTERRUPTER_BYTES < XHCI_ERDP ||
	    (access->write ? access->width_bytes < 4 : at % 8 + access->width_bytes > 8))
		return ACCESS_PASS;
	spinlock_acquire(&xhci_lock);
	harvest = &controller->harvests[at / XHCI_INTERRUPTER_BYTES];
	if (controller->hears_dequeues && harvest->table != 0) {
		if (access->write && access->width_bytes == 8)
			harvest->dequeue[1] = (uint32_t)(access->value >> 32);
		if (access->write)
			xhci_dequeue_written(harvest, (unsigned)at % 8 / 4, (uint32_t)access->value, access->vcpu);
		else
			xhci_dequeue_read(harvest, access, (unsigned)at % 8);
		access->resolved = true;
		result = ACCESS_DONE;
	}
	spinlock_release(&xhci_lock);
	return result;
}

int xhci_dequeues_hear(struct xhci_controller *controller)
{
	int error;

	if (controller->hears_dequeues)
		return 0;
	controller->dequeues.first = controller->runtime + XHCI_INTERRUPTER(0);
	controller->dequeues.last = controller->dequeues.first + XHCI_HARVESTS * XHCI_INTERRUPTER_BYTES - 1;
	error = pci_follow(&controller->dequeues);
	if (error != 0) {
		log_warning("xhci%u: its interrupters cannot be claimed (%d): no end of a transfer can wait", controller->index, error);
		return error;
	}
	for (unsigned i = 0; i < XHCI_HARVESTS; i++) {
		uint32_t at = controller->runtime + XHCI_INTERRUPTER(i) + XHCI_ERDP;

		controller->harvests[i].dequeue[0] = xhci_get(controller, at);
		controller->harvests[i].dequeue[1] = xhci_get(controller, at + 4);
	}
	controller->hears_dequeues = true;
	return 0;
}

void xhci_dequeues_unhear(struct xhci_controller *controller)
{
	for (unsigned i = 0; controller->hears_dequeues && i < XHCI_HARVESTS; i++) {
		struct xhci_harvest *harvest = &controller->harvests[i];

		if (harvest->table == 0)
			continue;
		xhci_harvest_align(harvest);
		xhci_harvest_tell(harvest, 0);
	}
	if (controller->hears_dequeues)
		pci_unfollow(&controller->dequeues);
	controller->hears_dequeues = false;
}
