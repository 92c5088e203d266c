/*
 * mediator/net/packet.h: a frame in memory of ours as a request, whatever the card: the frame begins in a bounce behind
 * `before_bytes` of the card's own, which are less than a page.
 */
#ifndef MEDIATOR_NET_PACKET_H
#define MEDIATOR_NET_PACKET_H

#include "mediator/bounce.h"
#include "mediator/request.h"
#include "rv/net.h"

#define PACKET_BYTES_MINIMUM 14 /* what is shorter has no header */

/* Takes pages for what the guest sends, which the bounce's segments say, and copies it there. NULL: done; else why it is
 * no packet that can be sent. Context: exit; under the card's lock. */
const char *packet_gather(struct bounce *bounce, uint32_t before_bytes);

/* Begins a request about it: its headers are parsed. What else the card says of it, and `data` and `resize`, are the
 * caller's. */
void packet_begin(struct request *request, struct bounce *bounce, uint32_t before_bytes, uint32_t kind);

/* Takes pages for a copy of a frame, and makes it. 0 or -RV_ENOMEM. */
int packet_copy(struct bounce *bounce, uint32_t before_bytes, const struct bounce *frame);

/* As request.resize: between the smallest frame and the largest. */
int packet_resize(struct request *request, struct bounce *bounce, uint32_t before_bytes, uint64_t bytes);

#endif
