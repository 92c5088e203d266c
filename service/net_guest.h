/*
 * service/net_guest.h: the network that the guest sees: a router that answers ARP and gives it the tunnel's address by
 * DHCP, with the tunnel's MTU; of IPv6 service/net_guest6.h. Its packets are what is left. Whatever it sends, it is answered
 * here, handed on, or dropped.
 *
 * Nothing is cut into fragments: who sends packets that are too large is told (RFC 1191), and TCP is told how large its
 * segments may be where it begins.
 */
#ifndef SERVICE_NET_GUEST_H
#define SERVICE_NET_GUEST_H

#include "service/net_dhcp.h"
#include "service/net_guest6.h"

extern const uint8_t net_guest_router_mac[NET_MAC_BYTES]; /* of our own making */

struct net_guest {
	void *context;
	void (*send)(void *context, const uint8_t *frame, size_t nr_bytes); /* to the guest; must not call back */
	uint8_t mac[NET_MAC_BYTES]; /* the guest's: of its last frame, at first the card's */
	uint8_t address[NET_V4_BYTES], router[NET_V4_BYTES];
	uint32_t prefix; /* of the network that it is told to be in */
	uint32_t mtu;
	uint32_t nr_dns;
	uint8_t dns[DHCP_DNS_MAXIMUM][NET_V4_BYTES];
	struct net_guest6 v6;
	uint64_t nr_dropped;
	uint8_t frame[NET_FRAME_BYTES]; /* that is being made */
};

/* Sets the router and the prefix that go with an address, of which the configuration has a prefix. The rest is the
 * caller's. */
void net_guest_place(struct net_guest *guest, const uint8_t *address, uint32_t prefix);

/* A frame of its. A packet of `*nr_bytes` that is to go; NULL: there is none. */
const uint8_t *net_guest_receive(struct net_guest *guest, uint8_t *frame, size_t frame_bytes, size_t *nr_bytes);

/* A frame of a script's, likewise: it goes where the guest's would, but nobody is answered, and nothing is learned of it. */
const uint8_t *net_guest_take_script(struct net_guest *guest, uint8_t *frame, size_t frame_bytes, size_t *nr_bytes);

/* A packet for it; may be changed. */
void net_guest_deliver(struct net_guest *guest, uint8_t *packet, size_t nr_bytes);

#endif
