/*
 * mediator/usb/xhci_read.c: control transfers of our own, by which a device is asked what it is. The CPU stands meanwhile,
 * for XHCI_READ_US at most.
 */
#include "mediator/usb/xhci.h"

#include "core/instructions.h"
#include "core/memory.h"
#include "core/string.h"
#include "core/time.h"

#define XHCI_READ_TRBS 80 /* of our own transfers, for one device: three for each of 21 questions, and a link */
#define XHCI_EVENTS (PAGE_BYTES / sizeof(struct xhci_trb))

/* How a transfer has ended. */
enum xhci_outcome { XHCI_DONE, XHCI_FAILED, XHCI_SILENT };

static const char *const xhci_is_silent = "it does not answer";
static const char *const xhci_is_another = "it says something else when asked again";

/* Our interrupter ---------------------------------------------------------------------------------------- */

static uint32_t xhci_interrupter_at(const struct xhci_controller *controller)
{
	return controller->runtime + XHCI_INTERRUPTER(controller->interrupter);
}

static void xhci_put_address(struct xhci_controller *controller, uint32_t offset, uint64_t address)
{
	xhci_put(controller, offset, (uint32_t)address);
	xhci_put(controller, offset + 4, (uint32_t)(address >> 32));
}

void xhci_events_start(struct xhci_controller *controller)
{
	uint32_t at = xhci_interrupter_at(controller);

	if (controller->interrupter == 0 || xhci_get(controller, at + XHCI_ERSTBA) == (uint32_t)memory_physical(controller->erst))
		return;
	memset(controller->events, 0, PAGE_BYTES);
	*controller->erst = (struct xhci_erst){ .address = memory_physical(controller->events), .nr_trbs = XHCI_EVENTS };
	controller->event_at = 0;
	controller->event_cycle = true;
	xhci_put(controller, at + XHCI_IMAN, 0);
	xhci_put(controller, at + XHCI_ERSTSZ, 1);
	xhci_put_address(controller, at + XHCI_ERDP, memory_physical(controller->events));
	xhci_put_address(controller, at + XHCI_ERSTBA, memory_physical(controller->erst));
}

bool xhci_event_take(struct xhci_controller *controller, struct xhci_trb *event)
{
	const struct xhci_trb *next = &controller->events[controller->event_at];
	uint32_t control = __atomic_load_n(&next->control, __ATOMIC_ACQUIRE);

	if ((control & XHCI_TRB_CYCLE) != controller->event_cycle)
		return false;
	*event = (struct xhci_trb){ __atomic_load_n(&next->parameter, __ATOMIC_RELAXED),
				    __atomic_load_n(&next->status, __ATOMIC_RELAXED), control };
	controller->event_at = (controller->event_at + 1) % XHCI_EVENTS;
	controller->event_cycle ^= controller->event_at == 0;
	xhci_put_address(controller, xhci_interrupter_at(controller) + XHCI_ERDP,
			 memory_physical(&controller->events[controller->event_at]) | XHCI_ERDP_EHB);
	return true;
}

/* Transfers ---------------------------------------------------------------------------------------------- */

struct xhci_reader {
	struct xhci_slot *slot;
	uint64_t end_tsc;
	bool again;	     /* it is to be as it was */
	uint32_t at;	     /* of the slot's descriptors */
};

static void xhci_work_put(struct xhci_slot *slot, uint32_t index, uint64_t parameter, uint32_t status, uint32_t control)
{
	struct xhci_trb *trb = &slot->work[index];

	__atomic_store_n(&trb->parameter, parameter, __ATOMIC_RELAXED);
	__atomic_store_n(&trb->status, status, __ATOMIC_RELAXED);
	__atomic_store_n(&trb->control, control | slot->ring.at.cycle, __ATOMIC_RELEASE);
}

static void xhci_work_poison(struct xhci_slot *slot, uint32_t index)
{
	__atomic_store_n(&slot->work[index].control, XHCI_TRB_OF(XHCI_RESERVED) | !slot->ring.at.cycle, __ATOMIC_RELEASE);
}

static void xhci_ring_doorbell(struct xhci_slot *slot)
{
	struct xhci_controller *controller = slot->ring.controller;

	xhci_put(controller, controller->doorbells + XHCI_DOORBELL(slot->number), XHCI_DOORBELL_EP0);
}

/* Awaits the end of the transfer that begins there. What has come is told by the data stage's event. */
static enum xhci_outcome xhci_await(struct xhci_reader *reader, uint32_t first, uint32_t *bytes)
{
	struct xhci_slot *slot = reader->slot;
	hpa_t setup = memory_physical(&slot->work[first]);
	uint32_t wanted = *bytes;
	struct xhci_trb event = { 0 };

	for (;;) {
		uint32_t code;
		uint64_t which;
		bool is_any = xhci_event_take(slot->ring.controller, &event);

		which = event.parameter - setup;
		if (!is_any || XHCI_TRB_TYPE(event.control) != XHCI_TRANSFER_EVENT || which >= 3 * sizeof(event)) {
			if (tsc_read() >= reader->end_tsc) /* others are of transfers that nobody awaits any more */
				return XHCI_SILENT;
			cpu_pause();
			continue;
		}
		code = XHCI_TRB_CODE(event.status);
		if (code != XHCI_SUCCESS && code != XHCI_SHORT_PACKET)
			return XHCI_FAILED;
		if (which == sizeof(event))
			*bytes = XHCI_TRB_RESIDUE(event.status) > wanted ? 0 : wanted - XHCI_TRB_RESIDUE(event.status);
		else if (which == 2 * sizeof(event))
			return XHCI_DONE;
	}
}

/* Asks for a descriptor: at most *bytes, then as many as have come, which are in slot->data. */
static enum xhci_outcome xhci_ask(struct xhci_reader *reader, uint32_t value, uint16_t index, uint32_t *bytes)
{
	struct xhci_slot *slot = reader->slot;
	uint32_t first = slot->work_at, target = XHCI_TRB_INTERRUPTER(slot->ring.controller->interrupter);
	uint64_t setup = USB_SETUP_OF((uint64_t)USB_TYPE_IN, USB_GET_DESCRIPTOR, value, index, *bytes);

	xhci_work_poison(slot, first + 3);
	xhci_work_put(slot, first + 2, 0, target, XHCI_TRB_OF(XHCI_STATUS) | XHCI_TRB_IOC);
	xhci_work_put(slot, first + 1, memory_physical(slot->data), *bytes | target,
		      XHCI_TRB_OF(XHCI_DATA) | XHCI_TRB_IN | XHCI_TRB_IOC | XHCI_TRB_ISP);
	xhci_work_put(slot, first, setup, 8 | target, XHCI_TRB_OF(XHCI_SETUP) | XHCI_TRB_IDT | XHCI_TRB_TRT_IN);
	slot->work_at = first + 3;
	xhci_ring_doorbell(slot);
	return xhci_await(reader, first, bytes);
}

/* What it says ------------------------------------------------------------------------------------------- */

/* What has come goes behind what there is, or is compared with it. */
static const char *xhci_keep(struct xhci_reader *reader, uint32_t bytes)
{
	uint8_t *to = reader->slot->descriptors + reader->at;

	if (bytes > RV_USB_DESCRIPTOR_BYTES - reader->at)
		return "its descriptors are too long";
	if (reader->again && memcmp(to, reader->slot->data, bytes) != 0)
		return xhci_is_another;
	if (!reader->again)
		memcpy(to, reader->slot->data, bytes);
	reader->at += bytes;
	return NULL;
}

static const char *xhci_read_configuration(struct xhci_reader *reader, unsigned number)
{
	uint32_t value = USB_DESCRIPTOR_CONFIGURATION << 8 | number, bytes = USB_CONFIGURATION_BYTES, total;
	uint8_t head[USB_CONFIGURATION_BYTES];

	if (xhci_ask(reader, value, 0, &bytes) != XHCI_DONE)
		return xhci_is_silent;
	memcpy(head, reader->slot->data, sizeof(head));
	total = usb_configuration_bytes(head, bytes);
	if (total == 0)
		return "a configuration is not as long as it says";
	if (total > PAGE_BYTES)
		return "its descriptors are too long";
	bytes = total;
	if (xhci_ask(reader, value, 0, &bytes) != XHCI_DONE)
		return xhci_is_silent;
	if (bytes != total)
		return "a configuration is not as long as it says";
	return xhci_keep(reader, bytes);
}

/* One that it does not give is empty. A transfer that has failed leaves endpoint 0 halted, so nothing more is asked. */
static const char *xhci_read_string(struct xhci_reader *reader, unsigned which, uint8_t number, uint16_t language, bool *is_over)
{
	struct xhci_known *known = reader->slot->known;
	uint32_t bytes = XHCI_STRING_BYTES;
	enum xhci_outcome end = xhci_ask(reader, USB_DESCRIPTOR_STRING << 8 | number, language, &bytes);

	if (end == XHCI_SILENT)
		return xhci_is_silent;
	if (end == XHCI_FAILED)
		bytes = 0;
	*is_over = end == XHCI_FAILED;
	if (reader->again)
		return bytes == known->string_bytes[which] && memcmp(known->strings[which], reader->slot->data, bytes) == 0 ? NULL
															  : xhci_is_another;
	memcpy(known->strings[which], reader->slot->data, bytes);
	known->string_bytes[which] = (uint8_t)bytes;
	return NULL;
}

static const char *xhci_read_strings(struct xhci_reader *reader)
{
	struct xhci_known *known = reader->slot->known;
	const uint8_t numbers[XHCI_STRINGS] = { 0, known->identity.manufacturer, known->identity.product, known->identity.serial };
	const char *why = NULL;
	bool is_over = false;

	if (numbers[1] == 0 && numbers[2] == 0 && numbers[3] == 0)
		return NULL;
	for (unsigned i = 0; why == NULL && !is_over && i < XHCI_STRINGS; i++) {
		if (i != 0 && (numbers[i] == 0 || known->language == 0))
			continue;
		if (reader->again && known->string_bytes[i] == 0)
			break; /* that would halt endpoint 0 again */
		why = xhci_read_string(reader, i, numbers[i], i == 0 ? 0 : known->language, &is_over);
		if (i == 0 && !reader->again)
			known->language = usb_read_language(known->strings[0], known->string_bytes[0]);
	}
	return why;
}

static const char *xhci_read_all(struct xhci_reader *reader, bool *is_early)
{
	struct xhci_known *known = reader->slot->known;
	uint32_t bytes = USB_DEVICE_BYTES;
	const char *why;

	if (xhci_ask(reader, USB_DESCRIPTOR_DEVICE << 8, 0, &bytes) != XHCI_DONE)
		return xhci_is_silent;
	*is_early = bytes < USB_DEVICE_BYTES;
	if (*is_early)
		return NULL;
	why = xhci_keep(reader, bytes);
	if (why == NULL)
		why = usb_read_identity(&known->identity, reader->slot->descriptors, reader->at);
	for (unsigned i = 0; why == NULL && i < known->identity.nr_configurations; i++)
		why = xhci_read_configuration(reader, i);
	if (why == NULL && !reader->again)
		why = usb_read_descriptors(&known->info, reader->slot->descriptors, reader->at);
	return why == NULL ? xhci_read_strings(reader) : why;
}

const char *xhci_read_device(struct xhci_slot *slot, bool again, bool *is_early)
{
	struct xhci_reader reader = { .slot = slot, .again = again, .end_tsc = tsc_read() + time_tsc_of_us(XHCI_READ_US) };
	const char *why;

	*is_early = false;
	if (slot->ring.controller->interrupter == 0)
		return "its controller has only one interrupter, so that nothing can be asked";
	if (slot->ring.at.segment == NULL || slot->ring.controller->was_silent)
		return xhci_is_silent; /* a ring that leads into itself has the CPU stand for one, not for each turn */
	if (!again)
		memset(slot->known, 0, sizeof(*slot->known));
	if (slot->work_at + XHCI_READ_TRBS > XHCI_WORK_TRBS)
		slot->work_at = 0;
	xhci_work_poison(slot, slot->work_at);
	xhci_ring_detour(&slot->ring, memory_physical(&slot->work[slot->work_at]));
	why = xhci_read_all(&reader, is_early);
	slot->ring.controller->was_silent |= why == xhci_is_silent;
	xhci_ring_wait(&slot->ring);
	xhci_work_put(slot, slot->work_at, xhci_place_address(&slot->ring.at), 0, XHCI_TRB_OF(XHCI_LINK));
	slot->work_at++;
	xhci_ring_doorbell(slot);
	return why;
}
