/*
 * mediator/disk/nvme_work.c: has commands and completions go on, as far as they can: at each doorbell, and at each
 * interrupt.
 */
#include "mediator/disk/nvme.h"

#include "core/instructions.h"
#include "core/time.h"
#include "vmm/interrupt_watch.h"

/* That a guest's CPU stands: for the admin queue, whose interrupt comes in the end; for a queue that is polled, where
 * it would do nothing but look. */
#define NVME_WAIT_ADMIN_US 100000
#define NVME_WAIT_POLLED_US 1000000

/* So often in an exit doorbells in memory are looked at: another CPU may ring as fast as commands are done. What it
 * gives after that without ringing is seen at the interrupts of those before. */
#define NVME_ROUNDS 64

/* All that the guest has given. One CPU at a time is at a queue, so that hooks see its commands in order; who
 * comes meanwhile leaves them to that one. */
static void nvme_pump(struct nvme_sq *sq, struct vcpu *vcpu)
{
	struct nvme_slot *slot;

	if (sq->is_pumped || sq->head == sq->tail)
		return;
	sq->is_pumped = true;
	sq->nr_users++;
	while (!sq->is_gone && !sq->is_closing && !sq->controller->is_stopping && !sq->controller->has_failed && (slot = nvme_take(sq)) != NULL)
		nvme_begin(slot, vcpu);
	sq->is_pumped = false;
	nvme_sq_put(sq);
}

/* One completion of the device's. */
bool nvme_harvest(struct nvme_controller *controller, struct nvme_cq *cq, struct vcpu *vcpu)
{
	struct nvme_completion completion;
	struct nvme_slot *slot;

	if (controller->is_stopping || controller->has_failed || !nvme_cq_next(cq, &completion))
		return false;
	slot = nvme_slot_of(controller, &completion);
	if (slot == NULL)
		return true; /* of a queue that is gone */
	if (slot->number == NVME_SLOT_NUDGE) {
		slot->state = NVME_FREE;
		if (slot->sq->nudge_again)
			nvme_nudge(slot->sq);
		return true;
	}
	nvme_complete(slot, vcpu);
	return true;
}

/* The admin queue's last: with the completion that a queue is deleted, all of that queue's are there. */
static void nvme_harvest_all(struct nvme_controller *controller, struct vcpu *vcpu)
{
	struct nvme_cq *cq;

	for (unsigned i = controller->queues_end; i-- > 0;) {
		while ((cq = controller->cqs[i]) != NULL && nvme_harvest(controller, cq, vcpu))
			continue;
		if (cq != NULL && !controller->is_stopping)
			nvme_cq_taken(controller, cq);
	}
}

static void nvme_pump_all(struct nvme_controller *controller, struct vcpu *vcpu)
{
	for (unsigned i = 0; i < controller->queues_end; i++) {
		if (controller->sqs[i] != NULL)
			nvme_pump(controller->sqs[i], vcpu);
	}
}

/* True: there are more commands, and as long as that is so another look is due. */
static bool nvme_take_tails(struct nvme_controller *controller)
{
	bool any = false;

	for (unsigned i = 1; controller->shadow_doorbells != NULL && i < controller->queues_end; i++) {
		if (controller->sqs[i] != NULL)
			any |= nvme_doorbells_take_tail(controller->sqs[i]);
	}
	return any;
}

/* What the device is done with first: then there is room for what the guest has given. What it does of that while we are
 * here it tells by another interrupt. */
void nvme_work(struct nvme_controller *controller, struct vcpu *vcpu)
{
	unsigned round = 0;
	bool goes_on;

	do {
		nvme_harvest_all(controller, vcpu);
		goes_on = round++ < NVME_ROUNDS && nvme_take_tails(controller);
		nvme_pump_all(controller, vcpu);
	} while (goes_on);
}

void nvme_wait(struct nvme_controller *controller, uint32_t queue, struct vcpu *vcpu)
{
	uint64_t end = tsc_read() + time_tsc_of_us(queue == 0 ? NVME_WAIT_ADMIN_US : NVME_WAIT_POLLED_US);
	struct nvme_sq *sq;

	while (!controller->has_failed && (sq = controller->sqs[queue]) != NULL && (queue == 0 || !sq->cq->interrupts) && sq->nr_out != 0 &&
	       tsc_read() < end) {
		spinlock_release(&controller->lock);
		cpu_pause();
		spinlock_acquire(&controller->lock);
		nvme_work(controller, vcpu);
	}
}

static void nvme_interrupts_taken(void *subject)
{
	struct nvme_controller *controller;

	for (unsigned i = 0; (controller = nvme_controller_at(i)) != NULL; i++) {
		if (!__atomic_load_n(&controller->is_attached, __ATOMIC_ACQUIRE))
			continue;
		spinlock_acquire(&controller->lock);
		nvme_work(controller, subject);
		controller->nr_interrupts++; /* behind the look: what another CPU still asks hooks about comes late */
		spinlock_release(&controller->lock);
	}
}

void nvme_watch_interrupts(void)
{
	static struct watcher watcher = { .notify = nvme_interrupts_taken };

	watch_add(&interrupt_taken_watchers, &watcher);
}
