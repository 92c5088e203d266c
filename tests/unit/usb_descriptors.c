/*
 * tests/unit/usb_descriptors.c: sets of descriptors that are right, and each of them cut, made longer and changed.
 */
#include "mediator/usb/usb_descriptors.h"

#include "unit.h"

/* A keyboard's, as QEMU has it; then a stick with two configurations, of which the second has a keyboard beside. */
static const uint8_t keyboard[] = {
	18, 1, 0, 2, 0, 0, 0, 8, 0x27, 0x06, 1, 0, 0, 0, 1, 4, 11, 1, /* device */
	9, 2, 34, 0, 1, 1, 8, 0xa0, 50,				      /* configuration */
	9, 4, 0, 0, 1, 3, 1, 1, 0, 9, 0x21, 0x11, 1, 0, 1, 0x22, 63, 0, 7, 5, 0x81, 3, 8, 0, 10,
};
static const uint8_t stick[] = {
	18, 1, 0, 3, 0, 0, 0, 9, 0xf4, 0x46, 1, 0, 0, 0, 1, 2, 3, 2,
	9, 2, 32, 0, 1, 1, 0, 0xc0, 50, 9, 4, 0, 0, 2, 8, 6, 80, 0, 7, 5, 0x81, 2, 0, 2, 0, 7, 5, 2, 2, 0, 2, 0,
	9, 2, 41, 0, 2, 2, 0, 0xc0, 50, 9, 4, 0, 0, 2, 8, 6, 80, 0, 7, 5, 0x81, 2, 0, 2, 0, 7, 5, 2, 2, 0, 2, 0,
	9, 4, 1, 0, 0, 3, 1, 1, 0,
};

static void right_sets(void)
{
	static struct rv_usb_info info;

	UNIT_CHECK(usb_read_descriptors(&info, keyboard, sizeof(keyboard)) == NULL);
	UNIT_EQUAL(info.vendor_id, 0x0627);
	UNIT_EQUAL(info.product_id, 1);
	UNIT_EQUAL(info.nr_interfaces, 1);
	UNIT_CHECK(info.interfaces[0].class_code == 3 && info.interfaces[0].subclass == 1 && info.interfaces[0].protocol == 1);
	UNIT_CHECK(usb_read_descriptors(&info, stick, sizeof(stick)) == NULL);
	UNIT_EQUAL(info.nr_interfaces, 3);
	UNIT_EQUAL(info.descriptor_bytes, sizeof(stick));
	UNIT_EQUAL(info.interfaces[2].class_code, 3);
	UNIT_EQUAL(info.interfaces[1].class_code, 8);
}

/* Of any other length neither is one. Copies are as long as they are, so that a read behind the end is found. */
static void cut_and_long(void)
{
	static struct rv_usb_info info;

	for (size_t length = 0; length <= sizeof(stick) + 3; length++) {
		uint8_t *copy = malloc(length + 1);

		memset(copy, 2, length);
		memcpy(copy, stick, length < sizeof(stick) ? length : sizeof(stick));
		copy = realloc(copy, length == 0 ? 1 : length);
		UNIT_EQUAL(usb_read_descriptors(&info, copy, length) == NULL, length == sizeof(stick));
		free(copy);
	}
}

/* What each byte of a descriptor's head is changed into. */
static void changed(const char *what, size_t at, uint8_t value)
{
	static struct rv_usb_info info;
	uint8_t copy[sizeof(stick)];

	memcpy(copy, stick, sizeof(stick));
	copy[at] = value;
	if (usb_read_descriptors(&info, copy, sizeof(copy)) == NULL)
		unit_fail("%s was not found", what);
}

static void wrong_lengths(void)
{
	changed("a device descriptor of 17 bytes", 0, 17);
	changed("a device descriptor that is none", 1, 2);
	changed("no configuration", 17, 0);
	changed("a configuration too many", 17, 1);
	changed("a configuration too few", 17, 3);
	changed("255 configurations", 17, 255);
	changed("a configuration with a short head", 18, 8);
	changed("a configuration as long as its head says it is not", 20, 8);
	changed("a configuration that is longer than all", 21, 1);
	changed("bLength 0", 27, 0);
	changed("bLength 1", 27, 1);
	changed("an interface of 8 bytes", 27, 8);
	changed("bLength beyond the configuration", 36, 255);
	changed("an endpoint of 6 bytes", 36, 6);
	changed("a device descriptor in a configuration", 37, 1);
	changed("a configuration in a configuration", 37, 2);
	changed("an endpoint of no interface", 28, 5);
}

static void many_interfaces(void)
{
	static uint8_t bytes[USB_DEVICE_BYTES + USB_CONFIGURATION_BYTES + 9 * (RV_USB_INTERFACES_MAXIMUM + 1)];
	static struct rv_usb_info info;

	for (unsigned nr = RV_USB_INTERFACES_MAXIMUM; nr <= RV_USB_INTERFACES_MAXIMUM + 1; nr++) {
		uint32_t total = USB_CONFIGURATION_BYTES + 9 * nr;

		memcpy(bytes, keyboard, USB_DEVICE_BYTES + USB_CONFIGURATION_BYTES);
		bytes[20] = (uint8_t)total;
		bytes[21] = (uint8_t)(total >> 8);
		for (unsigned i = 0; i < nr; i++)
			memcpy(bytes + USB_DEVICE_BYTES + USB_CONFIGURATION_BYTES + 9 * i, keyboard + 27, 9);
		UNIT_EQUAL(usb_read_descriptors(&info, bytes, USB_DEVICE_BYTES + total) == NULL, nr == RV_USB_INTERFACES_MAXIMUM);
	}
}

static void string_is(const char *wanted, const uint8_t *bytes, size_t length)
{
	char text[RV_USB_STRING_BYTES];
	uint8_t *copy = malloc(length == 0 ? 1 : length);

	memcpy(copy, bytes, length);
	UNIT_EQUAL(usb_read_string(text, copy, length), wanted != NULL);
	if (strcmp(text, wanted != NULL ? wanted : "") != 0)
		unit_fail("\"%s\" is \"%s\"", wanted != NULL ? wanted : "", text);
	free(copy);
}

static void strings(void)
{
	char text[RV_USB_STRING_BYTES];
	uint8_t longest[255];

	string_is("AB", (const uint8_t[]){ 6, 3, 'A', 0, 'B', 0 }, 6);
	string_is("A", (const uint8_t[]){ 5, 3, 'A', 0, 'B' }, 5);
	string_is("", (const uint8_t[]){ 2, 3 }, 2);
	string_is("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", (const uint8_t[]){ 10, 3, 0xe9, 0, 0xac, 0x20, 0x3d, 0xd8, 0x00, 0xde }, 10);
	string_is("A", (const uint8_t[]){ 8, 3, 'A', 0, 0, 0, 'B', 0 }, 8);
	string_is("A", (const uint8_t[]){ 6, 3, 0x3d, 0xd8, 'A', 0 }, 6); /* half of a pair */
	string_is("A", (const uint8_t[]){ 6, 3, 'A', 0, 0x3d, 0xd8 }, 6);
	string_is("A", (const uint8_t[]){ 6, 3, 0x00, 0xde, 'A', 0 }, 6);
	string_is(NULL, (const uint8_t[]){ 6, 3, 'A', 0 }, 4);
	string_is(NULL, (const uint8_t[]){ 4, 2, 'A', 0 }, 4);
	string_is(NULL, (const uint8_t[]){ 0, 3 }, 2);
	string_is(NULL, (const uint8_t[]){ 4 }, 1);
	for (size_t i = 0; i < sizeof(longest); i++)
		longest[i] = 0x20 + (i % 2 == 0 ? 0xcc : 0);
	longest[0] = 255;
	longest[1] = 3;
	UNIT_CHECK(usb_read_string(text, longest, sizeof(longest)));
	UNIT_EQUAL(strlen(text), 126 * 3);
	UNIT_EQUAL(usb_read_language((const uint8_t[]){ 4, 3, 9, 4 }, 4), 0x0409);
	UNIT_EQUAL(usb_read_language((const uint8_t[]){ 2, 3, 9, 4 }, 4), 0);
	UNIT_EQUAL(usb_read_language((const uint8_t[]){ 4, 3, 9, 4 }, 3), 0);
}

/* 2,000 times some bytes are others: nothing beyond the end is read, and what is taken fits. */
static void random_sets(void)
{
	static struct rv_usb_info info;
	unsigned nr_taken = 0;

	for (unsigned i = 0; i < 2000; i++) {
		size_t length = unit_random() % 4 == 0 ? 1 + unit_random() % sizeof(stick) : sizeof(stick);
		uint8_t *copy = malloc(length);

		memcpy(copy, stick, length);
		for (unsigned k = 0; k < unit_random() % 4; k++)
			copy[unit_random() % length] = (uint8_t)unit_random();
		if (usb_read_descriptors(&info, copy, length) == NULL) {
			nr_taken++;
			UNIT_CHECK(info.nr_interfaces <= RV_USB_INTERFACES_MAXIMUM && info.descriptor_bytes == length);
		}
		free(copy);
	}
	UNIT_CHECK(nr_taken > 200 && nr_taken < 1800);
}

int main(void)
{
	unit_run("descriptors of a keyboard and of a stick with two configurations are read", right_sets);
	unit_run("sets that are cut or too long are refused", cut_and_long);
	unit_run("lengths and kinds that do not fit are refused", wrong_lengths);
	unit_run("no more interfaces are taken than there is room for", many_interfaces);
	unit_run("strings become UTF-8", strings);
	unit_run("2,000 sets with other bytes", random_sets);
	return unit_failed;
}
