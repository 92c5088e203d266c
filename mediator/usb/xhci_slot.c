/*
 * mediator/usb/xhci_slot.c: a slot's device: whether it may come in.
 */
#include "mediator/usb/xhci.h"

#include "core/log.h"
#include "core/memory.h"
#include "core/string.h"
#include "hook/hook.h"
#include "mediator/usb/storage.h"
#include "mediator/usb/usb.h"
#include "rv/kinds.h"

/* Memory --------------------------------------------------------------------------------------------- */

static void xhci_slot_free(struct xhci_slot *slot)
{
	void *pages[] = { slot->context, slot->work, slot->data, slot->descriptors, slot->known };

	for (unsigned i = 0; i < ARRAY_LENGTH(pages); i++) {
		if (pages[i] != NULL)
			memory_free_page(pages[i]);
	}
	memory_free(slot);
}

static struct xhci_slot *xhci_slot_new(void)
{
	struct xhci_slot *slot = memory_allocate(sizeof(*slot));

	if (slot == NULL)
		return NULL;
	slot->context = memory_allocate_device_page();
	slot->work = memory_allocate_device_page();
	slot->data = memory_allocate_device_page();
	slot->descriptors = memory_allocate_spare_page();
	slot->known = memory_allocate_spare_page();
	if (slot->context != NULL && slot->work != NULL && slot->data != NULL && slot->descriptors != NULL && slot->known != NULL)
		return slot;
	xhci_slot_free(slot);
	return NULL;
}

struct xhci_slot *xhci_slot_take(struct xhci_controller *controller, uint32_t number)
{
	struct xhci_slot *slot;

	if (number == 0 || number > controller->nr_slots)
		return NULL;
	slot = controller->slots[number];
	if (slot != NULL)
		return slot;
	slot = xhci_slot_new();
	if (slot == NULL)
		return NULL;
	slot->number = (uint8_t)number;
	slot->ring.controller = controller;
	slot->ring.slot = slot;
	controller->slots[number] = slot;
	return slot;
}

/* What scripts are told --------------------------------------------------------------------------------- */

/* Which bus and port that is as Linux numbers them where there are no other controllers: each has a bus for USB 2 and one
 * for USB 3, each with ports from 1 on (7.2). */
static void xhci_root_port(struct xhci_controller *controller, uint32_t port, unsigned *bus, uint32_t *number)
{
	uint32_t at = controller->capabilities, value;

	*bus = 2 * controller->index + 1;
	*number = port;
	for (unsigned i = 0; at != 0 && i < 64; i++) {
		value = xhci_get(controller, at);
		if (XHCI_XECP_ID(value) == XHCI_XECP_PROTOCOL) {
			uint32_t ports = xhci_get(controller, at + XHCI_PROTOCOL_PORTS);

			if (port - XHCI_PROTOCOL_FIRST(ports) < XHCI_PROTOCOL_COUNT(ports)) {
				*bus += XHCI_PROTOCOL_MAJOR(value) >= 3;
				*number = port - XHCI_PROTOCOL_FIRST(ports) + 1;
				return;
			}
		}
		at = XHCI_XECP_NEXT(value) == 0 ? 0 : at + XHCI_XECP_NEXT(value);
	}
}

/* "1-2.3" */
static void xhci_slot_path(struct xhci_slot *slot, char *path)
{
	unsigned bus;
	uint32_t port, length;

	xhci_root_port(slot->ring.controller, slot->port, &bus, &port);
	length = (uint32_t)print_format(path, RV_USB_PATH_BYTES, "%u-%u", bus, port);
	for (uint32_t route = slot->route; (route & 0xf) != 0; route >>= 4)
		length += (uint32_t)print_format(path + length, RV_USB_PATH_BYTES - length, ".%u", route & 0xf);
}

static void xhci_slot_describe(struct xhci_slot *slot)
{
	struct rv_usb_info *info = &slot->known->info;
	char *const texts[XHCI_STRINGS] = { NULL, info->manufacturer, info->product, info->serial };

	info->number = (uint16_t)(slot->ring.controller->index << 8 | slot->number);
	info->function = (uint16_t)(slot->ring.controller->function >> 12);
	info->speed = (uint8_t)slot->speed;
	info->flags = 0;
	xhci_slot_path(slot, info->path);
	for (unsigned i = 1; i < XHCI_STRINGS; i++)
		(void)usb_read_string(texts[i], slot->known->strings[i], slot->known->string_bytes[i]);
}

struct request_usb xhci_slot_facts(const struct xhci_slot *slot)
{
	const struct rv_usb_info *info = &slot->known->info;

	return (struct request_usb){ .number = info->number, .vendor_id = info->vendor_id, .product_id = info->product_id,
				     .class_code = info->class_code, .speed = info->speed, .port = (uint8_t)slot->port };
}

/* Gives up the lock. */
static enum rv_verdict xhci_slot_ask(struct xhci_slot *slot, struct vcpu *vcpu)
{
	struct request request;

	if (!hook_wants_requests(RV_EVENT_USB_ATTACH))
		return RV_VERDICT_PASS;
	request_begin(&request, RV_EVENT_USB_ATTACH);
	request.usb = xhci_slot_facts(slot);
	spinlock_release(&xhci_lock);
	(void)request_offer(&request, vcpu); /* it does not wait: source_usb.c has no hold */
	spinlock_acquire(&xhci_lock);
	return request.verdict;
}

void xhci_tell_detached(struct xhci_controller *controller, struct vcpu *vcpu)
{
	for (unsigned i = 1; i < ARRAY_LENGTH(controller->slots); i++) {
		struct xhci_slot *slot = controller->slots[i];
		struct request request;

		if (slot == NULL || !__atomic_exchange_n(&slot->owes_detach, false, __ATOMIC_ACQ_REL) ||
		    !hook_wants_requests(RV_EVENT_USB_DETACH))
			continue;
		request_begin(&request, RV_EVENT_USB_DETACH);
		request.usb = slot->gone;
		(void)request_offer(&request, vcpu);
	}
}

void xhci_slot_clear(struct xhci_slot *slot)
{
	xhci_ring_end(&slot->ring);
	xhci_endpoints_end(slot);
	storage_detach(slot);
	if (slot->is_told) {
		slot->gone = xhci_slot_facts(slot);
		__atomic_store_n(&slot->owes_detach, true, __ATOMIC_RELEASE);
	}
	slot->is_told = slot->was_allowed = slot->is_verified = false;
	slot->known->info.descriptor_bytes = 0;
	slot->state = XHCI_NONE;
}

/* Decisions ------------------------------------------------------------------------------------------- */

void xhci_slot_refuse(struct xhci_slot *slot, const char *why)
{
	char path[RV_USB_PATH_BYTES];

	xhci_slot_path(slot, path);
	log_notice("usb %s: refused: %s", path, why);
	slot->state = XHCI_REFUSED;
	slot->known->info.flags |= RV_USB_REFUSED;
}

/* It is the same as before its reset? */
static bool xhci_slot_is_same(struct xhci_slot *slot)
{
	bool is_early;

	return slot->was_allowed && slot->known->info.descriptor_bytes != 0 && xhci_read_device(slot, true, &is_early) == NULL &&
	       !is_early;
}

static void xhci_slot_decide(struct xhci_slot *slot, struct vcpu *vcpu)
{
	uint32_t round = slot->ring.round;
	enum rv_verdict verdict;
	const char *why;

	xhci_slot_describe(slot);
	slot->is_told = true;
	slot->was_allowed = false;
	why = usb_forbids(&slot->known->info);
	if (why != NULL) {
		xhci_slot_refuse(slot, why);
		return;
	}
	slot->state = XHCI_ASKED;
	verdict = xhci_slot_ask(slot, vcpu);
	if (slot->ring.round != round || slot->state != XHCI_ASKED)
		return; /* it is gone */
	if (verdict != RV_VERDICT_PASS)
		xhci_slot_refuse(slot, "a script says so");
	else
		slot->state = XHCI_ALLOWED;
}

void xhci_slot_settle(struct xhci_slot *slot, struct vcpu *vcpu)
{
	bool is_early = false;
	const char *why;

	if (xhci_slot_is_same(slot)) {
		slot->state = XHCI_ALLOWED;
		return;
	}
	if (slot->is_told) { /* another in its place */
		slot->gone = xhci_slot_facts(slot);
		__atomic_store_n(&slot->owes_detach, true, __ATOMIC_RELEASE);
		slot->is_told = false;
	}
	why = xhci_read_device(slot, false, &is_early);
	if (why == NULL && is_early && ++slot->nr_tries < XHCI_TRIES)
		return;
	if (why == NULL && is_early)
		why = "its device descriptor is cut";
	if (why != NULL) {
		slot->known->info.descriptor_bytes = 0;
		xhci_slot_refuse(slot, why);
	} else {
		xhci_slot_decide(slot, vcpu);
	}
}

bool xhci_slot_may_configure(struct xhci_slot *slot, struct vcpu *vcpu)
{
	bool is_early = false;
	const char *why;

	if (slot->state == XHCI_ADDRESSED) {
		xhci_slot_settle(slot, vcpu);
		xhci_ring_pump(&slot->ring, vcpu); /* what had to wait meanwhile */
	}
	if (slot->state != XHCI_ALLOWED)
		return false;
	why = storage_forbids(slot);
	if (why != NULL) {
		xhci_slot_refuse(slot, why);
		return false;
	}
	if (slot->is_verified)
		return true;
	why = xhci_read_device(slot, true, &is_early);
	if (why != NULL || is_early)
		xhci_slot_refuse(slot, why != NULL ? why : "it says something else when asked again");
	slot->is_verified = slot->state == XHCI_ALLOWED;
	return slot->is_verified;
}
