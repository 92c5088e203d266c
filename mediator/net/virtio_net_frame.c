/*
 * mediator/net/virtio_net_frame.c: a frame in a slot as a request: what hooks see of it and may make of it.
 */
#include "mediator/net/virtio_net.h"

#include "mediator/net/packet.h"

static struct virtio_slot *virtio_net_slot_of(struct request *request)
{
	return CONTAINER_OF(request, struct virtio_slot, request);
}

static int virtio_net_data(struct request *request, uint64_t offset, void *buffer, size_t length_bytes, bool write)
{
	struct virtio_slot *slot = virtio_net_slot_of(request);

	bounce_copy(&slot->bounce, slot->header_bytes + offset, buffer, length_bytes, write);
	return 0;
}

static int virtio_net_resize(struct request *request, uint64_t bytes)
{
	struct virtio_slot *slot = virtio_net_slot_of(request);

	return packet_resize(request, &slot->bounce, slot->header_bytes, bytes);
}

void virtio_net_frame_begin(struct virtio_slot *slot, uint32_t kind, const struct virtio_net_header *header)
{
	struct request *request = &slot->request;

	packet_begin(request, &slot->bounce, slot->header_bytes, kind);
	slot->done_bytes = request->data_bytes;
	request->data = virtio_net_data;
	request->resize = virtio_net_resize;
	request->frame.nic = virtio_net_of(slot->queue->device)->nic->number;
	request->frame.queue = slot->queue->number / 2;
	request->frame.has_partial_checksum = (header->flags & VIRTIO_NET_NEEDS_CSUM) != 0;
	request->frame.gso_bytes = (header->gso_type & ~VIRTIO_NET_GSO_ECN) != VIRTIO_NET_GSO_NONE ? header->gso_bytes : 0;
}

/* A frame of another length is sent as it is; and a checksum that is to be filled in is one within it. */
void virtio_net_frame_end(struct virtio_slot *slot, struct virtio_net_header *header)
{
	const struct request *request = &slot->request;

	if (!request->data_changed)
		return;
	if (request->data_bytes != slot->done_bytes || header->header_bytes > request->data_bytes)
		header->gso_type = VIRTIO_NET_GSO_NONE;
	if ((uint32_t)header->checksum_start + header->checksum_offset + 2 > request->data_bytes)
		header->flags &= (uint8_t)~VIRTIO_NET_NEEDS_CSUM;
}

/* The hooks have decided, unless a reset has ended the frame meanwhile. */
static void virtio_net_decided(struct virtio_slot *slot)
{
	struct virtio_queue *queue = slot->queue;

	if (queue->is_gone || queue->device->is_stopping)
		virtio_slot_free(slot);
	else if (slot->state == VIRTIO_ASKED)
		virtio_net_tx_decided(slot);
	else
		virtio_net_rx_decided(slot);
	virtio_queue_put(queue);
}

static void virtio_net_resume(struct request *request, struct vcpu *vcpu)
{
	struct virtio_slot *slot = virtio_net_slot_of(request);
	struct virtio_device *device = slot->queue->device;

	spinlock_acquire(&device->lock);
	slot->has_waited = true;
	virtio_net_decided(slot);
	virtio_work(device, vcpu);
	spinlock_release(&device->lock);
}

void virtio_net_ask(struct virtio_slot *slot, enum virtio_slot_state state, struct vcpu *vcpu)
{
	struct virtio_device *device = slot->queue->device;
	bool is_decided;

	slot->state = (uint8_t)state;
	slot->has_waited = false;
	slot->queue->nr_users++;
	slot->request.resume = virtio_net_resume;
	spinlock_release(&device->lock);
	is_decided = request_offer(&slot->request, vcpu);
	spinlock_acquire(&device->lock);
	if (is_decided)
		virtio_net_decided(slot);
}
