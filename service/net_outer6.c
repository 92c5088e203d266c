/*
 * service/net_outer6.c: see the header.
 */
#include "service/net_outer6.h"

#include "core/string.h"
#include "service/net_icmp6.h"

#define IDENTIFIER_BYTES 8 /* the end of an address, and what its prefix leaves */
#define SOLICITED_BYTES 13 /* of the group that an address asks in; the rest is the address's end */
#define FOREVER UINT32_MAX /* as seconds of an advertisement */

static const uint8_t outer6_none[NET_V6_BYTES];
static const uint8_t outer6_all_nodes[NET_V6_BYTES] = { 0xff, 2, [15] = 1 };
static const uint8_t outer6_all_routers[NET_V6_BYTES] = { 0xff, 2, [15] = 2 };

/* What is said ------------------------------------------------------------------------------------------ */

/* Where a message that is being made begins. */
static uint8_t *outer6_message(uint8_t *frame, uint8_t type, size_t nr_bytes)
{
	uint8_t *icmp = frame + NET_ETHERNET_BYTES + NET_V6_HEADER_BYTES;

	memset(icmp, 0, nr_bytes);
	icmp[0] = type;
	return icmp;
}

/* To a group, or to one whose MAC address that is. */
static void outer6_say(struct outer6 *outer, uint8_t *frame, const uint8_t *mac, const uint8_t *source, const uint8_t *destination,
		       size_t nr_bytes)
{
	uint8_t *packet = frame + NET_ETHERNET_BYTES, *icmp = packet + NET_V6_HEADER_BYTES, group[NET_MAC_BYTES] = { 0x33, 0x33 };

	memcpy(group + 2, destination + NET_V6_BYTES - 4, 4); /* RFC 2464, 7 */
	net_write_ethernet(frame, destination[0] == 0xff ? group : mac, outer->mac, NET_ETHERTYPE_V6);
	net_write_v6(packet, source, destination, NET_PROTOCOL_ICMP6, HOP_LIMIT_NEIGHBOUR, nr_bytes);
	net_store16(icmp + ICMP_CHECKSUM, net_transport_checksum(packet, icmp, nr_bytes));
	outer->send(outer->context, frame, net_pad(frame, NET_ETHERNET_BYTES + NET_V6_HEADER_BYTES + nr_bytes));
}

static size_t outer6_put_mac(const struct outer6 *outer, uint8_t *option, uint8_t kind)
{
	option[0] = kind;
	option[1] = 1;
	memcpy(option + 2, outer->mac, NET_MAC_BYTES);
	return OPTION_UNIT;
}

/* From nobody: whose is our address? Else who has that one. */
static void outer6_solicit(struct outer6 *outer, const uint8_t *source, const uint8_t *target, const uint8_t *mac)
{
	uint8_t frame[NET_ETHERNET_BYTES + NET_V6_HEADER_BYTES + SOLICITATION_BYTES + OPTION_UNIT], group[NET_V6_BYTES];
	uint8_t *icmp = outer6_message(frame, ICMP_SOLICITATION, SOLICITATION_BYTES);
	size_t nr_bytes = SOLICITATION_BYTES;

	memset(group, 0, sizeof(group));
	memcpy(group, (const uint8_t[]){ 0xff, 2 }, 2);
	memcpy(group + 11, (const uint8_t[]){ 1, 0xff }, 2);
	memcpy(group + SOLICITED_BYTES, target + SOLICITED_BYTES, NET_V6_BYTES - SOLICITED_BYTES);
	memcpy(icmp + ICMP_BYTES, target, NET_V6_BYTES);
	if (source != outer6_none)
		nr_bytes += outer6_put_mac(outer, icmp + nr_bytes, OPTION_SOURCE_MAC);
	outer6_say(outer, frame, mac, source, mac != NULL ? target : group, nr_bytes);
}

static void outer6_ask(void *context, const uint8_t *address, const uint8_t *mac)
{
	struct outer6 *outer = context;

	outer6_solicit(outer, outer->address, address, mac);
}

static void outer6_put(void *context, const uint8_t *frame, size_t nr_bytes)
{
	struct outer6 *outer = context;

	outer->send(outer->context, frame, nr_bytes);
}

/* That the address is ours: to who asks and is near, else to all. */
static void outer6_advertise(struct outer6 *outer, const uint8_t *to, const uint8_t *mac)
{
	bool is_near = net_is_near6(to, outer->address, 8 * IDENTIFIER_BYTES) || net_is_link_local6(to);
	uint8_t frame[NET_ETHERNET_BYTES + NET_V6_HEADER_BYTES + SOLICITATION_BYTES + OPTION_UNIT];
	uint8_t *icmp = outer6_message(frame, ICMP_ADVERTISEMENT, SOLICITATION_BYTES);

	icmp[4] = is_near ? NEIGHBOUR_SOLICITED | NEIGHBOUR_OVERRIDE : NEIGHBOUR_OVERRIDE;
	memcpy(icmp + ICMP_BYTES, outer->address, NET_V6_BYTES);
	outer6_say(outer, frame, mac, outer->address, is_near ? to : outer6_all_nodes,
		   SOLICITATION_BYTES + outer6_put_mac(outer, icmp + SOLICITATION_BYTES, OPTION_TARGET_MAC));
}

/* Our address ------------------------------------------------------------------------------------------- */

/* The address stands, but for its end if that is ours to choose. */
static void outer6_try(struct outer6 *outer)
{
	uint8_t *identifier = outer->address + NET_V6_BYTES - IDENTIFIER_BYTES;

	if (!outer->is_static) {
		outer->random(outer->context, identifier, IDENTIFIER_BYTES);
		identifier[0] &= (uint8_t)~3u; /* it is made of no MAC address (RFC 4291, 2.5.1) */
	}
	outer->state = OUTER6_TENTATIVE;
	outer->state_ms = outer->now_ms + OUTER6_SURE_MS;
	outer6_solicit(outer, outer6_none, outer->address, NULL);
}

static void outer6_is_taken(struct outer6 *outer)
{
	outer->state = OUTER6_TAKEN;
	outer->state_ms = outer->now_ms + OUTER6_AGAIN_MS;
}

static void outer6_forget_address(struct outer6 *outer)
{
	outer->state = OUTER6_NONE;
	memset(outer->address, 0, sizeof(outer->address));
}

static void outer6_want_router(struct outer6 *outer)
{
	outer->solicit_ms = outer->now_ms;
	outer->wait_ms = OUTER6_SOLICIT_MS;
}

void outer6_begin(struct outer6 *outer, const uint8_t *address, const uint8_t *router, uint32_t prefix)
{
	outer->is_on = true;
	outer->neighbours.context = outer;
	outer->neighbours.send = outer6_put;
	outer->neighbours.ask = outer6_ask;
	outer->is_static = outer->is_on_link = !net_is_none6(address);
	if (outer->is_static) {
		memcpy(outer->address, address, NET_V6_BYTES);
		memcpy(outer->router, router, NET_V6_BYTES);
		outer->prefix = prefix;
	}
	outer6_link(outer);
}

void outer6_link(struct outer6 *outer)
{
	if (!outer->is_on)
		return;
	neighbours_forget(&outer->neighbours);
	if (outer->is_static) {
		outer6_try(outer);
		return;
	}
	outer6_forget_address(outer);
	memset(outer->router, 0, sizeof(outer->router));
	outer6_want_router(outer);
}

static void outer6_advance_address(struct outer6 *outer)
{
	if (outer->state != OUTER6_NONE && !outer->is_static && outer->now_ms >= outer->expires_ms) {
		outer6_forget_address(outer);
		outer6_want_router(outer);
	}
	if (outer->state == OUTER6_TENTATIVE && outer->now_ms >= outer->state_ms)
		outer->state = OUTER6_OURS;
	if (outer->state == OUTER6_TAKEN && outer->now_ms >= outer->state_ms)
		outer6_try(outer);
}

static bool outer6_wants_router(const struct outer6 *outer)
{
	return !outer->is_static && (outer->state == OUTER6_NONE || net_is_none6(outer->router));
}

static void outer6_advance_router(struct outer6 *outer)
{
	uint8_t frame[NET_ETHERNET_BYTES + NET_V6_HEADER_BYTES + ICMP_BYTES];

	if (!outer->is_static && !net_is_none6(outer->router) && outer->now_ms >= outer->router_ms) {
		memset(outer->router, 0, sizeof(outer->router));
		outer6_want_router(outer);
	}
	if (!outer6_wants_router(outer) || outer->now_ms < outer->solicit_ms)
		return;
	outer->solicit_ms = outer->now_ms + outer->wait_ms;
	if (outer->wait_ms < OUTER6_SOLICIT_MOST_MS)
		outer->wait_ms *= 2;
	(void)outer6_message(frame, ICMP_ROUTER_SOLICITATION, ICMP_BYTES);
	outer6_say(outer, frame, NULL, outer6_none, outer6_all_routers, ICMP_BYTES);
}

static void outer6_bring_forward(uint64_t *next, bool is_due, uint64_t ms)
{
	if (is_due && ms < *next)
		*next = ms;
}

uint64_t outer6_advance(struct outer6 *outer, uint64_t now_ms)
{
	uint64_t next;

	outer->now_ms = now_ms;
	if (!outer->is_on)
		return UINT64_MAX;
	outer6_advance_address(outer);
	outer6_advance_router(outer);
	next = neighbours_advance(&outer->neighbours, now_ms);
	outer6_bring_forward(&next, outer6_wants_router(outer), outer->solicit_ms);
	outer6_bring_forward(&next, outer->state == OUTER6_TENTATIVE || outer->state == OUTER6_TAKEN, outer->state_ms);
	outer6_bring_forward(&next, outer->state != OUTER6_NONE && !outer->is_static, outer->expires_ms);
	outer6_bring_forward(&next, !net_is_none6(outer->router) && !outer->is_static, outer->router_ms);
	return next;
}

const uint8_t *outer6_address(const struct outer6 *outer)
{
	return outer->state == OUTER6_OURS ? outer->address : outer6_none;
}

/* What routers say -------------------------------------------------------------------------------------- */

static uint64_t outer6_until(const struct outer6 *outer, uint32_t seconds)
{
	return seconds == FOREVER ? UINT64_MAX : outer->now_ms + (uint64_t)seconds * 1000;
}

/* RFC 4862, 5.5.3: e. A lie shortens it to two hours, and no further. */
static void outer6_extend(struct outer6 *outer, uint32_t seconds)
{
	uint64_t least = outer->now_ms + OUTER6_VALID_LEAST_S * UINT64_C(1000), until = outer6_until(outer, seconds);

	if (until > least || until > outer->expires_ms)
		outer->expires_ms = until;
	else if (outer->expires_ms > least)
		outer->expires_ms = least;
}

/* An address is made of the first prefix, and of another when that one is not to be used any more. */
static void outer6_take_prefix(struct outer6 *outer, const uint8_t *option)
{
	uint32_t valid = net_load32(option + 4), preferred = net_load32(option + 8);
	const uint8_t *prefix = option + 16;
	bool is_same = outer->state != OUTER6_NONE && net_is_near6(prefix, outer->address, 8 * IDENTIFIER_BYTES);

	if (option[2] != 8 * IDENTIFIER_BYTES || !(option[3] & PREFIX_AUTONOMOUS) || preferred > valid || !net_is_elsewhere6(prefix))
		return;
	if (is_same) {
		outer6_extend(outer, valid);
	} else if (preferred != 0 && (outer->state == OUTER6_NONE || outer->now_ms >= outer->preferred_ms)) {
		neighbours_forget(&outer->neighbours);
		memcpy(outer->address, prefix, NET_V6_BYTES);
		outer->prefix = 8 * IDENTIFIER_BYTES;
		outer->expires_ms = outer6_until(outer, valid);
		outer6_try(outer);
	} else {
		return;
	}
	outer->preferred_ms = outer6_until(outer, preferred);
	outer->is_on_link = (option[3] & PREFIX_ON_LINK) != 0;
}

/* Options whose lengths fit into what there is (RFC 4861, 4.6). */
static bool outer6_has_good_options(const uint8_t *options, size_t nr_bytes)
{
	while (nr_bytes >= OPTION_UNIT && options[1] != 0 && options[1] * (size_t)OPTION_UNIT <= nr_bytes) {
		nr_bytes -= options[1] * (size_t)OPTION_UNIT;
		options += options[1] * (size_t)OPTION_UNIT;
	}
	return nr_bytes == 0;
}

/* The first that is a router stays it while it says so; another may say which prefixes there are. */
static void outer6_receive_router(struct outer6 *outer, const uint8_t *packet, size_t nr_bytes)
{
	const uint8_t *icmp = packet + NET_V6_HEADER_BYTES, *source = packet + 8;
	uint32_t seconds = net_load16(icmp + 6);
	bool is_ours = net_is_same6(source, outer->router);

	if (is_ours && seconds == 0)
		outer->router_ms = outer->now_ms;
	if (seconds != 0 && (is_ours || net_is_none6(outer->router))) {
		memcpy(outer->router, source, NET_V6_BYTES);
		outer->router_ms = outer6_until(outer, seconds);
	}
	for (size_t at = ROUTER_BYTES; at < nr_bytes; at += icmp[at + 1] * (size_t)OPTION_UNIT) {
		if (icmp[at] == OPTION_PREFIX && icmp[at + 1] * OPTION_UNIT == PREFIX_BYTES)
			outer6_take_prefix(outer, icmp + at);
	}
}

/* What neighbours say ----------------------------------------------------------------------------------- */

static void outer6_receive_solicitation(struct outer6 *outer, const uint8_t *packet, const uint8_t *mac)
{
	const uint8_t *source = packet + 8, *target = packet + NET_V6_HEADER_BYTES + ICMP_BYTES;

	if (outer->state == OUTER6_NONE || !net_is_same6(target, outer->address))
		return;
	if (outer->state == OUTER6_TENTATIVE && net_is_none6(source))
		outer6_is_taken(outer); /* by two at once: neither has it */
	else if (outer->state == OUTER6_OURS)
		outer6_advertise(outer, source, mac);
}

static void outer6_receive_advertisement(struct outer6 *outer, const uint8_t *packet, size_t nr_bytes, const uint8_t *mac)
{
	const uint8_t *icmp = packet + NET_V6_HEADER_BYTES, *option = icmp + SOLICITATION_BYTES;

	if (outer->state == OUTER6_TENTATIVE && net_is_same6(icmp + ICMP_BYTES, outer->address)) {
		outer6_is_taken(outer);
		return;
	}
	if (nr_bytes >= SOLICITATION_BYTES + OPTION_UNIT && option[0] == OPTION_TARGET_MAC && option[1] == 1)
		mac = option + 2;
	neighbours_heard(&outer->neighbours, icmp + ICMP_BYTES, mac, outer->now_ms);
}

/* Nothing of these came by a router (RFC 4861, 6.1.2, 7.1). */
static bool outer6_is_good(const uint8_t *packet, size_t nr_bytes)
{
	const uint8_t *icmp = packet + NET_V6_HEADER_BYTES;
	size_t least;

	if (packet[7] != HOP_LIMIT_NEIGHBOUR || nr_bytes < ICMP_BYTES || icmp[1] != 0 ||
	    net_transport_checksum(packet, icmp, nr_bytes) != 0)
		return false;
	switch (icmp[0]) {
	case ICMP_ROUTER_ADVERTISEMENT:
		least = ROUTER_BYTES;
		break;
	case ICMP_SOLICITATION:
	case ICMP_ADVERTISEMENT:
		least = SOLICITATION_BYTES;
		break;
	default:
		return false;
	}
	return nr_bytes >= least && outer6_has_good_options(icmp + least, nr_bytes - least);
}

static void outer6_receive_icmp(struct outer6 *outer, const uint8_t *packet, size_t nr_bytes, const uint8_t *mac)
{
	uint8_t type = outer6_is_good(packet, nr_bytes) ? packet[NET_V6_HEADER_BYTES] : 0;

	if (type == ICMP_ROUTER_ADVERTISEMENT && !outer->is_static && net_is_link_local6(packet + 8))
		outer6_receive_router(outer, packet, nr_bytes);
	else if (type == ICMP_SOLICITATION)
		outer6_receive_solicitation(outer, packet, mac);
	else if (type == ICMP_ADVERTISEMENT)
		outer6_receive_advertisement(outer, packet, nr_bytes, mac);
	else
		outer->nr_dropped++;
}

/* Datagrams --------------------------------------------------------------------------------------------- */

static bool outer6_is_for_us(const struct outer6 *outer, const uint8_t *frame, size_t nr_bytes)
{
	return nr_bytes >= NET_ETHERNET_BYTES && (memcmp(frame, outer->mac, NET_MAC_BYTES) == 0 || (frame[0] == 0x33 && frame[1] == 0x33)) &&
	       !(frame[NET_MAC_BYTES] & 1) && memcmp(frame + NET_MAC_BYTES, outer->mac, NET_MAC_BYTES) != 0;
}

bool outer6_receive(struct outer6 *outer, uint8_t *frame, size_t nr_bytes, struct net_udp *datagram)
{
	uint8_t *packet = frame + NET_ETHERNET_BYTES;
	struct net_v6 v6;

	if (!outer->is_on || !outer6_is_for_us(outer, frame, nr_bytes) || !net_read_v6(packet, nr_bytes - NET_ETHERNET_BYTES, &v6)) {
		outer->nr_dropped++;
		return false;
	}
	if (packet[6] == NET_PROTOCOL_ICMP6) {
		outer6_receive_icmp(outer, packet, v6.content_bytes, frame + NET_MAC_BYTES);
		return false;
	}
	if (net_read_udp6(packet, nr_bytes - NET_ETHERNET_BYTES, datagram) && datagram->to_port == outer->port &&
	    outer->state == OUTER6_OURS && net_is_same6(datagram->destination, outer->address) && net_is_elsewhere6(datagram->source))
		return true;
	outer->nr_dropped++;
	return false;
}

void outer6_send(struct outer6 *outer, const uint8_t *address, uint16_t port, const uint8_t *datagram, size_t nr_bytes)
{
	bool is_near = outer->is_on_link && net_is_near6(address, outer->address, outer->prefix);
	const uint8_t *hop = is_near ? address : outer->router;
	size_t frame_bytes;

	if (!outer->is_on || outer->state != OUTER6_OURS || net_is_none6(hop) || nr_bytes > NET_UDP6_MOST_BYTES) {
		outer->nr_dropped++;
		return;
	}
	memcpy(outer->frame + NET_UDP6_HEADERS_BYTES, datagram, nr_bytes);
	frame_bytes = net_write_udp6(outer->frame, outer->mac, outer->address, address, outer->port, port, nr_bytes);
	neighbours_send(&outer->neighbours, hop, outer->frame, frame_bytes, outer->now_ms);
}
