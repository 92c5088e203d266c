/*
 * mediator/usb/xhci_insert.c: a transfer of our own amid the guest's, by an endpoint whose ring it sees a copy of.
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

/* The first event of one of these TRBs: its code; 0: there is none in time. Others are of transfers that nobody awaits any more. */
static uint32_t xhci_insert_await(struct xhci_controller *controller, uint64_t first, uint32_t nr, uint64_t end_tsc)
{
	struct xhci_trb event;

	for (;;) {
		if (!xhci_event_take(controller, &event)) {
			if (tsc_read() >= end_tsc)
				return 0;
			cpu_pause();
		} else if (XHCI_TRB_TYPE(event.control) == XHCI_TRANSFER_EVENT && event.parameter - first < nr * sizeof(event)) {
			return XHCI_TRB_CODE(event.status);
		}
	}
}

uint32_t xhci_ring_insert_all(struct xhci_ring *ring, struct xhci_trb *work, uint32_t nr, uint64_t end_tsc)
{
	struct xhci_controller *controller = ring->controller;
	uint32_t target = XHCI_TRB_INTERRUPTER(controller->interrupter), code;
	bool cycle = ring->at.cycle;

	if (controller->interrupter == 0 || ring->at.segment == NULL)
		return 0;
	xhci_insert_put(work + nr, 0, 0, XHCI_TRB_OF(XHCI_RESERVED) | !cycle);
	for (uint32_t i = 0; i < nr; i++)
		xhci_insert_put(work + i, work[i].parameter, work[i].status | target,
				XHCI_TRB_OF(XHCI_NORMAL) | XHCI_TRB_ISP | (i + 1 < nr ? XHCI_TRB_CHAIN : XHCI_TRB_IOC) | cycle);
	xhci_ring_detour(ring, memory_physical(work));
	xhci_insert_ring(ring);
	code = xhci_insert_await(controller, memory_physical(work), nr, end_tsc);
	if (code != XHCI_SUCCESS && code != XHCI_SHORT_PACKET)
		return code;
	xhci_ring_wait(ring);
	xhci_insert_put(work + nr, xhci_place_address(&ring->at), 0, XHCI_TRB_OF(XHCI_LINK) | cycle);
	xhci_insert_ring(ring);
	return code;
}

bool xhci_ring_insert(struct xhci_ring *ring, struct xhci_trb *work, hpa_t data, uint32_t bytes, uint64_t us)
{
	*work = (struct xhci_trb){ data, bytes, 0 };
	return xhci_ring_insert_all(ring, work, 1, tsc_read() + time_tsc_of_us(us)) == XHCI_SUCCESS;
}
