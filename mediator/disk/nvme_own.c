/*
 * mediator/disk/nvme_own.c: commands of the hypervisor's own, by a pair of queues that the guest does not know of: the
 * last that the device has, one more than the guest is told of. It is made when the guest has made its first, since
 * after that nobody sets their number any more (NVM Express 2.0c, 5.27.1.5). It has no interrupt: who gives it a
 * command looks for its completion, and for those that came late. Nobody else looks at it, so the guest's commands pay
 * nothing for it.
 */
#include "mediator/disk/nvme.h"

#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/time.h"
#include "mediator/disk/disk_io.h"
#include "rv/errno.h"
#include "rv/kinds.h"

/* The queues are of one entry, as for a guest that never gives anything. */
#define NVME_OWN_SIZE 1

void nvme_own_ask_more(struct nvme_command *command)
{
	uint32_t submission = command->words[11] & 0xffff, completions = command->words[11] >> 16;

	if ((command->words[NVME_WORD_CODE] & 0xff) != NVME_SET_FEATURES || submission >= 0xfffe || completions >= 0xfffe)
		return;
	command->words[11] = (completions + 1) << 16 | (submission + 1);
}

/* Counts are one less than there are. */
void nvme_own_hide(struct nvme_controller *controller, struct nvme_completion *completion)
{
	uint32_t submission = completion->words[0] & 0xffff, completions = completion->words[0] >> 16;
	uint32_t least = submission < completions ? submission : completions;

	if (controller->own_number == 0 && least != 0)
		controller->own_number = (uint16_t)(least < NVME_QUEUES_MAXIMUM - 2 ? least + 1 : NVME_QUEUES_MAXIMUM - 1);
	if (controller->own_number == 0)
		return;
	least = controller->own_number - 2u;
	completion->words[0] = (completions < least ? completions : least) << 16 | (submission < least ? submission : least);
}

/* A slot of the admin queue's with a command about our pair; NULL: there is none. */
static struct nvme_slot *nvme_own_admin(struct nvme_controller *controller, uint32_t opcode, uint32_t word11)
{
	struct nvme_slot *slot = nvme_slot_find(controller->sqs[0]);

	if (slot == NULL)
		return NULL;
	slot->request = (struct request){ 0 };
	slot->is_filler = slot->is_bounced = slot->is_awaited = false;
	slot->is_own = true;
	slot->identifier = UINT16_MAX;
	slot->command = (struct nvme_command){ { opcode, [10] = controller->own_number, word11 } };
	return slot;
}

/* Whatever is missing: it can be tried again when the guest makes another queue. */
void nvme_own_begin(struct nvme_controller *controller)
{
	struct nvme_slot *slot;

	if (controller->own_number == 0 || controller->own_is_begun)
		return;
	slot = nvme_own_admin(controller, NVME_CREATE_CQ, NVME_QUEUE_CONTIGUOUS);
	if (slot == NULL)
		return;
	slot->new_cq = nvme_cq_new(controller->own_number, 0, NVME_OWN_SIZE);
	if (slot->new_cq == NULL) {
		nvme_slot_free(slot);
		return;
	}
	controller->own_is_begun = true;
	nvme_create(slot, slot->new_cq->ring, NVME_CQ_ENTRIES);
}

static void nvme_own_go_on(struct nvme_controller *controller)
{
	struct nvme_slot *slot = nvme_own_admin(controller, NVME_CREATE_SQ,
						(uint32_t)controller->own_number << 16 | NVME_QUEUE_CONTIGUOUS);

	if (slot == NULL)
		return;
	slot->new_sq = nvme_sq_new(controller, controller->own_number, controller->cqs[controller->own_number], 0,
				   NVME_OWN_SIZE);
	if (slot->new_sq == NULL)
		nvme_slot_free(slot);
	else
		nvme_create(slot, slot->new_sq->ring, NVME_SQ_ENTRIES);
}

static void nvme_own_admin_complete(struct nvme_slot *slot, bool has_failed)
{
	struct nvme_controller *controller = slot->sq->controller;
	bool goes_on = !has_failed && nvme_opcode(slot) == NVME_CREATE_CQ;

	if (has_failed)
		log_info("nvme%u: it has no queue left for scripts' own commands", controller->index);
	else
		nvme_queue_made(slot);
	nvme_slot_free(slot);
	if (goes_on)
		nvme_own_go_on(controller);
}

void nvme_own_complete(struct nvme_slot *slot)
{
	if (slot->is_awaited)
		slot->state = NVME_OWN_DONE;
	else if (slot->sq->number == 0)
		nvme_own_admin_complete(slot, (slot->completion.words[3] >> 17 & NVME_STATUS_CODE) != 0);
	else
		nvme_slot_free(slot);
}

/* I/O ---------------------------------------------------------------------------------------------- */

static struct nvme_sq *nvme_own_queue(const struct nvme_controller *controller)
{
	return controller->is_attached && !controller->is_stopping && !controller->has_failed && controller->own_number != 0
		       ? controller->sqs[controller->own_number] : NULL;
}

static void nvme_own_submit(struct nvme_slot *slot, uint32_t namespace, struct disk_io *io)
{
	struct nvme_command command = { { [NVME_WORD_NAMESPACE] = namespace } };

	slot->is_own = slot->is_awaited = true;
	slot->is_filler = slot->is_bounced = false;
	slot->request = (struct request){ 0 };
	command.words[NVME_WORD_CODE] = io->kind == RV_EVENT_DISK_READ	  ? NVME_READ
					: io->kind == RV_EVENT_DISK_WRITE ? NVME_WRITE
									  : NVME_FLUSH;
	if (io->kind != RV_EVENT_DISK_FLUSH) {
		bounce_hand_over(&io->bounce, &slot->bounce);
		nvme_prp_write(&command, &slot->bounce, slot->list, true);
		command.words[10] = (uint32_t)io->lba;
		command.words[11] = (uint32_t)(io->lba >> 32);
		command.words[12] = io->sectors - 1;
	}
	slot->command = command;
	nvme_submit(slot, &command);
}

/* Until it is done, or the queue is gone, and the slot with it. */
static void nvme_own_wait(struct nvme_sq *sq, const struct nvme_slot *slot)
{
	struct nvme_controller *controller = sq->controller;
	uint64_t end = tsc_read() + time_tsc_of_us(DISK_IO_WAIT_US);

	while (!sq->is_gone && slot->state == NVME_AT_DEVICE && tsc_read() < end) {
		if (nvme_harvest(controller, sq->cq, NULL))
			continue;
		spinlock_release(&controller->lock);
		cpu_pause();
		spinlock_acquire(&controller->lock);
	}
}

/* What the device may have yet it keeps: its late completion, or a reset, gives that back. */
static int nvme_own_end(struct nvme_sq *sq, struct nvme_slot *slot, struct disk_io *io)
{
	int error;

	if (sq->is_gone)
		return -RV_EIO;
	if (!sq->controller->is_stopping)
		nvme_cq_taken(sq->controller, sq->cq);
	if (slot->state == NVME_AT_DEVICE) {
		slot->is_awaited = false;
		return -RV_ETIMEDOUT;
	}
	error = (slot->completion.words[3] >> 17 & NVME_STATUS_CODE) != 0 ? -RV_EIO : 0;
	bounce_hand_over(&slot->bounce, &io->bounce);
	nvme_slot_free(slot);
	return error;
}

static int nvme_own_do(struct nvme_controller *controller, uint32_t number, struct disk_io *io)
{
	const struct nvme_namespace *namespace = nvme_namespace_of(controller, number);
	struct nvme_sq *sq = nvme_own_queue(controller);
	struct nvme_slot *slot;
	int error;

	if (sq == NULL || namespace == NULL || controller->transfer_bytes == 0)
		return -RV_EAGAIN;
	if (namespace->metadata_bytes != 0 || (uint64_t)io->sectors * io->sector_bytes > controller->transfer_bytes)
		return -RV_ENOTSUP;
	while (nvme_harvest(controller, sq->cq, NULL)) /* what came too late for who waited */
		continue;
	slot = nvme_slot_find(sq);
	if (slot == NULL)
		return -RV_EBUSY;
	sq->nr_users++;
	nvme_own_submit(slot, number, io);
	nvme_own_wait(sq, slot);
	error = nvme_own_end(sq, slot, io);
	nvme_sq_put(sq);
	return error;
}

int nvme_io(unsigned index, struct disk_io *io)
{
	struct nvme_controller *controller = nvme_controller_at(index / RV_NVME_NAMESPACES);
	int error;

	if (controller == NULL)
		return -RV_ENOENT;
	spinlock_acquire(&controller->lock);
	error = nvme_own_do(controller, index % RV_NVME_NAMESPACES + 1, io);
	spinlock_release(&controller->lock);
	return error;
}
