/*
 * service/net_dhcp.h: messages of DHCP for IPv4 (RFC 2131, options of RFC 2132): ours to a server outside, and ours to the
 * guest, whose server we are.
 */
#ifndef SERVICE_NET_DHCP_H
#define SERVICE_NET_DHCP_H

#include "rv/tunnel.h"

#define DHCP_SERVER_PORT 67
#define DHCP_CLIENT_PORT 68
#define DHCP_LEAST_BYTES 300 /* that we make: some servers want so many (RFC 1542, 2.1) */
#define DHCP_MOST_BYTES 360 /* that we make */
#define DHCP_DNS_MAXIMUM 4

enum dhcp_type {
	DHCP_NONE,
	DHCP_DISCOVER = 1,
	DHCP_OFFER,
	DHCP_REQUEST,
	DHCP_DECLINE,
	DHCP_ACK,
	DHCP_NAK,
	DHCP_RELEASE,
	DHCP_INFORM,
};

struct dhcp_message {
	bool is_reply, wants_broadcast;
	enum dhcp_type type;
	uint32_t transaction;
	uint8_t client[NET_V4_BYTES];	 /* the address that it has */
	uint8_t yours[NET_V4_BYTES];	 /* that it gets */
	uint8_t mac[NET_MAC_BYTES];	 /* the client's */
	/* Options; zero: it is not there. */
	uint8_t requested[NET_V4_BYTES], server[NET_V4_BYTES], mask[NET_V4_BYTES], router[NET_V4_BYTES];
	uint32_t lease_seconds;
	uint32_t mtu;
	uint32_t nr_dns;
	uint8_t dns[DHCP_DNS_MAXIMUM][NET_V4_BYTES];
};

/* False: it is no such message. Of what is in it nothing is checked but lengths. */
bool dhcp_read(const uint8_t *payload, size_t nr_bytes, struct dhcp_message *message);

/* Writes one to DHCP_MOST_BYTES, with the options that it has. Returns its length. A request asks for those that we use. */
size_t dhcp_write(uint8_t *payload, const struct dhcp_message *message);

#endif
