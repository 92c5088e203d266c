/*
 * service/net_packet.c: see the header. Pure.
 */
#include "service/net_packet.h"

#include "core/string.h"

#define TTL 64
#define DONT_FRAGMENT 0x4000u
#define TCP_SYN 2u
#define TCP_OPTION_MSS 2
#define FRAGMENT_MASK 0x3fffu /* more of them, and where this one is */

const uint8_t net_broadcast_mac[NET_MAC_BYTES] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
const uint8_t net_zero[NET_MAC_BYTES];
const uint8_t net_broadcast_address[NET_V4_BYTES] = { 255, 255, 255, 255 };

static const uint8_t net_arp_kind[] = { 0, 1, 8, 0, NET_MAC_BYTES, NET_V4_BYTES };

uint16_t net_load16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

uint32_t net_load32(const uint8_t *bytes)
{
	return (uint32_t)net_load16(bytes) << 16 | net_load16(bytes + 2);
}

void net_store16(uint8_t *bytes, uint32_t value)
{
	bytes[0] = (uint8_t)(value >> 8);
	bytes[1] = (uint8_t)value;
}

void net_store32(uint8_t *bytes, uint32_t value)
{
	net_store16(bytes, value >> 16);
	net_store16(bytes + 2, value);
}

bool net_is_same(const uint8_t *one, const uint8_t *other)
{
	return memcmp(one, other, NET_V4_BYTES) == 0;
}

bool net_is_none(const uint8_t *address)
{
	return net_is_same(address, net_zero);
}

bool net_is_same6(const uint8_t *one, const uint8_t *other)
{
	return memcmp(one, other, NET_V6_BYTES) == 0;
}

bool net_is_none6(const uint8_t *address)
{
	static const uint8_t zero[NET_V6_BYTES];

	return net_is_same6(address, zero);
}

bool net_is_link_local6(const uint8_t *address)
{
	return address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
}

bool net_is_elsewhere6(const uint8_t *address)
{
	static const uint8_t zeros[8];

	return address[0] != 0xff && !net_is_link_local6(address) && memcmp(address, zeros, sizeof(zeros)) != 0;
}

bool net_is_near6(const uint8_t *one, const uint8_t *other, uint32_t prefix)
{
	uint32_t whole = prefix / 8;

	return memcmp(one, other, whole) == 0 &&
	       (prefix % 8 == 0 || ((one[whole] ^ other[whole]) & (uint8_t)(0xff00 >> prefix % 8)) == 0);
}

uint32_t net_mask(uint32_t prefix)
{
	return prefix == 0 ? 0 : UINT32_MAX << (32 - prefix);
}

bool net_is_near(const uint8_t *one, const uint8_t *other, uint32_t prefix)
{
	return ((net_load32(one) ^ net_load32(other)) & net_mask(prefix)) == 0;
}

uint32_t net_add(uint32_t sum, const uint8_t *bytes, size_t nr_bytes)
{
	size_t at = 0;

	for (; at + 1 < nr_bytes; at += 2)
		sum += net_load16(bytes + at);
	if (at < nr_bytes)
		sum += (uint32_t)bytes[at] << 8;
	return (sum & 0xffff) + (sum >> 16);
}

uint16_t net_checksum(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

uint16_t net_transport_checksum(const uint8_t *header, const uint8_t *transport, size_t nr_bytes)
{
	bool is_v6 = header[0] >> 4 == 6;
	uint32_t sum = (uint32_t)nr_bytes + header[is_v6 ? 6 : 9];

	sum = is_v6 ? net_add(sum, header + 8, 2 * NET_V6_BYTES) : net_add(sum, header + 12, 2 * NET_V4_BYTES);
	return net_checksum(net_add(sum, transport, nr_bytes));
}

bool net_read_v4(const uint8_t *packet, size_t nr_bytes, struct net_v4 *read)
{
	if (nr_bytes < NET_IP_HEADER_BYTES || packet[0] >> 4 != 4)
		return false;
	read->header_bytes = (packet[0] & 15) * 4u;
	read->length_bytes = net_load16(packet + 2);
	read->is_fragment = (net_load16(packet + 6) & FRAGMENT_MASK) != 0;
	return read->header_bytes >= NET_IP_HEADER_BYTES && read->header_bytes <= read->length_bytes &&
	       read->length_bytes <= nr_bytes && net_checksum(net_add(0, packet, read->header_bytes)) == 0;
}

bool net_read_v6(const uint8_t *packet, size_t nr_bytes, struct net_v6 *read)
{
	if (nr_bytes < NET_V6_HEADER_BYTES || packet[0] >> 4 != 6)
		return false;
	read->content_bytes = net_load16(packet + 4);
	return read->content_bytes <= nr_bytes - NET_V6_HEADER_BYTES;
}

static void net_clamp_option(const uint8_t *header, uint8_t *tcp, size_t tcp_bytes, uint8_t *value, uint32_t most)
{
	if (net_load16(value) <= most || net_transport_checksum(header, tcp, tcp_bytes) != 0)
		return;
	net_store16(value, most);
	net_store16(tcp + 16, 0);
	net_store16(tcp + 16, net_transport_checksum(header, tcp, tcp_bytes));
}

void net_clamp_segments(const uint8_t *header, uint8_t *tcp, size_t tcp_bytes, uint32_t most)
{
	size_t end, at = NET_TCP_BYTES;

	if (tcp_bytes < NET_TCP_BYTES || !(tcp[13] & TCP_SYN))
		return;
	end = (tcp[12] >> 4) * 4u;
	if (end > tcp_bytes)
		return;
	while (at < end && tcp[at] != 0) {
		if (tcp[at] == 1) {
			at++;
			continue;
		}
		if (end - at < 2 || tcp[at + 1] < 2 || tcp[at + 1] > end - at)
			return;
		if (tcp[at] == TCP_OPTION_MSS && tcp[at + 1] == 4)
			net_clamp_option(header, tcp, tcp_bytes, tcp + at + 2, most);
		at += tcp[at + 1];
	}
}

/* One that is behind a header, with so many bytes; its checksum is the caller's. */
static bool net_read_datagram(uint8_t *udp, size_t nr_bytes, struct net_udp *read)
{
	size_t length = net_load16(udp + 4);

	if (length < NET_UDP_BYTES || length > nr_bytes)
		return false;
	read->from_port = net_load16(udp);
	read->to_port = net_load16(udp + 2);
	read->payload = udp + NET_UDP_BYTES;
	read->nr_bytes = length - NET_UDP_BYTES;
	return true;
}

bool net_read_udp(uint8_t *packet, size_t nr_bytes, struct net_udp *read)
{
	struct net_v4 v4;
	uint8_t *udp;

	if (!net_read_v4(packet, nr_bytes, &v4) || v4.is_fragment || packet[9] != NET_PROTOCOL_UDP ||
	    v4.length_bytes - v4.header_bytes < NET_UDP_BYTES)
		return false;
	udp = packet + v4.header_bytes;
	*read = (struct net_udp){ .source = packet + 12, .destination = packet + 16 };
	return net_read_datagram(udp, v4.length_bytes - v4.header_bytes, read) &&
	       (net_load16(udp + 6) == 0 || net_transport_checksum(packet, udp, net_load16(udp + 4)) == 0);
}

bool net_read_udp6(uint8_t *packet, size_t nr_bytes, struct net_udp *read)
{
	uint8_t *udp = packet + NET_V6_HEADER_BYTES;
	struct net_v6 v6;

	if (!net_read_v6(packet, nr_bytes, &v6) || packet[6] != NET_PROTOCOL_UDP || v6.content_bytes < NET_UDP_BYTES)
		return false;
	*read = (struct net_udp){ .source = packet + 8, .destination = packet + 24 };
	return net_read_datagram(udp, v6.content_bytes, read) && net_load16(udp + 6) != 0 &&
	       net_transport_checksum(packet, udp, net_load16(udp + 4)) == 0;
}

void net_write_ethernet(uint8_t *frame, const uint8_t *to, const uint8_t *from, uint32_t ethertype)
{
	memcpy(frame, to, NET_MAC_BYTES);
	memcpy(frame + NET_MAC_BYTES, from, NET_MAC_BYTES);
	net_store16(frame + 2 * NET_MAC_BYTES, ethertype);
}

void net_write_v4(uint8_t *packet, const uint8_t *source, const uint8_t *destination, uint32_t protocol, size_t nr_bytes)
{
	memset(packet, 0, NET_IP_HEADER_BYTES);
	packet[0] = 0x45;
	net_store16(packet + 2, (uint32_t)(NET_IP_HEADER_BYTES + nr_bytes));
	net_store16(packet + 6, DONT_FRAGMENT); /* so that it needs no identification (RFC 6864) */
	packet[8] = TTL;
	packet[9] = (uint8_t)protocol;
	memcpy(packet + 12, source, NET_V4_BYTES);
	memcpy(packet + 16, destination, NET_V4_BYTES);
	net_store16(packet + 10, net_checksum(net_add(0, packet, NET_IP_HEADER_BYTES)));
}

void net_write_v6(uint8_t *packet, const uint8_t *source, const uint8_t *destination, uint32_t protocol, uint8_t hop_limit,
		  size_t nr_bytes)
{
	net_store32(packet, 6u << 28);
	net_store16(packet + 4, (uint32_t)nr_bytes);
	packet[6] = (uint8_t)protocol;
	packet[7] = hop_limit;
	memcpy(packet + 8, source, NET_V6_BYTES);
	memcpy(packet + 24, destination, NET_V6_BYTES);
}

size_t net_pad(uint8_t *frame, size_t nr_bytes)
{
	if (nr_bytes >= NET_FRAME_LEAST_BYTES)
		return nr_bytes;
	memset(frame + nr_bytes, 0, NET_FRAME_LEAST_BYTES - nr_bytes);
	return NET_FRAME_LEAST_BYTES;
}

static void net_write_datagram(const uint8_t *packet, uint8_t *udp, uint16_t from_port, uint16_t to_port, size_t nr_bytes)
{
	uint16_t sum;

	net_store16(udp, from_port);
	net_store16(udp + 2, to_port);
	net_store16(udp + 4, (uint32_t)(NET_UDP_BYTES + nr_bytes));
	net_store16(udp + 6, 0);
	sum = net_transport_checksum(packet, udp, NET_UDP_BYTES + nr_bytes);
	net_store16(udp + 6, sum != 0 ? sum : 0xffff); /* 0 says that there is none */
}

size_t net_write_udp(uint8_t *frame, const uint8_t *to_mac, const uint8_t *from_mac, const uint8_t *source,
		     const uint8_t *destination, uint16_t from_port, uint16_t to_port, size_t nr_bytes)
{
	uint8_t *packet = frame + NET_ETHERNET_BYTES;

	net_write_ethernet(frame, to_mac, from_mac, NET_ETHERTYPE_V4);
	net_write_v4(packet, source, destination, NET_PROTOCOL_UDP, NET_UDP_BYTES + nr_bytes);
	net_write_datagram(packet, packet + NET_IP_HEADER_BYTES, from_port, to_port, nr_bytes);
	return net_pad(frame, NET_UDP_HEADERS_BYTES + nr_bytes);
}

size_t net_write_udp6(uint8_t *frame, const uint8_t *from_mac, const uint8_t *source, const uint8_t *destination,
		      uint16_t from_port, uint16_t to_port, size_t nr_bytes)
{
	uint8_t *packet = frame + NET_ETHERNET_BYTES;

	net_write_ethernet(frame, net_zero, from_mac, NET_ETHERTYPE_V6);
	net_write_v6(packet, source, destination, NET_PROTOCOL_UDP, TTL, NET_UDP_BYTES + nr_bytes);
	net_write_datagram(packet, packet + NET_V6_HEADER_BYTES, from_port, to_port, nr_bytes);
	return net_pad(frame, NET_UDP6_HEADERS_BYTES + nr_bytes);
}

bool net_read_arp(const uint8_t *arp, size_t nr_bytes, struct net_arp *read)
{
	if (nr_bytes < NET_ARP_BYTES || memcmp(arp, net_arp_kind, sizeof(net_arp_kind)) != 0)
		return false;
	*read = (struct net_arp){
		.operation = net_load16(arp + 6), .sender_mac = arp + 8, .sender = arp + 14, .target = arp + 24,
	};
	return true;
}

size_t net_write_arp(uint8_t *frame, const uint8_t *to_mac, const uint8_t *from_mac, uint32_t operation,
		     const uint8_t *sender, const uint8_t *target_mac, const uint8_t *target)
{
	uint8_t *arp = frame + NET_ETHERNET_BYTES;

	net_write_ethernet(frame, to_mac, from_mac, NET_ETHERTYPE_ARP);
	memcpy(arp, net_arp_kind, sizeof(net_arp_kind));
	net_store16(arp + 6, operation);
	memcpy(arp + 8, from_mac, NET_MAC_BYTES);
	memcpy(arp + 14, sender, NET_V4_BYTES);
	memcpy(arp + 18, target_mac, NET_MAC_BYTES);
	memcpy(arp + 24, target, NET_V4_BYTES);
	return net_pad(frame, NET_ETHERNET_BYTES + NET_ARP_BYTES);
}
