/*
 * mediator/disk/nvme_admin.c: admin commands that only carry requests: queues, their number, events, aborts. No
 * hook sees them, so that no policy by commands stops a disk. And what IDENTIFY tells.
 */
#include "mediator/disk/nvme.h"

#include "core/memory.h"
#include "rv/errno.h"

#define NVME_STATUS_INTERNAL 0x006
#define NVME_NAMESPACE_MANAGEMENT 0x0d

/* Words 10 and 11 of CREATE_SQ and CREATE_CQ (5.4, 5.5). */
static uint32_t nvme_queue_number(const struct nvme_slot *slot)
{
	return slot->command.words[10] & 0xffff;
}

static uint32_t nvme_queue_size(const struct nvme_slot *slot)
{
	return (slot->command.words[10] >> 16) + 1;
}

static gpa_t nvme_queue_base(const struct nvme_slot *slot)
{
	return nvme_pair(&slot->command.words[NVME_WORD_PRP1]);
}

/* One of ours, or none that there can be. */
static bool nvme_is_no_queue(const struct nvme_slot *slot, uint32_t number)
{
	return number == 0 || number >= NVME_QUEUES_MAXIMUM || number == slot->sq->controller->own_number;
}

static uint16_t nvme_check_queue(const struct nvme_slot *slot, size_t entry_bytes)
{
	if (!(slot->command.words[11] & NVME_QUEUE_CONTIGUOUS))
		return NVME_STATUS_FIELD;
	if (nvme_is_no_queue(slot, nvme_queue_number(slot)))
		return NVME_STATUS_QUEUE;
	if (nvme_queue_size(slot) < 2)
		return NVME_STATUS_QUEUE_SIZE;
	if ((nvme_queue_base(slot) & PAGE_MASK) != 0)
		return NVME_STATUS_PRP_OFFSET;
	return memory_is_ram(nvme_queue_base(slot), nvme_queue_size(slot) * entry_bytes) ? 0 : NVME_STATUS_FIELD;
}

/* The device gets one of ours in the place of the guest's. */
void nvme_create(struct nvme_slot *slot, const void *ring, uint32_t entries)
{
	struct nvme_command command = slot->command;
	hpa_t base = memory_physical(ring);

	command.words[NVME_WORD_PRP1] = (uint32_t)base;
	command.words[NVME_WORD_PRP1 + 1] = (uint32_t)(base >> 32);
	command.words[10] = (entries - 1) << 16 | nvme_queue_number(slot);
	nvme_submit(slot, &command);
}

static void nvme_create_cq(struct nvme_slot *slot)
{
	uint16_t status = nvme_check_queue(slot, sizeof(struct nvme_completion));

	if (status == 0) {
		slot->new_cq = nvme_cq_new((uint16_t)nvme_queue_number(slot), nvme_queue_base(slot),
					   nvme_queue_size(slot));
		status = slot->new_cq == NULL ? NVME_STATUS_INTERNAL : 0;
	}
	if (status != 0) {
		nvme_answer(slot, status);
		return;
	}
	slot->new_cq->interrupts = (slot->command.words[11] & NVME_QUEUE_INTERRUPTS) != 0;
	nvme_create(slot, slot->new_cq->ring, NVME_CQ_ENTRIES);
}

static void nvme_create_sq(struct nvme_slot *slot)
{
	struct nvme_controller *controller = slot->sq->controller;
	uint32_t completions = slot->command.words[11] >> 16;
	struct nvme_cq *cq = !nvme_is_no_queue(slot, completions) ? controller->cqs[completions] : NULL;
	uint16_t status = cq == NULL ? NVME_STATUS_CQ : nvme_check_queue(slot, sizeof(struct nvme_command));

	if (status == 0) {
		slot->new_sq = nvme_sq_new(controller, (uint16_t)nvme_queue_number(slot), cq, nvme_queue_base(slot),
					   nvme_queue_size(slot));
		status = slot->new_sq == NULL ? NVME_STATUS_INTERNAL : 0;
	}
	if (status != 0)
		nvme_answer(slot, status);
	else
		nvme_create(slot, slot->new_sq->ring, NVME_SQ_ENTRIES);
}

/* Ours the guest does not delete. */
static void nvme_delete(struct nvme_slot *slot, uint32_t number)
{
	if (number != 0 && number == slot->sq->controller->own_number)
		nvme_answer(slot, NVME_STATUS_QUEUE);
	else
		nvme_submit(slot, &slot->command);
}

static void nvme_delete_sq(struct nvme_slot *slot)
{
	uint32_t number = nvme_queue_number(slot);
	struct nvme_sq *sq = nvme_is_no_queue(slot, number) ? NULL : slot->sq->controller->sqs[number];

	if (sq != NULL)
		sq->is_closing = true;
	nvme_delete(slot, number);
}

/* The guest's number of a command is not the device's. */
static void nvme_abort(struct nvme_slot *slot)
{
	struct nvme_command command = slot->command;
	uint32_t number = command.words[10] & 0xffff;
	const struct nvme_sq *sq = number != 0 && nvme_is_no_queue(slot, number) ? NULL : slot->sq->controller->sqs[number];

	command.words[10] = number | (uint32_t)nvme_identifier_at_device(sq, (uint16_t)(command.words[10] >> 16)) << 16;
	nvme_submit(slot, &command);
}

static uint16_t nvme_set_doorbells(const struct nvme_slot *slot)
{
	const uint32_t *words = slot->command.words;

	return nvme_doorbells_set(slot->sq->controller, nvme_pair(&words[NVME_WORD_PRP1]), nvme_pair(&words[NVME_WORD_PRP2]));
}

static bool nvme_is_about_queues(const struct nvme_slot *slot)
{
	uint32_t opcode = nvme_opcode(slot);

	return (opcode == NVME_SET_FEATURES || opcode == NVME_GET_FEATURES) &&
	       (slot->command.words[10] & 0xff) == NVME_FEATURE_QUEUES;
}

/* The guest waits for an event. One of its commands that did may be at the device still, though the guest had an event by it
 * (nvme_tell()): that is this one now, and what came by it meanwhile is for the guest. */
static void nvme_event_begin(struct nvme_slot *slot)
{
	struct nvme_sq *sq = slot->sq;
	struct nvme_slot *spare = nvme_slot_of_event(sq, true);

	if (spare == NULL) {
		nvme_submit(slot, &slot->command);
		return;
	}
	spare->identifier = slot->identifier;
	spare->is_spare = false;
	nvme_slot_free(slot);
	if (spare->state != NVME_OWN_DONE)
		return;
	nvme_post(spare);
	nvme_nudge(sq);
}

int nvme_tell(struct nvme_controller *controller, uint32_t event)
{
	struct nvme_sq *sq = controller->is_attached && !controller->is_stopping && !controller->has_failed ? controller->sqs[0] : NULL;
	const struct nvme_completion completion = { .words = { event & RV_DISK_EVENT_BITS } };
	struct nvme_slot *slot;

	if (sq == NULL)
		return -RV_EAGAIN;
	slot = nvme_slot_of_event(sq, false);
	if (slot == NULL || !nvme_post_beside(slot, &completion))
		return -RV_EBUSY;
	slot->is_spare = true;
	nvme_nudge(sq);
	return 0;
}

bool nvme_admin_begin(struct nvme_slot *slot)
{
	if (nvme_is_about_queues(slot)) {
		nvme_own_ask_more(&slot->command);
		nvme_submit(slot, &slot->command);
		return true;
	}
	switch (nvme_opcode(slot)) {
	case NVME_CREATE_CQ:
		nvme_create_cq(slot);
		return true;
	case NVME_CREATE_SQ:
		nvme_create_sq(slot);
		return true;
	case NVME_DELETE_SQ:
		nvme_delete_sq(slot);
		return true;
	case NVME_ABORT:
		nvme_abort(slot);
		return true;
	case NVME_DELETE_CQ:
		nvme_delete(slot, nvme_queue_number(slot));
		return true;
	case NVME_EVENT_REQUEST:
		nvme_event_begin(slot);
		return true;
	case NVME_KEEP_ALIVE:
		nvme_submit(slot, &slot->command);
		return true;
	case NVME_DOORBELL_BUFFER: /* those of the device would be rung unseen */
		nvme_answer(slot, nvme_set_doorbells(slot));
		return true;
	default:
		return false;
	}
}

/* The device agreed ------------------------------------------------------------------------------- */

void nvme_queue_made(struct nvme_slot *slot)
{
	struct nvme_controller *controller = slot->sq->controller;
	uint32_t number = nvme_queue_number(slot);
	struct nvme_cq *cq;

	if (controller->queues_end <= number && number != controller->own_number)
		controller->queues_end = number + 1;
	if (slot->new_cq != NULL && controller->cqs[number] == NULL) {
		controller->cqs[number] = slot->new_cq;
		nvme_doorbells_begin_cq(controller, slot->new_cq);
		slot->new_cq = NULL;
	}
	/* The completion queue is another now, if that was deleted and made again while this was on its way. */
	cq = slot->new_sq != NULL ? controller->cqs[slot->new_sq->cq_number] : NULL;
	if (cq != NULL && controller->sqs[number] == NULL) {
		controller->sqs[number] = slot->new_sq;
		slot->new_sq->cq = cq;
		nvme_doorbells_begin_sq(slot->new_sq);
		slot->new_sq = NULL;
	}
}

static void nvme_sq_deleted(struct nvme_controller *controller, uint32_t number)
{
	if (number == 0 || number >= NVME_QUEUES_MAXIMUM || controller->sqs[number] == NULL)
		return;
	nvme_sq_end(controller->sqs[number]);
	controller->sqs[number] = NULL;
}

/* A device refuses while there are queues that complete to it (5.6). */
static void nvme_cq_deleted(struct nvme_controller *controller, uint32_t number)
{
	if (number == 0 || number >= NVME_QUEUES_MAXIMUM)
		return;
	for (unsigned i = 0; i < NVME_QUEUES_MAXIMUM; i++) {
		if (controller->sqs[i] != NULL && controller->sqs[i]->cq == controller->cqs[number])
			return;
	}
	nvme_cq_free(controller->cqs[number]);
	controller->cqs[number] = NULL;
}

static void nvme_identified(struct nvme_slot *slot)
{
	struct nvme_controller *controller = slot->sq->controller;
	uint32_t which = slot->command.words[10] & 0xff;

	if (which == NVME_IDENTIFY_CONTROLLER)
		nvme_identified_controller(controller, slot->bounce.pages[0]);
	else if (which == NVME_IDENTIFY_NAMESPACE || which == NVME_IDENTIFY_ALLOCATED)
		nvme_identified_namespace(controller, slot->command.words[NVME_WORD_NAMESPACE], slot->bounce.pages[0]);
}

void nvme_admin_complete(struct nvme_slot *slot)
{
	if (nvme_is_about_queues(slot)) {
		nvme_own_hide(slot->sq->controller, &slot->completion);
		return;
	}
	switch (nvme_opcode(slot)) {
	case NVME_CREATE_CQ:
		nvme_queue_made(slot);
		break;
	case NVME_CREATE_SQ:
		nvme_queue_made(slot);
		nvme_own_begin(slot->sq->controller);
		break;
	case NVME_DELETE_SQ:
		nvme_sq_deleted(slot->sq->controller, nvme_queue_number(slot));
		break;
	case NVME_DELETE_CQ:
		nvme_cq_deleted(slot->sq->controller, nvme_queue_number(slot));
		break;
	case NVME_IDENTIFY:
		nvme_identified(slot);
		break;
	case NVME_FORMAT:
	case NVME_NAMESPACE_MANAGEMENT:
		nvme_forget_namespaces(slot->sq->controller);
		break;
	default:
		break;
	}
}
