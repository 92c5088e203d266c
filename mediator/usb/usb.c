/*
 * mediator/usb/usb.c: finds the USB controllers, and counts the hooks of USB's events.
 */
#include "mediator/usb/usb.h"

#include "core/log.h"
#include "core/string.h"
#include "mediator/usb/xhci.h"
#include "rv/errno.h"
#include "vmm/pci_function.h"

#define USB_PCI_CLASS 0x0c03u
#define USB_PCI_XHCI 0x30u
#define USB_UNSEEN_MAXIMUM 16

static uint32_t usb_watchers, usb_transfer_watchers;
static uint64_t usb_unseen[USB_UNSEEN_MAXIMUM]; /* controllers of other kinds */
static unsigned usb_nr_unseen;
static bool usb_is_told;
static bool usb_has_no_networks; /* set before the guest runs */

/* Classes of devices and interfaces (USB-IF's list) by which packets can leave. */
#define USB_CLASS_COMMUNICATIONS 0x02u /* CDC: Ethernet, NCM, MBIM, RNDIS; modems */
#define USB_CLASS_CDC_DATA 0x0au
#define USB_CLASS_WIRELESS 0xe0u /* RNDIS, Bluetooth */
#define USB_CLASS_MISCELLANEOUS 0xefu
#define USB_SUBCLASS_RNDIS 4u
#define USB_CLASS_VENDOR 0xffu

static void usb_look_at(uint64_t function)
{
	uint32_t class = pci_hardware_read(function | PCI_CLASS, 4);

	if (class >> 16 != USB_PCI_CLASS)
		return;
	if ((class >> 8 & 0xff) == USB_PCI_XHCI)
		xhci_find_one(function);
	else if (usb_nr_unseen < USB_UNSEEN_MAXIMUM)
		usb_unseen[usb_nr_unseen++] = function;
}

void usb_find(void)
{
	pci_functions_visit(usb_look_at);
}

static void usb_tell_unseen(void)
{
	for (unsigned i = 0; !usb_is_told && i < usb_nr_unseen; i++)
		log_warning("PCI %02lx:%02lx.%lu is a USB controller that has no mediator: its devices pass unseen, unless a script hides it",
			    usb_unseen[i] >> 20 & 0xff, usb_unseen[i] >> 15 & 31, usb_unseen[i] >> 12 & 7);
	usb_is_told = true;
}

int usb_watch(void)
{
	struct xhci_controller *controller;
	int error = 0;

	usb_watchers++;
	usb_tell_unseen();
	spinlock_acquire(&xhci_lock);
	for (unsigned i = 0; error == 0 && (controller = xhci_at(i)) != NULL; i++)
		error = xhci_claim(controller);
	spinlock_release(&xhci_lock);
	if (error != 0)
		usb_unwatch();
	return error;
}

void usb_unwatch(void)
{
	struct xhci_controller *controller;

	if (--usb_watchers != 0)
		return;
	spinlock_acquire(&xhci_lock);
	for (unsigned i = 0; (controller = xhci_at(i)) != NULL; i++)
		xhci_release(controller);
	spinlock_release(&xhci_lock);
}

const char *usb_forbid_networks(void)
{
	if (usb_nr_unseen != 0)
		return "there is a USB controller that is none of xHCI, by which a network can be plugged in";
	usb_has_no_networks = true;
	return usb_watch() == 0 ? NULL : "a USB controller is out of our reach, by which a network can be plugged in";
}

static bool usb_is_network(uint8_t class_code, uint8_t subclass)
{
	return class_code == USB_CLASS_COMMUNICATIONS || class_code == USB_CLASS_CDC_DATA || class_code == USB_CLASS_WIRELESS ||
	       class_code == USB_CLASS_VENDOR || (class_code == USB_CLASS_MISCELLANEOUS && subclass == USB_SUBCLASS_RNDIS);
}

const char *usb_forbids(const struct rv_usb_info *info)
{
	bool is_network = usb_is_network(info->class_code, info->subclass);

	/* All configurations' are here, with their alternate settings (usb_descriptors.c). */
	for (uint32_t i = 0; i < info->nr_interfaces; i++)
		is_network |= usb_is_network(info->interfaces[i].class_code, info->interfaces[i].subclass);
	return usb_has_no_networks && is_network ? "packets could leave by it beside the tunnel (vpn=)" : NULL;
}

int usb_watch_transfers(void)
{
	struct xhci_controller *controller;
	int error;

	usb_transfer_watchers++;
	error = usb_watch();
	if (error != 0) {
		usb_transfer_watchers--;
		return error;
	}
	spinlock_acquire(&xhci_lock);
	for (unsigned i = 0; error == 0 && (controller = xhci_at(i)) != NULL; i++)
		error = xhci_watch_transfers(controller, true);
	spinlock_release(&xhci_lock);
	if (error != 0)
		usb_unwatch_transfers();
	return error;
}

void usb_unwatch_transfers(void)
{
	struct xhci_controller *controller;

	if (--usb_transfer_watchers == 0) {
		spinlock_acquire(&xhci_lock);
		for (unsigned i = 0; (controller = xhci_at(i)) != NULL; i++)
			(void)xhci_watch_transfers(controller, false);
		spinlock_release(&xhci_lock);
	}
	usb_unwatch();
}

static bool usb_is_known(const struct xhci_slot *slot)
{
	return slot != NULL && slot->is_told && slot->known->info.descriptor_bytes != 0;
}

/* The one at a position among those that are known. */
static const struct xhci_slot *usb_at(uint32_t position)
{
	const struct xhci_controller *controller;

	for (unsigned i = 0; (controller = xhci_at(i)) != NULL; i++) {
		for (unsigned k = 0; k < ARRAY_LENGTH(controller->slots); k++) {
			if (usb_is_known(controller->slots[k]) && position-- == 0)
				return controller->slots[k];
		}
	}
	return NULL;
}

bool usb_describe(uint32_t position, struct rv_usb_info *info)
{
	const struct xhci_slot *slot;

	spinlock_acquire(&xhci_lock);
	slot = usb_at(position);
	if (slot != NULL)
		*info = slot->known->info;
	spinlock_release(&xhci_lock);
	return slot != NULL;
}

int usb_read(uint32_t number, uint32_t offset, void *buffer, size_t length_bytes)
{
	const struct xhci_controller *controller = xhci_at(number >> 8);
	const struct xhci_slot *slot;
	int error = -RV_ENOENT;

	if (controller == NULL)
		return error;
	spinlock_acquire(&xhci_lock);
	slot = controller->slots[number & 0xff];
	if (usb_is_known(slot)) {
		uint32_t bytes = slot->known->info.descriptor_bytes;

		error = offset > bytes || length_bytes > bytes - offset ? -RV_ERANGE : 0;
		if (error == 0)
			memcpy(buffer, slot->descriptors + offset, length_bytes);
	}
	spinlock_release(&xhci_lock);
	return error;
}
