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
#define NET_V6_BYTES 16
#define NET_FRAME_BYTES 1514 /* an Ethernet frame's most, without its CRC */

#define TUNNEL_PEERS_MAXIMUM 8
#define TUNNEL_LOG_BYTES 1024
#define TUNNEL_TEXT_BYTES 160
#define TUNNEL_WORD_BYTES 48
#define TUNNEL_NAME_BYTES 128 /* a name in labels, as questions of DNS have it, with zeros behind */

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
	TUNNEL_ADDRESS,	  /* from the service: struct tunnel_outside */
	TUNNEL_STATUS,	  /* from the service: struct tunnel_status, when something has happened, and while bytes go, once a second */
	TUNNEL_REKEY,	  /* to the service: uint32_t, the number of a peer, or TUNNEL_ALL_PEERS: new keys are wanted */
	TUNNEL_ROAMED,	  /* from the service: struct tunnel_roamed */
	TUNNEL_RESOLVED,  /* from the service: struct tunnel_roamed: that peer's name is that address */
	TUNNEL_LOG,	  /* from the service, empty: more of the log is wanted; to it: text, at most TUNNEL_LOG_BYTES */
	TUNNEL_SCRIPT,	  /* to the service: a frame of a script's */
};

struct tunnel_begin {
	uint32_t config_bytes;	    /* of the file at RESIDENT_TEXT_ADDRESS */
	uint8_t mac[NET_MAC_BYTES]; /* the card's */
	char address[TUNNEL_WORD_BYTES], router[TUNNEL_WORD_BYTES]; /* outside, "198.51.100.20/24"; empty: it is asked for */
	char syslog[TUNNEL_WORD_BYTES]; /* where in the tunnel the log goes, "10.9.0.1:514"; empty: nowhere */
	uint32_t roams; /* 1: a peer that sends from elsewhere is sent to there */
};

/* Its addresses outside, and the name server that DHCP has said there; zero: none. */
struct tunnel_outside {
	uint8_t v4[NET_V4_BYTES], v6[NET_V6_BYTES], name_server[NET_V4_BYTES];
};

/* Where a peer is. */
struct tunnel_peer {
	uint8_t address[NET_V6_BYTES]; /* of IPv4 the first four, the rest is zero */
	uint8_t family;		       /* 4, 6; 0: that is not known */
	uint8_t reserved;
	uint16_t port;
};

/* That a peer has sent from there; the service sends to it there from now on. */
struct tunnel_roamed {
	uint32_t peer;
	struct tunnel_peer to;
};

/* What the configuration says. */
struct tunnel_report {
	char text[TUNNEL_TEXT_BYTES]; /* empty: it is good; else what is wrong with it, and where */
	uint16_t port;		      /* ours, outside */
	uint16_t nr_peers;
	struct tunnel_peer peers[TUNNEL_PEERS_MAXIMUM]; /* of those that have a name the family is 0 */
	uint8_t names[TUNNEL_PEERS_MAXIMUM][TUNNEL_NAME_BYTES];
};
_Static_assert(sizeof(struct tunnel_report) <= NET_FRAME_BYTES, "it goes into a record");

#define TUNNEL_KEY_BYTES 32
#define TUNNEL_ALL_PEERS UINT32_MAX
#define TUNNEL_NO_HANDSHAKE UINT64_MAX

struct tunnel_peer_status {
	uint8_t public_key[TUNNEL_KEY_BYTES];
	struct tunnel_peer where;
	uint32_t is_up;		   /* 1: it answers, and there are keys */
	uint64_t handshake_age_ms; /* since there were new keys; TUNNEL_NO_HANDSHAKE: there were none */
	uint64_t nr_handshakes;	   /* this and the next two: since the service was started */
	uint64_t sent_bytes, received_bytes; /* of datagrams */
};

/* What the service says of itself: nobody but people and scripts goes by it. The hypervisor gives it to them, with `runs`, and
 * the ages as they are then. */
struct tunnel_status {
	uint32_t runs; /* 0: the service is dead, and will be started again: the rest is from before */
	uint8_t inside[NET_V4_BYTES], inside6[NET_V6_BYTES]; /* the guest's addresses; zero: none */
	struct tunnel_outside outside;
	uint16_t port, nr_peers;
	uint32_t mtu; /* inside */
	struct tunnel_peer_status peers[TUNNEL_PEERS_MAXIMUM];
};
_Static_assert(sizeof(struct tunnel_peer_status) == 88 && sizeof(struct tunnel_status) == 56 + 8 * 88, "ABI");

#endif
