/*
 * mediator/usb/xhci_command.c: the guest's commands (4.6): which pass, and which become one that fails.
 */
#include "mediator/usb/xhci.h"

#include "core/log.h"
#include "core/memory.h"
#include "core/string.h"
#include "vmm/guest_memory.h"

#define XHCI_INPUT_CONTEXTS 3 /* of Address Device: what is there, the slot, endpoint 0 (4.6.5) */
#define XHCI_CONTEXT_BYTES_MAXIMUM 64

/* It completes with a TRB Error or a Slot Not Enabled Error (table 6-90), which changes nothing: no slot has the number 0.
 * A command of a reserved type would do too (4.6.1), but Bochs 3.0 does not say then which command has failed, by which
 * Linux gives the controller up. */
static void xhci_spoil(struct xhci_trb *trb)
{
	trb->control &= ~XHCI_TRB_SLOT_MASK;
}

static uint32_t xhci_context_word(const uint8_t *input, const struct xhci_controller *controller, unsigned context, unsigned word)
{
	uint32_t value;

	memcpy(&value, input + context * controller->context_bytes + word * sizeof(value), sizeof(value));
	return value;
}

/* The controller takes the context from our copy: where endpoint 0's ring is would else be the guest's to change. It refuses that of a slot
 * that has an address (4.6.5), and goes on where it is. */
static bool xhci_take_address(struct xhci_slot *slot, struct xhci_trb *trb)
{
	struct xhci_controller *controller = slot->ring.controller;
	uint8_t input[XHCI_INPUT_CONTEXTS * XHCI_CONTEXT_BYTES_MAXIMUM];
	bool has_address = slot->state != XHCI_NONE && slot->state != XHCI_DEFAULT;
	uint64_t dequeue;

	if (guest_memory_read(trb->parameter & ~UINT64_C(15), input, XHCI_INPUT_CONTEXTS * controller->context_bytes) != 0)
		return false;
	dequeue = (uint64_t)xhci_context_word(input, controller, 2, XHCI_ENDPOINT_DEQUEUE + 1) << 32 |
		  xhci_context_word(input, controller, 2, XHCI_ENDPOINT_DEQUEUE);
	if ((has_address && !xhci_ring_has(&slot->ring, dequeue & ~UINT64_C(15))) ||
	    xhci_ring_begin(&slot->ring, dequeue & ~UINT64_C(15), dequeue & 1) != 0)
		return false;
	if (!has_address)
		xhci_ring_leave_others(&slot->ring);
	slot->route = XHCI_SLOT_ROUTE(xhci_context_word(input, controller, 1, 0));
	slot->speed = XHCI_SLOT_SPEED(xhci_context_word(input, controller, 1, 0));
	slot->port = XHCI_SLOT_PORT(xhci_context_word(input, controller, 1, 1));
	slot->ring.is_stopped = false;
	memcpy(slot->context, input, XHCI_INPUT_CONTEXTS * controller->context_bytes);
	trb->parameter = memory_physical(slot->context);
	return true;
}

static void xhci_address_device(struct xhci_controller *controller, struct xhci_trb *trb)
{
	struct xhci_slot *slot = xhci_slot_take(controller, XHCI_TRB_SLOT(trb->control));

	if (slot == NULL || slot->state == XHCI_ASKED || !xhci_take_address(slot, trb)) {
		log_warning("xhci%u: slot %u gets no address: what the guest gives for it is of no use, or there is no memory",
			    controller->index, XHCI_TRB_SLOT(trb->control));
		xhci_spoil(trb);
		return;
	}
	xhci_harvest_begin(controller);
	slot->is_verified = false;
	slot->nr_tries = 0;
	slot->state = trb->control & XHCI_TRB_BSR ? XHCI_DEFAULT : XHCI_ADDRESSED;
}

static void xhci_set_dequeue(struct xhci_slot *slot, struct xhci_trb *trb, struct vcpu *vcpu)
{
	if (slot == NULL)
		return;
	if (XHCI_TRB_ENDPOINT(trb->control) != 1) {
		if (!xhci_endpoint_moved(slot, trb, vcpu))
			xhci_spoil(trb);
		return;
	}
	if (xhci_ring_begin(&slot->ring, trb->parameter & ~UINT64_C(15), trb->parameter & 1) != 0)
		xhci_spoil(trb);
	else
		xhci_ring_pump(&slot->ring, vcpu);
}

static void xhci_reset_device(struct xhci_slot *slot)
{
	if (slot == NULL || slot->state == XHCI_ASKED)
		return;
	slot->was_allowed |= slot->state == XHCI_ALLOWED;
	slot->state = XHCI_DEFAULT;
	xhci_endpoints_end(slot);
}

static void xhci_command_look(struct xhci_controller *controller, struct xhci_trb *trb, struct vcpu *vcpu)
{
	struct xhci_slot *slot = xhci_slot_of(controller, XHCI_TRB_SLOT(trb->control));
	struct xhci_ring *ring = xhci_ring_of(slot, XHCI_TRB_ENDPOINT(trb->control));

	switch (XHCI_TRB_TYPE(trb->control)) {
	case XHCI_ADDRESS_DEVICE:
		xhci_address_device(controller, trb);
		break;
	case XHCI_CONFIGURE_ENDPOINT:
		if (!(trb->control & XHCI_TRB_DC) && (slot == NULL || !xhci_slot_may_configure(slot, vcpu)))
			xhci_spoil(trb);
		else if (slot != NULL && !xhci_endpoints_configure(slot, trb))
			xhci_spoil(trb);
		break;
	case XHCI_STOP_ENDPOINT:
		if (ring != NULL)
			ring->is_stopped = true;
		break;
	case XHCI_RESET_ENDPOINT:
		if (ring != NULL)
			ring->is_stopped = true;
		if (slot != NULL)
			xhci_endpoint_reset(slot, trb);
		break;
	case XHCI_SET_TR_DEQUEUE:
		xhci_set_dequeue(slot, trb, vcpu);
		break;
	case XHCI_RESET_DEVICE:
		xhci_reset_device(slot);
		break;
	case XHCI_DISABLE_SLOT:
		if (slot != NULL)
			xhci_slot_clear(slot);
		break;
	default:
		break;
	}
}

bool xhci_command_step(struct xhci_ring *ring, struct vcpu *vcpu)
{
	struct xhci_place place = ring->at;
	struct xhci_trb given = xhci_place_trb(&place), trb = given, now;
	uint32_t round = ring->round;

	xhci_command_look(ring->controller, &trb, vcpu);
	if (ring->round != round)
		return true; /* the controller was reset while scripts were asked */
	now = xhci_place_trb(&place);
	if (memcmp(&now, &given, sizeof(now)) != 0)
		return true; /* or the guest has taken it back */
	return xhci_ring_give(ring, &place, &trb, 1);
}
