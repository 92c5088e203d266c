/*
 * service/net_dns.h: one question of DNS (RFC 1035), for a name's address of IPv4, and what is answered. Pure.
 */
#ifndef SERVICE_NET_DNS_H
#define SERVICE_NET_DNS_H

#include "rv/tunnel.h"

#define DNS_PORT 53
#define DNS_QUESTION_MOST_BYTES (12 + TUNNEL_NAME_BYTES + 4)

enum dns_answer {
	DNS_NOTHING,	/* it is no answer to that question */
	DNS_ADDRESS,
	DNS_NO_ADDRESS, /* the server says that there is none */
	DNS_FAILED,	/* it says that it cannot or will not say */
};

/* A host's name in labels, in small letters, with zeros behind. False: it is too long, or none. */
bool dns_write_name(const char *text, uint8_t name[TUNNEL_NAME_BYTES]);

/* Returns the length. `payload` has DNS_QUESTION_MOST_BYTES. */
size_t dns_write_question(uint8_t *payload, uint16_t number, const uint8_t *name);

/* The first address is the answer, whatever names lead there. */
enum dns_answer dns_read_answer(const uint8_t *payload, size_t nr_bytes, uint16_t number, const uint8_t *name,
				uint8_t address[NET_V4_BYTES]);

#endif
