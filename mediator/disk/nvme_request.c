/*
 * mediator/disk/nvme_request.c: what becomes of a command: it is offered to hooks, goes to the device as they
 * say, and is offered again when the device is done.
 */
#include "mediator/disk/nvme.h"

#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "hook/hook.h"
#include "mediator/disk/cipher.h"
#include "mediator/disk/discard.h"
#include "mediator/disk/purpose.h"
#include "rv/errno.h"
#include "rv/kinds.h"

#define NVME_WORD_METADATA 4
#define NVME_WORD_LBA 10
#define NVME_WORD_COUNT 12
#define NVME_COUNT_FUA (1u << 30)
#define NVME_COUNT_PRACT (1u << 29) /* the device makes the protection information, and takes it off */
#define NVME_PROTECTION_BYTES 8

static bool nvme_is_admin(const struct nvme_slot *slot)
{
	return slot->sq->number == 0;
}

static uint32_t nvme_kind(const struct nvme_slot *slot)
{
	if (nvme_is_admin(slot))
		return RV_EVENT_DISK_COMMAND;
	switch (nvme_opcode(slot)) {
	case NVME_FLUSH:
		return RV_EVENT_DISK_FLUSH;
	case NVME_WRITE:
		return RV_EVENT_DISK_WRITE;
	case NVME_READ:
		return RV_EVENT_DISK_READ;
	case NVME_WRITE_ZEROES:
	case NVME_DATASET_MANAGEMENT:
		return RV_EVENT_DISK_DISCARD;
	default:
		return RV_EVENT_DISK_COMMAND;
	}
}

static bool nvme_moves_blocks(const struct nvme_slot *slot)
{
	return !nvme_is_admin(slot) && (nvme_opcode(slot) == NVME_READ || nvme_opcode(slot) == NVME_WRITE);
}

/* Is it about some blocks, but without data that we look at? */
static bool nvme_names_blocks(const struct nvme_slot *slot)
{
	uint32_t opcode = nvme_opcode(slot);

	return !nvme_is_admin(slot) && (opcode == NVME_WRITE_ZEROES || opcode == NVME_WRITE_UNCORRECTABLE ||
					opcode == NVME_COMPARE || opcode == NVME_VERIFY);
}

/* Does the device write into memory that we look at? */
static bool nvme_gives(const struct nvme_slot *slot)
{
	return nvme_opcode(slot) == (nvme_is_admin(slot) ? (uint32_t)NVME_IDENTIFY : (uint32_t)NVME_READ);
}

static uint32_t nvme_blocks(const struct nvme_slot *slot)
{
	return (slot->command.words[NVME_WORD_COUNT] & 0xffff) + 1;
}

static int nvme_bounce(struct nvme_slot *slot)
{
	int error = slot->is_bounced ? 0 : bounce_take_pages(&slot->bounce, NVME_TRANSFER_BYTES);

	slot->is_bounced = error == 0;
	return error;
}

/* The request's data, while it is a write that hooks are asked about, or a read that is done. */
static int nvme_take_data(struct nvme_slot *slot)
{
	bool was_bounced = slot->is_bounced;
	int error = nvme_bounce(slot);

	if (error == 0 && !was_bounced && !nvme_gives(slot)) {
		error = bounce_gather(&slot->bounce);
		slot->is_bounced = error == 0; /* pages that hold nothing are not to be sent */
	}
	if (!slot->is_bounced)
		bounce_release_pages(&slot->bounce);
	return error;
}

static int nvme_data(struct request *request, uint64_t offset, void *buffer, size_t length_bytes, bool write)
{
	struct nvme_slot *slot = CONTAINER_OF(request, struct nvme_slot, request);
	int error = nvme_take_data(slot);

	if (error == 0)
		bounce_copy(&slot->bounce, offset, buffer, length_bytes, write);
	return error;
}

static uint8_t *nvme_data_at(struct request *request, uint64_t offset, size_t *length_bytes)
{
	struct nvme_slot *slot = CONTAINER_OF(request, struct nvme_slot, request);

	return nvme_take_data(slot) == 0 ? bounce_at(&slot->bounce, offset, length_bytes) : NULL;
}

/* Commands ------------------------------------------------------------------------------------------ */

static uint16_t nvme_prp_status(int error)
{
	return error == -RV_EINVAL  ? NVME_STATUS_PRP_OFFSET
	       : error == -RV_E2BIG ? NVME_STATUS_FIELD
				    : NVME_STATUS_TRANSFER;
}

static int nvme_read_memory_list(struct nvme_slot *slot, uint64_t length_bytes)
{
	const uint32_t *words = slot->command.words;

	return nvme_prp_read(&slot->bounce, nvme_pair(&words[NVME_WORD_PRP1]), nvme_pair(&words[NVME_WORD_PRP2]),
			     length_bytes);
}

/* Memory that a command names, and that we do not follow further: it is not ours. */
static bool nvme_names_ours(const struct nvme_slot *slot)
{
	static const uint8_t where[] = { NVME_WORD_METADATA, NVME_WORD_PRP1, NVME_WORD_PRP2 };

	for (unsigned i = 0; i < ARRAY_LENGTH(where); i++) {
		gpa_t address = nvme_pair(&slot->command.words[where[i]]);

		if (memory_is_reserved(address, PAGE_BYTES - (address & PAGE_MASK)))
			return true;
	}
	return false;
}

/* A read or a write, and where its data are. 0, or a status. */
static uint16_t nvme_prepare_blocks(struct nvme_slot *slot)
{
	const uint32_t *words = slot->command.words;
	const struct nvme_namespace *namespace = nvme_namespace_of(slot->sq->controller, words[NVME_WORD_NAMESPACE]);
	uint64_t bytes;
	int error;

	if (namespace == NULL)
		return NVME_STATUS_NAMESPACE;
	bytes = namespace->info.sector_bytes;
	if (namespace->is_extended && !((words[NVME_WORD_COUNT] & NVME_COUNT_PRACT) &&
					namespace->metadata_bytes == NVME_PROTECTION_BYTES))
		bytes += namespace->metadata_bytes;
	bytes *= nvme_blocks(slot);
	if (bytes > NVME_TRANSFER_BYTES)
		return NVME_STATUS_FIELD;
	/* What protects blocks is made of what the guest has, and not of what the device gets. */
	if (namespace->metadata_bytes != 0 && cipher_covers(slot->request.disk.number))
		return NVME_STATUS_FIELD;
	if (!namespace->is_extended &&
	    memory_is_reserved(nvme_pair(&words[NVME_WORD_METADATA]), (uint64_t)namespace->metadata_bytes *
									      nvme_blocks(slot)))
		return NVME_STATUS_TRANSFER;
	error = nvme_read_memory_list(slot, bytes);
	if (error != 0)
		return nvme_prp_status(error);
	slot->request.disk.lba = nvme_pair(&words[NVME_WORD_LBA]);
	slot->request.disk.sectors = nvme_blocks(slot);
	slot->request.disk.is_forced = (words[NVME_WORD_COUNT] & NVME_COUNT_FUA) != 0;
	slot->request.data = nvme_data;
	slot->request.data_at = nvme_data_at;
	slot->request.data_bytes = nvme_opcode(slot) == NVME_WRITE ? bytes : 0;
	slot->request.answer_bytes = bytes - slot->request.data_bytes;
	return 0;
}

/* What is decided of a namespace that has a number here is not what another gets, or all. */
static bool nvme_is_nowhere(const struct nvme_slot *slot)
{
	return cipher_is_wanted() &&
	       nvme_namespace_of(slot->sq->controller, slot->command.words[NVME_WORD_NAMESPACE]) == NULL;
}

/* What a discard is about stands in its data, which are taken, once, before hooks are asked. */
static uint16_t nvme_prepare_ranges(struct nvme_slot *slot)
{
	uint64_t bytes = ((slot->command.words[10] & 0xff) + 1) * (uint64_t)NVME_DATASET_RANGE_BYTES;
	int error = nvme_read_memory_list(slot, bytes);

	if (error != 0)
		return nvme_prp_status(error);
	if (nvme_is_nowhere(slot))
		return NVME_STATUS_NAMESPACE;
	if (nvme_bounce(slot) != 0)
		return NVME_STATUS_TRANSFER;
	if (bounce_gather(&slot->bounce) != 0)
		return NVME_STATUS_TRANSFER;
	discard_describe(&slot->bounce, DISCARD_NVME, &slot->request.disk);
	slot->request.data = nvme_data;
	slot->request.data_bytes = bytes;
	return 0;
}

static uint16_t nvme_prepare(struct nvme_slot *slot)
{
	int error;

	if (slot->command.words[NVME_WORD_CODE] & NVME_CODE_FLAGS)
		return NVME_STATUS_FIELD;
	if (nvme_moves_blocks(slot))
		return nvme_prepare_blocks(slot);
	if (nvme_names_ours(slot))
		return NVME_STATUS_TRANSFER;
	if (nvme_names_blocks(slot)) {
		if (nvme_is_nowhere(slot))
			return NVME_STATUS_NAMESPACE;
		slot->request.disk.lba = nvme_pair(&slot->command.words[NVME_WORD_LBA]);
		slot->request.disk.sectors = nvme_blocks(slot);
		slot->request.disk.is_forced = (slot->command.words[NVME_WORD_COUNT] & NVME_COUNT_FUA) != 0;
	}
	if (slot->request.kind == RV_EVENT_DISK_DISCARD && nvme_opcode(slot) == NVME_DATASET_MANAGEMENT &&
	    request_is_wanted(&slot->request))
		return nvme_prepare_ranges(slot);
	error = nvme_gives(slot) ? nvme_read_memory_list(slot, NVME_PAGE_BYTES) : 0;
	slot->request.data = nvme_gives(slot) ? nvme_data : NULL;
	slot->request.answer_bytes = nvme_gives(slot) ? NVME_PAGE_BYTES : 0;
	return error != 0 ? nvme_prp_status(error) : 0;
}

static void nvme_describe(struct nvme_slot *slot)
{
	uint32_t namespace = slot->command.words[NVME_WORD_NAMESPACE];

	/* What is about the controller, or all namespaces, is told as the first's. */
	if (namespace == 0 || namespace > RV_NVME_NAMESPACES)
		namespace = 1;
	request_begin(&slot->request, nvme_kind(slot));
	slot->request.disk = (struct request_disk){
		.number = nvme_disk_number(slot->sq->controller, namespace),
		.command = (uint16_t)(nvme_opcode(slot) + (nvme_is_admin(slot) ? NVME_COMMAND_ADMIN : 0)),
		.queue = slot->sq->number,
		.argument = nvme_moves_blocks(slot) ? 0 : slot->command.words[10],
		.purpose = nvme_purpose((uint8_t)nvme_opcode(slot), nvme_is_admin(slot)),
	};
	cipher_begin(&slot->request);
}

/* To the device ------------------------------------------------------------------------------------- */

void nvme_answer(struct nvme_slot *slot, uint16_t status)
{
	struct nvme_command filler = { 0 };

	filler.words[NVME_WORD_CODE] = nvme_is_admin(slot) ? (uint32_t)NVME_GET_FEATURES : (uint32_t)NVME_FLUSH;
	filler.words[NVME_WORD_NAMESPACE] = nvme_is_admin(slot) ? 0 : 1;
	filler.words[10] = nvme_is_admin(slot) ? NVME_FEATURE_QUEUES : 0;
	slot->is_filler = true;
	slot->status = status;
	nvme_submit(slot, &filler);
}

static uint16_t nvme_denied_status(const struct nvme_slot *slot)
{
	uint32_t refusal = slot->request.refusal;

	return nvme_refused(refusal, slot->request.disk.purpose) |
	       (refusal & RV_REFUSAL_RETRY ? 0 : NVME_STATUS_RETRY_NOT);
}

/* Is what the device gives to come to us first? */
static bool nvme_wants_bounce(const struct nvme_slot *slot)
{
	return nvme_gives(slot) && (nvme_is_admin(slot) || request_is_read(&slot->request, RV_EVENT_DISK_DONE));
}

static void nvme_start(struct nvme_slot *slot)
{
	struct nvme_command command = slot->command;

	if (nvme_wants_bounce(slot) && nvme_bounce(slot) != 0) {
		log_warning("nvme: a read is refused: hooks want its data, and there is not enough memory for them: "
			    "give more with memory=");
		nvme_answer(slot, NVME_STATUS_READ_ERROR);
		return;
	}
	if (slot->bounce.nr_segments != 0)
		nvme_prp_write(&command, &slot->bounce, slot->list, slot->is_bounced);
	if (nvme_moves_blocks(slot)) {
		uint64_t lba = slot->request.disk.lba + slot->request.disk.front;

		command.words[NVME_WORD_LBA] = (uint32_t)lba;
		command.words[NVME_WORD_LBA + 1] = (uint32_t)(lba >> 32);
	}
	nvme_submit(slot, &command);
}

/* Success without the device: what is read is zeros, or what a hook has given. */
static void nvme_drop(struct nvme_slot *slot)
{
	if (nvme_gives(slot) && nvme_bounce(slot) != 0)
		nvme_answer(slot, NVME_STATUS_READ_ERROR);
	else
		nvme_answer(slot, 0);
}

/* What hooks have decided is done. */
static void nvme_go_on(struct nvme_slot *slot)
{
	if (slot->request.verdict == RV_VERDICT_DENY)
		nvme_answer(slot, nvme_denied_status(slot));
	else if (slot->request.verdict == RV_VERDICT_DROP)
		nvme_drop(slot);
	else
		nvme_start(slot);
}

static void nvme_set_status(struct nvme_slot *slot, uint16_t status)
{
	slot->completion.words[3] = (slot->completion.words[3] & 0x1ffff) | (uint32_t)status << 17;
}

static bool nvme_has_failed(const struct nvme_slot *slot)
{
	return (slot->completion.words[3] >> 17 & NVME_STATUS_CODE) != 0;
}

/* What hooks have decided of the end is done, and the guest has it. */
static void nvme_finish(struct nvme_slot *slot)
{
	struct nvme_sq *sq = slot->sq;
	/* The interrupt that was about this may have come before it could be found. */
	bool is_late = slot->has_waited || sq->controller->nr_interrupts != slot->nr_interrupts;

	if (slot->request.verdict == RV_VERDICT_DENY)
		nvme_set_status(slot, nvme_denied_status(slot));
	else if (!nvme_has_failed(slot) && slot->is_bounced && nvme_gives(slot) &&
		 bounce_scatter(&slot->bounce) != 0)
		nvme_set_status(slot, NVME_STATUS_TRANSFER);
	nvme_post(slot);
	if (is_late)
		nvme_nudge(sq);
}

/* The hooks have decided, unless a reset has ended the command meanwhile. */
static void nvme_decided(struct nvme_slot *slot)
{
	struct nvme_sq *sq = slot->sq;

	if (sq->is_gone || sq->controller->is_stopping)
		nvme_slot_free(slot);
	else if (slot->state == NVME_ASKED)
		nvme_go_on(slot);
	else
		nvme_finish(slot);
	nvme_sq_put(sq);
}

static void nvme_resume(struct request *request, struct vcpu *vcpu)
{
	struct nvme_slot *slot = CONTAINER_OF(request, struct nvme_slot, request);
	struct nvme_controller *controller = slot->sq->controller;
	uint32_t queue = slot->sq->number;

	spinlock_acquire(&controller->lock);
	slot->has_waited = true;
	nvme_decided(slot);
	nvme_work(controller, vcpu);
	nvme_wait(controller, queue, vcpu);
	spinlock_release(&controller->lock);
}

/* Asks the hooks without the lock, and does what is to be done then: at once, or, if the request waits, later;
 * nothing, if a reset ends the command. The slot may be gone then. */
static void nvme_ask(struct nvme_slot *slot, enum nvme_slot_state state, struct vcpu *vcpu)
{
	struct nvme_controller *controller = slot->sq->controller;
	bool is_decided;

	slot->state = (uint8_t)state;
	slot->has_waited = false;
	slot->sq->nr_users++;
	slot->request.resume = nvme_resume;
	spinlock_release(&controller->lock);
	is_decided = request_offer(&slot->request, vcpu);
	spinlock_acquire(&controller->lock);
	if (is_decided)
		nvme_decided(slot);
}

void nvme_begin(struct nvme_slot *slot, struct vcpu *vcpu)
{
	uint16_t status;

	if (nvme_is_admin(slot) && nvme_admin_begin(slot))
		return;
	nvme_describe(slot);
	status = nvme_prepare(slot);
	if (status != 0)
		nvme_answer(slot, status);
	else if (!request_is_wanted(&slot->request))
		nvme_go_on(slot);
	else
		nvme_ask(slot, NVME_ASKED, vcpu);
}

void nvme_complete(struct nvme_slot *slot, struct vcpu *vcpu)
{
	struct nvme_controller *controller = slot->sq->controller;
	struct request *request = &slot->request;
	bool is_refused = slot->is_filler && slot->status != 0;

	if (slot->is_own) {
		nvme_own_complete(slot);
		return;
	}
	if (slot->is_spare) {
		slot->state = NVME_OWN_DONE; /* until the guest waits again */
		return;
	}
	if (slot->is_filler) {
		slot->completion.words[0] = 0;
		nvme_set_status(slot, slot->status);
	} else if (nvme_is_admin(slot) && !nvme_has_failed(slot)) {
		nvme_admin_complete(slot);
	}
	request->verdict = RV_VERDICT_PASS;
	slot->nr_interrupts = controller->nr_interrupts;
	slot->has_waited = false;
	if (request->handle != 0 && !is_refused && request_is_awaited(&slot->request, RV_EVENT_DISK_DONE)) {
		request->kind = RV_EVENT_DISK_DONE;
		request->end_tsc = tsc_read();
		request->disk.status = slot->completion.words[3] >> 17 & NVME_STATUS_CODE;
		request->data_bytes = slot->is_bounced && nvme_gives(slot) && !nvme_has_failed(slot) ? slot->bounce.length_bytes : 0;
		nvme_ask(slot, NVME_DONE_ASKED, vcpu);
		return;
	}
	nvme_finish(slot);
}

void nvme_nudge(struct nvme_sq *sq)
{
	struct nvme_slot *slot = sq->slots[NVME_SLOT_NUDGE];

	sq->nudge_again = slot->state != NVME_FREE;
	if (!sq->nudge_again && sq->cq->interrupts)
		nvme_answer(slot, 0);
}
