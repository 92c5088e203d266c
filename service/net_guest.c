/*
 * service/net_guest.c: see the header.
 */
#include "service/net_guest.h"

#include "core/string.h"
#include "service/net_packet.h"

#define LEASE_SECONDS 86400
#define NETWORK_PREFIX 24 /* that the guest is told where its own address is all that the tunnel has */
#define NETWORK_PREFIX_MOST 30

#define ICMP_BYTES 8
#define ICMP_UNREACHABLE 3
#define ICMP_TOO_LARGE 4
#define ICMP_REQUEST 8
#define ICMP_QUOTED_BYTES 8 /* of a packet, behind its header */

/* "Administered locally". */
const uint8_t net_guest_router_mac[NET_MAC_BYTES] = { 0x02, 0x52, 0x56, 0x00, 0x00, 0x01 };

void net_guest_place(struct net_guest *guest, const uint8_t *address, uint32_t prefix)
{
	uint32_t own = net_load32(address), first;

	guest->prefix = prefix > NETWORK_PREFIX_MOST ? NETWORK_PREFIX : prefix;
	first = (own & net_mask(guest->prefix)) + 1;
	memcpy(guest->address, address, NET_V4_BYTES);
	net_store32(guest->router, first != own ? first : first + 1);
}

static const uint8_t *net_guest_drop(struct net_guest *guest)
{
	guest->nr_dropped++;
	return NULL;
}

/* Whoever is asked for, it is the router; but for itself, and where addresses are nobody's to give (RFC 3927). */
static void net_guest_answer_arp(struct net_guest *guest, const uint8_t *bytes, size_t nr_bytes)
{
	static const uint8_t link_local[NET_V4_BYTES] = { 169, 254 };
	struct net_arp arp;

	if (!net_read_arp(bytes, nr_bytes, &arp) || arp.operation != NET_ARP_REQUEST ||
	    net_is_same(arp.target, guest->address) || net_is_same(arp.target, arp.sender) ||
	    net_is_near(arp.target, link_local, 16)) {
		(void)net_guest_drop(guest);
		return;
	}
	guest->send(guest->context, guest->frame,
		    net_write_arp(guest->frame, arp.sender_mac, net_guest_router_mac, NET_ARP_REPLY, arp.target, arp.sender_mac,
				  arp.sender));
}

/* What it is told; NAK: it wants another address than there is; NONE: nothing. */
static enum dhcp_type net_guest_judge_dhcp(const struct net_guest *guest, const struct dhcp_message *asked)
{
	const uint8_t *wanted = net_is_none(asked->requested) ? asked->client : asked->requested;

	if (asked->is_reply || (!net_is_none(asked->server) && !net_is_same(asked->server, guest->router)))
		return DHCP_NONE;
	switch (asked->type) {
	case DHCP_DISCOVER:
		return DHCP_OFFER;
	case DHCP_REQUEST:
		return net_is_same(wanted, guest->address) ? DHCP_ACK : DHCP_NAK;
	case DHCP_INFORM:
		return DHCP_ACK;
	default:
		return DHCP_NONE;
	}
}

static void net_guest_send_dhcp(struct net_guest *guest, const struct dhcp_message *asked,
				const struct dhcp_message *answer)
{
	bool has_address = !net_is_none(asked->client) && answer->type != DHCP_NAK;
	bool is_broadcast = answer->type == DHCP_NAK || (!has_address && asked->wants_broadcast);
	const uint8_t *to = is_broadcast ? net_broadcast_address : has_address ? asked->client : answer->yours;
	size_t nr_bytes = dhcp_write(guest->frame + NET_UDP_HEADERS_BYTES, answer);

	nr_bytes = net_write_udp(guest->frame, is_broadcast ? net_broadcast_mac : asked->mac, net_guest_router_mac, guest->router, to,
				 DHCP_SERVER_PORT, DHCP_CLIENT_PORT, nr_bytes);
	guest->send(guest->context, guest->frame, nr_bytes);
}

static void net_guest_answer_dhcp(struct net_guest *guest, const struct net_udp *udp)
{
	struct dhcp_message asked, answer = { .is_reply = true };

	if (dhcp_read(udp->payload, udp->nr_bytes, &asked))
		answer.type = net_guest_judge_dhcp(guest, &asked);
	if (answer.type == DHCP_NONE) {
		(void)net_guest_drop(guest);
		return;
	}
	answer.transaction = asked.transaction;
	answer.wants_broadcast = asked.wants_broadcast;
	memcpy(answer.client, asked.client, NET_V4_BYTES);
	memcpy(answer.mac, asked.mac, NET_MAC_BYTES);
	memcpy(answer.server, guest->router, NET_V4_BYTES);
	if (answer.type != DHCP_NAK) {
		if (asked.type != DHCP_INFORM) {
			memcpy(answer.yours, guest->address, NET_V4_BYTES);
			answer.lease_seconds = LEASE_SECONDS;
		}
		net_store32(answer.mask, net_mask(guest->prefix));
		memcpy(answer.router, guest->router, NET_V4_BYTES);
		answer.mtu = guest->mtu;
		answer.nr_dns = guest->nr_dns;
		memcpy(answer.dns, guest->dns, sizeof(answer.dns));
	}
	net_guest_send_dhcp(guest, &asked, &answer);
}

/* "Fragmentation needed", with the MTU (RFC 792, 1191). Nobody is told about ICMP that is none of a question's. */
static void net_guest_send_too_large(struct net_guest *guest, const uint8_t *packet, const struct net_v4 *v4)
{
	uint8_t *header = guest->frame + NET_ETHERNET_BYTES, *icmp = header + NET_IP_HEADER_BYTES;
	size_t quoted = v4->header_bytes + ICMP_QUOTED_BYTES;

	if (packet[9] == NET_PROTOCOL_ICMP && packet[v4->header_bytes] != ICMP_REQUEST)
		return;
	net_write_ethernet(guest->frame, guest->mac, net_guest_router_mac, NET_ETHERTYPE_V4);
	net_write_v4(header, guest->router, guest->address, NET_PROTOCOL_ICMP, ICMP_BYTES + quoted);
	memset(icmp, 0, ICMP_BYTES);
	icmp[0] = ICMP_UNREACHABLE;
	icmp[1] = ICMP_TOO_LARGE;
	net_store16(icmp + 6, guest->mtu);
	memcpy(icmp + ICMP_BYTES, packet, quoted);
	net_store16(icmp + 2, net_checksum(net_add(0, icmp, ICMP_BYTES + quoted)));
	guest->send(guest->context, guest->frame,
		    net_pad(guest->frame, NET_ETHERNET_BYTES + NET_IP_HEADER_BYTES + ICMP_BYTES + quoted));
}

static void net_guest_clamp(const struct net_guest *guest, uint8_t *packet, const struct net_v4 *v4)
{
	if (packet[9] == NET_PROTOCOL_TCP && !v4->is_fragment)
		net_clamp_segments(packet, packet + v4->header_bytes, v4->length_bytes - v4->header_bytes,
				   guest->mtu - NET_IP_HEADER_BYTES - NET_TCP_BYTES);
}

/* For one, elsewhere: not for all of a network, and from nobody else. */
static bool net_guest_may_go(const struct net_guest *guest, const uint8_t *packet)
{
	const uint8_t *to = packet + 16;
	uint32_t host = ~net_mask(guest->prefix);
	bool is_all = net_is_near(to, guest->address, guest->prefix) && (net_load32(to) & host) == host;

	return net_is_same(packet + 12, guest->address) && to[0] != 0 && to[0] != 127 && to[0] < 224 && !is_all &&
	       !net_is_same(to, guest->address);
}

static const uint8_t *net_guest_take_packet(struct net_guest *guest, uint8_t *packet, size_t packet_bytes, size_t *nr_bytes)
{
	struct net_udp udp;
	struct net_v4 v4;

	if (!net_read_v4(packet, packet_bytes, &v4))
		return net_guest_drop(guest);
	if (net_read_udp(packet, packet_bytes, &udp) && udp.to_port == DHCP_SERVER_PORT &&
	    (net_is_same(udp.destination, net_broadcast_address) || net_is_same(udp.destination, guest->router))) {
		net_guest_answer_dhcp(guest, &udp);
		return NULL;
	}
	if (!net_guest_may_go(guest, packet))
		return net_guest_drop(guest);
	if (v4.length_bytes > guest->mtu) { /* which has room for what is quoted of it */
		net_guest_send_too_large(guest, packet, &v4);
		return net_guest_drop(guest);
	}
	net_guest_clamp(guest, packet, &v4);
	*nr_bytes = v4.length_bytes;
	return packet;
}

const uint8_t *net_guest_receive(struct net_guest *guest, uint8_t *frame, size_t frame_bytes, size_t *nr_bytes)
{
	if (frame_bytes < NET_ETHERNET_BYTES || (frame[NET_MAC_BYTES] & 1)) /* from a group */
		return net_guest_drop(guest);
	memcpy(guest->mac, frame + NET_MAC_BYTES, NET_MAC_BYTES);
	switch (net_load16(frame + 2 * NET_MAC_BYTES)) {
	case NET_ETHERTYPE_ARP:
		net_guest_answer_arp(guest, frame + NET_ETHERNET_BYTES, frame_bytes - NET_ETHERNET_BYTES);
		return NULL;
	case NET_ETHERTYPE_V4:
		return net_guest_take_packet(guest, frame + NET_ETHERNET_BYTES, frame_bytes - NET_ETHERNET_BYTES, nr_bytes);
	case NET_ETHERTYPE_V6:
		return net_guest6_take(guest, frame + NET_ETHERNET_BYTES, frame_bytes - NET_ETHERNET_BYTES, nr_bytes);
	default:
		return net_guest_drop(guest);
	}
}

const uint8_t *net_guest_take_script(struct net_guest *guest, uint8_t *frame, size_t frame_bytes, size_t *nr_bytes)
{
	uint8_t *packet = frame + NET_ETHERNET_BYTES;
	struct net_v4 v4;

	if (frame_bytes < NET_ETHERNET_BYTES)
		return net_guest_drop(guest);
	if (net_load16(frame + 2 * NET_MAC_BYTES) == NET_ETHERTYPE_V6)
		return net_guest6_take_script(guest, packet, frame_bytes - NET_ETHERNET_BYTES, nr_bytes);
	if (net_load16(frame + 2 * NET_MAC_BYTES) != NET_ETHERTYPE_V4 || !net_read_v4(packet, frame_bytes - NET_ETHERNET_BYTES, &v4) ||
	    !net_guest_may_go(guest, packet) || v4.length_bytes > guest->mtu)
		return net_guest_drop(guest);
	net_guest_clamp(guest, packet, &v4);
	*nr_bytes = v4.length_bytes;
	return packet;
}

void net_guest_deliver(struct net_guest *guest, uint8_t *packet, size_t nr_bytes)
{
	struct net_v4 v4;

	if (nr_bytes != 0 && packet[0] >> 4 == 6) {
		net_guest6_deliver(guest, packet, nr_bytes);
		return;
	}
	if (!net_read_v4(packet, nr_bytes, &v4) || v4.length_bytes > NET_FRAME_BYTES - NET_ETHERNET_BYTES ||
	    !net_is_same(packet + 16, guest->address)) {
		(void)net_guest_drop(guest);
		return;
	}
	net_guest_clamp(guest, packet, &v4);
	net_write_ethernet(guest->frame, guest->mac, net_guest_router_mac, NET_ETHERTYPE_V4);
	memcpy(guest->frame + NET_ETHERNET_BYTES, packet, v4.length_bytes);
	guest->send(guest->context, guest->frame, net_pad(guest->frame, NET_ETHERNET_BYTES + v4.length_bytes));
}
