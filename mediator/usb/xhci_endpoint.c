/*
 * mediator/usb/xhci_endpoint.c: which endpoints' rings the guest sees copies of: those of devices whose transfers a hook may
 * want, bulk and interrupt. Isochronous ones are never looked at.
 */
#include "mediator/usb/xhci.h"

#include "core/log.h"
#include "core/memory.h"
#include "core/string.h"
#include "hook/hook.h"
#include "mediator/usb/storage.h"
#include "mediator/usb/usb.h"
#include "vmm/guest_memory.h"

#define XHCI_CONTEXT_BYTES_MAXIMUM 64
#define XHCI_CONFIGURE_CONTEXTS (XHCI_ENDPOINTS + 1) /* of Configure Endpoint: what is dropped and added, the slot, 31 endpoints */
_Static_assert(XHCI_CONFIGURE_CONTEXTS * XHCI_CONTEXT_BYTES_MAXIMUM <= PAGE_BYTES, "an input context is in a page");

struct xhci_input {
	const struct xhci_controller *controller;
	uint8_t *bytes;
};

static uint32_t xhci_input_word(const struct xhci_input *input, unsigned context, unsigned word)
{
	uint32_t value;

	memcpy(&value, input->bytes + context * input->controller->context_bytes + word * sizeof(value), sizeof(value));
	return value;
}

/* What descriptors say of the interface that an endpoint is of: the first that has it. */
static void xhci_endpoint_interface(const struct xhci_slot *slot, struct xhci_endpoint *endpoint)
{
	const uint8_t *bytes = slot->descriptors;
	uint8_t address = (uint8_t)(endpoint->number / 2 | (endpoint->number % 2 != 0 ? USB_TYPE_IN : 0));
	uint8_t interface = RV_USB_NO_INTERFACE, class_code = RV_USB_NO_INTERFACE;
	uint32_t total = slot->known->info.descriptor_bytes;

	endpoint->interface = endpoint->interface_class = RV_USB_NO_INTERFACE;
	for (uint32_t at = 0; at + 2 <= total && bytes[at] >= 2 && bytes[at] <= total - at; at += bytes[at]) {
		if (bytes[at + 1] == USB_DESCRIPTOR_INTERFACE && bytes[at] >= 9) {
			interface = bytes[at + 2];
			class_code = bytes[at + 5];
		} else if (bytes[at + 1] == USB_DESCRIPTOR_ENDPOINT && bytes[at] >= 3 && bytes[at + 2] == address) {
			endpoint->interface = interface;
			endpoint->interface_class = class_code;
			return;
		}
	}
}

static bool xhci_endpoint_is_wanted(const struct xhci_slot *slot, const struct xhci_endpoint *endpoint)
{
	const size_t from = offsetof(struct rv_event, usb_number), end = offsetof(struct rv_event, usb_request_type);
	struct request_usb facts = xhci_slot_facts(slot);
	struct rv_event event = { .flags = 0 };

	if (storage_has_endpoint(slot, endpoint->number))
		return true;
	facts.endpoint = endpoint->number / 2;
	facts.direction = endpoint->number % 2;
	facts.type = endpoint->type;
	facts.interface = endpoint->interface;
	facts.interface_class = endpoint->interface_class;
	source_usb_fill_endpoint(&event, &facts);
	return hook_wants_such_requests(RV_EVENT_USB_TRANSFER, &event, from, end) ||
	       hook_wants_such_requests(RV_EVENT_USB_DONE, &event, from, end);
}

static struct xhci_endpoint *xhci_endpoint_take(struct xhci_slot *slot, unsigned number)
{
	struct xhci_endpoint *endpoint = slot->endpoints[number];

	if (endpoint != NULL)
		return endpoint;
	endpoint = memory_allocate(sizeof(*endpoint));
	if (endpoint == NULL)
		return NULL;
	endpoint->number = (uint8_t)number;
	endpoint->ring.controller = slot->ring.controller;
	endpoint->ring.slot = slot;
	endpoint->ring.endpoint = endpoint;
	slot->endpoints[number] = endpoint;
	return endpoint;
}

static void xhci_endpoint_end(struct xhci_slot *slot, unsigned number)
{
	struct xhci_endpoint *endpoint = slot->endpoints[number];

	if (endpoint == NULL)
		return;
	xhci_ring_end(&endpoint->ring);
	endpoint->is_stalled = false;
	if (storage_has_endpoint(slot, number))
		storage_reset(slot->storage);
}

void xhci_endpoints_end(struct xhci_slot *slot)
{
	for (unsigned number = 2; number < XHCI_ENDPOINTS; number++)
		xhci_endpoint_end(slot, number);
}

/* One that is added. False: it cannot be followed, and somebody wants it. */
static bool xhci_endpoint_add(struct xhci_slot *slot, const struct xhci_input *input, unsigned number, bool *is_wanted)
{
	uint32_t word0 = xhci_input_word(input, number + 1, 0), word1 = xhci_input_word(input, number + 1, 1);
	uint8_t type = XHCI_ENDPOINT_TYPE(word1) & ~XHCI_ENDPOINT_IN;
	struct xhci_endpoint *endpoint;
	uint64_t dequeue;

	xhci_endpoint_end(slot, number);
	if (storage_has_endpoint(slot, number) && !storage_endpoint_is_right(slot, number, word0, word1))
		return false;
	if (type != RV_USB_BULK && type != RV_USB_INTERRUPT)
		return true;
	endpoint = xhci_endpoint_take(slot, number);
	if (endpoint == NULL)
		return false;
	endpoint->type = type;
	xhci_endpoint_interface(slot, endpoint);
	if (!xhci_endpoint_is_wanted(slot, endpoint))
		return true;
	*is_wanted = true;
	dequeue = (uint64_t)xhci_input_word(input, number + 1, XHCI_ENDPOINT_DEQUEUE + 1) << 32 |
		  xhci_input_word(input, number + 1, XHCI_ENDPOINT_DEQUEUE);
	return XHCI_ENDPOINT_STREAMS(word0) == 0 &&
	       xhci_ring_begin(&endpoint->ring, dequeue & ~UINT64_C(15), dequeue & 1) == 0;
}

/* The controller takes the context from our copy: where the rings are would else be the guest's to change. */
static bool xhci_endpoints_add(struct xhci_slot *slot, struct xhci_input *input, struct xhci_trb *trb)
{
	uint32_t dropped = xhci_input_word(input, 0, 0), added = xhci_input_word(input, 0, 1);
	bool is_wanted = false;

	for (unsigned number = 2; number < XHCI_ENDPOINTS; number++) {
		if (added >> number & 1) {
			if (!xhci_endpoint_add(slot, input, number, &is_wanted))
				return false;
		} else if (dropped >> number & 1) {
			xhci_endpoint_end(slot, number);
		}
	}
	if (!is_wanted)
		return true;
	memcpy(slot->configuration, input->bytes, PAGE_BYTES);
	trb->parameter = memory_physical(slot->configuration);
	xhci_harvest_begin(slot->ring.controller);
	return true;
}

bool xhci_endpoints_configure(struct xhci_slot *slot, struct xhci_trb *trb)
{
	static uint8_t page[PAGE_BYTES]; /* under xhci_lock */
	struct xhci_controller *controller = slot->ring.controller;
	struct xhci_input input = { controller, page };
	bool is_good;

	if (trb->control & XHCI_TRB_DC) {
		xhci_endpoints_end(slot);
		return true;
	}
	if (!controller->watches_transfers)
		return true;
	if (slot->configuration == NULL)
		slot->configuration = memory_allocate_device_page();
	memset(page, 0, sizeof(page));
	is_good = slot->configuration != NULL &&
		  storage_attach(slot) &&
		  guest_memory_read(trb->parameter & ~UINT64_C(15), page, XHCI_CONFIGURE_CONTEXTS * controller->context_bytes) == 0 &&
		  xhci_endpoints_add(slot, &input, trb);
	if (!is_good) {
		xhci_endpoints_end(slot);
		log_warning("xhci%u: slot %u is not configured: transfers that a script wants to see could not be followed",
			    controller->index, slot->number);
	}
	return is_good;
}

static struct xhci_endpoint *xhci_endpoint_of(struct xhci_slot *slot, const struct xhci_trb *trb)
{
	struct xhci_endpoint *endpoint = slot->endpoints[XHCI_TRB_ENDPOINT(trb->control)];

	return endpoint != NULL && endpoint->ring.nr_segments != 0 ? endpoint : NULL;
}

bool xhci_endpoint_moved(struct xhci_slot *slot, const struct xhci_trb *trb, struct vcpu *vcpu)
{
	struct xhci_endpoint *endpoint = xhci_endpoint_of(slot, trb);

	if (endpoint == NULL)
		return true;
	endpoint->is_stalled = false;
	if (xhci_ring_begin(&endpoint->ring, trb->parameter & ~UINT64_C(15), trb->parameter & 1) != 0)
		return false;
	xhci_ring_pump(&endpoint->ring, vcpu);
	return true;
}

void xhci_endpoint_reset(struct xhci_slot *slot, struct xhci_trb *trb)
{
	struct xhci_endpoint *endpoint = xhci_endpoint_of(slot, trb);

	if (endpoint == NULL || !endpoint->is_stalled)
		return;
	trb->control = (trb->control & ~(XHCI_TRB_TYPE_MASK | XHCI_TRB_TSP)) | XHCI_TRB_OF(XHCI_STOP_ENDPOINT);
}
