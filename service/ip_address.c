/*
 * service/ip_address.c: see the header.
 */
#include "service/ip_address.h"

#include "core/string.h"

#define V4_BYTES 4
#define V6_BYTES 16
#define V6_GROUPS 8
#define V4_HEADER_BYTES 20
#define V6_HEADER_BYTES 40

uint32_t ip_address_bits(enum ip_family family)
{
	return family == IP_V4 ? 8 * V4_BYTES : family == IP_V6 ? 8 * V6_BYTES : 0;
}

bool ip_is_same(const struct ip_address *one, const struct ip_address *other)
{
	return one->family == other->family && memcmp(one->bytes, other->bytes, sizeof(one->bytes)) == 0;
}

bool ip_is_same_endpoint(const struct ip_endpoint *one, const struct ip_endpoint *other)
{
	return one->port == other->port && ip_is_same(&one->address, &other->address);
}

bool ip_is_within(const struct ip_address *address, const struct ip_network *network)
{
	uint32_t whole = network->prefix / 8, rest = network->prefix % 8;
	uint8_t mask = (uint8_t)(0xff00 >> rest);

	return address->family == network->address.family && memcmp(address->bytes, network->address.bytes, whole) == 0 &&
	       (rest == 0 || ((address->bytes[whole] ^ network->address.bytes[whole]) & mask) == 0);
}

void ip_mask(struct ip_network *network)
{
	for (uint32_t bit = network->prefix; bit < 8 * V6_BYTES; bit++)
		network->address.bytes[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
}

/* A decimal number without leading zeros, which some take for octal. Returns how many characters it has, 0: none. */
static size_t ip_read_number(const char *text, size_t length, uint32_t maximum, uint32_t *number)
{
	size_t at = 0;

	*number = 0;
	while (at < length && text[at] >= '0' && text[at] <= '9') {
		*number = *number * 10 + (uint32_t)(text[at++] - '0');
		if (*number > maximum || (at > 1 && text[0] == '0'))
			return 0;
	}
	return at;
}

static bool ip_read_v4(const char *text, size_t length, uint8_t *bytes)
{
	size_t at = 0;

	for (unsigned i = 0; i < V4_BYTES; i++) {
		uint32_t number;
		size_t digits;

		if (i != 0 && (at == length || text[at++] != '.'))
			return false;
		digits = ip_read_number(text + at, length - at, 255, &number);
		if (digits == 0)
			return false;
		bytes[i] = (uint8_t)number;
		at += digits;
	}
	return at == length;
}

static int ip_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One group of at most four digits. Returns how many it has. */
static size_t ip_read_group(const char *text, size_t length, uint32_t *group)
{
	size_t at = 0;

	*group = 0;
	while (at < length && at < 4 && ip_hex(text[at]) >= 0)
		*group = *group << 4 | (uint32_t)ip_hex(text[at++]);
	return at;
}

/* Groups up to the end or to "::", whose place is `gap` then; at the end there may be an address of IPv4. */
static bool ip_read_groups(const char *text, size_t length, uint8_t *bytes, size_t *nr_bytes, size_t *gap)
{
	size_t at = 0;

	*nr_bytes = 0;
	*gap = V6_BYTES + 1; /* none */
	while (at < length) {
		uint32_t group;
		size_t digits;

		if (length - at >= 2 && text[at] == ':' && text[at + 1] == ':') {
			if (*gap <= V6_BYTES)
				return false;
			*gap = *nr_bytes;
			at += 2;
			continue;
		}
		if (at != 0 && text[at - 1] != ':' && text[at++] != ':')
			return false;
		if (*nr_bytes <= V6_BYTES - V4_BYTES && ip_read_v4(text + at, length - at, bytes + *nr_bytes)) {
			*nr_bytes += V4_BYTES;
			return true;
		}
		digits = ip_read_group(text + at, length - at, &group);
		if (digits == 0 || *nr_bytes == V6_BYTES)
			return false;
		bytes[(*nr_bytes)++] = (uint8_t)(group >> 8);
		bytes[(*nr_bytes)++] = (uint8_t)group;
		at += digits;
	}
	return true;
}

static bool ip_read_v6(const char *text, size_t length, uint8_t *bytes)
{
	uint8_t groups[V6_BYTES];
	size_t nr_bytes, gap;

	if (!ip_read_groups(text, length, groups, &nr_bytes, &gap))
		return false;
	if (gap > V6_BYTES)
		gap = nr_bytes == V6_BYTES ? V6_BYTES : V6_BYTES + 1;
	else if (nr_bytes > V6_BYTES - 2) /* "::" stands for at least one group */
		return false;
	if (gap > V6_BYTES)
		return false;
	memset(bytes, 0, V6_BYTES);
	memcpy(bytes, groups, gap);
	memcpy(bytes + V6_BYTES - (nr_bytes - gap), groups + gap, nr_bytes - gap);
	return true;
}

bool ip_read_address(const char *text, size_t length, struct ip_address *address)
{
	*address = (struct ip_address){ .family = IP_V4 };
	if (ip_read_v4(text, length, address->bytes))
		return true;
	*address = (struct ip_address){ .family = IP_V6 };
	return ip_read_v6(text, length, address->bytes);
}

bool ip_read_network(const char *text, size_t length, struct ip_network *network)
{
	size_t slash = 0;
	uint32_t prefix;

	while (slash < length && text[slash] != '/')
		slash++;
	if (!ip_read_address(text, slash, &network->address))
		return false;
	prefix = ip_address_bits(network->address.family);
	if (slash != length) {
		size_t digits = ip_read_number(text + slash + 1, length - slash - 1, prefix, &prefix);

		if (digits == 0 || digits != length - slash - 1)
			return false;
	}
	network->prefix = (uint8_t)prefix;
	return true;
}

bool ip_read_packet(const uint8_t *packet, size_t nr_bytes, struct ip_packet *read)
{
	*read = (struct ip_packet){ 0 };
	if (nr_bytes >= V4_HEADER_BYTES && packet[0] >> 4 == 4) {
		read->source.family = read->destination.family = IP_V4;
		memcpy(read->source.bytes, packet + 12, V4_BYTES);
		memcpy(read->destination.bytes, packet + 16, V4_BYTES);
		read->length_bytes = (size_t)packet[2] << 8 | packet[3];
		return read->length_bytes >= V4_HEADER_BYTES && read->length_bytes <= nr_bytes;
	}
	if (nr_bytes >= V6_HEADER_BYTES && packet[0] >> 4 == 6) {
		read->source.family = read->destination.family = IP_V6;
		memcpy(read->source.bytes, packet + 8, V6_BYTES);
		memcpy(read->destination.bytes, packet + 24, V6_BYTES);
		read->length_bytes = V6_HEADER_BYTES + ((size_t)packet[4] << 8 | packet[5]);
		return read->length_bytes <= nr_bytes;
	}
	return false;
}
