/*
 * mediator/usb/storage_find.c: which devices are storage, by what they say of themselves, and which disks these are.
 *
 * There is one way to a stick's storage, or it does not come in while hooks want disks' requests: one interface, in one
 * configuration, whose first setting is bulk only. Further settings (UAS) the guest does not find, nor can it choose them.
 */
#include "mediator/usb/storage.h"

#include "core/log.h"
#include "core/memory.h"
#include "core/string.h"
#include "mediator/disk/disk.h"
#include "mediator/disk/disk_class.h"
#include "mediator/usb/usb.h"

#define STORAGE_BULK 2 /* of an endpoint's attributes */

/* A disk's number is its for ever, so that what a script has said of a name, or knows of it, is never said of another stick: one that
 * comes again has the number that it had. Under xhci_lock. */
static struct storage_name {
	struct storage *storage; /* NULL: it is not there */
	bool is_given;
	uint8_t unit;
	uint16_t vendor_id, product_id;
	char serial[24];
} storage_names[RV_DISKS_A_BUS];

static struct spinlock storage_claim_lock;
static bool storage_is_claimed;
static struct disk_controller storage_controllers = { .class = &usb_class, .lock = &storage_claim_lock };

/* What its descriptors say. */
struct storage_found {
	unsigned nr_interfaces; /* of storage, in all configurations */
	bool is_bulk_only;	/* the first setting of the one */
	uint8_t interface, number[2];
	uint16_t packet_bytes[2];
};

static bool storage_is_one(const uint8_t *interface)
{
	return interface[5] == STORAGE_CLASS;
}

static void storage_note_endpoint(struct storage_found *found, const uint8_t *endpoint)
{
	bool is_in = (endpoint[2] & USB_TYPE_IN) != 0;

	if ((endpoint[3] & 3) != STORAGE_BULK)
		return;
	found->number[is_in] = (uint8_t)(2 * (endpoint[2] & 0xf) + is_in);
	found->packet_bytes[is_in] = (uint16_t)((endpoint[4] | endpoint[5] << 8) & 0x7ff);
}

static void storage_look(struct storage_found *found, const uint8_t *bytes, uint32_t length_bytes)
{
	unsigned configuration = 0, last_configuration = 0;
	bool is_first = false;

	*found = (struct storage_found){ .nr_interfaces = 0 };
	for (uint32_t at = 0; at + 2 <= length_bytes && bytes[at] >= 2 && bytes[at] <= length_bytes - at; at += bytes[at]) {
		const uint8_t *each = bytes + at;

		if (each[1] == USB_DESCRIPTOR_CONFIGURATION)
			configuration++;
		if (each[1] == USB_DESCRIPTOR_ENDPOINT && each[0] >= 7 && is_first)
			storage_note_endpoint(found, each);
		if (each[1] != USB_DESCRIPTOR_INTERFACE || each[0] < 9)
			continue;
		is_first = false;
		if (!storage_is_one(each))
			continue;
		if (found->nr_interfaces == 0 || each[2] != found->interface || configuration != last_configuration)
			found->nr_interfaces++;
		found->interface = each[2];
		last_configuration = configuration;
		is_first = each[3] == 0 && each[7] == STORAGE_PROTOCOL;
		found->is_bulk_only |= is_first;
	}
}

static void storage_look_at(struct storage_found *found, const struct xhci_slot *slot)
{
	storage_look(found, slot->descriptors, slot->known->info.descriptor_bytes);
}

const char *storage_forbids(const struct xhci_slot *slot)
{
	struct storage_found found;

	if (!disk_is_watched())
		return NULL;
	storage_look_at(&found, slot);
	if (found.nr_interfaces == 0)
		return NULL;
	if (found.nr_interfaces > 1)
		return "there is more than one way to its storage, and scripts are to see what disks are asked for";
	if (!found.is_bulk_only || found.number[0] == 0 || found.number[1] == 0)
		return "its storage is none by bulk-only transport, and scripts are to see what disks are asked for";
	return NULL;
}

bool storage_attach(struct xhci_slot *slot)
{
	struct storage *storage = slot->storage;
	struct storage_found found;

	if (!disk_is_watched())
		return true;
	storage_look_at(&found, slot);
	if (found.nr_interfaces == 0 || (storage != NULL && storage->is_there))
		return true;
	if (storage == NULL) {
		storage = memory_allocate_spare_page();
		if (storage == NULL)
			return false;
		storage->work = memory_allocate_device_page();
		if (storage->work == NULL) {
			memory_free_page(storage);
			return false;
		}
		storage->slot = slot;
		slot->storage = storage;
	}
	storage->interface = found.interface;
	memcpy(storage->number, found.number, sizeof(storage->number));
	memcpy(storage->packet_bytes, found.packet_bytes, sizeof(storage->packet_bytes));
	storage->is_there = true;
	return true;
}

static void storage_tell_news(void)
{
	if (storage_controllers.news != NULL)
		storage_controllers.news();
}

void storage_unit_known(struct storage_unit *unit, uint64_t sectors, uint32_t sector_bytes)
{
	bool was_known = unit->info.sector_bytes != 0;

	if (!was_known)
		log_info("disk usb%u: %s, %lu sectors of %u bytes", unit->info.number % RV_DISKS_A_BUS, unit->model, sectors, sector_bytes);
	memcpy(unit->info.model, unit->model, sizeof(unit->model));
	unit->info.sectors = sectors;
	unit->info.sector_bytes = sector_bytes;
	if (!was_known)
		storage_tell_news();
}

void storage_detach(struct xhci_slot *slot)
{
	struct storage *storage = slot->storage;
	bool was_known = false;

	if (storage == NULL)
		return;
	storage->is_there = false;
	storage_reset(storage);
	for (unsigned i = 0; i < RV_DISKS_A_BUS; i++) {
		if (storage_names[i].storage == storage)
			storage_names[i].storage = NULL;
	}
	for (unsigned i = 0; i < STORAGE_UNITS; i++)
		was_known |= storage->units[i].info.sector_bytes != 0;
	memset(storage->units, 0, sizeof(storage->units));
	if (was_known)
		storage_tell_news();
}

bool storage_has_endpoint(const struct xhci_slot *slot, unsigned number)
{
	const struct storage *storage = slot->storage;

	return storage != NULL && storage->is_there && (storage->number[0] == number || storage->number[1] == number);
}

/* By packets of another size, or without handshakes, the device would see other transfers than we. */
bool storage_endpoint_is_right(const struct xhci_slot *slot, unsigned number, uint32_t word0, uint32_t word1)
{
	const struct storage *storage = slot->storage;
	bool is_in = number % 2 != 0;

	return XHCI_ENDPOINT_TYPE(word1) == (is_in ? RV_USB_BULK | XHCI_ENDPOINT_IN : RV_USB_BULK) && XHCI_ENDPOINT_STREAMS(word0) == 0 &&
	       XHCI_ENDPOINT_PACKET(word1) == storage->packet_bytes[is_in];
}

bool storage_refuses(const struct xhci_slot *slot, uint64_t setup)
{
	struct storage_found found;

	if (USB_SETUP_TYPE(setup) != 0x01 || USB_SETUP_REQUEST(setup) != USB_SET_INTERFACE || USB_SETUP_VALUE(setup) == 0 ||
	    !disk_is_watched())
		return false;
	storage_look_at(&found, slot);
	return found.nr_interfaces != 0 && (USB_SETUP_INDEX(setup) & 0xff) == found.interface;
}

void storage_conceal(const struct xhci_slot *slot, uint8_t *bytes, uint32_t length_bytes)
{
	if (!disk_is_watched() || storage_forbids(slot) != NULL)
		return;
	for (uint32_t at = 0; at + 2 <= length_bytes && bytes[at] >= 2 && bytes[at] <= length_bytes - at; at += bytes[at]) {
		uint8_t *each = bytes + at;

		if (each[1] == USB_DESCRIPTOR_INTERFACE && each[0] >= 9 && storage_is_one(each) && each[3] != 0)
			each[5] = each[6] = each[7] = 0xff; /* a vendor's own */
	}
}

/* The number that it had, or the first that none has had. */
static unsigned storage_number(const struct storage_name *wanted)
{
	unsigned i = 0;

	for (; i < RV_DISKS_A_BUS && storage_names[i].is_given; i++) {
		const struct storage_name *each = &storage_names[i];

		if (each->storage == NULL && each->unit == wanted->unit && each->vendor_id == wanted->vendor_id &&
		    each->product_id == wanted->product_id && memcmp(each->serial, wanted->serial, sizeof(each->serial)) == 0)
			break;
	}
	return i;
}

bool storage_unit_begin(struct storage *storage, struct storage_unit *unit)
{
	const struct rv_usb_info *device = &storage->slot->known->info;
	struct storage_name name = { storage, true, (uint8_t)(unit - storage->units), device->vendor_id, device->product_id, "" };
	unsigned number;

	if (unit->has_number)
		return true;
	for (unsigned i = 0; i + 1 < sizeof(name.serial) && device->serial[i] != '\0'; i++)
		name.serial[i] = device->serial[i];
	number = storage_number(&name);
	if (number == RV_DISKS_A_BUS) {
		storage_lose(storage, "there is no number left for it, after so many others");
		return false;
	}
	storage_names[number] = name;
	unit->has_number = true;
	unit->info.number = (uint16_t)(RV_DISK_USB * RV_DISKS_A_BUS + number);
	memcpy(unit->info.serial, name.serial, sizeof(name.serial));
	return true;
}

/* Disks, to disk.c -------------------------------------------------------------------------------------------------- */

static void storage_find(void)
{
	disk_add(&storage_controllers);
}

static int storage_claim(struct disk_controller *controllers)
{
	int error = 0;

	(void)controllers;
	if (!storage_is_claimed)
		error = usb_watch_transfers();
	storage_is_claimed |= error == 0;
	return error;
}

static void storage_release(struct disk_controller *controllers)
{
	(void)controllers;
	if (storage_is_claimed)
		usb_unwatch_transfers();
	storage_is_claimed = false;
}

/* What is encrypted is never a stick: one that says an encrypted disk's serial number is not read or written. */
static bool storage_is_clear(const struct disk_controller *controllers)
{
	(void)controllers;
	return true;
}

struct storage *storage_of(unsigned index, unsigned *unit)
{
	*unit = storage_names[index].unit;
	return storage_names[index].storage;
}

static bool storage_describe(unsigned index, struct rv_disk_info *info)
{
	const struct storage *storage;
	bool is_known = false;
	unsigned unit;

	spinlock_acquire(&xhci_lock);
	storage = storage_of(index, &unit);
	if (storage != NULL) {
		*info = storage->units[unit].info;
		is_known = info->sector_bytes != 0;
	}
	spinlock_release(&xhci_lock);
	return is_known;
}

const struct disk_class usb_class = {
	.find = storage_find,
	.claim = storage_claim,
	.is_clear = storage_is_clear,
	.release = storage_release,
	.describe = storage_describe,
	.io = storage_own_io,
};
