/*
 * mediator/usb/usb_descriptors.h: what a USB device says of itself (USB 2.0, 9.6; USB 3.2, 9.6), from a copy of it. Pure
 * code: it believes no length.
 */
#ifndef MEDIATOR_USB_DESCRIPTORS_H
#define MEDIATOR_USB_DESCRIPTORS_H

#include "rv/types.h"
#include "rv/usb.h"

#define USB_DEVICE_BYTES 18
#define USB_CONFIGURATION_BYTES 9
#define USB_CONFIGURATIONS_MAXIMUM 8

enum usb_descriptor {
	USB_DESCRIPTOR_DEVICE = 1,
	USB_DESCRIPTOR_CONFIGURATION,
	USB_DESCRIPTOR_STRING,
	USB_DESCRIPTOR_INTERFACE,
	USB_DESCRIPTOR_ENDPOINT,
};

/* A device descriptor. */
struct usb_identity {
	uint16_t usb_release, vendor_id, product_id, release;
	uint8_t class_code, subclass, protocol;
	uint8_t nr_configurations;
	uint8_t manufacturer, product, serial; /* numbers of strings; 0: there is none */
};

/* NULL, or what is wrong with it: it is no device descriptor, or there are none or too many configurations. */
const char *usb_read_identity(struct usb_identity *identity, const uint8_t *bytes, size_t length_bytes);

/* How long the configuration is that begins there; 0: it says less than its own head has, or is none. */
uint32_t usb_configuration_bytes(const uint8_t *bytes, size_t length_bytes);

/* A device descriptor and all its configurations, one behind the other. Fills what is in them: release, ids, classes,
 * interfaces in their order, each alternate setting too. NULL, or what is wrong: nothing of `info` is to be used then. */
const char *usb_read_descriptors(struct rv_usb_info *info, const uint8_t *bytes, size_t length_bytes);

/* A string descriptor as UTF-8, as Linux makes it: up to a NUL, without what is half of a pair. RV_USB_STRING_BYTES at
 * `text`. False: it is none, and `text` is empty. */
bool usb_read_string(char *text, const uint8_t *bytes, size_t length_bytes);

/* The first language of string descriptor 0; 0: there is none. */
uint16_t usb_read_language(const uint8_t *bytes, size_t length_bytes);

#endif
