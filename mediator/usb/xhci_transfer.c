/*
 * mediator/usb/xhci_transfer.c: transfers on their way to the device, as requests. A transfer is as many TRBs as the guest has
 * made of it, each in its place, so that the controller's events are true; what changes are where its data are, and, of
 * one that is refused, what its TRBs do: nothing.
 */
#include "mediator/usb/xhci.h"

#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/string.h"
#include "hook/hook.h"
#include "mediator/usb/storage.h"
#include "rv/errno.h"
#include "vmm/guest_memory.h"

#define XHCI_BOUNDARY 0xffffu /* a TRB's data lie between two of 64 KiB (table 6-1) */

/* Its data --------------------------------------------------------------------------------------------------- */

static bool xhci_part_has_data(const struct xhci_part *part)
{
	uint32_t type = XHCI_TRB_TYPE(part->trb.control);

	return type == XHCI_NORMAL || type == XHCI_DATA;
}

static uint32_t xhci_part_pages(const struct xhci_part *part)
{
	return (uint32_t)(((part->trb.parameter & PAGE_MASK) + XHCI_TRB_BYTES(part->trb.status) + PAGE_MASK) / PAGE_BYTES);
}

/* Pages one behind the other, that the device may reach, between two of those boundaries: of nearly twice as many there are as
 * many on one side of it. */
static uint8_t *xhci_bounce_pages(uint32_t nr_pages)
{
	uint32_t nr_taken = 2 * nr_pages - 1, before = 0;
	uint8_t *pages = memory_allocate_device_pages(nr_taken);
	uint64_t left;

	if (pages == NULL || nr_pages > (XHCI_BOUNDARY + 1) / PAGE_BYTES)
		goto free;
	left = (XHCI_BOUNDARY + 1 - (memory_physical(pages) & XHCI_BOUNDARY)) / PAGE_BYTES;
	if (left < nr_pages)
		before = (uint32_t)left;
	if (before != 0)
		memory_free_pages(pages, before);
	if (nr_taken != before + nr_pages)
		memory_free_pages(pages + (before + nr_pages) * PAGE_BYTES, nr_taken - before - nr_pages);
	return pages + before * PAGE_BYTES;

free:
	if (pages != NULL)
		memory_free_pages(pages, nr_taken);
	return NULL;
}

/* From now on the device gets what is in memory of ours, at first what the guest has there. */
static int xhci_part_bounce(struct xhci_transfer *transfer, struct xhci_part *part)
{
	const struct xhci_controller *controller = transfer->ring->controller;
	uint64_t offset = part->trb.parameter & PAGE_MASK;
	uint8_t *pages;

	if (part->bounce != NULL)
		return 0;
	if (!xhci_harvests(controller) || controller->nr_stale >= XHCI_STALE_MAXIMUM)
		return -RV_ENOMEM; /* nobody would say when it can be freed */
	pages = xhci_bounce_pages(xhci_part_pages(part));
	if (pages == NULL)
		return -RV_ENOMEM;
	if ((!controller->has_64_bits && memory_physical(pages) >= GIB(4)) ||
	    guest_memory_read(part->trb.parameter, pages + offset, XHCI_TRB_BYTES(part->trb.status)) != 0) {
		memory_free_pages(pages, xhci_part_pages(part));
		return -RV_EFAULT;
	}
	part->bounce = pages + offset;
	part->parameter = memory_physical(part->bounce);
	transfer->is_bounced = true;
	return 0;
}

int xhci_transfer_bounce(struct xhci_transfer *transfer)
{
	int error = 0;

	for (uint32_t i = 0; error == 0 && i < transfer->nr_parts; i++) {
		if (xhci_part_has_data(&transfer->parts[i]) && XHCI_TRB_BYTES(transfer->parts[i].trb.status) != 0)
			error = xhci_part_bounce(transfer, &transfer->parts[i]);
	}
	return error;
}

static int xhci_part_copy(struct xhci_transfer *transfer, struct xhci_part *part, uint64_t offset, void *buffer, size_t bytes,
			  bool write)
{
	uint8_t *ours = NULL;
	int error;

	if (part->trb.control & XHCI_TRB_IDT) {
		if (offset + bytes > sizeof(part->parameter))
			return -RV_EFAULT;
		ours = (uint8_t *)&part->parameter;
	} else if (transfer->request.kind == transfer->request.asked) {
		/* Whoever reads decides by it, so that the device gets what was read. */
		error = xhci_part_bounce(transfer, part);
		if (error != 0)
			return error;
	}
	if (ours == NULL)
		ours = part->bounce;
	if (ours == NULL)
		return write ? guest_memory_write(part->trb.parameter + offset, buffer, bytes)
			     : guest_memory_read(part->trb.parameter + offset, buffer, bytes);
	memcpy(write ? ours + offset : buffer, write ? buffer : ours + offset, bytes);
	return 0;
}

/* What the device is to get, or has given: the first in memory of ours from when a hook looks at it, else in the guest's. */
static int xhci_transfer_data(struct request *request, uint64_t offset, void *buffer, size_t length_bytes, bool write)
{
	struct xhci_transfer *transfer = CONTAINER_OF(request, struct xhci_transfer, request);
	uint8_t *at = buffer;

	for (uint32_t i = 0; length_bytes > 0 && i < transfer->nr_parts; i++) {
		struct xhci_part *part = &transfer->parts[i];
		uint64_t bytes = xhci_part_has_data(part) ? XHCI_TRB_BYTES(part->trb.status) : 0;
		size_t count;
		int error;

		if (offset >= bytes) {
			offset -= bytes;
			continue;
		}
		count = length_bytes < bytes - offset ? length_bytes : (size_t)(bytes - offset);
		error = xhci_part_copy(transfer, part, offset, at, count, write);
		if (error != 0)
			return error;
		at += count;
		length_bytes -= count;
		offset = 0;
	}
	return length_bytes == 0 ? 0 : -RV_EFAULT;
}

/* A transfer ------------------------------------------------------------------------------------------------- */

static void xhci_transfer_describe(struct xhci_transfer *transfer)
{
	const struct xhci_slot *slot = transfer->ring->slot;
	const struct xhci_endpoint *endpoint = transfer->ring->endpoint;
	struct request_usb *usb = &transfer->request.usb;
	uint64_t setup = transfer->parts[0].trb.parameter;

	*usb = xhci_slot_facts(slot);
	for (uint32_t i = 0; i < transfer->nr_parts; i++) {
		if (xhci_part_has_data(&transfer->parts[i]))
			usb->length += XHCI_TRB_BYTES(transfer->parts[i].trb.status);
	}
	if (endpoint == NULL) {
		usb->direction = (USB_SETUP_TYPE(setup) & USB_TYPE_IN) != 0;
		usb->type = RV_USB_CONTROL;
		usb->interface = usb->interface_class = RV_USB_NO_INTERFACE;
		usb->request_type = USB_SETUP_TYPE(setup);
		usb->request_code = USB_SETUP_REQUEST(setup);
		usb->value = USB_SETUP_VALUE(setup);
		usb->index = USB_SETUP_INDEX(setup);
	} else {
		usb->endpoint = endpoint->number / 2;
		usb->direction = endpoint->number % 2;
		usb->type = endpoint->type;
		usb->interface = endpoint->interface;
		usb->interface_class = endpoint->interface_class;
	}
	transfer->request.data = xhci_transfer_data;
	transfer->request.data_bytes = usb->direction ? 0 : usb->length;
}

static uint32_t xhci_transfer_kind(const struct xhci_ring *ring)
{
	return ring->endpoint != NULL ? RV_EVENT_USB_TRANSFER : RV_EVENT_USB_CONTROL;
}

static bool xhci_transfer_is_wanted(const struct xhci_ring *ring)
{
	uint32_t kind = xhci_transfer_kind(ring);

	return hook_wants_requests(kind) || hook_wants_requests(RV_EVENT_USB_DONE) || trace_wants(kind);
}

static struct xhci_transfer *xhci_transfer_new(struct xhci_ring *ring, const struct xhci_place *places, const struct xhci_trb *trbs,
					       unsigned nr)
{
	struct xhci_transfer *transfer;
	size_t bytes = sizeof(*transfer) + nr * sizeof(transfer->parts[0]);
	uint32_t nr_pages = (uint32_t)(align_up(bytes, PAGE_BYTES) / PAGE_BYTES);

	transfer = memory_has_spare_pages(nr_pages) ? memory_allocate_pages(nr_pages) : NULL;
	if (transfer == NULL)
		return NULL;
	transfer->nr_pages = nr_pages;
	transfer->ring = ring;
	transfer->nr_parts = nr;
	for (unsigned i = 0; i < nr; i++)
		transfer->parts[i] = (struct xhci_part){ xhci_place_address(&places[i]), trbs[i], trbs[i].parameter, NULL };
	request_begin(&transfer->request, xhci_transfer_kind(ring));
	xhci_transfer_describe(transfer);
	return transfer;
}

struct xhci_transfer *xhci_transfer_begin(struct xhci_ring *ring, const struct xhci_place *places, const struct xhci_trb *trbs,
					  unsigned nr, int *error)
{
	struct xhci_transfer *transfer;

	*error = 0;
	if (!xhci_transfer_is_wanted(ring))
		return NULL;
	transfer = xhci_transfer_new(ring, places, trbs, nr);
	if (transfer == NULL)
		*error = -RV_ENOMEM;
	return transfer;
}

void xhci_transfer_free(struct xhci_transfer *transfer)
{
	for (uint32_t i = 0; transfer->is_bounced && i < transfer->nr_parts; i++) {
		struct xhci_part *part = &transfer->parts[i];

		if (part->bounce != NULL)
			memory_free_pages(part->bounce - ((uint64_t)part->bounce & PAGE_MASK), xhci_part_pages(part));
	}
	memory_free_pages(transfer, transfer->nr_pages);
}

static void xhci_transfer_decided(struct xhci_transfer *transfer, struct vcpu *vcpu);

/* What becomes of the ring while hooks are asked, or a transfer waits, the ring's round tells: whoever ends it lets go what waits, and
 * leaves the rest to who asks, or resumes. */
static void xhci_transfer_resume(struct request *request, struct vcpu *vcpu)
{
	struct xhci_transfer *transfer = CONTAINER_OF(request, struct xhci_transfer, request);
	struct xhci_ring *ring = transfer->ring;

	spinlock_acquire(&xhci_lock);
	if (ring->round != transfer->round) {
		xhci_transfer_free(transfer);
	} else {
		ring->held = NULL;
		if (ring->endpoint != NULL)
			xhci_transfer_decided(transfer, vcpu);
		else
			xhci_control_settle(transfer, vcpu);
		xhci_ring_pump(ring, vcpu);
	}
	spinlock_release(&xhci_lock);
	xhci_tell_detached(ring->controller, vcpu);
}

bool xhci_transfer_ask(struct xhci_transfer *transfer, struct vcpu *vcpu)
{
	struct xhci_ring *ring = transfer->ring;
	uint32_t round = ring->round;
	bool is_decided;

	transfer->round = round;
	transfer->request.resume = xhci_transfer_resume;
	ring->held = transfer;
	spinlock_release(&xhci_lock);
	is_decided = request_offer(&transfer->request, vcpu);
	spinlock_acquire(&xhci_lock);
	if (!is_decided) { /* from here on it may be gone, and another be held */
		ring->owes_bell = true;
		if (ring->held == transfer && xhci_bells_hear(ring->controller) != 0 && request_cancel(&transfer->request)) {
			transfer->request.verdict = RV_VERDICT_DENY; /* nobody could say when it may go on */
			is_decided = true;
		}
	}
	if (!is_decided)
		return false;
	if (ring->round != round) {
		xhci_transfer_free(transfer);
		return false;
	}
	ring->held = NULL;
	return true;
}

/* Does anybody have to hear of its end? */
static bool xhci_transfer_is_awaited(const struct xhci_transfer *transfer)
{
	return transfer->is_bounced || transfer->stage != STORAGE_NONE || transfer->told != XHCI_TOLD_TRUTH ||
	       request_is_awaited(&transfer->request, RV_EVENT_USB_DONE);
}

void xhci_transfer_given(struct xhci_transfer *transfer)
{
	struct xhci_ring *ring = transfer->ring;
	struct xhci_transfer **end = &ring->transfers;

	if (!xhci_harvests(ring->controller) || !xhci_transfer_is_awaited(transfer) ||
	    (ring->nr_transfers >= XHCI_TRANSFERS_MAXIMUM && !transfer->is_bounced && transfer->stage == STORAGE_NONE)) {
		xhci_transfer_free(transfer);
		return;
	}
	while (*end != NULL)
		end = &(*end)->next;
	*end = transfer;
	ring->nr_transfers++;
}

void xhci_transfer_taken_back(struct xhci_ring *ring, gpa_t at)
{
	for (const struct xhci_transfer *transfer = ring->transfers; transfer != NULL; transfer = transfer->next) {
		if (transfer->is_taken_back)
			continue;
		for (uint32_t i = 0; transfer->stage != STORAGE_NONE && i < transfer->nr_parts; i++) {
			if (transfer->parts[i].at == at)
				storage_lose(ring->slot->storage, "a transfer is taken back amid a command");
		}
		if (transfer->told == XHCI_TOLD_STALL && transfer->parts[0].at == at)
			ring->endpoint->is_stalled = false;
	}
}

/* What the controller may still read stays until it is reset. */
void xhci_transfers_forget(struct xhci_ring *ring)
{
	struct xhci_transfer *transfer = ring->held;

	xhci_ends_forget(ring);
	ring->held = NULL;
	if (transfer != NULL && request_cancel(&transfer->request))
		xhci_transfer_free(transfer);
	while ((transfer = ring->transfers) != NULL) {
		ring->transfers = transfer->next;
		if (transfer->stage != STORAGE_NONE)
			storage_lose(ring->slot->storage, "a transfer is given up amid a command");
		if (transfer->is_bounced) {
			for (uint32_t i = 0; i < transfer->nr_parts; i++)
				ring->controller->nr_stale += transfer->parts[i].bounce != NULL ? xhci_part_pages(&transfer->parts[i]) : 0;
			transfer->next = ring->controller->stale;
			ring->controller->stale = transfer;
		} else {
			xhci_transfer_free(transfer);
		}
	}
	ring->nr_transfers = 0;
}

void xhci_keep_pages(struct xhci_controller *controller, uint8_t *const *pages, uint32_t nr)
{
	struct xhci_transfer *transfer = memory_allocate_spare_page();

	if (transfer == NULL)
		return; /* they are lost */
	transfer->nr_pages = 1;
	transfer->nr_parts = nr;
	transfer->is_bounced = true;
	for (uint32_t i = 0; i < nr; i++)
		transfer->parts[i] = (struct xhci_part){ .trb = { .status = PAGE_BYTES }, .bounce = pages[i] };
	transfer->next = controller->stale;
	controller->stale = transfer;
	controller->nr_stale += nr;
}

void xhci_transfers_free_stale(struct xhci_controller *controller)
{
	struct xhci_transfer *transfer;

	while ((transfer = controller->stale) != NULL) {
		controller->stale = transfer->next;
		xhci_transfer_free(transfer);
	}
	controller->nr_stale = 0;
}

/* The rings of endpoints but 0 -------------------------------------------------------------------------------- */

static struct xhci_place xhci_places[XHCI_TRANSFER_TRBS]; /* of one that is looked at, as the next two; under xhci_lock */
static struct xhci_trb xhci_trbs[XHCI_TRANSFER_TRBS];
static unsigned xhci_nr_trbs;

/* Takes all of the next transfer out of the ring. -RV_EAGAIN: it is not all there; -RV_E2BIG. */
static int xhci_transfer_take(struct xhci_ring *ring)
{
	struct xhci_place place = ring->at;

	xhci_nr_trbs = 0;
	if (place.segment == NULL) /* it has stopped while hooks were asked */
		return -RV_EAGAIN;
	while (xhci_nr_trbs < XHCI_TRANSFER_TRBS) {
		struct xhci_trb *trb = &xhci_trbs[xhci_nr_trbs];
		uint32_t type;

		if (!xhci_place_is_valid(&place))
			return -RV_EAGAIN;
		*trb = xhci_place_trb(&place);
		type = XHCI_TRB_TYPE(trb->control);
		xhci_places[xhci_nr_trbs++] = place;
		if (type == XHCI_LINK ? xhci_nr_trbs == 1 : !(trb->control & XHCI_TRB_CHAIN))
			return 0;
		if (!xhci_ring_next(ring, &place))
			return -RV_EAGAIN;
	}
	return -RV_E2BIG;
}

/* Is what was taken what the transfer is of? */
bool xhci_transfer_is_taken(const struct xhci_transfer *transfer)
{
	if (xhci_nr_trbs != transfer->nr_parts)
		return false;
	for (unsigned i = 0; i < xhci_nr_trbs; i++) {
		if (memcmp(&xhci_trbs[i], &transfer->parts[i].trb, sizeof(xhci_trbs[i])) != 0)
			return false;
	}
	return true;
}

bool xhci_transfer_is_there(const struct xhci_transfer *transfer)
{
	struct xhci_place place = transfer->ring->at;

	if (place.segment == NULL) /* it has stopped meanwhile */
		return false;
	for (uint32_t i = 0; i < transfer->nr_parts; i++) {
		struct xhci_trb trb = xhci_place_trb(&place);

		if (memcmp(&trb, &transfer->parts[i].trb, sizeof(trb)) != 0)
			return false;
		if (i + 1 < transfer->nr_parts && !xhci_ring_next(transfer->ring, &place))
			return false;
	}
	return true;
}

/* What goes to the controller moves something of ours, by its first TRB, and the others are passed over. */
static bool xhci_transfer_replace(struct xhci_transfer *transfer)
{
	struct xhci_place after = xhci_places[xhci_nr_trbs - 1];
	uint32_t target = xhci_trbs[0].status & XHCI_TRB_INTERRUPTER(0x3ff);
	unsigned at = 0;

	if (!xhci_ring_next(transfer->ring, &after))
		return false;
	while (at + 1 < xhci_nr_trbs && XHCI_TRB_TYPE(xhci_trbs[at].control) == XHCI_LINK)
		xhci_trbs[at++].control &= ~XHCI_TRB_CHAIN;
	transfer->told = XHCI_TOLD_SUCCESS;
	transfer->filler_part = (uint8_t)at;
	xhci_trbs[at++] = (struct xhci_trb){ transfer->filler, transfer->filler_bytes | target, XHCI_TRB_OF(XHCI_NORMAL) | XHCI_TRB_IOC };
	if (at < xhci_nr_trbs)
		xhci_trbs[at] = (struct xhci_trb){ xhci_place_address(&after), 0, XHCI_TRB_OF(XHCI_LINK) |
						   (xhci_places[at].cycle != after.cycle ? XHCI_TRB_TOGGLE : 0) };
	while (++at < xhci_nr_trbs)
		xhci_trbs[at] = (struct xhci_trb){ 0, 0, XHCI_TRB_OF(XHCI_NO_OP) };
	return true;
}

/* What goes to the controller does nothing. One of its TRBs has an event: the first, by which nothing was moved, of one that
 * is to have failed; else the last, if there is to be any. */
static void xhci_transfer_empty(struct xhci_transfer *transfer)
{
	bool fails = transfer->request.verdict == RV_VERDICT_DENY, has_event = fails;
	unsigned first = xhci_nr_trbs, last = 0;

	transfer->told = fails ? XHCI_TOLD_STALL : XHCI_TOLD_SUCCESS;
	for (unsigned i = 0; i < xhci_nr_trbs; i++) {
		struct xhci_trb *trb = &xhci_trbs[i];

		if (XHCI_TRB_TYPE(trb->control) == XHCI_LINK) {
			trb->control &= ~XHCI_TRB_CHAIN;
			continue;
		}
		has_event |= (trb->control & XHCI_TRB_IOC) != 0;
		*trb = (struct xhci_trb){ 0, trb->status & ~XHCI_TRB_INTERRUPTER(0) & XHCI_TRB_INTERRUPTER(0x3ff), XHCI_TRB_OF(XHCI_NO_OP) };
		first = i < first ? i : first;
		last = i;
	}
	if (has_event)
		xhci_trbs[fails ? first : last].control |= XHCI_TRB_IOC;
}

bool xhci_ring_stop(struct xhci_ring *ring, const char *why)
{
	ring->at.segment = NULL;
	log_warning("xhci%u: slot %u: %s: the endpoint stops", ring->controller->index, ring->slot->number, why);
	return false;
}

bool xhci_transfer_settle(struct xhci_transfer *transfer)
{
	struct xhci_ring *ring = transfer->ring;
	bool is_refused = transfer->request.verdict != RV_VERDICT_PASS;

	if (xhci_transfer_take(ring) != 0 || !xhci_transfer_is_taken(transfer)) {
		xhci_transfer_free(transfer); /* the guest has taken it back: what is there now is another */
		return true;
	}
	if (is_refused && !xhci_harvests(ring->controller)) {
		xhci_transfer_free(transfer);
		return xhci_ring_stop(ring, "a transfer is refused, and nobody can say so");
	}
	if (is_refused && transfer->filler != 0 && !xhci_transfer_replace(transfer)) {
		xhci_transfer_free(transfer);
		return xhci_ring_stop(ring, "a ring leads nowhere");
	}
	if (is_refused && transfer->filler == 0)
		xhci_transfer_empty(transfer);
	for (unsigned i = 0; !is_refused && i < xhci_nr_trbs; i++)
		xhci_trbs[i].parameter = transfer->parts[i].parameter;
	if (!xhci_ring_give(ring, xhci_places, xhci_trbs, xhci_nr_trbs)) {
		xhci_transfer_free(transfer);
		return false;
	}
	ring->endpoint->is_stalled |= transfer->told == XHCI_TOLD_STALL;
	xhci_transfer_given(transfer);
	return true;
}

/* USB's hooks have decided. Of a stick's, the command that it is a part of goes on. */
static void xhci_transfer_decided(struct xhci_transfer *transfer, struct vcpu *vcpu)
{
	struct xhci_ring *ring = transfer->ring;
	struct storage *storage = ring->slot->storage;

	if (!storage_has_endpoint(ring->slot, ring->endpoint->number)) {
		(void)xhci_transfer_settle(transfer);
	} else if (xhci_transfer_take(ring) != 0 || !xhci_transfer_is_taken(transfer) || !storage_is_turn(storage, ring)) {
		xhci_transfer_free(transfer);
	} else if (transfer->request.verdict != RV_VERDICT_PASS) {
		storage_lose(storage, "a script refuses a part of a command");
		(void)xhci_transfer_settle(transfer);
	} else {
		(void)storage_step(storage, transfer, ring, vcpu);
	}
}

/* A stick's: hooks of USB are asked first, then the command that it is a part of goes on. */
static bool xhci_transfer_step_storage(struct xhci_ring *ring, struct vcpu *vcpu)
{
	struct storage *storage = ring->slot->storage;
	struct xhci_transfer *transfer;

	if (!xhci_harvests(ring->controller))
		return xhci_ring_stop(ring, "a stick's commands could not be followed");
	if (!storage_is_turn(storage, ring))
		return false;
	if (storage->pending != NULL)
		return storage_step(storage, NULL, ring, vcpu);
	transfer = xhci_transfer_new(ring, xhci_places, xhci_trbs, xhci_nr_trbs);
	if (transfer == NULL)
		return xhci_ring_stop(ring, "there is no memory for a transfer");
	if (!xhci_transfer_is_wanted(ring))
		return storage_step(storage, transfer, ring, vcpu);
	if (xhci_transfer_ask(transfer, vcpu))
		xhci_transfer_decided(transfer, vcpu);
	return ring->at.segment != NULL;
}

bool xhci_transfer_step(struct xhci_ring *ring, struct vcpu *vcpu)
{
	struct xhci_transfer *transfer;
	int error;

	if (ring->endpoint->is_stalled)
		return false;
	error = xhci_transfer_take(ring);
	if (error == -RV_EAGAIN)
		return false;
	if (error != 0)
		return xhci_ring_stop(ring, "a transfer is too long");
	if (xhci_nr_trbs == 1 && (XHCI_TRB_TYPE(xhci_trbs[0].control) == XHCI_LINK || XHCI_TRB_TYPE(xhci_trbs[0].control) == XHCI_NO_OP))
		return xhci_ring_give(ring, xhci_places, xhci_trbs, xhci_nr_trbs);
	if (storage_has_endpoint(ring->slot, ring->endpoint->number))
		return xhci_transfer_step_storage(ring, vcpu);
	transfer = xhci_transfer_begin(ring, xhci_places, xhci_trbs, xhci_nr_trbs, &error);
	if (error != 0)
		return xhci_ring_stop(ring, "there is no memory for a transfer");
	if (transfer == NULL)
		return xhci_ring_give(ring, xhci_places, xhci_trbs, xhci_nr_trbs);
	if (xhci_transfer_ask(transfer, vcpu))
		xhci_transfer_decided(transfer, vcpu);
	return ring->at.segment != NULL;
}
