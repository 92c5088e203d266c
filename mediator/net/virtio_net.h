/*
 * mediator/net/virtio_net.h: what the files of the mediator of virtio network cards share (Virtual I/O Device
 * Specification 1.2, 5.1).
 *
 * Queues are in pairs: 2n receives, 2n + 1 sends; the last is for commands to the card, which are passed on.
 *
 * What the guest sends is copied at its notification, offered, and put into our ring; the guest has its memory back as
 * soon as that is decided, for all that is sent is in ours. The device interrupts when it has sent; for what is dropped
 * we do.
 *
 * For what comes the device has buffers of ours. What it has put into them is offered where it is found, which is before
 * the guest has the interrupt, and copied into buffers of the guest's; if it has none, it waits.
 */
#ifndef MEDIATOR_NET_VIRTIO_NET_H
#define MEDIATOR_NET_VIRTIO_NET_H

#include "mediator/net/nic_class.h"
#include "mediator/virtio/virtio.h"

#define VIRTIO_NET_PAIRS_MAXIMUM 15
#define VIRTIO_NET_BUFFERS (VIRTIO_SLOT_NUDGE - 8) /* a receiving queue's; the rest is for what scripts deliver */
#define VIRTIO_NET_TRANSMITS 16 /* of slots that scripts send with, so many are left to the guest */
#define VIRTIO_NET_SLOT_PAGES 18
#define VIRTIO_NET_PARTS_MAXIMUM 17	     /* buffers of a page that a frame is in */

struct virtio_net {
	struct virtio_device device;
	struct nic *nic;
	uint64_t mac;
	bool is_told_no_vectors, is_told_of_drops;
};

static inline struct virtio_net *virtio_net_of(const struct virtio_device *device)
{
	return CONTAINER_OF(device, struct virtio_net, device);
}

static inline bool virtio_net_has(const struct virtio_device *device, uint32_t feature)
{
	return (device->features[0] & feature) != 0;
}

static inline uint32_t virtio_net_header_bytes(const struct virtio_device *device)
{
	return device->is_legacy && !virtio_net_has(device, VIRTIO_NET_MRG_RXBUF) ? VIRTIO_NET_HEADER_LEGACY_BYTES
										 : VIRTIO_NET_HEADER_BYTES;
}

/* All that follows is called under the device's lock; what has a vCPU may give it up while hooks are asked. */

/* virtio_net.c */
extern const struct virtio_class virtio_net_class;
/* Which features the guest is not offered: before it is attached too. Where packets leave by a tunnel, all by which the
 * card would do more than send and receive frames as they are. */
void virtio_net_hide(struct virtio_device *device);

/* virtio_net_frame.c: a slot's frame as a request. */
/* Begins it: `header` is the device's, or the guest's, as it was copied; the slot's bounce has the bytes, from
 * slot->header_bytes on. */
void virtio_net_frame_begin(struct virtio_slot *slot, uint32_t kind, const struct virtio_net_header *header);
/* Makes the header fit what hooks have made of the frame. */
void virtio_net_frame_end(struct virtio_slot *slot, struct virtio_net_header *header);
/* Asks the hooks without the lock, and does what is to be done then: at once, or, if the request waits, later; nothing, if
 * a reset ends the frame. The slot may be gone then. */
void virtio_net_ask(struct virtio_slot *slot, enum virtio_slot_state state, struct vcpu *vcpu);

/* virtio_net_tx.c */
int virtio_net_tx_read(struct virtio_slot *slot);
void virtio_net_tx_begin(struct virtio_slot *slot, struct vcpu *vcpu);
/* The device has sent it. */
void virtio_net_tx_complete(struct virtio_slot *slot, struct vcpu *vcpu);
void virtio_net_tx_decided(struct virtio_slot *slot);
int virtio_net_tx_transmit(struct virtio_queue *queue, const struct bounce *frame); /* as nic_class.transfer */
bool virtio_net_tx_work(struct virtio_queue *queue, struct vcpu *vcpu);

/* virtio_net_rx.c */
/* Gives the device buffers of ours. */
void virtio_net_rx_stock(struct virtio_queue *queue);
/* The device has put something into one. */
void virtio_net_rx_take(struct virtio_slot *slot, struct vcpu *vcpu);
void virtio_net_rx_decided(struct virtio_slot *slot);
int virtio_net_rx_deliver(struct virtio_queue *queue, const struct bounce *frame); /* as nic_class.transfer */
bool virtio_net_rx_work(struct virtio_queue *queue, struct vcpu *vcpu);

/* virtio_net_control.c: commands to the card. */
/* That queue's number; UINT32_MAX: there is none. */
uint32_t virtio_net_control_number(const struct virtio_device *device);
int virtio_net_control_read(struct virtio_slot *slot);
void virtio_net_control_begin(struct virtio_slot *slot);
/* Tells a card that was in use when its queues became ours what it has forgotten. */
void virtio_net_control_restore(struct virtio_device *device, uint64_t mac);

/* virtio_net_interrupt.c: has the guest be interrupted as the device would for that queue. */
void virtio_net_interrupt(struct virtio_queue *queue);

#endif
