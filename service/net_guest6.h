/*
 * service/net_guest6.h: the same network for IPv6: a router that answers neighbour discovery (RFC 4861) and gives the guest
 * the tunnel's address by DHCP, the one that the peer lets through. So there is no prefix to make addresses of.
 */
#ifndef SERVICE_NET_GUEST6_H
#define SERVICE_NET_GUEST6_H

#include "service/net_dhcp6.h"

#define NET_GUEST6_MTU_LEAST 1280 /* of any link (RFC 8200, 5) */

struct net_guest;

struct net_guest6 {
	bool is_there; /* the tunnel has such an address */
	struct dhcp6_server dhcp;
	uint64_t next_ms; /* when the router is made known again */
};

/* `address` is the guest's. */
void net_guest6_begin(struct net_guest *guest, const uint8_t *address);

/* A packet of its, as net_guest_receive() has it. */
const uint8_t *net_guest6_take(struct net_guest *guest, uint8_t *packet, size_t packet_bytes, size_t *nr_bytes);

/* One of a script's, as net_guest_take_script() has it. */
const uint8_t *net_guest6_take_script(struct net_guest *guest, uint8_t *packet, size_t packet_bytes, size_t *nr_bytes);

/* A packet for it; may be changed. */
void net_guest6_deliver(struct net_guest *guest, uint8_t *packet, size_t nr_bytes);

/* Does what is due. Returns when to call next at the latest, in ms; UINT64_MAX: never. */
uint64_t net_guest6_advance(struct net_guest *guest, uint64_t now_ms);

#endif
