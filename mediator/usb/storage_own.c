/*
 * mediator/usb/storage_own.c: scripts' own commands to a stick: CBW, data, CSW by transfers of our own, while the stick has none of
 * the guest's. The guest's transfers wait meanwhile where the controller does not see them (storage.h), since the lock is held.
 */
#include "mediator/usb/storage.h"

#include "core/instructions.h"
#include "core/memory.h"
#include "core/string.h"
#include "core/time.h"
#include "hook/hook.h"
#include "mediator/disk/cipher.h"
#include "mediator/disk/disk_io.h"
#include "rv/errno.h"
#include "rv/kinds.h"

/* In the work page, in TRBs, behind those that storage.c has: those of the data, of which one more is the link back; the CBW; and
 * where CSW and sense go. */
enum { OWN_DATA_AT = 160, OWN_CBW_AT = 192, OWN_CSW_AT = 200, OWN_SENSE_AT = 208 };
#define OWN_PAGES 16 /* of a command: there are sticks that do not know how to take more than 64 KiB */
_Static_assert(OWN_DATA_AT + OWN_PAGES + 1 <= OWN_CBW_AT, "the data's TRBs have room");
_Static_assert((OWN_SENSE_AT + 2) * sizeof(struct xhci_trb) <= PAGE_BYTES, "all is in the page");

enum { OWN_READ_10 = 0x28, OWN_WRITE_10 = 0x2a, OWN_FLUSH = 0x35, OWN_READ_16 = 0x88, OWN_WRITE_16 = 0x8a };
#define OWN_NO_SUCH_COMMAND 0x0520u /* as scsi_write_sense() */
#define OWN_UNIT_ATTENTION 6u	    /* its key */

struct storage_own {
	struct storage *storage;
	uint8_t unit;
	uint64_t end_tsc;
	bool is_late; /* the controller may have the data yet */
};

/* A command, and where its data are: a page each, but the last. */
struct storage_own_command {
	uint8_t code[SCSI_COMMAND_BYTES], code_bytes;
	bool is_in;
	uint8_t *const *pages;
	uint32_t bytes;
};

static uint8_t *storage_own_at(const struct storage_own *own, unsigned place)
{
	return (uint8_t *)&own->storage->work[place];
}

static struct xhci_ring *storage_own_ring(const struct storage *storage, bool is_in)
{
	struct xhci_endpoint *endpoint = storage->slot->endpoints[storage->number[is_in]];

	return endpoint != NULL ? &endpoint->ring : NULL;
}

/* From here on nobody knows what the stick takes the next transfer for. */
static int storage_own_lose(const struct storage_own *own, bool is_in, int error)
{
	storage_lose(own->storage, "a script's own command has failed");
	(void)xhci_ring_stop(storage_own_ring(own->storage, is_in), "a stick does not take a script's own command");
	return error;
}

/* Transfers ------------------------------------------------------------------------------------------------------ */

/* How many packets of a transfer are behind so many bytes of it, as far as a TRB can say (4.11.2.4). */
static uint32_t storage_own_left(uint32_t left_bytes, uint32_t packet_bytes)
{
	uint32_t packets = (left_bytes + packet_bytes - 1) / packet_bytes;

	return packets < 31 ? packets : 31;
}

/* 0; -RV_EIO: it is short, and the ring is as it was; else as storage_own_lose(). */
static int storage_own_move(struct storage_own *own, unsigned trbs_at, bool is_in, uint32_t nr)
{
	struct storage *storage = own->storage;
	struct xhci_ring *ring = storage_own_ring(storage, is_in);
	uint32_t code = xhci_ring_insert_all(ring, &storage->work[trbs_at], nr, own->end_tsc);

	if (code == XHCI_SUCCESS)
		return 0;
	if (code == XHCI_SHORT_PACKET)
		return is_in ? -RV_EIO : storage_own_lose(own, is_in, -RV_EIO);
	own->is_late |= code == 0 || (code >= XHCI_STOPPED && code <= XHCI_STOPPED_SHORT_PACKET);
	return storage_own_lose(own, is_in, code == 0 ? -RV_ETIMEDOUT : -RV_EIO);
}

/* One of a TRB, of something in the work page. */
static int storage_own_move_one(struct storage_own *own, bool is_in, unsigned at, uint32_t bytes)
{
	unsigned trbs_at = storage_work_take(own->storage);

	own->storage->work[trbs_at] = (struct xhci_trb){ memory_physical(storage_own_at(own, at)), bytes, 0 };
	return storage_own_move(own, trbs_at, is_in, 1);
}

static int storage_own_data(struct storage_own *own, const struct storage_own_command *command)
{
	struct xhci_trb *trbs = &own->storage->work[OWN_DATA_AT];
	uint32_t nr = 0;

	for (uint32_t left = command->bytes; left != 0; nr++) {
		uint32_t part = left < PAGE_BYTES ? left : PAGE_BYTES;

		left -= part;
		trbs[nr] = (struct xhci_trb){ memory_physical(command->pages[nr]),
					      part | storage_own_left(left, own->storage->packet_bytes[command->is_in]) << XHCI_TRB_LEFT_SHIFT, 0 };
	}
	return storage_own_move(own, OWN_DATA_AT, command->is_in, nr);
}

/* Commands ------------------------------------------------------------------------------------------------------- */

/* 0: it has done that; 1: it has not; less: as storage_own_move(). */
static int storage_own_status(struct storage_own *own, uint32_t tag, int moved)
{
	const uint8_t *csw = storage_own_at(own, OWN_CSW_AT);
	uint32_t residue;
	int error = storage_own_move_one(own, true, OWN_CSW_AT, STORAGE_CSW_BYTES);

	if (error != 0)
		return own->storage->phase == STORAGE_LOST ? error : storage_own_lose(own, true, error);
	if (memcmp(csw, "USBS", 4) != 0 || memcmp(csw + 4, &tag, sizeof(tag)) != 0 || csw[12] > 1)
		return storage_own_lose(own, true, -RV_EIO);
	memcpy(&residue, csw + 8, sizeof(residue));
	return csw[12] != 0 ? 1 : residue != 0 ? -RV_EIO : moved;
}

static int storage_own_command(struct storage_own *own, const struct storage_own_command *command)
{
	static uint32_t tag; /* under xhci_lock */
	uint8_t *cbw = storage_own_at(own, OWN_CBW_AT);
	int error;

	storage_write_cbw(cbw, &(struct storage_cbw){ ++tag, command->bytes, own->unit, command->is_in, command->code_bytes, command->code });
	error = storage_own_move_one(own, false, OWN_CBW_AT, STORAGE_CBW_BYTES);
	if (error == 0 && command->bytes != 0)
		error = storage_own_data(own, command);
	return own->storage->phase == STORAGE_LOST ? error : storage_own_status(own, tag, error);
}

/* Why the last has failed, as scsi_write_sense(); 0: it does not say. */
static uint16_t storage_own_sense(struct storage_own *own)
{
	uint8_t *sense = storage_own_at(own, OWN_SENSE_AT), *const pages[] = { sense };
	struct storage_own_command command = { .code = { SCSI_REQUEST_SENSE, 0, 0, 0, SCSI_SENSE_BYTES }, .code_bytes = 6, .is_in = true,
					       .pages = pages, .bytes = SCSI_SENSE_BYTES };
	int error;

	memset(sense, 0, SCSI_SENSE_BYTES);
	error = storage_own_command(own, &command);
	return error == 0 || error == -RV_EIO ? (uint16_t)((sense[2] & 0xf) << 8 | sense[12]) : 0;
}

/* What it says of itself, and not of the command, it says once: the guest is to hear of that. */
static int storage_own_failed(struct storage_own *own, const struct disk_io *io)
{
	uint16_t why = storage_own_sense(own);

	if (why >> 8 == OWN_UNIT_ATTENTION)
		own->storage->units[own->unit].attention = why;
	return io->kind == RV_EVENT_DISK_FLUSH && why == OWN_NO_SUCH_COMMAND ? 0 : -RV_EIO; /* it has no cache */
}

static void storage_own_fill(struct storage_own_command *command, uint32_t kind, uint64_t lba, uint32_t sectors)
{
	bool is_long = lba + sectors > UINT32_MAX, is_in = kind == RV_EVENT_DISK_READ;
	unsigned lba_bytes = is_long ? 8 : 4, count_bytes = is_long ? 4 : 2, count_at = is_long ? 10 : 7;
	uint8_t *code = command->code;

	command->is_in = is_in;
	command->code_bytes = 10;
	code[0] = OWN_FLUSH;
	if (kind == RV_EVENT_DISK_FLUSH)
		return;
	command->code_bytes = is_long ? 16 : 10;
	code[0] = is_long ? (is_in ? OWN_READ_16 : OWN_WRITE_16) : is_in ? OWN_READ_10 : OWN_WRITE_10;
	for (unsigned i = 0; i < lba_bytes; i++)
		code[2 + i] = (uint8_t)(lba >> 8 * (lba_bytes - 1 - i));
	for (unsigned i = 0; i < count_bytes; i++)
		code[count_at + i] = (uint8_t)(sectors >> 8 * (count_bytes - 1 - i));
}

/* All of it, in as many commands as that takes. */
static int storage_own_do(struct storage_own *own, const struct disk_io *io)
{
	uint32_t most = OWN_PAGES * PAGE_BYTES / io->sector_bytes, done = 0;
	int error;

	if (!storage_owe(own->storage, false))
		return storage_own_lose(own, true, -RV_EIO);
	do {
		uint32_t sectors = io->sectors - done < most ? io->sectors - done : most;
		struct storage_own_command command = {
			.pages = io->bounce.pages + (uint64_t)done * io->sector_bytes / PAGE_BYTES,
			.bytes = io->kind == RV_EVENT_DISK_FLUSH ? 0 : sectors * io->sector_bytes,
		};

		storage_own_fill(&command, io->kind, io->lba + done, sectors);
		error = storage_own_command(own, &command);
		if (error == 1)
			error = storage_own_failed(own, io);
		done += sectors;
	} while (error == 0 && done < io->sectors);
	return error;
}

/* May it be? ------------------------------------------------------------------------------------------------------ */

/* Would another's hook of USB be asked, were these transfers the guest's? Without the lock. */
static bool storage_own_is_hooked(struct request_usb facts, const uint8_t *number, const struct disk_io *io)
{
	bool is_hooked = false;

	for (unsigned is_in = 0; is_in < 2; is_in++) {
		struct request request = { .kind = RV_EVENT_USB_TRANSFER, .asked = RV_EVENT_USB_TRANSFER, .usb = facts };
		struct event_origin origin = { .vcpu = io->vcpu, .request = &request };

		request.usb.endpoint = number[is_in] / 2;
		request.usb.direction = is_in != 0;
		request.usb.type = RV_USB_BULK;
		is_hooked |= hook_others_decide(RV_EVENT_USB_TRANSFER, &origin, io->author);
	}
	return is_hooked;
}

/* The stick has no command, or none that it knows of, and no transfer is on its way to it, or from it. */
static bool storage_own_has_place(const struct storage *storage)
{
	if (storage->is_filling)
		return false;
	return storage->phase == STORAGE_COMMAND ||
	       ((storage->phase == STORAGE_DATA || storage->phase == STORAGE_STATUS) && (storage->is_kept || storage->is_ours));
}

static int storage_own_check(const struct storage *storage, unsigned unit, const struct disk_io *io)
{
	struct xhci_controller *controller = storage->slot->ring.controller;

	if (!storage->is_there || !controller->is_claimed || !controller->watches_transfers || controller->interrupter == 0 ||
	    (xhci_get(controller, controller->operational + XHCI_USBSTS) & XHCI_USBSTS_HCH) != 0)
		return -RV_EAGAIN;
	if (storage->phase == STORAGE_LOST)
		return -RV_EIO;
	for (unsigned is_in = 0; is_in < 2; is_in++) {
		const struct xhci_ring *ring = storage_own_ring(storage, is_in != 0);

		if (ring == NULL || ring->at.segment == NULL)
			return -RV_EAGAIN;
		if (ring->endpoint->is_stalled || !xhci_ring_runs(ring))
			return -RV_EBUSY;
	}
	if (!storage->has_ended || !storage_own_has_place(storage))
		return -RV_EBUSY; /* before the guest's first command it may be amid a reset */
	if (storage->units[unit].attention != 0)
		return -RV_EIO; /* perhaps it is another medium, of another size: the guest asks first */
	if (cipher_covers_serial(storage->units[unit].info.serial))
		return -RV_EPERM;
	for (uint32_t i = 0; !controller->has_64_bits && i < io->bounce.nr_pages; i++) {
		if (memory_physical(io->bounce.pages[i]) >= GIB(4))
			return -RV_ENOMEM;
	}
	return controller->nr_stale < XHCI_STALE_MAXIMUM ? 0 : -RV_ENOMEM;
}

/* The stick's, if it is there. Under xhci_lock. */
static int storage_own_run(unsigned index, const struct storage *expected, struct disk_io *io)
{
	struct storage_own own = { .end_tsc = tsc_read() + time_tsc_of_us(DISK_IO_WAIT_US) };
	unsigned unit;
	int error;

	own.storage = storage_of(index, &unit);
	own.unit = (uint8_t)unit;
	if (own.storage == NULL || own.storage != expected)
		return -RV_ENOENT;
	error = storage_own_check(own.storage, unit, io);
	if (error != 0)
		return error;
	error = storage_own_do(&own, io);
	if (own.is_late) {
		xhci_keep_pages(own.storage->slot->ring.controller, io->bounce.pages, io->bounce.nr_pages);
		io->bounce.nr_pages = 0;
	}
	return error;
}

int storage_own_io(unsigned index, struct disk_io *io)
{
	struct request_usb facts;
	struct storage *storage;
	uint8_t number[2] = { 0 };
	unsigned unit;
	int error;

	spinlock_acquire(&xhci_lock);
	storage = storage_of(index, &unit);
	if (storage != NULL) {
		facts = xhci_slot_facts(storage->slot);
		facts.interface = storage->interface;
		facts.interface_class = STORAGE_CLASS;
		memcpy(number, storage->number, sizeof(number));
	}
	spinlock_release(&xhci_lock);
	if (storage == NULL)
		return -RV_ENOENT;
	if (storage_own_is_hooked(facts, number, io))
		return -RV_EPERM;
	spinlock_acquire(&xhci_lock);
	error = storage_own_run(index, storage, io);
	spinlock_release(&xhci_lock);
	return error;
}
