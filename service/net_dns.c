/*
 * service/net_dns.c: see the header.
 */
#include "service/net_dns.h"

#include "core/string.h"
#include "service/net_packet.h"

#define HEADER_BYTES 12
#define FLAG_RESPONSE 0x8000u
#define FLAG_TRUNCATED 0x0200u
#define FLAG_RECURSION 0x0100u
#define CODE_MASK 0x000fu
#define CODE_NO_NAME 3
#define LABEL_MOST_BYTES 63
#define POINTER 0xc0u
#define RECORD_BYTES 10 /* behind its name */

static const uint8_t dns_address_in[] = { 0, 1, 0, 1 }; /* type and class */

static size_t dns_name_bytes(const uint8_t *name)
{
	size_t at = 0;

	while (name[at] != 0)
		at += 1u + name[at];
	return at + 1;
}

bool dns_write_name(const char *text, uint8_t name[TUNNEL_NAME_BYTES])
{
	size_t begin = 0, at = 1; /* of the label, and in it */

	memset(name, 0, TUNNEL_NAME_BYTES);
	for (; *text != '\0' && at < TUNNEL_NAME_BYTES - 1; text++) {
		if (*text != '.') {
			name[at++] = (uint8_t)(*text >= 'A' && *text <= 'Z' ? *text | 0x20 : *text);
			continue;
		}
		if (at == begin + 1)
			return false;
		if (text[1] == '\0')
			continue; /* the root's */
		begin = at++;
	}
	if (*text != '\0' || at == begin + 1)
		return false;
	/* The lengths, which are known only now. */
	for (size_t label = 0; label < at;) {
		size_t end = label + 1;

		while (end < at && name[end] != 0)
			end++;
		if (end - label - 1 > LABEL_MOST_BYTES)
			return false;
		name[label] = (uint8_t)(end - label - 1);
		label = end;
	}
	return true;
}

size_t dns_write_question(uint8_t *payload, uint16_t number, const uint8_t *name)
{
	size_t name_bytes = dns_name_bytes(name);

	memset(payload, 0, HEADER_BYTES);
	net_store16(payload, number);
	net_store16(payload + 2, FLAG_RECURSION);
	net_store16(payload + 4, 1);
	memcpy(payload + HEADER_BYTES, name, name_bytes);
	memcpy(payload + HEADER_BYTES + name_bytes, dns_address_in, sizeof(dns_address_in));
	return HEADER_BYTES + name_bytes + sizeof(dns_address_in);
}

/* Behind a name at that place, which may end in a pointer; beyond the end: there is none. */
static size_t dns_skip_name(const uint8_t *payload, size_t nr_bytes, size_t at)
{
	while (at < nr_bytes && payload[at] != 0 && payload[at] < POINTER)
		at += 1u + payload[at];
	if (at >= nr_bytes)
		return nr_bytes + 1;
	return at + (payload[at] == 0 ? 1 : 2);
}

static enum dns_answer dns_find_address(const uint8_t *payload, size_t nr_bytes, size_t at, uint8_t address[NET_V4_BYTES])
{
	for (uint32_t left = net_load16(payload + 6); left != 0; left--) {
		size_t length;

		at = dns_skip_name(payload, nr_bytes, at);
		if (at > nr_bytes || nr_bytes - at < RECORD_BYTES)
			return DNS_FAILED;
		length = net_load16(payload + at + 8);
		if (length > nr_bytes - at - RECORD_BYTES)
			return DNS_FAILED;
		if (memcmp(payload + at, dns_address_in, sizeof(dns_address_in)) == 0 && length == NET_V4_BYTES) {
			memcpy(address, payload + at + RECORD_BYTES, NET_V4_BYTES);
			return DNS_ADDRESS;
		}
		at += RECORD_BYTES + length;
	}
	return DNS_NO_ADDRESS;
}

enum dns_answer dns_read_answer(const uint8_t *payload, size_t nr_bytes, uint16_t number, const uint8_t *name,
				uint8_t address[NET_V4_BYTES])
{
	uint8_t question[DNS_QUESTION_MOST_BYTES];
	size_t question_bytes = dns_write_question(question, number, name);
	uint32_t flags;

	if (nr_bytes < question_bytes || net_load16(payload) != number || net_load16(payload + 4) != 1 ||
	    memcmp(payload + HEADER_BYTES, question + HEADER_BYTES, question_bytes - HEADER_BYTES) != 0)
		return DNS_NOTHING;
	flags = net_load16(payload + 2);
	if (!(flags & FLAG_RESPONSE))
		return DNS_NOTHING;
	if ((flags & CODE_MASK) == CODE_NO_NAME)
		return DNS_NO_ADDRESS;
	if ((flags & CODE_MASK) != 0 || (flags & FLAG_TRUNCATED))
		return DNS_FAILED;
	return dns_find_address(payload, nr_bytes, question_bytes, address);
}
