/*
 * filter.h: pcap-filter(7)'s language, most of it: a text becomes a program of few steps, which is run on packets.
 *
 * A program goes forward only, so a run ends after as many steps as it has; filter_check() says of any bytes whether
 * they are one.
 */
#ifndef RITEVISOR_NET_FILTER_H
#define RITEVISOR_NET_FILTER_H

#include "address.h"

enum { FILTER_STEPS_MAXIMUM = 256, FILTER_VALUES_MAXIMUM = 16, FILTER_TRUTHS_MAXIMUM = 32, FILTER_ERROR_BYTES = 160 };

/* In whose header something stands. */
enum filter_layer {
	FILTER_ETHER, FILTER_IP, FILTER_IP6, FILTER_ARP, FILTER_RARP, FILTER_TCP, FILTER_UDP, FILTER_SCTP, FILTER_ICMP,
	FILTER_ICMP6, FILTER_LAYERS,
};

/* Whose address or port. */
enum filter_side { FILTER_SRC = 1, FILTER_DST = 2, FILTER_EITHER = 3, FILTER_BOTH = 4 };

enum filter_cast { FILTER_BROADCAST, FILTER_MULTICAST, FILTER_IP_MULTICAST, FILTER_IP6_MULTICAST };

/* Tests push whether something is so; values push numbers, of 32 bits. */
enum filter_op {
	FILTER_TEST_ALL,
	FILTER_TEST_ETHERTYPE,	/* first */
	FILTER_TEST_PROTOCOL,	/* first; layers: bits of FILTER_IP, FILTER_IP6 */
	FILTER_TEST_NETWORK,	/* address, bits, side; layers: of FILTER_IP, FILTER_IP6, FILTER_ARP, FILTER_RARP */
	FILTER_TEST_MAC,	/* address, side */
	FILTER_TEST_PORT,	/* first..last, side; layers: of FILTER_TCP, FILTER_UDP, FILTER_SCTP */
	FILTER_TEST_VLAN,	/* first..last */
	FILTER_TEST_OUTBOUND,
	FILTER_TEST_LAYER,	/* layers: one of enum filter_layer: is there such a header? */
	FILTER_TEST_CAST,	/* first: enum filter_cast */
	FILTER_VALUE_NUMBER,	/* first */
	FILTER_VALUE_LENGTH,
	FILTER_VALUE_LOAD,	/* side: how many bytes; layers: one of enum filter_layer; the place is popped */
	FILTER_VALUE_NEGATE,
	FILTER_VALUE_ADD, FILTER_VALUE_SUBTRACT, FILTER_VALUE_MULTIPLY, FILTER_VALUE_DIVIDE, FILTER_VALUE_MODULO,
	FILTER_VALUE_AND, FILTER_VALUE_OR, FILTER_VALUE_XOR, FILTER_VALUE_LEFT, FILTER_VALUE_RIGHT,
	FILTER_COMPARE_EQUAL, FILTER_COMPARE_ABOVE, FILTER_COMPARE_NOT_BELOW, /* two values are popped */
	FILTER_NOT,
	FILTER_AND, FILTER_OR,	/* first: the step to go on with if the left side decides; else it is popped */
	FILTER_OPS,
};

struct filter_step {
	uint8_t op, side, bits, family;
	uint32_t layers;
	uint32_t first, last;
	struct address address;
};

struct filter {
	uint32_t nr_steps;
	struct filter_step steps[FILTER_STEPS_MAXIMUM];
};

/* False: *error says why the text is none. */
bool filter_compile(struct filter *filter, const char *text, size_t length, char error[FILTER_ERROR_BYTES]);

/* Can these steps be run? Of what filter_compile() made they can. */
bool filter_check(const struct filter_step *steps, uint32_t nr_steps);

/* Steps that filter_check() has found good. */
bool filter_run(const struct filter_step *steps, uint32_t nr_steps, const struct packet *packet);

#endif
