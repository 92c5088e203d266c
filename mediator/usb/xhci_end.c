/*
 * mediator/usb/xhci_end.c: transfers that have ended, as the controller's events tell (4.10, 4.11.3).
 */
#include "mediator/usb/xhci.h"

#include "core/instructions.h"
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

		if (part == transfer->nr_parts || (found != NULL && (event->control & XHCI_TRB_ED)))
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

/* Asks hooks; without the lock. What they refuse of it the guest gets as nothing, or, of a drop, as zeros. */
static void xhci_transfer_tell(struct xhci_transfer *transfer, struct xhci_trb *event, uint32_t which, struct vcpu *vcpu)
{
	struct request *request = &transfer->request;

	if (!request_is_awaited(request, RV_EVENT_USB_DONE))
		return;
	(void)request_offer(request, vcpu);
	if (request->verdict == RV_VERDICT_PASS || !request->usb.direction || transfer->told != XHCI_TOLD_TRUTH)
		return;
	xhci_transfer_clear(transfer);
	if (request->verdict == RV_VERDICT_DENY && transfer->ring->endpoint != NULL && XHCI_TRB_CODE(event->status) != XHCI_STALL)
		event->status = (uint32_t)XHCI_SHORT_PACKET << 24 | xhci_part_bytes(&transfer->parts[which]);
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

static void xhci_transfer_over(struct xhci_transfer *transfer, struct xhci_trb *event, uint32_t which, struct vcpu *vcpu)
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
	spinlock_release(&xhci_lock);
	xhci_transfer_tell(transfer, event, which, vcpu);
	spinlock_acquire(&xhci_lock);
	if (transfer->stage != STORAGE_NONE)
		storage_ended(transfer->ring->slot->storage, transfer, code, vcpu);
	if (transfer->is_bounced && request->usb.direction)
		xhci_transfer_scatter(transfer);
	if (transfer->stage != STORAGE_NONE)
		storage_go_on(transfer->ring->slot->storage, vcpu);
	xhci_transfer_free(transfer);
}

void xhci_transfer_event(struct xhci_controller *controller, struct xhci_trb *event, struct vcpu *vcpu)
{
	struct xhci_slot *slot = xhci_slot_of(controller, XHCI_TRB_SLOT(event->control));
	uint32_t number = XHCI_TRB_ENDPOINT(event->control), which = 0;
	struct xhci_ring *ring = xhci_ring_of(slot, number);
	struct xhci_transfer *transfer;

	transfer = ring != NULL ? xhci_transfer_of(ring, event, &which) : NULL;
	if (transfer == NULL)
		return;
	if (ring->endpoint == NULL && XHCI_TRB_TYPE(transfer->parts[which].trb.control) != XHCI_STATUS) {
		transfer->moved = xhci_moved(transfer, event, which);
		transfer->is_moved_known = true;
	}
	if (!xhci_is_over(transfer, event, which))
		return;
	xhci_transfer_unlink(transfer);
	xhci_transfer_over(transfer, event, which, vcpu);
}
