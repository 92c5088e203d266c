/*
 * tests/unit/net.c: the network service: what the guest is answered, what of it goes through the tunnel, and that nothing
 * else goes anywhere.
 */
#include "unit.h"

#include "net_lab.h"

static const uint8_t guest_mac[6] = { 0x52, 0x54, 0, 0xaa, 0, 1 }, own[4] = { 10, 9, 0, 2 }, there[4] = { 10, 9, 0, 1 };
static uint8_t frame[NET_FRAME_BYTES];

static void begin(bool dhcp)
{
	UNIT_CHECK(lab_begin(dhcp));
	(void)net_advance(&lab_ends[0].net, lab_now);
}

static size_t make_ping(const uint8_t *from, const uint8_t *to, size_t data_bytes)
{
	uint8_t *packet = frame + 14;

	memset(frame, 0, sizeof(frame));
	net_write_ethernet(frame, guest_mac, guest_mac, NET_ETHERTYPE_V4);
	net_write_v4(packet, from, to, NET_PROTOCOL_ICMP, 8 + data_bytes);
	packet[20] = 8;
	for (size_t i = 0; i < data_bytes; i++)
		packet[28 + i] = (uint8_t)(i * 7);
	net_store16(packet + 22, net_checksum(net_add(0, packet + 20, 8 + data_bytes)));
	return net_pad(frame, 14 + 28 + data_bytes);
}

static struct lab_frame *give(size_t nr_bytes)
{
	lab_give(0, TUNNEL_GUEST, frame, nr_bytes);
	return lab_take(0);
}

static size_t make_dhcp(const struct dhcp_message *message, const uint8_t *from, const uint8_t *to)
{
	size_t nr_bytes = dhcp_write(frame + NET_UDP_HEADERS_BYTES, message);

	return net_write_udp(frame, net_broadcast_mac, guest_mac, from, to, 68, 67, nr_bytes);
}

static bool read_dhcp(struct lab_frame *answer, struct dhcp_message *read)
{
	struct net_udp udp;

	return answer != NULL && net_read_udp(answer->bytes + 14, answer->nr_bytes - 14, &udp) && udp.from_port == 67 &&
	       udp.to_port == 68 && dhcp_read(udp.payload, udp.nr_bytes, read);
}

/* The option by itself: dhcp_read() leaves it out. */
static uint32_t mtu_of(const struct lab_frame *answer)
{
	for (size_t i = NET_UDP_HEADERS_BYTES + 240; answer != NULL && i + 3 < answer->nr_bytes && answer->bytes[i] != 255; i += 2u + answer->bytes[i + 1]) {
		if (answer->bytes[i] == 26 && answer->bytes[i + 1] == 2)
			return net_load16(answer->bytes + i + 2);
	}
	return 0;
}

static void test_guest_dhcp(void)
{
	struct dhcp_message asked = { .type = DHCP_DISCOVER, .transaction = 77 }, got;
	struct lab_frame *answer;

	begin(false);
	memcpy(asked.mac, guest_mac, 6);
	answer = give(make_dhcp(&asked, net_zero, net_broadcast_address));
	UNIT_CHECK(read_dhcp(answer, &got) && got.type == DHCP_OFFER && got.transaction == 77 && net_is_same(got.yours, own));
	UNIT_CHECK(net_is_same(got.router, there) && net_load32(got.mask) == 0xffffff00);
	UNIT_EQUAL(mtu_of(answer), 1420);
	UNIT_CHECK(answer != NULL && memcmp(answer->bytes, guest_mac, 6) == 0);
	asked.type = DHCP_REQUEST;
	memcpy(asked.requested, got.yours, 4);
	memcpy(asked.server, got.server, 4);
	asked.wants_broadcast = true;
	answer = give(make_dhcp(&asked, net_zero, net_broadcast_address));
	UNIT_CHECK(read_dhcp(answer, &got) && got.type == DHCP_ACK && got.lease_seconds == 86400 && answer->bytes[0] == 0xff);
	memcpy(asked.requested, there, 4);
	UNIT_CHECK(read_dhcp(give(make_dhcp(&asked, net_zero, net_broadcast_address)), &got) && got.type == DHCP_NAK);
	asked.server[3] ^= 1; /* another's offer was taken */
	UNIT_CHECK(give(make_dhcp(&asked, net_zero, net_broadcast_address)) == NULL);
	asked = (struct dhcp_message){ .type = DHCP_REQUEST };
	memcpy(asked.client, own, 4); /* renewed, by itself */
	UNIT_CHECK(read_dhcp(give(make_dhcp(&asked, own, there)), &got) && got.type == DHCP_ACK);
	UNIT_EQUAL(lab_ends[0].nr_wire, 0);
}

static void test_guest_arp(void)
{
	struct lab_frame *answer;
	struct net_arp arp;

	begin(false);
	answer = give(net_write_arp(frame, net_broadcast_mac, guest_mac, NET_ARP_REQUEST, own, net_zero, there));
	UNIT_CHECK(answer != NULL && net_read_arp(answer->bytes + 14, answer->nr_bytes - 14, &arp) &&
		   arp.operation == NET_ARP_REPLY && net_is_same(arp.sender, there) && memcmp(answer->bytes, guest_mac, 6) == 0);
	/* Whether its own address is somebody's. */
	UNIT_CHECK(give(net_write_arp(frame, net_broadcast_mac, guest_mac, NET_ARP_REQUEST, net_zero, net_zero, own)) == NULL);
	UNIT_CHECK(give(net_write_arp(frame, net_broadcast_mac, guest_mac, NET_ARP_REQUEST, net_zero, net_zero, (const uint8_t[]){ 169, 254, 3, 4 })) == NULL);
	UNIT_CHECK(give(net_write_arp(frame, net_broadcast_mac, guest_mac, NET_ARP_REPLY, there, net_zero, own)) == NULL);
	UNIT_EQUAL(lab_ends[0].nr_wire, 0);
}

static void test_tunnel(void)
{
	size_t sizes[] = { 0, 1, 56, 1000, 1392 };

	begin(false);
	for (unsigned i = 0; i < ARRAY_LENGTH(sizes); i++) {
		size_t nr_bytes = make_ping(own, there, sizes[i]);
		struct lab_frame *arrived;

		lab_give(0, TUNNEL_GUEST, frame, nr_bytes);
		lab_settle();
		arrived = lab_take(1);
		UNIT_CHECK(arrived != NULL && arrived->nr_bytes == nr_bytes && memcmp(arrived->bytes + 14, frame + 14, nr_bytes - 14) == 0);
		nr_bytes = make_ping(there, own, sizes[i]);
		lab_give(1, TUNNEL_GUEST, frame, nr_bytes);
		lab_settle();
		arrived = lab_take(0);
		UNIT_CHECK(arrived != NULL && memcmp(arrived->bytes + 14, frame + 14, nr_bytes - 14) == 0 &&
			   memcmp(arrived->bytes, guest_mac, 6) == 0);
	}
	UNIT_EQUAL(lab_ends[0].nr_events[WIREGUARD_UP], 1);
	UNIT_CHECK(lab_refused == NULL && lab_ends[0].nr_wire >= ARRAY_LENGTH(sizes) + 3); /* ARP, and a handshake */
}

static void test_too_large(void)
{
	struct lab_frame *answer;
	uint8_t *icmp;

	begin(false);
	answer = give(make_ping(own, there, 1393)); /* 1,421 bytes */
	icmp = answer != NULL ? answer->bytes + 34 : NULL;
	UNIT_CHECK(icmp != NULL && icmp[0] == 3 && icmp[1] == 4 && net_load16(icmp + 6) == 1420 &&
		   memcmp(icmp + 8, frame + 14, 28) == 0 && net_checksum(net_add(0, icmp, 36)) == 0);
	UNIT_CHECK(give(make_ping(own, there, 1392)) == NULL);
	UNIT_EQUAL(lab_ends[0].net.guest.nr_dropped, 1);
}

static size_t make_syn(uint32_t mss)
{
	uint8_t *packet = frame + 14, *tcp = packet + 20;

	memset(frame, 0, sizeof(frame));
	net_write_ethernet(frame, guest_mac, guest_mac, NET_ETHERTYPE_V4);
	net_write_v4(packet, own, there, NET_PROTOCOL_TCP, 28);
	tcp[12] = 7 << 4;
	tcp[13] = 2;
	tcp[20] = 1;
	tcp[21] = 1;
	tcp[22] = 2;
	tcp[23] = 4;
	net_store16(tcp + 24, mss);
	net_store16(tcp + 16, net_transport_checksum(packet, tcp, 28));
	return 14 + 48;
}

static void test_segments(void)
{
	const uint32_t cases[][2] = { { 1460, 1380 }, { 1381, 1380 }, { 1380, 1380 }, { 536, 536 } };

	begin(false);
	lab_give(0, TUNNEL_GUEST, frame, make_ping(own, there, 1));
	lab_settle();
	(void)lab_take(1);
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct lab_frame *arrived;

		lab_give(0, TUNNEL_GUEST, frame, make_syn(cases[i][0]));
		lab_settle();
		arrived = lab_take(1);
		UNIT_CHECK(arrived != NULL && net_load16(arrived->bytes + 14 + 20 + 24) == cases[i][1] &&
			   net_transport_checksum(arrived->bytes + 14, arrived->bytes + 34, 28) == 0);
	}
}

/* Nothing of a frame that is no packet for the tunnel reaches the wire. */
static void test_no_way_out(void)
{
	const uint8_t *others[] = { there, net_zero, net_broadcast_address };

	begin(false);
	lab_give(0, TUNNEL_GUEST, frame, make_ping(own, there, 1)); /* there are keys */
	lab_settle();
	lab_ends[0].nr_wire = 0;
	for (uint32_t ethertype = 0; ethertype < 65536; ethertype++) {
		size_t nr_bytes = make_ping(own, there, 30);

		net_store16(frame + 12, ethertype);
		if (ethertype != NET_ETHERTYPE_V4)
			lab_give(0, TUNNEL_GUEST, frame, nr_bytes);
	}
	for (unsigned i = 0; i < ARRAY_LENGTH(others); i++)
		lab_give(0, TUNNEL_GUEST, frame, make_ping(others[i], there, 30)); /* of another's address */
	lab_give(0, TUNNEL_GUEST, frame, make_ping(own, net_broadcast_address, 30));
	lab_give(0, TUNNEL_GUEST, frame, make_ping(own, (const uint8_t[]){ 224, 0, 0, 251 }, 30));
	lab_give(0, TUNNEL_GUEST, frame, make_ping(own, (const uint8_t[]){ 10, 9, 0, 255 }, 30));
	lab_give(0, TUNNEL_GUEST, frame, make_ping(own, (const uint8_t[]){ 127, 0, 0, 1 }, 30));
	for (unsigned bytes = 0; bytes < 42; bytes++) { /* cut */
		(void)make_ping(own, there, 30);
		lab_give(0, TUNNEL_GUEST, frame, bytes);
	}
	UNIT_EQUAL(lab_ends[0].nr_wire, 0);
	lab_give(0, TUNNEL_GUEST, frame, make_ping(own, there, 30)); /* and that would be seen */
	UNIT_EQUAL(lab_ends[0].nr_wire, 1);
}

/* A script's packets go where the guest's would; nobody is answered, and the guest stays who it is. */
static void test_script(void)
{
	static const uint8_t script_mac[6] = { 2, 0, 0, 0, 0, 9 };
	const struct dhcp_message asked = { .type = DHCP_DISCOVER, .transaction = 7 };
	const uint8_t *others[] = { there, net_zero, net_broadcast_address };
	struct lab_frame *arrived;
	size_t nr_bytes;

	begin(false);
	lab_give(0, TUNNEL_GUEST, frame, make_ping(own, there, 1)); /* there are keys */
	lab_settle();
	lab_ends[0].nr_out = lab_ends[1].nr_out = 0;
	nr_bytes = make_ping(own, there, 1392);
	memcpy(frame + NET_MAC_BYTES, script_mac, sizeof(script_mac));
	lab_give(0, TUNNEL_SCRIPT, frame, nr_bytes);
	lab_settle();
	arrived = lab_take(1);
	UNIT_CHECK(arrived != NULL && arrived->nr_bytes == nr_bytes && memcmp(arrived->bytes + 14, frame + 14, nr_bytes - 14) == 0);
	UNIT_CHECK(memcmp(lab_ends[0].net.guest.mac, guest_mac, sizeof(guest_mac)) == 0);
	lab_ends[0].nr_wire = 0;
	lab_give(0, TUNNEL_SCRIPT, frame, make_ping(own, there, 1393));
	lab_give(0, TUNNEL_SCRIPT, frame, make_dhcp(&asked, net_zero, net_broadcast_address));
	lab_give(0, TUNNEL_SCRIPT, frame, net_write_arp(frame, net_broadcast_mac, guest_mac, NET_ARP_REQUEST, own, net_zero, there));
	for (unsigned i = 0; i < ARRAY_LENGTH(others); i++)
		lab_give(0, TUNNEL_SCRIPT, frame, make_ping(others[i], there, 30));
	lab_give(0, TUNNEL_SCRIPT, frame, make_ping(own, net_broadcast_address, 30));
	lab_give(0, TUNNEL_SCRIPT, frame, make_ping(own, (const uint8_t[]){ 224, 0, 0, 251 }, 30));
	lab_give(0, TUNNEL_SCRIPT, frame, make_ping(own, own, 30));
	for (unsigned bytes = 0; bytes < 42; bytes++) {
		(void)make_ping(own, there, 30);
		lab_give(0, TUNNEL_SCRIPT, frame, bytes);
	}
	nr_bytes = make_ping(own, there, 30);
	net_store16(frame + 12, NET_ETHERTYPE_V6);
	lab_give(0, TUNNEL_SCRIPT, frame, nr_bytes);
	UNIT_CHECK(lab_ends[0].nr_wire == 0 && lab_ends[0].nr_out == 0);
	lab_give(0, TUNNEL_SCRIPT, frame, make_ping(own, there, 30)); /* and that would be seen */
	UNIT_EQUAL(lab_ends[0].nr_wire, 1);
}

/* Our own address from a DHCP server, renewed, taken away. */
static void test_outer_dhcp(void)
{
	struct lab_end *end = &lab_ends[0];
	struct dhcp_message said, answer = { .is_reply = true, .lease_seconds = 100 };
	struct outer *outer = &end->net.outer;
	size_t nr_bytes;

	begin(true);
	UNIT_EQUAL(end->nr_out, 1);
	for (unsigned round = 0; round < 2; round++) {
		struct net_udp udp;
		bool read = net_read_udp(end->out[0].bytes + 14, end->out[0].nr_bytes - 14, &udp) &&
			    dhcp_read(udp.payload, udp.nr_bytes, &said);

		UNIT_CHECK(read && said.type == (round == 0 ? DHCP_DISCOVER : DHCP_REQUEST) && end->nr_out == 1);
		answer.type = round == 0 ? DHCP_OFFER : DHCP_ACK;
		answer.transaction = said.transaction;
		memcpy(answer.mac, end->begin.mac, 6);
		memcpy(answer.yours, lab_address[0], 4);
		memcpy(answer.server, lab_address[1], 4);
		memcpy(answer.router, lab_address[1], 4);
		net_store32(answer.mask, 0xffffff00);
		end->nr_out = 0;
		answer.transaction ^= 1; /* another's */
		nr_bytes = dhcp_write(frame + NET_UDP_HEADERS_BYTES, &answer);
		nr_bytes = net_write_udp(frame, end->begin.mac, guest_mac, lab_address[1], lab_address[0], 67, 68, nr_bytes);
		lab_give(0, TUNNEL_WIRE, frame, nr_bytes);
		UNIT_CHECK(end->nr_out == 0 && net_is_none(outer->address));
		answer.transaction ^= 1;
		nr_bytes = dhcp_write(frame + NET_UDP_HEADERS_BYTES, &answer);
		nr_bytes = net_write_udp(frame, end->begin.mac, guest_mac, lab_address[1], lab_address[0], 67, 68, nr_bytes);
		lab_give(0, TUNNEL_WIRE, frame, nr_bytes);
	}
	UNIT_CHECK(outer->dhcp == OUTER_BOUND && net_is_same(outer->address, lab_address[0]) && outer->prefix == 24);
	lab_give(0, TUNNEL_GUEST, frame, make_ping(own, there, 5));
	lab_settle();
	UNIT_CHECK(lab_take(1) != NULL);
	end->nr_out = 0;
	lab_now.ms += 50000;
	(void)net_advance(&end->net, lab_now);
	UNIT_CHECK(end->nr_out >= 1 && net_is_same(outer->address, lab_address[0]));
	lab_now.ms += 50001;
	(void)net_advance(&end->net, lab_now);
	UNIT_CHECK(net_is_none(outer->address) && outer->dhcp == OUTER_SEEKING);
	UNIT_CHECK(lab_refused == NULL);
}

/* A neighbour is believed when it was asked, and asked some times only. */
static void test_neighbours(void)
{
	struct lab_end *end = &lab_ends[0];
	static const uint8_t evil[6] = { 2, 0, 0, 0, 0, 9 };

	begin(false);
	lab_give(0, TUNNEL_WIRE, frame, net_write_arp(frame, end->begin.mac, evil, NET_ARP_REPLY, lab_address[1], end->begin.mac, lab_address[0]));
	lab_give(0, TUNNEL_GUEST, frame, make_ping(own, there, 5));
	UNIT_CHECK(end->nr_out == 1 && net_load16(end->out[0].bytes + 12) == NET_ETHERTYPE_ARP);
	lab_settle();
	UNIT_CHECK(lab_take(1) != NULL);
	UNIT_CHECK(memcmp(end->net.outer.neighbours.entries[0].mac, lab_ends[1].begin.mac, 6) == 0);
	lab_give(0, TUNNEL_WIRE, frame, net_write_arp(frame, end->begin.mac, evil, NET_ARP_REPLY, lab_address[1], end->begin.mac, lab_address[0]));
	UNIT_CHECK(memcmp(end->net.outer.neighbours.entries[0].mac, lab_ends[1].begin.mac, 6) == 0);
	/* Somebody else asks for us. */
	end->nr_out = 0;
	lab_give(0, TUNNEL_WIRE, frame, net_write_arp(frame, net_broadcast_mac, evil, NET_ARP_REQUEST, lab_address[1], net_zero, lab_address[0]));
	UNIT_EQUAL(end->nr_out, 1);
	lab_give(0, TUNNEL_WIRE, frame, net_write_arp(frame, net_broadcast_mac, evil, NET_ARP_REQUEST, lab_address[1], net_zero, there));
	UNIT_EQUAL(end->nr_out, 1);
}

/* A peer that sends from elsewhere is still sent to where the configuration says, unless it may roam. */
static void roam(bool roams)
{
	struct lab_end *end = &lab_ends[0];
	uint8_t elsewhere[4] = { lab_address[1][0], lab_address[1][1], lab_address[1][2], lab_address[1][3] ^ 1 };
	struct lab_frame heard;
	struct net_arp arp;

	lab_roams = roams;
	begin(false);
	lab_give(0, TUNNEL_GUEST, frame, make_ping(own, there, 5));
	lab_settle();
	UNIT_CHECK(lab_take(1) != NULL);
	lab_give(1, TUNNEL_GUEST, frame, make_ping(there, own, 5));
	heard = lab_ends[1].out[0];
	UNIT_CHECK(lab_ends[1].nr_out == 1 && heard.way == TUNNEL_WIRE);
	heard.bytes[14 + 15] ^= 1; /* another address, with the checksums that go with it */
	net_store16(heard.bytes + 24, 0);
	net_store16(heard.bytes + 24, net_checksum(net_add(0, heard.bytes + 14, 20)));
	net_store16(heard.bytes + 40, 0);
	end->nr_out = 0;
	lab_give(0, TUNNEL_WIRE, heard.bytes, heard.nr_bytes);
	UNIT_CHECK(lab_take(0) != NULL);
	UNIT_EQUAL(end->nr_events[WIREGUARD_ROAMED], 1);
	lab_give(0, TUNNEL_GUEST, frame, make_ping(own, there, 5));
	UNIT_CHECK(lab_refused == NULL && end->nr_out == 1);
	if (roams) { /* a neighbour that is asked for */
		UNIT_CHECK(net_read_arp(end->out[0].bytes + 14, end->out[0].nr_bytes - 14, &arp) && net_is_same(arp.target, elsewhere));
		end->nr_out = 0;
		lab_give(0, TUNNEL_WIRE, frame, net_write_arp(frame, end->begin.mac, guest_mac, NET_ARP_REPLY, elsewhere, end->begin.mac, lab_address[0]));
		UNIT_CHECK(lab_refused == NULL && end->nr_out == 1);
	}
	UNIT_CHECK(memcmp(end->out[0].bytes + 30, roams ? elsewhere : lab_address[1], 4) == 0);
	lab_roams = false;
}

static void test_roaming(void)
{
	roam(false);
	roam(true);
	/* It does not answer there: it is asked where the configuration says. */
	for (unsigned i = 0; i < 200; i++) {
		lab_now.ms += 5000;
		(void)net_advance(&lab_ends[0].net, lab_now);
	}
	UNIT_CHECK(lab_ends[0].nr_events[WIREGUARD_DOWN] == 1 &&
		   memcmp(lab_ends[0].net.wireguard.peers[0].endpoint.address.bytes, lab_address[1], 4) == 0);
}

/* What is told of it, and new keys when they are asked for, once in five seconds. */
static void test_status(void)
{
	struct tunnel_status status;
	struct net *net = &lab_ends[0].net;

	begin(false);
	net_describe(net, &status);
	UNIT_CHECK(status.nr_peers == 1 && status.port == 51820 && memcmp(status.inside, own, 4) == 0 &&
		   memcmp(status.outside.v4, lab_address[0], 4) == 0 && memcmp(status.peers[0].where.address, lab_address[1], 4) == 0 &&
		   status.peers[0].where.family == 4 && status.peers[0].where.port == 443 && net_is_none6(status.inside6) && !status.peers[0].is_up);
	UNIT_EQUAL(status.peers[0].handshake_age_ms, TUNNEL_NO_HANDSHAKE);
	lab_give(0, TUNNEL_GUEST, frame, make_ping(own, there, 5));
	lab_settle();
	lab_pass_time(4000);
	net_rekey(net, 0);
	lab_settle();
	net_describe(net, &status);
	UNIT_CHECK(status.peers[0].is_up && status.peers[0].nr_handshakes == 1 && status.peers[0].handshake_age_ms == 4000);
	UNIT_CHECK(status.peers[0].sent_bytes == 148 + 80 && status.peers[0].received_bytes == 92);
	UNIT_CHECK(memcmp(status.peers[0].public_key, lab_ends[1].net.wireguard.identity.public_key, 32) == 0);
	lab_pass_time(2000);
	net_rekey(net, 1); /* there is none */
	lab_settle();
	UNIT_EQUAL(lab_ends[0].nr_events[WIREGUARD_REKEYED], 0);
	net_rekey(net, TUNNEL_ALL_PEERS);
	lab_settle();
	net_describe(net, &status);
	UNIT_CHECK(lab_ends[0].nr_events[WIREGUARD_REKEYED] == 1 && status.peers[0].nr_handshakes == 2 && lab_refused == NULL);
	UNIT_EQUAL(status.peers[0].handshake_age_ms, 0);
}

static void test_configuration(void)
{
	static struct wireguard_config config;
	struct tunnel_report report;
	static const char v6[] = "[Interface]\nPrivateKey = AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=\nAddress = fd00::1\n[Peer]\n"
				 "PublicKey = IB8eHRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgE=\n";
	static const char large[] = "[Interface]\nPrivateKey = AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=\nAddress = 10.9.0.2\nMTU = 1421\n[Peer]\n"
				    "PublicKey = IB8eHRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgE=\nEndpoint = [2001:db8::1]:443\n";
	const struct {
		const char *more, *why;
	} cases[] = {
		{ "Endpoint = [ff02::1]:443\n", "line 4: Endpoint: this address of IPv6" },
		{ "Endpoint = [fe80::1]:443\n", "line 4: Endpoint: this address of IPv6" },
		{ "Endpoint = [::ffff:198.51.100.7]:443\n", "line 4: Endpoint: this address of IPv6" },

		{ "", "line 4: Endpoint: of this peer" },
	};

	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
		char text[600];

		snprintf(text, sizeof(text), "[Interface]\nPrivateKey = AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=\nAddress = 10.9.0.2\n"
			 "[Peer]\nPublicKey = IB8eHRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgE=\n%s", cases[i].more);
		UNIT_CHECK(!net_configure(text, strlen(text), &config, &report));
		if (strncmp(report.text, cases[i].why, strlen(cases[i].why)) != 0)
			unit_fail("%u: %s", i, report.text);
	}
	UNIT_CHECK(!net_configure(v6, strlen(v6), &config, &report) && strncmp(report.text, "Address: ", 9) == 0);
	UNIT_CHECK(!net_configure(large, strlen(large), &config, &report) && strncmp(report.text, "MTU: with", 9) == 0);
}

/* Frames of both sides with bytes that are others, and cut, while time passes: the gate has nothing to refuse. */
static void test_hostile(void)
{
	begin(true);
	for (unsigned i = 0; i < 20000; i++) {
		struct lab_end *end = &lab_ends[0];
		enum tunnel_tag way = unit_random() % 2 ? TUNNEL_GUEST : TUNNEL_WIRE;
		size_t nr_bytes;

		switch (unit_random() % 4) {
		case 0:
			nr_bytes = make_ping(own, there, (uint32_t)unit_random() % 1450);
			break;
		case 1:
			nr_bytes = make_syn((uint32_t)unit_random());
			break;
		case 2:
			nr_bytes = net_write_arp(frame, net_broadcast_mac, guest_mac, 1 + (uint32_t)unit_random() % 2, lab_address[unit_random() % 2], net_zero, lab_address[unit_random() % 2]);
			break;
		default: {
			struct dhcp_message message = { .type = (enum dhcp_type)(unit_random() % 9), .is_reply = unit_random() % 2,
							.transaction = end->net.outer.transaction, .lease_seconds = (uint32_t)unit_random() };

			memcpy(message.mac, end->begin.mac, 6);
			memcpy(message.yours, lab_address[0], 4);
			memcpy(message.server, lab_address[1], 4);
			memcpy(message.router, lab_address[1], 4);
			net_store32(message.mask, 0xffffff00);
			nr_bytes = dhcp_write(frame + NET_UDP_HEADERS_BYTES, &message);
			nr_bytes = net_write_udp(frame, net_broadcast_mac, guest_mac, lab_address[1], net_broadcast_address,
						 message.is_reply ? 67 : 68, message.is_reply ? 68 : 67, nr_bytes);
		}
		}
		for (unsigned changes = (uint32_t)unit_random() % 3; changes != 0; changes--)
			frame[unit_random() % nr_bytes] = (uint8_t)unit_random();
		if (unit_random() % 8 == 0)
			nr_bytes = (uint32_t)unit_random() % nr_bytes;
		lab_give(0, way, frame, nr_bytes);
		if (unit_random() % 4 == 0)
			lab_pass_time((uint32_t)unit_random() % 3000);
		end->nr_out = lab_ends[1].nr_out = 0;
	}
	UNIT_CHECK(lab_refused == NULL);
	UNIT_CHECK(lab_ends[0].nr_wire > 100);
}

int main(void)
{
	unit_run("the guest gets its address and MTU by DHCP", test_guest_dhcp);
	unit_run("it is answered by ARP", test_guest_arp);
	unit_run("what is told of it, and new keys", test_status);
	unit_run("packets go through the tunnel both ways", test_tunnel);
	unit_run("a packet that is too large is told to be", test_too_large);
	unit_run("TCP is told how large segments may be", test_segments);
	unit_run("no other frame has a way out", test_no_way_out);
	unit_run("a script's packets go where the guest's would", test_script);
	unit_run("our address is had by DHCP, renewed, and given up", test_outer_dhcp);
	unit_run("neighbours are asked, and believed then only", test_neighbours);
	unit_run("a peer elsewhere is not followed", test_roaming);
	unit_run("what is wrong with a configuration is told", test_configuration);
	unit_run("the gate has nothing to refuse, whatever comes", test_hostile);
	return unit_failed;
}
