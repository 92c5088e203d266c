/*
 * service/net_names.h: peers whose Endpoint is a name: the name server of DHCP's outside is asked for their address of IPv4,
 * one after the other, until there is one, and again while a peer does not answer.
 */
#ifndef SERVICE_NET_NAMES_H
#define SERVICE_NET_NAMES_H

#include "service/net_packet.h"
#include "service/wireguard_config.h"

#define NET_NAMES_WAIT_MS 3000	/* for an answer */
#define NET_NAMES_ASKS 3	/* until the server does not answer */
#define NET_NAMES_AGAIN_MS 5000 /* until a peer's name is asked for again, twice as long each time, up to */
#define NET_NAMES_MOST_MS 600000

struct net;

struct net_name {
	uint8_t name[TUNNEL_NAME_BYTES]; /* empty: that peer has an address */
	bool is_told;			 /* that there is no answer */
	uint64_t next_ms, wait_ms;	 /* when it is asked for, and until again */
};

struct net_names {
	bool is_there; /* some peer has one */
	struct net_name of_peers[WIREGUARD_PEERS_MAXIMUM];
	/* The question that is asked: of which peer, by which number and port; nr_asks 0: none. */
	uint32_t peer, nr_asks;
	uint16_t number, port;
	uint64_t asked_ms;
};

void net_names_begin(struct net *net, const struct wireguard_config *config);

/* Asks what is due. Returns when to call next at the latest, in ms; UINT64_MAX: never. */
uint64_t net_names_advance(struct net *net, uint64_t now_ms);

/* That peer is asked for soon: it does not answer; or the wire is another. */
void net_names_hurry(struct net *net, uint32_t peer);

/* A datagram from the name server, to the port of the question. */
void net_names_receive(struct net *net, const struct net_udp *datagram);

#endif
