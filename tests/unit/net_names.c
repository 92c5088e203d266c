/*
 * tests/unit/net_names.c: a peer whose Endpoint is a name: what is asked, of whom, what is believed, and that nothing else
 * leaves; and the messages of DNS by themselves.
 */
#include "unit.h"

#include "net_lab.h"
#include "service/net_dns.h"

static const uint8_t guest_mac[6] = { 0x52, 0x54, 0, 0xaa, 0, 1 }, own[4] = { 10, 9, 0, 2 }, there[4] = { 10, 9, 0, 1 };
static const uint8_t server[4] = { 198, 51, 100, 53 }, elsewhere[4] = { 198, 51, 100, 8 };
static uint8_t frame[NET_FRAME_BYTES], name[TUNNEL_NAME_BYTES];

static void hear_udp(const uint8_t *from, uint16_t from_port, uint16_t to_port, size_t nr_bytes)
{
	lab_give(0, TUNNEL_WIRE, frame, net_write_udp(frame, lab_ends[0].begin.mac, guest_mac, from, lab_address[0], from_port, to_port, nr_bytes));
}

static void hear_dhcp(enum dhcp_type type)
{
	struct dhcp_message message = { .is_reply = true, .type = type, .lease_seconds = 86400, .nr_dns = 1,
					.transaction = lab_ends[0].net.outer.transaction };

	memcpy(message.mac, lab_ends[0].begin.mac, 6);
	memcpy(message.yours, lab_address[0], 4);
	memcpy(message.server, lab_address[1], 4);
	memcpy(message.router, lab_address[1], 4);
	memcpy(message.dns[0], server, 4);
	net_store32(message.mask, 0xffffff00);
	hear_udp(lab_address[1], 67, 68, dhcp_write(frame + NET_UDP_HEADERS_BYTES, &message));
}

static void pass(uint64_t ms)
{
	lab_now.ms += ms;
	lab_now.unix_seconds += ms / 1000;
	(void)net_advance(&lab_ends[0].net, lab_now);
}

/* The only frame for the wire, a question; where its port is and its number. False: it is none. */
static bool asked(uint16_t *port, uint16_t *number)
{
	struct lab_end *end = &lab_ends[0];
	uint8_t question[DNS_QUESTION_MOST_BYTES];
	unsigned nr_out = end->nr_out;
	struct net_udp udp;

	end->nr_out = 0;
	if (nr_out != 1 || !net_read_udp(end->out[0].bytes + 14, end->out[0].nr_bytes - 14, &udp) || udp.to_port != 53 ||
	    !net_is_same(udp.destination, server) || udp.nr_bytes < 12)
		return false;
	*port = udp.from_port;
	*number = net_load16(udp.payload);
	return udp.nr_bytes == dns_write_question(question, *number, name) && memcmp(question, udp.payload, udp.nr_bytes) == 0;
}

/* Answers by a CNAME and an address, behind names that point back; `nr_records` of them. Returns the length. */
static size_t make_answer(uint16_t number, uint32_t flags, unsigned nr_records, const uint8_t *address)
{
	static const uint8_t alias[] = { 0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 4, 1, 'x', 0xc0, 16 };
	const uint8_t record[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, address[0], address[1], address[2], address[3] };
	uint8_t *payload = frame + NET_UDP_HEADERS_BYTES;
	size_t at = dns_write_question(payload, number, name);

	net_store16(payload + 2, 0x8180 | flags);
	net_store16(payload + 6, nr_records);
	memcpy(payload + at, alias, sizeof(alias));
	memcpy(payload + at + sizeof(alias), record, sizeof(record));
	return at + sizeof(record) * nr_records;
}

/* Up to the question, whose neighbour is asked for first. */
static void begin(void)
{
	lab_name = "vpn.example.org:443";
	lab_said[0] = 0;
	UNIT_CHECK(dns_write_name("vpn.example.org", name));
	UNIT_CHECK(lab_begin(true));
	pass(0);
	hear_dhcp(DHCP_OFFER);
	hear_dhcp(DHCP_ACK);
	lab_ends[0].nr_out = 0;
	pass(0);
	UNIT_CHECK(lab_ends[0].nr_out == 1 && net_load16(lab_ends[0].out[0].bytes + 12) == NET_ETHERTYPE_ARP);
	lab_ends[0].nr_out = 0;
	lab_give(0, TUNNEL_WIRE, frame, net_write_arp(frame, lab_ends[0].begin.mac, guest_mac, NET_ARP_REPLY, server, lab_ends[0].begin.mac, lab_address[0]));
}

static size_t make_ping(void)
{
	uint8_t *packet = frame + 14;

	memset(frame, 0, 14 + 48);
	net_write_ethernet(frame, guest_mac, guest_mac, NET_ETHERTYPE_V4);
	net_write_v4(packet, own, there, NET_PROTOCOL_ICMP, 28);
	packet[20] = 8;
	net_store16(packet + 22, net_checksum(net_add(0, packet + 20, 28)));
	return net_pad(frame, 14 + 48);
}

static const struct ip_endpoint *where(void)
{
	return &lab_ends[0].net.wireguard.peers[0].endpoint;
}

static void test_found(void)
{
	uint16_t port = 0, number = 0;

	begin();
	lab_give(0, TUNNEL_GUEST, frame, make_ping()); /* there is nobody yet */
	UNIT_CHECK(asked(&port, &number) && port >= 49152);
	hear_udp(server, 53, port, make_answer(number, 0, 2, lab_address[1]));
	UNIT_CHECK(where()->address.family == IP_V4 && net_is_same(where()->address.bytes, lab_address[1]) && where()->port == 443);
	lab_give(0, TUNNEL_GUEST, frame, make_ping());
	lab_settle();
	UNIT_CHECK(lab_take(1) != NULL && lab_refused == NULL && lab_said[0] == 0);
	pass(3600000);
	UNIT_EQUAL(lab_ends[0].net.names.nr_asks, lab_ends[0].net.wireguard.peers[0].is_up ? 0 : 1);
}

/* What is no answer, and what is one of somebody else's. */
static void test_lies(void)
{
	uint16_t port = 0, number = 0;

	begin();
	UNIT_CHECK(asked(&port, &number));
	hear_udp(server, 53, port, make_answer(number ^ 1, 0, 2, elsewhere));
	hear_udp(server, 53, port ^ 1, make_answer(number, 0, 2, elsewhere));
	hear_udp(server, 54, port, make_answer(number, 0, 2, elsewhere));
	hear_udp(elsewhere, 53, port, make_answer(number, 0, 2, elsewhere));
	(void)make_answer(number, 0, 2, elsewhere);
	frame[NET_UDP_HEADERS_BYTES + 2] = 1; /* a question */
	hear_udp(server, 53, port, 12 + 17 + 4 + 32);
	(void)make_answer(number, 0, 2, elsewhere);
	frame[NET_UDP_HEADERS_BYTES + 14] ^= 1; /* another name */
	hear_udp(server, 53, port, 12 + 17 + 4 + 32);
	UNIT_CHECK(where()->address.family == IP_NONE && lab_ends[0].net.names.nr_asks == 1 && lab_said[0] == 0);
	hear_udp(server, 53, port, make_answer(number, 0, 2, lab_address[1]));
	UNIT_CHECK(where()->address.family == IP_V4);
	/* Once more, when nothing was asked. */
	hear_udp(server, 53, port, make_answer(number, 0, 2, elsewhere));
	UNIT_CHECK(net_is_same(where()->address.bytes, lab_address[1]) && lab_refused == NULL);
}

/* A server that says nothing, or no: people are told once, and it is asked again, ever later. */
static void test_without(void)
{
	const struct {
		uint32_t flags;
		unsigned nr_records;
		const uint8_t *address;
		const char *said;
	} cases[] = {
		{ 3, 0, elsewhere, "knows no address of IPv4" }, { 0, 1, elsewhere, "knows no address of IPv4" }, { 2, 0, elsewhere, "does not say" },
		{ 5, 2, elsewhere, "does not say" }, { 0x200, 2, elsewhere, "does not say" }, { 0, 2, net_broadcast_address, "does not say" },
		{ 0, 2, net_zero, "does not say" },
	};
	uint16_t port = 0, number = 0, before = 0;

	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
		begin();
		UNIT_CHECK(asked(&port, &number));
		hear_udp(server, 53, port, make_answer(number, cases[i].flags, cases[i].nr_records, cases[i].address));
		if (where()->address.family != IP_NONE || strstr(lab_said, cases[i].said) == NULL || strstr(lab_said, "198.51.100.53") == NULL)
			unit_fail("case %u: %s", i, lab_said);
		lab_said[0] = 0;
		pass(NET_NAMES_AGAIN_MS);
		UNIT_CHECK(asked(&port, &number));
		hear_udp(server, 53, port, make_answer(number, cases[i].flags, cases[i].nr_records, cases[i].address));
		UNIT_CHECK(lab_said[0] == 0);
	}
	begin();
	for (unsigned i = 0; i < NET_NAMES_ASKS; i++) {
		UNIT_CHECK(asked(&port, &number) && port != before && lab_said[0] == 0);
		before = port;
		pass(NET_NAMES_WAIT_MS);
	}
	UNIT_CHECK(strstr(lab_said, "does not answer") != NULL);
	pass(NET_NAMES_AGAIN_MS);
	UNIT_CHECK(asked(&port, &number));
	hear_udp(server, 53, port, make_answer(number, 0, 2, lab_address[1]));
	UNIT_CHECK(where()->address.family == IP_V4 && lab_refused == NULL);
}

/* A peer that does not answer any more is asked for again, and may be elsewhere by then. */
static void test_moved(void)
{
	uint16_t port = 0, number = 0;
	bool is_asked = false;

	begin();
	UNIT_CHECK(asked(&port, &number));
	hear_udp(server, 53, port, make_answer(number, 0, 2, lab_address[1]));
	lab_give(0, TUNNEL_GUEST, frame, make_ping());
	lab_settle();
	UNIT_CHECK(lab_ends[0].nr_events[WIREGUARD_UP] == 1);
	lab_ends[0].net.names.of_peers[0].next_ms = UINT64_MAX; /* it was asked for often */
	for (unsigned i = 0; i < 200 && !is_asked; i++) {
		lab_ends[0].nr_out = 0;
		lab_give(0, TUNNEL_GUEST, frame, make_ping());
		lab_ends[0].nr_out = 0;
		pass(5000);
		is_asked = lab_ends[0].net.names.nr_asks != 0;
		UNIT_CHECK(!is_asked || lab_ends[0].nr_events[WIREGUARD_DOWN] == 1);
	}
	UNIT_CHECK(is_asked);
	port = lab_ends[0].net.names.port;
	hear_udp(server, 53, port, make_answer(lab_ends[0].net.names.number, 0, 2, elsewhere));
	UNIT_CHECK(net_is_same(where()->address.bytes, elsewhere) && lab_refused == NULL);
}

static void test_configuration(void)
{
	static struct wireguard_config config;
	struct tunnel_begin begin = { .address = "198.51.100.20/24" };
	struct lab_end *end = &lab_ends[0];
	char text[600], key[48];

	lab_public_key(lab_config_1, key);
	snprintf(text, sizeof(text), lab_config_0, key, "vpn.example.org:443");
	UNIT_CHECK(net_configure(text, strlen(text), &config, &end->report));
	UNIT_CHECK(memcmp(end->report.names[0], "\3vpn\7example\3org", 17) == 0 && end->report.peers[0].family == 0 && end->report.peers[0].port == 443);
	UNIT_CHECK(!net_begin(&end->net, &config, &begin, &lab_hosts[0], lab_now, &end->report) && strstr(end->report.text, "address=:") != NULL);
	for (unsigned length = 20; length < 200; length++) {
		char host[256];

		memset(host, 'a', length);
		for (unsigned i = 8; i < length - 4; i += 9)
			host[i] = '.';
		snprintf(host + length, sizeof(host) - length, ":443");
		snprintf(text, sizeof(text), lab_config_0, key, host);
		/* One byte before it, and one behind. */
		UNIT_EQUAL(net_configure(text, strlen(text), &config, &end->report), length + 2 <= TUNNEL_NAME_BYTES);
	}
}

static void test_names(void)
{
	static const char *const bad[] = { "", ".", "a..b", ".a", "a234567890123456789012345678901234567890123456789012345678901234.b" };
	uint8_t one[TUNNEL_NAME_BYTES], other[TUNNEL_NAME_BYTES];

	for (unsigned i = 0; i < ARRAY_LENGTH(bad); i++)
		UNIT_CHECK(!dns_write_name(bad[i], one));
	UNIT_CHECK(dns_write_name("VPN.example.Org", one) && dns_write_name("vpn.example.org.", other) && memcmp(one, other, sizeof(one)) == 0);
	UNIT_CHECK(dns_write_name("a", one) && memcmp(one, "\1a\0", 3) == 0);
}

/* Answers with bytes that are others, and cut, from memory that ends with them. */
static void test_hostile(void)
{
	unsigned nr_found = 0;

	UNIT_CHECK(dns_write_name("vpn.example.org", name));
	for (unsigned i = 0; i < 100000; i++) {
		size_t nr_bytes = make_answer(7, 0, 2, elsewhere);
		uint8_t *copy, address[4];

		for (unsigned changes = (uint32_t)unit_random() % 4; changes != 0; changes--)
			frame[NET_UDP_HEADERS_BYTES + (unit_random() % 2 ? 33 : 0) + (uint32_t)unit_random() % 30] = (uint8_t)unit_random();
		if (unit_random() % 4 == 0)
			nr_bytes = (uint32_t)unit_random() % nr_bytes;
		copy = malloc(nr_bytes != 0 ? nr_bytes : 1);
		memcpy(copy, frame + NET_UDP_HEADERS_BYTES, nr_bytes);
		nr_found += dns_read_answer(copy, nr_bytes, 7, name, address) == DNS_ADDRESS;
		free(copy);
	}
	UNIT_CHECK(nr_found > 1000 && nr_found < 90000);
}

int main(void)
{
	unit_run("a peer's name is asked for, and the tunnel goes there", test_found);
	unit_run("answers of others are not believed", test_lies);
	unit_run("without an answer there is no tunnel, and that is told", test_without);
	unit_run("a peer that has moved is found", test_moved);
	unit_run("names that are none are told", test_configuration);
	unit_run("names as questions have them", test_names);
	unit_run("answers of any bytes", test_hostile);
	return unit_failed;
}
