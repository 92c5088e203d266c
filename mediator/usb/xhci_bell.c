/*
 * mediator/usb/xhci_bell.c: doorbells (4.7). The controller looks at a ring when it is rung, and until it finds nothing more. Of a
 * transfer that waits it found nothing, so when that goes on it has to be rung again; but a doorbell of an endpoint that the
 * guest has stopped would start it, and that is the guest's to do (4.8.3). So what stops endpoints is seen among its
 * commands, and what starts them here.
 */
#include "mediator/usb/xhci.h"

#include "core/log.h"
#include "rv/errno.h"
#include "vmm/guest_memory.h"

#define XHCI_RUNNING 1u /* an endpoint's state (table 6-8) */
#define XHCI_STATE(word0) ((word0) & 7)

struct xhci_ring *xhci_ring_of(struct xhci_slot *slot, uint32_t endpoint)
{
	if (slot == NULL || endpoint == 0)
		return NULL;
	if (endpoint == 1)
		return &slot->ring;
	return slot->endpoints[endpoint] != NULL ? &slot->endpoints[endpoint]->ring : NULL;
}

static uint32_t xhci_bell_endpoint(const struct xhci_ring *ring)
{
	return ring->endpoint != NULL ? ring->endpoint->number : XHCI_DOORBELL_EP0;
}

void xhci_bell_ring(struct xhci_ring *ring)
{
	struct xhci_controller *controller = ring->controller;

	if (!ring->owes_bell || ring->slot == NULL)
		return;
	if (!ring->is_stopped)
		xhci_put(controller, controller->doorbells + XHCI_DOORBELL(ring->slot->number), xhci_bell_endpoint(ring));
	ring->owes_bell = ring->held != NULL;
}

/* The guest has started the endpoint, if it was stopped: then it may have made something else of what waits. */
static void xhci_ring_rung(struct xhci_ring *ring, struct vcpu *vcpu)
{
	struct xhci_transfer *held = ring->held;

	if (!ring->is_stopped)
		return;
	ring->is_stopped = false;
	if (held == NULL || xhci_transfer_is_there(held) || !request_cancel(&held->request))
		return;
	ring->held = NULL;
	xhci_transfer_free(held);
	xhci_ring_pump(ring, vcpu);
}

enum access_result xhci_bells_access(struct access *access, int64_t offset, void *context)
{
	struct xhci_controller *controller = context;
	int64_t at = offset - (int64_t)controller->doorbells;
	struct xhci_ring *ring;

	if (!access->write || access->direct || at < 0 || access->width_bytes != 4)
		return ACCESS_PASS;
	spinlock_acquire(&xhci_lock);
	ring = xhci_ring_of(xhci_slot_of(controller, (uint32_t)at / 4), (uint32_t)access->value & (XHCI_ENDPOINTS - 1));
	if (ring != NULL && controller->hears_bells)
		xhci_ring_rung(ring, access->vcpu);
	spinlock_release(&xhci_lock);
	return ACCESS_PASS;
}

bool xhci_ring_runs(const struct xhci_ring *ring)
{
	struct xhci_controller *controller = ring->controller;
	uint32_t at = controller->operational + XHCI_DCBAAP, word0;
	uint64_t array = ((uint64_t)xhci_get(controller, at + 4) << 32 | xhci_get(controller, at)) & ~UINT64_C(63), context;

	return guest_memory_read(array + 8 * ring->slot->number, &context, sizeof(context)) == 0 &&
	       guest_memory_read((context & ~UINT64_C(63)) + xhci_bell_endpoint(ring) * controller->context_bytes, &word0, sizeof(word0)) == 0 &&
	       XHCI_STATE(word0) == XHCI_RUNNING;
}

int xhci_bells_hear(struct xhci_controller *controller)
{
	int error;

	if (controller->hears_bells)
		return 0;
	controller->bells.first = controller->doorbells;
	controller->bells.last = controller->doorbells + XHCI_DOORBELL(controller->nr_slots) + 3;
	error = pci_follow(&controller->bells);
	if (error != 0) {
		log_warning("xhci%u: its doorbells cannot be claimed (%d): no transfer can wait", controller->index, error);
		return error;
	}
	controller->hears_bells = true;
	for (unsigned i = 1; i <= controller->nr_slots; i++) {
		for (unsigned k = 1; controller->slots[i] != NULL && k < XHCI_ENDPOINTS; k++) {
			struct xhci_ring *ring = xhci_ring_of(controller->slots[i], k);

			if (ring != NULL && ring->is_stopped) /* it may run since, unheard */
				ring->is_stopped = !xhci_ring_runs(ring);
		}
	}
	return 0;
}

void xhci_bells_unhear(struct xhci_controller *controller)
{
	if (controller->hears_bells)
		pci_unfollow(&controller->bells);
	controller->hears_bells = false;
}
