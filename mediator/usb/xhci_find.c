/*
 * mediator/usb/xhci_find.c: finds xHCI controllers, and claims their registers while hooks want to know of devices.
 */
#include "mediator/usb/xhci.h"

#include "core/log.h"
#include "core/memory.h"
#include "core/paging.h"
#include "rv/errno.h"
#include "vmm/pci_function.h"
#include "vmm/suspend.h"

#define XHCI_DEAD_END 128 /* in the page of the table of our events */
#define XHCI_DEAD_END_SET 192
#define XHCI_CLAIMED_LAST 0x4ff /* of the BAR: capability and operational registers, wherever these begin */

struct spinlock xhci_lock;
static struct xhci_controller *xhci_controllers[RV_USB_CONTROLLERS_MAXIMUM];
static unsigned xhci_nr_controllers;
static bool xhci_is_one_left_out;

/* Its slots it may have again, from memory (xHCI 1.2, 4.23.2). */
static void xhci_wake(void *vcpu)
{
	(void)vcpu;
	for (unsigned i = 0; i < xhci_nr_controllers; i++)
		xhci_controllers[i]->has_slept = true;
}

static struct watcher xhci_waker = { .notify = xhci_wake };

struct xhci_controller *xhci_at(unsigned position)
{
	return position < xhci_nr_controllers ? xhci_controllers[position] : NULL;
}

void xhci_find_one(uint64_t function)
{
	size_t nr_pages = align_up(sizeof(struct xhci_controller), PAGE_BYTES) / PAGE_BYTES;
	struct xhci_controller *controller = NULL;

	if (xhci_nr_controllers < RV_USB_CONTROLLERS_MAXIMUM)
		controller = memory_allocate_pages(nr_pages);
	if (controller == NULL) {
		log_warning("a USB controller is left out: there is no room for it. So no hook of USB goes");
		xhci_is_one_left_out = true;
		return;
	}
	controller->function = function;
	controller->index = xhci_nr_controllers;
	controller->commands.controller = controller;
	controller->registers = (struct pci_follower){
		.region = { .band = BAND_MEDIATOR, .writes_only = true },
		.function = function,
		.last = XHCI_CLAIMED_LAST,
		.handler = xhci_registers_access,
		.context = controller,
	};
	controller->bells = (struct pci_follower){
		.region = { .band = BAND_MEDIATOR, .writes_only = true },
		.function = function,
		.handler = xhci_bells_access,
		.context = controller,
	};
	controller->dequeues = controller->bells;
	controller->dequeues.region.writes_only = false;
	controller->dequeues.handler = xhci_dequeues_access;
	xhci_controllers[xhci_nr_controllers++] = controller;
	watch_add(&suspend_watchers, &xhci_waker);
}

/* Registers ---------------------------------------------------------------------------------------------- */

uint32_t xhci_get(struct xhci_controller *controller, uint32_t offset)
{
	uint64_t base;
	bool is_port;

	if (!pci_follow_base(&controller->registers, &base, &is_port) || is_port)
		return UINT32_MAX;
	return (uint32_t)mmio_hardware_read(base + offset, 4);
}

void xhci_put(struct xhci_controller *controller, uint32_t offset, uint32_t value)
{
	uint64_t base;
	bool is_port;

	if (pci_follow_base(&controller->registers, &base, &is_port) && !is_port)
		mmio_hardware_write(base + offset, 4, value);
}

/* May the controller have that page's address? */
static bool xhci_reaches(const struct xhci_controller *controller, const void *page)
{
	return controller->has_64_bits || memory_physical(page) < GIB(4);
}

/* Reads what does not change, once it can be read. */
bool xhci_learn(struct xhci_controller *controller)
{
	uint32_t parameters, capabilities;

	if (controller->is_learned)
		return true;
	parameters = xhci_get(controller, XHCI_HCSPARAMS1);
	capabilities = xhci_get(controller, XHCI_HCCPARAMS1);
	if (parameters == UINT32_MAX)
		return false;
	controller->operational = (uint8_t)xhci_get(controller, XHCI_CAPLENGTH);
	controller->nr_slots = XHCI_HCSPARAMS1_SLOTS(parameters);
	controller->context_bytes = capabilities & XHCI_HCCPARAMS1_CSZ ? 64 : 32;
	controller->has_64_bits = (capabilities & XHCI_HCCPARAMS1_AC64) != 0;
	controller->capabilities = XHCI_HCCPARAMS1_XECP(capabilities);
	controller->doorbells = xhci_get(controller, XHCI_DBOFF) & ~3u;
	controller->runtime = xhci_get(controller, XHCI_RTSOFF) & ~31u;
	controller->interrupter = 0;
	if (XHCI_HCSPARAMS1_INTERRUPTERS(parameters) > 1 && xhci_reaches(controller, controller->events))
		controller->interrupter = (uint16_t)(XHCI_HCSPARAMS1_INTERRUPTERS(parameters) - 1);
	controller->is_learned = true;
	return true;
}

/* Two places behind the table of our events, in a page of zeros: with this cycle bit, and that. */
hpa_t xhci_dead_end(const struct xhci_controller *controller, bool cycle)
{
	return memory_physical(controller->erst) + (cycle ? XHCI_DEAD_END : XHCI_DEAD_END_SET);
}

/* Claims ------------------------------------------------------------------------------------------------- */

static int xhci_take_pages(struct xhci_controller *controller)
{
	if (controller->erst == NULL)
		controller->erst = memory_allocate_device_page();
	if (controller->events == NULL)
		controller->events = memory_allocate_device_page();
	if (controller->sink == NULL)
		controller->sink = memory_allocate_device_page();
	if (controller->erst == NULL || controller->events == NULL || controller->sink == NULL)
		return -RV_ENOMEM;
	((struct xhci_trb *)((uint8_t *)controller->erst + XHCI_DEAD_END_SET))->control = XHCI_TRB_OF(XHCI_RESERVED) | XHCI_TRB_CYCLE;
	return 0;
}

/* Has nobody set it up? Of one that is in use, or was, slots may be known to the guest that we do not know. */
static bool xhci_is_unused(struct xhci_controller *controller)
{
	return xhci_learn(controller) && xhci_get(controller, controller->operational + XHCI_CONFIG) == 0 &&
	       (xhci_get(controller, controller->operational + XHCI_USBSTS) & XHCI_USBSTS_HCH);
}

int xhci_claim(struct xhci_controller *controller)
{
	int error;

	if (controller->is_claimed)
		return 0;
	if (xhci_is_one_left_out)
		return -RV_ENOTSUP; /* its devices would come in unseen */
	error = xhci_take_pages(controller);
	if (error == 0)
		error = pci_follow(&controller->registers);
	if (error == -RV_EINVAL) {
		log_warning("xhci%u: its registers lie above %lu GiB, out of our reach. Firmware may have a setting for less "
			    "(\"above 4G decoding\" off)", controller->index, paging_direct_bytes >> 30);
		return -RV_ENOTSUP;
	}
	if (error != 0)
		return error;
	controller->is_claimed = true;
	controller->is_seen = xhci_is_unused(controller);
	if (!controller->is_seen)
		log_info("xhci%u: its devices are seen from the next reset by its driver on", controller->index);
	return 0;
}

void xhci_forget(struct xhci_controller *controller)
{
	xhci_harvest_end(controller);
	xhci_ring_end(&controller->commands);
	for (unsigned i = 0; i < ARRAY_LENGTH(controller->slots); i++) {
		if (controller->slots[i] != NULL)
			xhci_slot_clear(controller->slots[i]);
	}
}

/* Transfers that wait go on, and the guest hears of all ends. `bells`: whom it has rung in vain; a bit an endpoint. */
static void xhci_let_go(struct xhci_controller *controller, uint32_t bells[256])
{
	for (unsigned i = 1; i <= controller->nr_slots; i++) {
		bells[i] = 0;
		for (unsigned k = 1; controller->slots[i] != NULL && k < XHCI_ENDPOINTS; k++) {
			struct xhci_ring *ring = xhci_ring_of(controller->slots[i], k);

			if (ring == NULL)
				continue;
			xhci_ends_release(ring);
			if (ring->held != NULL && !ring->is_stopped)
				bells[i] |= 1u << k;
		}
	}
	xhci_dequeues_unhear(controller);
	xhci_bells_unhear(controller);
}

/* Pages that the controller has the addresses of stay: it may be amid a transfer of ours. */
void xhci_release(struct xhci_controller *controller)
{
	static uint32_t bells[256]; /* under xhci_lock */

	if (!controller->is_claimed)
		return;
	xhci_let_go(controller, bells);
	xhci_forget(controller);
	for (unsigned i = 1; i <= controller->nr_slots; i++) {
		for (unsigned k = 1; k < XHCI_ENDPOINTS; k++) {
			if (bells[i] >> k & 1)
				xhci_put(controller, controller->doorbells + XHCI_DOORBELL(i), k);
		}
	}
	pci_unfollow(&controller->registers);
	controller->is_claimed = false;
}
