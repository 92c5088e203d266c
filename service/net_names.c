/*
 * service/net_names.c: see the header.
 */
#include "service/net_names.h"

#include "core/log.h"
#include "core/string.h"
#include "service/net.h"
#include "service/net_dns.h"

#define PORTS_FROM 49152u /* RFC 6335, 6: of nobody in particular */

void net_names_begin(struct net *net, const struct wireguard_config *config)
{
	for (uint32_t i = 0; i < config->nr_peers; i++) {
		struct net_name *name = &net->names.of_peers[i];

		if (config->peers[i].endpoint_name[0] == '\0')
			continue;
		net->names.is_there |= dns_write_name(config->peers[i].endpoint_name, name->name); /* net_configure() has tried it */
		name->wait_ms = NET_NAMES_AGAIN_MS;
	}
}

void net_names_hurry(struct net *net, uint32_t peer)
{
	net->names.of_peers[peer].next_ms = 0;
	net->names.of_peers[peer].wait_ms = NET_NAMES_AGAIN_MS;
}

static void net_names_say(struct net *net, struct net_name *name, const char *what)
{
	const uint8_t *server = net->outer.name_server;
	char text[128];

	if (name->is_told)
		return;
	name->is_told = true;
	print_format(text, sizeof(text), "peer %u: the name server %u.%u.%u.%u %s: there is no tunnel to it", net->names.peer, server[0],
		     server[1], server[2], server[3], what);
	net->host->say(net->host->context, text);
}

/* The question is over, whatever came. */
static void net_names_end(struct net *net, uint64_t now_ms)
{
	struct net_name *name = &net->names.of_peers[net->names.peer];

	net->names.nr_asks = 0;
	net->outer.question_port = 0;
	name->next_ms = now_ms + name->wait_ms;
	if (name->wait_ms < NET_NAMES_MOST_MS)
		name->wait_ms *= 2;
}

/* With another number and port each time, so that who has not seen them does not guess them. */
static void net_names_ask(struct net *net, uint64_t now_ms)
{
	struct net_names *names = &net->names;
	uint8_t payload[DNS_QUESTION_MOST_BYTES];
	uint16_t drawn[2];

	net->host->random(net->host->context, drawn, sizeof(drawn));
	names->number = drawn[0];
	names->port = (uint16_t)(PORTS_FROM + drawn[1] % (65536 - PORTS_FROM));
	if (names->port == net->outer.port)
		names->port ^= 1;
	names->nr_asks++;
	names->asked_ms = now_ms;
	net->outer.question_port = names->port;
	outer_ask_server(&net->outer, payload, dns_write_question(payload, names->number, names->of_peers[names->peer].name));
}

/* Of those that have none, or do not answer. */
static bool net_names_is_wanted(const struct net *net, uint32_t peer)
{
	const struct wireguard_peer *wireguard = &net->wireguard.peers[peer];

	return net->names.of_peers[peer].name[0] != 0 && (wireguard->endpoint.address.family == IP_NONE || !wireguard->is_up);
}

uint64_t net_names_advance(struct net *net, uint64_t now_ms)
{
	struct net_names *names = &net->names;
	uint64_t next = UINT64_MAX;

	if (!names->is_there || net_is_none(net->outer.address) || net_is_none(net->outer.name_server))
		return next;
	if (names->nr_asks != 0 && now_ms >= names->asked_ms + NET_NAMES_WAIT_MS) {
		if (names->nr_asks < NET_NAMES_ASKS) {
			net_names_ask(net, now_ms);
		} else {
			net_names_say(net, &names->of_peers[names->peer], "does not answer");
			net_names_end(net, now_ms);
		}
	}
	for (uint32_t i = 0; i < net->wireguard.nr_peers; i++) {
		if (names->nr_asks == 0 && net_names_is_wanted(net, i) && now_ms >= names->of_peers[i].next_ms) {
			names->peer = i;
			net_names_ask(net, now_ms);
		}
		if (net_names_is_wanted(net, i) && names->of_peers[i].next_ms < next)
			next = names->of_peers[i].next_ms;
	}
	return names->nr_asks != 0 ? names->asked_ms + NET_NAMES_WAIT_MS : next;
}

static void net_names_found(struct net *net, const uint8_t *address)
{
	uint32_t peer = net->names.peer;
	struct ip_endpoint where = net->endpoints[peer];

	where.address = (struct ip_address){ .family = IP_V4 };
	memcpy(where.address.bytes, address, NET_V4_BYTES);
	net->names.of_peers[peer].is_told = false;
	if (ip_is_same_endpoint(&where, &net->endpoints[peer]))
		return;
	net->endpoints[peer] = where;
	net->host->resolved(net->host->context, peer, &where);
	wireguard_set_endpoint(&net->wireguard, peer, &where);
}

void net_names_receive(struct net *net, const struct net_udp *datagram)
{
	struct net_names *names = &net->names;
	struct net_name *name = &names->of_peers[names->peer];
	uint8_t address[NET_V4_BYTES];
	enum dns_answer answer;

	if (names->nr_asks == 0)
		return;
	answer = dns_read_answer(datagram->payload, datagram->nr_bytes, names->number, name->name, address);
	if (answer == DNS_NOTHING)
		return;
	if (answer == DNS_ADDRESS && outer_is_address(address))
		net_names_found(net, address);
	else
		net_names_say(net, name, answer == DNS_NO_ADDRESS ? "knows no address of IPv4 for its name" :
							     "does not say where its name leads");
	net_names_end(net, net->wireguard.now.ms);
}
