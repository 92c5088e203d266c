/*
 * tests/unit/net_lab.h: two of the network service's on one wire, each with a guest behind it and the egress gate before
 * it. Whatever comes to the wire and the gate refuses is an error.
 */
#ifndef TESTS_UNIT_NET_LAB_H
#define TESTS_UNIT_NET_LAB_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mediator/net/egress.h"
#include "service/net.h"

#define LAB_FRAMES 256

struct lab_frame {
	enum tunnel_tag way;
	size_t nr_bytes;
	uint8_t bytes[NET_FRAME_BYTES];
};

struct lab_end {
	struct net net;
	struct tunnel_report report;
	struct tunnel_begin begin;
	struct egress gate;
	unsigned nr_out;
	struct lab_frame out[LAB_FRAMES]; /* since it was emptied */
	unsigned nr_events[4];
	uint64_t nr_wire;
};

static struct lab_end lab_ends[2];
static struct wireguard_time lab_now;
static const char *lab_refused; /* why the gate refused; NULL: it never did */
static unsigned lab_nr_lost; /* there was no room */
static uint8_t lab_number;

static const char lab_config_0[] = "[Interface]\nPrivateKey = AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=\nAddress = 10.9.0.2/32\n"
				   "DNS = 10.9.0.53, 10.9.0.54\n[Peer]\n"
				   "PublicKey = %s\nAllowedIPs = 0.0.0.0/0\nEndpoint = %s\n";
static const char lab_config_1[] = "[Interface]\nPrivateKey = IB8eHRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgE=\nListenPort = 443\n"
				   "Address = 10.9.0.1/24\n[Peer]\nPublicKey = %s\n"
				   "AllowedIPs = 10.9.0.2/32\nEndpoint = %s\n";
/* The same with addresses of IPv6 too. */
static const char lab_config6_0[] = "[Interface]\nPrivateKey = AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=\n"
				    "Address = 10.9.0.2/32, fd00:9::2/128\nDNS = 10.9.0.53, fd00:9::53\n[Peer]\n"
				    "PublicKey = %s\nAllowedIPs = 0.0.0.0/0, ::/0\nEndpoint = %s\n";
static const char lab_config6_1[] = "[Interface]\nPrivateKey = IB8eHRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgE=\nListenPort = 443\n"
				    "Address = 10.9.0.1/24, fd00:9::1/64\n[Peer]\nPublicKey = %s\n"
				    "AllowedIPs = 10.9.0.2/32, fd00:9::2/128\nEndpoint = %s\n";
/* Of the other end, outside by IPv4 and by IPv6. */
static const char *const lab_endpoints[2][2] = { { "198.51.100.7:443", "198.51.100.20:51820" },
						 { "[2001:db8::7]:443", "[2001:db8::20]:51820" } };
static const char *const lab_addresses[2][2] = { { "198.51.100.20/24", "198.51.100.7/24" }, { "2001:db8::20/64", "2001:db8::7/64" } };
static const uint8_t lab_address[2][4] = { { 198, 51, 100, 20 }, { 198, 51, 100, 7 } };

/* Its addresses, as tunnel_said() has them. */
static void lab_open_from(struct lab_end *end)
{
	struct tunnel_outside outside;

	net_say_outside(&end->net, &outside);
	end->gate.nr_addresses = 0;
	memcpy(end->gate.name_server, outside.name_server, 4);
	if (!net_is_none(outside.v4))
		memcpy(end->gate.addresses[end->gate.nr_addresses++].bytes, outside.v4, 4);
	if (!net_is_none6(outside.v6)) {
		end->gate.addresses[end->gate.nr_addresses].is_v6 = true;
		memcpy(end->gate.addresses[end->gate.nr_addresses++].bytes, outside.v6, 16);
	}
}

static void lab_send(void *context, enum tunnel_tag way, const uint8_t *frame, size_t nr_bytes)
{
	struct lab_end *end = context;
	struct lab_frame *to = &end->out[end->nr_out];

	if (way == TUNNEL_WIRE) {
		const char *why;

		lab_open_from(end);
		why = egress_refuse(&end->gate, frame, (uint32_t)nr_bytes);
		end->nr_wire++;
		if (why != NULL)
			lab_refused = why;
	}
	if (end->nr_out == LAB_FRAMES) {
		lab_nr_lost++;
		return;
	}
	end->nr_out++;
	to->way = way;
	to->nr_bytes = nr_bytes;
	memcpy(to->bytes, frame, nr_bytes);
}

static void lab_random(void *context, void *bytes, size_t nr_bytes)
{
	(void)context;
	for (size_t i = 0; i < nr_bytes; i++)
		((uint8_t *)bytes)[i] = ++lab_number;
}

static bool lab_roams, lab_v6, lab_outside_v6;

static void lab_open_to(struct egress_endpoint *to, const struct tunnel_peer *peer)
{
	to->address.is_v6 = peer->family == 6;
	memcpy(to->address.bytes, peer->address, 16);
	to->port = peer->port;
}

static void lab_event(void *context, uint32_t peer, enum wireguard_event event, const struct ip_endpoint *where)
{
	struct lab_end *end = context;
	struct tunnel_peer peer_is;

	(void)peer;
	if (event == WIREGUARD_ROAMED && lab_roams) {
		end->gate.nr_peers = 2; /* as tunnel_said() has it */
		net_say_where(where, &peer_is);
		lab_open_to(&end->gate.peers[1], &peer_is);
	}
	end->nr_events[event]++;
}

/* The public key of the private one in a text. */
static void lab_public_key(const char *config, char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t private_key[32], public_key[33] = { 0 };
	bool first = strchr(config, '=')[2] == 'A';

	for (unsigned i = 0; i < 32; i++)
		private_key[i] = (uint8_t)(first ? i + 1 : 32 - i);
	wireguard_public_key(public_key, private_key);
	for (unsigned i = 0, o = 0; i < 33; i += 3, o += 4) {
		uint32_t three = (uint32_t)public_key[i] << 16 | (uint32_t)public_key[i + 1] << 8 | (i + 2 < 33 ? public_key[i + 2] : 0);

		for (unsigned j = 0; j < 4; j++)
			text[o + j] = digits[three >> (18 - 6 * j) & 63];
	}
	text[43] = '=';
	text[44] = 0;
}

static struct net_host lab_hosts[2];
static char lab_said[160]; /* the last */

static void lab_resolved(void *context, uint32_t peer, const struct ip_endpoint *where)
{
	struct lab_end *end = context;
	struct tunnel_peer peer_is;

	net_say_where(where, &peer_is);
	lab_open_to(&end->gate.peers[peer], &peer_is);
}

static unsigned lab_nr_wanted; /* that more of the log was wanted */

static void lab_want_log(void *context)
{
	(void)context;
	lab_nr_wanted++;
}

static void lab_say(void *context, const char *text)
{
	(void)context;
	snprintf(lab_said, sizeof(lab_said), "%s", text);
}

static const char *lab_name; /* the Endpoint of the first end's peer in its place */

static const char *lab_syslog = ""; /* the first end's */

static bool lab_begin_end(unsigned which, const char *format, const char *other, bool dhcp)
{
	struct lab_end *end = &lab_ends[which];
	static struct wireguard_config config;
	char key[48], text[1024];

	memset(end, 0, sizeof(*end));
	lab_public_key(other, key);
	snprintf(text, sizeof(text), format, key, lab_name != NULL && which == 0 ? lab_name : lab_endpoints[lab_outside_v6][which]);
	if (!net_configure(text, strlen(text), &config, &end->report))
		return false;
	lab_hosts[which] = (struct net_host){ end, lab_send, lab_random, lab_event, lab_resolved, lab_want_log, lab_say };
	end->begin = (struct tunnel_begin){ .mac = { 0x52, 0x54, 0, 0, 0, (uint8_t)(0x10 + which) } };
	end->begin.roams = lab_roams;
	snprintf(end->begin.syslog, sizeof(end->begin.syslog), "%s", which == 0 ? lab_syslog : "");
	if (!dhcp)
		snprintf(end->begin.address, sizeof(end->begin.address), "%s", lab_addresses[lab_outside_v6][which]);
	end->gate.port = end->report.port;
	memcpy(end->gate.mac, end->begin.mac, 6);
	for (; end->gate.nr_peers < end->report.nr_peers; end->gate.nr_peers++)
		if (end->report.names[end->gate.nr_peers][0] == 0)
			lab_open_to(&end->gate.peers[end->gate.nr_peers], &end->report.peers[end->gate.nr_peers]);
	memcpy(end->gate.names, end->report.names, sizeof(end->gate.names));
	return net_begin(&end->net, &config, &end->begin, &lab_hosts[which], lab_now, &end->report);
}

static bool lab_begin(bool dhcp)
{
	lab_now = (struct wireguard_time){ 1000, 1700000000, 0 };
	lab_refused = NULL;
	lab_nr_lost = 0;
	if (lab_v6)
		return lab_begin_end(0, lab_config6_0, lab_config6_1, dhcp) && lab_begin_end(1, lab_config6_1, lab_config6_0, false);
	return lab_begin_end(0, lab_config_0, lab_config_1, dhcp) && lab_begin_end(1, lab_config_1, lab_config_0, false);
}

static void lab_give(unsigned which, enum tunnel_tag way, const uint8_t *frame, size_t nr_bytes)
{
	uint8_t *copy = malloc(nr_bytes != 0 ? nr_bytes : 1); /* just so long */

	if (nr_bytes != 0)
		memcpy(copy, frame, nr_bytes);
	net_receive(&lab_ends[which].net, way, copy, nr_bytes);
	free(copy);
}

/* The only frame for the guest; NULL: there is none, or are more. It stays until the next is asked for. */
static inline struct lab_frame *lab_take(unsigned which)
{
	struct lab_end *end = &lab_ends[which];
	static struct lab_frame taken;

	if (end->nr_out != 1 || end->out[0].way != TUNNEL_GUEST)
		return NULL;
	taken = end->out[0];
	end->nr_out = 0;
	return &taken;
}

/* Brings frames of the wire to the other end, until there are none. */
static void lab_settle(void)
{
	bool any = true;

	for (unsigned rounds = 0; any && rounds < 20; rounds++) {
		any = false;
		for (unsigned which = 0; which < 2; which++) {
			struct lab_end *end = &lab_ends[which];
			unsigned nr_out = end->nr_out, kept = 0;

			for (unsigned i = 0; i < nr_out; i++) {
				struct lab_frame frame = end->out[i];

				if (frame.way == TUNNEL_WIRE) {
					any = true;
					lab_give(!which, TUNNEL_WIRE, frame.bytes, frame.nr_bytes);
				} else {
					end->out[kept++] = frame;
				}
			}
			end->nr_out = kept;
		}
	}
}

static inline void lab_pass_time(uint64_t ms)
{
	lab_now.ms += ms;
	lab_now.unix_seconds += ms / 1000;
	for (unsigned which = 0; which < 2; which++)
		(void)net_advance(&lab_ends[which].net, lab_now);
	lab_settle();
}

#endif
