/*
 * mediator/usb/xhci_end.c: transfers that have ended, as the controller's events tell (4.10, 4.11.3).
 */
#include "mediator/usb/xhci.h"

#include "core/instructions.h"
#include "core/memory.h"
#include "core/string.h"
#include "hook/hook.h"
#include "mediator/usb/storage.h"
#include "vmm/guest_memory.h"

static uint32_t xhci_part_bytes(const struct xhci_part *part)
{
	uint32_t type = XHCI_TRB_TYPE(part->trb.control);

	return type == XHCI_NORMAL || type == XHCI_DATA ? XHCI_TRB_BYTES(part->trb.status) : 0;
}

/* The TRB of it that an event is about; nr_parts: none. */
static uint32_t xhci_part_of(const struct xhci_transfer *transfer, const struct xhci_trb *event)
{
	bool is_data = (event->control & XHCI_TRB_ED) != 0;
	uint32_t i = 0;

	for (; i < transfer->nr_parts; i++) {
		const struct xhci_part *part = &transfer->parts[i];

		if (is_data ? XHCI_TRB_TYPE(part->trb.control) == XHCI_EVENT_DATA && part->trb.parameter == event->parameter
			    : part->at == event->parameter)
			break;
	}
	return i;
}

/* Which transfer it is about; NULL: none. One that the guest has taken back stays in the list, and a later one may be in its place: of
 * two it is the newer. */
static struct xhci_transfer *xhci_transfer_of(const struct xhci_ring *ring, const struct xhci_trb *event, uint32_t *which)
{
	struct xhci_transfer *found = NULL;

	for (struct xhci_transfer *transfer = ring->transfers; transfer != NULL; transfer = transfer->next) {
		uint32_t part = xhci_part_of(transfer, event);

		if (part == transfer->nr_parts || ((event->control & XHCI_TRB_ED) && (found != NULL || transfer->is_taken_back)))
			continue;
		found = transfer;
		*which = part;
	}
	return found;
}

/* How much was moved, up to the TRB that the event is about. */
static uint32_t xhci_moved(const struct xhci_transfer *transfer, const struct xhci_trb *event, uint32_t which)
{
	uint32_t bytes = xhci_part_bytes(&transfer->parts[which]), left = XHCI_TRB_RESIDUE(event->status);

	if (event->control & XHCI_TRB_ED)
		bytes = left < transfer->request.usb.length ? left : transfer->request.usb.length; /* these say it themselves (6.4.2.1) */
	else
		bytes = left < bytes ? bytes - left : 0;
	for (uint32_t i = 0; !(event->control & XHCI_TRB_ED) && i < which; i++)
		bytes += xhci_part_bytes(&transfer->parts[i]);
	return bytes;
}

/* Is that its end? A control transfer's is its status stage, whatever has come, or an error. */
static bool xhci_is_over(struct xhci_transfer *transfer, const struct xhci_trb *event, uint32_t which)
{
	uint32_t code = XHCI_TRB_CODE(event->status);

	if (code >= XHCI_STOPPED && code <= XHCI_STOPPED_SHORT_PACKET)
		return false;
	if (transfer->ring->endpoint != NULL)
		return code != XHCI_SUCCESS || which + 1 == transfer->nr_parts || transfer->told != XHCI_TOLD_TRUTH;
	if (code != XHCI_SUCCESS && code != XHCI_SHORT_PACKET)
		return true;
	return which + 1 == transfer->nr_parts;
}

/* Takes the transfer out of its ring, and those before it, whose ends nobody was told. */
static void xhci_transfer_unlink(struct xhci_transfer *transfer)
{
	struct xhci_ring *ring = transfer->ring;
	struct xhci_transfer *first;

	while ((first = ring->transfers) != transfer) {
		ring->transfers = first->next;
		ring->nr_transfers--;
		xhci_transfer_free(first);
	}
	ring->transfers = transfer->next;
	ring->nr_transfers--;
}

void xhci_transfer_clear(struct xhci_transfer *transfer)
{
	static const uint8_t zeros[64];
	struct request *request = &transfer->request;

	for (uint64_t at = 0; at < request->data_bytes; at += sizeof(zeros)) {
		uint64_t left = request->data_bytes - at;

		(void)request->data(request, at, (void *)(uintptr_t)zeros, left < sizeof(zeros) ? (size_t)left : sizeof(zeros), true);
	}
}

/* The TRB whose event tells of so many bytes, if they are not all: the one that is not full, unless the last tells of all (an Event
 * Data TRB). `before`: how many the others have. */
static uint32_t xhci_short_part(const struct xhci_transfer *transfer, uint32_t *before)
{
	uint32_t last = transfer->nr_parts - 1;

	*before = 0;
	for (uint32_t i = 0; XHCI_TRB_TYPE(transfer->parts[last].trb.control) != XHCI_EVENT_DATA && i < last; i++) {
		if (transfer->is_short && transfer->told_bytes - *before < xhci_part_bytes(&transfer->parts[i]))
			return i;
		*before += xhci_part_bytes(&transfer->parts[i]);
	}
	return last;
}

/* One in whose place something of ours was moved. */
static uint32_t xhci_transfer_pretend_filled(const struct xhci_transfer *transfer, struct xhci_trb *event)
{
	uint32_t before, which = xhci_short_part(transfer, &before);
	const struct xhci_part *part = &transfer->parts[which];
	bool is_data = XHCI_TRB_TYPE(part->trb.control) == XHCI_EVENT_DATA;
	uint32_t bytes = transfer->is_short ? transfer->told_bytes : transfer->request.usb.length;

	event->parameter = is_data ? part->trb.parameter : part->at;
	event->control |= is_data ? XHCI_TRB_ED : 0;
	event->status = (uint32_t)(transfer->is_short ? XHCI_SHORT_PACKET : XHCI_SUCCESS) << 24 |
			(is_data ? bytes : transfer->is_short ? before + xhci_part_bytes(part) - bytes : 0);
	return which;
}

/* One that did not reach the device: what the guest is to believe. Returns which TRB that is about. */
static uint32_t xhci_transfer_pretend(const struct xhci_transfer *transfer, struct xhci_trb *event, uint32_t which)
{
	if (transfer->filler != 0 && transfer->told == XHCI_TOLD_SUCCESS)
		return XHCI_TRB_CODE(event->status) == XHCI_SUCCESS ? xhci_transfer_pretend_filled(transfer, event) : which;
	if (transfer->told == XHCI_TOLD_STALL)
		event->status = (uint32_t)XHCI_STALL << 24 | xhci_part_bytes(&transfer->parts[which]);
	else if (transfer->told == XHCI_TOLD_SUCCESS)
		event->status = (uint32_t)XHCI_SUCCESS << 24;
	return which;
}

/* What the device has given memory of ours, the guest gets. */
static void xhci_transfer_scatter(const struct xhci_transfer *transfer)
{
	uint32_t left = transfer->request.usb.length;

	for (uint32_t i = 0; left > 0 && i < transfer->nr_parts; i++) {
		const struct xhci_part *part = &transfer->parts[i];
		uint32_t bytes = xhci_part_bytes(part) < left ? xhci_part_bytes(part) : left;

		if (part->bounce != NULL)
			(void)guest_memory_write(part->trb.parameter, part->bounce, bytes);
		left -= bytes;
	}
}

/* What hooks have said of it: what they refuse the guest gets as nothing, or, of a drop, as zeros. */
static void xhci_end_judge(struct xhci_transfer *transfer, enum rv_verdict verdict)
{
	struct xhci_end *end = &transfer->end;

	if (verdict == RV_VERDICT_PASS || !transfer->request.usb.direction || transfer->told != XHCI_TOLD_TRUTH)
		return;
	xhci_transfer_clear(transfer);
	if (verdict == RV_VERDICT_DENY && transfer->ring->endpoint != NULL && XHCI_TRB_CODE(end->event.status) != XHCI_STALL)
		end->event.status = (uint32_t)XHCI_SHORT_PACKET << 24 | xhci_part_bytes(&transfer->parts[end->which]);
}

/* Nobody has anything to say of it any more. */
static void xhci_end_decide(struct xhci_transfer *transfer)
{
	if (transfer->is_bounced && transfer->request.usb.direction)
		xhci_transfer_scatter(transfer);
	transfer->end.is_decided = true;
}

/* Events that are kept --------------------------------------------------------------------------------------- */

static struct xhci_end *xhci_end_take(struct xhci_ring *ring)
{
	struct xhci_end *end = ring->ends;

	ring->ends = end->next;
	return end;
}

static void xhci_end_free(struct xhci_end *end)
{
	if (end->transfer != NULL)
		xhci_transfer_free(end->transfer);
	else
		memory_free(end);
}

static void xhci_end_drop(struct xhci_end *end)
{
	if (end->harvest->round == end->round)
		xhci_harvest_drop(end->harvest);
}

/* Nobody is told. What waits no longer is freed here, else by who asks hooks, or resumes. */
static void xhci_end_forget(struct xhci_end *end)
{
	xhci_end_drop(end);
	if (end->transfer == NULL || end->is_decided || request_cancel(&end->transfer->request))
		xhci_end_free(end);
	else
		end->is_gone = true;
}

void xhci_ends_forget(struct xhci_ring *ring)
{
	while (ring->ends != NULL)
		xhci_end_forget(xhci_end_take(ring));
}

void xhci_end_taken_back(struct xhci_ring *ring, gpa_t at)
{
	struct xhci_end **link = &ring->ends, *end;

	while ((end = *link) != NULL) {
		const struct xhci_transfer *ended = end->transfer;
		uint32_t which;

		if (ended == NULL)
			ended = xhci_transfer_of(ring, &end->event, &which);
		if (ended == NULL || ended->parts[0].at != at) {
			link = &end->next;
			continue;
		}
		*link = end->next;
		if (ended->told == XHCI_TOLD_STALL && ring->endpoint != NULL)
			ring->endpoint->is_stalled = false; /* of which the guest has not heard */
		xhci_end_forget(end);
	}
	for (struct xhci_transfer *transfer = ring->transfers; transfer != NULL; transfer = transfer->next) {
		if (transfer->parts[0].at == at)
			transfer->is_taken_back = true;
	}
}

static bool xhci_end_keep(struct xhci_ring *ring, struct xhci_harvest *harvest, const struct xhci_trb *event)
{
	struct xhci_end *end = memory_allocate(sizeof(*end)), **last = &ring->ends;

	if (end == NULL)
		return false;
	*end = (struct xhci_end){ .harvest = harvest, .round = harvest->round, .event = *event };
	while (*last != NULL)
		last = &(*last)->next;
	*last = end;
	return true;
}

static void xhci_end_resume(struct request *request, struct vcpu *vcpu)
{
	struct xhci_transfer *transfer = CONTAINER_OF(request, struct xhci_transfer, request);
	struct xhci_ring *ring = transfer->ring;

	spinlock_acquire(&xhci_lock);
	if (transfer->end.is_gone) {
		xhci_transfer_free(transfer);
	} else {
		xhci_end_judge(transfer, request->verdict);
		xhci_end_decide(transfer);
		xhci_ends_go_on(ring, vcpu);
	}
	spinlock_release(&xhci_lock);
}

/* Asks hooks. False: it waits, or is gone: it is nobody's business here any more. */
static bool xhci_end_ask(struct xhci_transfer *transfer, struct vcpu *vcpu)
{
	struct request *request = &transfer->request;
	struct xhci_ring *ring = transfer->ring;
	bool is_decided;

	request->resume = xhci_end_resume;
	spinlock_release(&xhci_lock);
	is_decided = request_offer(request, vcpu);
	spinlock_acquire(&xhci_lock);
	if (!is_decided) { /* it may be gone by now */
		if (ring->ends != &transfer->end || xhci_dequeues_hear(ring->controller) == 0 || !request_cancel(request))
			return false;
		request->verdict = RV_VERDICT_DENY; /* nobody could tell of it later */
	}
	if (!transfer->end.is_gone)
		xhci_end_judge(transfer, request->verdict);
	return true;
}

/* Who is to hear of it does: USB's hooks, then, of a stick's, the command that it is a part of, though the guest may have given it up
 * meanwhile: the device has done it. It is the ring's first, so that what comes until it is decided is kept behind it. */
static void xhci_end_tell(struct xhci_transfer *transfer, struct vcpu *vcpu)
{
	struct xhci_ring *ring = transfer->ring;
	uint32_t code = XHCI_TRB_CODE(transfer->end.event.status);

	transfer->end.next = ring->ends;
	ring->ends = &transfer->end;
	if (request_is_awaited(&transfer->request, RV_EVENT_USB_DONE) && !xhci_end_ask(transfer, vcpu))
		return;
	if (transfer->stage != STORAGE_NONE) {
		storage_ended(ring->slot->storage, transfer, code, vcpu);
		storage_go_on(ring->slot->storage, vcpu);
	}
	if (transfer->end.is_gone)
		xhci_transfer_free(transfer);
	else
		xhci_end_decide(transfer);
}

/* True: somebody is to hear of what transfer->end says before the guest does. */
static bool xhci_transfer_over(struct xhci_transfer *transfer, struct xhci_harvest *harvest, struct xhci_trb *event, uint32_t which)
{
	struct request *request = &transfer->request;
	uint32_t code;

	which = xhci_transfer_pretend(transfer, event, which);
	if (transfer->ring->endpoint != NULL)
		transfer->ring->endpoint->is_stalled |= transfer->told == XHCI_TOLD_STALL; /* though it was taken back */
	code = XHCI_TRB_CODE(event->status);
	request->kind = RV_EVENT_USB_DONE;
	request->end_tsc = tsc_read();
	if (transfer->ring->endpoint != NULL)
		request->usb.length = xhci_moved(transfer, event, which);
	else if (transfer->is_moved_known)
		request->usb.length = transfer->moved;
	else if (code != XHCI_SUCCESS && code != XHCI_SHORT_PACKET)
		request->usb.length = 0;
	request->usb.status = (uint16_t)(code == XHCI_SUCCESS || code == XHCI_SHORT_PACKET ? 0 : code);
	request->data_bytes = request->usb.length;
	if (transfer->stage == STORAGE_NONE && !request_is_awaited(request, RV_EVENT_USB_DONE)) {
		xhci_transfer_free(transfer);
		return false;
	}
	request->cannot_wait = transfer->stage != STORAGE_NONE; /* the stick's command is amid its way */
	transfer->end = (struct xhci_end){ .harvest = harvest, .round = harvest->round, .event = *event, .transfer = transfer, .which = which };
	return true;
}

/* An event, before which none of its ring is kept. */
static void xhci_end_look(struct xhci_ring *ring, struct xhci_harvest *harvest, struct xhci_trb event, struct vcpu *vcpu)
{
	uint32_t which = 0;
	struct xhci_transfer *transfer = xhci_transfer_of(ring, &event, &which);

	if (transfer != NULL && ring->endpoint == NULL && XHCI_TRB_TYPE(transfer->parts[which].trb.control) != XHCI_STATUS) {
		transfer->moved = xhci_moved(transfer, &event, which);
		transfer->is_moved_known = true;
	}
	if (transfer != NULL && xhci_is_over(transfer, &event, which)) {
		xhci_transfer_unlink(transfer);
		if (xhci_transfer_over(transfer, harvest, &event, which)) {
			xhci_end_tell(transfer, vcpu);
			return;
		}
	}
	xhci_harvest_put(harvest, &event);
}

void xhci_ends_go_on(struct xhci_ring *ring, struct vcpu *vcpu)
{
	struct xhci_end *end;

	while ((end = ring->ends) != NULL && (end->transfer == NULL || end->is_decided)) {
		struct xhci_end copy = *end;

		if (end->harvest->round == end->round && !xhci_harvest_has_room(end->harvest)) {
			ring->controller->has_full_ends = true;
			return;
		}
		xhci_end_free(xhci_end_take(ring));
		if (copy.harvest->round != copy.round)
			continue;
		if (copy.transfer == NULL)
			xhci_end_look(ring, copy.harvest, copy.event, vcpu);
		else
			xhci_harvest_put(copy.harvest, &copy.event);
		if (!copy.harvest->is_pumped && copy.harvest->round == copy.round)
			xhci_harvest_interrupt(copy.harvest); /* else its reader looks */
	}
}

void xhci_ends_release(struct xhci_ring *ring)
{
	while (ring->ends != NULL) {
		struct xhci_end *end = xhci_end_take(ring);
		struct xhci_transfer *transfer = end->transfer;

		if (transfer != NULL && !end->is_decided) {
			end->is_gone = !request_cancel(&transfer->request);
			xhci_end_judge(transfer, hook_hold_verdict(&transfer->request.hold));
			xhci_end_decide(transfer);
		}
		if (end->harvest->round == end->round)
			xhci_harvest_put(end->harvest, &end->event);
		if (!end->is_gone)
			xhci_end_free(end);
	}
}

bool xhci_transfer_event(struct xhci_harvest *harvest, const struct xhci_trb *event, struct vcpu *vcpu)
{
	struct xhci_slot *slot = xhci_slot_of(harvest->controller, XHCI_TRB_SLOT(event->control));
	struct xhci_ring *ring = xhci_ring_of(slot, XHCI_TRB_ENDPOINT(event->control));

	if (ring == NULL) {
		xhci_harvest_put(harvest, event);
		return true;
	}
	if (ring->ends != NULL)
		return xhci_end_keep(ring, harvest, event);
	xhci_end_look(ring, harvest, *event, vcpu);
	xhci_ends_go_on(ring, vcpu);
	return true;
}
