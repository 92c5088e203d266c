/*
 * tests/unit/wireguard.c: WireGuard against vectors of others, and against itself with a network that loses, changes
 * and repeats. Where a test says "vector of", the bytes were made by that and not by us.
 */
#include "wireguard_net.h"

static size_t from_hex(const char *text, uint8_t *bytes)
{
	size_t nr = strlen(text) / 2;

	for (size_t i = 0; i < nr; i++)
		sscanf(text + 2 * i, "%2hhx", &bytes[i]);
	return nr;
}

static void expect_bytes(const char *what, const uint8_t *got, const char *wanted)
{
	uint8_t bytes[300];

	if (memcmp(got, bytes, from_hex(wanted, bytes)) != 0)
		unit_fail("%s is not %s", what, wanted);
}

static void test_hash(void)
{
	uint8_t hash[WIREGUARD_HASH_BYTES], text[200], zero[WIREGUARD_HASH_BYTES] = { 0 }, second[32], third[32];

	wireguard_hash(hash, "a", 1, "bc", 2);
	expect_bytes("RFC 7693, appendix B", hash, "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982");
	for (unsigned i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)i;
	wireguard_mac(hash, text, 32, text, sizeof(text));
	expect_bytes("vector of Python's hashlib", hash, "42a6f8ff590af21b512e9e088257aa34");
	wireguard_kdf(zero, second, third, zero, "input", 5);
	expect_bytes("vector of Python's hmac, 1", zero, "fbff6119f265251560576e82518f61aeb420cff55b5dcf649475b758a01f3951");
	expect_bytes("vector of Python's hmac, 2", second, "a534dd2f7d3e7e614508dba7c675d5cf1008b383670cd8fd46231aa38bbfb618");
	expect_bytes("vector of Python's hmac, 3", third, "618328297d2af9af1df2c2ef6bba1ab41ddfb8e0fd0ee8bdb7ef237790eba011");
}

static void test_dh(void)
{
	static const char *const small_orders[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	};
	uint8_t scalar[32], point[32], shared[32], public_key[32];

	from_hex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4", scalar);
	from_hex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c", point);
	UNIT_CHECK(wireguard_dh(shared, scalar, point));
	expect_bytes("RFC 7748, 5.2", shared, "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
	memset(point, 0, sizeof(point));
	point[0] = 9;
	UNIT_CHECK(wireguard_dh(shared, scalar, point));
	wireguard_public_key(public_key, scalar);
	UNIT_CHECK(memcmp(shared, public_key, sizeof(shared)) == 0);
	net_key(scalar, 1);
	wireguard_public_key(public_key, scalar);
	expect_bytes("vector of OpenSSL", public_key, "c9bdf9835eebc9fa43fd203d078a2fab27a0214669ceed435be0dc59b61e1f0b");
	for (unsigned i = 0; i < ARRAY_LENGTH(small_orders); i++) {
		from_hex(small_orders[i], point);
		memset(shared, 1, sizeof(shared));
		UNIT_CHECK(!wireguard_dh(shared, scalar, point));
		UNIT_CHECK(wireguard_is_zero(shared, sizeof(shared)));
	}
}

static void test_seal(void)
{
	static const char text[] = "Internet-Drafts are draft documents valid for a maximum of six months and may be updated, "
				   "replaced, or obsoleted by other documents at any time. It is inappropriate to use "
				   "Internet-Drafts as reference material or to cite them other than as "
				   "/\xe2\x80\x9cwork in progress./\xe2\x80\x9d";
	uint8_t key[32], about[12], bytes[sizeof(text) - 1 + WIREGUARD_TAG_BYTES];
	const size_t nr_bytes = sizeof(text) - 1;

	from_hex("1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0", key);
	from_hex("f33388860000000000004e91", about);
	memcpy(bytes, text, nr_bytes);
	wireguard_seal(key, UINT64_C(0x0807060504030201), about, sizeof(about), bytes, nr_bytes);
	expect_bytes("RFC 8439, A.5", bytes, "64a0861575861af460f062c79be643bd");
	expect_bytes("RFC 8439, A.5, its tag", bytes + nr_bytes, "eead9d67890cbb22392336fea1851f38");
	for (unsigned i = 0; i < 8 * sizeof(bytes); i += 7) {
		uint8_t copy[sizeof(bytes)];

		memcpy(copy, bytes, sizeof(copy));
		copy[i / 8] ^= (uint8_t)(1 << i % 8);
		UNIT_CHECK(!wireguard_open(key, UINT64_C(0x0807060504030201), about, sizeof(about), copy, nr_bytes));
	}
	UNIT_CHECK(wireguard_open(key, UINT64_C(0x0807060504030201), about, sizeof(about), bytes, nr_bytes));
	UNIT_CHECK(memcmp(bytes, text, nr_bytes) == 0);
}

static void test_seal_cookie(void)
{
	static const char text[] = "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the "
				   "future, sunscreen would be it.";
	uint8_t key[32], nonce[24], about[12], bytes[sizeof(text) - 1 + WIREGUARD_TAG_BYTES];
	const size_t nr_bytes = sizeof(text) - 1;

	from_hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f", key);
	from_hex("404142434445464748494a4b4c4d4e4f5051525354555657", nonce);
	from_hex("50515253c0c1c2c3c4c5c6c7", about);
	memcpy(bytes, text, nr_bytes);
	wireguard_seal_cookie(key, nonce, about, sizeof(about), bytes, nr_bytes);
	expect_bytes("draft-irtf-cfrg-xchacha, A.3.1", bytes, "bd6d179d3e83d43b9576579493c0e939");
	expect_bytes("draft-irtf-cfrg-xchacha, A.3.1, its tag", bytes + nr_bytes, "c0875924c1c7987947deafd8780acf49");
	UNIT_CHECK(wireguard_open_cookie(key, nonce, about, sizeof(about), bytes, nr_bytes));
	UNIT_CHECK(memcmp(bytes, text, nr_bytes) == 0);
}

/* Both messages and the first of data each way, as python-noiseprotocol 0.3.1 makes them of these keys (the MACs and
 * headers by Python's hashlib): keys 1 and 2 are static, 3 and 4 ephemeral, 5 is preshared. */
static const char vector_initiation[] =
	"01000000443322115e194dceac659c21c771b5441cd96dbbdd02d8233d6f679f79d2e8c7e5c61012cde063b698879565a1bd7ef987c61360"
	"a8006d829a49d807c488997d7e796bbab0611e6285092020a4888f8714b996f84da7b1bb1cc3948e6ad4f8c43fe6c45e84ae3d8739b7ae79"
	"5d4318f7c2d86581607144d43eccc541881a5cef";
static const char vector_response[] =
	"02000000887766554433221177e00c77c6a67485476e799513580c3489ddb42376b8d73b1f8cf98190bb4a5722166d469bd879f398b9c7c1"
	"be0f51934c69255e64a2d3ab47ead8a16d4da9b7";
static const char vector_stamp[] = "400000006650c1aa0a000000";

struct ends {
	struct noise_identity initiator, responder;
	struct noise_handshake asking, answering;
	uint8_t ephemeral_asking[32], ephemeral_answering[32];
};

static void begin_ends(struct ends *ends)
{
	uint8_t key[32], preshared[32];

	net_key(key, 1);
	noise_set_identity(&ends->initiator, key);
	net_key(key, 2);
	noise_set_identity(&ends->responder, key);
	net_key(ends->ephemeral_asking, 3);
	net_key(ends->ephemeral_answering, 4);
	net_key(preshared, 5);
	UNIT_CHECK(noise_begin(&ends->asking, &ends->initiator, ends->responder.public_key, preshared));
	UNIT_CHECK(noise_begin(&ends->answering, &ends->responder, ends->initiator.public_key, preshared));
}

static void test_handshake(void)
{
	static struct ends ends;
	struct cookie_keys macs;
	struct cookie_held held = { .has_sent = false };
	struct noise_initiation initiation;
	struct noise_keys asking, answering;
	uint8_t message[NOISE_INITIATION_BYTES], stamp[NOISE_TIMESTAMP_BYTES], data[5 + WIREGUARD_TAG_BYTES];

	begin_ends(&ends);
	from_hex(vector_stamp, stamp);
	UNIT_CHECK(noise_write_initiation(&ends.asking, &ends.initiator, ends.ephemeral_asking, stamp, 0x11223344, message));
	cookie_set_keys(&macs, ends.responder.public_key);
	cookie_write_macs(&macs, &held, 0, message, NOISE_INITIATION_MACS);
	expect_bytes("the initiation", message, vector_initiation);
	UNIT_CHECK(cookie_is_mac1_good(&macs, message, NOISE_INITIATION_MACS));
	UNIT_CHECK(noise_read_initiation(&ends.responder, message, &initiation));
	UNIT_CHECK(memcmp(initiation.peer, ends.initiator.public_key, 32) == 0);
	UNIT_CHECK(noise_take_initiation(&ends.answering, message, &initiation));
	expect_bytes("the time", initiation.timestamp, vector_stamp);
	UNIT_CHECK(noise_write_response(&ends.answering, ends.ephemeral_answering, 0x55667788, message));
	cookie_set_keys(&macs, ends.initiator.public_key);
	cookie_write_macs(&macs, &held, 0, message, NOISE_RESPONSE_MACS);
	expect_bytes("the response", message, vector_response);
	UNIT_CHECK(noise_read_response(&ends.asking, &ends.initiator, message));
	UNIT_CHECK(noise_derive(&ends.asking, &asking) && noise_derive(&ends.answering, &answering));
	UNIT_CHECK(asking.index == 0x11223344 && asking.peer_index == 0x55667788 && asking.is_initiator);
	UNIT_CHECK(answering.index == 0x55667788 && answering.peer_index == 0x11223344 && !answering.is_initiator);
	memcpy(data, "hello", 5);
	wireguard_seal(asking.send, 0, NULL, 0, data, 5);
	expect_bytes("data", data, "3c457141f6f3f6038e5662499e2c96d827ba1584ad");
	UNIT_CHECK(wireguard_open(answering.receive, 0, NULL, 0, data, 5));
	memcpy(data, "there", 5);
	wireguard_seal(answering.send, 0, NULL, 0, data, 5);
	expect_bytes("data back", data, "9153cddc2fed345473de948150bb8cfe063121f179");
	UNIT_CHECK(wireguard_open(asking.receive, 0, NULL, 0, data, 5));
	UNIT_CHECK(!noise_derive(&ends.asking, &asking)); /* forgotten */
	UNIT_CHECK(wireguard_is_zero(ends.asking.chaining_key, 32) && wireguard_is_zero(ends.asking.ephemeral, 32));
}

/* No bit of what is authentic may differ, and what is refused changes nothing. */
static void test_changed_handshake(void)
{
	static struct ends ends;
	struct noise_initiation initiation;
	uint8_t message[NOISE_INITIATION_BYTES], changed[NOISE_INITIATION_BYTES], stamp[NOISE_TIMESTAMP_BYTES];
	struct noise_handshake before;

	begin_ends(&ends);
	from_hex(vector_stamp, stamp);
	noise_write_initiation(&ends.asking, &ends.initiator, ends.ephemeral_asking, stamp, 1, message);
	before = ends.answering;
	for (unsigned bit = 8 * NOISE_INITIATION_EPHEMERAL; bit < 8 * NOISE_INITIATION_MACS; bit += 5) {
		memcpy(changed, message, sizeof(changed));
		changed[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (noise_read_initiation(&ends.responder, changed, &initiation) &&
		    noise_take_initiation(&ends.answering, changed, &initiation))
			unit_fail("an initiation with another bit %u", bit);
	}
	UNIT_CHECK(memcmp(&before, &ends.answering, sizeof(before)) == 0);
	UNIT_CHECK(noise_read_initiation(&ends.responder, message, &initiation));
	UNIT_CHECK(noise_take_initiation(&ends.answering, message, &initiation));
	UNIT_CHECK(!noise_take_initiation(&ends.answering, message, &initiation)); /* a replay */
	noise_write_response(&ends.answering, ends.ephemeral_answering, 2, message);
	before = ends.asking;
	for (unsigned bit = 8 * NOISE_RESPONSE_EPHEMERAL; bit < 8 * NOISE_RESPONSE_MACS; bit += 5) {
		memcpy(changed, message, sizeof(changed));
		changed[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (noise_read_response(&ends.asking, &ends.initiator, changed))
			unit_fail("a response with another bit %u", bit);
	}
	UNIT_CHECK(memcmp(&before, &ends.asking, sizeof(before)) == 0);
	ends.asking.preshared_key[0] ^= 1;
	UNIT_CHECK(!noise_read_response(&ends.asking, &ends.initiator, message));
	ends.asking.preshared_key[0] ^= 1;
	UNIT_CHECK(noise_read_response(&ends.asking, &ends.initiator, message));
}

/* Against all counters that came, written down. */
static void test_window(void)
{
	static struct wireguard_session session;
	static uint8_t came[40000];
	struct noise_keys keys = { .index = 1 };
	uint64_t highest = 0;

	for (unsigned turn = 0; turn < 20; turn++) {
		wireguard_session_begin(&session, &keys, 0);
		memset(came, 0, sizeof(came));
		highest = 0;
		for (unsigned i = 0; i < 5000; i++) {
			uint64_t counter = unit_random() % 50 == 0 ? highest + unit_random() % 3000 : highest + 3 - unit_random() % 2100;
			bool wanted;

			if (counter > highest + 10000)
				counter = 0; /* it was below */
			if (counter >= sizeof(came))
				break;
			if (counter > highest)
				highest = counter;
			wanted = came[counter] == 0 && highest + 1 - counter <= WIREGUARD_WINDOW;
			if (wireguard_session_note(&session, counter) != wanted)
				unit_fail("counter %llu behind %llu: not %d", (unsigned long long)counter,
					  (unsigned long long)highest, wanted);
			came[counter] = 1;
		}
	}
	UNIT_CHECK(wireguard_session_note(&session, UINT64_MAX - 1));
	UNIT_CHECK(!wireguard_session_note(&session, UINT64_MAX - 1));
	UNIT_CHECK(!wireguard_session_note(&session, UINT64_MAX));
	UNIT_CHECK(!wireguard_session_note(&session, highest));
}

static void test_traffic(void)
{
	static const size_t sizes[] = { 20, 21, 35, 36, 37, 1000, 1404, 1419, 1420 };
	struct net_node *from = &net_nodes[0];
	uint8_t v6[48] = { 0x60, [5] = 8, [8] = 0xfd, [23] = 1, [24] = 0xfd, [39] = 2, [40] = 1, 2, 3 };

	net_begin();
	for (unsigned i = 0; i < ARRAY_LENGTH(sizes); i++) {
		UNIT_CHECK(net_arrives(0, 1, sizes[i]));
		UNIT_CHECK(net_arrives(1, 0, sizes[i]));
		UNIT_CHECK(net_arrives(2, 0, sizes[i]));
	}
	UNIT_EQUAL(net_nodes[0].delivered_peer, 1);
	UNIT_EQUAL(net_peer(0, 1)->nr_handshakes, 1);
	UNIT_EQUAL(from->events[WIREGUARD_UP], 2);
	wireguard_transmit(&from->wireguard, v6, sizeof(v6));
	net_run();
	UNIT_CHECK(net_nodes[1].delivered_bytes == sizeof(v6) && memcmp(net_nodes[1].delivered, v6, sizeof(v6)) == 0);
	net_transmit(0, 1, 1421);
	UNIT_EQUAL(from->wireguard.drops[WIREGUARD_DROP_TOO_LONG], 1);
	net_transmit(0, 7, 100);
	UNIT_EQUAL(from->wireguard.drops[WIREGUARD_DROP_NO_PEER], 1);
	wireguard_transmit(&from->wireguard, (const uint8_t *)"E", 1);
	UNIT_EQUAL(from->wireguard.drops[WIREGUARD_DROP_INNER], 1);
	UNIT_CHECK(net_first == net_behind);
}

/* Data are padded to 16 bytes, but not beyond the MTU. */
static void test_padding(void)
{
	static const struct {
		size_t packet, datagram;
	} cases[] = { { 20, 64 }, { 32, 64 }, { 33, 80 }, { 1408, 1440 }, { 1409, 1452 }, { 1420, 1452 } };

	net_begin();
	UNIT_CHECK(net_arrives(0, 1, 100));
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct net_datagram datagram;

		net_transmit(0, 1, cases[i].packet);
		datagram = net_take();
		UNIT_EQUAL(datagram.nr_bytes, cases[i].datagram);
		net_hand(datagram);
		UNIT_EQUAL(net_nodes[1].delivered_bytes, cases[i].packet);
	}
}

static void test_foreign_source(void)
{
	uint8_t packet[100];

	net_begin();
	UNIT_CHECK(net_arrives(0, 1, 100));
	net_packet(packet, sizeof(packet), 3, 2); /* node 2's address */
	wireguard_transmit(&net_nodes[0].wireguard, packet, sizeof(packet));
	net_run();
	UNIT_EQUAL(net_nodes[1].nr_delivered, 1);
	UNIT_EQUAL(net_nodes[1].wireguard.drops[WIREGUARD_DROP_INNER], 1);
}

static void test_replay(void)
{
	struct net_datagram datagram;

	net_begin();
	UNIT_CHECK(net_arrives(0, 1, 100));
	net_transmit(0, 1, 100);
	datagram = net_take();
	net_put(&datagram.from, &datagram.to, datagram.bytes, datagram.nr_bytes);
	net_hand(datagram);
	UNIT_EQUAL(net_nodes[1].nr_delivered, 2);
	net_run();
	UNIT_EQUAL(net_nodes[1].nr_delivered, 2);
	UNIT_EQUAL(net_nodes[1].wireguard.drops[WIREGUARD_DROP_REPLAY], 1);
	net_transmit(0, 1, 100);
	net_queue[net_first % NET_QUEUE].bytes[20] ^= 1;
	net_run();
	UNIT_EQUAL(net_nodes[1].wireguard.drops[WIREGUARD_DROP_FORGED], 1);
	UNIT_EQUAL(net_nodes[1].nr_delivered, 2);
}

/* The longest prefix's peer gets it, of whatever order they stand in. */
static void test_prefixes(void)
{
	struct wireguard_config config = net_config(0);
	static const struct {
		const char *to;
		int peer;
	} cases[] = { { "10.1.2.3", 0 }, { "10.1.2.4", 1 }, { "10.1.3.1", 0 }, { "11.0.0.1", 1 }, { "10.0.0.2", 0 },
		      { "fd00:1::1", 1 }, { "fd00:1:2::1", 0 }, { "fd00:1:3::1", 0 }, { "fd00:1:4::1", 1 }, { "2001:db8::1", -1 } };

	net_allow(&config, 1, "0.0.0.0/0");
	net_allow(&config, 0, "10.0.0.0/8");
	net_allow(&config, 1, "10.1.2.0/24");
	net_allow(&config, 0, "10.1.2.3/32");
	net_allow(&config, 1, "fd00:1::/32");
	net_allow(&config, 0, "fd00:1:2::/47");
	net_begin();
	net_begin_node(0, &config, NULL);
	UNIT_CHECK(net_arrives(0, 1, 100) && net_arrives(0, 2, 100));
	for (unsigned i = 0; i < ARRAY_LENGTH(cases); i++) {
		uint64_t before[] = { net_peer(0, 1)->sent_bytes, net_peer(0, 2)->sent_bytes };
		struct ip_address to;
		uint8_t packet[60];
		int peer;

		ip_read_address(cases[i].to, strlen(cases[i].to), &to);
		net_packet(packet, sizeof(packet), 1, 1);
		memcpy(packet + 16, to.bytes, 4);
		if (to.family == IP_V6) {
			memset(packet, 0, sizeof(packet));
			packet[0] = 0x60;
			packet[5] = 20;
			memcpy(packet + 24, to.bytes, 16);
		}
		wireguard_transmit(&net_nodes[0].wireguard, packet, sizeof(packet));
		net_run();
		peer = net_peer(0, 1)->sent_bytes != before[0] ? 0 : net_peer(0, 2)->sent_bytes != before[1] ? 1 : -1;
		if (peer != cases[i].peer)
			unit_fail("%s goes to %d", cases[i].to, peer);
	}
}

static void test_staged(void)
{
	net_begin();
	for (unsigned i = 0; i < WIREGUARD_STAGED_MAXIMUM + 3; i++)
		net_transmit(0, 1, 100 + i);
	UNIT_EQUAL(net_nodes[0].nr_sent, 1); /* the initiation */
	UNIT_EQUAL(net_nodes[0].wireguard.drops[WIREGUARD_DROP_STAGED], 3);
	net_run();
	UNIT_EQUAL(net_nodes[1].nr_delivered, WIREGUARD_STAGED_MAXIMUM);
	UNIT_EQUAL(net_nodes[1].delivered_bytes, 100 + WIREGUARD_STAGED_MAXIMUM + 2);
	UNIT_EQUAL(net_nodes[0].nr_sent, 1 + WIREGUARD_STAGED_MAXIMUM);
}

/* Who began asks for new keys after 120 s; no packet is lost by it, whichever way it goes. */
static void test_rekey_by_time(void)
{
	uint32_t index;

	for (unsigned sender = 0; sender < 2; sender++) {
		net_begin();
		UNIT_CHECK(net_arrives(0, 1, 100));
		index = net_peer(0, 1)->current.keys.index;
		for (unsigned seconds = 0; seconds < 600; seconds++) {
			net_wait(1000, true);
			UNIT_CHECK(net_arrives(sender, 1 - sender, 100));
			if (seconds == 110)
				UNIT_EQUAL(net_peer(0, 1)->current.keys.index, index);
			if (seconds == 175)
				UNIT_CHECK(net_peer(0, 1)->current.keys.index != index);
		}
		UNIT_CHECK(net_peer(0, 1)->nr_handshakes >= 4 && net_peer(0, 1)->nr_handshakes <= 6);
		UNIT_EQUAL(net_nodes[0].events[WIREGUARD_UP], 1);
		UNIT_EQUAL(net_nodes[0].events[WIREGUARD_REKEYED], net_peer(0, 1)->nr_handshakes - 1);
		UNIT_EQUAL(net_nodes[0].events[WIREGUARD_DOWN], 0);
	}
}

static void test_rekey_by_messages(void)
{
	net_begin();
	UNIT_CHECK(net_arrives(0, 1, 100));
	net_wait(6000, true);
	net_peer(0, 1)->current.send_counter = WIREGUARD_REKEY_AFTER_MESSAGES;
	UNIT_CHECK(net_arrives(0, 1, 100));
	UNIT_EQUAL(net_peer(0, 1)->nr_handshakes, 1);
	UNIT_CHECK(net_arrives(0, 1, 100));
	UNIT_EQUAL(net_peer(0, 1)->nr_handshakes, 2);
	/* The responder too asks by this. */
	net_wait(6000, true);
	net_peer(1, 0)->current.send_counter = WIREGUARD_REKEY_AFTER_MESSAGES + 1;
	UNIT_CHECK(net_arrives(1, 0, 100));
	UNIT_EQUAL(net_peer(1, 0)->nr_handshakes, 3);
	net_wait(6000, true);
	net_peer(0, 1)->current.send_counter = WIREGUARD_REJECT_AFTER_MESSAGES;
	net_transmit(0, 1, 100);
	UNIT_EQUAL(net_behind - net_first, 1);
	UNIT_EQUAL(net_queue[net_first % NET_QUEUE].bytes[0], WIREGUARD_INITIATION);
	net_run();
	UNIT_EQUAL(net_peer(0, 1)->current.send_counter, 1);
}

/* By `ritectl vpn rekey` and the like. */
static void test_rekey_by_wish(void)
{
	net_begin();
	UNIT_CHECK(wireguard_rekey(&net_nodes[0].wireguard, 0));
	net_run();
	UNIT_EQUAL(net_peer(0, 1)->nr_handshakes, 1);
	UNIT_CHECK(!wireguard_rekey(&net_nodes[0].wireguard, 0));
	net_wait(WIREGUARD_REKEY_TIMEOUT_MS, true);
	UNIT_CHECK(wireguard_rekey(&net_nodes[0].wireguard, 0));
	net_run();
	UNIT_EQUAL(net_peer(0, 1)->nr_handshakes, 2);
	UNIT_CHECK(net_arrives(0, 1, 100) && net_arrives(1, 0, 100));
}

/* What was on its way by the keys before still arrives, whoever asked for new ones. */
static void test_rekey_on_the_way(void)
{
	struct net_datagram before;

	for (unsigned asking = 0; asking < 2; asking++) {
		for (unsigned sender = 0; sender < 2; sender++) {
			net_begin();
			UNIT_CHECK(net_arrives(0, 1, 100));
			net_wait(6000, true);
			net_transmit(sender, 1 - sender, 100);
			before = net_take();
			UNIT_CHECK(wireguard_rekey(&net_nodes[asking].wireguard, 0));
			net_run();
			UNIT_EQUAL(net_peer(asking, 1 - asking)->nr_handshakes, 2);
			net_hand(before);
			UNIT_EQUAL(net_nodes[1 - sender].nr_delivered, sender == 0 ? 2 : 1);
			/* But not by those before these. */
			net_wait(6000, true);
			net_transmit(sender, 1 - sender, 100);
			before = net_take();
			for (unsigned i = 0; i < 2; i++) {
				UNIT_CHECK(wireguard_rekey(&net_nodes[asking].wireguard, 0));
				net_run();
				net_wait(6000, true);
			}
			net_hand(before);
			UNIT_EQUAL(net_nodes[1 - sender].nr_delivered, sender == 0 ? 2 : 1);
			UNIT_EQUAL(net_nodes[1 - sender].wireguard.drops[WIREGUARD_DROP_SESSION], 1);
		}
	}
}

/* Who began and is only sent to asks in time too: 15 s before its keys are too old. */
static void test_rekey_late(void)
{
	unsigned sent;

	net_begin();
	UNIT_CHECK(net_arrives(0, 1, 100));
	net_wait(166000, true);
	sent = net_nodes[0].nr_sent;
	net_transmit(1, 0, 100);
	net_hand(net_take());
	UNIT_EQUAL(net_nodes[0].nr_sent, sent + 1);
	UNIT_EQUAL(net_queue[net_first % NET_QUEUE].bytes[0], WIREGUARD_INITIATION);
	net_run();
	UNIT_EQUAL(net_peer(0, 1)->nr_handshakes, 2);
}

/* What was sealed by keys older than 180 s is not taken, nor are they used. */
static void test_reject_by_time(void)
{
	struct net_datagram late;

	net_begin();
	UNIT_CHECK(net_arrives(0, 1, 100));
	net_wait(20000, true);
	net_transmit(0, 1, 100);
	late = net_take();
	net_wait(WIREGUARD_REJECT_AFTER_MS - 20000, false);
	net_hand(late);
	UNIT_EQUAL(net_nodes[1].nr_delivered, 1);
	UNIT_EQUAL(net_nodes[1].wireguard.drops[WIREGUARD_DROP_SESSION], 1);
	net_lose();
	net_transmit(1, 0, 100);
	for (unsigned i = net_first; i != net_behind; i++)
		UNIT_CHECK(net_queue[i % NET_QUEUE].bytes[0] == WIREGUARD_INITIATION);
}

/* One who gets data and sends none says after 10 s that it is there; one who hears nothing for 15 s asks for keys. */
static void test_silence(void)
{
	unsigned sent;

	net_begin();
	UNIT_CHECK(net_arrives(0, 1, 100));
	sent = net_nodes[1].nr_sent;
	net_wait(9900, true);
	UNIT_EQUAL(net_nodes[1].nr_sent, sent);
	net_wait(200, true);
	UNIT_EQUAL(net_nodes[1].nr_sent, sent + 1);
	UNIT_EQUAL(net_nodes[0].nr_delivered, 0);
	net_wait(30000, true);
	UNIT_EQUAL(net_nodes[1].nr_sent, sent + 1);
	UNIT_EQUAL(net_peer(0, 1)->nr_handshakes, 1);
	UNIT_CHECK(net_arrives(0, 1, 100) && net_arrives(1, 0, 100)); /* an answer says it as well */
	net_wait(9000, true);
	UNIT_CHECK(net_arrives(1, 0, 100) && net_arrives(0, 1, 100));
	net_wait(9000, true);
	UNIT_EQUAL(net_nodes[1].nr_sent, sent + 3);
	net_wait(30000, true);
	sent = net_nodes[0].nr_sent;
	net_transmit(0, 1, 100);
	net_wait(14900, false);
	UNIT_EQUAL(net_nodes[0].nr_sent, sent + 1);
	net_wait(600, false);
	UNIT_EQUAL(net_nodes[0].nr_sent, sent + 2);
	net_wait(20000, true);
	UNIT_EQUAL(net_peer(0, 1)->nr_handshakes, 2);
}

/* Of a peer that is gone: initiations every 5 s for 90 s, then nothing, and all keys are forgotten. */
static void test_gone(void)
{
	unsigned sent;

	net_begin();
	UNIT_CHECK(net_arrives(0, 1, 100));
	sent = net_nodes[0].nr_sent;
	net_transmit(0, 1, 100);
	net_wait(115000, false);
	UNIT_CHECK(net_nodes[0].nr_sent >= sent + 18 && net_nodes[0].nr_sent <= sent + 21);
	UNIT_EQUAL(net_nodes[0].events[WIREGUARD_DOWN], 1);
	sent = net_nodes[0].nr_sent;
	net_wait(100000, false);
	UNIT_EQUAL(net_nodes[0].nr_sent, sent);
	net_wait(400000, false);
	UNIT_CHECK(wireguard_is_zero((const uint8_t *)&net_peer(0, 1)->current, sizeof(struct wireguard_session)));
	UNIT_CHECK(wireguard_is_zero((const uint8_t *)&net_peer(1, 0)->current, sizeof(struct wireguard_session)));
	UNIT_EQUAL(net_nodes[1].events[WIREGUARD_DOWN], 1);
	UNIT_CHECK(net_arrives(0, 1, 100)); /* it is back */
	UNIT_EQUAL(net_nodes[0].events[WIREGUARD_UP], 2);
	/* Of one that never was there, what waited is dropped. */
	net_begin();
	net_transmit(0, 1, 100);
	net_wait(115000, false);
	UNIT_EQUAL(net_nodes[0].wireguard.drops[WIREGUARD_DROP_STAGED], 1);
	UNIT_EQUAL(net_peer(0, 1)->nr_staged, 0);
	net_wait(10000, true);
	UNIT_EQUAL(net_nodes[1].nr_delivered, 0);
}

/* With something to send all the time it asks on, and says that the peer is gone when the keys are too old. */
static void test_gone_under_traffic(void)
{
	net_begin();
	UNIT_CHECK(net_arrives(0, 1, 100));
	for (unsigned seconds = 0; seconds < 400; seconds++) {
		net_transmit(0, 1, 100);
		net_wait(1000, false);
		UNIT_EQUAL(net_nodes[0].events[WIREGUARD_DOWN], seconds >= 180);
	}
	net_wait(6000, true);
	UNIT_EQUAL(net_nodes[1].nr_delivered, 1 + WIREGUARD_STAGED_MAXIMUM);
	UNIT_EQUAL(net_nodes[0].events[WIREGUARD_UP], 2);
}

static void test_persistent(void)
{
	struct wireguard_config config = net_config(0);
	unsigned sent;

	config.peers[0].keepalive_seconds = 25;
	net_begin();
	net_begin_node(0, &config, NULL);
	net_run();
	UNIT_EQUAL(net_peer(0, 1)->nr_handshakes, 1); /* at once */
	sent = net_nodes[0].nr_sent;
	net_wait(100500, true);
	UNIT_EQUAL(net_nodes[0].nr_sent, sent + 4);
	net_wait(600000, true);
	UNIT_CHECK(net_peer(0, 1)->nr_handshakes >= 5);
	UNIT_EQUAL(net_nodes[1].nr_delivered, 0);
}

/* Who comes from elsewhere is answered there, once what came is genuine. */
static void test_roaming(void)
{
	struct ip_endpoint elsewhere = net_endpoint(99, 1234);
	struct net_datagram initiation;

	net_begin();
	UNIT_CHECK(net_arrives(0, 1, 100));
	net_nodes[0].at = elsewhere;
	net_transmit(0, 1, 100);
	net_queue[net_first % NET_QUEUE].bytes[30] ^= 1;
	net_run();
	UNIT_CHECK(!ip_is_same_endpoint(&net_peer(1, 0)->endpoint, &elsewhere));
	UNIT_CHECK(net_arrives(0, 1, 100));
	UNIT_CHECK(ip_is_same_endpoint(&net_peer(1, 0)->endpoint, &elsewhere));
	UNIT_EQUAL(net_nodes[1].events[WIREGUARD_ROAMED], 1);
	UNIT_CHECK(net_arrives(1, 0, 100));
	/* The answer to an initiation comes from elsewhere. */
	net_begin();
	net_transmit(0, 1, 100);
	initiation = net_take();
	initiation.to = net_nodes[1].at = elsewhere;
	net_hand(initiation);
	net_run();
	UNIT_EQUAL(net_nodes[1].nr_delivered, 1);
	/* One without an endpoint learns it. */
	net_begin();
	net_peer(1, 0)->endpoint = (struct ip_endpoint){ 0 };
	net_transmit(1, 0, 100);
	UNIT_EQUAL(net_nodes[1].wireguard.drops[WIREGUARD_DROP_NO_ENDPOINT], 1);
	UNIT_CHECK(!wireguard_rekey(&net_nodes[1].wireguard, 0));
	UNIT_CHECK(net_arrives(0, 1, 100) && net_arrives(1, 0, 100));
}

static void test_preshared(void)
{
	struct wireguard_config config = net_config(0);

	memset(config.peers[0].preshared_key, 7, WIREGUARD_KEY_BYTES);
	net_begin();
	net_begin_node(0, &config, NULL);
	UNIT_CHECK(!net_arrives(0, 1, 100));
	UNIT_EQUAL(net_nodes[0].wireguard.drops[WIREGUARD_DROP_HANDSHAKE], 1);
	UNIT_CHECK(net_arrives(0, 2, 100));
	config = net_config(1);
	memset(config.peers[0].preshared_key, 7, WIREGUARD_KEY_BYTES);
	net_begin_node(1, &config, NULL);
	net_wait(6000, true);
	UNIT_EQUAL(net_nodes[1].nr_delivered, 1); /* what waited */
}

/* Both ask at once: they have keys at last, and the same ones. */
static void test_both_ask(void)
{
	net_begin();
	net_transmit(0, 1, 100);
	net_transmit(1, 0, 100);
	net_run();
	net_wait(12000, true);
	UNIT_EQUAL(net_nodes[0].nr_delivered, 1);
	UNIT_EQUAL(net_nodes[1].nr_delivered, 1);
	UNIT_CHECK(net_arrives(0, 1, 100) && net_arrives(1, 0, 100));
}

/* A recorded initiation does nothing; one of a clock that went back works, as long as what was kept is given back. */
static void test_stamp(void)
{
	struct wireguard_config config = net_config(0);
	uint8_t stamp[NOISE_TIMESTAMP_BYTES];
	struct net_datagram initiation;

	net_begin();
	net_transmit(0, 1, 100);
	initiation = net_take();
	net_put(&initiation.from, &initiation.to, initiation.bytes, initiation.nr_bytes);
	net_run();
	net_wait(1000, true);
	net_hand(initiation);
	UNIT_EQUAL(net_nodes[1].wireguard.drops[WIREGUARD_DROP_HANDSHAKE], 1);
	memcpy(stamp, net_nodes[0].wireguard.stamp, sizeof(stamp));
	net_nodes[0].clock_behind = 86400;
	net_begin_node(0, &config, stamp);
	UNIT_CHECK(net_arrives(0, 1, 100));
	UNIT_CHECK(memcmp(net_nodes[0].wireguard.stamp, stamp, sizeof(stamp)) > 0);
	net_begin_node(0, &config, NULL);
	net_wait(100, true);
	UNIT_CHECK(!net_arrives(0, 1, 100));
	UNIT_EQUAL(net_nodes[1].wireguard.drops[WIREGUARD_DROP_HANDSHAKE], 2);
}

/* As many initiations as make a load; they are of one who knows our public key, and genuine only so far. */
static void flood(unsigned number, unsigned from)
{
	uint8_t message[NOISE_INITIATION_BYTES];

	for (unsigned i = 0; i < number; i++) {
		struct ip_endpoint source = net_endpoint(from, 4000);
		struct cookie_held held = { .has_sent = false };

		net_random(NULL, message, sizeof(message));
		wireguard_store32(message, WIREGUARD_INITIATION);
		cookie_write_macs(&net_nodes[1].wireguard.cookie_keys, &held, 0, message, NOISE_INITIATION_MACS);
		wireguard_receive(&net_nodes[1].wireguard, &source, message, sizeof(message));
	}
}

/* Under load, one who does not show that it receives where it sends from gets a cookie, and no arithmetic. */
static void test_cookies(void)
{
	struct wireguard *loaded = &net_nodes[1].wireguard;

	net_begin();
	net_wait(2000, true);
	flood(32, 50);
	UNIT_EQUAL(loaded->drops[WIREGUARD_DROP_HANDSHAKE], 32);
	UNIT_EQUAL(net_nodes[1].nr_sent, 0);
	flood(3, 50);
	UNIT_EQUAL(loaded->drops[WIREGUARD_DROP_LOAD], 3);
	UNIT_EQUAL(net_nodes[1].nr_sent, 3); /* cookies */
	net_lose();
	UNIT_CHECK(!net_arrives(0, 1, 100));
	UNIT_CHECK(net_peer(0, 1)->cookie.has_cookie);
	for (unsigned i = 0; i < 60; i++) { /* it goes on, and the asker comes again */
		flood(40, 50);
		net_wait(100, true);
	}
	UNIT_EQUAL(net_nodes[1].nr_delivered, 1);
	UNIT_EQUAL(net_peer(0, 1)->nr_handshakes, 1);
	/* A cookie is for one address. */
	net_nodes[0].at = net_endpoint(98, 51820);
	net_wait(WIREGUARD_REKEY_TIMEOUT_MS, true);
	flood(40, 50);
	net_lose();
	wireguard_rekey(&net_nodes[0].wireguard, 0);
	net_run();
	UNIT_EQUAL(net_peer(0, 1)->nr_handshakes, 1);
	/* And for 120 s. */
	net_wait(WIREGUARD_REKEY_TIMEOUT_MS + 400, true);
	UNIT_EQUAL(net_peer(0, 1)->nr_handshakes, 2);
	net_wait(COOKIE_SECRET_MS, true);
	flood(40, 50);
	net_lose();
	wireguard_rekey(&net_nodes[0].wireguard, 0);
	net_run();
	UNIT_EQUAL(net_peer(0, 1)->nr_handshakes, 2);
	UNIT_CHECK(loaded->drops[WIREGUARD_DROP_MAC] == 0);
}

/* A cookie is for an address, a port and 120 s. */
static void test_cookie(void)
{
	struct ip_endpoint source = net_endpoint(50, 4000), other = source;
	struct cookie_secret secret = { .has_secret = false };
	struct cookie_held held = { .has_sent = false };
	uint8_t message[NOISE_INITIATION_BYTES] = { WIREGUARD_INITIATION }, answer[COOKIE_BYTES], random[32] = { 1 };
	struct cookie_keys keys;

	cookie_set_keys(&keys, random);
	UNIT_CHECK(!cookie_is_mac2_good(&secret, 0, &source, message, NOISE_INITIATION_MACS));
	cookie_set_secret(&secret, random, 1000);
	cookie_write_macs(&keys, &held, 1000, message, NOISE_INITIATION_MACS);
	UNIT_CHECK(!cookie_is_mac2_good(&secret, 1000, &source, message, NOISE_INITIATION_MACS));
	cookie_write_answer(&keys, &secret, &source, random, message, NOISE_INITIATION_MACS, answer);
	answer[COOKIE_SEALED] ^= 1;
	UNIT_CHECK(!cookie_read_answer(&keys, &held, 1000, answer));
	answer[COOKIE_SEALED] ^= 1;
	UNIT_CHECK(cookie_read_answer(&keys, &held, 1000, answer));
	cookie_write_macs(&keys, &held, 1000, message, NOISE_INITIATION_MACS);
	UNIT_CHECK(cookie_is_mac2_good(&secret, 1000, &source, message, NOISE_INITIATION_MACS));
	UNIT_CHECK(cookie_is_mac2_good(&secret, 999 + COOKIE_SECRET_MS, &source, message, NOISE_INITIATION_MACS));
	UNIT_CHECK(!cookie_is_mac2_good(&secret, 1000 + COOKIE_SECRET_MS, &source, message, NOISE_INITIATION_MACS));
	other.port++;
	UNIT_CHECK(!cookie_is_mac2_good(&secret, 1000, &other, message, NOISE_INITIATION_MACS));
	other = source;
	other.address.bytes[3]++;
	UNIT_CHECK(!cookie_is_mac2_good(&secret, 1000, &other, message, NOISE_INITIATION_MACS));
	cookie_write_macs(&keys, &held, 996 + COOKIE_SECRET_MS, message, NOISE_INITIATION_MACS); /* too old to be used */
	UNIT_CHECK(!cookie_is_mac2_good(&secret, 1000, &source, message, NOISE_INITIATION_MACS));
}

/* One who has a cookie has five at once, then 20 a second. */
static void test_rate(void)
{
	struct wireguard *loaded = &net_nodes[1].wireguard;
	struct cookie_held held = { .has_sent = true };
	struct ip_endpoint source = net_endpoint(50, 4000);
	uint8_t message[NOISE_INITIATION_BYTES] = { WIREGUARD_INITIATION };
	struct net_datagram cookie;
	uint64_t before;

	net_begin();
	net_wait(2000, true);
	flood(40, 51);
	net_lose();
	cookie_write_macs(&loaded->cookie_keys, &held, net_ms, message, NOISE_INITIATION_MACS);
	wireguard_receive(loaded, &source, message, sizeof(message));
	cookie = net_take();
	UNIT_CHECK(cookie_read_answer(&loaded->cookie_keys, &held, net_ms, cookie.bytes));
	UNIT_CHECK(!cookie_read_answer(&loaded->cookie_keys, &held, net_ms, cookie.bytes));
	free(cookie.bytes);
	cookie_write_macs(&loaded->cookie_keys, &held, net_ms, message, NOISE_INITIATION_MACS);
	before = loaded->drops[WIREGUARD_DROP_HANDSHAKE];
	for (unsigned i = 0; i < 20; i++)
		wireguard_receive(loaded, &source, message, sizeof(message));
	UNIT_EQUAL(loaded->drops[WIREGUARD_DROP_HANDSHAKE], before + 5);
	net_wait(200, true);
	flood(1, 51);
	for (unsigned i = 0; i < 20; i++)
		wireguard_receive(loaded, &source, message, sizeof(message));
	UNIT_EQUAL(loaded->drops[WIREGUARD_DROP_HANDSHAKE], before + 9);
}

static void test_malformed(void)
{
	uint8_t *datagram;
	struct ip_endpoint from = net_endpoint(1, 51820);
	unsigned long long dropped = 0;

	net_begin();
	UNIT_CHECK(net_arrives(0, 1, 100));
	for (unsigned type = 0; type < 6; type++) {
		for (size_t nr_bytes = 0; nr_bytes < 200; nr_bytes++) {
			datagram = calloc(1, nr_bytes != 0 ? nr_bytes : 1);
			if (nr_bytes != 0)
				datagram[0] = (uint8_t)type;
			wireguard_receive(&net_nodes[1].wireguard, &from, datagram, nr_bytes);
			free(datagram);
		}
	}
	for (unsigned i = 0; i < WIREGUARD_NR_DROPS; i++)
		dropped += net_nodes[1].wireguard.drops[i];
	UNIT_EQUAL(dropped, 1200);
	UNIT_EQUAL(net_nodes[1].wireguard.drops[WIREGUARD_DROP_MALFORMED], 1200 - 168 - 3);
	UNIT_EQUAL(net_nodes[1].wireguard.drops[WIREGUARD_DROP_SESSION], 168);
	UNIT_EQUAL(net_nodes[1].wireguard.drops[WIREGUARD_DROP_MAC], 2);
	UNIT_CHECK(net_arrives(0, 1, 100));
}

static void test_useless_keys(void)
{
	struct wireguard_config config = net_config(0);
	static struct wireguard wireguard;
	char why[WIREGUARD_WHY_BYTES];

	config.peers[1].line = 12;
	memset(config.peers[1].public_key, 0, WIREGUARD_KEY_BYTES);
	config.peers[1].public_key[0] = 1;
	UNIT_CHECK(!wireguard_begin(&wireguard, &config, &net_nodes[0].host, net_time(&net_nodes[0]), NULL, why));
	UNIT_CHECK(strncmp(why, "line 12: PublicKey: ", 20) == 0);
	UNIT_CHECK(wireguard_is_zero((const uint8_t *)&wireguard, sizeof(wireguard)));
	wireguard_public_key(config.peers[1].public_key, config.private_key);
	UNIT_CHECK(!wireguard_begin(&wireguard, &config, &net_nodes[0].host, net_time(&net_nodes[0]), NULL, why));
}

/* A tenth of all is lost, some comes twice and in another order: no data are taken twice, and most arrive. */
static void test_bad_network(void)
{
	static uint8_t seen[40000];
	unsigned sent = 0, arrived = 0;

	net_begin();
	memset(seen, 0, sizeof(seen));
	for (unsigned turn = 0; turn < 6000; turn++) {
		uint8_t packet[64];

		net_ms += 100;
		net_advance();
		net_packet(packet, sizeof(packet), 1, 2);
		memcpy(packet + 20, &sent, sizeof(sent));
		sent++;
		wireguard_transmit(&net_nodes[0].wireguard, packet, sizeof(packet));
		while (net_first != net_behind && unit_random() % 8 != 0) {
			struct net_datagram datagram = net_take();
			unsigned before = net_nodes[1].nr_delivered, number;

			if (unit_random() % 10 == 0) {
				free(datagram.bytes);
				continue;
			}
			if (unit_random() % 10 == 0) /* a second time, later */
				net_put(&datagram.from, &datagram.to, datagram.bytes, datagram.nr_bytes);
			net_hand(datagram);
			if (net_nodes[1].nr_delivered == before)
				continue;
			memcpy(&number, net_nodes[1].delivered + 20, sizeof(number));
			if (number >= sent || seen[number]++ != 0)
				unit_fail("packet %u came twice", number);
			arrived++;
		}
	}
	UNIT_CHECK(arrived > sent * 8 / 10);
	UNIT_CHECK(net_peer(0, 1)->nr_handshakes >= 4);
}

int main(void)
{
	unit_run("BLAKE2s, HMAC and HKDF", test_hash);
	unit_run("X25519", test_dh);
	unit_run("ChaCha20-Poly1305", test_seal);
	unit_run("XChaCha20-Poly1305", test_seal_cookie);
	unit_run("a handshake is as another implementation makes it", test_handshake);
	unit_run("a handshake with another bit is none", test_changed_handshake);
	unit_run("the window knows what came", test_window);
	unit_run("packets arrive, whole and each way", test_traffic);
	unit_run("data are padded", test_padding);
	unit_run("a source that is not the peer's is dropped", test_foreign_source);
	unit_run("what comes twice, or is changed, is dropped", test_replay);
	unit_run("the longest prefix wins", test_prefixes);
	unit_run("packets wait for the handshake", test_staged);
	unit_run("new keys after 120 s", test_rekey_by_time);
	unit_run("new keys after 2^60 messages", test_rekey_by_messages);
	unit_run("new keys when asked for", test_rekey_by_wish);
	unit_run("what is on its way while keys change", test_rekey_on_the_way);
	unit_run("new keys before the old are useless", test_rekey_late);
	unit_run("keys of 180 s are too old", test_reject_by_time);
	unit_run("who hears nothing asks, who says nothing speaks", test_silence);
	unit_run("a peer that is gone is forgotten", test_gone);
	unit_run("a peer that is gone while packets come", test_gone_under_traffic);
	unit_run("persistent keepalive", test_persistent);
	unit_run("a peer roams", test_roaming);
	unit_run("a preshared key must be the same", test_preshared);
	unit_run("both ask at once", test_both_ask);
	unit_run("the time of an initiation never goes back", test_stamp);
	unit_run("a cookie is for one address", test_cookie);
	unit_run("cookies under load", test_cookies);
	unit_run("one sender has a rate", test_rate);
	unit_run("other datagrams are dropped", test_malformed);
	unit_run("keys that are none", test_useless_keys);
	unit_run("a network that loses and repeats", test_bad_network);
	return unit_failed;
}
