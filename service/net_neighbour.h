/*
 * service/net_neighbour.h: who is near on the wire, of either family, by their MAC addresses: asked for, believed when they
 * were asked for only, and asked for anew after a while. One frame waits for each that is asked for.
 */
#ifndef SERVICE_NET_NEIGHBOUR_H
#define SERVICE_NET_NEIGHBOUR_H

#include "rv/tunnel.h"

#define NEIGHBOURS_MAXIMUM 8
#define NEIGHBOUR_FRESH_MS 60000 /* it is asked for anew */
#define NEIGHBOUR_ASK_MS 1000
#define NEIGHBOUR_ASKS 4 /* until it is not there */

struct neighbour {
	uint8_t address[NET_V6_BYTES]; /* of IPv4 the first four, the rest is zero */
	uint8_t mac[NET_MAC_BYTES];
	bool is_used, is_known;
	uint32_t nr_asks;
	uint64_t asked_ms, known_ms, used_ms;
	size_t waiting_bytes; /* 0: nothing waits */
	uint8_t waiting[NET_FRAME_BYTES];
};

struct neighbours {
	void *context;
	void (*send)(void *context, const uint8_t *frame, size_t nr_bytes); /* must not call back, as the next */
	/* Asks for one; NULL as `mac`: nobody knows where it is. */
	void (*ask)(void *context, const uint8_t *address, const uint8_t *mac);
	uint64_t nr_dropped; /* frames that waited */
	struct neighbour entries[NEIGHBOURS_MAXIMUM];
};

/* None is known any more. */
void neighbours_forget(struct neighbours *neighbours);

/* Asks again. Returns when to call next at the latest, in ms; UINT64_MAX: never. */
uint64_t neighbours_advance(struct neighbours *neighbours, uint64_t now_ms);

/* Sends a frame to that one, whose MAC address is put in its place; or asks, and the frame waits. */
void neighbours_send(struct neighbours *neighbours, const uint8_t *address, uint8_t *frame, size_t nr_bytes, uint64_t now_ms);

/* That one says where it is. */
void neighbours_heard(struct neighbours *neighbours, const uint8_t *address, const uint8_t *mac, uint64_t now_ms);

#endif
