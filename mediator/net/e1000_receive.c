/*
 * mediator/net/e1000_receive.c: our ring of what comes: pages, of which a frame takes as many as it needs. What the card
 * writes is read once, and believed as far as it makes sense.
 */
#include "core/log.h"
#include "core/memory.h"
#include "core/string.h"
#include "hook/hook.h"
#include "mediator/net/e1000.h"
#include "mediator/net/tunnel.h"
#include "rv/errno.h"
#include "rv/kinds.h"

bool e1000_has_extended(const struct e1000 *card)
{
	return card->is_82574 &&
	       ((card->rfctl & E1000_RFCTL_EXSTEN) || (card->rctl & E1000_RCTL_DTYP) == E1000_RCTL_DTYP_SPLIT);
}

static struct e1000_rx_descriptor *e1000_receive_entry(struct e1000_queue *queue)
{
	return (struct e1000_rx_descriptor *)queue->ring + queue->ours_head;
}

static void e1000_receive_stock(struct e1000_queue *queue, uint32_t index)
{
	((struct e1000_rx_descriptor *)queue->ring)[index] =
		(struct e1000_rx_descriptor){ .first = memory_physical(queue->buffers[index]) };
}

int e1000_receive_take(struct e1000_queue *queue)
{
	if (queue->buffers[0] != NULL)
		return 0;
	for (unsigned i = 0; i < E1000_RX_ENTRIES; i++) {
		queue->buffers[i] = memory_allocate_device_page();
		if (queue->buffers[i] != NULL)
			continue;
		while (i-- > 0) {
			memory_free_page(queue->buffers[i]);
			queue->buffers[i] = NULL;
		}
		return -RV_ENOMEM;
	}
	return 0;
}

void e1000_receive_program(struct e1000_queue *queue)
{
	hpa_t ring = memory_physical(queue->ring);

	queue->is_programmed = e1000_receive_take(queue) == 0;
	if (!queue->is_programmed) {
		log_warning("nic%u: there is not enough memory for its queue %u, which receives nothing: give more with memory=",
			    queue->card->nic->number, queue->number);
		ring = 0;
	}
	for (uint32_t i = 0; queue->is_programmed && i < E1000_RX_ENTRIES; i++)
		e1000_receive_stock(queue, i);
	queue->ours_head = 0;
	queue->ours_tail = queue->is_programmed ? E1000_RX_ENTRIES - 1 : 0;
	e1000_put(queue->card, queue->registers + E1000_BASE_LOW, (uint32_t)ring);
	e1000_put(queue->card, queue->registers + E1000_BASE_HIGH, (uint32_t)(ring >> 32));
	e1000_put(queue->card, queue->registers + E1000_LENGTH,
		  queue->is_programmed ? E1000_RX_ENTRIES * sizeof(struct e1000_rx_descriptor) : 0);
	e1000_put(queue->card, queue->registers + E1000_HEAD, 0);
	e1000_put(queue->card, queue->registers + E1000_TAIL, queue->ours_tail);
}

/* What the card says of its buffer: whether it is done with it, and how long what is there is. */
static bool e1000_receive_read(struct e1000_queue *queue, struct e1000_rx_descriptor *descriptor, uint32_t *status,
			       uint32_t *length_bytes)
{
	struct e1000_rx_descriptor *entry = e1000_receive_entry(queue);
	bool is_extended = e1000_has_extended(queue->card);

	/* It writes DD last, or all 8 bytes at once. */
	descriptor->second = __atomic_load_n(&entry->second, __ATOMIC_ACQUIRE);
	*status = is_extended ? descriptor->extended.status : descriptor->legacy.status;
	if (!(*status & E1000_RX_DD))
		return false;
	descriptor->second = __atomic_load_n(&entry->second, __ATOMIC_RELAXED);
	descriptor->first = __atomic_load_n(&entry->first, __ATOMIC_RELAXED);
	*status = is_extended ? descriptor->extended.status : descriptor->legacy.status;
	*length_bytes = is_extended ? descriptor->extended.length : descriptor->legacy.length;
	return true;
}

/* The buffer becomes the frame's, and the card has another. False: there is none, or the frame is none. */
static bool e1000_receive_join(struct e1000_queue *queue, struct e1000_slot *slot, uint32_t length_bytes)
{
	struct bounce *bounce = &slot->bounce;
	uint8_t *page;

	if (length_bytes > PAGE_BYTES || bounce->nr_pages == bounce->pages_maximum ||
	    bounce->length_bytes != bounce->nr_pages * PAGE_BYTES)
		return false;
	page = memory_allocate_device_page();
	if (page == NULL)
		return false;
	bounce->pages[bounce->nr_pages++] = queue->buffers[queue->ours_head];
	bounce->length_bytes += length_bytes;
	queue->buffers[queue->ours_head] = page;
	return true;
}

/* The card has the entry again, but is told of several at a time. */
static void e1000_receive_return(struct e1000_queue *queue)
{
	e1000_receive_stock(queue, queue->ours_head);
	queue->ours_head = (queue->ours_head + 1) % E1000_RX_ENTRIES;
	if ((queue->ours_head + E1000_RX_ENTRIES - queue->ours_tail - 1) % E1000_RX_ENTRIES < E1000_RX_BATCH)
		return;
	queue->ours_tail = (queue->ours_head + E1000_RX_ENTRIES - 1) % E1000_RX_ENTRIES;
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* the descriptors are there before the card looks */
	e1000_put(queue->card, queue->registers + E1000_TAIL, queue->ours_tail);
}

/* All of a frame is there. */
static void e1000_receive_begin(struct e1000_slot *slot, struct vcpu *vcpu)
{
	struct bounce *bounce = &slot->bounce;

	if (!(slot->queue->card->rctl & E1000_RCTL_SECRC)) {
		if (bounce->length_bytes < E1000_CRC_BYTES) {
			e1000_slot_free(slot);
			return;
		}
		bounce->length_bytes -= E1000_CRC_BYTES;
		bounce_copy(bounce, bounce->length_bytes, slot->crc, E1000_CRC_BYTES, false);
	}
	if (bounce->length_bytes < PACKET_BYTES_MINIMUM) {
		e1000_slot_free(slot);
		return;
	}
	slot->before_bytes = 0;
	if (tunnel_is_wanted()) {
		tunnel_take(TUNNEL_WIRE, &slot->bounce, 0);
		e1000_slot_free(slot);
		return;
	}
	e1000_frame_begin(slot, RV_EVENT_NET_RX);
	if (hook_wants_requests(RV_EVENT_NET_RX))
		e1000_ask(slot, vcpu);
	else
		e1000_rx_decided(slot);
}

/* The next entry that the card is done with. False: there is none, or no room. */
static bool e1000_receive_next(struct e1000_queue *queue, struct vcpu *vcpu)
{
	struct e1000_rx_descriptor descriptor;
	struct e1000_slot *slot = queue->coming;
	uint32_t status, length_bytes;

	if (!queue->is_programmed || !e1000_receive_read(queue, &descriptor, &status, &length_bytes)) {
		queue->is_late = false;
		return false;
	}
	if (slot == NULL && !queue->is_skipping) {
		slot = queue->coming = e1000_slot_find(queue);
		queue->is_late |= slot == NULL;
		if (slot == NULL)
			return false;
		slot->state = E1000_COMING;
	}
	if (slot != NULL && !e1000_receive_join(queue, slot, length_bytes)) {
		e1000_slot_free(slot);
		slot = queue->coming = NULL;
		queue->is_skipping = true;
	}
	e1000_receive_return(queue);
	if (!(status & E1000_RX_EOP))
		return true;
	queue->coming = NULL;
	queue->is_skipping = false;
	if (slot != NULL) {
		slot->written = descriptor;
		slot->has_waited = queue->is_late;
		e1000_receive_begin(slot, vcpu);
	}
	return true;
}

/* One CPU at a time, so that frames keep their order; who comes meanwhile leaves them to that one. An interrupt that was
 * taken meanwhile may have been about a frame that the guest has only now. */
bool e1000_receive_work(struct e1000_queue *queue, struct vcpu *vcpu)
{
	uint64_t nr_interrupts = queue->card->nr_interrupts;
	bool any = false, gave;

	if (queue->is_pumped)
		return false;
	queue->is_pumped = true;
	while (e1000_receive_next(queue, vcpu))
		any = true;
	gave = e1000_rx_give_all(queue);
	queue->owes_interrupt |= gave && queue->card->nr_interrupts != nr_interrupts;
	queue->is_pumped = false;
	if (queue->owes_interrupt)
		e1000_interrupt(queue);
	return any || gave;
}
