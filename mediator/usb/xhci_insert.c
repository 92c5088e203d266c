/*
 * mediator/usb/xhci_insert.c: a transfer of our own amid the guest's, by an endpoint that gives the device something.
 */
#include "mediator/usb/xhci.h"

#include "core/instructions.h"
#include "core/memory.h"
#include "core/time.h"

static void xhci_insert_put(struct xhci_trb *trb, uint64_t parameter, uint32_t status, uint32_t control)
{
	__atomic_store_n(&trb->parameter, parameter, __ATOMIC_RELAXED);
	__atomic_store_n(&trb->status, status, __ATOMIC_RELAXED);
	__atomic_store_n(&trb->control, control, __ATOMIC_RELEASE);
}

static void xhci_insert_ring(struct xhci_ring *ring)
{
	xhci_put(ring->controller, ring->controller->doorbells + XHCI_DOORBELL(ring->slot->number), ring->endpoint->number);
}

static bool xhci_insert_await(struct xhci_controller *controller, uint64_t which, uint64_t us)
{
	uint64_t end_tsc = tsc_read() + time_tsc_of_us(us);
	struct xhci_trb event;

	for (;;) {
		if (!xhci_event_take(controller, &event)) {
			if (tsc_read() >= end_tsc)
				return false;
			cpu_pause();
		} else if (XHCI_TRB_TYPE(event.control) == XHCI_TRANSFER_EVENT && event.parameter == which) {
			return XHCI_TRB_CODE(event.status) == XHCI_SUCCESS;
		}
	}
}

bool xhci_ring_insert(struct xhci_ring *ring, struct xhci_trb *work, hpa_t data, uint32_t bytes, uint64_t us)
{
	struct xhci_controller *controller = ring->controller;
	bool cycle = ring->at.cycle;

	if (controller->interrupter == 0 || ring->at.segment == NULL)
		return false;
	xhci_insert_put(work + 1, 0, 0, XHCI_TRB_OF(XHCI_RESERVED) | !cycle);
	xhci_insert_put(work, data, bytes | XHCI_TRB_INTERRUPTER(controller->interrupter), XHCI_TRB_OF(XHCI_NORMAL) | XHCI_TRB_IOC | cycle);
	xhci_ring_detour(ring, memory_physical(work));
	xhci_insert_ring(ring);
	if (!xhci_insert_await(controller, memory_physical(work), us))
		return false;
	xhci_ring_wait(ring);
	xhci_insert_put(work + 1, xhci_place_address(&ring->at), 0, XHCI_TRB_OF(XHCI_LINK) | cycle);
	xhci_insert_ring(ring);
	return true;
}
