/*
 * tests/unit/egress.c: the list of what may leave, and that nothing else does.
 */
#include "mediator/net/egress.h"

#include "unit.h"

static const struct egress egress = {
	.mac = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 },
	.port = 51820,
	.nr_addresses = 2, .addresses = { { false, { 10, 0, 2, 15 } }, { true, { 0xfe, 0x80, [15] = 0x15 } } },
	.nr_peers = 2, .peers = { { { false, { 198, 51, 100, 7 } }, 443 }, { { true, { 0x20, 1, [15] = 7 } }, 444 } },
	.names = { [1] = "\3vpn\7example" }, .name_server = { 10, 0, 2, 3 },
};

struct made {
	uint8_t bytes[1600];
	uint32_t nr_bytes;
};

static void put16(uint8_t *bytes, uint32_t value)
{
	bytes[0] = (uint8_t)(value >> 8);
	bytes[1] = (uint8_t)value;
}

static void begin(struct made *made, uint32_t ethertype, uint32_t inside_bytes)
{
	memset(made, 0, sizeof(*made));
	memset(made->bytes, 0xff, 6);
	memcpy(made->bytes + 6, egress.mac, 6);
	put16(made->bytes + 12, ethertype);
	made->nr_bytes = 14 + inside_bytes < 60 ? 60 : 14 + inside_bytes;
}

static struct made make_arp(void)
{
	struct made made;

	begin(&made, 0x0806, 28);
	memcpy(made.bytes + 14, (uint8_t[]){ 0, 1, 8, 0, 6, 4, 0, 1 }, 8);
	memcpy(made.bytes + 22, egress.mac, 6);
	memcpy(made.bytes + 28, egress.addresses[0].bytes, 4);
	return made;
}

static struct made make_v4(const uint8_t *to, uint32_t from_port, uint32_t to_port, uint32_t nr_bytes)
{
	struct made made;

	begin(&made, 0x0800, 28 + nr_bytes);
	made.bytes[14] = 0x45;
	put16(made.bytes + 16, 28 + nr_bytes);
	made.bytes[23] = 17;
	memcpy(made.bytes + 26, egress.addresses[0].bytes, 4);
	memcpy(made.bytes + 30, to, 4);
	put16(made.bytes + 34, from_port);
	put16(made.bytes + 36, to_port);
	put16(made.bytes + 38, 8 + nr_bytes);
	made.bytes[42] = 4;
	return made;
}

/* For vpn.example. */
static struct made make_question(void)
{
	static const uint8_t question[] = { 9, 9, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 'v', 'p', 'n', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 1, 0, 1 };
	struct made made = make_v4(egress.name_server, 1234, 53, sizeof(question));

	memcpy(made.bytes + 42, question, sizeof(question));
	return made;
}

static struct made make_v6(const uint8_t *to, uint32_t from_port, uint32_t to_port, uint32_t nr_bytes)
{
	struct made made;

	begin(&made, 0x86dd, 48 + nr_bytes);
	made.bytes[14] = 0x60;
	put16(made.bytes + 18, 8 + nr_bytes);
	made.bytes[20] = 17;
	memcpy(made.bytes + 22, egress.addresses[1].bytes, 16);
	memcpy(made.bytes + 38, to, 16);
	put16(made.bytes + 54, from_port);
	put16(made.bytes + 56, to_port);
	put16(made.bytes + 58, 8 + nr_bytes);
	made.bytes[62] = 1;
	return made;
}

static struct made make_dhcp(void)
{
	struct made made = make_v4((uint8_t[]){ 255, 255, 255, 255 }, 68, 67, 300);

	memset(made.bytes + 26, 0, 4);
	memcpy(made.bytes + 42, (uint8_t[]){ 1, 1, 6 }, 3);
	memcpy(made.bytes + 42 + 28, egress.mac, 6);
	return made;
}

static struct made make_discovery(uint8_t type)
{
	uint32_t bytes = type == 133 ? 8 : 24;
	struct made made = make_v6((uint8_t[16]){ 0xff, 2, [15] = 1 }, 0, 0, bytes);

	made.bytes[20] = 58;
	made.bytes[21] = 255;
	memset(made.bytes + 54, 0, 32);
	made.bytes[54] = type;
	made.bytes[54 + bytes] = type == 136 ? 2 : 1;
	made.bytes[55 + bytes] = 1;
	memcpy(made.bytes + 56 + bytes, egress.mac, 6);
	made.bytes[18 + 1] = (uint8_t)(bytes + 8);
	made.nr_bytes = 54 + bytes + 8;
	return made;
}

/* From memory that ends with the frame. */
static const char *refuse(const struct made *made)
{
	uint8_t *copy = malloc(made->nr_bytes != 0 ? made->nr_bytes : 1);
	const char *why;

	if (made->nr_bytes != 0)
		memcpy(copy, made->bytes, made->nr_bytes);
	why = egress_refuse(&egress, copy, made->nr_bytes);
	free(copy);
	return why;
}

static void test_list(void)
{
	struct made all[] = {
		make_arp(), make_dhcp(), make_v4(egress.peers[0].address.bytes, 51820, 443, 32),
		make_v4(egress.peers[0].address.bytes, 51820, 443, 1472), make_question(),
		make_v6(egress.peers[1].address.bytes, 51820, 444, 100), make_discovery(133), make_discovery(135), make_discovery(136),
	};

	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const char *why = refuse(&all[i]);

		if (why != NULL)
			unit_fail("frame %u: %s", i, why);
		for (uint32_t bytes = 0; bytes < all[i].nr_bytes; bytes++) { /* never reads behind the end */
			struct made shorter = all[i];

			shorter.nr_bytes = bytes;
			(void)refuse(&shorter);
		}
		all[i].bytes[6] ^= 2;
		UNIT_CHECK(refuse(&all[i]) != NULL);
		all[i].bytes[6] ^= 2;
	}
}

/* One byte of what may leave is another. */
static void test_refused(void)
{
	struct made arp = make_arp(), dhcp = make_dhcp(), v4 = make_v4(egress.peers[0].address.bytes, 51820, 443, 32),
		    v6 = make_v6(egress.peers[1].address.bytes, 51820, 444, 100), question = make_question(),
		    discovery = make_discovery(135);
	const struct {
		const struct made *made;
		unsigned first, last;
	} cases[] = {
		{ &arp, 6, 31 }, { &arp, 42, 59 },		/* addresses, the header but its operation, padding */
		{ &dhcp, 6, 14 }, { &dhcp, 16, 17 }, { &dhcp, 20, 21 }, { &dhcp, 23, 23 }, { &dhcp, 26, 29 }, { &dhcp, 34, 39 },
		{ &dhcp, 42, 44 }, { &dhcp, 70, 75 }, { &v4, 6, 14 }, { &v4, 16, 17 }, { &v4, 21, 21 }, { &v4, 23, 23 },
		{ &v4, 26, 39 }, { &v4, 43, 45 }, { &v6, 6, 13 }, { &v6, 18, 20 }, { &v6, 22, 59 }, { &v6, 63, 65 },
		{ &question, 26, 33 }, { &question, 36, 39 }, { &question, 44, 70 }, { &discovery, 6, 13 }, { &discovery, 20, 39 }, { &discovery, 55, 55 }, { &discovery, 78, 85 },
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (unsigned at = cases[i].first; at <= cases[i].last; at++) {
			struct made other = *cases[i].made;

			other.bytes[at] ^= 0x90;
			if (refuse(&other) == NULL)
				unit_fail("case %u with another byte %u", i, at);
		}
	}
}

/* Neighbour discovery goes to who is near, with nothing behind it but the card's address; nothing goes of a family that no
 * peer is of. */
static void test_discovery(void)
{
	static const uint8_t near[][16] = { { 0xff, 2, [11] = 1, 0xff, 1, 2, 3 }, { 0xfe, 0x80, [15] = 9 }, { 0x20, 1, [15] = 9 } };
	static const uint8_t far[][16] = { { 0xff, 5, [15] = 1 }, { 0xff, 0xe, [15] = 1 }, { 0x20, 2, [15] = 9 }, { 0xfe, 0xc0, [15] = 9 } };
	struct egress other = egress;

	other.addresses[1] = (struct egress_address){ true, { 0x20, 1, [15] = 0x15 } };
	for (unsigned i = 0; i < sizeof(near) / sizeof(near[0]) + sizeof(far) / sizeof(far[0]); i++) {
		bool is_near = i < sizeof(near) / sizeof(near[0]);
		struct made made = make_discovery(136);

		memcpy(made.bytes + 22, other.addresses[1].bytes, 16);
		memcpy(made.bytes + 38, is_near ? near[i] : far[i - sizeof(near) / sizeof(near[0])], 16);
		if ((egress_refuse(&other, made.bytes, made.nr_bytes) == NULL) != is_near)
			unit_fail("to %u", i);
		made.bytes[18 + 1] += 8; /* with one option more */
		made.nr_bytes += 8;
		UNIT_CHECK(egress_refuse(&other, made.bytes, made.nr_bytes) != NULL);
	}
	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct made v4_made = make_v4(egress.peers[0].address.bytes, 51820, 443, 32), arp = make_arp(), dhcp = make_dhcp();
		struct made v6_made = make_v6(egress.peers[1].address.bytes, 51820, 444, 100), discovery = make_discovery(133);

		other = egress;
		other.peers[0] = egress.peers[v6];
		other.nr_peers = 1;
		UNIT_EQUAL(egress_refuse(&other, v4_made.bytes, v4_made.nr_bytes) == NULL, !v6);
		UNIT_EQUAL(egress_refuse(&other, arp.bytes, arp.nr_bytes) == NULL, !v6);
		UNIT_EQUAL(egress_refuse(&other, dhcp.bytes, dhcp.nr_bytes) == NULL, !v6);
		UNIT_EQUAL(egress_refuse(&other, v6_made.bytes, v6_made.nr_bytes) == NULL, v6);
		UNIT_EQUAL(egress_refuse(&other, discovery.bytes, discovery.nr_bytes) == NULL, v6);
	}
}

/* Nothing but the names of peers is asked for: not what begins as one, nor more behind it, nor where nobody has a name. */
static void test_questions(void)
{
	struct made made = make_question(), other;
	struct egress nobody = egress;

	UNIT_CHECK(refuse(&made) == NULL);
	memset(nobody.name_server, 0, 4);
	UNIT_CHECK(egress_refuse(&nobody, made.bytes, made.nr_bytes) != NULL);
	nobody = egress;
	memset(nobody.names, 0, sizeof(nobody.names));
	UNIT_CHECK(egress_refuse(&nobody, made.bytes, made.nr_bytes) != NULL);
	for (unsigned nr_bytes = 1; nr_bytes < 200; nr_bytes++) { /* of other lengths, with the end of a question */
		if (nr_bytes == 29)
			continue;
		other = make_v4(egress.name_server, 1234, 53, nr_bytes);
		memcpy(other.bytes + 42, made.bytes + 42, nr_bytes < 25 ? nr_bytes : 25);
		if (nr_bytes >= 16)
			memcpy(other.bytes + 42 + nr_bytes - 4, made.bytes + 42 + 25, 4);
		if (refuse(&other) == NULL)
			unit_fail("%u bytes", nr_bytes);
	}
	/* A peer whose name is not known yet is nowhere. */
	nobody = egress;
	nobody.peers[0] = (struct egress_endpoint){ 0 };
	other = make_v4((uint8_t[4]){ 0 }, 51820, 0, 32);
	UNIT_CHECK(egress_refuse(&nobody, other.bytes, other.nr_bytes) != NULL);
}

static void test_kinds(void)
{
	for (unsigned ethertype = 0; ethertype < 65536; ethertype++) {
		struct made made = make_v4(egress.peers[0].address.bytes, 51820, 443, 32);

		put16(made.bytes + 12, ethertype);
		if ((refuse(&made) == NULL) != (ethertype == 0x0800))
			unit_fail("ethertype %04x", ethertype);
	}
	for (unsigned type = 0; type < 256; type++) {
		struct made made = make_discovery((uint8_t)type);

		if ((refuse(&made) == NULL) != (type == 133 || type == 135 || type == 136))
			unit_fail("ICMPv6 %u", type);
	}
	for (unsigned fragment = 0; fragment < 65536; fragment++) {
		struct made made = make_v4(egress.peers[0].address.bytes, 51820, 443, 32);

		put16(made.bytes + 20, fragment);
		if ((refuse(&made) == NULL) != (fragment == 0 || fragment == 0x4000))
			unit_fail("fragment %04x", fragment);
	}
}

int main(void)
{
	unit_run("what is on the list leaves", test_list);
	unit_run("what differs in one byte does not", test_refused);
	unit_run("neighbours are near, and families those of peers", test_discovery);
	unit_run("questions are for peers alone", test_questions);
	unit_run("no other kinds, no fragments", test_kinds);
	return unit_failed;
}
