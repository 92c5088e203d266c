/*
 * mediator/net/e1000_slot.c: frames on their way through the hooks.
 */
#include "core/memory.h"
#include "core/string.h"
#include "mediator/net/e1000.h"

/* Where memory is short the next waits, as long as something is on its way whose end gives some back. */
struct e1000_slot *e1000_slot_find(struct e1000_queue *queue)
{
	if (!memory_has_device_pages(E1000_SLOT_PAGES) && e1000_queue_is_busy(queue))
		return NULL;
	for (unsigned i = 0; i < E1000_SLOTS; i++) {
		struct e1000_slot *slot = queue->slots[i];

		if (slot != NULL && slot->state == E1000_FREE)
			return slot;
		if (slot != NULL)
			continue;
		slot = queue->slots[i] = memory_allocate_spare_page();
		if (slot == NULL)
			return NULL;
		slot->queue = queue;
		bounce_init(&slot->bounce, slot->segments, ARRAY_LENGTH(slot->segments), slot->pages, ARRAY_LENGTH(slot->pages));
		return slot;
	}
	return NULL;
}

void e1000_slot_free(struct e1000_slot *slot)
{
	bounce_release(&slot->bounce);
	slot->state = E1000_FREE;
	slot->is_gone = slot->has_waited = slot->is_excessive = slot->is_unreachable = false;
	slot->offload = (struct e1000_offload){ 0 };
}

bool e1000_queue_is_busy(const struct e1000_queue *queue)
{
	for (unsigned i = 0; i < E1000_SLOTS; i++) {
		if (queue->slots[i] != NULL && queue->slots[i]->state != E1000_FREE)
			return true;
	}
	return false;
}

void e1000_queue_append(struct e1000_slot *slot, enum e1000_slot_state state)
{
	struct e1000_queue *queue = slot->queue;

	slot->state = (uint8_t)state;
	slot->next = NULL;
	*queue->last = slot;
	queue->last = &slot->next;
}

struct e1000_slot *e1000_queue_shift(struct e1000_queue *queue)
{
	struct e1000_slot *slot = queue->first;

	queue->first = slot->next;
	if (queue->first == NULL)
		queue->last = &queue->first;
	return slot;
}

/* Whoever asks hooks about a frame frees it when he is back. */
void e1000_queue_forget(struct e1000_queue *queue)
{
	queue->coming = queue->first = NULL;
	queue->last = &queue->first;
	queue->is_skipping = queue->is_late = queue->owes_interrupt = false;
	for (unsigned i = 0; i < E1000_SLOTS; i++) {
		struct e1000_slot *slot = queue->slots[i];

		if (slot == NULL || slot->state == E1000_FREE)
			continue;
		if (slot->state == E1000_ASKED && !request_cancel(&slot->request))
			slot->is_gone = true;
		else
			e1000_slot_free(slot);
	}
}

/* Requests ------------------------------------------------------------------------------------------- */

static struct e1000_slot *e1000_slot_of(struct request *request)
{
	return CONTAINER_OF(request, struct e1000_slot, request);
}

static int e1000_data(struct request *request, uint64_t offset, void *buffer, size_t length_bytes, bool write)
{
	struct e1000_slot *slot = e1000_slot_of(request);

	bounce_copy(&slot->bounce, slot->before_bytes + offset, buffer, length_bytes, write);
	return 0;
}

static int e1000_resize(struct request *request, uint64_t bytes)
{
	struct e1000_slot *slot = e1000_slot_of(request);

	return packet_resize(request, &slot->bounce, slot->before_bytes, bytes);
}

void e1000_frame_begin(struct e1000_slot *slot, uint32_t kind)
{
	packet_begin(&slot->request, &slot->bounce, slot->before_bytes, kind);
	slot->request.data = e1000_data;
	slot->request.resize = e1000_resize;
	slot->request.frame.nic = slot->queue->card->nic->number;
	slot->request.frame.queue = slot->queue->number;
	slot->request.frame.has_partial_checksum = slot->offload.sums_transport || slot->offload.is_cut;
	slot->request.frame.gso_bytes = slot->offload.is_cut ? (uint16_t)E1000_CONTEXT_MSS(&slot->offload.context) : 0;
}

static void e1000_decided(struct e1000_slot *slot)
{
	if (slot->is_gone)
		e1000_slot_free(slot);
	else if (slot->queue->is_tx)
		e1000_tx_decided(slot);
	else
		e1000_rx_decided(slot);
}

static void e1000_resume(struct request *request, struct vcpu *vcpu)
{
	struct e1000_slot *slot = e1000_slot_of(request);
	struct e1000 *card = slot->queue->card;

	spinlock_acquire(&card->lock);
	slot->has_waited = true;
	e1000_decided(slot);
	e1000_work(card, vcpu);
	e1000_release_if_idle(card);
	spinlock_release(&card->lock);
}

void e1000_ask(struct e1000_slot *slot, struct vcpu *vcpu)
{
	struct e1000 *card = slot->queue->card;
	bool is_decided;

	slot->state = E1000_ASKED;
	slot->request.resume = e1000_resume;
	spinlock_release(&card->lock);
	is_decided = request_offer(&slot->request, vcpu);
	spinlock_acquire(&card->lock);
	if (is_decided)
		e1000_decided(slot);
}
