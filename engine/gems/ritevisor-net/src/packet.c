/*
 * packet.c: takes the headers of an Ethernet frame apart (RFC 894, IEEE 802.1Q, RFC 791, RFC 8200, RFC 9293, RFC 768).
 */
#include "packet.h"

#include <string.h>

enum { PACKET_TAGS_MAXIMUM = 4, PACKET_EXTENSIONS_MAXIMUM = 16 };

static bool packet_has(const struct packet *packet, uint32_t at, uint32_t count)
{
	return at <= packet->there && count <= packet->there - at;
}

static uint32_t packet_get(const struct packet *packet, uint32_t at, unsigned int count)
{
	return packet_number(packet->bytes + at, count);
}

static bool packet_is_tag(uint32_t type)
{
	return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

/* Returns where the network header is; 0: the frame is too short. */
static uint32_t packet_parse_ether(struct packet *packet)
{
	uint32_t at = 12;

	for (unsigned int tags = 0; packet_has(packet, at, 2); tags++) {
		packet->ethertype = (uint16_t)packet_get(packet, at, 2);
		if (!packet_is_tag(packet->ethertype) || tags == PACKET_TAGS_MAXIMUM)
			return at + 2;
		if (!packet_has(packet, at, 4))
			break;
		if (packet->vlan < 0)
			packet->vlan = (int32_t)(packet_get(packet, at + 2, 2) & 0xfff);
		at += 4;
	}
	return 0;
}

static void packet_parse_ports(struct packet *packet, uint32_t header_bytes)
{
	uint32_t at = packet->transport;

	if (!packet_has(packet, at, 4))
		return;
	packet->has_ports = true;
	packet->sport = (uint16_t)packet_get(packet, at, 2);
	packet->dport = (uint16_t)packet_get(packet, at + 2, 2);
	if (header_bytes <= packet->end - at && packet_has(packet, at, header_bytes))
		packet->payload = at + header_bytes;
}

static void packet_parse_tcp(struct packet *packet)
{
	uint32_t header_bytes = 20;

	if (packet_has(packet, packet->transport, 14)) {
		packet->tcp_flags = packet->bytes[packet->transport + 13];
		header_bytes = (packet->bytes[packet->transport + 12] >> 4) * 4u;
	}
	packet_parse_ports(packet, header_bytes < 20 ? UINT32_MAX : header_bytes);
}

/* What is behind the header of IP. */
static void packet_parse_transport(struct packet *packet, uint32_t at)
{
	if (packet->is_later || at >= packet->end)
		return;
	packet->transport = at;
	if (packet->protocol == PACKET_TCP)
		packet_parse_tcp(packet);
	else if (packet->protocol == PACKET_UDP)
		packet_parse_ports(packet, 8);
	else if (packet->protocol == PACKET_SCTP)
		packet_parse_ports(packet, 12);
	else if ((packet->protocol == PACKET_ICMP || packet->protocol == PACKET_ICMP6) &&
		 packet->end - at >= 8 && packet_has(packet, at, 8))
		packet->payload = at + 8;
}

/* 0: what a segmentation offload makes of it is longer than its header can say. */
static uint32_t packet_end(const struct packet *packet, uint32_t at, uint32_t total, uint32_t header_bytes)
{
	uint32_t left = packet->length - at;

	return total < header_bytes || total > left ? packet->length : at + total;
}

static void packet_parse_ip(struct packet *packet, uint32_t at)
{
	uint32_t header_bytes, fragment;

	packet->network = at;
	if (!packet_has(packet, at, 20) || packet->bytes[at] >> 4 != 4)
		return;
	header_bytes = (packet->bytes[at] & 15) * 4u;
	if (header_bytes < 20)
		return;
	packet->family = 4;
	packet->has_addresses = packet->has_protocol = true;
	memcpy(packet->src.bytes, packet->bytes + at + 12, 4);
	memcpy(packet->dst.bytes, packet->bytes + at + 16, 4);
	packet->protocol = packet->bytes[at + 9];
	fragment = packet_get(packet, at + 6, 2);
	packet->is_fragment = (fragment & 0x3fff) != 0;
	packet->is_later = (fragment & 0x1fff) != 0;
	packet->offset = (fragment & 0x1fff) * 8;
	packet->fragment = packet_get(packet, at + 4, 2);
	packet->end = packet_end(packet, at, packet_get(packet, at + 2, 2), header_bytes);
	packet_parse_transport(packet, at + header_bytes);
}

/* Bytes of an extension header of IPv6, 0: it is none that is passed over. */
static uint32_t packet_extension_bytes(const struct packet *packet, uint8_t next, uint32_t at)
{
	switch (next) {
	case 0:	 /* hop by hop */
	case 43: /* routing */
	case 60: /* destination options */
	case 135: /* mobility */
	case 139: /* host identity */
	case 140: /* shim6 */
		return 8 + packet->bytes[at + 1] * 8u;
	case 44: /* fragment */
		return 8;
	case 51: /* authentication, RFC 4302 */
		return 8 + packet->bytes[at + 1] * 4u;
	default:
		return 0;
	}
}

static void packet_note_fragment(struct packet *packet, uint32_t at)
{
	uint32_t offset = packet_get(packet, at + 2, 2);

	packet->is_fragment = (offset & 0xfff9) != 0;
	packet->is_later = (offset & 0xfff8) != 0;
	packet->offset = offset & 0xfff8;
	packet->fragment = packet_get(packet, at + 4, 4);
}

static void packet_parse_ip6(struct packet *packet, uint32_t at)
{
	uint8_t next;

	packet->network = at;
	if (!packet_has(packet, at, 40) || packet->bytes[at] >> 4 != 6)
		return;
	packet->family = 6;
	packet->has_addresses = packet->has_protocol = true;
	memcpy(packet->src.bytes, packet->bytes + at + 8, 16);
	memcpy(packet->dst.bytes, packet->bytes + at + 24, 16);
	packet->end = packet_end(packet, at, 40 + packet_get(packet, at + 4, 2), 41);
	next = packet->bytes[at + 6];
	at += 40;
	for (unsigned int i = 0; i < PACKET_EXTENSIONS_MAXIMUM && packet_has(packet, at, 8); i++) {
		uint32_t bytes = packet_extension_bytes(packet, next, at);

		if (bytes == 0 || packet->is_later)
			break;
		if (next == 44)
			packet_note_fragment(packet, at);
		next = packet->bytes[at];
		at += bytes;
	}
	packet->protocol = next;
	packet_parse_transport(packet, at);
}

/* Of IPv4 over Ethernet: who asks, and for whom (RFC 826). */
static void packet_parse_arp(struct packet *packet, uint32_t at)
{
	packet->network = at;
	if (!packet_has(packet, at, 28) || packet_get(packet, at + 2, 2) != PACKET_ETHERTYPE_IP ||
	    packet_get(packet, at + 4, 2) != 0x0604)
		return;
	packet->has_addresses = true;
	memcpy(packet->src.bytes, packet->bytes + at + 14, 4);
	memcpy(packet->dst.bytes, packet->bytes + at + 24, 4);
}

void packet_parse(struct packet *packet, const uint8_t *bytes, uint32_t there, uint32_t length, bool outbound)
{
	uint32_t at;

	*packet = (struct packet){ .bytes = bytes, .there = there < length ? there : length, .length = length,
				   .outbound = outbound, .vlan = -1, .end = length };
	at = packet_parse_ether(packet);
	if (at == 0)
		return;
	if (packet->ethertype == PACKET_ETHERTYPE_IP)
		packet_parse_ip(packet, at);
	else if (packet->ethertype == PACKET_ETHERTYPE_IP6)
		packet_parse_ip6(packet, at);
	else if (packet->ethertype == PACKET_ETHERTYPE_ARP || packet->ethertype == PACKET_ETHERTYPE_RARP)
		packet_parse_arp(packet, at);
}

static bool packet_is_error(const struct packet *packet)
{
	uint8_t type;

	if (packet->payload == 0)
		return false;
	type = packet->bytes[packet->transport];
	if (packet->protocol == PACKET_ICMP && packet->family == 4)
		return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
	return packet->protocol == PACKET_ICMP6 && packet->family == 6 && type >= 1 && type <= 4;
}

bool packet_parse_error(const struct packet *packet, struct packet *inner)
{
	if (!packet_is_error(packet))
		return false;
	/* The inner packet is cut: its own length says nothing. */
	*inner = (struct packet){ .bytes = packet->bytes, .there = packet->there, .length = packet->end, .vlan = -1,
				  .end = packet->end, .outbound = packet->outbound };
	if (packet->family == 4)
		packet_parse_ip(inner, packet->payload);
	else
		packet_parse_ip6(inner, packet->payload);
	return inner->has_protocol;
}
