/*
 * tests/unit/wireguard_net.h: some WireGuards and what is between them: datagrams that wait, and may be lost, changed
 * or come twice. Time goes on when a test says so.
 */
#ifndef TESTS_UNIT_WIREGUARD_NET_H
#define TESTS_UNIT_WIREGUARD_NET_H

#include "service/wireguard.h"
#include "unit.h"

#define NET_NODES 3
#define NET_QUEUE 4096

struct net_datagram {
	struct ip_endpoint from, to;
	size_t nr_bytes;
	uint8_t *bytes; /* just as long: ASan sees what is read behind it */
};

struct net_node {
	struct wireguard wireguard;
	struct wireguard_host host;
	struct ip_endpoint at; /* datagrams come from here, and get here */
	uint8_t delivered[WIREGUARD_DATAGRAM_BYTES];
	size_t delivered_bytes;
	unsigned nr_delivered, nr_sent, events[WIREGUARD_ROAMED + 1];
	uint32_t delivered_peer;
	int64_t clock_behind; /* seconds */
};

static struct net_node net_nodes[NET_NODES];
static struct net_datagram net_queue[NET_QUEUE];
static unsigned net_first, net_behind;
static uint64_t net_ms = 1000, net_random_state;

static struct wireguard_time net_time(const struct net_node *node)
{
	return (struct wireguard_time){ net_ms, UINT64_C(1700000000) + net_ms / 1000 - (uint64_t)node->clock_behind,
					(uint32_t)(net_ms % 1000) * 1000000 };
}

static struct ip_endpoint net_endpoint(unsigned number, uint16_t port)
{
	return (struct ip_endpoint){ { IP_V4, { 192, 0, 2, (uint8_t)number } }, port };
}

static void net_put(const struct ip_endpoint *from, const struct ip_endpoint *to, const uint8_t *bytes, size_t nr_bytes)
{
	struct net_datagram *datagram = &net_queue[net_behind++ % NET_QUEUE];

	if (net_behind - net_first > NET_QUEUE)
		abort();
	*datagram = (struct net_datagram){ *from, *to, nr_bytes, malloc(nr_bytes != 0 ? nr_bytes : 1) };
	if (nr_bytes != 0)
		memcpy(datagram->bytes, bytes, nr_bytes);
}

static void net_send(void *context, const struct ip_endpoint *to, const uint8_t *bytes, size_t nr_bytes)
{
	struct net_node *node = context;

	node->nr_sent++;
	net_put(&node->at, to, bytes, nr_bytes);
}

static void net_deliver(void *context, uint32_t peer, const uint8_t *packet, size_t nr_bytes)
{
	struct net_node *node = context;

	node->nr_delivered++;
	node->delivered_peer = peer;
	node->delivered_bytes = nr_bytes;
	memcpy(node->delivered, packet, nr_bytes);
}

static void net_random(void *context, void *bytes, size_t nr_bytes)
{
	(void)context;
	for (size_t i = 0; i < nr_bytes; i++) {
		net_random_state = net_random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		((uint8_t *)bytes)[i] = (uint8_t)(net_random_state >> 56);
	}
}

static void net_event(void *context, uint32_t peer, enum wireguard_event event)
{
	(void)peer;
	((struct net_node *)context)->events[event]++;
}

static inline struct net_datagram net_take(void)
{
	return net_queue[net_first++ % NET_QUEUE];
}

static inline void net_lose(void)
{
	while (net_first != net_behind)
		free(net_take().bytes);
}

/* One datagram to whoever is there. */
static inline void net_hand(struct net_datagram datagram)
{
	for (unsigned i = 0; i < NET_NODES; i++) {
		if (ip_is_same_endpoint(&net_nodes[i].at, &datagram.to))
			wireguard_receive(&net_nodes[i].wireguard, &datagram.from, datagram.bytes, datagram.nr_bytes);
	}
	free(datagram.bytes);
}

/* Until nothing is on its way. */
static inline void net_run(void)
{
	while (net_first != net_behind)
		net_hand(net_take());
}

static inline void net_advance(void)
{
	for (unsigned i = 0; i < NET_NODES; i++) {
		if (net_nodes[i].wireguard.host != NULL)
			wireguard_advance(&net_nodes[i].wireguard, net_time(&net_nodes[i]));
	}
}

/* So long, in steps of 100 ms; what is sent arrives, or is lost. */
static inline void net_wait(uint64_t ms, bool arrives)
{
	for (uint64_t end = net_ms + ms; net_ms < end;) {
		net_ms += 100;
		net_advance();
		if (arrives)
			net_run();
		else
			net_lose();
	}
}

static inline void net_key(uint8_t *key, unsigned number)
{
	for (unsigned i = 0; i < WIREGUARD_KEY_BYTES; i++)
		key[i] = (uint8_t)(number * 37 + i * 11 + 5);
}

static inline void net_allow(struct wireguard_config *config, uint32_t peer, const char *network)
{
	struct wireguard_allowed *allowed = &config->allowed[config->nr_allowed++];

	if (!ip_read_network(network, strlen(network), &allowed->network))
		abort();
	allowed->peer = peer;
}

/* Node i: private key i + 1, at 192.0.2.(i + 1), inside 10.0.0.(i + 1) and fd00::(i + 1); each knows all others in
 * order. */
static inline struct wireguard_config net_config(unsigned number)
{
	struct wireguard_config config = { .mtu = WIREGUARD_MTU_DEFAULT };

	net_key(config.private_key, number + 1);
	for (unsigned i = 0; i < NET_NODES; i++) {
		struct wireguard_peer_config *peer = &config.peers[config.nr_peers];
		uint8_t key[WIREGUARD_KEY_BYTES];
		char text[40];

		if (i == number)
			continue;
		net_key(key, i + 1);
		wireguard_public_key(peer->public_key, key);
		peer->endpoint = net_endpoint(i + 1, 51820);
		snprintf(text, sizeof(text), "10.0.0.%u", i + 1);
		net_allow(&config, config.nr_peers, text);
		snprintf(text, sizeof(text), "fd00::%u", i + 1);
		net_allow(&config, config.nr_peers, text);
		config.nr_peers++;
	}
	return config;
}

static inline void net_begin_node(unsigned number, const struct wireguard_config *config, const uint8_t *stamp)
{
	struct net_node *node = &net_nodes[number];
	char why[WIREGUARD_WHY_BYTES];

	memset(node->events, 0, sizeof(node->events));
	node->nr_delivered = node->nr_sent = 0;
	node->at = net_endpoint(number + 1, 51820);
	node->host = (struct wireguard_host){ node, net_send, net_deliver, net_random, net_event };
	if (!wireguard_begin(&node->wireguard, config, &node->host, net_time(node), stamp, why))
		unit_fail("node %u: %s", number, why);
}

static inline void net_begin(void)
{
	static struct wireguard_config configs[NET_NODES]; /* made once */

	net_lose();
	for (unsigned i = 0; i < NET_NODES; i++) {
		if (configs[i].nr_peers == 0)
			configs[i] = net_config(i);
		net_nodes[i].clock_behind = 0;
		net_begin_node(i, &configs[i], NULL);
	}
}

/* A packet of IPv4 of that length. */
static inline void net_packet(uint8_t *packet, size_t nr_bytes, unsigned from, unsigned to)
{
	memset(packet, 0x5a, nr_bytes);
	memset(packet, 0, 20);
	packet[0] = 0x45;
	packet[2] = (uint8_t)(nr_bytes >> 8);
	packet[3] = (uint8_t)nr_bytes;
	memcpy(packet + 12, (uint8_t[]){ 10, 0, 0, (uint8_t)from }, 4);
	memcpy(packet + 16, (uint8_t[]){ 10, 0, 0, (uint8_t)to }, 4);
}

static inline void net_transmit(unsigned from, unsigned to, size_t nr_bytes)
{
	uint8_t *packet = malloc(nr_bytes);

	net_packet(packet, nr_bytes, from + 1, to + 1);
	wireguard_transmit(&net_nodes[from].wireguard, packet, nr_bytes);
	free(packet);
}

/* Whether such a packet gets there, whole. */
static inline bool net_arrives(unsigned from, unsigned to, size_t nr_bytes)
{
	uint8_t packet[WIREGUARD_DATAGRAM_BYTES];
	unsigned before = net_nodes[to].nr_delivered;

	net_packet(packet, nr_bytes, from + 1, to + 1);
	net_transmit(from, to, nr_bytes);
	net_run();
	return net_nodes[to].nr_delivered == before + 1 && net_nodes[to].delivered_bytes == nr_bytes &&
	       memcmp(net_nodes[to].delivered, packet, nr_bytes) == 0;
}

/* What a node has for another, and the reverse. */
static inline struct wireguard_peer *net_peer(unsigned node, unsigned other)
{
	return &net_nodes[node].wireguard.peers[other > node ? other - 1 : other];
}

#endif
