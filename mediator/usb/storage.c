/*
 * mediator/usb/storage.c: a command's way (Bulk-Only Transport 1.0, 5 and 6).
 */
#include "mediator/usb/storage.h"

#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/string.h"
#include "hook/hook.h"
#include "mediator/disk/cipher.h"
#include "rv/errno.h"
#include "vmm/guest_memory.h"

#define STORAGE_CBW_SIGNATURE 0x43425355u
#define STORAGE_CSW_SIGNATURE 0x53425355u
#define STORAGE_IN 0x80u	  /* of a CBW's flags, of which all others are 0 */
#define STORAGE_FAILED 1	  /* of a CSW */
#define STORAGE_PHASE_ERROR 2
#define STORAGE_INSERT_US 500000  /* for which a device may not take a CBW from us */
#define STORAGE_WORK_TRBS 64
#define STORAGE_CBW_AT 64	  /* in the work page, in TRBs: one that was kept; */
#define STORAGE_FILLER_AT 96	  /* one that is a filler; */
#define STORAGE_SINK_AT 128	  /* and where a CSW for nobody goes */

static uint32_t storage_get32(const uint8_t *bytes)
{
	return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static struct storage_unit *storage_unit(struct storage *storage)
{
	return &storage->units[storage->unit];
}

static bool storage_is_out(const struct xhci_ring *ring)
{
	return ring->endpoint->number % 2 == 0;
}

void storage_lose(struct storage *storage, const char *why)
{
	if (storage->phase != STORAGE_LOST)
		log_warning("usb storage, xhci%u slot %u: %s: it stalls until it is reset", storage->slot->ring.controller->index,
			    storage->slot->number, why);
	storage->phase = STORAGE_LOST;
	storage->has_ended = false;
}

/* What a command had, and its request no longer needs. */
static void storage_clean(struct storage *storage)
{
	if (storage->pending != NULL)
		xhci_transfer_free(storage->pending);
	if (storage->answer != NULL)
		memory_free_pages(storage->answer, storage->nr_answer_pages);
	storage->pending = storage->data = NULL;
	storage->answer = NULL;
	storage->is_ours = storage->is_kept = storage->fails = storage->is_spoiled = storage->is_told = false;
	storage->source = STORAGE_ZEROS;
}

void storage_reset(struct storage *storage)
{
	storage->phase = STORAGE_COMMAND;
	storage->owes = storage->is_filling = storage->has_ended = false;
	for (unsigned i = 0; i < STORAGE_UNITS; i++)
		storage->units[i].failed = 0;
	if (storage->asks && !request_cancel(&storage->request)) {
		storage->is_abandoned = true; /* whoever asks comes back */
		return;
	}
	storage->asks = storage->is_abandoned = false;
	storage_clean(storage);
}

/* The request ------------------------------------------------------------------------------------------------ */

/* Hooks have decided, or the guest did not wait for that. */
static void storage_answered(struct storage *storage)
{
	storage->asks = false;
	if (!storage->is_abandoned)
		return;
	storage->is_abandoned = false;
	storage_clean(storage);
}

/* Of one that gives data, before the device has: what it gives is ours. */
static int storage_answer_data(struct storage *storage, uint64_t offset, void *buffer, size_t length_bytes, bool write)
{
	uint32_t nr_pages = (uint32_t)(align_up(storage->length, PAGE_BYTES) / PAGE_BYTES);

	if (storage->answer == NULL && memory_has_spare_pages(nr_pages))
		storage->answer = memory_allocate_pages(nr_pages);
	if (storage->answer == NULL)
		return -RV_ENOMEM;
	storage->nr_answer_pages = nr_pages;
	if (offset > storage->length || length_bytes > storage->length - offset)
		return -RV_ERANGE;
	memcpy(write ? storage->answer + offset : buffer, write ? buffer : storage->answer + offset, length_bytes);
	return 0;
}

static int storage_data(struct request *request, uint64_t offset, void *buffer, size_t length_bytes, bool write)
{
	struct storage *storage = CONTAINER_OF(request, struct storage, request);

	if (storage->data != NULL)
		return storage->data->request.data(&storage->data->request, offset, buffer, length_bytes, write);
	return storage->is_in ? storage_answer_data(storage, offset, buffer, length_bytes, write) : -RV_EAGAIN;
}

/* A hook had it wait. */
static void storage_resume(struct request *request, struct vcpu *vcpu)
{
	struct storage *storage = CONTAINER_OF(request, struct storage, request);

	spinlock_acquire(&xhci_lock);
	storage_answered(storage);
	storage_go_on(storage, vcpu);
	spinlock_release(&xhci_lock);
}

/* Asks hooks about the command, and keeps the transfer meanwhile. False: it waits. */
static bool storage_ask(struct storage *storage, struct xhci_transfer *transfer, struct vcpu *vcpu)
{
	storage->pending = transfer;
	storage->asks = true;
	storage->request.resume = storage_resume;
	spinlock_release(&xhci_lock);
	if (request_offer(&storage->request, vcpu)) {
		spinlock_acquire(&xhci_lock);
		storage_answered(storage);
	} else {
		spinlock_acquire(&xhci_lock); /* perhaps it is decided already */
	}
	return !storage->asks;
}

/* Hooks see how it has ended; they cannot have that wait. */
static void storage_tell(struct storage *storage, struct xhci_transfer *data, uint16_t status, struct vcpu *vcpu)
{
	struct request *request = &storage->request;

	if (storage->is_told || request->handle == 0 || !request_is_awaited(request, RV_EVENT_DISK_DONE))
		return;
	storage->is_told = storage->asks = true;
	storage->data = data;
	request->kind = RV_EVENT_DISK_DONE;
	request->end_tsc = tsc_read();
	request->cannot_wait = true;
	request->disk.status = status;
	request->data_bytes = data != NULL ? data->request.usb.length : 0;
	spinlock_release(&xhci_lock);
	(void)request_offer(request, vcpu);
	spinlock_acquire(&xhci_lock);
	storage->data = NULL;
	storage_answered(storage);
}

/* From here on the device hears nothing of it. `why`: as scsi_write_sense(); 0: it succeeds. */
static void storage_take(struct storage *storage, uint16_t why)
{
	storage->is_ours = true;
	storage->is_kept = false;
	storage->fails = why != 0;
	storage_unit(storage)->failed = why;
	storage->source = storage->answer != NULL && storage->request.is_answered ? STORAGE_ANSWER : STORAGE_ZEROS;
}

/* Transfers ---------------------------------------------------------------------------------------------------- */

static bool storage_stall(struct storage *storage, struct xhci_transfer *transfer, const char *why)
{
	storage_lose(storage, why);
	transfer->request.verdict = RV_VERDICT_DENY;
	return xhci_transfer_settle(transfer);
}

unsigned storage_work_take(struct storage *storage)
{
	storage->work_at = (storage->work_at + 2) % STORAGE_WORK_TRBS;
	return storage->work_at;
}

/* A transfer of ours. False: the device does not do it. */
static bool storage_insert(struct storage *storage, bool is_in, hpa_t data)
{
	struct xhci_endpoint *endpoint = storage->slot->endpoints[storage->number[is_in]];

	return endpoint != NULL && xhci_ring_insert(&endpoint->ring, &storage->work[storage_work_take(storage)], data,
						    is_in ? STORAGE_CSW_BYTES : STORAGE_CBW_BYTES, STORAGE_INSERT_US);
}

static bool storage_give_up(struct storage *storage, struct xhci_transfer *transfer)
{
	struct xhci_ring *ring = transfer->ring;

	storage_lose(storage, "the device takes no command of ours");
	xhci_transfer_free(transfer);
	return xhci_ring_stop(ring, "a stick takes no command of ours");
}

void storage_write_cbw(uint8_t *bytes, const struct storage_cbw *cbw)
{
	memset(bytes, 0, STORAGE_CBW_BYTES);
	memcpy(bytes, (uint8_t[]){ 'U', 'S', 'B', 'C' }, 4);
	memcpy(bytes + 4, &cbw->tag, 4);
	memcpy(bytes + 8, &cbw->length, 4);
	bytes[12] = cbw->is_in ? STORAGE_IN : 0;
	bytes[13] = cbw->unit;
	bytes[14] = cbw->code_bytes;
	memcpy(bytes + 15, cbw->code, SCSI_COMMAND_BYTES);
}

bool storage_owe(struct storage *storage, bool owes)
{
	static const uint8_t test_unit_ready[SCSI_COMMAND_BYTES];
	uint8_t *cbw = (uint8_t *)&storage->work[STORAGE_FILLER_AT];

	storage_write_cbw(cbw, &(struct storage_cbw){ .tag = storage->tag, .unit = storage->unit, .code_bytes = 6, .code = test_unit_ready });
	if (storage->owes != owes &&
	    !storage_insert(storage, !owes, memory_physical(owes ? cbw : (uint8_t *)&storage->work[STORAGE_SINK_AT])))
		return false;
	storage->owes = owes;
	return true;
}

/* The device does something else in its place, and the guest is told that it is done. */
static bool storage_swallow(struct storage *storage, struct xhci_transfer *transfer)
{
	bool is_out = storage_is_out(transfer->ring);

	if (!storage_owe(storage, !is_out))
		return storage_give_up(storage, transfer);
	storage->owes = is_out;
	storage->is_filling = true;
	transfer->stage = STORAGE_STAGE_FILLER;
	transfer->filler = memory_physical(&storage->work[is_out ? STORAGE_FILLER_AT : STORAGE_SINK_AT]);
	transfer->filler_bytes = is_out ? STORAGE_CBW_BYTES : STORAGE_CSW_BYTES;
	transfer->request.verdict = RV_VERDICT_DROP;
	return xhci_transfer_settle(transfer);
}

static bool storage_pass(struct xhci_transfer *transfer, enum storage_stage stage)
{
	transfer->stage = (uint8_t)stage;
	transfer->request.verdict = RV_VERDICT_PASS;
	return xhci_transfer_settle(transfer);
}

/* Gives the guest bytes as if the device had: as many as it asks for of these, and zeros behind them if it is to have all. */
static bool storage_fill(struct storage *storage, struct xhci_transfer *transfer, const uint8_t *bytes, uint32_t count, uint32_t length)
{
	static const uint8_t zeros[256];

	if (length > transfer->request.usb.length)
		length = transfer->request.usb.length;
	for (uint32_t at = 0, part; at < length; at += part) {
		const uint8_t *from = at < count ? bytes + at : zeros;
		uint32_t left = at < count ? count - at : (uint32_t)sizeof(zeros);

		part = length - at < left ? length - at : left;
		transfer->request.kind = RV_EVENT_USB_DONE; /* it is the guest's memory that is written */
		if (transfer->request.data(&transfer->request, at, (void *)(uintptr_t)from, part, true) != 0)
			return storage_stall(storage, transfer, "what it asks for has no place in its memory");
	}
	transfer->request.kind = transfer->request.asked;
	transfer->told_bytes = length;
	transfer->is_short = length < transfer->request.usb.length;
	return storage_swallow(storage, transfer);
}

/* Its last TRB has to have an event, or nobody would hear of its end. */
static bool storage_has_end(const struct xhci_transfer *transfer)
{
	return (transfer->parts[transfer->nr_parts - 1].trb.control & XHCI_TRB_IOC) != 0;
}

/* All of the command's data are one transfer. If they could be less, what comes behind them would be a CBW to the device; if
 * more, their end. */
static bool storage_is_whole(const struct storage *storage, const struct xhci_transfer *transfer)
{
	return transfer->request.usb.length == storage->length && storage_has_end(transfer);
}

/* The command --------------------------------------------------------------------------------------------------- */

/* NULL, or why that is no CBW that means something (6.2). */
static const char *storage_read_cbw(struct storage *storage, struct xhci_transfer *transfer)
{
	uint8_t cbw[STORAGE_CBW_BYTES];

	if (transfer->request.usb.length != sizeof(cbw) ||
	    transfer->request.data(&transfer->request, 0, cbw, sizeof(cbw), false) != 0)
		return "a command is not as long as one";
	if (storage_get32(cbw) != STORAGE_CBW_SIGNATURE || (cbw[12] & ~STORAGE_IN) != 0 || cbw[13] >= STORAGE_UNITS || cbw[14] == 0 ||
	    cbw[14] > SCSI_COMMAND_BYTES)
		return "a command is none";
	storage->tag = storage_get32(cbw + 4);
	storage->length = storage_get32(cbw + 8);
	storage->is_in = (cbw[12] & STORAGE_IN) != 0;
	storage->unit = cbw[13];
	memcpy(storage->code, cbw + 15, SCSI_COMMAND_BYTES); /* devices may read all of it, whatever its length is said to be */
	scsi_read_command(&storage->command, storage->code);
	return NULL;
}

/* What the device has told a command of ours, and meant for all (SPC-4 5.14): 0, or as scsi_write_sense(). */
static uint16_t storage_take_attention(const struct storage *storage, struct storage_unit *unit)
{
	uint16_t attention = storage->code[0] != SCSI_INQUIRY && storage->code[0] != SCSI_REPORT_LUNS ? unit->attention : 0;

	if (attention != 0)
		unit->attention = 0;
	return attention;
}

/* 0, or why it is not to reach the device, as scsi_write_sense(). */
static uint16_t storage_check(const struct storage *storage, const struct storage_unit *unit)
{
	static const uint8_t lengths[8] = { 6, 10, 10, 0, 16, 12, 0, 0 };
	const struct scsi_command *command = &storage->command;
	bool moves = command->kind == RV_EVENT_DISK_READ || command->kind == RV_EVENT_DISK_WRITE;

	if (!moves)
		return storage->length > STORAGE_BYTES_MAXIMUM ? SCSI_INVALID_FIELD : 0;
	if (unit->info.sector_bytes == 0 || cipher_covers_serial(unit->info.serial))
		return SCSI_NOT_READY;
	if (storage->length != (uint64_t)command->sectors * unit->info.sector_bytes || storage->length > STORAGE_BYTES_MAXIMUM ||
	    (storage->length != 0 && storage->is_in != (command->kind == RV_EVENT_DISK_READ)) || lengths[storage->code[0] >> 5] == 0)
		return SCSI_INVALID_FIELD;
	return 0;
}

static void storage_begin_request(struct storage *storage)
{
	const struct scsi_command *command = &storage->command;
	struct request *request = &storage->request;

	request_begin(request, command->kind);
	request->disk = (struct request_disk){
		.lba = command->lba,
		.sectors = command->sectors,
		.number = storage_unit(storage)->info.number,
		.command = storage->code[0],
		.purpose = command->purpose,
		.argument = command->argument,
		.is_forced = command->is_forced,
	};
	request->data = storage_data;
	request->answer_bytes = storage->is_in ? storage->length : 0;
}

static void storage_enter_data(struct storage *storage)
{
	storage->phase = storage->length != 0 ? STORAGE_DATA : STORAGE_STATUS;
}

/* Hooks may look at what it writes, so that they are asked when that is there. */
static bool storage_is_to_be_kept(const struct storage *storage)
{
	uint32_t kind = storage->command.kind;

	return (kind == RV_EVENT_DISK_WRITE || kind == RV_EVENT_DISK_DISCARD) && storage->length != 0 && !storage->is_in;
}

/* The guest's REQUEST SENSE, about what was ours. Any other command makes the device forget what it would say (SPC-4 4.5.1). */
static bool storage_answers_sense(struct storage *storage)
{
	struct storage_unit *unit = storage_unit(storage);
	bool is_asked = storage->code[0] == SCSI_REQUEST_SENSE;

	if (is_asked && unit->failed == 0) {
		unit->failed = unit->attention;
		unit->attention = 0;
	}
	is_asked &= unit->failed != 0;
	if (!is_asked)
		unit->failed = 0;
	return is_asked;
}

static bool storage_begin(struct storage *storage, struct xhci_transfer *transfer, struct vcpu *vcpu)
{
	const char *why = storage_read_cbw(storage, transfer);
	struct storage_unit *unit = storage_unit(storage);
	uint16_t error;

	if (why != NULL)
		return storage_stall(storage, transfer, why);
	storage->request.handle = 0;
	if (storage_answers_sense(storage)) {
		storage->is_ours = true;
		storage->source = STORAGE_SENSE;
		storage_enter_data(storage);
		return storage_swallow(storage, transfer);
	}
	if (!storage_unit_begin(storage, unit))
		return storage_stall(storage, transfer, "it has no number");
	error = storage_take_attention(storage, unit);
	if (error == 0)
		error = storage_check(storage, unit);
	if (error != 0) {
		storage_take(storage, error);
		storage_enter_data(storage);
		return storage_swallow(storage, transfer);
	}
	storage_enter_data(storage);
	if (storage->command.kind == 0)
		return storage_pass(transfer, STORAGE_STAGE_CBW);
	storage_begin_request(storage);
	if (!request_is_wanted(&storage->request))
		return storage_pass(transfer, STORAGE_STAGE_CBW);
	storage->is_kept = storage_is_to_be_kept(storage);
	if (storage->is_kept)
		return storage_swallow(storage, transfer);
	storage->phase = STORAGE_COMMAND;
	return storage_ask(storage, transfer, vcpu);
}

/* What hooks have made of it. False: it cannot be. */
static bool storage_make_code(const struct storage *storage, uint8_t *code)
{
	memcpy(code, storage->code, SCSI_COMMAND_BYTES);
	return storage->request.disk.lba == storage->command.lba || scsi_write_lba(code, storage->request.disk.lba);
}

static bool storage_decided_command(struct storage *storage, struct xhci_transfer *transfer)
{
	struct request *request = &storage->request;
	uint8_t code[SCSI_COMMAND_BYTES];

	storage_enter_data(storage);
	if (request->verdict == RV_VERDICT_DENY)
		storage_take(storage, scsi_refused(request->refusal, request->asked));
	else if (request->verdict == RV_VERDICT_DROP)
		storage_take(storage, 0);
	else if (!storage_make_code(storage, code) || transfer->request.data(&transfer->request, 15, code, sizeof(code), true) != 0)
		storage_take(storage, SCSI_INVALID_FIELD);
	return storage->is_ours ? storage_swallow(storage, transfer) : storage_pass(transfer, STORAGE_STAGE_CBW);
}

/* Data ------------------------------------------------------------------------------------------------------------ */

/* A write's are there: hooks are asked. */
static bool storage_data_out(struct storage *storage, struct xhci_transfer *transfer, struct vcpu *vcpu)
{
	struct request *request = &storage->request;
	uint8_t list[512];

	if (!storage_is_whole(storage, transfer))
		return storage_stall(storage, transfer, "a command's data are not one transfer");
	if (!storage->is_kept) {
		storage->phase = STORAGE_STATUS;
		return storage->is_ours ? storage_swallow(storage, transfer) : storage_pass(transfer, STORAGE_STAGE_DATA);
	}
	storage->data = transfer;
	request->data_bytes = storage->length;
	if (request->asked == RV_EVENT_DISK_DISCARD &&
	    (storage->length > sizeof(list) || storage_data(request, 0, list, storage->length, false) != 0 ||
	     !scsi_read_unmap(list, storage->length, &request->disk.lba, &request->disk.sectors))) {
		storage->data = NULL;
		storage_take(storage, SCSI_INVALID_FIELD);
		storage->phase = STORAGE_STATUS;
		return storage_swallow(storage, transfer);
	}
	return storage_ask(storage, transfer, vcpu);
}

/* The device gets the CBW that was kept, by a way of ours, and then the guest's data. */
static bool storage_send(struct storage *storage, struct xhci_transfer *transfer)
{
	static const uint8_t lengths[8] = { 6, 10, 10, 10, 16, 12, 16, 16 };
	uint8_t code[SCSI_COMMAND_BYTES], *cbw = (uint8_t *)&storage->work[STORAGE_CBW_AT];

	if (!storage_make_code(storage, code)) {
		storage_take(storage, SCSI_INVALID_FIELD);
		return storage_swallow(storage, transfer);
	}
	storage_write_cbw(cbw, &(struct storage_cbw){ storage->tag, storage->length, storage->unit, false, lengths[code[0] >> 5], code });
	storage->is_kept = false;
	if (!storage_owe(storage, false) || !storage_insert(storage, false, memory_physical(cbw)))
		return storage_give_up(storage, transfer);
	return storage_pass(transfer, STORAGE_STAGE_DATA);
}

static bool storage_decided_data(struct storage *storage, struct xhci_transfer *transfer)
{
	struct request *request = &storage->request;

	storage->data = NULL;
	storage->phase = STORAGE_STATUS;
	if (request->verdict == RV_VERDICT_PASS)
		return storage_send(storage, transfer);
	storage_take(storage, request->verdict == RV_VERDICT_DENY ? scsi_refused(request->refusal, request->asked) : 0);
	return storage_swallow(storage, transfer);
}

static bool storage_data_in(struct storage *storage, struct xhci_transfer *transfer)
{
	struct storage_unit *unit = storage_unit(storage);
	uint8_t sense[SCSI_SENSE_BYTES];
	bool is_looked_at = storage->command.purpose == RV_DISK_COMMAND_IDENTIFY ||
			    (storage->request.handle != 0 && request_is_read(&storage->request, RV_EVENT_DISK_DONE));

	if (!storage_is_whole(storage, transfer))
		return storage_stall(storage, transfer, "a command's data are not one transfer");
	storage->phase = STORAGE_STATUS;
	if (!storage->is_ours) {
		if (is_looked_at && xhci_transfer_bounce(transfer) != 0)
			return storage_stall(storage, transfer, "there is no memory for its data: give more with memory=");
		return storage_pass(transfer, STORAGE_STAGE_DATA);
	}
	if (storage->source == STORAGE_SENSE) {
		scsi_write_sense(sense, unit->failed);
		unit->failed = 0;
		return storage_fill(storage, transfer, sense, sizeof(sense), sizeof(sense));
	}
	if (storage->fails)
		return storage_fill(storage, transfer, NULL, 0, 0);
	return storage_fill(storage, transfer, storage->answer, storage->source == STORAGE_ANSWER ? storage->length : 0, storage->length);
}

/* Its end ---------------------------------------------------------------------------------------------------------- */

static void storage_over(struct storage *storage)
{
	storage_clean(storage);
	storage->phase = STORAGE_COMMAND;
}

/* The guest's transfer for the CSW. */
static bool storage_status(struct storage *storage, struct xhci_transfer *transfer, struct vcpu *vcpu)
{
	uint32_t residue = storage->source == STORAGE_SENSE && storage->length > SCSI_SENSE_BYTES ? storage->length - SCSI_SENSE_BYTES
			   : storage->fails						   ? storage->length : 0;
	uint8_t csw[STORAGE_CSW_BYTES] = { 'U', 'S', 'B', 'S' };

	if (transfer->request.usb.length < sizeof(csw) || !storage_has_end(transfer))
		return storage_stall(storage, transfer, "a command's end has no place");
	if (!storage->is_ours) {
		storage->phase = STORAGE_ENDING;
		return storage_pass(transfer, STORAGE_STAGE_CSW);
	}
	if (!storage->fails && !storage->is_told && storage->request.handle != 0 &&
	    request_is_awaited(&storage->request, RV_EVENT_DISK_DONE)) {
		storage->pending = transfer;
		storage_tell(storage, NULL, 0, vcpu);
		return true; /* and looks again, whether the guest waits for it still */
	}
	memcpy(csw + 4, &storage->tag, 4);
	memcpy(csw + 8, &residue, 4);
	csw[12] = storage->fails ? STORAGE_FAILED : 0;
	storage_over(storage);
	return storage_fill(storage, transfer, csw, sizeof(csw), sizeof(csw));
}

/* What the device has said of itself, to the guest. */
static void storage_learn(struct storage *storage, struct xhci_transfer *transfer)
{
	struct storage_unit *unit = storage_unit(storage);
	uint32_t count = transfer->request.usb.length, sector_bytes;
	uint8_t answer[36];
	uint64_t sectors;

	if (count > sizeof(answer))
		count = sizeof(answer);
	if (transfer->request.data(&transfer->request, 0, answer, count, false) != 0)
		return;
	(void)scsi_read_model(storage->code, answer, count, unit->model);
	if (!scsi_read_capacity(storage->code, answer, count, &sectors, &sector_bytes))
		return;
	storage_unit_known(unit, sectors, sector_bytes);
}

static void storage_ended_data(struct storage *storage, struct xhci_transfer *transfer, uint32_t code, struct vcpu *vcpu)
{
	uint32_t moved = transfer->request.usb.length;
	bool is_good = code == XHCI_SUCCESS || code == XHCI_SHORT_PACKET;
	bool is_all = storage->request.asked != RV_EVENT_DISK_READ || moved == storage->length;

	if (!storage->is_in || !is_good)
		return;
	if (storage->command.purpose == RV_DISK_COMMAND_IDENTIFY)
		storage_learn(storage, transfer);
	if (!is_all || !transfer->is_bounced) /* of what is not looked at, or has failed, the CSW tells */
		return;
	storage_tell(storage, transfer, 0, vcpu);
	if (!storage->is_told || storage->request.verdict != RV_VERDICT_DENY)
		return;
	storage->is_spoiled = true;
	xhci_transfer_clear(transfer);
}

static void storage_ended_csw(struct storage *storage, struct xhci_transfer *transfer, uint32_t code, struct vcpu *vcpu)
{
	uint8_t csw[STORAGE_CSW_BYTES], failed = STORAGE_FAILED;

	storage->phase = STORAGE_STATUS; /* it has stalled: the guest asks again (6.7.2) */
	if (code != XHCI_SUCCESS && code != XHCI_SHORT_PACKET)
		return;
	if (transfer->request.data(&transfer->request, 0, csw, sizeof(csw), false) != 0 || storage_get32(csw) != STORAGE_CSW_SIGNATURE ||
	    storage_get32(csw + 4) != storage->tag || csw[12] >= STORAGE_PHASE_ERROR) {
		storage_lose(storage, "a command has no end that is one");
		return;
	}
	storage_tell(storage, NULL, csw[12], vcpu);
	if (storage->phase != STORAGE_STATUS)
		return; /* it was reset meanwhile */
	storage->has_ended = true;
	storage->is_spoiled |= storage->is_told && storage->request.verdict == RV_VERDICT_DENY;
	if (storage->is_spoiled && csw[12] == 0) {
		storage_unit(storage)->failed = scsi_refused(storage->request.refusal, storage->request.asked);
		(void)transfer->request.data(&transfer->request, 12, &failed, 1, true);
	}
	storage_over(storage);
}

void storage_ended(struct storage *storage, struct xhci_transfer *transfer, uint32_t code, struct vcpu *vcpu)
{
	if (transfer->stage == STORAGE_STAGE_FILLER) {
		storage->is_filling = false;
		if (code != XHCI_SUCCESS && code != XHCI_SHORT_PACKET)
			storage_lose(storage, "the device takes no command of ours");
		return;
	}
	if (storage->phase == STORAGE_LOST || storage->asks || storage->phase == STORAGE_COMMAND)
		return; /* one of before a reset */
	if (transfer->stage == STORAGE_STAGE_DATA)
		storage_ended_data(storage, transfer, code, vcpu);
	else if (transfer->stage == STORAGE_STAGE_CSW && storage->phase == STORAGE_ENDING)
		storage_ended_csw(storage, transfer, code, vcpu);
}

/* Turns ------------------------------------------------------------------------------------------------------------- */

bool storage_is_turn(const struct storage *storage, const struct xhci_ring *ring)
{
	if (storage->asks || (storage->is_filling && storage->phase != STORAGE_LOST))
		return false;
	if (storage->pending != NULL)
		return storage->pending->ring == ring;
	switch (storage->phase) {
	case STORAGE_COMMAND:
		return storage_is_out(ring);
	case STORAGE_DATA:
		return storage_is_out(ring) != storage->is_in;
	case STORAGE_STATUS:
		return !storage_is_out(ring);
	case STORAGE_LOST:
		return true;
	default:
		return false;
	}
}

static bool storage_do(struct storage *storage, struct xhci_transfer *transfer, struct vcpu *vcpu)
{
	bool has_waited = storage->pending != NULL;

	storage->pending = NULL;
	switch (storage->phase) {
	case STORAGE_COMMAND:
		return has_waited ? storage_decided_command(storage, transfer) : storage_begin(storage, transfer, vcpu);
	case STORAGE_DATA:
		if (storage->is_in)
			return storage_data_in(storage, transfer);
		return has_waited ? storage_decided_data(storage, transfer) : storage_data_out(storage, transfer, vcpu);
	case STORAGE_STATUS:
		return storage_status(storage, transfer, vcpu);
	default:
		return storage_stall(storage, transfer, "it was not reset");
	}
}

bool storage_step(struct storage *storage, struct xhci_transfer *transfer, struct xhci_ring *ring, struct vcpu *vcpu)
{
	const struct xhci_transfer *waited = storage->pending;
	bool goes_on;

	if (waited != NULL && !xhci_transfer_is_taken(waited)) { /* the guest has taken it back */
		storage_clean(storage);
		storage_lose(storage, "a transfer is taken back amid a command");
		return true;
	}
	goes_on = storage_do(storage, transfer != NULL ? transfer : storage->pending, vcpu);
	if (goes_on && !storage->asks && !storage_is_turn(storage, ring))
		storage_go_on(storage, vcpu);
	return goes_on;
}

void storage_go_on(struct storage *storage, struct vcpu *vcpu)
{
	struct xhci_controller *controller = storage->slot->ring.controller;

	for (unsigned i = 0; i < ARRAY_LENGTH(storage->number); i++) {
		struct xhci_endpoint *endpoint = storage->slot->endpoints[storage->number[i]];
		struct xhci_place before;

		if (endpoint == NULL || endpoint->ring.at.segment == NULL || endpoint->ring.is_pumped) /* that one goes on itself */
			continue;
		before = endpoint->ring.at;
		xhci_ring_pump(&endpoint->ring, vcpu);
		if (endpoint->ring.at.segment == before.segment && endpoint->ring.at.index == before.index)
			continue;
		(void)xhci_bells_hear(controller); /* of endpoints that are stopped; the guest may have rung before */
		endpoint->ring.owes_bell = true;
		xhci_bell_ring(&endpoint->ring);
	}
}
