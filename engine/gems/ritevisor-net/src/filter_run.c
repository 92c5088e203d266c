/*
 * filter_run.c: checks and runs the programs of filter.h.
 */
#include "filter.h"

#include <string.h>

struct filter_state {
	const struct packet *packet;
	uint32_t values[FILTER_VALUES_MAXIMUM];
	bool truths[FILTER_TRUTHS_MAXIMUM];
	unsigned int nr_values, nr_truths;
	bool rejected;	/* what was asked for is not there: all is false then */
};

/* Checking ------------------------------------------------------------------------------------ */

/* How many values and truths a step takes and leaves. */
struct filter_effect {
	int8_t takes_values, gives_values, takes_truths, gives_truths;
};

static struct filter_effect filter_effect_of(uint8_t op)
{
	if (op <= FILTER_TEST_CAST)
		return (struct filter_effect){ .gives_truths = 1 };
	if (op <= FILTER_VALUE_LENGTH)
		return (struct filter_effect){ .gives_values = 1 };
	if (op <= FILTER_VALUE_NEGATE)
		return (struct filter_effect){ .takes_values = 1, .gives_values = 1 };
	if (op <= FILTER_VALUE_RIGHT)
		return (struct filter_effect){ .takes_values = 2, .gives_values = 1 };
	if (op <= FILTER_COMPARE_NOT_BELOW)
		return (struct filter_effect){ .takes_values = 2, .gives_truths = 1 };
	if (op == FILTER_NOT)
		return (struct filter_effect){ .takes_truths = 1, .gives_truths = 1 };
	return (struct filter_effect){ .takes_truths = 1 };
}

static bool filter_check_step(const struct filter_step *step, uint32_t at, uint32_t nr_steps)
{
	if (step->op == FILTER_AND || step->op == FILTER_OR)
		return step->first > at && step->first <= nr_steps;
	if (step->op == FILTER_TEST_LAYER)
		return step->layers < FILTER_LAYERS;
	if (step->op == FILTER_VALUE_LOAD)
		return (step->side == 1 || step->side == 2 || step->side == 4) && step->layers < FILTER_LAYERS;
	return step->op < FILTER_OPS;
}

/* What the stacks hold when a step begins; from wherever it is come to, they have to hold the same. */
struct filter_depth {
	int16_t values, truths;
};

static bool filter_check_arrival(struct filter_depth *depth, int values, int truths)
{
	if (depth->truths < 0)
		*depth = (struct filter_depth){ (int16_t)values, (int16_t)truths };
	return depth->values == values && depth->truths == truths;
}

bool filter_check(const struct filter_step *steps, uint32_t nr_steps)
{
	struct filter_depth depths[FILTER_STEPS_MAXIMUM + 1];
	int values = 0, truths = 0;

	if (nr_steps == 0 || nr_steps > FILTER_STEPS_MAXIMUM)
		return false;
	memset(depths, -1, sizeof(depths));
	for (uint32_t at = 0; at < nr_steps; at++) {
		struct filter_effect effect = filter_effect_of(steps[at].op);

		if (!filter_check_step(&steps[at], at, nr_steps) || !filter_check_arrival(&depths[at], values, truths) ||
		    values < effect.takes_values || truths < effect.takes_truths)
			return false;
		/* Where the left side decides, it stays. */
		if ((steps[at].op == FILTER_AND || steps[at].op == FILTER_OR) &&
		    !filter_check_arrival(&depths[steps[at].first], values, truths))
			return false;
		values += effect.gives_values - effect.takes_values;
		truths += effect.gives_truths - effect.takes_truths;
		if (values > FILTER_VALUES_MAXIMUM || truths > FILTER_TRUTHS_MAXIMUM)
			return false;
	}
	return values == 0 && truths == 1 && filter_check_arrival(&depths[nr_steps], values, truths);
}

/* Tests --------------------------------------------------------------------------------------- */

static bool filter_joins(uint8_t side, bool src, bool dst)
{
	if (side == FILTER_BOTH)
		return src && dst;
	return ((side & FILTER_SRC) && src) || ((side & FILTER_DST) && dst);
}

static uint32_t filter_layer_bit(const struct packet *packet)
{
	switch (packet->ethertype) {
	case PACKET_ETHERTYPE_ARP:
		return 1u << FILTER_ARP;
	case PACKET_ETHERTYPE_RARP:
		return 1u << FILTER_RARP;
	default:
		return packet->family == 4 ? 1u << FILTER_IP : packet->family == 6 ? 1u << FILTER_IP6 : 0;
	}
}

static bool filter_test_network(const struct filter_step *step, const struct packet *packet)
{
	struct network network = { .address = step->address, .family = step->family, .bits = step->bits };
	uint8_t family = packet->family == 6 ? 6 : 4;

	if (!packet->has_addresses || !(filter_layer_bit(packet) & step->layers))
		return false;
	return filter_joins(step->side, network_has(&network, &packet->src, family),
			    network_has(&network, &packet->dst, family));
}

static bool filter_test_mac(const struct filter_step *step, const struct packet *packet)
{
	if (packet->there < 12)
		return false;
	return filter_joins(step->side, memcmp(packet->bytes + 6, step->address.bytes, ADDRESS_MAC_BYTES) == 0,
			    memcmp(packet->bytes, step->address.bytes, ADDRESS_MAC_BYTES) == 0);
}

static bool filter_within(const struct filter_step *step, uint32_t number)
{
	return number >= step->first && number <= step->last;
}

static bool filter_test_port(const struct filter_step *step, const struct packet *packet)
{
	uint32_t layer = packet->protocol == PACKET_TCP ? FILTER_TCP : packet->protocol == PACKET_UDP ? FILTER_UDP : FILTER_SCTP;

	if (!packet->has_ports || !(step->layers & 1u << layer))
		return false;
	return filter_joins(step->side, filter_within(step, packet->sport), filter_within(step, packet->dport));
}

/* Where the header of that layer is. False: the packet has none. */
static bool filter_base(const struct packet *packet, uint32_t layer, uint32_t *base)
{
	static const uint8_t protocols[FILTER_LAYERS] = { [FILTER_TCP] = PACKET_TCP, [FILTER_UDP] = PACKET_UDP,
		[FILTER_SCTP] = PACKET_SCTP, [FILTER_ICMP] = PACKET_ICMP, [FILTER_ICMP6] = PACKET_ICMP6 };

	*base = layer == FILTER_ETHER ? 0 : layer <= FILTER_RARP ? packet->network : packet->transport;
	if (layer == FILTER_ETHER)
		return true;
	if (*base == 0)
		return false;
	if (layer <= FILTER_RARP)
		return (filter_layer_bit(packet) & 1u << layer) != 0;
	if ((layer == FILTER_ICMP && packet->family != 4) || (layer == FILTER_ICMP6 && packet->family != 6))
		return false;
	return packet->protocol == protocols[layer];
}

static bool filter_test_cast(uint32_t cast, const struct packet *packet)
{
	static const uint8_t all[ADDRESS_MAC_BYTES] = { 255, 255, 255, 255, 255, 255 };

	switch (cast) {
	case FILTER_BROADCAST:
		return packet->there >= 6 && memcmp(packet->bytes, all, sizeof(all)) == 0;
	case FILTER_MULTICAST:
		return packet->there >= 1 && (packet->bytes[0] & 1);
	case FILTER_IP_MULTICAST:
		return packet->family == 4 && packet->dst.bytes[0] >= 224;
	default:
		return packet->family == 6 && packet->dst.bytes[0] == 255;
	}
}

static bool filter_test(const struct filter_step *step, const struct packet *packet)
{
	uint32_t base;

	switch (step->op) {
	case FILTER_TEST_ALL:
		return true;
	case FILTER_TEST_ETHERTYPE:
		return packet->there >= 14 && packet->ethertype == step->first;
	case FILTER_TEST_PROTOCOL:
		return packet->has_protocol && packet->protocol == step->first &&
		       (filter_layer_bit(packet) & step->layers);
	case FILTER_TEST_NETWORK:
		return filter_test_network(step, packet);
	case FILTER_TEST_MAC:
		return filter_test_mac(step, packet);
	case FILTER_TEST_PORT:
		return filter_test_port(step, packet);
	case FILTER_TEST_VLAN:
		return packet->vlan >= 0 && filter_within(step, (uint32_t)packet->vlan);
	case FILTER_TEST_OUTBOUND:
		return packet->outbound;
	case FILTER_TEST_LAYER:
		return filter_base(packet, step->layers, &base);
	default:
		return filter_test_cast(step->first, packet);
	}
}

/* Numbers ------------------------------------------------------------------------------------- */

/* Bytes behind those that are there are nobody's: false. */
static bool filter_load(const struct packet *packet, uint32_t base, uint32_t offset, uint8_t count, uint32_t *value)
{
	if (base > packet->there || offset > packet->there - base || count > packet->there - base - offset)
		return false;
	*value = packet_number(packet->bytes + base + offset, count);
	return true;
}

static uint32_t filter_binary(struct filter_state *state, uint8_t op, uint32_t a, uint32_t b)
{
	if ((op == FILTER_VALUE_DIVIDE || op == FILTER_VALUE_MODULO) && b == 0) {
		state->rejected = true;
		return 0;
	}
	switch (op) {
	case FILTER_VALUE_ADD:
		return a + b;
	case FILTER_VALUE_SUBTRACT:
		return a - b;
	case FILTER_VALUE_MULTIPLY:
		return a * b;
	case FILTER_VALUE_DIVIDE:
		return a / b;
	case FILTER_VALUE_MODULO:
		return a % b;
	case FILTER_VALUE_AND:
		return a & b;
	case FILTER_VALUE_OR:
		return a | b;
	case FILTER_VALUE_XOR:
		return a ^ b;
	case FILTER_VALUE_LEFT:
		return b < 32 ? a << b : 0;
	default:
		return b < 32 ? a >> b : 0;
	}
}

static void filter_value(struct filter_state *state, const struct filter_step *step)
{
	uint32_t *top = &state->values[state->nr_values], base;

	switch (step->op) {
	case FILTER_VALUE_NUMBER:
	case FILTER_VALUE_LENGTH:
		*top = step->op == FILTER_VALUE_NUMBER ? step->first : state->packet->length;
		state->nr_values++;
		return;
	case FILTER_VALUE_LOAD:
		/* As in libpcap: nothing is true of a packet that is too short for what is asked. */
		if (!filter_base(state->packet, step->layers, &base) ||
		    !filter_load(state->packet, base, top[-1], step->side, &top[-1]))
			state->rejected = true;
		return;
	case FILTER_VALUE_NEGATE:
		top[-1] = -top[-1];
		return;
	default:
		top[-2] = filter_binary(state, step->op, top[-2], top[-1]);
		state->nr_values--;
	}
}

static void filter_compare(struct filter_state *state, uint8_t op)
{
	uint32_t b = state->values[--state->nr_values], a = state->values[--state->nr_values];

	state->truths[state->nr_truths++] = op == FILTER_COMPARE_EQUAL ? a == b : op == FILTER_COMPARE_ABOVE ? a > b : a >= b;
}

/* Returns where to go on. */
static uint32_t filter_step_run(struct filter_state *state, const struct filter_step *step, uint32_t next)
{
	bool *top = &state->truths[state->nr_truths];

	if (step->op <= FILTER_TEST_CAST) {
		*top = filter_test(step, state->packet);
		state->nr_truths++;
	} else if (step->op <= FILTER_VALUE_RIGHT) {
		filter_value(state, step);
	} else if (step->op <= FILTER_COMPARE_NOT_BELOW) {
		filter_compare(state, step->op);
	} else if (step->op == FILTER_NOT) {
		top[-1] = !top[-1];
	} else if (top[-1] == (step->op == FILTER_OR)) {
		return step->first;
	} else {
		state->nr_truths--;
	}
	return next;
}

bool filter_run(const struct filter_step *steps, uint32_t nr_steps, const struct packet *packet)
{
	struct filter_state state = { .packet = packet };

	for (uint32_t at = 0; at < nr_steps && !state.rejected;)
		at = filter_step_run(&state, &steps[at], at + 1);
	return !state.rejected && state.truths[0];
}
