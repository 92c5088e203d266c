/*
 * edit.c: changes of headers.
 */
#include "edit.h"

#include "checksum.h"

#include <string.h>

static void edit_put(uint8_t *at, uint32_t number)
{
	at[0] = (uint8_t)(number >> 8);
	at[1] = (uint8_t)number;
}

/* Bytes that the checksum at `place` covers become others: so many, an even number. */
static void edit_sum(uint8_t *place, const uint8_t *before, const uint8_t *after, unsigned int count)
{
	uint16_t sum = (uint16_t)packet_number(place, 2);

	for (unsigned int i = 0; i < count; i += 2)
		sum = checksum_replace(sum, (uint16_t)packet_number(before + i, 2), (uint16_t)packet_number(after + i, 2));
	edit_put(place, sum);
}

/* The checksum of what is in IP. */
static void edit_sum_transport(uint8_t *bytes, const struct packet *packet, const uint8_t *before, const uint8_t *after,
			       unsigned int count, bool partial)
{
	uint32_t at = checksum_place(packet);
	bool is_udp = packet->protocol == PACKET_UDP;

	if (at == 0 || at + 2 > packet->there)
		return;
	if (is_udp && !partial && packet_number(bytes + at, 2) == 0) /* it has none */
		return;
	/* What the device goes on from is a sum, not yet its complement. */
	if (partial)
		edit_put(bytes + at, ~packet_number(bytes + at, 2));
	edit_sum(bytes + at, before, after, count);
	if (partial)
		edit_put(bytes + at, ~packet_number(bytes + at, 2));
	else if (is_udp && packet_number(bytes + at, 2) == 0)
		edit_put(bytes + at, 0xffff);
}

static bool edit_arp_address(uint8_t *bytes, const struct packet *packet, bool is_dst, const struct address *address)
{
	memcpy(bytes + packet->network + (is_dst ? 24 : 14), address->bytes, 4);
	return true;
}

bool edit_address(uint8_t *bytes, const struct packet *packet, bool is_dst, const struct address *address, bool partial)
{
	const struct address *before = is_dst ? &packet->dst : &packet->src;
	unsigned int count = packet->family == 6 ? 16 : 4;
	uint32_t at = packet->network + (packet->family == 6 ? (is_dst ? 24 : 8) : (is_dst ? 16 : 12));

	if (!packet->has_addresses)
		return false;
	if (packet->family == 0)
		return edit_arp_address(bytes, packet, is_dst, address);
	if (packet->family == 4)
		edit_sum(bytes + packet->network + 10, before->bytes, address->bytes, count);
	if (packet->protocol != PACKET_ICMP)
		edit_sum_transport(bytes, packet, before->bytes, address->bytes, count, partial);
	memcpy(bytes + at, address->bytes, count);
	return true;
}

bool edit_port(uint8_t *bytes, const struct packet *packet, bool is_dst, uint16_t port, bool partial)
{
	uint32_t at = packet->transport + (is_dst ? 2 : 0);
	uint8_t after[2];

	if (!packet->has_ports)
		return false;
	edit_put(after, port);
	/* The device sums the header up itself; SCTP's sum is a CRC, which is not known here. */
	if (packet->protocol == PACKET_SCTP)
		return false;
	if (!partial)
		edit_sum_transport(bytes, packet, bytes + at, after, 2, false);
	memcpy(bytes + at, after, 2);
	return true;
}

bool edit_vlan(uint8_t *bytes, const struct packet *packet, uint16_t vlan)
{
	if (packet->vlan < 0)
		return false;
	edit_put(bytes + 14, (packet_number(bytes + 14, 2) & 0xf000) | (vlan & 0xfff));
	return true;
}

bool edit_end(uint8_t *bytes, const struct packet *packet, uint32_t end)
{
	uint32_t count = end - packet->network;

	if (packet->family == 0 || packet->is_fragment || end < packet->transport || packet->transport == 0)
		return false;
	/* What the device cuts into several may be longer than the header can say: 0 then, as it was. */
	if (packet->family == 4)
		edit_put(bytes + packet->network + 2, count <= 0xffff ? count : 0);
	else
		edit_put(bytes + packet->network + 4, count - 40 <= 0xffff ? count - 40 : 0);
	if (packet->protocol == PACKET_UDP)
		edit_put(bytes + packet->transport + 4, end - packet->transport);
	return true;
}
