/*
 * mediator/disk/nvme_doorbells.c: doorbells in the guest's memory (NVM Express 2.0c, 5.8 and B.5), which are ours
 * and not the device's: one page has the values, each also written to where its register would be; of each value
 * of another page, EventIdx, the guest rings the register as well when it gets past that. So heads of completion
 * queues come without an exit, and so do commands while others are being taken.
 *
 * Linux does not use them for the admin queue. A queue without interrupts is waited for in the exit of its own
 * doorbell, so another CPU must not take its commands before. Of both the tail is what the register says, and
 * each is to be rung.
 */
#include "mediator/disk/nvme.h"

#include "core/memory.h"

/* Past this a guest gets when its head begins anew, once a lap. */
#define NVME_EVENT_ONCE_A_LAP 0xffff

static uint32_t *nvme_word(uint8_t *page, const struct nvme_controller *controller, uint32_t queue, bool completions)
{
	return (uint32_t *)(void *)(page + (2 * queue + completions) * controller->doorbell_bytes);
}

/* The guest writes these at any time. */
static uint32_t nvme_doorbell(const struct nvme_controller *controller, uint32_t queue, bool completions)
{
	return __atomic_load_n(nvme_word(controller->shadow_doorbells, controller, queue, completions), __ATOMIC_ACQUIRE);
}

/* It writes its doorbell, then looks here; we write here, then look at its doorbell. */
static void nvme_ask_for(const struct nvme_controller *controller, uint32_t queue, bool completions, uint32_t event)
{
	__atomic_store_n(nvme_word(controller->event_indexes, controller, queue, completions), event, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void nvme_doorbell_begin(const struct nvme_controller *controller, uint32_t queue, bool completions,
				uint32_t value, uint32_t event)
{
	__atomic_store_n(nvme_word(controller->shadow_doorbells, controller, queue, completions), value, __ATOMIC_RELAXED);
	nvme_ask_for(controller, queue, completions, event);
}

void nvme_doorbells_begin_sq(const struct nvme_sq *sq)
{
	if (sq->controller->shadow_doorbells != NULL)
		nvme_doorbell_begin(sq->controller, sq->number, false, sq->tail, sq->tail);
}

void nvme_doorbells_begin_cq(const struct nvme_controller *controller, const struct nvme_cq *cq)
{
	if (controller->shadow_doorbells != NULL)
		nvme_doorbell_begin(controller, cq->number, true, cq->head, cq->number == 0 ? cq->head : NVME_EVENT_ONCE_A_LAP);
}

uint16_t nvme_doorbells_set(struct nvme_controller *controller, gpa_t doorbells, gpa_t events)
{
	if (!nvme_doorbells_fit(controller))
		return NVME_STATUS_OPCODE;
	if (((doorbells | events) & PAGE_MASK) != 0 || !memory_is_ram(doorbells, PAGE_BYTES) ||
	    !memory_is_ram(events, PAGE_BYTES)) /* nor is ours any */
		return NVME_STATUS_FIELD;
	controller->shadow_doorbells = memory_direct(doorbells);
	controller->event_indexes = memory_direct(events);
	for (uint32_t queue = 0; queue < controller->queues_end; queue++) {
		if (controller->sqs[queue] != NULL)
			nvme_doorbells_begin_sq(controller->sqs[queue]);
		if (controller->cqs[queue] != NULL)
			nvme_doorbells_begin_cq(controller, controller->cqs[queue]);
	}
	return 0;
}

bool nvme_doorbells_have(const struct nvme_sq *sq)
{
	return sq->controller->shadow_doorbells != NULL && sq->number != 0 && sq->cq->interrupts;
}

bool nvme_doorbells_take_tail(struct nvme_sq *sq)
{
	uint32_t tail;

	if (!nvme_doorbells_have(sq))
		return false;
	tail = nvme_doorbell(sq->controller, sq->number, false);
	if (tail == sq->tail || tail >= sq->size)
		return false;
	sq->tail = tail;
	nvme_ask_for(sq->controller, sq->number, false, tail);
	return true;
}

void nvme_doorbells_take_head(const struct nvme_controller *controller, struct nvme_cq *cq)
{
	uint32_t head;

	if (controller->shadow_doorbells == NULL || cq->number == 0)
		return;
	nvme_ask_for(controller, cq->number, true, cq->head);
	head = nvme_doorbell(controller, cq->number, true);
	if (head < cq->size)
		cq->head = head;
}

void nvme_doorbells_rung(const struct nvme_controller *controller, uint32_t queue, bool completions, uint32_t value)
{
	if (controller->shadow_doorbells != NULL && (queue == 0 || !completions))
		nvme_ask_for(controller, queue, completions, value);
}
