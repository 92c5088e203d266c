/*
 * tests/unit/wireguard_config.c: files of wg-quick's, good and bad, and texts of addresses against inet_pton().
 */
#include "service/wireguard_config.h"

#include <arpa/inet.h>

#include "unit.h"

#define KEY "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
#define OTHER "IB8eHRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgE="
#define INTERFACE "[Interface]\nPrivateKey = " KEY "\n"
#define PEER "[Peer]\nPublicKey = " OTHER "\n"

static struct wireguard_config config;
static char why[WIREGUARD_WHY_BYTES];

/* From memory that ends where the text does. */
static bool read_text(const char *text)
{
	size_t nr_bytes = strlen(text);
	char *copy = malloc(nr_bytes != 0 ? nr_bytes : 1);
	bool good;

	if (nr_bytes != 0)
		memcpy(copy, text, nr_bytes);
	memset(why, 'x', sizeof(why));
	good = wireguard_read_config(copy, nr_bytes, &config, why);
	free(copy);
	if (memchr(why, 0, sizeof(why)) == NULL)
		unit_fail("the words do not end");
	return good;
}

static void test_whole(void)
{
	static const char text[] = "# by hand\r\n[Interface]\r\nPrivateKey=" KEY "\r\nListenPort = 51820 # ours\n"
				   "Address = 10.9.0.2/24, fd00:9::2/64\naddress=10.9.1.2\nDNS = 10.9.0.1,fd00:9::1\nMTU=1380\n\n"
				   "[peer]\n\tPublicKey =\t" OTHER "\nPresharedKey = " KEY "\nAllowedIPs = 0.0.0.0/0, ::/0\n"
				   "Endpoint = 198.51.100.7:51820\nPersistentKeepalive = 25\n"
				   "[Peer]\nPublicKey = " KEY "\nAllowedIPs = 10.77.131.9/16\nAllowedIPs =\n"
				   "Endpoint = [2001:db8::7]:443\nPersistentKeepalive = off";
	static const uint8_t v6[] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 7 };

	UNIT_CHECK(read_text(text));
	UNIT_CHECK(config.private_key[0] == 1 && config.private_key[31] == 32 && config.listen_port == 51820);
	UNIT_CHECK(config.mtu == 1380 && config.nr_addresses == 3 && config.nr_dns == 2 && config.nr_peers == 2);
	UNIT_CHECK(config.addresses[0].prefix == 24 && config.addresses[1].prefix == 64 && config.addresses[2].prefix == 32);
	UNIT_CHECK(config.addresses[0].address.bytes[3] == 2); /* a host's, not a network's */
	UNIT_CHECK(config.dns[1].family == IP_V6 && config.dns[1].bytes[15] == 1);
	UNIT_CHECK(config.peers[0].public_key[0] == 32 && config.peers[0].preshared_key[0] == 1);
	UNIT_CHECK(config.peers[0].endpoint.port == 51820 && config.peers[0].endpoint.address.bytes[3] == 7);
	UNIT_CHECK(config.peers[0].keepalive_seconds == 25 && config.peers[1].keepalive_seconds == 0);
	UNIT_CHECK(config.peers[1].endpoint.port == 443 && memcmp(config.peers[1].endpoint.address.bytes, v6, 16) == 0);
	UNIT_CHECK(config.nr_allowed == 3 && config.allowed[1].network.prefix == 0 && config.allowed[1].peer == 0);
	UNIT_CHECK(config.allowed[2].network.prefix == 16 && config.allowed[2].peer == 1);
	UNIT_CHECK(config.allowed[2].network.address.bytes[1] == 77 && config.allowed[2].network.address.bytes[2] == 0);
	UNIT_EQUAL(config.peers[1].line, 16);
}

static void test_least(void)
{
	UNIT_CHECK(read_text(INTERFACE PEER));
	UNIT_CHECK(config.mtu == WIREGUARD_MTU_DEFAULT && config.listen_port == 0 && config.nr_allowed == 0);
	UNIT_CHECK(config.peers[0].endpoint.address.family == IP_NONE && config.peers[0].endpoint.port == 0);
	UNIT_CHECK(read_text(PEER INTERFACE));
	UNIT_CHECK(read_text(INTERFACE PEER "Endpoint = vpn.example.org:51820"));
	UNIT_CHECK(config.peers[0].endpoint.address.family == IP_NONE && config.peers[0].endpoint.port == 51820);
	UNIT_CHECK(strcmp(config.peers[0].endpoint_name, "vpn.example.org") == 0);
}

static void test_refused(void)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "", "line 1: there is no [Interface]" },
		{ "\n\n", "line 3: there is no [Interface]" },
		{ PEER, "there is no [Interface]" },
		{ "[Interface]\nMTU = 1400\n" PEER, "[Interface] has no PrivateKey" },
		{ INTERFACE, "there is no [Peer]" },
		{ INTERFACE "[Peer]\nAllowedIPs = ::/0\n" PEER, "line 3: this [Peer] has no PublicKey" },
		{ INTERFACE "[Peer]\n", "line 3: this [Peer] has no PublicKey" },
		{ INTERFACE INTERFACE PEER, "line 3: there is a second [Interface]" },
		{ INTERFACE "[Server]\n", "line 3: a section is [Interface] or [Peer]" },
		{ INTERFACE "[Peer\n", "line 3: a section is [Interface] or [Peer]" },
		{ "MTU = 1400\n" INTERFACE PEER, "line 1: MTU: it stands before any section" },
		{ INTERFACE "hello\n" PEER, "line 3: it is no section and has no =" },
		{ INTERFACE "Colour = red\n" PEER, "line 3: Colour: there is no such key" },
		{ INTERFACE "\x1b[1mvery-very-very-long-name = 1\n" PEER, "line 3: ?[1mvery-very-very-long-: there is no such key" },
		{ INTERFACE "PrivateKey = " KEY "\n" PEER, "line 3: PrivateKey: it stands there twice" },
		{ "[Interface]\nPrivateKey = abc\n" PEER, "line 2: PrivateKey: it is not 32 bytes as base64" },
		{ "[Interface]\nPrivateKey = AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n" PEER, "line 2: PrivateKey: it is not" },
		{ INTERFACE "ListenPort = 65536\n" PEER, "line 3: ListenPort: it is not a number up to 65535" },
		{ INTERFACE "ListenPort =\n" PEER, "line 3: ListenPort: it is not" },
		{ INTERFACE "MTU = 575\n" PEER, "line 3: MTU: it is not a number from 576 to 1920" },
		{ INTERFACE "MTU = 1921\n" PEER, "line 3: MTU: it is not" },
		{ INTERFACE "Address = 10.0.0.1/33\n" PEER, "line 3: Address: it is not" },
		{ INTERFACE "Address = 10.0.0.1,\n" PEER, "line 3: Address: it is not" },
		{ INTERFACE "Address = 1.1.1.1,1.1.1.2,1.1.1.3,1.1.1.4,1.1.1.5,1.1.1.6,1.1.1.7,1.1.1.8,1.1.1.9\n" PEER,
		  "line 3: Address: it is not addresses with or without /PREFIX, at most 8" },
		{ INTERFACE "DNS = example.org\n" PEER, "line 3: DNS: it is not addresses, at most 8" },
		{ INTERFACE "PostUp = iptables -F\n" PEER, "line 3: PostUp: there is no shell" },
		{ INTERFACE "Table = off\n" PEER, "line 3: Table: all packets go through the tunnel" },
		{ INTERFACE "FwMark = 1\n" PEER, "line 3: FwMark: all packets" },
		{ INTERFACE "SaveConfig = true\n" PEER, "line 3: SaveConfig: the file is only read" },
		{ INTERFACE "AllowedIPs = ::/0\n" PEER, "line 3: AllowedIPs: it belongs to [Peer]" },
		{ INTERFACE PEER "Address = 1.1.1.1\n", "line 5: Address: it belongs to [Interface]" },
		{ INTERFACE PEER PEER, "line 6: PublicKey: it is not 32 bytes as base64, of no other peer" },
		{ INTERFACE PEER "AllowedIPs = ::/0, 10.0.0.0/8, 10.1.1.1/8\n", "line 5: AllowedIPs: it is not" },
		{ INTERFACE PEER "AllowedIPs = ::/129\n", "line 5: AllowedIPs: it is not networks" },
		{ INTERFACE PEER "AllowedIPs = ::/\n", "line 5: AllowedIPs: it is not networks" },
		{ INTERFACE PEER "AllowedIPs = 10.0.0.0/08\n", "line 5: AllowedIPs: it is not networks" },
		{ INTERFACE PEER "Endpoint = 10.0.0.1\n", "line 5: Endpoint: it is not ADDRESS:PORT" },
		{ INTERFACE PEER "Endpoint = 10.0.0.1:0\n", "line 5: Endpoint: it is not" },
		{ INTERFACE PEER "Endpoint = 10.0.0.1:65536\n", "line 5: Endpoint: it is not" },
		{ INTERFACE PEER "Endpoint = :51820\n", "line 5: Endpoint: it is not" },
		{ INTERFACE PEER "Endpoint = 2001:db8::1:51820\n", "line 5: Endpoint: it is not" },
		{ INTERFACE PEER "Endpoint = [10.0.0.1]:51820\n", "line 5: Endpoint: it is not" },
		{ INTERFACE PEER "Endpoint = [::1:51820\n", "line 5: Endpoint: it is not" },
		{ INTERFACE PEER "Endpoint = a b:51820\n", "line 5: Endpoint: it is not" },
		{ INTERFACE PEER "PersistentKeepalive = 65536\n", "line 5: PersistentKeepalive: it is not seconds" },
		{ INTERFACE PEER "PersistentKeepalive = -1\n", "line 5: PersistentKeepalive: it is not seconds" },
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (read_text(cases[i].text) || strstr(why, cases[i].why) == NULL)
			unit_fail("case %u: \"%s\", not \"%s\"", i, why, cases[i].why);
	}
}

/* As many peers and networks as there is room for, and one more. */
static void test_many(void)
{
	static char text[20000];
	int length = snprintf(text, sizeof(text), INTERFACE);

	for (unsigned i = 0; i < WIREGUARD_PEERS_MAXIMUM; i++)
		length += snprintf(text + length, sizeof(text) - (size_t)length,
				   "[Peer]\nPublicKey = %cQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=\n", 'B' + (int)i);
	UNIT_CHECK(read_text(text));
	snprintf(text + length, sizeof(text) - (size_t)length, PEER);
	UNIT_CHECK(!read_text(text) && strstr(why, "line 19: there are more than 8 peers") != NULL);
	for (unsigned i = 0; i < WIREGUARD_ALLOWED_MAXIMUM; i++)
		length += snprintf(text + length, sizeof(text) - (size_t)length, "AllowedIPs = 10.0.0.%u/32\n", i);
	UNIT_CHECK(read_text(text));
	UNIT_EQUAL(config.nr_allowed, WIREGUARD_ALLOWED_MAXIMUM);
	snprintf(text + length, sizeof(text) - (size_t)length, "AllowedIPs = 10.0.1.0/32\n");
	UNIT_CHECK(!read_text(text) && strstr(why, "at most 64 in all") != NULL);
}

static void compare_address(const char *text)
{
	size_t length = strlen(text);
	char *copy = malloc(length != 0 ? length : 1);
	uint8_t bytes[16] = { 0 };
	struct ip_address address;
	int family = inet_pton(AF_INET, text, bytes) == 1 ? IP_V4 : inet_pton(AF_INET6, text, bytes) == 1 ? IP_V6 : IP_NONE;
	bool good;

	if (length != 0)
		memcpy(copy, text, length);
	good = ip_read_address(copy, length, &address);
	if (good != (family != IP_NONE) ||
	    (good && ((int)address.family != family || memcmp(address.bytes, bytes, sizeof(bytes)) != 0)))
		unit_fail("\"%s\": %d", text, good);
	free(copy);
}

static void test_addresses(void)
{
	static const char *const pieces[] = { ":", "::", "0", "1", "ff", "FFFF", "12345", ".", "255", "256", "1.2.3.4", "01", "g", "" };
	static const char *const texts[] = { "::", "::1", "1::", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8",
					     "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:1.2.3.4", "::1.2.3.4", "1:2:3:4:5:6:7:1.2.3.4", "1::2::3",
					     ":1", "1:", "1.2.3.4", "1.2.3", "1.2.3.4.5", "1.2.3.4:", "::1.2.3.4:1", "::ffff:1.2.3.256",
					     "1:2:3:4:5:6:7", "0.0.0.0", "1.2.3.04", "1..2.3" };
	unsigned good = 0;

	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		compare_address(texts[i]);
	for (unsigned i = 0; i < 100000; i++) {
		char text[100] = "";
		struct ip_address address;

		for (unsigned nr = (unsigned)(unit_random() >> 33) % 15; nr != 0; nr--)
			strcat(text, pieces[(unit_random() >> 33) % (sizeof(pieces) / sizeof(pieces[0]))]);
		compare_address(text);
		good += ip_read_address(text, strlen(text), &address);
	}
	UNIT_CHECK(good > 500);
}

static void test_packets(void)
{
	uint8_t v4[20] = { 0x45, [3] = 20, [12] = 1, 2, 3, 4, 5, 6, 7, 8 }, v6[41] = { 0x60, [5] = 1, [8] = 1, [24] = 2 };
	struct ip_packet read;

	UNIT_CHECK(ip_read_packet(v4, 20, &read) && read.length_bytes == 20);
	UNIT_CHECK(read.source.bytes[3] == 4 && read.destination.bytes[0] == 5 && read.source.family == IP_V4);
	UNIT_CHECK(!ip_read_packet(v4, 19, &read));
	v4[3] = 19;
	UNIT_CHECK(!ip_read_packet(v4, 20, &read));
	v4[3] = 21;
	UNIT_CHECK(!ip_read_packet(v4, 20, &read));
	UNIT_CHECK(ip_read_packet(v6, 41, &read) && read.length_bytes == 41 && read.destination.bytes[0] == 2);
	UNIT_CHECK(!ip_read_packet(v6, 40, &read));
	v6[0] = 0x50;
	UNIT_CHECK(!ip_read_packet(v6, 41, &read));
	UNIT_CHECK(!ip_read_packet(v6, 0, &read));
}

int main(void)
{
	unit_run("a whole file", test_whole);
	unit_run("the least", test_least);
	unit_run("errors name line and key", test_refused);
	unit_run("as many as there is room for", test_many);
	unit_run("addresses are read as inet_pton() does", test_addresses);
	unit_run("packets say their addresses and length", test_packets);
	return unit_failed;
}
