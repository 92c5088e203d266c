/*
 * mediator/net/egress.h: what of our own IP stack's may leave by a card, where the guest's packets leave only through a
 * tunnel: ARP and neighbour discovery, DHCP, the tunnel's datagrams, and questions to name servers where a peer has a
 * name; nothing of a family that no peer is of. All else is refused, whoever asks for it.
 */
#ifndef MEDIATOR_NET_EGRESS_H
#define MEDIATOR_NET_EGRESS_H

#include "rv/types.h"

#define EGRESS_NAMES_MAXIMUM 8
#define EGRESS_NAME_BYTES 128
#define EGRESS_PEERS_MAXIMUM 16 /* where the configuration says, and where they are */
#define EGRESS_ADDRESSES_MAXIMUM 4
#define EGRESS_MAC_BYTES 6
#define EGRESS_FRAME_BYTES 1514

struct egress_address {
	bool is_v6;
	uint8_t bytes[16]; /* of IPv4 the first four */
};

struct egress_endpoint {
	struct egress_address address;
	uint16_t port; /* 0: of a peer with a name that is not known yet */
};

struct egress {
	uint8_t mac[EGRESS_MAC_BYTES];
	uint16_t port; /* the tunnel's, ours */
	uint32_t nr_addresses, nr_peers;
	struct egress_address addresses[EGRESS_ADDRESSES_MAXIMUM]; /* ours */
	struct egress_endpoint peers[EGRESS_PEERS_MAXIMUM];
	uint8_t names[EGRESS_NAMES_MAXIMUM][EGRESS_NAME_BYTES]; /* that may be asked for, in labels with zeros behind; empty: none */
	uint8_t name_server[4];					/* who may be asked; zero: nobody */
};

/* NULL: the frame may leave; else why not. `frame` is ours: nobody changes it between this and the card. Pure. */
const char *egress_refuse(const struct egress *egress, const uint8_t *frame, uint32_t nr_bytes);

#endif
