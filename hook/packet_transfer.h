/*
 * hook/packet_transfer.h: a packet that an owner of hooks itself sends, or has the guest receive: process/ asks for it,
 * mediator/net/ does it.
 */
#ifndef HOOK_PACKET_TRANSFER_H
#define HOOK_PACKET_TRANSFER_H

#include "rv/types.h"

struct hook_owner;
struct vcpu;

struct packet_transfer {
	uint32_t number; /* of the card (rv/net.h) */
	bool to_guest;
	uint32_t length_bytes;
	const struct hook_owner *author; /* whose hooks are not looked at */
	/* Copies a part of the frame to `bytes`. 0, or an error that ends the transfer. */
	int (*move)(struct packet_transfer *transfer, uint64_t offset, void *bytes, size_t length_bytes);
};

/* Does it: what process_options.transfer_packet is. */
typedef int (*packet_transfer_do)(struct packet_transfer *transfer, struct vcpu *vcpu);

#endif
