/*
 * tests/unit/net_syslog.c: the log through the tunnel: messages as RFC 5424 has them, when they are asked for, and what is
 * no address to send them to.
 */
#include "unit.h"

#include "net_lab.h"

static const uint8_t own[4] = { 10, 9, 0, 2 }, there[4] = { 10, 9, 0, 1 };
static char text[800];

/* The next message at the other end, as the guest there has it; empty: there is none. */
static const char *message(uint16_t port)
{
	struct lab_end *end = &lab_ends[1];
	struct lab_frame *first = &end->out[0];
	struct net_udp udp;
	bool good;

	text[0] = '\0';
	if (end->nr_out == 0)
		return text;
	good = first->way == TUNNEL_GUEST && net_read_udp(first->bytes + 14, first->nr_bytes - 14, &udp) && net_is_same(udp.source, own) &&
	       net_is_same(udp.destination, there) && udp.to_port == port && udp.nr_bytes < sizeof(text);
	if (good) {
		memcpy(text, udp.payload, udp.nr_bytes);
		text[udp.nr_bytes] = '\0';
	}
	end->nr_out--;
	memmove(end->out, end->out + 1, end->nr_out * sizeof(end->out[0]));
	return good ? text : "another";
}

static void take(const char *log)
{
	net_syslog_take(&lab_ends[0].net, (const uint8_t *)log, strlen(log));
	lab_settle();
}

static void expect(const char *wanted)
{
	const char *is = message(514);

	if (strcmp(is, wanted) != 0)
		unit_fail("is %s", is);
}

/* A tunnel that is up. */
static void begin(const char *syslog)
{
	lab_syslog = syslog;
	lab_nr_wanted = 0;
	UNIT_CHECK(lab_begin(false));
	lab_pass_time(0);
	UNIT_EQUAL(lab_ends[0].nr_events[WIREGUARD_UP], 1); /* nobody else has asked for it */
	lab_ends[1].nr_out = 0;
}

static void test_messages(void)
{
	begin("10.9.0.1");
	/* 1,700,000,000 is the time at 1 s since the start. */
	take("[    0.069231 #0] ritevisor: network: started\n[12345.678901 #15] ritevisor: warning: a\tb\n");
	expect("<134>1 2023-11-14T22:13:19.069231Z 10.9.0.2 ritevisor - - [meta sequenceId=\"1\"] network: started");
	expect("<132>1 2023-11-15T01:39:04.678901Z 10.9.0.2 ritevisor - - [meta sequenceId=\"2\"] a?b");
	take("ritevisor: error: c\n\n[  no stamp\n[1.5 #0] d\n[ ");
	expect("<131>1 - 10.9.0.2 ritevisor - - [meta sequenceId=\"3\"] c");
	expect("<134>1 - 10.9.0.2 ritevisor - - [meta sequenceId=\"4\"] [  no stamp");
	expect("<134>1 - 10.9.0.2 ritevisor - - [meta sequenceId=\"5\"] [1.5 #0] d");
	expect("");
	take("   8.000000 #0] in");
	take(" pieces\n");
	expect("<134>1 2023-11-14T22:13:27.000000Z 10.9.0.2 ritevisor - - [meta sequenceId=\"6\"] in pieces");
	/* Leap days, and one that is none. */
	take("[9251200.000000 #0] a\n[2407542400.000000 #0] b\n[2407542401.000000 #0] c\n");
	expect("<134>1 2024-02-29T23:59:59.000000Z 10.9.0.2 ritevisor - - [meta sequenceId=\"7\"] a");
	expect("<134>1 2100-02-28T23:59:59.000000Z 10.9.0.2 ritevisor - - [meta sequenceId=\"8\"] b");
	expect("<134>1 2100-03-01T00:00:00.000000Z 10.9.0.2 ritevisor - - [meta sequenceId=\"9\"] c");
	lab_ends[0].net.syslog.number = 2147483647;
	take("[9223372036.000000 #0] the last\n");
	expect("<134>1 2316-02-24T22:00:35.000000Z 10.9.0.2 ritevisor - - [meta sequenceId=\"1\"] the last");
	UNIT_CHECK(lab_refused == NULL && lab_nr_lost == 0);
}

/* A line of any length is one message, which fits. */
static void test_long(void)
{
	static char line[TUNNEL_LOG_BYTES];

	begin("10.9.0.1:5140");
	memset(line, 'x', sizeof(line));
	net_syslog_take(&lab_ends[0].net, (const uint8_t *)line, sizeof(line));
	take("more\n");
	UNIT_EQUAL(strspn(strchr(message(5140), ']') + 2, "x"), NET_SYSLOG_LINE_BYTES);
	UNIT_CHECK(message(5140)[0] == '\0');
	memset(line, '\n', sizeof(line));
	net_syslog_take(&lab_ends[0].net, (const uint8_t *)line, sizeof(line));
	lab_settle();
	UNIT_CHECK(message(5140)[0] == '\0');
}

/* More is asked for once a second while there is a tunnel, sooner where there was as much as goes at once. */
static void test_wanted(void)
{
	static uint8_t much[TUNNEL_LOG_BYTES];
	struct net *net = &lab_ends[0].net;

	begin("10.9.0.1");
	for (unsigned i = 0; i < 10; i++)
		lab_pass_time(500);
	UNIT_EQUAL(lab_nr_wanted, 5);
	net_syslog_take(net, much, sizeof(much));
	UNIT_EQUAL(net_advance(net, lab_now), lab_now.ms + NET_SYSLOG_MORE_MS);
	lab_pass_time(NET_SYSLOG_MORE_MS);
	UNIT_EQUAL(lab_nr_wanted, 6);
	/* Without a tunnel nothing is asked for, and the peer now and then. */
	lab_syslog = "10.9.0.1";
	UNIT_CHECK(lab_begin(false));
	lab_nr_wanted = 0;
	for (unsigned i = 0; i < 600; i++) {
		lab_now.ms += 500;
		(void)net_advance(net, lab_now);
		lab_ends[0].nr_out = 0;
	}
	UNIT_EQUAL(lab_nr_wanted, 0);
	lab_syslog = "";
	UNIT_CHECK(lab_begin(false));
	net_syslog_take(net, (const uint8_t *)"nobody\n", 7);
	UNIT_EQUAL(lab_ends[0].nr_out, 0);
}

static void test_words(void)
{
	static const char *const bad[] = { "10.9.0", "10.9.0.1:", "10.9.0.1:0", "10.9.0.1:65536", "10.9.0.1:99999999999", "10.9.0.1:5x", "fd00::1", ":514" };
	static struct wireguard_config config;
	struct lab_end *end = &lab_ends[0];
	char key[48], file[600];

	lab_syslog = "";
	UNIT_CHECK(lab_begin(false));
	lab_public_key(lab_config_0, key);
	for (unsigned i = 0; i <= ARRAY_LENGTH(bad); i++) {
		struct tunnel_begin words = end->begin;

		snprintf(file, sizeof(file), lab_config_1, key, lab_endpoints[0][1]); /* whose peer has 10.9.0.2 */
		snprintf(words.address, sizeof(words.address), "198.51.100.7/24");
		snprintf(words.syslog, sizeof(words.syslog), "%s", i < ARRAY_LENGTH(bad) ? bad[i] : "10.9.0.3");
		UNIT_CHECK(net_configure(file, strlen(file), &config, &end->report));
		if (net_begin(&end->net, &config, &words, &lab_hosts[0], lab_now, &end->report) ||
		    strstr(end->report.text, i < ARRAY_LENGTH(bad) ? "syslog=: ADDRESS" : "AllowedIPs") == NULL)
			unit_fail("case %u: %s", i, end->report.text);
	}
}

int main(void)
{
	unit_run("messages are as RFC 5424 has them", test_messages);
	unit_run("a line of any length is one message", test_long);
	unit_run("more is asked for while there is a tunnel", test_wanted);
	unit_run("an address that is none is told", test_words);
	return unit_failed;
}
