/*
 * mediator/usb/usb_descriptors.c: reads descriptors.
 */
#include "mediator/usb/usb_descriptors.h"

#define USB_INTERFACE_BYTES 9
#define USB_ENDPOINT_BYTES 7

#define USB_SURROGATE 0xd800u /* and 0x400 for the second of a pair */
#define USB_SURROGATE_MASK 0xf800u
#define USB_SURROGATE_SECOND 0x400u

static uint16_t usb_get16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] | bytes[1] << 8);
}

const char *usb_read_identity(struct usb_identity *identity, const uint8_t *bytes, size_t length_bytes)
{
	if (length_bytes < USB_DEVICE_BYTES || bytes[0] != USB_DEVICE_BYTES || bytes[1] != USB_DESCRIPTOR_DEVICE)
		return "it gives no device descriptor";
	*identity = (struct usb_identity){
		.usb_release = usb_get16(bytes + 2),
		.class_code = bytes[4],
		.subclass = bytes[5],
		.protocol = bytes[6],
		.vendor_id = usb_get16(bytes + 8),
		.product_id = usb_get16(bytes + 10),
		.release = usb_get16(bytes + 12),
		.manufacturer = bytes[14],
		.product = bytes[15],
		.serial = bytes[16],
		.nr_configurations = bytes[17],
	};
	if (identity->nr_configurations == 0)
		return "it has no configuration";
	return identity->nr_configurations > USB_CONFIGURATIONS_MAXIMUM ? "it has too many configurations" : NULL;
}

uint32_t usb_configuration_bytes(const uint8_t *bytes, size_t length_bytes)
{
	uint32_t total;

	if (length_bytes < USB_CONFIGURATION_BYTES || bytes[0] < USB_CONFIGURATION_BYTES ||
	    bytes[1] != USB_DESCRIPTOR_CONFIGURATION)
		return 0;
	total = usb_get16(bytes + 2);
	return total >= bytes[0] ? total : 0;
}

/* One descriptor within a configuration, of which so many bytes are left. */
static const char *usb_read_part(struct rv_usb_info *info, const uint8_t *bytes, size_t left, bool *has_interface)
{
	if (left < 2 || bytes[0] < 2 || bytes[0] > left)
		return "the lengths of its descriptors do not fit";
	switch (bytes[1]) {
	case USB_DESCRIPTOR_DEVICE:
	case USB_DESCRIPTOR_CONFIGURATION:
		return "a descriptor is where none may be";
	case USB_DESCRIPTOR_INTERFACE:
		if (bytes[0] < USB_INTERFACE_BYTES)
			return "a descriptor is too short";
		if (info->nr_interfaces == RV_USB_INTERFACES_MAXIMUM)
			return "it has too many interfaces";
		info->interfaces[info->nr_interfaces++] = (struct rv_usb_interface){ bytes[5], bytes[6], bytes[7] };
		*has_interface = true;
		return NULL;
	case USB_DESCRIPTOR_ENDPOINT:
		if (bytes[0] < USB_ENDPOINT_BYTES)
			return "a descriptor is too short";
		return *has_interface ? NULL : "a descriptor is where none may be";
	default:
		return NULL;
	}
}

static const char *usb_read_configuration(struct rv_usb_info *info, const uint8_t *bytes, uint32_t total)
{
	bool has_interface = false;
	const char *why = NULL;

	for (uint32_t at = bytes[0]; why == NULL && at < total; at += bytes[at])
		why = usb_read_part(info, bytes + at, total - at, &has_interface);
	return why;
}

const char *usb_read_descriptors(struct rv_usb_info *info, const uint8_t *bytes, size_t length_bytes)
{
	struct usb_identity identity;
	const char *why = usb_read_identity(&identity, bytes, length_bytes);
	size_t at = USB_DEVICE_BYTES;

	if (why != NULL)
		return why;
	info->vendor_id = identity.vendor_id;
	info->product_id = identity.product_id;
	info->release = identity.release;
	info->usb_release = identity.usb_release;
	info->class_code = identity.class_code;
	info->subclass = identity.subclass;
	info->protocol = identity.protocol;
	info->descriptor_bytes = (uint32_t)length_bytes;
	info->nr_interfaces = 0;
	for (unsigned i = 0; i < identity.nr_configurations; i++) {
		uint32_t total = usb_configuration_bytes(bytes + at, length_bytes - at);

		if (total == 0 || total > length_bytes - at)
			return "a configuration is not as long as it says";
		why = usb_read_configuration(info, bytes + at, total);
		if (why != NULL)
			return why;
		at += total;
	}
	return at == length_bytes ? NULL : "there is more than its configurations";
}

/* Appends a character of the 21 bits of Unicode. */
static char *usb_put_character(char *at, uint32_t character)
{
	if (character < 0x80) {
		*at++ = (char)character;
		return at;
	}
	if (character < 0x800) {
		*at++ = (char)(0xc0 | character >> 6);
	} else {
		if (character < 0x10000) {
			*at++ = (char)(0xe0 | character >> 12);
		} else {
			*at++ = (char)(0xf0 | character >> 18);
			*at++ = (char)(0x80 | (character >> 12 & 0x3f));
		}
		*at++ = (char)(0x80 | (character >> 6 & 0x3f));
	}
	*at++ = (char)(0x80 | (character & 0x3f));
	return at;
}

/* How many bytes of a string descriptor there are; 0: it is none. */
static size_t usb_string_bytes(const uint8_t *bytes, size_t length_bytes)
{
	if (length_bytes < 2 || bytes[0] < 2 || bytes[0] > length_bytes || bytes[1] != USB_DESCRIPTOR_STRING)
		return 0;
	return bytes[0] & ~(size_t)1;
}

bool usb_read_string(char *text, const uint8_t *bytes, size_t length_bytes)
{
	size_t end = usb_string_bytes(bytes, length_bytes);

	for (size_t at = 2; at < end; at += 2) {
		uint32_t character = usb_get16(bytes + at), second;

		if (character == 0)
			break;
		if ((character & USB_SURROGATE_MASK) == USB_SURROGATE) {
			second = at + 4 <= end ? usb_get16(bytes + at + 2) : 0;
			if ((character & USB_SURROGATE_SECOND) || (second & USB_SURROGATE_MASK) != USB_SURROGATE ||
			    !(second & USB_SURROGATE_SECOND))
				continue;
			character = 0x10000 + ((character & 0x3ff) << 10 | (second & 0x3ff));
			at += 2;
		}
		text = usb_put_character(text, character);
	}
	*text = '\0';
	return end != 0;
}

uint16_t usb_read_language(const uint8_t *bytes, size_t length_bytes)
{
	return usb_string_bytes(bytes, length_bytes) >= 4 ? usb_get16(bytes + 2) : 0;
}
