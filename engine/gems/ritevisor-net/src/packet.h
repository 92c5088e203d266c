/*
 * packet.h: an Ethernet frame as its headers tell of it. Nothing in a frame is believed: what does not lie within its
 * bytes is not there.
 */
#ifndef RITEVISOR_NET_PACKET_H
#define RITEVISOR_NET_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As much of a frame is looked at for its headers. */
enum { PACKET_HEADER_BYTES = 512 };

enum {
	PACKET_ETHERTYPE_IP = 0x0800,
	PACKET_ETHERTYPE_ARP = 0x0806,
	PACKET_ETHERTYPE_RARP = 0x8035,
	PACKET_ETHERTYPE_IP6 = 0x86dd,
};

enum {
	PACKET_ICMP = 1,
	PACKET_IGMP = 2,
	PACKET_TCP = 6,
	PACKET_UDP = 17,
	PACKET_ICMP6 = 58,
	PACKET_SCTP = 132,
};

enum { PACKET_TCP_FIN = 1, PACKET_TCP_SYN = 2, PACKET_TCP_RST = 4, PACKET_TCP_ACK = 16 };

/* 16 bytes, of an IPv4 address the first four. */
struct address {
	uint8_t bytes[16];
};

struct packet {
	const uint8_t *bytes;	 /* its headers: so many of `length` */
	uint32_t there;
	uint32_t length;	 /* of all of the frame */
	bool outbound;
	uint8_t family;		 /* 4, 6, or 0: no IP, or its header is not whole */
	bool has_addresses;	 /* of IP, or of ARP and RARP, which are IPv4's */
	bool has_protocol;
	bool has_ports;		 /* of TCP, UDP and SCTP, but for later fragments */
	bool is_fragment;	 /* of an IP packet that came in several */
	bool is_later;		 /* and not the first */
	uint8_t protocol;	 /* behind IPv6's extension headers */
	uint8_t tcp_flags;
	uint16_t ethertype;	 /* behind VLAN tags; below 0x600: a length */
	int32_t vlan;		 /* of the first tag; -1: there is none */
	uint32_t network;	 /* where the header of IP or ARP is; 0: nowhere */
	uint32_t transport;	 /* the one behind it, of the first fragment; 0: nowhere */
	uint32_t payload;	 /* behind that of TCP, UDP, ICMP or ICMPv6; 0: nowhere */
	uint32_t end;		 /* of the IP packet: what is behind it is padding */
	uint32_t fragment;	 /* what fragments of one packet have in common */
	uint32_t offset;	 /* of a later one, in the packet: bytes */
	uint16_t sport, dport;
	struct address src, dst;
};

/* Fills *packet. `there` bytes of a frame of `length` are at `bytes`, which must stay while *packet is used. */
void packet_parse(struct packet *packet, const uint8_t *bytes, uint32_t there, uint32_t length, bool outbound);

/* Of an ICMP error: fills *inner with the packet that it is about, as far as it tells. False: it is none. */
bool packet_parse_error(const struct packet *packet, struct packet *inner);

/* A number of 1, 2 or 4 bytes, the highest first. */
static inline uint32_t packet_number(const uint8_t *bytes, unsigned int count)
{
	uint32_t number = 0;

	while (count-- > 0)
		number = number << 8 | *bytes++;
	return number;
}

#endif
