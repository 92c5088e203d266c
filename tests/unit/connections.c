/*
 * tests/unit/connections.c: rules and connections of the gem of packets; and its reader of DNS.
 */
#include "engine/gems/ritevisor-net/src/dns.h"
#include "engine/gems/ritevisor-net/src/rules.h"
#include "tests/unit/unit.h"

enum { SETS = 16, NOW = 1000 };

static struct rules rules;
static struct connection entries[SETS * CONNECTIONS_WAYS];
static struct filter filters[8];

static void begin(void)
{
	memset(entries, 0, sizeof(entries));
	rules = (struct rules){ .nr_rules = 0 };
	connections_init(&rules.connections, entries, SETS, 0x1234567);
}

static void rule(const char *text, bool allows, bool tracks)
{
	struct filter *filter = &filters[rules.nr_rules];
	char error[FILTER_ERROR_BYTES];

	if (!filter_compile(filter, text, strlen(text), error))
		unit_fail("%s: %s", text, error);
	rules.rules[rules.nr_rules++] = (struct rule){ .allows = allows, .tracks = tracks, .nr_steps = filter->nr_steps,
						       .steps = filter->steps };
}

/* A packet of the guest's (10.0.0.1) or for it, from or to 10.0.0.`other`. */
struct made {
	uint8_t bytes[128];
	struct packet packet;
};

static void parse(struct made *made, bool outbound)
{
	packet_parse(&made->packet, made->bytes, sizeof(made->bytes), sizeof(made->bytes), outbound);
}

static struct made *packet_made(uint8_t protocol, bool outbound, uint8_t other, uint16_t mine, uint16_t others, uint8_t flags)
{
	static struct made made;
	uint8_t *ip = made.bytes + 14;

	made = (struct made){ .bytes = { [12] = 8, [14] = 0x45 } };
	ip[3] = 114;
	ip[9] = protocol;
	memcpy(ip + 12, outbound ? (uint8_t[]){ 10, 0, 0, 1 } : (uint8_t[]){ 10, 0, 0, other }, 4);
	memcpy(ip + 16, outbound ? (uint8_t[]){ 10, 0, 0, other } : (uint8_t[]){ 10, 0, 0, 1 }, 4);
	ip[20] = (uint8_t)((outbound ? mine : others) >> 8);
	ip[21] = (uint8_t)(outbound ? mine : others);
	ip[22] = (uint8_t)((outbound ? others : mine) >> 8);
	ip[23] = (uint8_t)(outbound ? others : mine);
	ip[32] = 0x50;
	ip[33] = flags;
	parse(&made, outbound);
	return &made;
}

static enum rules_verdict judged(struct made *made, uint32_t now_s)
{
	return rules_judge(&rules, &made->packet, now_s);
}

static enum rules_verdict out(uint8_t protocol, uint8_t other, uint16_t mine, uint16_t others, uint8_t flags, uint32_t now_s)
{
	return judged(packet_made(protocol, true, other, mine, others, flags), now_s);
}

static enum rules_verdict in(uint8_t protocol, uint8_t other, uint16_t mine, uint16_t others, uint8_t flags, uint32_t now_s)
{
	return judged(packet_made(protocol, false, other, mine, others, flags), now_s);
}

static void the_first_rule_that_fits_decides(void)
{
	begin();
	rule("outbound and tcp dst port 25", false, false);
	rule("tcp", true, false);
	UNIT_EQUAL(out(6, 2, 4000, 25, 2, NOW), RULES_DROP);
	UNIT_EQUAL(in(6, 2, 25, 4000, 2, NOW), RULES_PASS);
	UNIT_EQUAL(out(6, 2, 4000, 80, 2, NOW), RULES_PASS);
	UNIT_EQUAL(out(17, 2, 4000, 80, 0, NOW), RULES_UNMATCHED);
	UNIT_EQUAL(rules.rules[0].packets, 1);
	UNIT_EQUAL(rules.rules[1].packets, 2);
}

static void answers_pass_and_nothing_else(void)
{
	begin();
	rule("outbound and tcp dst port 443", true, true);
	UNIT_EQUAL(in(6, 2, 4000, 443, 0x12, NOW), RULES_UNMATCHED);
	UNIT_EQUAL(out(6, 2, 4000, 443, 2, NOW), RULES_PASS);
	UNIT_EQUAL(in(6, 2, 4000, 443, 0x12, NOW), RULES_PASS);
	UNIT_EQUAL(in(6, 3, 4000, 443, 0x12, NOW), RULES_UNMATCHED);
	UNIT_EQUAL(in(6, 2, 4001, 443, 0x12, NOW), RULES_UNMATCHED);
	UNIT_EQUAL(in(6, 2, 4000, 444, 0x12, NOW), RULES_UNMATCHED);
	UNIT_EQUAL(in(17, 2, 4000, 443, 0, NOW), RULES_UNMATCHED);
	UNIT_EQUAL(connections_count(&rules.connections, NOW), 1);
}

static void connections_end(void)
{
	begin();
	rule("outbound", true, true);
	(void)out(6, 2, 4000, 443, 2, NOW);
	UNIT_EQUAL(in(6, 2, 4000, 443, 0x12, NOW + 61), RULES_UNMATCHED); /* nobody had answered */
	(void)out(6, 2, 4000, 443, 2, NOW + 62);
	UNIT_EQUAL(in(6, 2, 4000, 443, 0x12, NOW + 63), RULES_PASS);
	UNIT_EQUAL(in(6, 2, 4000, 443, 0x10, NOW + 3600), RULES_PASS);
	UNIT_EQUAL(in(6, 2, 4000, 443, 0x11, NOW + 3601), RULES_PASS);
	UNIT_EQUAL(out(6, 2, 4000, 443, 0x11, NOW + 3602), RULES_PASS);
	UNIT_EQUAL(in(6, 2, 4000, 443, 0x10, NOW + 3603), RULES_PASS);
	UNIT_EQUAL(in(6, 2, 4000, 443, 0x10, NOW + 3640), RULES_UNMATCHED);
	(void)out(17, 2, 4000, 53, 0, NOW);
	UNIT_EQUAL(in(17, 2, 4000, 53, 0, NOW + 29), RULES_PASS);
	UNIT_EQUAL(in(17, 2, 4000, 53, 0, NOW + 209), RULES_UNMATCHED);
}

/* A closed connection's ports, used anew from the other side, are the rules' business. */
static void a_closed_connection_is_not_opened_by_the_other_side(void)
{
	begin();
	rule("outbound", true, true);
	(void)out(6, 2, 4000, 443, 2, NOW);
	(void)in(6, 2, 4000, 443, 0x14, NOW); /* RST */
	UNIT_EQUAL(in(6, 2, 4000, 443, 2, NOW + 1), RULES_UNMATCHED);
	UNIT_EQUAL(out(6, 2, 4000, 443, 2, NOW + 2), RULES_PASS);
	UNIT_EQUAL(in(6, 2, 4000, 443, 0x12, NOW + 3), RULES_PASS);
}

static struct made *echo(bool outbound, uint8_t type, uint16_t number)
{
	struct made *made = packet_made(1, outbound, 2, 0, 0, 0);

	made->bytes[34] = type;
	made->bytes[38] = (uint8_t)(number >> 8);
	made->bytes[39] = (uint8_t)number;
	parse(made, outbound);
	return made;
}

static void echoes_are_answered_and_not_asked(void)
{
	begin();
	rule("outbound and icmp", true, true);
	UNIT_EQUAL(judged(echo(false, 0, 7), NOW), RULES_UNMATCHED);
	UNIT_EQUAL(judged(echo(true, 8, 7), NOW), RULES_PASS);
	UNIT_EQUAL(judged(echo(false, 0, 7), NOW), RULES_PASS);
	UNIT_EQUAL(judged(echo(false, 0, 8), NOW), RULES_UNMATCHED);
	UNIT_EQUAL(judged(echo(false, 8, 7), NOW), RULES_UNMATCHED);
}

/* An ICMP error from `from` about a UDP packet of the guest's to 10.0.0.2. */
static struct made *error_made(uint8_t from, uint16_t mine)
{
	uint8_t inner[28];
	struct made *made = packet_made(17, true, 2, mine, 53, 0);

	memcpy(inner, made->bytes + 14, sizeof(inner));
	made = packet_made(1, false, from, 0, 0, 0);
	made->bytes[34] = 3;
	memcpy(made->bytes + 42, inner, sizeof(inner));
	parse(made, false);
	return made;
}

static void errors_about_connections_pass(void)
{
	begin();
	rule("outbound and udp", true, true);
	(void)out(17, 2, 4000, 53, 0, NOW);
	UNIT_EQUAL(judged(error_made(9, 4000), NOW), RULES_PASS); /* a router's */
	UNIT_EQUAL(judged(error_made(9, 4001), NOW), RULES_UNMATCHED);
}

static struct made *fragment(uint16_t offset, uint16_t number)
{
	struct made *made = packet_made(17, true, 2, 4000, 53, 0);

	made->bytes[18] = (uint8_t)(number >> 8);
	made->bytes[19] = (uint8_t)number;
	made->bytes[20] = (uint8_t)(offset >> 8);
	made->bytes[21] = (uint8_t)offset;
	parse(made, true);
	return made;
}

static void later_fragments_go_where_the_first_went(void)
{
	begin();
	rule("udp dst port 53", true, false);
	UNIT_EQUAL(judged(fragment(0x2010, 7), NOW), RULES_UNMATCHED);
	UNIT_EQUAL(judged(fragment(0x2000, 7), NOW), RULES_PASS);
	UNIT_EQUAL(judged(fragment(0x2010, 7), NOW), RULES_PASS);
	UNIT_EQUAL(judged(fragment(0x0020, 7), NOW), RULES_PASS);
	UNIT_EQUAL(judged(fragment(0x0020, 8), NOW), RULES_UNMATCHED);
	UNIT_EQUAL(judged(fragment(0x0020, 7), NOW + 31), RULES_UNMATCHED);
}

/* A first one has ports, and is judged by them, whatever number it has. */
static void first_fragments_are_judged(void)
{
	struct made *made;

	begin();
	rule("udp dst port 53", true, false);
	UNIT_EQUAL(judged(fragment(0x2000, 7), NOW), RULES_PASS);
	made = fragment(0x2000, 7);
	made->bytes[37] = 25;
	parse(made, true);
	UNIT_EQUAL(judged(made, NOW), RULES_UNMATCHED);
}

/* A fragment of TCP or UDP with so many bytes. */
static struct made *fragment_of(uint8_t protocol, uint16_t offset, uint8_t bytes)
{
	struct made *made = packet_made(protocol, true, 2, 4000, 53, 0);

	made->bytes[17] = (uint8_t)(20 + bytes);
	made->bytes[19] = 7;
	made->bytes[20] = (uint8_t)(offset >> 8);
	made->bytes[21] = (uint8_t)offset;
	parse(made, true);
	return made;
}

/* RFC 1858, 3: a header in two; 3128: another one written over it. Whatever rules say. */
static void fragments_that_hide_ports_are_refused(void)
{
	begin();
	rule("ip", true, true);
	UNIT_EQUAL(judged(fragment_of(6, 0x2000, 16), NOW), RULES_DROP);	/* no flags */
	UNIT_EQUAL(judged(fragment_of(17, 0x2000, 4), NOW), RULES_DROP);
	UNIT_EQUAL(judged(fragment_of(6, 0x2001, 16), NOW), RULES_DROP);	/* flags, once more */
	UNIT_EQUAL(judged(fragment_of(6, 0x0002, 16), NOW), RULES_DROP);
	UNIT_EQUAL(judged(fragment_of(6, 0x0003, 16), NOW), RULES_PASS);	/* alone it is no harm */
	UNIT_EQUAL(judged(fragment_of(6, 0x2000, 64), NOW), RULES_PASS);
	UNIT_EQUAL(judged(fragment_of(6, 0x0007, 16), NOW), RULES_DROP);	/* within the first */
	UNIT_EQUAL(judged(fragment_of(6, 0x0008, 16), NOW), RULES_PASS);
	UNIT_EQUAL(judged(fragment_of(6, 0x2000, 80), NOW), RULES_PASS);	/* the first again, longer */
	UNIT_EQUAL(judged(fragment_of(6, 0x0008, 16), NOW), RULES_DROP);
	UNIT_EQUAL(judged(fragment_of(47, 0x0001, 16), NOW), RULES_PASS);	/* has no ports */
	UNIT_EQUAL(rules.refused, 6);
}

/* More than there is room for: those that were answered stay. */
static void a_flood_displaces_what_nobody_answers(void)
{
	begin();
	rule("outbound", true, true);
	(void)out(6, 2, 4000, 443, 2, NOW);
	(void)in(6, 2, 4000, 443, 0x12, NOW);
	for (uint32_t i = 0; i < 5000; i++)
		UNIT_EQUAL(out(6, 3, (uint16_t)(i + 5000), 80, 2, NOW + i / 500), RULES_PASS);
	UNIT_CHECK(connections_count(&rules.connections, NOW + 10) <= SETS * CONNECTIONS_WAYS);
	UNIT_CHECK(rules.connections.displaced > 4000);
	UNIT_EQUAL(in(6, 2, 4000, 443, 0x10, NOW + 10), RULES_PASS);
	UNIT_EQUAL(in(6, 3, 9999, 80, 0x12, NOW + 10), RULES_PASS);
}

/* DNS ----------------------------------------------------------------------------------------- */

static struct dns_message message;

/* A copy stays for names. */
static bool parsed(const void *bytes, uint32_t length)
{
	static uint8_t *copy;

	free(copy);
	copy = malloc(length);
	memcpy(copy, bytes, length);
	return dns_parse(&message, copy, length);
}

#define PARSED(text) parsed(text, sizeof(text) - 1)
#define HEADER(questions, answers) "\x12\x34\x81\x80\0" questions "\0" answers "\0\0\0\0"
#define QUESTION "\3www\7example\3org\0\0\1\0\1"

static void dns_names_are_read(void)
{
	char text[DNS_TEXT_BYTES];

	UNIT_CHECK(PARSED(HEADER("\1", "\2") QUESTION "\xc0\x0c\0\5\0\1\0\0\1\0\0\6\3foo\xc0\x10"
			  "\xc0\x2d\0\1\0\1\0\0\0\5\0\4\1\2\3\4"));
	UNIT_EQUAL(message.id, 0x1234);
	UNIT_EQUAL(message.nr_records, 3);
	UNIT_CHECK(dns_name(&message, message.records[1].name_at, text) != 0);
	UNIT_CHECK(strcmp(text, "www.example.org") == 0);
	UNIT_CHECK(dns_name(&message, message.records[1].data_at, text) != 0);
	UNIT_CHECK(strcmp(text, "foo.example.org") == 0);
	UNIT_CHECK(dns_name(&message, message.records[2].name_at, text) != 0);
	UNIT_CHECK(strcmp(text, "foo.example.org") == 0);
	UNIT_EQUAL(message.records[2].ttl, 5);
	UNIT_EQUAL(message.records[2].data_bytes, 4);
	UNIT_CHECK(PARSED(HEADER("\1", "\0") "\6a.\\b\n\xff\0\0\1\0\1"));
	UNIT_CHECK(dns_name(&message, 12, text) != 0);
	UNIT_CHECK(strcmp(text, "a\\.\\\\b\\010\\255") == 0);
	UNIT_CHECK(PARSED(HEADER("\1", "\0") "\0\0\1\0\1") && dns_name(&message, 12, text) == 13 && strcmp(text, ".") == 0);
}

static void dns_that_is_none_is_refused(void)
{
	static const char whole[] = HEADER("\1", "\1") QUESTION "\xc0\x0c\0\1\0\1\0\0\0\5\0\4\1\2\3\4";
	char longest[400] = HEADER("\1", "\0");

	for (uint32_t length = 0; length < sizeof(whole) - 1; length++)
		UNIT_CHECK(!parsed(whole, length));
	UNIT_CHECK(PARSED(HEADER("\1", "\1") QUESTION "\xc0\x0c\0\1\0\1\0\0\0\5\0\4\1\2\3\4"));
	UNIT_CHECK(!PARSED(HEADER("\1", "\0") "\xc0\x0c\0\1\0\1"));		/* to itself */
	UNIT_CHECK(!PARSED(HEADER("\1", "\0") "\1a\xc0\x0c\0\1\0\1"));		/* in a circle */
	UNIT_CHECK(!PARSED(HEADER("\1", "\0") "\xc0\x0e\xc0\x0c\0\1\0\1"));	/* in a circle of two */
	UNIT_CHECK(!PARSED(HEADER("\1", "\0") "\xc0\x20\0\1\0\1"));		/* forward */
	UNIT_CHECK(!PARSED(HEADER("\1", "\0") "\x40" "abc\0\0\1\0\1"));		/* neither a label nor a pointer */
	UNIT_CHECK(!PARSED(HEADER("\xff", "\xff") QUESTION));			/* more than there is */
	for (int i = 0; i < 5; i++) { /* 5 * 64 bytes of name */
		longest[12 + 64 * i] = 63;
		memset(longest + 13 + 64 * i, 'a', 63);
	}
	UNIT_CHECK(!parsed(longest, sizeof(longest)));
}

static void dns_with_very_many_records_is_cut(void)
{
	static uint8_t bytes[12 + 300 * 5] = { 0, 0, 0, 0, 1, 0x2c };

	for (int i = 0; i < 300; i++)
		bytes[12 + 5 * i + 2] = 1;
	UNIT_CHECK(parsed(bytes, sizeof(bytes)));
	UNIT_EQUAL(message.nr_records, DNS_RECORDS_MAXIMUM);
	UNIT_CHECK(message.is_cut);
}

int main(void)
{
	unit_run("the first rule that fits decides", the_first_rule_that_fits_decides);
	unit_run("answers pass and nothing else", answers_pass_and_nothing_else);
	unit_run("connections end", connections_end);
	unit_run("a closed connection is not opened by the other side", a_closed_connection_is_not_opened_by_the_other_side);
	unit_run("echoes are answered and not asked", echoes_are_answered_and_not_asked);
	unit_run("errors about connections pass", errors_about_connections_pass);
	unit_run("later fragments go where the first went", later_fragments_go_where_the_first_went);
	unit_run("fragments that hide ports are refused", fragments_that_hide_ports_are_refused);
	unit_run("first fragments are judged", first_fragments_are_judged);
	unit_run("a flood displaces what nobody answers", a_flood_displaces_what_nobody_answers);
	unit_run("DNS names are read", dns_names_are_read);
	unit_run("DNS that is none is refused", dns_that_is_none_is_refused);
	unit_run("DNS with very many records is cut", dns_with_very_many_records_is_cut);
	return unit_failed;
}
