/*
 * mediator/usb/xhci_ring.c: rings of which the guest sees a copy (xhci.h).
 */
#include "mediator/usb/xhci.h"

#include "core/log.h"
#include "core/memory.h"
#include "rv/errno.h"
#include "vmm/deadline.h"

#define XHCI_STEPS 1024 /* that one write of the guest's has looked at, at most */
#define XHCI_BOUNDARY 0xffffu /* a segment lies between two of 64 KiB (table 6-1) */

static struct xhci_segment *xhci_segments; /* of all controllers: none of them lie in each other */

static gpa_t xhci_segment_end(const struct xhci_segment *segment)
{
	return segment->region.first + segment->nr_trbs * sizeof(struct xhci_trb);
}

/* The one that has a copy of that TRB. */
static struct xhci_segment *xhci_segment_at(gpa_t address)
{
	for (struct xhci_segment *segment = xhci_segments; segment != NULL; segment = segment->next) {
		if (address >= segment->region.first && address < xhci_segment_end(segment))
			return segment;
	}
	return NULL;
}

/* Memory itself, which the controller reads. */
static struct xhci_trb *xhci_segment_memory(const struct xhci_segment *segment, uint32_t index)
{
	return memory_direct(segment->region.first + index * sizeof(struct xhci_trb));
}

/* The cycle bit is written behind all else. */
static void xhci_write(struct xhci_trb *memory, const struct xhci_trb *trb, uint32_t control)
{
	__atomic_store_n(&memory->parameter, trb->parameter, __ATOMIC_RELAXED);
	__atomic_store_n(&memory->status, trb->status, __ATOMIC_RELAXED);
	__atomic_store_n(&memory->control, control, __ATOMIC_RELEASE);
}

/* Segments ------------------------------------------------------------------------------------------- */

/* One TRB more is copied. False: there is no room. */
static bool xhci_segment_grow(struct xhci_segment *segment)
{
	gpa_t end = xhci_segment_end(segment);

	if (segment->nr_trbs == XHCI_SEGMENT_TRBS || end + sizeof(struct xhci_trb) - 1 > segment->region.last ||
	    xhci_segment_at(end) != NULL)
		return false;
	segment->trbs[segment->nr_trbs] = *xhci_segment_memory(segment, segment->nr_trbs);
	segment->nr_trbs++;
	return true;
}

/* The guest has rewritten one that the controller has, or had: it may take it back (4.6.9), not make another of it. */
static void xhci_segment_written(struct xhci_segment *segment, uint32_t index)
{
	const struct xhci_trb *trb = &segment->trbs[index];
	struct xhci_trb *memory = xhci_segment_memory(segment, index);
	uint32_t type = segment->ring->slot != NULL ? XHCI_NO_OP : XHCI_NO_OP_COMMAND;

	if (XHCI_TRB_TYPE(trb->control) != type || ((memory->control ^ trb->control) & XHCI_TRB_CYCLE) ||
	    XHCI_TRB_TYPE(memory->control) == XHCI_LINK)
		return;
	/* It ends where it did: what follows is another's. */
	xhci_write(memory, trb, trb->control & (memory->control | ~XHCI_TRB_CHAIN));
	if (segment->ring->endpoint != NULL)
		xhci_transfer_taken_back(segment->ring, segment->region.first + index * sizeof(*trb));
	xhci_end_taken_back(segment->ring, segment->region.first + index * sizeof(*trb));
}

static void xhci_segment_do(struct xhci_segment *segment, struct access *access)
{
	uint64_t offset = access->address - segment->region.first;
	uint8_t *bytes = (uint8_t *)segment->trbs + offset;
	struct xhci_ring *ring = segment->ring;

	access->resolved = true;
	if (!access->write) {
		access->value = 0;
		for (unsigned i = 0; i < access->width_bytes; i++)
			access->value |= (uint64_t)bytes[i] << 8 * i;
		return;
	}
	for (unsigned i = 0; i < access->width_bytes; i++)
		bytes[i] = (uint8_t)(access->value >> 8 * i);
	for (uint32_t index = (uint32_t)(offset / sizeof(struct xhci_trb));
	     index <= (offset + access->width_bytes - 1) / sizeof(struct xhci_trb); index++)
		xhci_segment_written(segment, index);
	xhci_ring_pump(ring, access->vcpu);
	xhci_ends_go_on(ring, access->vcpu); /* what the guest has taken back is not waited for */
}

static enum access_result xhci_segment_access(struct access *access, void *context)
{
	struct xhci_controller *controller = NULL;
	struct xhci_segment *segment = context;
	enum access_result result = ACCESS_DONE;

	spinlock_acquire(&xhci_lock);
	if (segment->ring == NULL || access->address >= xhci_segment_end(segment)) {
		result = ACCESS_PASS;
	} else if (access->direct || access->address < segment->region.first ||
		   access->address + access->width_bytes > xhci_segment_end(segment)) {
		access->fault |= access->direct;
		access_deny(access);
	} else {
		controller = segment->ring->controller;
		xhci_segment_do(segment, access);
	}
	spinlock_release(&xhci_lock);
	if (controller != NULL && access->write) {
		xhci_tell_detached(controller, access->vcpu);
		if (deadline_due()) /* news of sticks are for somebody */
			deadline_check(access->vcpu);
	}
	return result;
}

static void xhci_segment_free(struct grace *grace)
{
	struct xhci_segment *segment = CONTAINER_OF(grace, struct xhci_segment, grace);

	memory_free_page(segment->trbs);
	memory_free(segment);
}

/* What the guest saw is there again. */
static void xhci_segment_end_it(struct xhci_segment **link)
{
	struct xhci_segment *segment = *link;

	for (uint32_t i = 0; i < segment->nr_trbs; i++)
		xhci_write(xhci_segment_memory(segment, i), &segment->trbs[i], segment->trbs[i].control);
	*link = segment->next;
	segment->ring->nr_segments--;
	segment->ring = NULL;
	mmio_unregister(&segment->region);
	grace_begin(&segment->grace, xhci_segment_free);
}

static struct xhci_segment *xhci_segment_new(struct xhci_ring *ring, gpa_t address, int *error)
{
	struct xhci_segment *segment = memory_allocate(sizeof(*segment));
	uint64_t most = XHCI_SEGMENT_TRBS * sizeof(struct xhci_trb) - 1;

	*error = -RV_ENOMEM;
	if (segment == NULL)
		return NULL;
	segment->trbs = memory_allocate_spare_page();
	if (segment->trbs == NULL)
		goto free;
	segment->ring = ring;
	segment->region = (struct access_region){ .first = address, .last = address + most, .band = BAND_MEDIATOR,
						  .handler = xhci_segment_access, .context = segment, .is_kept = true };
	if (segment->region.last > (address | XHCI_BOUNDARY))
		segment->region.last = address | XHCI_BOUNDARY;
	if (!memory_is_ram(address, segment->region.last - address + 1))
		segment->region.last = address | PAGE_MASK;
	*error = mmio_register(&segment->region);
	if (*error != 0)
		goto free_page;
	segment->next = xhci_segments;
	xhci_segments = segment;
	ring->nr_segments++;
	(void)xhci_segment_grow(segment);
	return segment;

free_page:
	memory_free_page(segment->trbs);
free:
	memory_free(segment);
	return NULL;
}

/* The ring's segment that has that TRB, a new one if there is none. */
static int xhci_ring_find(struct xhci_ring *ring, gpa_t address, struct xhci_segment **segment)
{
	int error = 0;

	*segment = xhci_segment_at(address);
	if (*segment != NULL)
		return (*segment)->ring == ring && (address - (*segment)->region.first) % sizeof(struct xhci_trb) == 0 ? 0 : -RV_EBUSY;
	if (address % sizeof(struct xhci_trb) != 0 || !memory_is_ram(address & ~PAGE_MASK, PAGE_BYTES) ||
	    ring->nr_segments == XHCI_SEGMENTS_MAXIMUM)
		return -RV_EFAULT;
	*segment = xhci_segment_new(ring, address, &error);
	return error;
}

/* Places --------------------------------------------------------------------------------------------- */

bool xhci_place_is_valid(const struct xhci_place *place)
{
	return (place->segment->trbs[place->index].control & XHCI_TRB_CYCLE) == place->cycle;
}

gpa_t xhci_place_address(const struct xhci_place *place)
{
	return place->segment->region.first + place->index * sizeof(struct xhci_trb);
}

static struct xhci_trb *xhci_place_memory(const struct xhci_place *place)
{
	return xhci_segment_memory(place->segment, place->index);
}

/* The controller waits there. If it has the other cycle state, since it has not done what we took a command of the guest's to do,
 * it is led to where it waits with that: what is behind here nobody has looked at. */
static void xhci_place_poison(const struct xhci_ring *ring, const struct xhci_place *place)
{
	struct xhci_trb *memory = xhci_place_memory(place), link = { .parameter = xhci_dead_end(ring->controller, !place->cycle) };

	__atomic_store_n(&memory->control, XHCI_TRB_OF(XHCI_RESERVED) | !place->cycle, __ATOMIC_RELEASE);
	xhci_write(memory, &link, XHCI_TRB_OF(XHCI_LINK) | !place->cycle);
}

bool xhci_ring_next(struct xhci_ring *ring, struct xhci_place *place)
{
	struct xhci_trb trb = xhci_place_trb(place);

	if (XHCI_TRB_TYPE(trb.control) == XHCI_LINK) {
		struct xhci_segment *segment;
		gpa_t address = trb.parameter & ~UINT64_C(15);

		if (xhci_ring_find(ring, address, &segment) != 0)
			return false;
		place->segment = segment;
		place->index = (uint32_t)((address - segment->region.first) / sizeof(trb));
		place->cycle ^= (trb.control & XHCI_TRB_TOGGLE) != 0;
		return true;
	}
	if (place->index + 1 == place->segment->nr_trbs && !xhci_segment_grow(place->segment)) {
		/* What follows has a copy already: the ring began anew there once. */
		gpa_t end = xhci_segment_end(place->segment);
		struct xhci_segment *next = end <= place->segment->region.last ? xhci_segment_at(end) : NULL;

		if (next == NULL || next->ring != ring)
			return false;
		place->segment = next;
		place->index = 0;
		return true;
	}
	place->index++;
	return true;
}

/* Rings ---------------------------------------------------------------------------------------------- */

/* All its segments but one are the guest's again. */
static void xhci_ring_drop(struct xhci_ring *ring, const struct xhci_segment *but)
{
	struct xhci_segment **link = &xhci_segments;

	while (*link != NULL) {
		if ((*link)->ring == ring && *link != but)
			xhci_segment_end_it(link);
		else
			link = &(*link)->next;
	}
}

void xhci_ring_end(struct xhci_ring *ring)
{
	ring->at.segment = NULL;
	ring->round++;
	ring->is_stopped = ring->owes_bell = false;
	xhci_transfers_forget(ring);
	xhci_ring_drop(ring, NULL);
}

int xhci_ring_begin(struct xhci_ring *ring, gpa_t address, bool cycle)
{
	struct xhci_segment *segment;
	int error;

	error = xhci_ring_find(ring, address, &segment);
	if (error != 0)
		return error;
	xhci_transfers_forget(ring);
	ring->round++;
	ring->at = (struct xhci_place){ segment, (uint32_t)((address - segment->region.first) / sizeof(struct xhci_trb)), cycle };
	xhci_place_poison(ring, &ring->at);
	return 0;
}

bool xhci_ring_has(const struct xhci_ring *ring, gpa_t address)
{
	const struct xhci_segment *segment = xhci_segment_at(address);

	return segment != NULL && segment->ring == ring;
}

void xhci_ring_leave_others(struct xhci_ring *ring)
{
	xhci_ring_drop(ring, ring->at.segment);
}

bool xhci_ring_give(struct xhci_ring *ring, const struct xhci_place *places, const struct xhci_trb *trbs, unsigned nr)
{
	struct xhci_place after = places[nr - 1];

	if (!xhci_ring_next(ring, &after)) {
		ring->at.segment = NULL;
		log_warning("xhci%u: a ring of the guest's leads nowhere, or is in segments of more than %u entries: it stops",
			    ring->controller->index, XHCI_SEGMENT_TRBS);
		return false;
	}
	xhci_place_poison(ring, &after);
	for (unsigned i = nr; i-- > 0;)
		xhci_write(xhci_place_memory(&places[i]), &trbs[i], (trbs[i].control & ~XHCI_TRB_CYCLE) | places[i].cycle);
	ring->at = after;
	return true;
}

void xhci_ring_detour(struct xhci_ring *ring, hpa_t to)
{
	struct xhci_trb link = { .parameter = to };

	xhci_write(xhci_place_memory(&ring->at), &link, XHCI_TRB_OF(XHCI_LINK) | ring->at.cycle);
}

void xhci_ring_wait(struct xhci_ring *ring)
{
	xhci_place_poison(ring, &ring->at);
}

static bool xhci_ring_step(struct xhci_ring *ring, struct vcpu *vcpu)
{
	if (ring->endpoint != NULL)
		return xhci_transfer_step(ring, vcpu);
	return ring->slot != NULL ? xhci_control_step(ring, vcpu) : xhci_command_step(ring, vcpu);
}

void xhci_ring_pump(struct xhci_ring *ring, struct vcpu *vcpu)
{
	if (ring->is_pumped) {
		ring->owes_bell = true; /* whoever is at it looks again, and this CPU may have rung by then */
		return;
	}
	ring->is_pumped = true;
	if (ring->controller->nr_pumps++ == 0)
		ring->controller->was_silent = false;
	for (unsigned i = 0; i < XHCI_STEPS && ring->held == NULL && ring->at.segment != NULL && xhci_place_is_valid(&ring->at); i++) {
		if (!xhci_ring_step(ring, vcpu))
			break;
	}
	ring->controller->nr_pumps--;
	ring->is_pumped = false;
	xhci_bell_ring(ring);
}
