/*
 * service/net_outer.c: see the header.
 */
#include "service/net_outer.h"

#include "core/string.h"
#include "service/net_dns.h"

#define LEASE_LEAST_S 30 /* what is shorter would only be asked for */
#define LEASE_MOST_S (UINT32_MAX / 4)
#define LEASE_DEFAULT_S 3600

/* DHCP ------------------------------------------------------------------------------------------------- */

static void outer_dhcp_begin(struct outer *outer)
{
	memset(outer->address, 0, sizeof(outer->address));
	memset(outer->router, 0, sizeof(outer->router));
	memset(outer->name_server, 0, sizeof(outer->name_server));
	neighbours_forget(&outer->neighbours);
	outer->dhcp = OUTER_SEEKING;
	outer->transaction++;
	outer->dhcp_ms = outer->now_ms;
	outer->wait_ms = OUTER_DHCP_FIRST_MS;
}

/* All are for everybody: a server that is asked anew by its own address need not be a neighbour. */
static void outer_dhcp_send(struct outer *outer)
{
	struct dhcp_message message = { .type = outer->dhcp == OUTER_SEEKING ? DHCP_DISCOVER : DHCP_REQUEST,
					.transaction = outer->transaction };
	size_t nr_bytes;

	memcpy(message.mac, outer->mac, NET_MAC_BYTES);
	memcpy(message.client, outer->address, NET_V4_BYTES);
	if (outer->dhcp == OUTER_REQUESTING) {
		memcpy(message.requested, outer->offered, NET_V4_BYTES);
		memcpy(message.server, outer->server, NET_V4_BYTES);
	}
	nr_bytes = dhcp_write(outer->frame + NET_UDP_HEADERS_BYTES, &message);
	nr_bytes = net_write_udp(outer->frame, net_broadcast_mac, outer->mac, outer->address, net_broadcast_address,
				 DHCP_CLIENT_PORT, DHCP_SERVER_PORT, nr_bytes);
	outer->send(outer->context, outer->frame, nr_bytes);
}

static void outer_dhcp_advance(struct outer *outer)
{
	if (outer->dhcp == OUTER_STATIC || outer->now_ms < outer->dhcp_ms)
		return;
	if (outer->dhcp == OUTER_BOUND && outer->now_ms >= outer->expires_ms)
		outer_dhcp_begin(outer);
	if (outer->dhcp == OUTER_REQUESTING && outer->wait_ms > 8 * OUTER_DHCP_FIRST_MS)
		outer_dhcp_begin(outer); /* who made the offer is gone */
	outer_dhcp_send(outer);
	outer->dhcp_ms = outer->now_ms + outer->wait_ms;
	if (outer->wait_ms < OUTER_DHCP_MOST_MS)
		outer->wait_ms *= 2;
	if (outer->dhcp == OUTER_BOUND && outer->dhcp_ms > outer->expires_ms)
		outer->dhcp_ms = outer->expires_ms;
}

bool outer_is_address(const uint8_t *address)
{
	return address[0] != 0 && address[0] != 127 && address[0] < 224;
}

static bool outer_read_mask(const uint8_t *mask, uint32_t *prefix)
{
	for (*prefix = 1; *prefix <= 30; ++*prefix) {
		if (net_mask(*prefix) == net_load32(mask))
			return true;
	}
	return false;
}

static void outer_dhcp_bind(struct outer *outer, const struct dhcp_message *message)
{
	uint64_t seconds = message->lease_seconds != 0 ? message->lease_seconds : LEASE_DEFAULT_S;
	uint32_t prefix;

	if (!outer_is_address(message->yours) || !outer_read_mask(message->mask, &prefix) ||
	    (outer->dhcp == OUTER_REQUESTING && !net_is_same(message->yours, outer->offered)))
		return;
	seconds = seconds < LEASE_LEAST_S ? LEASE_LEAST_S : seconds > LEASE_MOST_S ? LEASE_MOST_S : seconds;
	if (!net_is_same(message->yours, outer->address))
		neighbours_forget(&outer->neighbours);
	memcpy(outer->address, message->yours, NET_V4_BYTES);
	memcpy(outer->router, message->router, NET_V4_BYTES);
	memset(outer->name_server, 0, sizeof(outer->name_server));
	if (outer_is_address(message->dns[0]))
		memcpy(outer->name_server, message->dns[0], NET_V4_BYTES);
	outer->prefix = prefix;
	outer->dhcp = OUTER_BOUND;
	outer->expires_ms = outer->now_ms + seconds * 1000;
	outer->dhcp_ms = outer->now_ms + seconds * 500;
	outer->wait_ms = OUTER_DHCP_FIRST_MS;
}

static void outer_dhcp_receive(struct outer *outer, const struct net_udp *udp)
{
	struct dhcp_message message;

	if (outer->dhcp == OUTER_STATIC || !dhcp_read(udp->payload, udp->nr_bytes, &message) || !message.is_reply ||
	    message.transaction != outer->transaction || memcmp(message.mac, outer->mac, NET_MAC_BYTES) != 0)
		return;
	if (outer->dhcp == OUTER_SEEKING) {
		if (message.type != DHCP_OFFER || !outer_is_address(message.yours) || net_is_none(message.server))
			return;
		memcpy(outer->offered, message.yours, NET_V4_BYTES);
		memcpy(outer->server, message.server, NET_V4_BYTES);
		outer->dhcp = OUTER_REQUESTING;
		outer->dhcp_ms = outer->now_ms;
		outer->wait_ms = OUTER_DHCP_FIRST_MS;
		outer_dhcp_advance(outer);
	} else if (net_is_same(message.server, outer->server)) {
		if (message.type == DHCP_ACK)
			outer_dhcp_bind(outer, &message);
		else if (message.type == DHCP_NAK)
			outer_dhcp_begin(outer);
	}
}

/* Neighbours ------------------------------------------------------------------------------------------ */

static void outer_ask(void *context, const uint8_t *address, const uint8_t *mac)
{
	uint8_t frame[NET_FRAME_LEAST_BYTES];
	struct outer *outer = context;

	outer->send(outer->context, frame, net_write_arp(frame, mac != NULL ? mac : net_broadcast_mac, outer->mac, NET_ARP_REQUEST,
							 outer->address, net_zero, address));
}

/* As neighbours are known. */
static void outer_pad(uint8_t padded[NET_V6_BYTES], const uint8_t *address)
{
	memset(padded, 0, NET_V6_BYTES);
	memcpy(padded, address, NET_V4_BYTES);
}

static void outer_receive_arp(struct outer *outer, const uint8_t *bytes, size_t nr_bytes)
{
	uint8_t sender[NET_V6_BYTES];
	struct net_arp arp;

	if (!net_read_arp(bytes, nr_bytes, &arp) || net_is_none(outer->address) || (arp.sender_mac[0] & 1) ||
	    net_is_same(arp.sender, outer->address) || !net_is_same(arp.target, outer->address)) {
		outer->nr_dropped++;
		return;
	}
	if (arp.operation == NET_ARP_REQUEST) {
		outer->send(outer->context, outer->frame,
			    net_write_arp(outer->frame, arp.sender_mac, outer->mac, NET_ARP_REPLY, outer->address,
					  arp.sender_mac, arp.sender));
		return;
	}
	outer_pad(sender, arp.sender);
	neighbours_heard(&outer->neighbours, sender, arp.sender_mac, outer->now_ms);
}

static void outer_put(void *context, const uint8_t *frame, size_t nr_bytes)
{
	struct outer *outer = context;

	outer->send(outer->context, frame, nr_bytes);
}

/* Time, and both ways ---------------------------------------------------------------------------------- */

void outer_begin(struct outer *outer, const uint8_t *address, const uint8_t *router, uint32_t prefix,
		 uint32_t transaction)
{
	outer->transaction = transaction;
	outer->neighbours.context = outer;
	outer->neighbours.send = outer_put;
	outer->neighbours.ask = outer_ask;
	if (net_is_none(address)) {
		outer_dhcp_begin(outer);
		return;
	}
	memcpy(outer->address, address, NET_V4_BYTES);
	memcpy(outer->router, router, NET_V4_BYTES);
	outer->prefix = prefix;
}

uint64_t outer_advance(struct outer *outer, uint64_t now_ms)
{
	uint64_t next;

	outer->now_ms = now_ms;
	outer_dhcp_advance(outer);
	next = neighbours_advance(&outer->neighbours, now_ms);
	return outer->dhcp != OUTER_STATIC && outer->dhcp_ms < next ? outer->dhcp_ms : next;
}

void outer_link(struct outer *outer)
{
	neighbours_forget(&outer->neighbours);
	outer->dhcp_ms = outer->now_ms;
	outer->wait_ms = OUTER_DHCP_FIRST_MS;
}

static bool outer_is_for_us(const struct outer *outer, const uint8_t *frame, size_t nr_bytes)
{
	return nr_bytes >= NET_ETHERNET_BYTES && (memcmp(frame, outer->mac, NET_MAC_BYTES) == 0 ||
						  memcmp(frame, net_broadcast_mac, NET_MAC_BYTES) == 0);
}

static bool outer_is_answer(const struct outer *outer, const struct net_udp *datagram)
{
	return outer->question_port != 0 && datagram->to_port == outer->question_port && datagram->from_port == DNS_PORT &&
	       net_is_same(datagram->source, outer->name_server);
}

bool outer_receive(struct outer *outer, uint8_t *frame, size_t nr_bytes, struct net_udp *datagram)
{
	uint32_t ethertype = outer_is_for_us(outer, frame, nr_bytes) ? net_load16(frame + 2 * NET_MAC_BYTES) : 0;
	uint8_t *inside = frame + NET_ETHERNET_BYTES;

	if (ethertype == NET_ETHERTYPE_ARP) {
		outer_receive_arp(outer, inside, nr_bytes - NET_ETHERNET_BYTES);
		return false;
	}
	if (ethertype != NET_ETHERTYPE_V4 || !net_read_udp(inside, nr_bytes - NET_ETHERNET_BYTES, datagram)) {
		outer->nr_dropped++;
		return false;
	}
	if (datagram->from_port == DHCP_SERVER_PORT && datagram->to_port == DHCP_CLIENT_PORT) {
		outer_dhcp_receive(outer, datagram);
		return false;
	}
	if (!net_is_none(outer->address) && net_is_same(datagram->destination, outer->address) && outer_is_address(datagram->source) &&
	    (datagram->to_port == outer->port || outer_is_answer(outer, datagram)))
		return true;
	outer->nr_dropped++;
	return false;
}

static void outer_send_from(struct outer *outer, uint16_t from_port, const uint8_t *address, uint16_t port, const uint8_t *datagram,
			    size_t nr_bytes)
{
	const uint8_t *hop = net_is_near(address, outer->address, outer->prefix) ? address : outer->router;
	uint8_t padded[NET_V6_BYTES];
	size_t frame_bytes;

	if (net_is_none(outer->address) || net_is_none(hop) || nr_bytes > NET_UDP_MOST_BYTES) {
		outer->nr_dropped++;
		return;
	}
	memcpy(outer->frame + NET_UDP_HEADERS_BYTES, datagram, nr_bytes);
	frame_bytes = net_write_udp(outer->frame, net_zero, outer->mac, outer->address, address, from_port, port, nr_bytes);
	outer_pad(padded, hop);
	neighbours_send(&outer->neighbours, padded, outer->frame, frame_bytes, outer->now_ms);
}

void outer_send(struct outer *outer, const uint8_t *address, uint16_t port, const uint8_t *datagram, size_t nr_bytes)
{
	outer_send_from(outer, outer->port, address, port, datagram, nr_bytes);
}

void outer_ask_server(struct outer *outer, const uint8_t *question, size_t nr_bytes)
{
	outer_send_from(outer, outer->question_port, outer->name_server, DNS_PORT, question, nr_bytes);
}
