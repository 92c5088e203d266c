/*
 * tests/fuzz/usb.c: what a USB device may say of itself: sets of descriptors, and strings.
 */
#include "mediator/usb/usb_descriptors.h"

#include "input.h"

/* Interfaces, walked another way: no more than there are, each where a descriptor can be. */
static uint32_t fuzz_count(const uint8_t *bytes, size_t length)
{
	uint32_t count = 0;

	for (size_t at = 0; at < length; at += bytes[at])
		count += bytes[at + 1] == USB_DESCRIPTOR_INTERFACE;
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length_bytes)
{
	static struct rv_usb_info info;
	char text[RV_USB_STRING_BYTES];

	if (usb_read_descriptors(&info, data, length_bytes) == NULL) {
		FUZZ_MUST(info.descriptor_bytes == length_bytes && info.nr_interfaces <= RV_USB_INTERFACES_MAXIMUM);
		FUZZ_MUST(fuzz_count(data, length_bytes) == info.nr_interfaces);
	}
	if (usb_read_string(text, data, length_bytes > 255 ? 255 : length_bytes))
		FUZZ_MUST(strlen(text) < sizeof(text));
	(void)usb_read_language(data, length_bytes);
	FUZZ_MUST(usb_configuration_bytes(data, length_bytes) <= UINT16_MAX);
	return 0;
}
