/*
 * include/rv/tunnel.h: what the hypervisor and the network service at CPL 3 (service/net.h) tell each other by two rings
 * (rv/ring.h): frames, each a record whose tag says which side it is of; and how it begins. Of what the service writes
 * nothing is believed: the gate looks at each frame (mediator/net/egress.h), by what the first report said, which was
 * written before the service had anything but its configuration.
 */
#ifndef RV_TUNNEL_H
#define RV_TUNNEL_H

#include "rv/types.h"

#define NET_MAC_BYTES 6
#define NET_V4_BYTES 4
#define NET_FRAME_BYTES 1514 /* an Ethernet frame's most, without its CRC */

#define TUNNEL_PEERS_MAXIMUM 8
#define TUNNEL_TEXT_BYTES 160
#define TUNNEL_WORD_BYTES 20

enum tunnel_ring {
	TUNNEL_TO_SERVICE,
	TUNNEL_FROM_SERVICE,
	TUNNEL_NR_RINGS,
};

enum tunnel_tag {
	TUNNEL_BEGIN = 1, /* to the service, the first: struct tunnel_begin */
	TUNNEL_GUEST,	  /* a frame of the guest's, or for it */
	TUNNEL_WIRE,	  /* a frame from the wire, or to it */
	TUNNEL_LINK,	  /* to the service, empty: the card begins to work, so that what was sent before was lost */
	TUNNEL_REPORT,	  /* from the service, the first: struct tunnel_report */
	TUNNEL_ADDRESS,	  /* from the service: NET_V4_BYTES, its address outside, zero: none */
};

struct tunnel_begin {
	uint32_t config_bytes;	    /* of the file at RESIDENT_TEXT_ADDRESS */
	uint8_t mac[NET_MAC_BYTES]; /* the card's */
	char address[TUNNEL_WORD_BYTES], router[TUNNEL_WORD_BYTES]; /* outside, "198.51.100.20/24"; empty: by DHCP */
};

struct tunnel_peer {
	uint8_t address[NET_V4_BYTES];
	uint16_t port, reserved;
};

/* What the configuration says. */
struct tunnel_report {
	char text[TUNNEL_TEXT_BYTES]; /* empty: it is good; else what is wrong with it, and where */
	uint16_t port;		      /* ours, outside */
	uint16_t nr_peers;
	struct tunnel_peer peers[TUNNEL_PEERS_MAXIMUM];
};

#endif
