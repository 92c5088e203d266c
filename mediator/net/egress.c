/*
 * mediator/net/egress.c: see the header. Nothing is taken that could hide something: no options, no fragments, no
 * extension headers, and zeros behind the end.
 */
#include "mediator/net/egress.h"

#include "core/string.h"

#define ETHERNET_BYTES 14
#define ARP_BYTES 28
#define V4_BYTES 20
#define V6_BYTES 40
#define UDP_BYTES 8
#define DHCP_BYTES 240 /* up to its options */
#define MESSAGE_BYTES 32 /* the shortest of WireGuard's */
#define MAC_OPTION_BYTES 8

static uint32_t egress_load16(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 8 | bytes[1];
}

static bool egress_is_all(const uint8_t *bytes, uint32_t nr_bytes, uint8_t value)
{
	for (uint32_t i = 0; i < nr_bytes; i++) {
		if (bytes[i] != value)
			return false;
	}
	return true;
}

static bool egress_is_ours(const struct egress *egress, const uint8_t *address, bool is_v6)
{
	for (uint32_t i = 0; i < egress->nr_addresses; i++) {
		if (egress->addresses[i].is_v6 == is_v6 && memcmp(egress->addresses[i].bytes, address, is_v6 ? 16 : 4) == 0)
			return true;
	}
	return false;
}

static const char *egress_refuse_arp(const struct egress *egress, const uint8_t *arp, uint32_t nr_bytes)
{
	static const uint8_t ethernet_and_v4[] = { 0, 1, 8, 0, 6, 4, 0 };

	if (nr_bytes < ARP_BYTES || memcmp(arp, ethernet_and_v4, sizeof(ethernet_and_v4)) != 0 ||
	    (arp[7] != 1 && arp[7] != 2))
		return "it is no ARP of IPv4";
	if (memcmp(arp + 8, egress->mac, EGRESS_MAC_BYTES) != 0)
		return "its ARP is of another address";
	if (!egress_is_ours(egress, arp + 14, false) && !(arp[7] == 1 && egress_is_all(arp + 14, 4, 0)))
		return "its ARP is of another IP address";
	return egress_is_all(arp + ARP_BYTES, nr_bytes - ARP_BYTES, 0) ? NULL : "there is something behind its ARP";
}

/* A datagram, of a source that is ours, or of none yet: then only for an address. */
struct egress_datagram {
	bool is_v6, has_source;
	const uint8_t *to, *payload;
	uint32_t from_port, to_port, nr_bytes;
};

static bool egress_is_dhcp(const struct egress *egress, const struct egress_datagram *datagram)
{
	static const uint8_t request[] = { 1, 1, 6 };
	const uint8_t *payload = datagram->payload;

	return !datagram->is_v6 && datagram->from_port == 68 && datagram->to_port == 67 && datagram->nr_bytes >= DHCP_BYTES &&
	       memcmp(payload, request, sizeof(request)) == 0 && memcmp(payload + 28, egress->mac, EGRESS_MAC_BYTES) == 0;
}

static bool egress_is_tunnel(const struct egress *egress, const struct egress_datagram *datagram)
{
	const uint8_t *payload = datagram->payload;

	if (datagram->from_port != egress->port || datagram->nr_bytes < MESSAGE_BYTES || payload[0] < 1 || payload[0] > 4 ||
	    !egress_is_all(payload + 1, 3, 0))
		return false;
	for (uint32_t i = 0; i < egress->nr_peers; i++) {
		const struct egress_endpoint *peer = &egress->peers[i];

		if (peer->port != 0 && peer->address.is_v6 == datagram->is_v6 && peer->port == datagram->to_port &&
		    memcmp(peer->address.bytes, datagram->to, datagram->is_v6 ? 16 : 4) == 0)
			return true;
	}
	return false;
}

/* A question of DNS for a peer's address of IPv4 (RFC 1035, 4.1): of a number and the name, and nothing else. */
static bool egress_is_question(const struct egress *egress, const struct egress_datagram *datagram)
{
	static const uint8_t header[] = { 1, 0, 0, 1, 0, 0, 0, 0, 0, 0 }, address_in[] = { 0, 1, 0, 1 };
	const uint8_t *payload = datagram->payload;
	uint32_t name_bytes = datagram->nr_bytes - 12 - sizeof(address_in);

	if (datagram->is_v6 || datagram->to_port != 53 || egress_is_all(egress->name_server, 4, 0) ||
	    memcmp(egress->name_server, datagram->to, 4) != 0 || datagram->nr_bytes < 12 + 2 + sizeof(address_in) ||
	    name_bytes > EGRESS_NAME_BYTES || memcmp(payload + 2, header, sizeof(header)) != 0 ||
	    memcmp(payload + 12 + name_bytes, address_in, sizeof(address_in)) != 0)
		return false;
	for (uint32_t i = 0; i < EGRESS_NAMES_MAXIMUM; i++) {
		const uint8_t *name = egress->names[i];

		/* It ends where the zeros begin. */
		if (name[0] != 0 && memcmp(name, payload + 12, name_bytes) == 0 && name[name_bytes - 1] == 0 && name[name_bytes - 2] != 0)
			return true;
	}
	return false;
}

static const char *egress_refuse_udp(const struct egress *egress, struct egress_datagram *datagram, const uint8_t *udp,
				     uint32_t nr_bytes)
{
	if (nr_bytes < UDP_BYTES || egress_load16(udp + 4) != nr_bytes)
		return "its UDP has another length";
	datagram->from_port = egress_load16(udp);
	datagram->to_port = egress_load16(udp + 2);
	datagram->payload = udp + UDP_BYTES;
	datagram->nr_bytes = nr_bytes - UDP_BYTES;
	if (egress_is_dhcp(egress, datagram))
		return NULL;
	if (!datagram->has_source)
		return "it comes from no address of ours";
	if (egress_is_tunnel(egress, datagram) || egress_is_question(egress, datagram))
		return NULL;
	return "it is for nobody whom we have to do with";
}

static const char *egress_refuse_v4(const struct egress *egress, const uint8_t *header, uint32_t nr_bytes)
{
	struct egress_datagram datagram = { .to = header + 16 };
	uint32_t length;

	if (nr_bytes < V4_BYTES || header[0] != 0x45)
		return "it is no IPv4, or has options";
	length = egress_load16(header + 2);
	if (length < V4_BYTES || length > nr_bytes || !egress_is_all(header + length, nr_bytes - length, 0))
		return "there is something behind its packet";
	if ((egress_load16(header + 6) & 0xbfff) != 0) /* only "don't fragment" */
		return "it is a fragment";
	if (header[9] != 17)
		return "it is no UDP";
	datagram.has_source = egress_is_ours(egress, header + 12, false);
	if (!datagram.has_source && !egress_is_all(header + 12, 4, 0))
		return "it comes from another's address";
	return egress_refuse_udp(egress, &datagram, header + V4_BYTES, length - V4_BYTES);
}

/* A group of the link's, an address of the link's, or one that shares the first half with one of ours. */
static bool egress_is_near(const struct egress *egress, const uint8_t *address)
{
	if ((address[0] == 0xff && address[1] == 2) || (address[0] == 0xfe && (address[1] & 0xc0) == 0x80))
		return true;
	for (uint32_t i = 0; i < egress->nr_addresses; i++) {
		if (egress->addresses[i].is_v6 && memcmp(egress->addresses[i].bytes, address, 8) == 0)
			return true;
	}
	return false;
}

/* Router and neighbour solicitation, neighbour advertisement (RFC 4861, 4), which routers do not pass on, to who is near; with
 * the card's address and no other option. */
static const char *egress_refuse_discovery(const struct egress *egress, const uint8_t *header, uint32_t length, bool has_source)
{
	const uint8_t *icmp = header + V6_BYTES, *option;
	uint32_t bytes;

	if (length < 8 || header[7] != 255 || icmp[0] < 133 || icmp[0] > 136 || icmp[0] == 134 || icmp[1] != 0)
		return "it is no neighbour discovery";
	bytes = icmp[0] == 133 ? 8 : 24;
	option = icmp + bytes;
	if (length != bytes && (length != bytes + MAC_OPTION_BYTES || option[0] != (icmp[0] == 136 ? 2 : 1) || option[1] != 1 ||
				memcmp(option + 2, egress->mac, EGRESS_MAC_BYTES) != 0))
		return "its neighbour discovery has something more";
	if (!egress_is_near(egress, header + 24))
		return "its neighbour discovery is for nobody near";
	return has_source || icmp[0] != 136 ? NULL : "it comes from no address of ours";
}

static const char *egress_refuse_v6(const struct egress *egress, const uint8_t *header, uint32_t nr_bytes)
{
	struct egress_datagram datagram = { .is_v6 = true, .to = header + 24 };
	uint32_t length;

	if (nr_bytes < V6_BYTES || header[0] >> 4 != 6)
		return "it is no IPv6";
	length = egress_load16(header + 4);
	if (length > nr_bytes - V6_BYTES || !egress_is_all(header + V6_BYTES + length, nr_bytes - V6_BYTES - length, 0))
		return "there is something behind its packet";
	datagram.has_source = egress_is_ours(egress, header + 8, true);
	if (!datagram.has_source && !egress_is_all(header + 8, 16, 0))
		return "it comes from another's address";
	if (header[6] == 58)
		return egress_refuse_discovery(egress, header, length, datagram.has_source);
	if (header[6] != 17)
		return "it is no UDP, or has headers before it";
	return egress_refuse_udp(egress, &datagram, header + V6_BYTES, length);
}

static bool egress_has_peer(const struct egress *egress, bool is_v6)
{
	for (uint32_t i = 0; i < egress->nr_peers; i++) {
		if (egress->peers[i].address.is_v6 == is_v6)
			return true;
	}
	return false;
}

const char *egress_refuse(const struct egress *egress, const uint8_t *frame, uint32_t nr_bytes)
{
	const uint8_t *inside = frame + ETHERNET_BYTES;

	if (nr_bytes < ETHERNET_BYTES || nr_bytes > EGRESS_FRAME_BYTES)
		return "it is too short or too long";
	if (memcmp(frame + EGRESS_MAC_BYTES, egress->mac, EGRESS_MAC_BYTES) != 0)
		return "it comes from another's address";
	switch (egress_load16(frame + 12)) {
	case 0x0806:
		if (!egress_has_peer(egress, false))
			return "no peer is of IPv4";
		return egress_refuse_arp(egress, inside, nr_bytes - ETHERNET_BYTES);
	case 0x0800:
		if (!egress_has_peer(egress, false))
			return "no peer is of IPv4";
		return egress_refuse_v4(egress, inside, nr_bytes - ETHERNET_BYTES);
	case 0x86dd:
		if (!egress_has_peer(egress, true))
			return "no peer is of IPv6";
		return egress_refuse_v6(egress, inside, nr_bytes - ETHERNET_BYTES);
	default:
		return "it is none of ARP, IPv4 and IPv6";
	}
}
