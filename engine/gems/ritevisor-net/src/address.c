/*
 * address.c: addresses as text, both ways (RFC 4291 2.2, RFC 5952).
 */
#include "address.h"

#include <stdio.h>
#include <string.h>

static int address_digit(char c, unsigned int base)
{
	int digit = c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : 99;

	return digit < (int)base ? digit : -1;
}

/* A number of up to `digits` digits at *at, up to `maximum`. */
static bool address_number(const char **at, const char *end, unsigned int base, int digits, uint32_t maximum,
			   uint32_t *number)
{
	const char *start = *at;

	*number = 0;
	for (; *at < end && *at - start <= digits && address_digit(**at, base) >= 0; (*at)++)
		*number = *number * base + (uint32_t)address_digit(**at, base);
	return *at > start && *at - start <= digits && *number <= maximum;
}

static bool address_read_four(const char **at, const char *end, uint8_t *bytes)
{
	for (int i = 0; i < 4; i++) {
		uint32_t number;

		if (i > 0 && (*at == end || *(*at)++ != '.'))
			return false;
		if (!address_number(at, end, 10, 3, 255, &number))
			return false;
		bytes[i] = (uint8_t)number;
	}
	return true;
}

/* Is there a dotted IPv4 address from here on to the end? */
static bool address_is_dotted(const char *at, const char *end)
{
	while (at < end && *at >= '0' && *at <= '9')
		at++;
	return at < end && *at == '.';
}

/* Groups up to the end or "::"; returns how many bytes they are, -1: they are none. */
static int address_read_groups(const char **at, const char *end, uint8_t *bytes, int room)
{
	int count = 0;

	while (*at < end && **at != ':') {
		uint32_t number;

		if (room - count >= 4 && address_is_dotted(*at, end))
			return address_read_four(at, end, bytes + count) && *at == end ? count + 4 : -1;
		if (room - count < 2 || !address_number(at, end, 16, 4, 0xffff, &number))
			return -1;
		bytes[count++] = (uint8_t)(number >> 8);
		bytes[count++] = (uint8_t)number;
		if (*at == end || (*at + 1 < end && (*at)[0] == ':' && (*at)[1] == ':'))
			break;
		if (**at != ':' || *at + 1 == end || address_digit((*at)[1], 16) < 0)
			return -1;
		(*at)++;
	}
	return count;
}

static bool address_read_six(const char *at, const char *end, uint8_t *bytes)
{
	uint8_t behind[16];
	int before = address_read_groups(&at, end, bytes, 16), after;

	if (before < 0)
		return false;
	if (at == end)
		return before == 16;
	if (end - at < 2 || at[0] != ':' || at[1] != ':')
		return false;
	at += 2;
	after = address_read_groups(&at, end, behind, 14 - before);
	if (after < 0 || at != end || before + after > 14)
		return false;
	memset(bytes + before, 0, (size_t)(16 - before - after));
	memcpy(bytes + 16 - after, behind, (size_t)after);
	return true;
}

void network_trim(struct network *network)
{
	for (unsigned int i = 0; i < 16; i++) {
		unsigned int first = i * 8, bits = network->bits > first ? network->bits - first : 0;

		network->address.bytes[i] &= bits >= 8 ? 0xff : (uint8_t)(0xff00 >> bits);
	}
}

bool address_read(const char *text, size_t length, struct network *network)
{
	const char *slash = memchr(text, '/', length), *end = slash ? slash : text + length, *at = text;
	uint32_t bits;

	*network = (struct network){ .family = memchr(text, ':', (size_t)(end - text)) ? 6 : 4 };
	bits = network->family == 6 ? 128 : 32;
	if (network->family == 6 ? !address_read_six(text, end, network->address.bytes)
				 : !address_read_four(&at, end, network->address.bytes) || at != end)
		return false;
	if (slash) {
		at = slash + 1;
		if (!address_number(&at, text + length, 10, 3, bits, &bits) || at != text + length)
			return false;
	}
	network->bits = (uint8_t)bits;
	network_trim(network);
	return true;
}

bool address_read_mac(const char *text, size_t length, uint8_t mac[ADDRESS_MAC_BYTES])
{
	const char *at = text, *end = text + length;

	for (int i = 0; i < ADDRESS_MAC_BYTES; i++) {
		uint32_t number;

		if (i > 0 && (at == end || (*at != ':' && *at != '-')))
			return false;
		at += i > 0;
		if (!address_number(&at, end, 16, 2, 0xff, &number))
			return false;
		mac[i] = (uint8_t)number;
	}
	return at == end;
}

/* Where the longest run of two zero groups or more begins; its length to *count. */
static int address_zeros(const uint8_t *bytes, int *count)
{
	int best = -1;

	*count = 1;
	for (int i = 0; i < 8; i++) {
		int run = 0;

		while (i + run < 8 && bytes[2 * (i + run)] == 0 && bytes[2 * (i + run) + 1] == 0)
			run++;
		if (run > *count) {
			best = i;
			*count = run;
		}
	}
	return best;
}

void address_write(const struct address *address, uint8_t family, char text[ADDRESS_TEXT_BYTES])
{
	const uint8_t *bytes = address->bytes;
	int count, zeros = address_zeros(bytes, &count);
	size_t used = 0;

	text[0] = '\0';
	if (family == 4) {
		snprintf(text, ADDRESS_TEXT_BYTES, "%u.%u.%u.%u", bytes[0], bytes[1], bytes[2], bytes[3]);
		return;
	}
	for (int i = 0; i < 8; i++) {
		if (i == zeros) {
			used += (size_t)snprintf(text + used, ADDRESS_TEXT_BYTES - used, "::");
			i += count - 1;
			continue;
		}
		used += (size_t)snprintf(text + used, ADDRESS_TEXT_BYTES - used, "%s%x",
					 used > 0 && text[used - 1] != ':' ? ":" : "",
					 (unsigned int)packet_number(bytes + 2 * i, 2));
	}
}

void address_write_mac(const uint8_t *mac, char text[ADDRESS_TEXT_BYTES])
{
	snprintf(text, ADDRESS_TEXT_BYTES, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

bool network_has(const struct network *network, const struct address *address, uint8_t family)
{
	struct network other = { .address = *address, .family = family, .bits = network->bits };

	if (family != network->family)
		return false;
	network_trim(&other);
	return memcmp(&other.address, &network->address, sizeof(other.address)) == 0;
}
