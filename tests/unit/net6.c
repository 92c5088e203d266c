/*
 * tests/unit/net6.c: the network service's IPv6: what the guest is answered, what of it goes through the tunnel, and that
 * nothing else goes anywhere.
 */
#include "unit.h"

#include "net_lab.h"

#define HEADERS_BYTES (NET_ETHERNET_BYTES + NET_V6_HEADER_BYTES)

static const uint8_t guest_mac[6] = { 0x52, 0x54, 0, 0xaa, 0, 1 };
static const uint8_t own[16] = { 0xfd, 0, 0, 9, [15] = 2 }, there[16] = { 0xfd, 0, 0, 9, [15] = 1 };
static const uint8_t near[16] = { 0xfe, 0x80, [8] = 0x50, 0x54, 0, 0xff, 0xfe, 0xaa, 0, 1 };
static const uint8_t router[16] = { 0xfe, 0x80, [8] = 0, 0x52, 0x56, 0xff, 0xfe, 0, 0, 1 };
static const uint8_t nobody[16], all_nodes[16] = { 0xff, 2, [15] = 1 }, all_routers[16] = { 0xff, 2, [15] = 2 };
static const uint8_t servers[16] = { 0xff, 2, [13] = 1, [15] = 2 };
static uint8_t frame[NET_FRAME_BYTES];

static struct lab_frame *give(size_t nr_bytes)
{
	lab_give(0, TUNNEL_GUEST, frame, nr_bytes);
	return lab_take(0);
}

/* A packet around what stands behind the headers, with its checksum there. */
static size_t make(const uint8_t *from, const uint8_t *to, uint32_t protocol, uint8_t hop_limit, size_t nr_bytes, size_t checksum)
{
	uint8_t *packet = frame + 14;

	net_write_ethernet(frame, guest_mac, guest_mac, NET_ETHERTYPE_V6);
	net_write_v6(packet, from, to, protocol, hop_limit, nr_bytes);
	net_store16(packet + 40 + checksum, 0);
	net_store16(packet + 40 + checksum, net_transport_checksum(packet, packet + 40, nr_bytes));
	return net_pad(frame, HEADERS_BYTES + nr_bytes);
}

static size_t make_icmp(const uint8_t *from, const uint8_t *to, uint8_t type, uint8_t hop_limit, const void *body, size_t nr_bytes)
{
	uint8_t *icmp = frame + HEADERS_BYTES;

	memset(icmp, 0, 4);
	icmp[0] = type;
	if (nr_bytes != 0)
		memcpy(icmp + 4, body, nr_bytes);
	return make(from, to, NET_PROTOCOL_ICMP6, hop_limit, 4 + nr_bytes, 2);
}

static size_t make_ping(const uint8_t *from, const uint8_t *to, size_t data_bytes)
{
	static uint8_t data[1500];

	return make_icmp(from, to, 128, 64, data, 4 + data_bytes);
}

static size_t make_solicitation(const uint8_t *from, const uint8_t *to, const uint8_t *target)
{
	uint8_t body[20] = { 0 };

	memcpy(body + 4, target, 16);
	return make_icmp(from, to, 135, 255, body, sizeof(body));
}

/* Is it such a message of the router's, right in all? Returns what stands behind its first 4 bytes. */
static const uint8_t *read_icmp(const struct lab_frame *answer, uint8_t type, const uint8_t *to)
{
	const uint8_t *packet = answer != NULL ? answer->bytes + 14 : NULL;
	struct net_v6 v6;

	if (packet == NULL || net_load16(answer->bytes + 12) != NET_ETHERTYPE_V6 || !net_read_v6(packet, answer->nr_bytes - 14, &v6) ||
	    packet[6] != NET_PROTOCOL_ICMP6 || packet[7] != 255 || packet[40] != type || !net_is_same6(packet + 8, router) ||
	    !net_is_same6(packet + 24, to) || net_transport_checksum(packet, packet + 40, v6.content_bytes) != 0)
		return NULL;
	return packet + 44;
}

static void begin(void)
{
	lab_v6 = true;
	UNIT_CHECK(lab_begin(false));
	(void)net_advance(&lab_ends[0].net, lab_now);
	(void)net_advance(&lab_ends[1].net, lab_now);
	UNIT_CHECK(read_icmp(lab_take(0), 134, all_nodes) != NULL && lab_take(1) != NULL);
}

static void test_router(void)
{
	struct lab_frame *answer;
	const uint8_t *body;

	begin();
	answer = give(make_icmp(near, all_routers, 133, 255, nobody, 4));
	body = read_icmp(answer, 134, near);
	UNIT_CHECK(body != NULL && memcmp(answer->bytes, guest_mac, 6) == 0);
	UNIT_CHECK(body != NULL && body[0] == 64 && body[1] == 0xc0 && net_load16(body + 2) == 1800);
	/* Its MAC, the MTU, the server of names; no prefix that addresses could be made of. */
	UNIT_CHECK(body != NULL && body[12] == 1 && body[13] == 1 && body[20] == 5 && net_load32(body + 24) == 1420 && body[28] == 25 &&
		   body[29] == 3 && body[36] == 0xfd && body[51] == 0x53);
	UNIT_EQUAL(answer != NULL ? net_load16(answer->bytes + 18) : 0, 56);
	UNIT_CHECK(read_icmp(give(make_icmp(nobody, all_routers, 133, 255, nobody, 4)), 134, all_nodes) != NULL);
	UNIT_CHECK(give(make_icmp(near, all_routers, 133, 254, nobody, 4)) == NULL); /* from afar */
	(void)make_icmp(near, all_routers, 133, 255, nobody, 4);
	frame[HEADERS_BYTES + 2] ^= 1;
	UNIT_CHECK(give(HEADERS_BYTES + 8) == NULL);
	lab_pass_time(600000); /* and unasked */
	UNIT_CHECK(read_icmp(lab_take(0), 134, all_nodes) != NULL);
	UNIT_EQUAL(lab_ends[0].nr_wire, 0);
}

static void test_neighbours(void)
{
	const uint8_t *body;

	begin();
	body = read_icmp(give(make_solicitation(near, all_nodes, router)), 136, near);
	UNIT_CHECK(body != NULL && body[0] == 0xe0 && net_is_same6(body + 4, router) && body[20] == 2 && body[22] == 2);
	body = read_icmp(give(make_solicitation(own, all_nodes, there)), 136, own);
	UNIT_CHECK(body != NULL && net_is_same6(body + 4, there));
	/* Is its address somebody's? No; that of the router is. */
	UNIT_CHECK(give(make_solicitation(nobody, all_nodes, own)) == NULL);
	UNIT_CHECK(give(make_solicitation(nobody, all_nodes, near)) == NULL);
	body = read_icmp(give(make_solicitation(nobody, all_nodes, router)), 136, all_nodes);
	UNIT_CHECK(body != NULL && body[0] == 0xa0);
	UNIT_CHECK(give(make_solicitation(own, all_nodes, own)) == NULL);
	UNIT_CHECK(give(make_solicitation(near, all_nodes, near)) == NULL);
	UNIT_CHECK(give(make_solicitation(own, all_nodes, all_nodes)) == NULL);
	for (unsigned type = 133; type <= 137; type++) { /* cut */
		UNIT_CHECK(type == 133 || give(make_icmp(near, all_nodes, (uint8_t)type, 255, nobody, 4)) == NULL);
		lab_ends[0].nr_out = 0;
	}
	UNIT_EQUAL(lab_ends[0].nr_wire, 0);
}

/* A message of DHCP: its type, and options as they stand. */
static size_t make_dhcp(uint8_t type, const uint8_t *options, size_t nr_bytes)
{
	uint8_t *udp = frame + HEADERS_BYTES;

	net_store16(udp, 546);
	net_store16(udp + 2, 547);
	net_store16(udp + 4, (uint32_t)(12 + nr_bytes));
	udp[8] = type;
	memcpy(udp + 9, (const uint8_t[]){ 1, 2, 3 }, 3);
	memcpy(udp + 12, options, nr_bytes);
	return make(near, servers, NET_PROTOCOL_UDP, 1, 12 + nr_bytes, 6);
}

/* Finds an option of an answer, or within another. NULL: it is not there. */
static const uint8_t *find(const uint8_t *at, size_t nr_bytes, uint32_t code, size_t *length)
{
	while (at != NULL && nr_bytes >= 4) {
		*length = net_load16(at + 2);
		if (*length > nr_bytes - 4)
			return NULL;
		if (net_load16(at) == code)
			return at + 4;
		nr_bytes -= 4 + *length;
		at += 4 + *length;
	}
	return NULL;
}

static const uint8_t *options;
static size_t options_bytes;

/* Is it an answer of that type? Its options are `options` then. */
static bool read_dhcp(const struct lab_frame *answer, uint8_t type)
{
	const uint8_t *packet = answer != NULL ? answer->bytes + 14 : NULL, *udp = packet + 40;
	struct net_v6 v6;
	size_t length;

	if (packet == NULL || !net_read_v6(packet, answer->nr_bytes - 14, &v6) || packet[6] != 17 || !net_is_same6(packet + 24, near) ||
	    net_load16(udp) != 547 || net_load16(udp + 2) != 546 || net_load16(udp + 4) != v6.content_bytes ||
	    net_transport_checksum(packet, udp, v6.content_bytes) != 0 || udp[8] != type || udp[10] != 2)
		return false;
	options = udp + 12;
	options_bytes = v6.content_bytes - 12;
	return find(options, options_bytes, 1, &length) != NULL && length == 4;
}

static const uint8_t client[] = { 0, 1, 0, 4, 9, 9, 9, 9 }, wanted[] = { 0, 3, 0, 12, 7, 7, 7, 7, 0, 0, 0, 0, 0, 0, 0, 0 };

/* The address that the first association is given, and for how long. NULL: none. */
static const uint8_t *given(uint32_t *seconds)
{
	size_t length, inner;
	const uint8_t *association = find(options, options_bytes, 3, &length), *address;

	if (association == NULL || length < 12 || association[0] != 7)
		return NULL;
	address = find(association + 12, length - 12, 5, &inner);
	*seconds = address != NULL && inner >= 24 ? net_load32(address + 20) : 0;
	return address;
}

static void test_dhcp(void)
{
	uint8_t text[256], server[14];
	const uint8_t *found;
	uint32_t seconds;
	size_t length, at;

	begin();
	memcpy(text, client, sizeof(client));
	memcpy(text + sizeof(client), wanted, sizeof(wanted));
	at = sizeof(client) + sizeof(wanted);
	UNIT_CHECK(read_dhcp(give(make_dhcp(1, text, at)), 2));
	found = given(&seconds);
	UNIT_CHECK(found != NULL && net_is_same6(found, own) && seconds == 86400);
	found = find(options, options_bytes, 23, &length);
	UNIT_CHECK(found != NULL && length == 16 && found[15] == 0x53);
	found = find(options, options_bytes, 2, &length);
	UNIT_CHECK(found != NULL && length == 10 && found[4] == 2);
	if (found != NULL)
		memcpy(server, found - 4, sizeof(server));
	UNIT_CHECK(give(make_dhcp(3, text, at)) == NULL); /* of no server */
	memcpy(text + at, server, sizeof(server));
	UNIT_CHECK(read_dhcp(give(make_dhcp(3, text, at + sizeof(server))), 7));
	found = given(&seconds);
	UNIT_CHECK(found != NULL && net_is_same6(found, own));
	UNIT_CHECK(give(make_dhcp(1, text, at + sizeof(server))) == NULL); /* it is not to name one */
	text[at + 13] ^= 1;
	UNIT_CHECK(give(make_dhcp(3, text, at + sizeof(server))) == NULL); /* of another */
	memcpy(text + at, (const uint8_t[]){ 0, 14, 0, 0 }, 4);
	UNIT_CHECK(read_dhcp(give(make_dhcp(1, text, at + 4)), 7) && find(options, options_bytes, 14, &length) != NULL);
	UNIT_CHECK(read_dhcp(give(make_dhcp(11, client, sizeof(client))), 7) && find(options, options_bytes, 23, &length) != NULL);
	UNIT_EQUAL(lab_ends[0].nr_wire, 0);
}

/* One that has an address already: right, or another's, which has no time left then. */
static void test_dhcp_again(void)
{
	uint8_t text[64] = { 0 };
	uint32_t seconds;
	size_t length;

	begin();
	memcpy(text, client, sizeof(client));
	memcpy(text + 8, (const uint8_t[]){ 0, 3, 0, 40, 7, 7, 7, 7, [16] = 0, 5, 0, 24 }, 20);
	memcpy(text + 28, own, 16);
	for (unsigned other = 0; other < 2; other++) {
		const uint8_t *found;

		text[43] ^= (uint8_t)other;
		UNIT_CHECK(read_dhcp(give(make_dhcp(4, text, 52)), 7));
		found = find(options, options_bytes, 13, &length);
		UNIT_CHECK(found != NULL && length == 2 && net_load16(found) == (other ? 4 : 0));
		UNIT_CHECK(read_dhcp(give(make_dhcp(6, text, 52)), 7));
		found = given(&seconds);
		UNIT_CHECK(found != NULL && net_is_same6(found, own) && seconds == 86400);
		found = find(options, options_bytes, 3, &length);
		UNIT_EQUAL(length, other ? 12 + 28 + 28 : 12 + 28);
		UNIT_CHECK(found == NULL || !other || (memcmp(found + 44, text + 28, 16) == 0 && net_load32(found + 64) == 0));
	}
	for (size_t bytes = 0; bytes < 52; bytes++) { /* cut */
		if (bytes != 8)
			UNIT_CHECK(give(make_dhcp(4, text, bytes)) == NULL);
		lab_ends[0].nr_out = 0;
	}
	UNIT_EQUAL(lab_ends[0].nr_wire, 0);
}

static void test_tunnel(void)
{
	size_t sizes[] = { 0, 1, 56, 1000, 1372 };

	begin();
	for (unsigned i = 0; i < ARRAY_LENGTH(sizes); i++) {
		size_t nr_bytes = make_ping(own, there, sizes[i]);
		struct lab_frame *arrived;

		lab_give(0, TUNNEL_GUEST, frame, nr_bytes);
		lab_settle();
		arrived = lab_take(1);
		frame[14 + 7]--; /* one more router */
		UNIT_CHECK(arrived != NULL && arrived->nr_bytes == nr_bytes && memcmp(arrived->bytes + 14, frame + 14, nr_bytes - 14) == 0);
	}
	UNIT_CHECK(lab_refused == NULL && lab_ends[0].nr_wire >= ARRAY_LENGTH(sizes) + 3);
	/* What a neighbour would say, from the other end: it is none. */
	lab_give(1, TUNNEL_GUEST, frame, make_solicitation(there, own, own));
	lab_settle();
	UNIT_EQUAL(lab_ends[0].nr_out, 0);
	lab_give(1, TUNNEL_GUEST, frame, make_icmp(there, own, 128, 255, nobody, 4));
	lab_settle();
	UNIT_CHECK(lab_ends[0].nr_out == 1 && lab_ends[0].out[0].bytes[14 + 7] == 254);
}

static void test_too_big(void)
{
	static uint8_t error[1400];
	const uint8_t *body;

	begin();
	body = read_icmp(give(make_ping(own, there, 1373)), 2, own); /* 1,421 bytes */
	UNIT_CHECK(body != NULL && net_load32(body) == 1420 && memcmp(body + 4, frame + 14, 1280 - 48) == 0);
	UNIT_CHECK(give(make_ping(own, there, 1372)) == NULL);
	UNIT_CHECK(give(make_icmp(own, there, 1, 64, error, sizeof(error))) == NULL); /* about an error nobody is told */
	UNIT_EQUAL(lab_ends[0].net.guest.nr_dropped, 2);
}

static void test_segments(void)
{
	const uint32_t cases[][2] = { { 1440, 1360 }, { 1361, 1360 }, { 1360, 1360 }, { 536, 536 } };
	uint8_t *tcp = frame + HEADERS_BYTES;

	begin();
	lab_give(0, TUNNEL_GUEST, frame, make_ping(own, there, 1));
	lab_settle();
	(void)lab_take(1);
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct lab_frame *arrived;

		memset(tcp, 0, 24);
		tcp[12] = 6 << 4;
		tcp[13] = 2;
		tcp[20] = 2;
		tcp[21] = 4;
		net_store16(tcp + 22, cases[i][0]);
		lab_give(0, TUNNEL_GUEST, frame, make(own, there, NET_PROTOCOL_TCP, 64, 24, 16));
		lab_settle();
		arrived = lab_take(1);
		UNIT_CHECK(arrived != NULL && net_load16(arrived->bytes + HEADERS_BYTES + 22) == cases[i][1] &&
			   net_transport_checksum(arrived->bytes + 14, arrived->bytes + HEADERS_BYTES, 24) == 0);
	}
}

/* Nothing of a packet that is none for the tunnel reaches the wire. */
static void no_way_out(enum tunnel_tag way)
{
	static const uint8_t mapped[16] = { [10] = 0xff, 0xff, 198, 51, 100, 7 }, loopback[16] = { [15] = 1 };
	const uint8_t *from[] = { there, nobody, near, router, all_nodes }, *to[] = { all_nodes, router, near, own, nobody, mapped, loopback };

	begin();
	lab_give(0, TUNNEL_GUEST, frame, make_ping(own, there, 1)); /* there are keys */
	lab_settle();
	lab_ends[0].nr_wire = 0;
	for (unsigned i = 0; i < ARRAY_LENGTH(from); i++)
		lab_give(0, way, frame, make_ping(from[i], there, 30));
	for (unsigned i = 0; i < ARRAY_LENGTH(to); i++)
		lab_give(0, way, frame, make_ping(own, to[i], 30));
	for (unsigned bytes = 0; bytes < HEADERS_BYTES + 38; bytes++) { /* cut */
		(void)make_ping(own, there, 30);
		lab_give(0, way, frame, bytes);
	}
	for (unsigned type = 133; type < 256; type++) /* of neighbours, wherever to */
		lab_give(0, way, frame, make_icmp(own, there, (uint8_t)type, 255, nobody, 16));
	if (way == TUNNEL_SCRIPT)
		lab_give(0, way, frame, make_ping(own, there, 1373)); /* too large */
	UNIT_EQUAL(lab_ends[0].nr_wire, 0);
	lab_give(0, way, frame, make_ping(own, there, 30)); /* and that would be seen */
	UNIT_EQUAL(lab_ends[0].nr_wire, 1);
}

static void test_no_way_out(void)
{
	no_way_out(TUNNEL_GUEST);
}

/* Nor of a script's, and nobody is answered. */
static void test_script(void)
{
	struct lab_frame *arrived;

	no_way_out(TUNNEL_SCRIPT);
	lab_settle();
	UNIT_CHECK(lab_ends[0].nr_out == 0);
	lab_ends[1].nr_out = 0;
	lab_give(0, TUNNEL_SCRIPT, frame, make_ping(own, there, 1372));
	lab_settle();
	arrived = lab_take(1);
	UNIT_CHECK(arrived != NULL && arrived->nr_bytes == HEADERS_BYTES + 8 + 1372);
}

/* Without an address of IPv6 nobody is answered. */
static void test_without(void)
{
	lab_v6 = false;
	UNIT_CHECK(lab_begin(false));
	(void)net_advance(&lab_ends[0].net, lab_now);
	UNIT_CHECK(lab_ends[0].nr_out == 0);
	UNIT_CHECK(give(make_icmp(near, all_routers, 133, 255, nobody, 4)) == NULL);
	UNIT_CHECK(give(make_dhcp(1, client, sizeof(client))) == NULL);
	UNIT_CHECK(give(make_ping(own, there, 30)) == NULL);
	UNIT_EQUAL(lab_ends[0].nr_wire, 0);
}

int main(void)
{
	unit_run("the router is known, asked and unasked", test_router);
	unit_run("neighbours are answered, but for the guest's own address", test_neighbours);
	unit_run("the guest gets its address by DHCP", test_dhcp);
	unit_run("an address is confirmed, renewed, or taken back", test_dhcp_again);
	unit_run("packets go through the tunnel, and none is a neighbour's", test_tunnel);
	unit_run("a packet that is too large is told to be", test_too_big);
	unit_run("TCP is told how large segments may be", test_segments);
	unit_run("no other packet has a way out", test_no_way_out);
	unit_run("a script's packets go where the guest's would", test_script);
	unit_run("without an address there is no IPv6", test_without);
	return unit_failed;
}
