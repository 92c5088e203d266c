/*
 * service/ip_address.h: addresses of IPv4 and IPv6, networks of them, and their texts (RFC 4291, 2.2).
 */
#ifndef SERVICE_IP_ADDRESS_H
#define SERVICE_IP_ADDRESS_H

#include "rv/types.h"

enum ip_family { IP_NONE = 0, IP_V4 = 4, IP_V6 = 6 };

struct ip_address {
	enum ip_family family;
	uint8_t bytes[16]; /* as packets have them; of IPv4 the first four, the rest is zero */
};

struct ip_network {
	struct ip_address address;
	uint8_t prefix; /* bits */
};

struct ip_endpoint {
	struct ip_address address;
	uint16_t port;
};

uint32_t ip_address_bits(enum ip_family family);
bool ip_is_same(const struct ip_address *one, const struct ip_address *other);
bool ip_is_same_endpoint(const struct ip_endpoint *one, const struct ip_endpoint *other);

/* Whether their first bits are the same; of different families never. */
bool ip_is_within(const struct ip_address *address, const struct ip_network *network);

/* Zeros behind the prefix. */
void ip_mask(struct ip_network *network);

/* A text of that length is an address, or an address with or without "/PREFIX"; without, it is of all bits. */
bool ip_read_address(const char *text, size_t length, struct ip_address *address);
bool ip_read_network(const char *text, size_t length, struct ip_network *network);

/* Where a packet comes from and goes to. Its length is what its header says, at most nr_bytes. False: it is none. */
struct ip_packet {
	struct ip_address source, destination;
	size_t length_bytes;
};
bool ip_read_packet(const uint8_t *packet, size_t nr_bytes, struct ip_packet *read);

#endif
