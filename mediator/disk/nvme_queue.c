/*
 * mediator/disk/nvme_queue.c: the queues, the guest's and ours, and the slots between them.
 */
#include "mediator/disk/nvme.h"

#include "core/memory.h"
#include "rv/errno.h"
#include "vmm/guest_memory.h"

_Static_assert(sizeof(struct nvme_command) * NVME_SQ_ENTRIES == PAGE_BYTES, "a queue is a page");
_Static_assert(sizeof(struct nvme_completion) * NVME_CQ_ENTRIES == PAGE_BYTES, "a queue is a page");
_Static_assert(sizeof(struct nvme_slot) <= PAGE_BYTES, "a slot is in a page");
_Static_assert(NVME_SLOTS < NVME_SQ_ENTRIES, "a ring with all its entries taken is an empty one");

/* An identifier at the device: the slot, and which queue of that number it is: completions of one that is gone are
 * not taken for those of its successor. */
#define NVME_SLOT_BITS 6

void nvme_cq_free(struct nvme_cq *cq)
{
	if (cq == NULL)
		return;
	memory_free_page(cq->ring);
	memory_free(cq);
}

struct nvme_cq *nvme_cq_new(uint16_t number, gpa_t base, uint32_t size)
{
	struct nvme_cq *cq = memory_allocate(sizeof(*cq));

	if (cq == NULL)
		return NULL;
	*cq = (struct nvme_cq){ .number = number, .base = base, .size = size, .phase = true, .ring_phase = true };
	cq->ring = memory_allocate_device_page();
	if (cq->ring != NULL)
		return cq;
	memory_free(cq);
	return NULL;
}

static struct nvme_slot *nvme_slot_new(struct nvme_sq *sq, uint16_t number)
{
	struct nvme_slot *slot = memory_allocate_spare_page();

	if (slot == NULL)
		return NULL;
	slot->list = memory_allocate_device_page();
	if (slot->list == NULL) {
		memory_free_page(slot);
		return NULL;
	}
	slot->sq = sq;
	slot->number = number;
	bounce_init(&slot->bounce, slot->segments, ARRAY_LENGTH(slot->segments), slot->pages,
		    ARRAY_LENGTH(slot->pages));
	sq->slots[number] = slot;
	return slot;
}

struct nvme_sq *nvme_sq_new(struct nvme_controller *controller, uint16_t number, struct nvme_cq *cq, gpa_t base,
			    uint32_t size)
{
	struct nvme_sq *sq = memory_allocate(sizeof(*sq));

	if (sq == NULL)
		return NULL;
	*sq = (struct nvme_sq){ .controller = controller, .number = number, .cq = cq, .cq_number = cq->number, .base = base, .size = size,
				.generation = (uint16_t)(++controller->generation % (1u << (16 - NVME_SLOT_BITS))) };
	sq->ring = memory_allocate_device_page();
	/* With one there is always a way on, and the interrupt can always be had. */
	if (sq->ring != NULL && nvme_slot_new(sq, 0) != NULL && nvme_slot_new(sq, NVME_SLOT_NUDGE) != NULL)
		return sq;
	nvme_sq_end(sq);
	return NULL;
}

void nvme_sq_put(struct nvme_sq *sq)
{
	if (--sq->nr_users != 0 || !sq->is_gone)
		return;
	if (sq->ring != NULL)
		memory_free_page(sq->ring);
	memory_free(sq);
}

/* Does it wait on the way through the hooks? Not any more. */
static bool nvme_slot_waits(struct nvme_slot *slot)
{
	return (slot->state == NVME_ASKED || slot->state == NVME_DONE_ASKED) && request_cancel(&slot->request);
}

void nvme_sq_end(struct nvme_sq *sq)
{
	sq->nr_users++;
	sq->is_gone = true;
	for (unsigned i = 0; i < NVME_SLOTS; i++) {
		struct nvme_slot *slot = sq->slots[i];

		if (slot == NULL)
			continue;
		if (nvme_slot_waits(slot))
			sq->nr_users--;
		else if (slot->state == NVME_ASKED || slot->state == NVME_DONE_ASKED)
			continue; /* by who asks */
		nvme_slot_free(slot);
	}
	nvme_sq_put(sq);
}

void nvme_slot_free(struct nvme_slot *slot)
{
	struct nvme_sq *sq = slot->sq;

	bounce_release(&slot->bounce);
	nvme_cq_free(slot->new_cq);
	if (slot->new_sq != NULL)
		nvme_sq_end(slot->new_sq);
	slot->new_cq = NULL;
	slot->new_sq = NULL;
	slot->state = NVME_FREE;
	if (!sq->is_gone)
		return;
	sq->slots[slot->number] = NULL;
	memory_free_page(slot->list);
	memory_free_page(slot);
}

/* As long as something is on its way whose end gives memory back, the next waits where that is short. */
struct nvme_slot *nvme_slot_find(struct nvme_sq *sq)
{
	if (sq->nr_out != 0 && !memory_has_device_pages(2 * NVME_TRANSFER_PAGES))
		return NULL;
	for (uint16_t i = 0; i < NVME_SLOT_NUDGE; i++) {
		if (sq->slots[i] == NULL)
			return nvme_slot_new(sq, i);
		if (sq->slots[i]->state == NVME_FREE)
			return sq->slots[i];
	}
	return NULL;
}

struct nvme_slot *nvme_take(struct nvme_sq *sq)
{
	struct nvme_slot *slot = sq->head != sq->tail ? nvme_slot_find(sq) : NULL;

	if (slot == NULL)
		return NULL;
	/* That this is the guest's memory was seen to when the queue was made. */
	(void)guest_memory_read(sq->base + sq->head * sizeof(slot->command), &slot->command, sizeof(slot->command));
	sq->head = (sq->head + 1) % sq->size;
	slot->identifier = (uint16_t)(slot->command.words[NVME_WORD_CODE] >> 16);
	slot->request = (struct request){ 0 };
	slot->is_filler = slot->is_bounced = slot->is_own = slot->is_spare = false;
	return slot;
}

/* Is it a command that ends when something happens, which may be never? */
static bool nvme_is_open(const struct nvme_slot *slot)
{
	return slot->sq->number == 0 && slot->number != NVME_SLOT_NUDGE && !slot->is_filler &&
	       nvme_opcode(slot) == NVME_EVENT_REQUEST;
}

void nvme_submit(struct nvme_slot *slot, const struct nvme_command *command)
{
	struct nvme_sq *sq = slot->sq;
	uint32_t identifier = (uint32_t)sq->generation << NVME_SLOT_BITS | slot->number;
	struct nvme_command *entry = &sq->ring[sq->ring_tail];

	*entry = *command;
	entry->words[NVME_WORD_CODE] = (entry->words[NVME_WORD_CODE] & 0xffff) | identifier << 16;
	sq->ring_tail = (sq->ring_tail + 1) % NVME_SQ_ENTRIES;
	slot->state = NVME_AT_DEVICE;
	if (!nvme_is_open(slot))
		sq->nr_out++;
	/* The device reads the entry when it hears of it. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	nvme_ring(sq->controller, sq->number, false, sq->ring_tail);
}

struct nvme_slot *nvme_slot_of(struct nvme_controller *controller, const struct nvme_completion *completion)
{
	uint32_t number = completion->words[2] >> 16, identifier = completion->words[3] & 0xffff;
	struct nvme_sq *sq = number < NVME_QUEUES_MAXIMUM ? controller->sqs[number] : NULL;
	uint32_t index = identifier % (1u << NVME_SLOT_BITS);
	struct nvme_slot *slot;

	if (sq == NULL || identifier >> NVME_SLOT_BITS != sq->generation || index >= NVME_SLOTS)
		return NULL;
	slot = sq->slots[index];
	if (slot == NULL || slot->state != NVME_AT_DEVICE)
		return NULL;
	if (!nvme_is_open(slot))
		sq->nr_out--;
	slot->completion = *completion;
	return slot;
}

uint16_t nvme_identifier_at_device(const struct nvme_sq *sq, uint16_t identifier)
{
	for (unsigned i = 0; sq != NULL && i < NVME_SLOT_NUDGE; i++) {
		const struct nvme_slot *slot = sq->slots[i];

		if (slot != NULL && slot->state == NVME_AT_DEVICE && !slot->is_spare && slot->identifier == identifier)
			return (uint16_t)(sq->generation << NVME_SLOT_BITS | slot->number);
	}
	return UINT16_MAX; /* no slot has that: NVME_SLOTS */
}

bool nvme_cq_next(struct nvme_cq *cq, struct nvme_completion *completion)
{
	const struct nvme_completion *entry = &cq->ring[cq->index];
	/* The device writes this word last (NVM Express 2.0c, 3.3.3.2.1: the phase). */
	uint32_t last = __atomic_load_n(&entry->words[3], __ATOMIC_ACQUIRE);

	if ((last >> 16 & 1) != cq->ring_phase)
		return false;
	*completion = *entry;
	completion->words[3] = last;
	cq->index = (cq->index + 1) % NVME_CQ_ENTRIES;
	if (cq->index == 0)
		cq->ring_phase = !cq->ring_phase;
	return true;
}

void nvme_cq_taken(struct nvme_controller *controller, struct nvme_cq *cq)
{
	if (cq->rung == cq->index)
		return;
	cq->rung = cq->index;
	nvme_ring(controller, cq->number, true, cq->index);
}

static bool nvme_cq_is_full(const struct nvme_cq *cq)
{
	return (cq->tail + 1) % cq->size == cq->head;
}

/* If not, the guest rings when it makes some. */
static bool nvme_cq_has_room(const struct nvme_controller *controller, struct nvme_cq *cq)
{
	if (nvme_cq_is_full(cq))
		nvme_doorbells_take_head(controller, cq);
	return !nvme_cq_is_full(cq);
}

bool nvme_post_beside(struct nvme_slot *slot, const struct nvme_completion *completion)
{
	struct nvme_sq *sq = slot->sq;
	struct nvme_cq *cq = sq->cq;
	uint32_t *entry = memory_direct(cq->base + cq->tail * sizeof(struct nvme_completion));

	if (!nvme_cq_has_room(sq->controller, cq))
		return false;
	__atomic_store_n(&entry[0], completion->words[0], __ATOMIC_RELAXED);
	__atomic_store_n(&entry[1], completion->words[1], __ATOMIC_RELAXED);
	__atomic_store_n(&entry[2], (uint32_t)sq->number << 16 | sq->head, __ATOMIC_RELAXED);
	/* The guest finds it by the phase. */
	__atomic_store_n(&entry[3], (completion->words[3] & 0xfffe0000) | (uint32_t)cq->phase << 16 | slot->identifier,
			 __ATOMIC_RELEASE);
	cq->tail = (cq->tail + 1) % cq->size;
	if (cq->tail == 0)
		cq->phase = !cq->phase;
	return true;
}

void nvme_post(struct nvme_slot *slot)
{
	bool is_posted = nvme_post_beside(slot, &slot->completion);

	if (is_posted && slot->request.is_twice) {
		slot->request.is_twice = false;
		is_posted = nvme_post_beside(slot, &slot->completion);
	}
	if (is_posted) {
		nvme_slot_free(slot);
		return;
	}
	slot->state = NVME_DONE;
	slot->sq->nr_kept++;
}

struct nvme_slot *nvme_slot_of_event(const struct nvme_sq *sq, bool is_spare)
{
	for (unsigned i = 0; i < NVME_SLOT_NUDGE; i++) {
		struct nvme_slot *slot = sq->slots[i];

		if (slot != NULL && (slot->state == NVME_AT_DEVICE || slot->state == NVME_OWN_DONE) && nvme_is_open(slot) &&
		    slot->is_spare == is_spare)
			return slot;
	}
	return NULL;
}

/* The interrupts that were about these have come. */
void nvme_post_kept(struct nvme_controller *controller, struct nvme_cq *cq)
{
	for (unsigned i = 0; i < controller->queues_end; i++) {
		struct nvme_sq *sq = controller->sqs[i];
		bool any = false;

		if (sq == NULL || sq->cq != cq || sq->nr_kept == 0)
			continue;
		for (unsigned k = 0; k < NVME_SLOTS && sq->nr_kept != 0 && nvme_cq_has_room(controller, cq); k++) {
			if (sq->slots[k] == NULL || sq->slots[k]->state != NVME_DONE)
				continue;
			sq->nr_kept--;
			nvme_post(sq->slots[k]);
			any = true;
		}
		if (any)
			nvme_nudge(sq);
	}
}
