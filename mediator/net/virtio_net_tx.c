/*
 * mediator/net/virtio_net_tx.c: what the guest sends (Virtual I/O Device Specification 1.2, 5.1.6.2): copied, judged, and
 * sent from the copy.
 */
#include "mediator/net/virtio_net.h"

#include "core/log.h"
#include "core/memory.h"
#include "hook/hook.h"
#include "mediator/net/packet.h"
#include "mediator/net/tunnel.h"
#include "rv/errno.h"
#include "rv/kinds.h"

int virtio_net_tx_read(struct virtio_slot *slot)
{
	struct virtio_chain chain = { .bounce = &slot->bounce, .header = &slot->net,
				      .header_bytes = virtio_net_header_bytes(slot->queue->device) };
	int error;

	slot->net = (struct virtio_net_header){ 0 };
	error = virtio_chain_walk(slot->queue, slot->head, &chain);
	slot->is_excessive = chain.is_excessive;
	slot->is_unreachable = chain.is_unreachable;
	slot->header_bytes = 0; /* it is not in the bounce */
	return error != 0 || chain.header_done != chain.header_bytes || chain.last_bytes != 0 ? -RV_EINVAL : 0;
}

/* The guest has it back: all that the device needs is in memory of ours. */
static void virtio_net_tx_give_back(struct virtio_slot *slot)
{
	slot->used_bytes = 0;
	virtio_post(slot);
}

/* Nobody but us interrupts for it. */
static void virtio_net_tx_end(struct virtio_slot *slot)
{
	slot->queue->owes_interrupt = true;
	virtio_net_tx_give_back(slot);
	virtio_slot_free(slot);
}

static void virtio_net_tx_drop(struct virtio_slot *slot, const char *why)
{
	struct virtio_net *net = virtio_net_of(slot->queue->device);

	/* Once, for a guest can go on and on. */
	if (!net->is_told_of_drops)
		log_warning("nic%u: a packet is dropped: %s", net->device.index, why);
	net->is_told_of_drops = true;
	virtio_net_tx_end(slot);
}

/* Its table is what the device is to get. */
static void virtio_net_tx_describe(struct virtio_slot *slot)
{
	const struct bounce *bounce = &slot->bounce;

	slot->nr_entries = 0;
	slot->area->net = slot->net;
	virtio_append(slot, memory_physical(&slot->area->net), virtio_net_header_bytes(slot->queue->device), 0);
	for (uint64_t at = 0; at < bounce->length_bytes; at += PAGE_BYTES) {
		uint64_t left = bounce->length_bytes - at;

		if (left <= PAGE_BYTES)
			virtio_append_last(slot, memory_physical(bounce->pages[at / PAGE_BYTES]), left, 0);
		else
			virtio_append(slot, memory_physical(bounce->pages[at / PAGE_BYTES]), PAGE_BYTES, 0);
	}
}

static void virtio_net_tx_send(struct virtio_slot *slot)
{
	virtio_net_frame_end(slot, &slot->net);
	virtio_net_tx_describe(slot);
	virtio_net_tx_give_back(slot);
	virtio_submit(slot);
}

/* Nothing of the guest's hangs on it. */
int virtio_net_tx_transmit(struct virtio_queue *queue, const struct bounce *frame)
{
	struct virtio_slot *slot = queue->nr_out + VIRTIO_NET_TRANSMITS < VIRTIO_SLOT_NUDGE ? virtio_slot_find(queue) : NULL;

	if (slot == NULL)
		return -RV_EBUSY;
	slot->header_bytes = 0;
	if (packet_copy(&slot->bounce, 0, frame) != 0)
		return -RV_ENOMEM;
	slot->net = (struct virtio_net_header){ 0 };
	virtio_net_tx_describe(slot);
	virtio_submit(slot);
	return 0;
}

/* Its features leave the card nothing to do but to send; a guest that asks for more than it was offered is not served. */
static void virtio_net_tx_divert(struct virtio_slot *slot)
{
	if (slot->net.gso_type == VIRTIO_NET_GSO_NONE && !(slot->net.flags & VIRTIO_NET_NEEDS_CSUM))
		tunnel_take(TUNNEL_GUEST, &slot->bounce, 0);
	virtio_net_tx_end(slot);
}

void virtio_net_tx_decided(struct virtio_slot *slot)
{
	if (slot->request.verdict == RV_VERDICT_DENY || slot->request.verdict == RV_VERDICT_DROP)
		virtio_net_tx_end(slot);
	else if (tunnel_is_wanted())
		virtio_net_tx_divert(slot);
	else
		virtio_net_tx_send(slot);
}

/* Into memory of ours. NULL: it is there. */
static const char *virtio_net_tx_copy(struct virtio_slot *slot)
{
	if (slot->is_excessive || slot->is_unreachable)
		return slot->is_excessive ? "it is in too many pieces" : "it is not in the guest's memory";
	return packet_gather(&slot->bounce, 0);
}

void virtio_net_tx_begin(struct virtio_slot *slot, struct vcpu *vcpu)
{
	const char *why = virtio_net_tx_copy(slot);

	if (why != NULL) {
		virtio_net_tx_drop(slot, why);
		return;
	}
	virtio_net_frame_begin(slot, RV_EVENT_NET_TX, &slot->net);
	if (hook_wants_requests(RV_EVENT_NET_TX))
		virtio_net_ask(slot, VIRTIO_ASKED, vcpu);
	else
		virtio_net_tx_decided(slot);
}

void virtio_net_tx_complete(struct virtio_slot *slot, struct vcpu *vcpu)
{
	(void)vcpu;
	virtio_slot_free(slot);
}

/* It has all that was sent back before the device has sent it, so that one interrupt of the device's is enough, if it
 * wants one. Slots come back when that interrupts too: it does if they are all taken. */
bool virtio_net_tx_work(struct virtio_queue *queue, struct vcpu *vcpu)
{
	struct virtio_device *device = queue->device;
	uint32_t number = queue->number;
	bool any;

	virtio_heed_wish(queue);
	any = virtio_queue_work(queue, vcpu);
	if (device->queues[number] != queue || queue->is_dead)
		return any;
	if (queue->is_silent && virtio_wants_interrupt(queue))
		queue->owes_interrupt = true; /* by now, for what it may not have found */
	if (queue->is_silent && virtio_count_available(queue) != 0) {
		virtio_set_silent(queue, false);
		any |= virtio_queue_work(queue, vcpu);
	}
	if (!any && device->queues[number] == queue && queue->owes_interrupt)
		virtio_net_interrupt(queue);
	return any;
}
