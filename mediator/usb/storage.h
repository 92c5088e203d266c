/*
 * mediator/usb/storage.h: sticks as disks: the commands that the guest gives a mass storage device by its bulk endpoints (USB
 * Mass Storage Class, Bulk-Only Transport 1.0), as requests.
 *
 * A command is a wrapper (CBW) by the endpoint OUT, data by one of the two, and a status (CSW) by IN. Each is a transfer of
 * the guest's, and goes to the device when it is its turn and hooks have let the command pass:
 *
 *	a read, or what moves nothing:	CBW waits for hooks -> device; data; CSW
 *	a write that hooks want:	CBW is kept, and the guest told that it was sent; data wait for hooks; then the device
 *					gets the CBW from us, and behind it the guest's data; CSW
 *	one that is refused:		the device hears of none of it: the guest gets data and CSW from us, and its next
 *					REQUEST SENSE is answered by us
 *
 * Where a transfer of the guest's is not for the device, the device has something else to do in its place, so that the event that
 * the guest waits for is a real one: OUT a CBW that asks whether it is ready (TEST UNIT READY), IN that one's CSW, which nobody
 * sees. So each such OUT makes the device owe a CSW, which an IN, or a transfer of our own, takes. (A No Op TRB, by which the
 * controller would be enough, makes QEMU's ask the device for a packet of no bytes.)
 *
 * What no order of transfers can mean loses the device to the guest until it resets the storage (Reset Recovery, 5.3.4): its
 * transfers stall. So what the device takes for a CBW is never anything that was not looked at: see storage_is_whole().
 */
#ifndef MEDIATOR_USB_STORAGE_H
#define MEDIATOR_USB_STORAGE_H

#include "mediator/disk/scsi.h"
#include "mediator/usb/xhci.h"
#include "rv/disk.h"

#define STORAGE_UNITS 16     /* of a device, as a CBW can name them */
#define STORAGE_CBW_BYTES 31
#define STORAGE_CSW_BYTES 13
#define STORAGE_CLASS 0x08
#define STORAGE_SUBCLASS 0x06 /* SCSI, all of it */
#define STORAGE_PROTOCOL 0x50 /* bulk only */
#define STORAGE_RESET 0xff    /* the class's request, of type */
#define STORAGE_RESET_TYPE 0x21
#define STORAGE_BYTES_MAXIMUM MIB(2) /* of a request's data that hooks can have */

struct disk_io; /* mediator/disk/disk_io.h */

enum storage_phase {
	STORAGE_COMMAND, /* a CBW is next */
	STORAGE_DATA,
	STORAGE_STATUS,
	STORAGE_ENDING,	 /* the controller has the CSW's transfer */
	STORAGE_LOST,	 /* nothing, until the guest resets it */
};

/* What of a command a transfer is. */
enum storage_stage { STORAGE_NONE, STORAGE_STAGE_CBW, STORAGE_STAGE_DATA, STORAGE_STAGE_CSW, STORAGE_STAGE_FILLER };

/* Where the data are from that the guest gets of one that the device does not hear of. */
enum storage_source { STORAGE_ZEROS, STORAGE_ANSWER, STORAGE_SENSE };

struct storage_unit {
	struct rv_disk_info info; /* sector_bytes 0: not known yet */
	bool has_number;
	uint16_t failed;	  /* what its next REQUEST SENSE is told, as scsi_write_sense() */
	uint16_t attention;	  /* as that, of the guest's next command: it has told us, and says it once */
	char model[26];
};

struct storage {
	struct xhci_slot *slot;
	uint8_t interface;
	uint8_t number[2];	  /* of its endpoints, as doorbells count: OUT, IN */
	uint16_t packet_bytes[2];
	uint8_t phase;		  /* enum storage_phase */
	bool is_ours;		  /* the device does not hear of the command */
	bool is_kept;		  /* nor has it yet */
	bool fails;		  /* of ours: its CSW says so */
	bool is_spoiled;	  /* the device has done it, and hooks say that it has failed */
	bool is_told;		  /* hooks have seen its end */
	bool owes;		  /* the device, a CSW that is for nobody */
	bool is_filling;	  /* the controller has a transfer in the place of the guest's */
	uint8_t source;		  /* enum storage_source */
	uint8_t unit;
	bool is_in;		  /* its data come from the device */
	bool is_there;		  /* the device has it */
	bool asks;		  /* hooks are, or have it wait */
	bool is_abandoned;	  /* meanwhile the guest has reset it */
	bool has_ended;		  /* the device, a command of the guest's, since it was reset */
	uint32_t tag, length;	  /* of the CBW */
	uint8_t code[SCSI_COMMAND_BYTES];
	struct scsi_command command;
	struct xhci_transfer *pending; /* waits for hooks, in its place in its ring */
	struct xhci_transfer *data;    /* whose data the request has now */
	uint8_t *answer;	  /* pages: what a hook gives in the place of the device */
	uint32_t nr_answer_pages;
	struct xhci_trb *work;	  /* a page that the controller may reach: TRBs of ours, and behind them what they move */
	uint32_t work_at;
	struct request request;
	struct storage_unit units[STORAGE_UNITS];
};
_Static_assert(sizeof(struct storage) <= PAGE_BYTES, "what is known of storage is in a page");

struct storage_cbw {
	uint32_t tag, length;
	uint8_t unit;
	bool is_in;
	uint8_t code_bytes;
	const uint8_t *code; /* SCSI_COMMAND_BYTES */
};

/* All is called under xhci_lock. */

/* storage_find.c: of a device whose descriptors are known. Does hooks of disks allow it to be configured? NULL, or why not. */
const char *storage_forbids(const struct xhci_slot *slot);
/* It is to be configured: its storage is followed if hooks want disks' requests. False: it could not be. */
bool storage_attach(struct xhci_slot *slot);
/* Is that endpoint one of its storage's? */
bool storage_has_endpoint(const struct xhci_slot *slot, unsigned number);
/* Of such a one: is it as its descriptor says? */
bool storage_endpoint_is_right(const struct xhci_slot *slot, unsigned number, uint32_t word0, uint32_t word1);
/* May a control transfer not reach the device? SET_INTERFACE, to one by which commands would come that we do not read. */
bool storage_refuses(const struct xhci_slot *slot, uint64_t setup);
/* What the guest is told in the place of a configuration's descriptors: no such interface. */
void storage_conceal(const struct xhci_slot *slot, uint8_t *descriptors, uint32_t length_bytes);
/* A unit is a disk now, with a number; false: there is none left. */
bool storage_unit_begin(struct storage *storage, struct storage_unit *unit);
/* It has said how large it is; who wants to know of disks that come is told. */
void storage_unit_known(struct storage_unit *unit, uint64_t sectors, uint32_t sector_bytes);
/* The device is gone; likewise. */
void storage_detach(struct xhci_slot *slot);

/* storage.c. The ring's next transfer, which xhci_transfer.c has taken; `transfer` is a new one of it that USB's hooks have let
 * pass, NULL: it is one that has waited. As xhci_ring_step. */
bool storage_step(struct storage *storage, struct xhci_transfer *transfer, struct xhci_ring *ring, struct vcpu *vcpu);
/* Is it the turn of that ring, whose next transfer is not known yet? */
bool storage_is_turn(const struct storage *storage, const struct xhci_ring *ring);
/* The controller has told of a transfer's end, of that code. May give up the lock. */
void storage_ended(struct storage *storage, struct xhci_transfer *transfer, uint32_t code, struct vcpu *vcpu);
/* The guest is told that it has ended; there may be something to do now. */
void storage_go_on(struct storage *storage, struct vcpu *vcpu);
void storage_reset(struct storage *storage);
void storage_lose(struct storage *storage, const char *why);
void storage_write_cbw(uint8_t *bytes, const struct storage_cbw *cbw);
/* Where in the work page two TRBs are free. */
unsigned storage_work_take(struct storage *storage);
/* The device owes a CSW, or owes none: it is made so. False: it does not do that. */
bool storage_owe(struct storage *storage, bool owes);

/* storage_find.c: what the disk of that index, below RV_DISKS_A_BUS, is a unit of; NULL: it is not there. */
struct storage *storage_of(unsigned index, unsigned *unit);

/* storage_own.c: as disk_class.io. Without the lock. */
int storage_own_io(unsigned index, struct disk_io *io);

#endif
