/*
 * mediator/net/e1000_send.c: our ring of what is sent: of each frame a context, if the card has something to fill in, and
 * its pages; the last has DD written when it is sent, and then its memory is free.
 */
#include "core/memory.h"
#include "core/string.h"
#include "mediator/net/e1000.h"

static struct e1000_tx_descriptor *e1000_send_entry(struct e1000_queue *queue, uint32_t index)
{
	return (struct e1000_tx_descriptor *)queue->ring + index % E1000_TX_ENTRIES;
}

/* One is always free: head and tail are the same when all are. */
static uint32_t e1000_send_room(const struct e1000_queue *queue)
{
	return (queue->ours_head + E1000_TX_ENTRIES - queue->ours_tail - 1) % E1000_TX_ENTRIES;
}

static void e1000_send_put(struct e1000_queue *queue, uint64_t address, uint32_t lower, uint32_t upper)
{
	*e1000_send_entry(queue, queue->ours_tail) = (struct e1000_tx_descriptor){ address, lower | E1000_TX_DEXT, upper };
	queue->owners[queue->ours_tail] = 0;
	queue->ours_tail = (queue->ours_tail + 1) % E1000_TX_ENTRIES;
}

static void e1000_send_describe(struct e1000_slot *slot)
{
	const struct e1000_offload *offload = &slot->offload;
	struct e1000_queue *queue = slot->queue;
	uint32_t upper = (offload->sums_ip ? E1000_TX_IXSM : 0) | (offload->sums_transport ? E1000_TX_TXSM : 0);
	uint32_t lower = offload->command | (offload->is_cut ? E1000_TX_TSE : 0) | E1000_TX_DTYP_DATA;
	uint64_t at = slot->before_bytes, end = slot->bounce.length_bytes;

	if (upper != 0 || offload->is_cut)
		e1000_send_put(queue, offload->context.places,
			       (offload->context.lower & (0xfffffu | E1000_TX_TCP | E1000_TX_IPV4)) |
				       (offload->is_cut ? E1000_TX_TSE : 0),
			       offload->context.upper & ~(uint32_t)E1000_TX_STATUS);
	while (at < end) {
		uint64_t part = PAGE_BYTES - at % PAGE_BYTES < end - at ? PAGE_BYTES - at % PAGE_BYTES : end - at;

		e1000_send_put(queue, memory_physical(slot->bounce.pages[at / PAGE_BYTES]) + at % PAGE_BYTES,
			       lower | (uint32_t)part | (at + part == end ? E1000_TX_EOP | E1000_TX_RS : 0), upper);
		at += part;
	}
}

/* The first that is READY. False: there is none, or no room for it. */
static bool e1000_send_first(struct e1000_queue *queue)
{
	struct e1000_slot *slot = queue->first;

	if (slot == NULL || !queue->is_programmed || e1000_send_room(queue) < slot->bounce.nr_pages + 1)
		return false;
	(void)e1000_queue_shift(queue);
	e1000_send_describe(slot);
	slot->state = E1000_SENT;
	for (uint8_t i = 0; i < E1000_SLOTS; i++) {
		if (queue->slots[i] == slot)
			queue->owners[(queue->ours_tail + E1000_TX_ENTRIES - 1) % E1000_TX_ENTRIES] = i + 1;
	}
	queue->has_news = true;
	return true;
}

/* The oldest frame. False: it is not sent yet. */
static bool e1000_send_take(struct e1000_queue *queue)
{
	uint32_t at = queue->ours_head;
	struct e1000_slot *slot;

	while (at != queue->ours_tail && queue->owners[at] == 0)
		at = (at + 1) % E1000_TX_ENTRIES;
	if (at == queue->ours_tail ||
	    !(__atomic_load_n(&e1000_send_entry(queue, at)->upper, __ATOMIC_ACQUIRE) & E1000_TX_DD))
		return false;
	slot = queue->slots[queue->owners[at] - 1];
	queue->owners[at] = 0;
	queue->ours_head = (at + 1) % E1000_TX_ENTRIES;
	if (slot->state == E1000_SENT)
		e1000_slot_free(slot);
	return true;
}

bool e1000_send_work(struct e1000_queue *queue)
{
	bool any = false;

	while (e1000_send_take(queue))
		any = true;
	while (e1000_send_first(queue))
		any = true;
	if (queue->has_news) {
		queue->has_news = false;
		__atomic_thread_fence(__ATOMIC_SEQ_CST); /* the descriptors are there before the card looks */
		e1000_put(queue->card, queue->registers + E1000_TAIL, queue->ours_tail);
	}
	return any;
}

void e1000_send_program(struct e1000_queue *queue)
{
	hpa_t ring = memory_physical(queue->ring);

	for (unsigned i = 0; i < E1000_SLOTS; i++) {
		if (queue->slots[i] != NULL && queue->slots[i]->state == E1000_SENT)
			e1000_slot_free(queue->slots[i]);
	}
	memset(queue->ring, 0, PAGE_BYTES);
	memset(queue->owners, 0, sizeof(queue->owners));
	queue->ours_head = queue->ours_tail = 0;
	e1000_put(queue->card, queue->registers + E1000_BASE_LOW, (uint32_t)ring);
	e1000_put(queue->card, queue->registers + E1000_BASE_HIGH, (uint32_t)(ring >> 32));
	e1000_put(queue->card, queue->registers + E1000_LENGTH, E1000_TX_ENTRIES * sizeof(struct e1000_tx_descriptor));
	e1000_put(queue->card, queue->registers + E1000_HEAD, 0);
	e1000_put(queue->card, queue->registers + E1000_TAIL, 0);
	queue->is_programmed = true;
}
