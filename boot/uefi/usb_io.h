/*
 * boot/uefi/usb_io.h: EFI_USB_IO_PROTOCOL, an interface of a USB device (UEFI 2.10, 17.2.4); what is not used here has no
 * types.
 */
#ifndef BOOT_UEFI_USB_IO_H
#define BOOT_UEFI_USB_IO_H

#include "boot/uefi/efi.h"

#define EFI_GUID_USB_IO                                                                        \
	{ 0x2b2f68d6, 0x0cd2, 0x44cf, { 0x8e, 0x8b, 0xbb, 0xa2, 0x0b, 0x1b, 0x5b, 0x75 } }

struct efi_usb_request {
	uint8_t type, request;
	uint16_t value, index, length;
};

/* USB 2.0, 9.6.3, 9.6.5, 9.6.6 */
struct efi_usb_configuration {
	uint8_t length_bytes, type;
	uint16_t total_bytes;
	uint8_t nr_interfaces, value, string, attributes, power;
} __attribute__((packed));

struct efi_usb_interface {
	uint8_t length_bytes, type, number, alternate, nr_endpoints, class, subclass, protocol, string;
} __attribute__((packed));

struct efi_usb_endpoint {
	uint8_t length_bytes, type, address, attributes;
	uint16_t packet_bytes;
	uint8_t interval;
} __attribute__((packed));

enum efi_usb_direction { EFI_USB_IN, EFI_USB_OUT, EFI_USB_NO_DATA };

struct efi_usb_io {
	efi_status(EFI_API *control_transfer)(struct efi_usb_io *self, struct efi_usb_request *request,
					      enum efi_usb_direction direction, uint32_t timeout_ms, void *data,
					      uint64_t data_bytes, uint32_t *status);
	/* *data_bytes is what went over. */
	efi_status(EFI_API *bulk_transfer)(struct efi_usb_io *self, uint8_t endpoint, void *data, uint64_t *data_bytes,
					   uint64_t timeout_ms, uint32_t *status);
	void *async_interrupt_transfer, *sync_interrupt_transfer, *isochronous_transfer, *async_isochronous_transfer;
	void *get_device_descriptor;
	efi_status(EFI_API *get_configuration)(struct efi_usb_io *self, struct efi_usb_configuration *configuration);
	efi_status(EFI_API *get_interface)(struct efi_usb_io *self, struct efi_usb_interface *interface);
	efi_status(EFI_API *get_endpoint)(struct efi_usb_io *self, uint8_t index, struct efi_usb_endpoint *endpoint);
};
_Static_assert(offsetof(struct efi_usb_io, get_configuration) == 56, "UsbGetConfigDescriptor");

#endif
