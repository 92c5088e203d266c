/*
 * boot/uefi/card.c: see the header. Firmware brings the bytes to the reader; what they mean is service/ccid.c's and
 * service/card.c's.
 */
#include "boot/uefi/card.h"

#include "boot/uefi/prompt.h"
#include "boot/uefi/reconnect.h"
#include "boot/uefi/text.h"
#include "boot/uefi/usb_io.h"
#include "core/string.h"
#include "service/ccid.h"
#include "service/key_token.h"

#define CARD_KEYS_MAXIMUM 4 /* of one header; more are not tried */
#define PIN_TRIES 3
#define CONFIGURATION_BYTES 1024
#define CONFIGURATIONS_MAXIMUM 4

#define USB_CLASS_CARD 0x0b
#define USB_ATTRIBUTE_BULK 2 /* bits 0 and 1 */
#define USB_ENDPOINT_IN 0x80
#define USB_GET_DESCRIPTOR 6
#define USB_DEVICE_TO_HOST 0x80
#define USB_DESCRIPTOR_CONFIGURATION 2
#define USB_TIMEOUT_MS 5000 /* readers ask for more time before */

static const struct efi_guid usb_guid = EFI_GUID_USB_IO;

struct reader {
	struct efi_usb_io *usb;
	struct efi_usb_interface interface;
	uint8_t in, out; /* endpoints */
	uint64_t packet_bytes;
	struct ccid_link link;
	struct ccid ccid;
};

static bool reader_send(void *context, const uint8_t *message, size_t nr_bytes)
{
	struct reader *reader = context;
	uint64_t bytes = nr_bytes;
	uint32_t status;

	return !efi_failed(reader->usb->bulk_transfer(reader->usb, reader->out, (void *)message, &bytes, USB_TIMEOUT_MS,
						      &status)) && bytes == nr_bytes;
}

static bool reader_receive(void *context, uint8_t *packet, size_t *nr_bytes)
{
	struct reader *reader = context;
	uint64_t bytes = reader->packet_bytes;
	uint32_t status;

	if (efi_failed(reader->usb->bulk_transfer(reader->usb, reader->in, packet, &bytes, USB_TIMEOUT_MS, &status)))
		return false;
	*nr_bytes = bytes;
	return true;
}

static bool reader_find_endpoints(struct reader *reader)
{
	struct efi_usb_endpoint endpoint;

	for (uint8_t i = 0; i < reader->interface.nr_endpoints; i++) {
		if (efi_failed(reader->usb->get_endpoint(reader->usb, i, &endpoint)) ||
		    (endpoint.attributes & 3) != USB_ATTRIBUTE_BULK)
			continue;
		if ((endpoint.address & USB_ENDPOINT_IN) == 0) {
			reader->out = endpoint.address;
		} else {
			reader->in = endpoint.address;
			reader->packet_bytes = endpoint.packet_bytes;
		}
	}
	return reader->in != 0 && reader->out != 0 && reader->packet_bytes != 0 && reader->packet_bytes <= CCID_PACKET_BYTES;
}

/* The configuration that is chosen, as the device describes it, all of it. Returns how many bytes there are. */
static size_t reader_describe(struct efi_usb_io *usb, uint8_t bytes[CONFIGURATION_BYTES])
{
	struct efi_usb_configuration chosen, found;
	uint32_t status;

	if (efi_failed(usb->get_configuration(usb, &chosen)) || chosen.total_bytes < sizeof(chosen) ||
	    chosen.total_bytes > CONFIGURATION_BYTES)
		return 0;
	for (uint16_t i = 0; i < CONFIGURATIONS_MAXIMUM; i++) {
		struct efi_usb_request request = { USB_DEVICE_TO_HOST, USB_GET_DESCRIPTOR,
						   (uint16_t)(USB_DESCRIPTOR_CONFIGURATION << 8 | i), 0, chosen.total_bytes };

		memset(bytes, 0, CONFIGURATION_BYTES);
		if (efi_failed(usb->control_transfer(usb, &request, EFI_USB_IN, USB_TIMEOUT_MS, bytes, chosen.total_bytes,
						     &status)))
			return 0;
		memcpy(&found, bytes, sizeof(found));
		if (found.value == chosen.value)
			return chosen.total_bytes;
	}
	return 0;
}

/* NULL: it is a reader that can be used, or else why not; *is_reader: is it any. */
static const char *reader_begin(struct reader *reader, struct efi_usb_io *usb, bool *is_reader)
{
	static uint8_t configuration[CONFIGURATION_BYTES];
	size_t nr_bytes;

	*reader = (struct reader){ .usb = usb, .link = { .send = reader_send, .receive = reader_receive } };
	reader->link.context = reader;
	*is_reader = !efi_failed(usb->get_interface(usb, &reader->interface)) && reader->interface.class == USB_CLASS_CARD;
	if (!*is_reader)
		return NULL;
	if (!reader_find_endpoints(reader))
		return "the reader is none of this kind";
	nr_bytes = reader_describe(usb, configuration);
	return ccid_begin(&reader->ccid, &reader->link, reader->interface.number, configuration, nr_bytes);
}

struct keys {
	struct card_sealed sealed[CARD_KEYS_MAXIMUM];
	size_t nr;
};

/* With the card in one reader. *which is the key that it has opened. */
static enum card_result reader_try(struct reader *reader, const struct keys *keys, const struct passphrase *pin,
				   uint8_t secret[CARD_SECRET_BYTES], size_t *which, char *why)
{
	const struct card_link link = { .exchange = ccid_exchange, .context = &reader->ccid };
	enum card_result result = CARD_ANOTHER;

	const char *bad = ccid_power_on(&reader->ccid);
	bool is_off;

	if (bad != NULL)
		string_copy(why, bad, CARD_WHY_BYTES);
	for (size_t i = 0; bad == NULL && i < keys->nr && result == CARD_ANOTHER; i++) {
		*which = i;
		result = card_open(&link, &keys->sealed[i], (const uint8_t *)pin->bytes, pin->length_bytes, secret, why);
	}
	is_off = ccid_power_off(&reader->ccid);
	if (!is_off && bad == NULL)
		text_line("card: it keeps its power, and knows that its PIN was given: take it out of its reader");
	return result;
}

/* With the cards in all readers, until one has one of the keys. */
static enum card_result card_try(struct efi_boot_services *boot, const struct keys *keys, const struct passphrase *pin,
				 uint8_t secret[CARD_SECRET_BYTES], size_t *which, char *why)
{
	static struct reader reader;
	enum card_result result = CARD_ANOTHER;
	struct efi_usb_io *usb;
	efi_handle *handles;
	uint64_t nr_handles;
	bool is_reader;

	string_copy(why, "the firmware knows of no card reader", CARD_WHY_BYTES);
	if (efi_failed(boot->locate_handle_buffer(EFI_SEARCH_BY_PROTOCOL, &usb_guid, NULL, &nr_handles, &handles)))
		return CARD_ANOTHER;
	for (uint64_t i = 0; i < nr_handles && result == CARD_ANOTHER; i++) {
		const char *bad;

		if (efi_failed(boot->handle_protocol(handles[i], &usb_guid, (void **)&usb)))
			continue;
		bad = reader_begin(&reader, usb, &is_reader);
		if (bad != NULL)
			string_copy(why, bad, CARD_WHY_BYTES);
		else if (is_reader)
			result = reader_try(&reader, keys, pin, secret, which, why);
	}
	boot->free_pool(handles);
	return result;
}

/* As often as it takes, but no more than PIN_TRIES: an empty PIN goes on to the next way. */
static bool card_ask(struct efi_system_table *system, const char *options, const struct keys *keys, const char *name,
		     struct boot_unsealed *unsealed)
{
	static struct passphrase typed;
	enum card_result result = CARD_ANOTHER;
	char why[CARD_WHY_BYTES];
	size_t which = 0;

	for (unsigned i = 0; i < PIN_TRIES && result != CARD_GOOD && result != CARD_BLOCKED; i++) {
		prompt_ask_pin(system, options, "the card's PIN", &typed);
		if (typed.length_bytes == 0) {
			text_line("card: no PIN was given");
			return false;
		}
		result = card_try(system->boot, keys, &typed, unsealed->bytes, &which, why);
		memory_wipe(&typed, sizeof(typed));
		if (result != CARD_GOOD)
			text_line("card: %s", why);
	}
	if (result != CARD_GOOD)
		return false;
	_Static_assert(sizeof(unsealed->bytes) >= CARD_SECRET_BYTES, "boot_info.h");
	string_copy(unsealed->header, name, sizeof(unsealed->header));
	unsealed->length_bytes = CARD_SECRET_BYTES;
	text_line("card: the key of %s was opened by %s", name, keys->sealed[which].name);
	return true;
}

bool card_unlock(struct efi_system_table *system, const char *options, const char *name, const uint8_t *header,
		 size_t header_bytes, struct boot_unsealed *unsealed)
{
	static struct keys keys;
	size_t at = 0, bytes = key_token_searched_bytes(header, header_bytes);

	keys.nr = 0;
	while (keys.nr < CARD_KEYS_MAXIMUM && card_sealed_next(header, bytes, &at, &keys.sealed[keys.nr])) {
		const struct card_sealed *sealed = &keys.sealed[keys.nr++];

		text_line("card: a key of %s is for the card of %s, since %s", name, sealed->name, sealed->day);
	}
	if (keys.nr == 0)
		return false;
	/* Firmware that starts fast leaves alone what it does not boot from. */
	connect_usb(system->boot);
	return card_ask(system, options, &keys, name, unsealed);
}
