/*
 * dns.h: messages of the domain name system (RFC 1035), as hostile as they may be.
 */
#ifndef RITEVISOR_NET_DNS_H
#define RITEVISOR_NET_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	DNS_RECORDS_MAXIMUM = 128,
	DNS_NAME_BYTES = 255,
	DNS_TEXT_BYTES = 4 * DNS_NAME_BYTES + 1, /* a name written out: bytes that are no letters are \DDD */
};

enum dns_section { DNS_QUESTION, DNS_ANSWER, DNS_AUTHORITY, DNS_ADDITIONAL, DNS_SECTIONS };

enum dns_type { DNS_A = 1, DNS_NS = 2, DNS_CNAME = 5, DNS_SOA = 6, DNS_PTR = 12, DNS_MX = 15, DNS_TXT = 16, DNS_AAAA = 28,
		DNS_SRV = 33 };

struct dns_record {
	uint8_t section;
	uint16_t type, class;
	uint32_t ttl;
	uint32_t name_at, data_at, data_bytes;
};

struct dns_message {
	const uint8_t *bytes;
	uint32_t length;
	uint16_t id, flags;
	uint32_t nr_records;	/* the first so many */
	bool is_cut;		/* there are more */
	struct dns_record records[DNS_RECORDS_MAXIMUM];
};

/* False: it is no message: cut, a name that never ends, more records than bytes. `bytes` must stay. */
bool dns_parse(struct dns_message *message, const uint8_t *bytes, uint32_t length);

/* Writes the name that begins at `at`, "www.example.org"; "." is the root. Returns where it ends; 0: it is none. */
uint32_t dns_name(const struct dns_message *message, uint32_t at, char text[DNS_TEXT_BYTES]);

#endif
