/*
 * tests/unit/wireguard_sequence.h: what a hostile network may do to three WireGuards, by numbers that somebody gives;
 * and what must hold whatever it did.
 */
#ifndef TESTS_UNIT_WIREGUARD_SEQUENCE_H
#define TESTS_UNIT_WIREGUARD_SEQUENCE_H

#include "wireguard_net.h"

#define SEQUENCE_KEPT 16    /* datagrams that it has seen, and may send again */
#define SEQUENCE_ROUNDS 20
#define SEQUENCE_PACKETS 1024 /* more than a sequence sends */
#define SEQUENCE_PACKET_BYTES 64

static uint32_t (*sequence_next)(void);
static struct net_datagram sequence_kept[SEQUENCE_KEPT];
static uint8_t sequence_from[SEQUENCE_PACKETS], sequence_to[SEQUENCE_PACKETS], sequence_came[SEQUENCE_PACKETS];
static uint32_t sequence_nr_packets;
static const char *sequence_wrong; /* what did not hold */

/* A packet that comes out is one that went in, for this node, and the first of it. */
static void sequence_deliver(void *context, uint32_t peer, const uint8_t *packet, size_t nr_bytes)
{
	struct net_node *node = context;
	uint32_t number = wireguard_load32(packet + 20), at = (uint32_t)(node - net_nodes);
	uint32_t from = peer < at ? peer : peer + 1;

	node->nr_delivered++;
	if (nr_bytes != SEQUENCE_PACKET_BYTES || number >= sequence_nr_packets || sequence_to[number] != at ||
	    sequence_from[number] != from)
		sequence_wrong = "a packet that nobody sent";
	else if (sequence_came[number]++ != 0)
		sequence_wrong = "a packet that came twice";
}

static void sequence_transmit(unsigned from, unsigned to)
{
	uint8_t packet[SEQUENCE_PACKET_BYTES];

	if (from == to || sequence_nr_packets == SEQUENCE_PACKETS)
		return;
	net_packet(packet, sizeof(packet), from + 1, to + 1);
	wireguard_store32(packet + 20, sequence_nr_packets);
	sequence_from[sequence_nr_packets] = (uint8_t)from;
	sequence_to[sequence_nr_packets] = (uint8_t)to;
	sequence_came[sequence_nr_packets++] = 0;
	wireguard_transmit(&net_nodes[from].wireguard, packet, sizeof(packet));
}

static struct net_datagram sequence_copy(const struct net_datagram *datagram)
{
	struct net_datagram copy = *datagram;

	copy.bytes = malloc(datagram->nr_bytes != 0 ? datagram->nr_bytes : 1);
	if (datagram->nr_bytes != 0)
		memcpy(copy.bytes, datagram->bytes, datagram->nr_bytes);
	return copy;
}

static void sequence_keep(const struct net_datagram *datagram)
{
	struct net_datagram *kept = &sequence_kept[sequence_next() % SEQUENCE_KEPT];

	free(kept->bytes);
	*kept = sequence_copy(datagram);
}

/* Other bits, another length, another type, or a piece of another. */
static void sequence_change(struct net_datagram *datagram)
{
	const struct net_datagram *other = &sequence_kept[sequence_next() % SEQUENCE_KEPT];
	uint32_t how = sequence_next() % 5;

	if (how == 0) {
		size_t nr_bytes = sequence_next() % 256;
		uint8_t *bytes = calloc(1, nr_bytes != 0 ? nr_bytes : 1);

		memcpy(bytes, datagram->bytes, nr_bytes < datagram->nr_bytes ? nr_bytes : datagram->nr_bytes);
		free(datagram->bytes);
		datagram->bytes = bytes;
		datagram->nr_bytes = nr_bytes;
	} else if (datagram->nr_bytes == 0) {
		return;
	} else if (how == 1) {
		datagram->bytes[0] = (uint8_t)(sequence_next() % 6);
	} else if (how == 2 && other->bytes != NULL) {
		size_t at = sequence_next() % datagram->nr_bytes, end = at + sequence_next() % 64;

		for (; at < end && at < datagram->nr_bytes && at < other->nr_bytes; at++)
			datagram->bytes[at] = other->bytes[at];
	} else if (how == 3) {
		datagram->from = net_endpoint(sequence_next() % 256, (uint16_t)sequence_next());
	} else {
		datagram->bytes[sequence_next() % datagram->nr_bytes] ^= (uint8_t)(1 << sequence_next() % 8);
	}
}

/* The next datagram: it arrives, is lost, comes changed, or an older one comes instead. */
static void sequence_carry(void)
{
	uint32_t how = sequence_next() % 8;
	struct net_datagram *kept = &sequence_kept[sequence_next() % SEQUENCE_KEPT], datagram;

	if (how >= 6 && kept->bytes != NULL) {
		datagram = sequence_copy(kept);
		if (how == 7)
			sequence_change(&datagram);
		net_hand(datagram);
		return;
	}
	if (net_first == net_behind)
		return;
	datagram = net_take();
	sequence_keep(&datagram);
	if (how == 4)
		sequence_change(&datagram);
	if (how == 5)
		free(datagram.bytes);
	else
		net_hand(datagram);
}

static void sequence_wait(void)
{
	static const uint32_t times_ms[] = { 1, 20, 100, 1000, 5000, 10000, 15000, 60000, 120000, 165000, 180000, 540000 };

	net_ms += times_ms[sequence_next() % ARRAY_LENGTH(times_ms)];
	net_advance();
}

static void sequence_step(void)
{
	uint32_t node = sequence_next() % NET_NODES;

	switch (sequence_next() % 8) {
	case 0:
	case 1:
		sequence_transmit(node, sequence_next() % NET_NODES);
		break;
	case 2:
		sequence_wait();
		break;
	case 3:
		wireguard_rekey(&net_nodes[node].wireguard, sequence_next() % (NET_NODES - 1));
		break;
	case 4:
		net_nodes[node].clock_behind = (int64_t)(sequence_next() % 100000) - 50000;
		break;
	default:
		sequence_carry();
	}
}

/* Everybody to everybody: whether all arrives. */
static bool sequence_all_arrives(void)
{
	uint32_t first = sequence_nr_packets;

	for (unsigned from = 0; from < NET_NODES; from++) {
		for (unsigned to = 0; to < NET_NODES; to++)
			sequence_transmit(from, to);
	}
	net_wait(6000, true);
	for (uint32_t i = first; i < sequence_nr_packets; i++) {
		if (sequence_came[i] != 1)
			return false;
	}
	return true;
}

/* The network is good again, and everybody where they were: then packets arrive, though not the first when both ends
 * have asked at once, which they may do again. */
static void sequence_recover(void)
{
	for (unsigned i = 0; i < NET_NODES; i++) {
		for (unsigned peer = 0; peer < NET_NODES - 1; peer++) {
			struct ip_endpoint at = net_endpoint(peer < i ? peer + 1 : peer + 2, 51820);

			wireguard_set_endpoint(&net_nodes[i].wireguard, peer, &at);
		}
	}
	net_lose();
	for (unsigned i = 0; i < SEQUENCE_ROUNDS; i++) {
		if (sequence_all_arrives())
			return;
	}
	if (sequence_wrong == NULL)
		sequence_wrong = "packets do not arrive on a good network";
}

/* NULL, or what did not hold. */
static inline const char *sequence_run(uint32_t nr_steps)
{
	net_ms = 1000; /* so that it is the same each time */
	net_random_state = 0;
	net_begin();
	for (unsigned i = 0; i < NET_NODES; i++)
		net_nodes[i].host.deliver = sequence_deliver;
	sequence_nr_packets = 0;
	sequence_wrong = NULL;
	for (uint32_t i = 0; i < nr_steps && sequence_wrong == NULL; i++)
		sequence_step();
	if (sequence_wrong == NULL)
		sequence_recover();
	for (unsigned i = 0; i < SEQUENCE_KEPT; i++) {
		free(sequence_kept[i].bytes);
		sequence_kept[i] = (struct net_datagram){ .bytes = NULL };
	}
	return sequence_wrong;
}

#endif
