/*
 * connections.h: who speaks with whom: a table of fixed size, with what a rule with `track: true` has let pass.
 *
 * Where a connection is in the table follows from a seed that nobody outside knows; when its place is full the one goes
 * that is the least likely to be missed. So nobody fills it, and what one connection costs is bounded.
 */
#ifndef RITEVISOR_NET_CONNECTIONS_H
#define RITEVISOR_NET_CONNECTIONS_H

#include "packet.h"

enum { CONNECTIONS_WAYS = 8, CONNECTIONS_FRAGMENTS = 64 };

enum connection_state {
	CONNECTION_FREE,
	CONNECTION_OPENING,	/* nobody has answered */
	CONNECTION_OPEN,
	CONNECTION_CLOSING,	/* of TCP: FIN from both sides, or RST */
};

struct connection_tuple {
	struct address src, dst;	/* src: who has begun it */
	uint16_t sport, dport;		/* of ICMP: both are the number of the echo */
	uint8_t family, protocol;
};

struct connection {
	struct connection_tuple tuple;
	uint8_t state, fins;		/* fins: bit 0 from who has begun it, bit 1 from the other */
	uint32_t until_s;
};

/* Later fragments of an IP packet tell no ports: they go where the first went. */
struct connection_fragment {
	struct address src, dst;
	uint32_t number;
	uint32_t bytes;			/* of the packet, that the first has brought */
	uint8_t family, protocol;
	uint32_t until_s;
};

struct connections {
	struct connection *entries;	/* nr_sets times CONNECTIONS_WAYS */
	uint32_t nr_sets;		/* a power of two */
	uint32_t next_fragment;
	uint64_t seed;
	uint64_t displaced;
	struct connection_fragment fragments[CONNECTIONS_FRAGMENTS];
};

/* `entries` are zeros; they stay the caller's. */
void connections_init(struct connections *connections, struct connection *entries, uint32_t nr_sets, uint64_t seed);

/* Does the packet belong to one that is in there, or is it an ICMP error about such? `now_s` never goes back. */
bool connections_know(struct connections *connections, const struct packet *packet, uint32_t now_s);

/* The packet begins one, which may have others go. */
void connections_add(struct connections *connections, const struct packet *packet, uint32_t now_s);

/* A packet passes: if it is the first fragment of several, the others may. */
void connections_note_fragment(struct connections *connections, const struct packet *packet, uint32_t now_s);

/* Is it a later fragment of a packet whose first one passed? */
bool connections_know_fragment(const struct connections *connections, const struct packet *packet, uint32_t now_s);

/* Is it a fragment by which ports are hidden from rules, or others written over them (RFC 1858, 3128)? A first one without
 * a whole header, a later one that begins within that, or within a first one that passed. */
bool connections_refuse_fragment(const struct connections *connections, const struct packet *packet, uint32_t now_s);

/* How many there are. */
uint32_t connections_count(const struct connections *connections, uint32_t now_s);

#endif
