/*
 * mediator/disk/ahci_request.c: what becomes of a command: it is offered to hooks, goes to the device as they say, and
 * is offered again when the device is done.
 */
#include "mediator/disk/ahci.h"

#include "core/instructions.h"
#include "core/log.h"
#include "core/string.h"
#include "hook/hook.h"
#include "mediator/disk/cipher.h"
#include "mediator/disk/discard.h"
#include "mediator/disk/disk.h"
#include "mediator/disk/purpose.h"
#include "rv/errno.h"

#define AHCI_IDENTIFY_BYTES (ATA_IDENTIFY_WORDS * 2)

/* Data ---------------------------------------------------------------------------------------------- */

static bool ahci_moves_sectors(const struct ahci_slot *slot)
{
	return slot->request.handle != 0 &&
	       (slot->opcode->kind == RV_EVENT_DISK_READ || slot->opcode->kind == RV_EVENT_DISK_WRITE);
}

static uint64_t ahci_request_bytes(const struct ahci_slot *slot)
{
	uint32_t sector_bytes = slot->port->disk.info.sector_bytes;

	return (uint64_t)slot->request.disk.sectors * (sector_bytes != 0 ? sector_bytes : ATA_SECTOR_BYTES);
}

static uint64_t ahci_given_bytes(const struct ahci_slot *slot)
{
	return ahci_moves_sectors(slot) ? ahci_request_bytes(slot) : AHCI_IDENTIFY_BYTES;
}

static int ahci_bounce(struct ahci_slot *slot)
{
	int error = slot->is_bounced ? 0 : bounce_take_pages(&slot->bounce, ahci_given_bytes(slot));

	slot->is_bounced = error == 0;
	return error;
}

static void ahci_bounce_end(struct ahci_slot *slot)
{
	bounce_release_pages(&slot->bounce);
	slot->is_bounced = false;
}

/* The request's data, while it is a write that hooks are asked about, or a read that is done. */
static int ahci_take_data(struct ahci_slot *slot)
{
	bool was_bounced = slot->is_bounced;
	int error = ahci_bounce(slot);

	if (error == 0 && !was_bounced && !ahci_gives(slot)) {
		error = bounce_gather(&slot->bounce);
		if (error != 0)
			ahci_bounce_end(slot); /* pages that hold nothing are not to be sent */
	}
	return error;
}

static int ahci_data(struct request *request, uint64_t offset, void *buffer, size_t length_bytes, bool write)
{
	struct ahci_slot *slot = CONTAINER_OF(request, struct ahci_slot, request);
	int error = ahci_take_data(slot);

	if (error != 0)
		return error;
	if (offset + length_bytes > slot->bounce.length_bytes)
		return -RV_EFAULT; /* the guest's table is shorter than what it asks for */
	bounce_copy(&slot->bounce, offset, buffer, length_bytes, write);
	return 0;
}

static uint8_t *ahci_data_at(struct request *request, uint64_t offset, size_t *length_bytes)
{
	struct ahci_slot *slot = CONTAINER_OF(request, struct ahci_slot, request);

	return ahci_take_data(slot) == 0 ? bounce_at(&slot->bounce, offset, length_bytes) : NULL;
}

/* To the device ------------------------------------------------------------------------------------- */

/* Has the device do something else in its place, which fails if `error` says so. */
static void ahci_answer(struct ahci_slot *slot, uint8_t error)
{
	slot->is_filler = true;
	slot->error = error;
	slot->state = AHCI_READY;
}

static uint8_t ahci_denied_error(const struct ahci_slot *slot)
{
	return ata_refused(slot->request.refusal, ahci_moves_sectors(slot));
}

static bool ahci_wants_bounce(const struct ahci_slot *slot)
{
	return ahci_gives(slot) &&
	       (!ahci_moves_sectors(slot) || request_is_read(&slot->request, RV_EVENT_DISK_DONE));
}

/* False: it is a request as any. */
static bool ahci_start_log(struct ahci_slot *slot)
{
	if (!ahci_log_is_asked(slot) || ahci_bounce(slot) != 0)
		return false;
	if (slot->bounce.length_bytes < ATA_SECTOR_BYTES) {
		ahci_bounce_end(slot);
		return false;
	}
	slot->is_log = true;
	slot->transferred = ATA_SECTOR_BYTES;
	ahci_log_answer(slot);
	ahci_answer(slot, 0);
	return true;
}

static void ahci_start(struct ahci_slot *slot)
{
	if (ahci_start_log(slot))
		return;
	slot->state = AHCI_READY;
	if (!ahci_wants_bounce(slot) || ahci_bounce(slot) == 0)
		return;
	log_warning("ahci: a read of %u sectors is refused: hooks want its data, and it is too long or there is not "
		    "enough memory for them", slot->request.disk.sectors);
	ahci_answer(slot, ahci_denied_error(slot));
}

/* Success without the device: what is read is zeros, or what a hook has given. */
static void ahci_drop(struct ahci_slot *slot)
{
	bool gives = ahci_gives(slot), fails = gives && ahci_bounce(slot) != 0;

	if (gives && !fails)
		slot->transferred = (uint32_t)slot->bounce.length_bytes;
	ahci_answer(slot, fails ? ahci_denied_error(slot) : 0);
}

/* What hooks have decided is done. */
static void ahci_go_on(struct ahci_slot *slot)
{
	if (slot->request.verdict == RV_VERDICT_DENY)
		ahci_answer(slot, ahci_denied_error(slot));
	else if (slot->request.verdict == RV_VERDICT_DROP)
		ahci_drop(slot);
	else
		ahci_start(slot);
}

/* The end ------------------------------------------------------------------------------------------- */

/* Has the device told of an end that hooks do not know of yet? */
static bool ahci_has_unasked_end(const struct ahci_port *port)
{
	for (unsigned i = 0; i < AHCI_SLOTS; i++) {
		if (port->slots[i] != NULL && port->slots[i]->state == AHCI_DONE)
			return true;
	}
	return false;
}

/* The interrupt that tells of an end is taken back; but not that of a failure which the guest is told of, nor what may
 * be another command's: of one at the device, or that has ended and is about to be shown, or is, and the guest has not
 * looked. Those whose end hooks have now had it as well. */
static void ahci_hide(struct ahci_port *port)
{
	bool is_others = port->has_news[0] || port->has_news[1] || ahci_has_unasked_end(port);

	if (port->is_told || port->out != 0)
		return;
	ahci_write(port, AHCI_PxIS, AHCI_PxIS_TFES | (is_others ? 0 : AHCI_PxIS_DONE));
	port->has_hidden = true;
	for (unsigned i = 0; !is_others && i < AHCI_SLOTS; i++) {
		if (port->slots[i] != NULL && port->slots[i]->state == AHCI_DONE_ASKED)
			port->slots[i]->has_waited = true;
	}
}

/* The guest sees an error, and a port that stands still. */
static void ahci_show_failure(struct ahci_slot *slot)
{
	struct ahci_port *port = slot->port;

	port->is_failed = port->is_told = true;
	slot->state = AHCI_FAILED;
	ahci_received_write(slot);
	if (!slot->is_filler)
		return;
	if (slot->is_queued)
		ahci_log_write(slot);
	port->shown = (uint16_t)(slot->error << 8 | ATA_STATUS_DRDY | ATA_STATUS_DSC | ATA_STATUS_ERR);
}

static void ahci_show_success(struct ahci_slot *slot)
{
	struct ahci_port *port = slot->port;

	if (slot->is_filler && port->out == 0 && !port->is_failed) /* or what is there is about another command */
		ahci_received_write(slot);
	(void)ahci_memory_write(port, ahci_header_address(slot) + 4, &slot->transferred, sizeof(slot->transferred));
	port->issued &= ~ahci_bit(slot);
	port->active &= ~ahci_bit(slot);
	port->has_news[slot->is_queued] = true;
	ahci_slot_free(slot);
}

/* What has been decided of the end is done. A failure that the device knows nothing of, and an end whose interrupt
 * may be over, take another command in its place. */
static void ahci_finish(struct ahci_slot *slot)
{
	struct ahci_port *port = slot->port;
	uint8_t error = slot->error;

	if (slot->request.verdict == RV_VERDICT_DENY && error == 0)
		error = ahci_denied_error(slot);
	else if (error == 0 && slot->is_bounced && ahci_gives(slot) && bounce_scatter(&slot->bounce) != 0)
		error = ATA_ERROR_ABRT;
	ahci_bounce_end(slot);
	if (slot->has_waited || error != slot->error) {
		slot->has_received &= error == slot->error;
		slot->has_waited = false;
		slot->request.verdict = RV_VERDICT_PASS;
		if (slot->has_failed || !port->is_failed)
			ahci_hide(port);
		if (slot->has_failed && !port->is_told)
			ahci_restart(port);
		ahci_answer(slot, error);
	} else if (error != 0) {
		ahci_show_failure(slot);
	} else {
		ahci_show_success(slot);
	}
}

/* Asking -------------------------------------------------------------------------------------------- */

/* The hooks have decided, unless a reset has ended the command meanwhile. */
static void ahci_decided(struct ahci_slot *slot)
{
	if (slot->is_gone)
		ahci_slot_free(slot);
	else if (slot->state == AHCI_ASKED)
		ahci_go_on(slot);
	else
		ahci_finish(slot);
}

static void ahci_resume(struct request *request, struct vcpu *vcpu)
{
	struct ahci_slot *slot = CONTAINER_OF(request, struct ahci_slot, request);
	struct ahci_port *port = slot->port;

	spinlock_acquire(&port->controller->lock);
	slot->has_waited = slot->state == AHCI_DONE_ASKED;
	ahci_decided(slot);
	ahci_work(port, vcpu);
	ahci_release_unwatched(port->controller);
	spinlock_release(&port->controller->lock);
}

/* If an end waits that there was an interrupt for, the guest is not to see that. */
static void ahci_hide_waiting(struct ahci_port *port)
{
	for (unsigned i = 0; i < AHCI_SLOTS; i++) {
		const struct ahci_slot *slot = port->slots[i];

		if (slot != NULL && slot->state == AHCI_DONE_ASKED && ahci_is_exclusive(slot))
			ahci_hide(port);
	}
}

void ahci_looked(struct ahci_port *port, bool is_queued)
{
	if (!port->has_news[is_queued])
		return;
	port->has_news[is_queued] = false;
	ahci_hide_waiting(port);
}

/* Asks the hooks without the lock, and does what is to be done then: at once, or, if the request waits, later;
 * nothing, if a reset ends the command. The slot may be gone then. */
static void ahci_ask(struct ahci_slot *slot, enum ahci_slot_state state, struct vcpu *vcpu)
{
	struct ahci_port *port = slot->port;
	bool is_decided;

	slot->state = (uint8_t)state;
	slot->has_waited = false;
	slot->request.resume = ahci_resume;
	spinlock_release(&port->controller->lock);
	is_decided = request_offer(&slot->request, vcpu);
	spinlock_acquire(&port->controller->lock);
	if (is_decided)
		ahci_decided(slot);
	else
		ahci_hide_waiting(port);
}

/* What a discard is about stands in its data, which are taken, once, before hooks are asked. */
static bool ahci_read_ranges(struct ahci_slot *slot)
{
	uint64_t blocks = ahci_command_blocks(slot);

	if (blocks > DISCARD_LIST_BYTES_MAXIMUM / ATA_SECTOR_BYTES ||
	    bounce_take_pages(&slot->bounce, blocks * ATA_SECTOR_BYTES) != 0)
		return false;
	slot->is_bounced = true;
	if (bounce_gather(&slot->bounce) != 0) {
		ahci_bounce_end(slot);
		return false;
	}
	discard_describe(&slot->bounce, DISCARD_ATA, &slot->request.disk);
	slot->request.data = ahci_data;
	slot->request.data_bytes = slot->bounce.length_bytes;
	return true;
}

void ahci_begin(struct ahci_slot *slot, struct vcpu *vcpu)
{
	int error = ahci_command_read(slot);

	ahci_command_describe(slot);
	if (slot->is_queued)
		slot->port->active |= ahci_bit(slot);
	/* What is behind a port multiplier has no number here, and one of them may be encrypted. */
	if (error == 0 && cipher_is_wanted() && ahci_is_multiplied(slot))
		error = -RV_EINVAL;
	if (error != 0) {
		if (error == -RV_E2BIG)
			log_warning("ahci: a command (0x%x) is refused: its data are in too many pieces",
				    slot->opcode->code);
		ahci_answer(slot, ATA_ERROR_ABRT);
		return;
	}
	if (ahci_moves_sectors(slot) || ahci_gives(slot)) {
		slot->request.data = ahci_data;
		slot->request.data_at = ahci_data_at;
	}
	if (ahci_gives(slot))
		slot->request.answer_bytes = ahci_given_bytes(slot);
	else if (ahci_moves_sectors(slot))
		slot->request.data_bytes = ahci_request_bytes(slot);
	if (slot->request.handle != 0)
		cipher_begin(&slot->request);
	if (slot->request.handle == 0 || !request_is_wanted(&slot->request))
		ahci_go_on(slot);
	else if (slot->request.kind == RV_EVENT_DISK_DISCARD && !ahci_read_ranges(slot))
		ahci_answer(slot, ATA_ERROR_ABRT);
	else
		ahci_ask(slot, AHCI_ASKED, vcpu);
}

/* What the guest is told of its disk we know from here. */
static void ahci_see_identify(struct ahci_slot *slot)
{
	const struct rv_disk_info *info = &slot->port->disk.info;
	uint16_t words[ATA_IDENTIFY_WORDS];

	if (slot->bounce.length_bytes < sizeof(words))
		return;
	bounce_copy(&slot->bounce, 0, words, sizeof(words), false);
	ahci_identified(slot->port, words);
	if (!cipher_covers(ahci_disk_number(slot->port)))
		return;
	if (cipher_front(info) != 0)
		ata_hide_front(words, cipher_front(info), cipher_guest_sectors(info));
	ata_hide_bypasses(words);
	bounce_copy(&slot->bounce, 0, words, sizeof(words), true);
}

/* What the device itself has made of the guest's command. */
static void ahci_note_end(struct ahci_slot *slot)
{
	slot->transferred = __atomic_load_n(&slot->port->headers[8 * slot->number + 1], __ATOMIC_ACQUIRE);
	if (!slot->is_queued)
		ahci_received_read(slot);
	if (!slot->has_failed && slot->is_bounced && slot->opcode->code == ATA_IDENTIFY)
		ahci_see_identify(slot);
}

/* Never 0. */
static uint8_t ahci_device_error(const struct ahci_port *port)
{
	uint8_t error = (uint8_t)(ahci_read(port, AHCI_PxTFD) >> 8);

	return error != 0 ? error : ATA_ERROR_ABRT;
}

void ahci_complete(struct ahci_slot *slot, struct vcpu *vcpu)
{
	struct request *request = &slot->request;
	bool was_ended = slot->is_ended, is_refused = slot->is_filler && slot->error != 0;

	if (slot->has_failed && slot->error == 0)
		slot->error = ahci_device_error(slot->port);
	if (!slot->is_filler)
		ahci_note_end(slot);
	request->verdict = RV_VERDICT_PASS;
	slot->is_ended = true;
	slot->has_waited = false;
	if (!was_ended && !is_refused && request->handle != 0 && request_is_awaited(request, RV_EVENT_DISK_DONE)) {
		request->kind = RV_EVENT_DISK_DONE;
		request->end_tsc = tsc_read();
		request->disk.status = slot->error;
		request->data_bytes = slot->is_bounced && ahci_moves_sectors(slot) && ahci_gives(slot) &&
				      slot->error == 0 ? slot->bounce.length_bytes : 0;
		ahci_ask(slot, AHCI_DONE_ASKED, vcpu);
		return;
	}
	ahci_finish(slot);
}
