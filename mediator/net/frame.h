/*
 * mediator/net/frame.h: what a frame's headers say (IEEE 802.3, 802.1Q, RFC 791, 826, 8200).
 */
#ifndef MEDIATOR_NET_FRAME_H
#define MEDIATOR_NET_FRAME_H

#include "rv/types.h"

/* So much of a frame is looked at: any headers that it has, but for those that go on for longer on purpose. */
#define FRAME_HEADER_BYTES 512

struct frame {
	/* As in rv_event: RV_NET_NO_ADDRESS and RV_NET_NONE of what there is none of. */
	uint64_t src, src_low, dst, dst_low;
	uint32_t sport, dport, ethertype, protocol, vlan;
	uint32_t length_bytes;
	uint16_t network_at, transport_at, payload_at;
	bool is_fragment;
	/* Not from its headers: */
	bool has_partial_checksum;
	uint16_t gso_bytes;
	uint16_t nic, queue;
};

/* Fills what is from headers. `bytes` are ours: the first `nr_bytes` of a frame of `length_bytes`, which are all of it or
 * FRAME_HEADER_BYTES at least; what begins behind that many is not known. Pure. */
void frame_parse(struct frame *frame, const uint8_t *bytes, uint32_t nr_bytes, uint32_t length_bytes);

#endif
