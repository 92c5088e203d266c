/*
 * service/net_packet.h: headers of Ethernet, IPv4 (RFC 791), IPv6 (RFC 8200) and UDP (RFC 768), and their checksums (RFC 1071).
 */
#ifndef SERVICE_NET_PACKET_H
#define SERVICE_NET_PACKET_H

#include "rv/tunnel.h"

#define NET_ETHERNET_BYTES 14
#define NET_IP_HEADER_BYTES 20
#define NET_V6_HEADER_BYTES 40
#define NET_UDP_BYTES 8
#define NET_UDP_HEADERS_BYTES (NET_ETHERNET_BYTES + NET_IP_HEADER_BYTES + NET_UDP_BYTES)
#define NET_UDP_MOST_BYTES (NET_FRAME_BYTES - NET_UDP_HEADERS_BYTES)
#define NET_UDP6_HEADERS_BYTES (NET_ETHERNET_BYTES + NET_V6_HEADER_BYTES + NET_UDP_BYTES)
#define NET_UDP6_MOST_BYTES (NET_FRAME_BYTES - NET_UDP6_HEADERS_BYTES)
#define NET_FRAME_LEAST_BYTES 60 /* what is shorter is padded with zeros */

#define NET_ETHERTYPE_V4 0x0800u
#define NET_ETHERTYPE_ARP 0x0806u
#define NET_ETHERTYPE_V6 0x86ddu
#define NET_PROTOCOL_ICMP 1
#define NET_PROTOCOL_TCP 6
#define NET_PROTOCOL_UDP 17
#define NET_PROTOCOL_ICMP6 58

extern const uint8_t net_broadcast_mac[NET_MAC_BYTES];
extern const uint8_t net_zero[NET_MAC_BYTES];
extern const uint8_t net_broadcast_address[NET_V4_BYTES];

uint16_t net_load16(const uint8_t *bytes);
uint32_t net_load32(const uint8_t *bytes);
void net_store16(uint8_t *bytes, uint32_t value);
void net_store32(uint8_t *bytes, uint32_t value);

bool net_is_same(const uint8_t *one, const uint8_t *other); /* addresses of IPv4 */
bool net_is_none(const uint8_t *address);
bool net_is_same6(const uint8_t *one, const uint8_t *other); /* of IPv6 */
bool net_is_none6(const uint8_t *address);
bool net_is_link_local6(const uint8_t *address);
/* One elsewhere: no group, nothing of this link or this machine, and none of IPv4's in these clothes. */
bool net_is_elsewhere6(const uint8_t *address);
/* Are they in one network of that prefix, 0 to 128? */
bool net_is_near6(const uint8_t *one, const uint8_t *other, uint32_t prefix);
/* And of IPv4, 0 to 32? */
bool net_is_near(const uint8_t *one, const uint8_t *other, uint32_t prefix);
uint32_t net_mask(uint32_t prefix);

/* The checksum of bytes, with what `sum` is already of others before, of which there were an even number. */
uint32_t net_add(uint32_t sum, const uint8_t *bytes, size_t nr_bytes);
uint16_t net_checksum(uint32_t sum);
/* That of UDP, TCP, or ICMPv6, which stands behind a packet's header of IPv4 or IPv6: with the addresses of that. */
uint16_t net_transport_checksum(const uint8_t *header, const uint8_t *transport, size_t nr_bytes);

/* Reads an IPv4 header: its length and its packet's, which are within nr_bytes, and its checksum is right. */
struct net_v4 {
	size_t header_bytes, length_bytes;
	bool is_fragment;
};
bool net_read_v4(const uint8_t *packet, size_t nr_bytes, struct net_v4 *read);

/* Reads an IPv6 header: what is behind it is within nr_bytes. */
struct net_v6 {
	size_t content_bytes;
};
bool net_read_v6(const uint8_t *packet, size_t nr_bytes, struct net_v6 *read);

/* Lowers how large segments may be (RFC 9293, 3.2) in what begins a connection of TCP, which stands behind that header. A
 * wrong checksum stays wrong. */
#define NET_TCP_BYTES 20
void net_clamp_segments(const uint8_t *header, uint8_t *tcp, size_t tcp_bytes, uint32_t most);

/* Reads a datagram of IPv4 that is no fragment; a checksum that it has is right. */
struct net_udp {
	const uint8_t *source, *destination;
	uint16_t from_port, to_port;
	uint8_t *payload;
	size_t nr_bytes;
};
bool net_read_udp(uint8_t *packet, size_t nr_bytes, struct net_udp *read);
/* One of IPv6, without extension headers; the checksum it has to have (RFC 8200, 8.1). */
bool net_read_udp6(uint8_t *packet, size_t nr_bytes, struct net_udp *read);

/* Makes a frame around a payload that stands at NET_UDP_HEADERS_BYTES, at most NET_UDP_MOST_BYTES of it. Returns its
 * length. `frame` has NET_FRAME_BYTES. */
size_t net_write_udp(uint8_t *frame, const uint8_t *to_mac, const uint8_t *from_mac, const uint8_t *source,
		     const uint8_t *destination, uint16_t from_port, uint16_t to_port, size_t nr_bytes);

/* The same of IPv6, at NET_UDP6_HEADERS_BYTES, at most NET_UDP6_MOST_BYTES. Who it is for is put in its place later. */
size_t net_write_udp6(uint8_t *frame, const uint8_t *from_mac, const uint8_t *source, const uint8_t *destination,
		      uint16_t from_port, uint16_t to_port, size_t nr_bytes);

void net_write_ethernet(uint8_t *frame, const uint8_t *to, const uint8_t *from, uint32_t ethertype);
/* An IPv4 header without options in front of so many bytes; `packet` is where it begins. */
void net_write_v4(uint8_t *packet, const uint8_t *source, const uint8_t *destination, uint32_t protocol, size_t nr_bytes);
/* An IPv6 header in front of so many bytes. */
void net_write_v6(uint8_t *packet, const uint8_t *source, const uint8_t *destination, uint32_t protocol, uint8_t hop_limit,
		  size_t nr_bytes);
/* Zeros up to the least length. Returns that of the frame. */
size_t net_pad(uint8_t *frame, size_t nr_bytes);

/* ARP of IPv4 on Ethernet (RFC 826). */
#define NET_ARP_BYTES 28
#define NET_ARP_REQUEST 1
#define NET_ARP_REPLY 2
struct net_arp {
	uint32_t operation;
	const uint8_t *sender_mac, *sender, *target;
};
bool net_read_arp(const uint8_t *arp, size_t nr_bytes, struct net_arp *read);
/* A whole frame. Returns its length. */
size_t net_write_arp(uint8_t *frame, const uint8_t *to_mac, const uint8_t *from_mac, uint32_t operation,
		     const uint8_t *sender, const uint8_t *target_mac, const uint8_t *target);

#endif
