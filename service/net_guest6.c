/*
 * service/net_guest6.c: see the header.
 */
#include "service/net_guest6.h"

#include "core/string.h"
#include "service/net_guest.h"
#include "service/net_icmp6.h"

#define ROUTER_MANAGED_OTHER 0xc0u /* addresses and the rest are had by DHCP */
#define ROUTER_SECONDS 1800
#define ROUTER_INTERVAL_MS 600000

static const uint8_t all_nodes[NET_V6_BYTES] = { 0xff, 2, [15] = 1 };
static const uint8_t dhcp_servers[NET_V6_BYTES] = { 0xff, 2, [13] = 1, [15] = 2 };
/* Of net_guest_router_mac. */
static const uint8_t router[NET_V6_BYTES] = { 0xfe, 0x80, [8] = 0, 0x52, 0x56, 0xff, 0xfe, 0, 0, 1 };

void net_guest6_begin(struct net_guest *guest, const uint8_t *address)
{
	guest->v6.is_there = true;
	memcpy(guest->v6.dhcp.mac, net_guest_router_mac, NET_MAC_BYTES);
	memcpy(guest->v6.dhcp.address, address, NET_V6_BYTES);
}

static const uint8_t *net_guest6_drop(struct net_guest *guest)
{
	guest->nr_dropped++;
	return NULL;
}

/* Where what stands behind the headers of a frame that is being made begins. */
static uint8_t *net_guest6_content(struct net_guest *guest)
{
	return guest->frame + NET_ETHERNET_BYTES + NET_V6_HEADER_BYTES;
}

/* Sends what stands there, from the router; `checksum` is where in it that goes. */
static void net_guest6_send(struct net_guest *guest, const uint8_t *to, uint8_t protocol, size_t nr_bytes, size_t checksum)
{
	static const uint8_t all_nodes_mac[NET_MAC_BYTES] = { 0x33, 0x33, 0, 0, 0, 1 };
	uint8_t *packet = guest->frame + NET_ETHERNET_BYTES, *content = net_guest6_content(guest);
	uint16_t sum;

	net_write_ethernet(guest->frame, to == all_nodes ? all_nodes_mac : guest->mac, net_guest_router_mac, NET_ETHERTYPE_V6);
	net_write_v6(packet, router, to, protocol, HOP_LIMIT_NEIGHBOUR, nr_bytes);
	net_store16(content + checksum, 0);
	sum = net_transport_checksum(packet, content, nr_bytes);
	net_store16(content + checksum, sum != 0 || protocol != NET_PROTOCOL_UDP ? sum : 0xffff);
	guest->send(guest->context, guest->frame, net_pad(guest->frame, NET_ETHERNET_BYTES + NET_V6_HEADER_BYTES + nr_bytes));
}

static size_t net_guest6_put_mac(uint8_t *option, uint8_t kind)
{
	option[0] = kind;
	option[1] = 1;
	memcpy(option + 2, net_guest_router_mac, NET_MAC_BYTES);
	return OPTION_UNIT;
}

static void net_guest6_advertise_router(struct net_guest *guest, const uint8_t *to)
{
	const struct dhcp6_server *dhcp = &guest->v6.dhcp;
	uint8_t *icmp = net_guest6_content(guest), *option;
	size_t at = ROUTER_BYTES;

	memset(icmp, 0, ROUTER_BYTES + 3 * OPTION_UNIT);
	icmp[0] = ICMP_ROUTER_ADVERTISEMENT;
	icmp[4] = 64; /* the hop limit */
	icmp[5] = ROUTER_MANAGED_OTHER;
	net_store16(icmp + 6, ROUTER_SECONDS);
	at += net_guest6_put_mac(icmp + at, OPTION_SOURCE_MAC);
	option = icmp + at;
	option[0] = OPTION_MTU;
	option[1] = 1;
	net_store32(option + 4, guest->mtu);
	at += OPTION_UNIT;
	if (dhcp->nr_dns != 0) {
		option = icmp + at;
		option[0] = OPTION_DNS;
		option[1] = (uint8_t)(1 + 2 * dhcp->nr_dns);
		net_store32(option + 4, ROUTER_SECONDS);
		memcpy(option + OPTION_UNIT, dhcp->dns, dhcp->nr_dns * NET_V6_BYTES);
		at += OPTION_UNIT + dhcp->nr_dns * NET_V6_BYTES;
	}
	net_guest6_send(guest, to, NET_PROTOCOL_ICMP6, at, ICMP_CHECKSUM);
}

/* Whoever is asked for, it is the router; but for the guest itself, and for addresses of this link that are not its own. */
static bool net_guest6_is_asked(const struct net_guest *guest, const uint8_t *source, const uint8_t *target)
{
	if (net_is_none6(source)) /* whether somebody has what is to be its own */
		return net_is_same6(target, router);
	return net_is_same6(target, router) ||
	       (net_is_elsewhere6(target) && !net_is_same6(target, guest->v6.dhcp.address));
}

static void net_guest6_answer_solicitation(struct net_guest *guest, const uint8_t *source, const uint8_t *target)
{
	uint8_t *icmp = net_guest6_content(guest);

	memset(icmp, 0, SOLICITATION_BYTES);
	icmp[0] = ICMP_ADVERTISEMENT;
	icmp[4] = NEIGHBOUR_ROUTER_OVERRIDE | (net_is_none6(source) ? 0 : NEIGHBOUR_SOLICITED);
	memcpy(icmp + ICMP_BYTES, target, NET_V6_BYTES);
	net_guest6_send(guest, net_is_none6(source) ? all_nodes : source, NET_PROTOCOL_ICMP6,
			SOLICITATION_BYTES + net_guest6_put_mac(icmp + SOLICITATION_BYTES, OPTION_TARGET_MAC), ICMP_CHECKSUM);
}

/* What is between neighbours, and so is never handed on. */
static void net_guest6_take_neighbour(struct net_guest *guest, const uint8_t *packet, const struct net_v6 *v6)
{
	const uint8_t *icmp = packet + NET_V6_HEADER_BYTES, *source = packet + 8;

	if (icmp[1] != 0 || net_transport_checksum(packet, icmp, v6->content_bytes) != 0) {
		(void)net_guest6_drop(guest);
		return;
	}
	if (icmp[0] == ICMP_ROUTER_SOLICITATION) {
		net_guest6_advertise_router(guest, net_is_none6(source) ? all_nodes : source);
	} else if (icmp[0] == ICMP_SOLICITATION && v6->content_bytes >= SOLICITATION_BYTES &&
		   net_guest6_is_asked(guest, source, icmp + ICMP_BYTES)) {
		net_guest6_answer_solicitation(guest, source, icmp + ICMP_BYTES);
	} else {
		(void)net_guest6_drop(guest);
	}
}

static bool net_guest6_is_neighbour(const uint8_t *packet, const struct net_v6 *v6)
{
	return packet[6] == NET_PROTOCOL_ICMP6 && packet[7] == HOP_LIMIT_NEIGHBOUR && v6->content_bytes >= ICMP_BYTES &&
	       packet[NET_V6_HEADER_BYTES] >= ICMP_ROUTER_SOLICITATION;
}

static bool net_guest6_is_dhcp(const uint8_t *packet, const struct net_v6 *v6)
{
	const uint8_t *udp = packet + NET_V6_HEADER_BYTES;

	return packet[6] == NET_PROTOCOL_UDP && v6->content_bytes >= NET_UDP_BYTES && net_load16(udp + 2) == DHCP6_SERVER_PORT &&
	       net_is_link_local6(packet + 8) &&
	       (net_is_same6(packet + 24, dhcp_servers) || net_is_same6(packet + 24, router));
}

static void net_guest6_take_dhcp(struct net_guest *guest, const uint8_t *packet, const struct net_v6 *v6)
{
	const uint8_t *udp = packet + NET_V6_HEADER_BYTES;
	size_t length = net_load16(udp + 4), nr_bytes = 0;
	uint8_t *to = net_guest6_content(guest);

	/* A checksum it has to have (RFC 8200, 8.1). */
	if (length >= NET_UDP_BYTES && length <= v6->content_bytes && net_load16(udp + 6) != 0 &&
	    net_transport_checksum(packet, udp, length) == 0)
		nr_bytes = dhcp6_answer(&guest->v6.dhcp, udp + NET_UDP_BYTES, length - NET_UDP_BYTES, to + NET_UDP_BYTES);
	if (nr_bytes == 0) {
		(void)net_guest6_drop(guest);
		return;
	}
	net_store16(to, DHCP6_SERVER_PORT);
	net_store16(to + 2, DHCP6_CLIENT_PORT);
	net_store16(to + 4, (uint32_t)(NET_UDP_BYTES + nr_bytes));
	net_guest6_send(guest, packet + 8, NET_PROTOCOL_UDP, NET_UDP_BYTES + nr_bytes, 6);
}

/* RFC 4443, 3.2: with as much of the packet as goes into one that passes everywhere. Nobody is told about errors. */
static void net_guest6_send_too_big(struct net_guest *guest, const uint8_t *packet, const struct net_v6 *v6)
{
	const size_t room = NET_GUEST6_MTU_LEAST - NET_V6_HEADER_BYTES - ICMP_BYTES;
	size_t quoted = NET_V6_HEADER_BYTES + v6->content_bytes < room ? NET_V6_HEADER_BYTES + v6->content_bytes : room;
	uint8_t *icmp = net_guest6_content(guest);

	if (packet[6] == NET_PROTOCOL_ICMP6 && packet[NET_V6_HEADER_BYTES] < ICMP_INFORMATIONAL)
		return;
	memset(icmp, 0, ICMP_BYTES);
	icmp[0] = ICMP_TOO_BIG;
	net_store32(icmp + 4, guest->mtu);
	memcpy(icmp + ICMP_BYTES, packet, quoted);
	net_guest6_send(guest, guest->v6.dhcp.address, NET_PROTOCOL_ICMP6, ICMP_BYTES + quoted, ICMP_CHECKSUM);
}

static void net_guest6_clamp(const struct net_guest *guest, uint8_t *packet, const struct net_v6 *v6)
{
	if (packet[6] == NET_PROTOCOL_TCP)
		net_clamp_segments(packet, packet + NET_V6_HEADER_BYTES, v6->content_bytes,
				   guest->mtu - NET_V6_HEADER_BYTES - NET_TCP_BYTES);
}

static bool net_guest6_may_go(const struct net_guest *guest, const uint8_t *packet)
{
	const uint8_t *own = guest->v6.dhcp.address, *to = packet + 24;

	return net_is_same6(packet + 8, own) && net_is_elsewhere6(to) && !net_is_same6(to, own);
}

const uint8_t *net_guest6_take(struct net_guest *guest, uint8_t *packet, size_t packet_bytes, size_t *nr_bytes)
{
	struct net_v6 v6;

	if (!guest->v6.is_there || !net_read_v6(packet, packet_bytes, &v6))
		return net_guest6_drop(guest);
	if (net_guest6_is_neighbour(packet, &v6)) {
		net_guest6_take_neighbour(guest, packet, &v6);
		return NULL;
	}
	if (net_guest6_is_dhcp(packet, &v6)) {
		net_guest6_take_dhcp(guest, packet, &v6);
		return NULL;
	}
	if (!net_guest6_may_go(guest, packet))
		return net_guest6_drop(guest);
	*nr_bytes = NET_V6_HEADER_BYTES + v6.content_bytes;
	if (*nr_bytes > guest->mtu) {
		net_guest6_send_too_big(guest, packet, &v6);
		return net_guest6_drop(guest);
	}
	net_guest6_clamp(guest, packet, &v6);
	return packet;
}

const uint8_t *net_guest6_take_script(struct net_guest *guest, uint8_t *packet, size_t packet_bytes, size_t *nr_bytes)
{
	struct net_v6 v6;

	if (!guest->v6.is_there || !net_read_v6(packet, packet_bytes, &v6) || net_guest6_is_neighbour(packet, &v6) ||
	    !net_guest6_may_go(guest, packet) || NET_V6_HEADER_BYTES + v6.content_bytes > guest->mtu)
		return net_guest6_drop(guest);
	net_guest6_clamp(guest, packet, &v6);
	*nr_bytes = NET_V6_HEADER_BYTES + v6.content_bytes;
	return packet;
}

void net_guest6_deliver(struct net_guest *guest, uint8_t *packet, size_t nr_bytes)
{
	struct net_v6 v6;

	/* One is taken off the hop limit, so that nothing from afar is a neighbour's. */
	if (!guest->v6.is_there || !net_read_v6(packet, nr_bytes, &v6) || packet[7] <= 1 ||
	    NET_V6_HEADER_BYTES + v6.content_bytes > NET_FRAME_BYTES - NET_ETHERNET_BYTES ||
	    !net_is_same6(packet + 24, guest->v6.dhcp.address)) {
		(void)net_guest6_drop(guest);
		return;
	}
	packet[7]--;
	net_guest6_clamp(guest, packet, &v6);
	net_write_ethernet(guest->frame, guest->mac, net_guest_router_mac, NET_ETHERTYPE_V6);
	memcpy(guest->frame + NET_ETHERNET_BYTES, packet, NET_V6_HEADER_BYTES + v6.content_bytes);
	guest->send(guest->context, guest->frame,
		    net_pad(guest->frame, NET_ETHERNET_BYTES + NET_V6_HEADER_BYTES + v6.content_bytes));
}

uint64_t net_guest6_advance(struct net_guest *guest, uint64_t now_ms)
{
	if (!guest->v6.is_there)
		return UINT64_MAX;
	if (now_ms >= guest->v6.next_ms) {
		net_guest6_advertise_router(guest, all_nodes);
		guest->v6.next_ms = now_ms + ROUTER_INTERVAL_MS;
	}
	return guest->v6.next_ms;
}
