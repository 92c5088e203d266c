/*
 * service/net_dhcp6.h: a server of DHCP for IPv6 (RFC 8415) that has one address to give, the tunnel's.
 */
#ifndef SERVICE_NET_DHCP6_H
#define SERVICE_NET_DHCP6_H

#include "rv/tunnel.h"
#include "service/net_packet.h"

#define DHCP6_SERVER_PORT 547
#define DHCP6_CLIENT_PORT 546
#define DHCP6_MOST_BYTES 512 /* that it answers */
#define DHCP6_DNS_MAXIMUM 4

struct dhcp6_server {
	uint8_t mac[NET_MAC_BYTES]; /* that it is known by (DUID-LL) */
	uint8_t address[NET_V6_BYTES];
	uint32_t nr_dns;
	uint8_t dns[DHCP6_DNS_MAXIMUM][NET_V6_BYTES];
};

/* Writes what a client's message is answered to DHCP6_MOST_BYTES. Returns its length; 0: nothing. Of several
 * associations that it wants the first has the address; prefixes and temporary addresses are not given. */
size_t dhcp6_answer(const struct dhcp6_server *server, const uint8_t *message, size_t nr_bytes, uint8_t *answer);

#endif
