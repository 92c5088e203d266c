/*
 * mediator/usb/xhci_control.c: control transfers of endpoint 0 (4.11.2.2): what a device may be asked that has not been let
 * in, and what it answers about itself.
 */
#include "mediator/usb/xhci.h"

#include "core/log.h"
#include "core/memory.h"
#include "core/string.h"
#include "mediator/usb/storage.h"
#include "vmm/guest_memory.h"

#define XHCI_SETUP_BYTES 8
#define XHCI_FIRST_BYTES 8 /* of a device descriptor: how long endpoint 0's packets are */

/* A control transfer as it stands in the ring. */
struct xhci_td {
	struct xhci_place places[XHCI_TD_TRBS];
	struct xhci_trb trbs[XHCI_TD_TRBS];
	unsigned nr, nr_data;
	struct xhci_trb *data; /* its only TRB with data; NULL: there is none, or there are more */
};

enum xhci_taken {
	XHCI_PART,    /* it is not all there */
	XHCI_ALL,
	XHCI_NONSENSE, /* there is something else amid it, or it is too long */
};

/* Takes all of it out of the ring, as long as that is one: what is a second transfer is none of the first. */
static enum xhci_taken xhci_td_take(struct xhci_ring *ring, struct xhci_td *td)
{
	struct xhci_place place = ring->at;

	*td = (struct xhci_td){ .nr = 0 };
	while (td->nr < XHCI_TD_TRBS) {
		struct xhci_trb *trb = &td->trbs[td->nr];
		uint32_t type;

		if (!xhci_place_is_valid(&place))
			return XHCI_PART;
		*trb = xhci_place_trb(&place);
		type = XHCI_TRB_TYPE(trb->control);
		if (type == XHCI_DATA || type == XHCI_NORMAL) {
			td->data = td->nr_data == 0 ? trb : NULL;
			td->nr_data++;
		} else if (type != XHCI_STATUS && type != XHCI_LINK && type != XHCI_EVENT_DATA && td->nr != 0) {
			return XHCI_NONSENSE;
		}
		td->places[td->nr++] = place;
		if (type == XHCI_STATUS)
			return XHCI_ALL;
		if (!xhci_ring_next(ring, &place))
			return XHCI_PART;
	}
	return XHCI_NONSENSE;
}

/* The transfer is one of its kind that the device answers with STALL. */
static void xhci_td_refuse(struct xhci_td *td)
{
	uint64_t setup = td->trbs[0].parameter;

	td->trbs[0].parameter = USB_SETUP_OF(USB_SETUP_TYPE(setup) & USB_TYPE_IN, USB_RESERVED, 0, 0, (uint64_t)USB_SETUP_LENGTH(setup));
}

/* May a device be asked that, whatever it is? */
static bool xhci_is_harmless(uint64_t setup)
{
	if ((USB_SETUP_TYPE(setup) & ~USB_TYPE_IN) != 0) /* to its interfaces, or not from the standard */
		return false;
	switch (USB_SETUP_REQUEST(setup)) {
	case USB_GET_STATUS:
	case USB_CLEAR_FEATURE:
	case USB_SET_FEATURE:
	case USB_GET_DESCRIPTOR:
	case USB_GET_CONFIGURATION:
	case USB_SET_SEL:
	case USB_SET_ISOCH_DELAY:
		return true;
	case USB_SET_CONFIGURATION:
		return USB_SETUP_VALUE(setup) == 0;
	default:
		return false;
	}
}

static bool xhci_asks_what_it_is(uint64_t setup)
{
	return USB_SETUP_TYPE(setup) == USB_TYPE_IN && USB_SETUP_REQUEST(setup) == USB_GET_DESCRIPTOR;
}

/* What we know of the answer; NULL: nothing. */
static const uint8_t *xhci_known_answer(const struct xhci_slot *slot, uint64_t setup, uint32_t *bytes)
{
	const struct xhci_known *known = slot->known;
	uint8_t number = (uint8_t)USB_SETUP_VALUE(setup);
	const uint8_t places[XHCI_STRINGS] = { 0, known->identity.manufacturer, known->identity.product, known->identity.serial };
	const uint8_t *at = slot->descriptors + USB_DEVICE_BYTES;

	switch (USB_SETUP_VALUE(setup) >> 8) {
	case USB_DESCRIPTOR_DEVICE:
		*bytes = USB_DEVICE_BYTES;
		return slot->descriptors;
	case USB_DESCRIPTOR_CONFIGURATION:
		if (number >= known->identity.nr_configurations)
			return NULL;
		for (; number > 0; number--)
			at += usb_configuration_bytes(at, USB_CONFIGURATION_BYTES);
		*bytes = usb_configuration_bytes(at, USB_CONFIGURATION_BYTES);
		return at;
	case USB_DESCRIPTOR_STRING:
		for (unsigned i = 0; i < XHCI_STRINGS; i++) {
			*bytes = known->string_bytes[i];
			if (places[i] == number && (i == 0 || number != 0) && *bytes != 0)
				return i == 0 || USB_SETUP_INDEX(setup) == known->language ? known->strings[i] : NULL;
		}
		return NULL;
	default:
		return NULL;
	}
}

/* What is known the guest gets from us, before the device is asked; the device's own answer goes where nobody reads it. */
static void xhci_td_answer(struct xhci_slot *slot, struct xhci_td *td)
{
	uint64_t setup = td->trbs[0].parameter;
	static uint8_t page[RV_USB_DESCRIPTOR_BYTES]; /* under xhci_lock */
	uint32_t bytes, room;
	const uint8_t *answer = xhci_known_answer(slot, setup, &bytes);

	if (answer == NULL || td->nr_data == 0)
		return;
	if (td->data == NULL || (td->data->control & XHCI_TRB_IDT) || !(td->data->control & XHCI_TRB_IN) ||
	    XHCI_TRB_BYTES(td->data->status) > PAGE_BYTES) {
		xhci_td_refuse(td);
		return;
	}
	room = XHCI_TRB_BYTES(td->data->status);
	if (room > USB_SETUP_LENGTH(setup))
		room = USB_SETUP_LENGTH(setup);
	if (USB_SETUP_VALUE(setup) >> 8 == USB_DESCRIPTOR_CONFIGURATION) {
		memcpy(page, answer, bytes);
		storage_conceal(slot, page, bytes);
		answer = page;
	}
	if (guest_memory_write(td->data->parameter, answer, bytes < room ? bytes : room) != 0)
		xhci_td_refuse(td);
	td->data->parameter = memory_physical(slot->ring.controller->sink);
}

/* Is all that it is asked how long its packets are? */
static bool xhci_asks_first(uint64_t setup)
{
	return xhci_asks_what_it_is(setup) && USB_SETUP_VALUE(setup) >> 8 == USB_DESCRIPTOR_DEVICE &&
	       USB_SETUP_LENGTH(setup) <= XHCI_FIRST_BYTES;
}

static void xhci_td_look(struct xhci_slot *slot, struct xhci_td *td, struct vcpu *vcpu)
{
	uint64_t setup = td->trbs[0].parameter;
	bool is_harmless = xhci_is_harmless(setup);

	if (slot->state == XHCI_ALLOWED && !is_harmless)
		(void)xhci_slot_may_configure(slot, vcpu); /* it has to have said the same twice */

	if (slot->state == XHCI_ALLOWED || slot->state == XHCI_REFUSED) {
		if (xhci_asks_what_it_is(setup) && slot->known->info.descriptor_bytes != 0)
			xhci_td_answer(slot, td);
	}
	if ((slot->state != XHCI_ALLOWED && !is_harmless) || (slot->state == XHCI_ALLOWED && storage_refuses(slot, setup)))
		xhci_td_refuse(td);
	if (slot->storage != NULL && USB_SETUP_TYPE(setup) == STORAGE_RESET_TYPE && USB_SETUP_REQUEST(setup) == STORAGE_RESET &&
	    USB_SETUP_INDEX(setup) == slot->storage->interface)
		storage_reset(slot->storage);
}

/* What is no control transfer does nothing. */
static bool xhci_control_stray(struct xhci_ring *ring, struct xhci_td *td)
{
	for (unsigned i = 0; i < td->nr; i++) {
		struct xhci_trb *trb = &td->trbs[i];

		if (XHCI_TRB_TYPE(trb->control) != XHCI_LINK)
			trb->control = (trb->control & XHCI_TRB_IOC) | XHCI_TRB_OF(XHCI_NO_OP);
	}
	return xhci_ring_give(ring, td->places, td->trbs, td->nr);
}

/* The transfer as hooks have it. */
static void xhci_td_apply(struct xhci_td *td, const struct xhci_transfer *transfer)
{
	for (unsigned i = 0; i < td->nr; i++)
		td->trbs[i].parameter = transfer->parts[i].parameter;
	if (transfer->request.verdict != RV_VERDICT_PASS)
		xhci_td_refuse(td);
}

static bool xhci_td_is(const struct xhci_td *td, const struct xhci_transfer *transfer)
{
	if (td->nr != transfer->nr_parts)
		return false;
	for (unsigned i = 0; i < td->nr; i++) {
		if (memcmp(&td->trbs[i], &transfer->parts[i].trb, sizeof(td->trbs[i])) != 0)
			return false;
	}
	return true;
}

/* What hooks have made of it is what we look at. */
void xhci_control_settle(struct xhci_transfer *transfer, struct vcpu *vcpu)
{
	struct xhci_ring *ring = transfer->ring;
	struct xhci_td td;

	if (xhci_td_take(ring, &td) != XHCI_ALL || !xhci_td_is(&td, transfer)) {
		xhci_transfer_free(transfer); /* the guest has rewritten it meanwhile */
		return;
	}
	xhci_td_apply(&td, transfer);
	xhci_td_look(ring->slot, &td, vcpu);
	if (xhci_ring_give(ring, td.places, td.trbs, td.nr))
		xhci_transfer_given(transfer);
	else
		xhci_transfer_free(transfer);
}

/* Has hooks see it. */
static bool xhci_control_offer(struct xhci_ring *ring, struct xhci_td *td, struct vcpu *vcpu)
{
	struct xhci_transfer *transfer;
	int error;

	transfer = xhci_transfer_begin(ring, td->places, td->trbs, td->nr, &error);
	if (transfer != NULL) {
		if (xhci_transfer_ask(transfer, vcpu))
			xhci_control_settle(transfer, vcpu);
		return ring->at.segment != NULL;
	}
	if (error != 0)
		xhci_td_refuse(td); /* nobody could judge it */
	xhci_td_look(ring->slot, td, vcpu);
	return xhci_ring_give(ring, td->places, td->trbs, td->nr);
}

/* Without IDT the eight bytes would be elsewhere, for the guest to change (6.4.1.2.1 has it set, always). */
static bool xhci_is_setup(const struct xhci_trb *trb)
{
	return XHCI_TRB_TYPE(trb->control) == XHCI_SETUP && (trb->control & XHCI_TRB_IDT) != 0 && XHCI_TRB_BYTES(trb->status) == XHCI_SETUP_BYTES;
}

bool xhci_control_step(struct xhci_ring *ring, struct vcpu *vcpu)
{
	struct xhci_slot *slot = ring->slot;
	uint32_t round = ring->round;
	enum xhci_taken taken;
	struct xhci_td td = { .nr = 1 };

	if (slot->state == XHCI_ASKED)
		return false;
	td.trbs[0] = xhci_place_trb(&ring->at);
	if (!xhci_is_setup(&td.trbs[0])) {
		td.places[0] = ring->at;
		return xhci_control_stray(ring, &td);
	}
	taken = xhci_td_take(ring, &td);
	if (taken != XHCI_ALL)
		return taken == XHCI_NONSENSE && xhci_control_stray(ring, &td);
	if (slot->state == XHCI_ADDRESSED && !xhci_asks_first(td.trbs[0].parameter)) {
		xhci_slot_settle(slot, vcpu);
		if (ring->round != round)
			return ring->at.segment != NULL;
		if (slot->state == XHCI_ASKED)
			return false;
		if (xhci_td_take(ring, &td) != XHCI_ALL)
			return true; /* the guest has rewritten it meanwhile */
	}
	if (slot->state == XHCI_ALLOWED && ring->controller->watches_transfers)
		return xhci_control_offer(ring, &td, vcpu);
	xhci_td_look(slot, &td, vcpu);
	return xhci_ring_give(ring, td.places, td.trbs, td.nr);
}
