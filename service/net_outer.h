/*
 * service/net_outer.h: our own side of the card: an IPv4 address, given or by DHCP, ARP, and datagrams of UDP. It takes
 * frames from the wire, each byte of which may be a lie, and hands on datagrams for one port; it makes frames of
 * datagrams.
 */
#ifndef SERVICE_NET_OUTER_H
#define SERVICE_NET_OUTER_H

#include "service/net_dhcp.h"
#include "service/net_neighbour.h"
#include "service/net_packet.h"

#define OUTER_DHCP_FIRST_MS 2000 /* until it is asked again, twice as long each time, up to */
#define OUTER_DHCP_MOST_MS 64000

enum outer_dhcp {
	OUTER_STATIC,
	OUTER_SEEKING,	  /* it wants an offer */
	OUTER_REQUESTING, /* it has taken one */
	OUTER_BOUND,
};

struct outer {
	void *context;
	void (*send)(void *context, const uint8_t *frame, size_t nr_bytes); /* to the wire; must not call back */
	uint8_t mac[NET_MAC_BYTES];
	uint16_t port;
	uint64_t now_ms;
	uint8_t address[NET_V4_BYTES], router[NET_V4_BYTES], name_server[NET_V4_BYTES]; /* zero: none */
	uint16_t question_port; /* of ours, to which the name server answers; 0: nothing is asked */
	uint32_t prefix;
	enum outer_dhcp dhcp;
	uint32_t transaction;
	uint8_t offered[NET_V4_BYTES], server[NET_V4_BYTES];
	uint64_t dhcp_ms, wait_ms;     /* when to ask, and how long until it is asked again */
	uint64_t renew_ms, expires_ms; /* of what is bound */
	uint64_t nr_dropped;
	struct neighbours neighbours;
	uint8_t frame[NET_FRAME_BYTES]; /* that is being made */
};

/* Begins with an address, or, if that is zero, by asking for one; `transaction` is a random number. The rest is the
 * caller's: it has set context, send, mac, port, now_ms, and all else is zero. */
void outer_begin(struct outer *outer, const uint8_t *address, const uint8_t *router, uint32_t prefix,
		 uint32_t transaction);

/* Says what time it is, and does what is due. Returns when to call next at the latest. */
uint64_t outer_advance(struct outer *outer, uint64_t now_ms);

/* The wire is there, or another one: the address is asked for, or confirmed, at once, and no neighbour is known. */
void outer_link(struct outer *outer);

/* An address that one machine can have. */
bool outer_is_address(const uint8_t *address);

/* A frame from the wire. True: it is a datagram for our port, or the name server's for that of the question. */
bool outer_receive(struct outer *outer, uint8_t *frame, size_t nr_bytes, struct net_udp *datagram);

/* A datagram from our port, at most NET_UDP_MOST_BYTES. Without an address, or a way there, it is dropped. */
void outer_send(struct outer *outer, const uint8_t *address, uint16_t port, const uint8_t *datagram, size_t nr_bytes);

/* A question to the name server, from that port. */
void outer_ask_server(struct outer *outer, const uint8_t *question, size_t nr_bytes);

#endif
