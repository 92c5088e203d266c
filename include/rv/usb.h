/*
 * include/rv/usb.h: USB devices as scripts know them: a device has a number, which is its controller's and the slot that
 * the controller has given it. Another device may have that number when it is gone.
 */
#ifndef RV_USB_H
#define RV_USB_H

#include "rv/types.h"

#define RV_USB_CONTROLLERS_MAXIMUM 8
#define RV_USB_LAST (RV_USB_CONTROLLERS_MAXIMUM * 256 - 1) /* controller << 8 | slot */

#define RV_USB_DESCRIPTOR_BYTES 4096 /* of a device and its configurations, all in all */
#define RV_USB_INTERFACES_MAXIMUM 128 /* with alternate settings */
#define RV_USB_STRING_BYTES 384	     /* of 126 characters, in UTF-8 */
#define RV_USB_PATH_BYTES 24

/* As the manual has them (xHCI 1.2, 7.2.2.1.1). */
enum rv_usb_speed { RV_USB_SPEED_FULL = 1, RV_USB_SPEED_LOW, RV_USB_SPEED_HIGH, RV_USB_SPEED_SUPER, RV_USB_SPEED_SUPER_PLUS };

/* What an endpoint's transfers are, as its descriptor says (USB 2.0, 9.6.6). */
enum rv_usb_type { RV_USB_CONTROL, RV_USB_ISOCHRONOUS, RV_USB_BULK, RV_USB_INTERRUPT };

#define RV_USB_NO_INTERFACE 0xff /* endpoint 0's, and its class */

struct rv_usb_interface {
	uint8_t class_code, subclass, protocol;
};

#define RV_USB_REFUSED 0x1u /* the guest cannot use it */

/* What RV_SYS_USB tells. */
struct rv_usb_info {
	uint16_t number;
	uint16_t function;	  /* of PCI, its controller: bus << 8 | device << 3 | function */
	uint16_t vendor_id, product_id, release, usb_release; /* the last two in BCD */
	uint8_t class_code, subclass, protocol; /* of the device descriptor */
	uint8_t speed;		  /* enum rv_usb_speed, or what else the controller says */
	uint32_t flags;		  /* RV_USB_* */
	uint32_t descriptor_bytes;
	uint32_t nr_interfaces;
	struct rv_usb_interface interfaces[RV_USB_INTERFACES_MAXIMUM];
	char path[RV_USB_PATH_BYTES]; /* "1-2.3": bus, port of the root hub, ports of hubs. NUL-terminated, as the next */
	char manufacturer[RV_USB_STRING_BYTES], product[RV_USB_STRING_BYTES], serial[RV_USB_STRING_BYTES];
};

#endif
