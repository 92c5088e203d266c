/*
 * mediator/net/e1000_offload.h: what a frame's descriptors have the card do with it: fill in checksums, cut it into several
 * (82574 Datasheet, 7.2.10 to 7.2.12, 7.3). Pure.
 */
#ifndef MEDIATOR_NET_E1000_OFFLOAD_H
#define MEDIATOR_NET_E1000_OFFLOAD_H

#include "rv/types.h"

/* A context descriptor, as it is. */
struct e1000_context {
	bool is_known;
	uint64_t places; /* IPCSS IPCSO IPCSE TUCSS TUCSO TUCSE */
	uint32_t lower, upper; /* PAYLEN, command; HDRLEN, MSS */
};

#define E1000_CONTEXT_IPCSS(context) ((uint8_t)(context)->places)
#define E1000_CONTEXT_IPCSO(context) ((uint8_t)((context)->places >> 8))
#define E1000_CONTEXT_IPCSE(context) ((uint16_t)((context)->places >> 16))
#define E1000_CONTEXT_TUCSS(context) ((uint8_t)((context)->places >> 32))
#define E1000_CONTEXT_TUCSO(context) ((uint8_t)((context)->places >> 40))
#define E1000_CONTEXT_TUCSE(context) ((uint16_t)((context)->places >> 48))
#define E1000_CONTEXT_HDRLEN(context) ((context)->upper >> 8 & 0xffu)
#define E1000_CONTEXT_MSS(context) ((context)->upper >> 16)

struct e1000_offload {
	struct e1000_context context; /* offsets count from the frame's beginning, as hooks see it */
	bool is_cut;		      /* into frames of MSS bytes of payload */
	bool sums_ip, sums_transport; /* the card does */
	uint32_t command;	      /* IFCS, IDE, RS: as the guest has them */
};

/* The frame has got so many bytes more behind its addresses. False: offsets do not fit a descriptor. */
bool e1000_offload_shift(struct e1000_offload *offload, uint32_t bytes);

/* Makes the frame, of which the first `nr_bytes` are here, what hooks see: lengths and the checksum of IPv4 are filled in,
 * and the sum that is in the place of TCP's counts the length, as everybody's does but the card's that cuts it. False: its
 * descriptors say of it what cannot be. */
bool e1000_offload_begin(struct e1000_offload *offload, uint8_t *bytes, uint32_t nr_bytes, uint32_t length_bytes);

/* The contrary, of what hooks have made of it. What does not hold of the frame any more is not asked of the card. */
void e1000_offload_end(struct e1000_offload *offload, uint8_t *bytes, uint32_t nr_bytes, uint32_t length_bytes);

/* What the card makes of it, which is what e1000_offload_end() has left, in our own place: its first `header_bytes`, and
 * `part_bytes` from `at` on. */
struct e1000_piece {
	uint32_t header_bytes, at, part_bytes;
	bool is_last;
};

/* The piece of that number, from 0 on; one that is not cut is one. False: there are no more. */
bool e1000_offload_piece(const struct e1000_offload *offload, uint32_t number, uint32_t length_bytes,
			 struct e1000_piece *piece);

/* Fills in what the card would: `bytes` are that piece, all of it. */
void e1000_offload_finish(const struct e1000_offload *offload, uint32_t number, const struct e1000_piece *piece,
			  uint8_t *bytes, uint32_t nr_bytes);

#endif
