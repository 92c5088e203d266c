/*
 * mediator/net/virtio_net_rx.c: what comes for the guest (Virtual I/O Device Specification 1.2, 5.1.6.3, 5.1.6.4): in
 * buffers of ours, judged, and copied into the guest's.
 */
#include "mediator/net/virtio_net.h"

#include "core/memory.h"
#include "core/string.h"
#include "hook/hook.h"
#include "mediator/net/packet.h"
#include "mediator/net/tunnel.h"
#include "rv/errno.h"
#include "rv/kinds.h"

#define VIRTIO_NET_GUEST_PIECES 32 /* of one of the guest's buffers */

/* Buffers of ours ---------------------------------------------------------------------------------- */

/* One page where a frame may be in several; else all that it may be. */
static uint32_t virtio_net_buffer_pages(const struct virtio_device *device)
{
	if (virtio_net_has(device, VIRTIO_NET_MRG_RXBUF))
		return 1;
	return virtio_net_has(device, VIRTIO_NET_GUEST_TSO4 | VIRTIO_NET_GUEST_TSO6 | VIRTIO_NET_GUEST_UFO) ? 17 : 3;
}

/* The header by itself, as legacy devices want it. */
static bool virtio_net_stock_one(struct virtio_slot *slot)
{
	struct virtio_queue *queue = slot->queue;
	uint32_t header_bytes = virtio_net_header_bytes(queue->device);
	struct bounce *bounce = &slot->bounce;

	if (bounce_take_bytes(bounce, queue->buffer_pages * PAGE_BYTES) != 0)
		return false;
	slot->nr_entries = 0;
	virtio_append(slot, memory_physical(bounce->pages[0]), header_bytes, VIRTIO_DESCRIPTOR_WRITE);
	if (queue->buffer_pages == 1) {
		virtio_append_last(slot, memory_physical(bounce->pages[0]) + header_bytes, PAGE_BYTES - header_bytes,
				   VIRTIO_DESCRIPTOR_WRITE);
	} else {
		virtio_append(slot, memory_physical(bounce->pages[0]) + header_bytes, PAGE_BYTES - header_bytes,
			      VIRTIO_DESCRIPTOR_WRITE);
		for (uint32_t i = 1; i + 1 < queue->buffer_pages; i++)
			virtio_append(slot, memory_physical(bounce->pages[i]), PAGE_BYTES, VIRTIO_DESCRIPTOR_WRITE);
		virtio_append_last(slot, memory_physical(bounce->pages[queue->buffer_pages - 1]), PAGE_BYTES,
				   VIRTIO_DESCRIPTOR_WRITE);
	}
	virtio_submit(slot);
	return true;
}

/* Where memory is short the device has fewer. */
void virtio_net_rx_stock(struct virtio_queue *queue)
{
	bool was_quiet = queue->is_quiet;
	uint32_t count = 0;

	queue->buffer_pages = virtio_net_buffer_pages(queue->device);
	queue->is_quiet = true;
	for (; queue->nr_out < VIRTIO_NET_BUFFERS; count++) {
		struct virtio_slot *slot = virtio_slot_find(queue);

		if (slot == NULL || !virtio_net_stock_one(slot))
			break;
	}
	queue->is_quiet = was_quiet;
	if (count != 0)
		virtio_notify_device(queue);
}

/* From the device -------------------------------------------------------------------------------------- */

/* Another part of the frame is in the slot: takes its page. False: the device has left a gap, or has no header. */
static bool virtio_net_join(struct virtio_slot *first, struct virtio_slot *slot)
{
	uint32_t most = slot->queue->buffer_pages * PAGE_BYTES;

	if (slot->device_bytes > most)
		return false;
	if (first == slot) {
		slot->bounce.length_bytes = slot->device_bytes;
		return slot->device_bytes > slot->header_bytes;
	}
	if (first->bounce.length_bytes != first->bounce.nr_pages * PAGE_BYTES || slot->bounce.nr_pages != 1)
		return false;
	first->bounce.pages[first->bounce.nr_pages++] = slot->bounce.pages[0];
	slot->bounce.nr_pages = 0;
	first->bounce.length_bytes += slot->device_bytes;
	return true;
}

static void virtio_net_header_of(const struct virtio_slot *slot, struct virtio_net_header *header)
{
	*header = (struct virtio_net_header){ .nr_buffers = 1 };
	memcpy(header, slot->bounce.pages[0], slot->header_bytes);
	if (!virtio_net_has(slot->queue->device, VIRTIO_NET_MRG_RXBUF) || header->nr_buffers == 0)
		header->nr_buffers = 1;
}

/* All of a frame is there. */
static void virtio_net_rx_begin(struct virtio_slot *slot, struct vcpu *vcpu)
{
	if (tunnel_is_wanted()) {
		tunnel_take(TUNNEL_WIRE, &slot->bounce, slot->header_bytes);
		virtio_slot_free(slot);
		return;
	}
	slot->has_waited = false;
	virtio_net_frame_begin(slot, RV_EVENT_NET_RX, &slot->net);
	if (hook_wants_requests(RV_EVENT_NET_RX)) {
		virtio_net_ask(slot, VIRTIO_DONE_ASKED, vcpu);
		return;
	}
	slot->state = VIRTIO_DONE_ASKED;
	virtio_net_rx_decided(slot);
}

void virtio_net_rx_take(struct virtio_slot *slot, struct vcpu *vcpu)
{
	struct virtio_queue *queue = slot->queue;
	struct virtio_slot *first = queue->coming;
	bool is_good;

	if (first == NULL) {
		first = queue->coming = slot;
		slot->header_bytes = virtio_net_header_bytes(queue->device);
		virtio_net_header_of(slot, &slot->net);
		queue->nr_coming = slot->net.nr_buffers;
	}
	is_good = virtio_net_join(first, slot) && queue->nr_coming <= VIRTIO_NET_PARTS_MAXIMUM;
	slot->state = VIRTIO_COMING;
	queue->nr_coming--;
	if (first != slot)
		virtio_slot_free(slot);
	if (is_good && queue->nr_coming != 0)
		return;
	queue->coming = NULL;
	if (is_good)
		virtio_net_rx_begin(first, vcpu);
	else
		virtio_slot_free(first);
}

void virtio_net_rx_decided(struct virtio_slot *slot)
{
	struct virtio_queue *queue = slot->queue;

	if (slot->request.verdict == RV_VERDICT_DENY || slot->request.verdict == RV_VERDICT_DROP) {
		virtio_slot_free(slot);
		return;
	}
	virtio_net_frame_end(slot, &slot->net);
	slot->state = VIRTIO_DECIDED;
	slot->next = NULL;
	*queue->last_decided = slot;
	queue->last_decided = &slot->next;
}

/* To the guest ------------------------------------------------------------------------------------------ */

/* The pieces of the next of the guest's buffers, which are its memory. */
static int virtio_net_buffer_at(struct virtio_queue *queue, uint32_t ahead, struct bounce *pieces, uint16_t *head)
{
	struct virtio_chain chain = { .bounce = pieces };

	pieces->nr_segments = 0;
	*head = virtio_head_at(queue, ahead);
	if (virtio_chain_walk(queue, *head, &chain) != 0 || chain.nr_readable != 0 || chain.is_unreachable)
		return -RV_EINVAL;
	return 0;
}

/* How many of the guest's buffers it takes; 0: there are not enough; -RV_E2BIG: there never will be; -RV_EINVAL: they are
 * none. */
static int virtio_net_count_buffers(struct virtio_queue *queue, uint64_t bytes, struct bounce *pieces, uint16_t *head)
{
	uint16_t available = virtio_count_available(queue);
	bool merges = virtio_net_has(queue->device, VIRTIO_NET_MRG_RXBUF);
	uint32_t most = merges ? available : available != 0;
	uint64_t room = 0;

	for (uint32_t count = 0; count < most;) {
		if (virtio_net_buffer_at(queue, count++, pieces, head) != 0)
			return -RV_EINVAL;
		room += bounce_segments_bytes(pieces);
		if (room >= bytes)
			return (int)count;
	}
	/* All that it will ever give is not enough. */
	return most != 0 && (most == queue->guest.size || !merges) ? -RV_E2BIG : 0;
}

/* `pieces` are the last buffer's, whose head is told. */
static int virtio_net_fill_buffers(struct virtio_queue *queue, struct virtio_slot *slot, uint32_t count,
				   struct bounce *pieces, uint16_t head)
{
	uint64_t done_bytes = 0;

	slot->net.nr_buffers = (uint16_t)count;
	memcpy(slot->bounce.pages[0], &slot->net, slot->header_bytes);
	for (uint32_t i = 0; i < count; i++) {
		uint64_t before = done_bytes;

		/* Of several, read anew: what is written to is what was looked at now. */
		if ((count != 1 && virtio_net_buffer_at(queue, i, pieces, &head) != 0) ||
		    bounce_scatter_part(&slot->bounce, &done_bytes, pieces->segments, pieces->nr_segments) != 0)
			return -RV_EINVAL;
		virtio_put_used(queue, i, head, (uint32_t)(done_bytes - before));
	}
	queue->taken = (uint16_t)(queue->taken + count);
	virtio_give_used(queue, count);
	return 0;
}

/* The first frame that is decided. False: the guest has no memory for it, or there is none. */
static bool virtio_net_rx_give(struct virtio_queue *queue)
{
	struct bounce_segment segments[VIRTIO_NET_GUEST_PIECES];
	struct bounce pieces = { .segments = segments, .segments_maximum = VIRTIO_NET_GUEST_PIECES };
	struct virtio_slot *slot = queue->first_decided;
	uint16_t head = 0;
	int count;

	if (slot == NULL || queue->is_dead || queue->device->is_stopping)
		return false;
	count = virtio_net_count_buffers(queue, slot->bounce.length_bytes, &pieces, &head);
	if (count == 0) {
		slot->has_waited = true;
		return false;
	}
	if (count > 0 && virtio_net_fill_buffers(queue, slot, (uint32_t)count, &pieces, head) != 0)
		count = -RV_EINVAL;
	if (count == -RV_EINVAL)
		virtio_queue_kill(queue, "a chain of descriptors that is none");
	queue->owes_interrupt |= slot->has_waited;
	queue->first_decided = slot->next;
	if (queue->first_decided == NULL)
		queue->last_decided = &queue->first_decided;
	virtio_slot_free(slot);
	return true;
}

/* All that there is room for. New buffers are of interest while a frame waits for some: else the guest need not notify of
 * them, and what it puts there before it knows is found by the second look. */
static bool virtio_net_rx_give_all(struct virtio_queue *queue, uint64_t nr_interrupts)
{
	bool any = false;

	for (unsigned round = 0; round < 2; round++) {
		while (virtio_net_rx_give(queue)) {
			queue->owes_interrupt |= queue->device->nr_interrupts != nr_interrupts;
			any = true;
		}
		virtio_want_notice(queue, queue->first_decided != NULL);
	}
	return any;
}

int virtio_net_rx_deliver(struct virtio_queue *queue, const struct bounce *frame)
{
	struct virtio_slot *slot = virtio_slot_find(queue);

	if (slot == NULL)
		return -RV_EBUSY;
	slot->header_bytes = virtio_net_header_bytes(queue->device);
	if (packet_copy(&slot->bounce, slot->header_bytes, frame) != 0)
		return -RV_ENOMEM;
	slot->net = (struct virtio_net_header){ .nr_buffers = 1 };
	slot->request = (struct request){ .verdict = RV_VERDICT_PASS };
	slot->has_waited = true; /* the device does not interrupt for it */
	virtio_net_rx_decided(slot);
	if (queue->is_pumped) /* whoever is at it does the rest */
		return 0;
	(void)virtio_net_rx_give_all(queue, queue->device->nr_interrupts);
	if (queue->owes_interrupt)
		virtio_net_interrupt(queue);
	return 0;
}

/* One CPU at a time, so that frames keep their order; who comes meanwhile leaves them to that one. An interrupt that was
 * taken meanwhile may have been about a frame that the guest has only now. */
bool virtio_net_rx_work(struct virtio_queue *queue, struct vcpu *vcpu)
{
	struct virtio_device *device = queue->device;
	uint64_t nr_interrupts = device->nr_interrupts;
	struct virtio_slot *slot;
	bool any = false;

	if (queue->is_pumped)
		return false;
	queue->is_pumped = true;
	queue->nr_users++;
	while (!queue->is_gone && !device->is_stopping && (slot = virtio_done_next(queue)) != NULL) {
		virtio_net_rx_take(slot, vcpu);
		any = true;
	}
	if (!queue->is_gone && !device->is_stopping)
		any |= virtio_net_rx_give_all(queue, nr_interrupts);
	if (!queue->is_gone && !queue->is_dead && !device->is_stopping)
		virtio_net_rx_stock(queue);
	if (!queue->is_gone && queue->owes_interrupt)
		virtio_net_interrupt(queue);
	queue->is_pumped = false;
	virtio_queue_put(queue);
	return any;
}
