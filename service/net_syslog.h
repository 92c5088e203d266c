/*
 * service/net_syslog.h: the hypervisor's log, sent through the tunnel to a server in it, from the guest's address, as the peer
 * takes no other: a line a datagram (RFC 5426), as RFC 5424 has it, with numbers by which that server sees what is missing.
 * The hypervisor gives of the log what is asked for: while there is a tunnel, and not faster than a server takes it.
 */
#ifndef SERVICE_NET_SYSLOG_H
#define SERVICE_NET_SYSLOG_H

#include "service/net_packet.h"

#define NET_SYSLOG_PORT 514
#define NET_SYSLOG_LINE_BYTES 512
#define NET_SYSLOG_WAIT_MS 1000 /* until more is asked for */
#define NET_SYSLOG_MORE_MS 100	/* the same, where there was more */
#define NET_SYSLOG_KNOCK_MS 60000 /* until a peer that does not answer is asked for keys again for it */

struct net;

struct net_syslog {
	bool is_there;
	uint8_t server[NET_V4_BYTES];
	uint16_t port;
	uint32_t peer; /* by whom it is reached */
	uint32_t number; /* of the last message */
	uint64_t next_ms, knock_ms;
	size_t line_bytes;
	char line[NET_SYSLOG_LINE_BYTES]; /* as far as it has come; what is behind is left out */
};

/* "ADDRESS" or "ADDRESS:PORT", of IPv4; empty: none. NULL; or why not. Behind wireguard_begin(). */
const char *net_syslog_begin(struct net *net, const char *word, size_t length);

/* Asks for more. Returns when to call next at the latest, in ms; UINT64_MAX: never. */
uint64_t net_syslog_advance(struct net *net, uint64_t now_ms);

/* More of the log, at most TUNNEL_LOG_BYTES: that many say that there is yet more. */
void net_syslog_take(struct net *net, const uint8_t *text, size_t nr_bytes);

#endif
