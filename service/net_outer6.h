/*
 * service/net_outer6.h: the same side of the card for IPv6: one address, given, or made of the prefix that a router
 * advertises (RFC 4862), neighbour discovery (RFC 4861), and datagrams of UDP. It takes frames from the wire, each byte of
 * which may be a lie.
 *
 * The address ends with random bits, drawn anew each time, so that nobody whom it is told knows the card by it. Nobody has it
 * before a second has passed in which nobody else said that it is theirs. One of the link (fe80::) it has none: nothing here
 * needs it.
 */
#ifndef SERVICE_NET_OUTER6_H
#define SERVICE_NET_OUTER6_H

#include "service/net_neighbour.h"
#include "service/net_packet.h"

#define OUTER6_SURE_MS 1000	  /* until nobody else has the address */
#define OUTER6_AGAIN_MS 10000	  /* somebody has: until it is tried again, with another if it is ours to choose */
#define OUTER6_SOLICIT_MS 4000	  /* until routers are asked for again, twice as long each time, up to */
#define OUTER6_SOLICIT_MOST_MS 64000
#define OUTER6_VALID_LEAST_S 7200 /* less is not made of what an address has (RFC 4862, 5.5.3) */

enum outer6_state {
	OUTER6_NONE,	  /* nobody has said which */
	OUTER6_TENTATIVE, /* it is somebody else's, perhaps */
	OUTER6_TAKEN,	  /* it is somebody else's */
	OUTER6_OURS,
};

struct outer6 {
	void *context;
	void (*send)(void *context, const uint8_t *frame, size_t nr_bytes); /* to the wire; must not call back */
	void (*random)(void *context, void *bytes, size_t nr_bytes);
	uint8_t mac[NET_MAC_BYTES];
	uint16_t port;
	uint64_t now_ms;
	bool is_on, is_static, is_on_link; /* the last: who has the same prefix is near */
	enum outer6_state state;
	uint8_t address[NET_V6_BYTES], router[NET_V6_BYTES]; /* zero: none */
	uint32_t prefix;
	uint64_t state_ms;		    /* when it is ours, or tried again */
	uint64_t preferred_ms, expires_ms;  /* until when */
	uint64_t router_ms;		    /* until when that is one */
	uint64_t solicit_ms, wait_ms;	    /* when routers are asked for, and until again */
	uint64_t nr_dropped;
	struct neighbours neighbours;
	uint8_t frame[NET_FRAME_BYTES]; /* that is being made */
};

/* Begins with an address, or, if that is zero, by asking for routers. The rest is the caller's: it has set context, send,
 * random, mac, port, now_ms, and all else is zero. Before this the others do nothing. */
void outer6_begin(struct outer6 *outer, const uint8_t *address, const uint8_t *router, uint32_t prefix);

/* Says what time it is, and does what is due. Returns when to call next at the latest. */
uint64_t outer6_advance(struct outer6 *outer, uint64_t now_ms);

/* The wire is there, or another one: what is known of it is known no more. */
void outer6_link(struct outer6 *outer);

/* Our address; zero: none yet. */
const uint8_t *outer6_address(const struct outer6 *outer);

/* A frame from the wire. True: it is a datagram for our port. */
bool outer6_receive(struct outer6 *outer, uint8_t *frame, size_t nr_bytes, struct net_udp *datagram);

/* A datagram from our port, at most NET_UDP6_MOST_BYTES. Without an address, or a way there, it is dropped. */
void outer6_send(struct outer6 *outer, const uint8_t *address, uint16_t port, const uint8_t *datagram, size_t nr_bytes);

#endif
