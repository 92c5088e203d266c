/*
 * tests/unit/net_outer6.c: the network service's own side by IPv6: an address that is given or made of a router's prefix,
 * neighbours, and a tunnel between two such; and that the gate has nothing to refuse, whatever comes.
 */
#include "unit.h"

#include "net_lab.h"
#include "service/net_icmp6.h"

#define HEADERS_BYTES (NET_ETHERNET_BYTES + NET_V6_HEADER_BYTES)

static const uint8_t guest_mac[6] = { 0x52, 0x54, 0, 0xaa, 0, 1 }, router_mac[6] = { 2, 0, 0, 0, 0, 7 };
static const uint8_t inner[4] = { 10, 9, 0, 2 }, inner_there[4] = { 10, 9, 0, 1 };
static const uint8_t own[16] = { 0x20, 1, 0xd, 0xb8, [15] = 0x20 }, there[16] = { 0x20, 1, 0xd, 0xb8, [15] = 7 };
static const uint8_t near[16] = { 0xfe, 0x80, [15] = 9 }, router[16] = { 0xfe, 0x80, [15] = 1 }, far[16] = { 0x20, 1, 0xd, 0xb9, [15] = 9 };
static const uint8_t nobody[16], all_nodes[16] = { 0xff, 2, [15] = 1 }, all_routers[16] = { 0xff, 2, [15] = 2 };
static uint8_t frame[NET_FRAME_BYTES];

/* A message of ICMPv6 for our end, whose body stands behind the first four bytes. */
static size_t make(const uint8_t *from, const uint8_t *to, uint8_t type, const void *body, size_t nr_bytes)
{
	uint8_t *packet = frame + 14, *icmp = frame + HEADERS_BYTES;

	memset(frame, 0, HEADERS_BYTES + 4);
	net_write_ethernet(frame, lab_ends[0].begin.mac, router_mac, NET_ETHERTYPE_V6);
	net_write_v6(packet, from, to, NET_PROTOCOL_ICMP6, 255, 4 + nr_bytes);
	icmp[0] = type;
	memcpy(icmp + 4, body, nr_bytes);
	net_store16(icmp + 2, net_transport_checksum(packet, icmp, 4 + nr_bytes));
	return HEADERS_BYTES + 4 + nr_bytes;
}

/* About a neighbour, with the address of its card if that is not NULL. */
static size_t make_neighbour(const uint8_t *from, const uint8_t *to, uint8_t type, const uint8_t *target, const uint8_t *mac)
{
	uint8_t body[28] = { [20] = type == ICMP_SOLICITATION ? OPTION_SOURCE_MAC : OPTION_TARGET_MAC, 1 };

	memcpy(body + 4, target, 16);
	if (mac != NULL)
		memcpy(body + 22, mac, 6);
	return make(from, to, type, body, mac != NULL ? 28 : 20);
}

/* What a router says of itself and of a prefix. */
struct advertisement {
	uint32_t seconds, valid, preferred;
	uint8_t bits, flags, prefix[8];
};
static const struct advertisement usual = { 1800, 86400, 14400, 64, PREFIX_ON_LINK | PREFIX_AUTONOMOUS, { 0x20, 1, 0xd, 0xb8 } };

static size_t make_router(const struct advertisement *said)
{
	uint8_t body[12 + 8 + 32] = { [12] = OPTION_SOURCE_MAC, 1, [20] = OPTION_PREFIX, 4 }, *prefix = body + 20;

	net_store16(body + 2, said->seconds);
	memcpy(body + 14, router_mac, 6);
	prefix[2] = said->bits;
	prefix[3] = said->flags;
	net_store32(prefix + 4, said->valid);
	net_store32(prefix + 8, said->preferred);
	memcpy(prefix + 16, said->prefix, 8);
	return make(router, all_nodes, ICMP_ROUTER_ADVERTISEMENT, body, sizeof(body));
}

static void hear(size_t nr_bytes)
{
	lab_give(0, TUNNEL_WIRE, frame, nr_bytes);
}

/* The only frame for the wire: a message of that type, right in all; else NULL. */
static const uint8_t *said(uint8_t type, const uint8_t *from, const uint8_t *to)
{
	struct lab_end *end = &lab_ends[0];
	static struct lab_frame taken;
	uint8_t *packet = taken.bytes + 14;
	unsigned nr_out = end->nr_out;
	struct net_v6 v6;

	taken = end->out[0];
	end->nr_out = 0;
	if (nr_out != 1 || taken.way != TUNNEL_WIRE || !net_read_v6(packet, taken.nr_bytes - 14, &v6) || packet[6] != NET_PROTOCOL_ICMP6 ||
	    packet[7] != 255 || packet[40] != type || !net_is_same6(packet + 8, from) || (to != NULL && !net_is_same6(packet + 24, to)) ||
	    net_transport_checksum(packet, packet + 40, v6.content_bytes) != 0)
		return NULL;
	if (packet[24] == 0xff && (taken.bytes[0] != 0x33 || taken.bytes[1] != 0x33 || memcmp(taken.bytes + 2, packet + 36, 4) != 0))
		return NULL;
	return packet + 40;
}

static const uint8_t *ours(void)
{
	return outer6_address(&lab_ends[0].net.outer6);
}

static void pass(uint64_t ms)
{
	lab_now.ms += ms;
	(void)net_advance(&lab_ends[0].net, lab_now);
}

static void begin(bool asks)
{
	lab_outside_v6 = true;
	UNIT_CHECK(lab_begin(asks));
	(void)net_advance(&lab_ends[0].net, lab_now);
}

/* An address is had of the usual prefix. */
static void begin_with_router(void)
{
	begin(true);
	lab_ends[0].nr_out = 0;
	hear(make_router(&usual));
	pass(OUTER6_SURE_MS);
	lab_ends[0].nr_out = 0;
	UNIT_CHECK(!net_is_none6(ours()));
}

static size_t make_ping(void)
{
	uint8_t *packet = frame + 14;

	memset(frame, 0, 14 + 48);
	net_write_ethernet(frame, guest_mac, guest_mac, NET_ETHERTYPE_V4);
	net_write_v4(packet, inner, inner_there, NET_PROTOCOL_ICMP, 28);
	packet[20] = 8;
	net_store16(packet + 22, net_checksum(net_add(0, packet + 20, 28)));
	return net_pad(frame, 14 + 48);
}

static void test_tunnel(void)
{
	struct tunnel_status status;

	begin(false);
	UNIT_CHECK(net_is_none6(ours())); /* somebody may have it yet */
	lab_give(0, TUNNEL_GUEST, frame, make_ping());
	lab_pass_time(OUTER6_SURE_MS);
	UNIT_CHECK(net_is_same6(ours(), own) && net_is_none(lab_ends[0].net.outer.address));
	lab_pass_time(6000); /* what was lost for want of an address is said again */
	UNIT_CHECK(lab_take(1) != NULL);
	lab_give(1, TUNNEL_GUEST, frame, make_ping());
	lab_ends[1].nr_out = 0;
	lab_give(0, TUNNEL_GUEST, frame, make_ping());
	lab_settle();
	UNIT_CHECK(lab_take(1) != NULL && lab_refused == NULL && lab_ends[0].nr_wire > 4);
	net_describe(&lab_ends[0].net, &status);
	UNIT_CHECK(status.peers[0].is_up && status.peers[0].where.family == 6 && net_is_same6(status.peers[0].where.address, there) &&
		   net_is_same6(status.outside.v6, own) && net_is_none(status.outside.v4));
}

/* The largest packet goes into a frame. */
static void test_largest(void)
{
	uint8_t *packet = frame + 14;
	size_t before;

	begin(false);
	lab_pass_time(OUTER6_SURE_MS);
	lab_give(0, TUNNEL_GUEST, frame, make_ping());
	lab_settle();
	(void)lab_take(1);
	(void)make_ping();
	net_write_v4(packet, inner, inner_there, NET_PROTOCOL_ICMP, 1400);
	before = lab_ends[0].nr_wire;
	lab_give(0, TUNNEL_GUEST, frame, 14 + 1420);
	UNIT_CHECK(lab_ends[0].nr_wire == before + 1 && lab_ends[0].out[0].nr_bytes == NET_FRAME_BYTES && lab_refused == NULL);
	lab_settle();
	UNIT_CHECK(lab_take(1) != NULL);
}

static void test_router(void)
{
	uint8_t first[16], *udp = lab_ends[0].out[0].bytes + HEADERS_BYTES;
	const uint8_t *icmp;

	begin(true);
	UNIT_CHECK(said(ICMP_ROUTER_SOLICITATION, nobody, all_routers) != NULL);
	pass(OUTER6_SOLICIT_MS);
	UNIT_CHECK(said(ICMP_ROUTER_SOLICITATION, nobody, all_routers) != NULL);
	hear(make_router(&usual));
	icmp = said(ICMP_SOLICITATION, nobody, NULL);
	UNIT_CHECK(icmp != NULL && memcmp(icmp + 8, own, 8) == 0 && !net_is_none6(icmp + 8));
	if (icmp != NULL)
		memcpy(first, icmp + 8, 16);
	lab_give(0, TUNNEL_GUEST, frame, make_ping());
	pass(OUTER6_SURE_MS - 1);
	UNIT_CHECK(lab_ends[0].nr_out == 0 && net_is_none6(ours()));
	pass(1);
	UNIT_CHECK(net_is_same6(ours(), first));
	pass(6000);
	icmp = said(ICMP_SOLICITATION, first, NULL); /* the peer has the same prefix: it is near */
	UNIT_CHECK(icmp != NULL && net_is_same6(icmp + 8, there) && icmp[24] == OPTION_SOURCE_MAC);
	hear(make_neighbour(there, first, ICMP_ADVERTISEMENT, there, router_mac));
	UNIT_CHECK(lab_ends[0].nr_out == 1 && memcmp(lab_ends[0].out[0].bytes, router_mac, 6) == 0 && net_load16(udp + 2) == 443 && udp[8] == 1);
	UNIT_CHECK(lab_refused == NULL);
}

/* Elsewhere, the router is who is asked for. */
static void test_by_router(void)
{
	struct advertisement other = usual;

	other.prefix[3] = 0xb9;
	begin(true);
	hear(make_router(&other));
	pass(OUTER6_SURE_MS);
	lab_ends[0].nr_out = 0;
	lab_give(0, TUNNEL_GUEST, frame, make_ping());
	UNIT_CHECK(said(ICMP_SOLICITATION, ours(), NULL) != NULL);
	hear(make_neighbour(router, ours(), ICMP_ADVERTISEMENT, router, NULL)); /* the frame's own address */
	UNIT_CHECK(lab_ends[0].nr_out == 1 && memcmp(lab_ends[0].out[0].bytes, router_mac, 6) == 0 &&
		   net_is_same6(lab_ends[0].out[0].bytes + 38, there));
	/* It is none any more. */
	other.seconds = 0;
	hear(make_router(&other));
	lab_ends[0].nr_out = 0;
	pass(1);
	UNIT_CHECK(said(ICMP_ROUTER_SOLICITATION, nobody, all_routers) != NULL && net_is_none6(lab_ends[0].net.outer6.router));
}

/* Of these no address is made. */
static void test_bad_routers(void)
{
	struct advertisement bad[] = { usual, usual, usual, usual, usual, usual };
	size_t nr_bytes;

	bad[0].bits = 63;
	bad[1].flags = PREFIX_ON_LINK;
	bad[2].preferred = bad[2].valid + 1;
	bad[3].preferred = bad[3].valid = 0;
	bad[4].prefix[0] = 0xfe;
	bad[4].prefix[1] = 0x80;
	bad[5].prefix[0] = 0xff;
	begin(true);
	lab_ends[0].nr_out = 0;
	for (unsigned i = 0; i < ARRAY_LENGTH(bad); i++)
		hear(make_router(&bad[i]));
	for (unsigned i = 0; i < 8; i++) {
		nr_bytes = make_router(&usual);
		switch (i) {
		case 0: frame[14 + 7] = 254; break;		/* from afar */
		case 1: frame[HEADERS_BYTES + 2] ^= 1; break;	/* its checksum */
		case 2: memcpy(frame + 14 + 8, far, 16); break;
		case 3: frame[HEADERS_BYTES + 1] = 1; break;
		case 4: frame[HEADERS_BYTES + 17] = 0; break;	/* an option of no bytes */
		case 5: frame[HEADERS_BYTES + 25] = 5; break;	/* one that is cut */
		case 6: memcpy(frame + 6, lab_ends[0].begin.mac, 6); break; /* of ours */
		default: frame[14 + 5] = 4 + 12 + 8 + 24;	/* cut */
		}
		if (i > 1) { /* with a checksum that is right */
			net_store16(frame + HEADERS_BYTES + 2, 0);
			net_store16(frame + HEADERS_BYTES + 2, net_transport_checksum(frame + 14, frame + HEADERS_BYTES, frame[14 + 5]));
		}
		hear(nr_bytes);
		if (lab_ends[0].net.outer6.state != OUTER6_NONE)
			unit_fail("case %u", i);
	}
	UNIT_EQUAL(lab_ends[0].nr_out, 0);
}

static void test_taken(void)
{
	uint8_t first[16];

	for (unsigned how = 0; how < 2; how++) {
		const uint8_t *icmp;

		begin(true);
		lab_ends[0].nr_out = 0;
		hear(make_router(&usual));
		icmp = said(ICMP_SOLICITATION, nobody, NULL);
		if (icmp != NULL)
			memcpy(first, icmp + 8, 16);
		if (how == 0)
			hear(make_neighbour(first, all_nodes, ICMP_ADVERTISEMENT, first, router_mac));
		else
			hear(make_neighbour(nobody, all_nodes, ICMP_SOLICITATION, first, NULL));
		pass(OUTER6_SURE_MS);
		UNIT_CHECK(net_is_none6(ours()) && lab_ends[0].nr_out == 0);
		pass(OUTER6_AGAIN_MS);
		icmp = said(ICMP_SOLICITATION, nobody, NULL);
		UNIT_CHECK(icmp != NULL && !net_is_same6(icmp + 8, first) && memcmp(icmp + 8, first, 8) == 0);
		pass(OUTER6_SURE_MS);
		UNIT_CHECK(!net_is_none6(ours()));
	}
	begin(false); /* the given one stays that */
	hear(make_neighbour(own, all_nodes, ICMP_ADVERTISEMENT, own, router_mac));
	pass(OUTER6_SURE_MS);
	UNIT_CHECK(net_is_none6(ours()));
	pass(OUTER6_AGAIN_MS);
	pass(OUTER6_SURE_MS);
	UNIT_CHECK(net_is_same6(ours(), own));
}

static void test_time(void)
{
	struct outer6 *outer = &lab_ends[0].net.outer6;
	struct advertisement other = usual;
	uint8_t first[16];

	begin_with_router();
	memcpy(first, ours(), 16);
	other.valid = other.preferred = 10;
	hear(make_router(&other)); /* a lie takes all but two hours */
	UNIT_EQUAL(outer->expires_ms - lab_now.ms, OUTER6_VALID_LEAST_S * 1000);
	hear(make_router(&other));
	UNIT_EQUAL(outer->expires_ms - lab_now.ms, OUTER6_VALID_LEAST_S * 1000);
	other = usual;
	other.prefix[3] = 0xb9;
	hear(make_router(&other)); /* the first is preferred yet */
	UNIT_CHECK(net_is_same6(ours(), first));
	pass(10000);
	hear(make_router(&other));
	UNIT_CHECK(net_is_none6(ours()));
	pass(OUTER6_SURE_MS);
	UNIT_CHECK(ours()[3] == 0xb9);
	other.valid = UINT32_MAX;
	hear(make_router(&other));
	pass(UINT64_C(90000) * 1000);
	UNIT_CHECK(ours()[3] == 0xb9 && net_is_none6(outer->router));
	other.valid = other.preferred = 0;
	hear(make_router(&other));
	lab_ends[0].nr_out = 0;
	pass(OUTER6_VALID_LEAST_S * 1000);
	UNIT_CHECK(net_is_none6(ours()) && said(ICMP_ROUTER_SOLICITATION, nobody, all_routers) != NULL);
	begin_with_router();
	net_link(&lab_ends[0].net); /* another wire */
	UNIT_CHECK(net_is_none6(ours()) && net_is_none6(outer->router));
	pass(0);
	UNIT_CHECK(said(ICMP_ROUTER_SOLICITATION, nobody, all_routers) != NULL);
}

static void test_neighbours(void)
{
	static const uint8_t evil[6] = { 2, 0, 0, 0, 0, 9 };
	const uint8_t *icmp;

	begin(false);
	pass(OUTER6_SURE_MS);
	lab_ends[0].nr_out = 0;
	hear(make_neighbour(near, own, ICMP_SOLICITATION, own, router_mac));
	icmp = said(ICMP_ADVERTISEMENT, own, near);
	UNIT_CHECK(icmp != NULL && icmp[4] == 0x60 && net_is_same6(icmp + 8, own) && memcmp(icmp + 26, lab_ends[0].begin.mac, 6) == 0);
	hear(make_neighbour(there, own, ICMP_SOLICITATION, own, NULL));
	UNIT_CHECK(said(ICMP_ADVERTISEMENT, own, there) != NULL);
	hear(make_neighbour(nobody, own, ICMP_SOLICITATION, own, NULL)); /* somebody would have our address */
	icmp = said(ICMP_ADVERTISEMENT, own, all_nodes);
	UNIT_CHECK(icmp != NULL && icmp[4] == 0x20);
	hear(make_neighbour(far, own, ICMP_SOLICITATION, own, NULL));
	UNIT_CHECK(said(ICMP_ADVERTISEMENT, own, all_nodes) != NULL);
	hear(make_neighbour(near, own, ICMP_SOLICITATION, there, NULL));
	hear(make(near, own, 128, nobody, 4)); /* a ping */
	hear(make_router(&usual)); /* the address is given */
	UNIT_CHECK(lab_ends[0].nr_out == 0 && net_is_none6(lab_ends[0].net.outer6.router));
	/* Nobody has asked. */
	hear(make_neighbour(there, own, ICMP_ADVERTISEMENT, there, evil));
	lab_give(0, TUNNEL_GUEST, frame, make_ping());
	UNIT_CHECK(said(ICMP_SOLICITATION, own, NULL) != NULL);
	hear(make_neighbour(there, own, ICMP_ADVERTISEMENT, there, router_mac));
	hear(make_neighbour(there, own, ICMP_ADVERTISEMENT, there, evil));
	UNIT_CHECK(memcmp(lab_ends[0].net.outer6.neighbours.entries[0].mac, router_mac, 6) == 0 && lab_refused == NULL);
}

/* A peer whose address is of the router's making is followed where that is allowed. */
static void test_roaming(void)
{
	lab_roams = true;
	begin_with_router();
	lab_pass_time(OUTER6_SURE_MS); /* the other end's */
	lab_give(0, TUNNEL_GUEST, frame, make_ping());
	lab_settle();
	UNIT_CHECK(lab_take(1) != NULL);
	lab_ends[1].nr_out = 0;
	(void)make_ping();
	net_write_v4(frame + 14, inner_there, inner, NET_PROTOCOL_ICMP, 28);
	lab_give(1, TUNNEL_GUEST, frame, 14 + 48);
	lab_settle();
	UNIT_CHECK(lab_take(0) != NULL && lab_refused == NULL && lab_ends[1].nr_events[WIREGUARD_ROAMED] >= 1);
	lab_roams = false;
}

static void test_words(void)
{
	static const struct {
		const char *address, *router;
		bool good;
	} cases[] = {
		{ "2001:db8::20/64", "", true }, { "2001:db8::20/64", "2001:db8::1", true }, { "2001:db8::20/64", "fe80::1", true },
		{ "2001:db8::20/64", "2001:db9::1", false }, { "2001:db8::20/0", "", false }, { "fe80::20/64", "", false },
		{ "2001:db8::20/64", "198.51.100.1", false }, { "198.51.100.20/24", "", false }, { "", "fe80::1", false }, { "ff02::1/64", "", false },
	};
	struct lab_end *end = &lab_ends[0];
	static struct wireguard_config config;
	char key[48], text[600];

	lab_outside_v6 = true;
	UNIT_CHECK(lab_begin(false));
	lab_public_key(lab_config_1, key);
	snprintf(text, sizeof(text), lab_config_0, key, lab_endpoints[1][0]);
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
		UNIT_CHECK(net_configure(text, strlen(text), &config, &end->report));
		snprintf(end->begin.address, sizeof(end->begin.address), "%s", cases[i].address);
		snprintf(end->begin.router, sizeof(end->begin.router), "%s", cases[i].router);
		if (net_begin(&end->net, &config, &end->begin, &lab_hosts[0], lab_now, &end->report) != cases[i].good)
			unit_fail("case %u: %s", i, end->report.text);
	}
}

/* Messages of neighbours and routers with bytes that are others, and cut, while time passes. */
static void test_hostile(void)
{
	const uint8_t *addresses[] = { own, there, near, router, far, nobody, all_nodes, all_routers };
	unsigned nr_had = 0;

	begin(true);
	for (unsigned i = 0; i < 20000; i++) {
		const uint8_t *from = addresses[unit_random() % 8], *target = unit_random() % 2 ? lab_ends[0].net.outer6.address : addresses[unit_random() % 8];
		struct advertisement router_says = usual;
		size_t nr_bytes;

		router_says.prefix[3] = (uint8_t)(unit_random() % 3);
		if (unit_random() % 4 == 0)
			router_says.valid = router_says.preferred = (uint32_t)unit_random() % 100;
		switch (unit_random() % 4) {
		case 0:
			nr_bytes = make_router(&router_says);
			break;
		case 1:
			nr_bytes = make_neighbour(from, addresses[unit_random() % 8], (uint8_t)(ICMP_SOLICITATION + (uint32_t)unit_random() % 2), target, unit_random() % 2 ? router_mac : NULL);
			break;
		case 2:
			nr_bytes = make(from, addresses[unit_random() % 8], (uint8_t)unit_random(), addresses, 64);
			break;
		default:
			nr_bytes = net_write_udp6(frame, router_mac, from, target, 443, 51820, (uint32_t)unit_random() % 200);
			memcpy(frame, lab_ends[0].begin.mac, 6);
		}
		for (unsigned changes = (uint32_t)unit_random() % 6; changes > 3; changes--)
			frame[unit_random() % nr_bytes] = (uint8_t)unit_random();
		if (unit_random() % 8 == 0)
			nr_bytes = (uint32_t)unit_random() % nr_bytes;
		hear(nr_bytes);
		if (unit_random() % 16 == 0)
			lab_give(0, TUNNEL_GUEST, frame, make_ping());
		if (unit_random() % 4 == 0)
			pass((uint32_t)unit_random() % 3000);
		nr_had += !net_is_none6(ours());
		lab_ends[0].nr_out = 0;
	}
	UNIT_CHECK(lab_refused == NULL && nr_had > 1000 && lab_ends[0].nr_wire > 1000);
}

int main(void)
{
	unit_run("packets go through a tunnel by IPv6", test_tunnel);
	unit_run("the largest packet fits into a frame", test_largest);
	unit_run("an address is made of a router's prefix", test_router);
	unit_run("a peer elsewhere is reached by the router", test_by_router);
	unit_run("no address is made of what is none", test_bad_routers);
	unit_run("an address that somebody has is not used", test_taken);
	unit_run("addresses and routers have their time", test_time);
	unit_run("neighbours are answered, and believed when asked", test_neighbours);
	unit_run("a peer is followed", test_roaming);
	unit_run("what is wrong with the address is told", test_words);
	unit_run("the gate has nothing to refuse, whatever comes", test_hostile);
	return unit_failed;
}
