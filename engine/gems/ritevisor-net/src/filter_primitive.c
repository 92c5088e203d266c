/*
 * filter_primitive.c: "tcp dst port 80", "ip6 host ::1", "vlan 5": what filters ask, one thing at a time.
 */
#include "filter_parse.h"

#include <stdio.h>
#include <string.h>

#define IP (1u << FILTER_IP)
#define IP6 (1u << FILTER_IP6)
#define PORTS (1u << FILTER_TCP | 1u << FILTER_UDP | 1u << FILTER_SCTP)

/* The layer that was said, or FILTER_LAYERS. */
static uint32_t filter_header_of(const struct filter_qualifiers *qualifiers)
{
	return qualifiers->layer < 0 || filter_layers[qualifiers->layer].header < 0
		       ? FILTER_LAYERS : (uint32_t)filter_layers[qualifiers->layer].header;
}

static uint8_t filter_side_of(const struct filter_qualifiers *qualifiers)
{
	return qualifiers->side == 0 ? FILTER_EITHER : (uint8_t)qualifiers->side;
}

/* Ports --------------------------------------------------------------------------------------- */

static bool filter_port_number(struct filter_parser *parser, const char *token, size_t length, uint32_t *port)
{
	struct filter_parser one = *parser;

	one.place.token = token;
	one.place.length = length;
	return (filter_word_number(&one, port) && *port <= 0xffff) || filter_service_at(&one, port) ||
	       filter_fail(parser, "a port is wanted, 0 to 65535 or a name of the most usual");
}

static bool filter_port_name(struct filter_parser *parser, const struct filter_qualifiers *qualifiers)
{
	const struct filter_place *place = &parser->place;
	const char *dash = qualifiers->type == FILTER_TYPE_PORTRANGE && place->kind == FILTER_TOKEN_WORD
				   ? memchr(place->token, '-', place->length) : NULL;
	size_t length = dash ? (size_t)(dash - place->token) : place->length;
	uint32_t header = filter_header_of(qualifiers);
	struct filter_step step = { .op = FILTER_TEST_PORT, .side = filter_side_of(qualifiers), .layers = PORTS };

	if (qualifiers->layer >= 0) {
		step.layers = header < FILTER_LAYERS ? PORTS & 1u << header : 0;
		if (step.layers == 0)
			return filter_fail(parser, "this protocol has no ports");
	}
	if (place->kind != FILTER_TOKEN_WORD)
		return filter_fail(parser, "a port is wanted");
	if (qualifiers->type == FILTER_TYPE_PORTRANGE && !dash)
		return filter_fail(parser, "a range of ports is wanted, 6000-6008");
	if (!filter_port_number(parser, place->token, length, &step.first))
		return false;
	step.last = step.first;
	if (dash && !filter_port_number(parser, dash + 1, place->length - length - 1, &step.last))
		return false;
	if (step.first > step.last) {
		uint32_t first = step.last;

		step.last = step.first;
		step.first = first;
	}
	filter_next(parser);
	return filter_emit(parser, step);
}

/* Addresses ----------------------------------------------------------------------------------- */

static bool filter_mac_name(struct filter_parser *parser, const struct filter_qualifiers *qualifiers)
{
	struct filter_step step = { .op = FILTER_TEST_MAC, .side = filter_side_of(qualifiers) };

	if (!address_read_mac(parser->place.token, parser->place.length, step.address.bytes))
		return filter_fail(parser, "an Ethernet address is wanted, 52:54:00:12:34:56");
	filter_next(parser);
	return filter_emit(parser, step);
}

/* Whose addresses are meant. */
static uint32_t filter_address_layers(const struct filter_qualifiers *qualifiers, uint8_t family)
{
	uint32_t four = IP | 1u << FILTER_ARP | 1u << FILTER_RARP, header = filter_header_of(qualifiers);

	if (qualifiers->layer < 0)
		return family == 6 ? IP6 : four;
	return header >= FILTER_LAYERS ? 0 : (family == 6 ? IP6 : four) & 1u << header;
}

static bool filter_emit_network(struct filter_parser *parser, const struct filter_qualifiers *qualifiers,
				const struct network *network)
{
	uint32_t layers = filter_address_layers(qualifiers, network->family);

	if (layers == 0)
		return filter_fail(parser, "this protocol has no such addresses");
	return filter_emit(parser, (struct filter_step){ .op = FILTER_TEST_NETWORK, .side = filter_side_of(qualifiers),
							 .bits = network->bits, .family = network->family, .layers = layers,
							 .address = network->address });
}

static bool filter_host_name(struct filter_parser *parser, const struct filter_qualifiers *qualifiers)
{
	const struct filter_place *place = &parser->place;
	struct network network;

	if (filter_header_of(qualifiers) == FILTER_ETHER)
		return filter_mac_name(parser, qualifiers);
	if (place->kind != FILTER_TOKEN_WORD || memchr(place->token, '/', place->length) ||
	    !address_read(place->token, place->length, &network))
		return filter_fail(parser, "an address is wanted (names of hosts are not looked up)");
	filter_next(parser);
	return filter_emit_network(parser, qualifiers, &network);
}

/* "10", "10.1", "10.1.2" are networks of IPv4 too: writes them out. */
static void filter_complete(const struct filter_place *place, char text[ADDRESS_TEXT_BYTES], unsigned int *bits)
{
	const char *slash = memchr(place->token, '/', place->length);
	size_t length = slash ? (size_t)(slash - place->token) : place->length;
	unsigned int parts = 1;

	for (size_t i = 0; i < length; i++)
		parts += place->token[i] == '.';
	*bits = parts < 4 ? parts * 8 : 32;
	if (length > 32)
		length = 32;
	snprintf(text, ADDRESS_TEXT_BYTES, "%.*s%s", (int)length, place->token, parts < 4 ? &".0.0.0"[2 * (parts - 1)] : "");
}

/* How many bits a mask has; -1: it is none that a prefix has. */
static int filter_mask_bits(struct filter_parser *parser)
{
	struct network mask, all = { .family = 4 };
	int bits = 0;

	if (!address_read(parser->place.token, parser->place.length, &mask) || mask.family != 4)
		return -1;
	while (bits < 32 && (mask.address.bytes[bits / 8] & 0x80 >> bits % 8))
		bits++;
	memset(all.address.bytes, 0xff, 4);
	all.bits = (uint8_t)bits;
	network_trim(&all);
	return memcmp(&all.address, &mask.address, sizeof(all.address)) == 0 ? bits : -1;
}

static bool filter_net_name(struct filter_parser *parser, const struct filter_qualifiers *qualifiers)
{
	const struct filter_place *place = &parser->place;
	struct network network;
	char text[ADDRESS_TEXT_BYTES];
	unsigned int bits;

	if (place->kind != FILTER_TOKEN_WORD)
		return filter_fail(parser, "a network is wanted");
	if (memchr(place->token, ':', place->length)) {
		if (!address_read(place->token, place->length, &network))
			return filter_fail(parser, "a network is wanted, 2001:db8::/32");
		filter_next(parser);
		return filter_emit_network(parser, qualifiers, &network);
	}
	filter_complete(place, text, &bits);
	if (memchr(place->token, '/', place->length)) {
		const char *slash = memchr(place->token, '/', place->length);
		size_t rest = place->length - (size_t)(slash - place->token);

		snprintf(text + strlen(text), ADDRESS_TEXT_BYTES - strlen(text), "%.*s", rest > 4 ? 4 : (int)rest, slash);
	} else {
		snprintf(text + strlen(text), ADDRESS_TEXT_BYTES - strlen(text), "/%u", bits);
	}
	if (!address_read(text, strlen(text), &network))
		return filter_fail(parser, "a network is wanted, 10.0.0.0/8");
	filter_next(parser);
	if (filter_take_word(parser, "mask")) {
		int mask = filter_mask_bits(parser);

		if (mask < 0)
			return filter_fail(parser, "a mask is wanted, 255.255.0.0");
		network.bits = (uint8_t)mask;
		network_trim(&network);
		filter_next(parser);
	}
	return filter_emit_network(parser, qualifiers, &network);
}

/* Protocols ----------------------------------------------------------------------------------- */

static bool filter_proto_name(struct filter_parser *parser, const struct filter_qualifiers *qualifiers)
{
	uint32_t header = filter_header_of(qualifiers);
	bool is_ether = header == FILTER_ETHER;
	struct filter_step step = { .op = is_ether ? FILTER_TEST_ETHERTYPE : FILTER_TEST_PROTOCOL,
				    .layers = qualifiers->layer < 0 ? IP | IP6 : header < FILTER_LAYERS ? (IP | IP6) & 1u << header : 0 };
	int layer = filter_layer_at(parser);

	if (qualifiers->side != 0 || (!is_ether && step.layers == 0))
		return filter_fail(parser, "proto stands behind ether, ip, ip6 or nothing");
	if (layer >= 0)
		step.first = is_ether ? filter_layers[layer].ethertype : (uint32_t)(int32_t)filter_layers[layer].protocol;
	else if (!filter_word_number(parser, &step.first))
		return filter_fail(parser, "a protocol is wanted");
	if (step.first > (is_ether ? 0xffffu : 0xffu) || (is_ether && layer >= 0 && step.first == 0))
		return filter_fail(parser, "this is no protocol there");
	filter_next(parser);
	return filter_emit(parser, step);
}

/* Names --------------------------------------------------------------------------------------- */

static bool filter_name(struct filter_parser *parser, const struct filter_qualifiers *qualifiers)
{
	switch (qualifiers->type) {
	case FILTER_TYPE_PORT:
	case FILTER_TYPE_PORTRANGE:
		return filter_port_name(parser, qualifiers);
	case FILTER_TYPE_NET:
		return filter_net_name(parser, qualifiers);
	case FILTER_TYPE_PROTO:
		return filter_proto_name(parser, qualifiers);
	case FILTER_TYPE_NONE:
		if (parser->place.kind == FILTER_TOKEN_WORD && memchr(parser->place.token, '/', parser->place.length))
			return filter_net_name(parser, qualifiers);
		return filter_host_name(parser, qualifiers);
	default:
		return filter_host_name(parser, qualifiers);
	}
}

static bool filter_name_or_not(struct filter_parser *parser, const struct filter_qualifiers *qualifiers)
{
	if (filter_take_word(parser, "not") || filter_take_sign(parser, '!', 0))
		return filter_name(parser, qualifiers) && filter_emit(parser, (struct filter_step){ .op = FILTER_NOT });
	return filter_name(parser, qualifiers);
}

bool filter_names(struct filter_parser *parser, const struct filter_qualifiers *qualifiers)
{
	if (!filter_take_sign(parser, '(', 0))
		return filter_name(parser, qualifiers);
	if (!filter_name_or_not(parser, qualifiers))
		return false;
	while (!filter_take_sign(parser, ')', 0)) {
		bool is_or = filter_take_word(parser, "or") || filter_take_sign(parser, '|', '|');
		uint32_t at = parser->filter->nr_steps;

		if (!is_or && !filter_take_word(parser, "and") && !filter_take_sign(parser, '&', '&'))
			return filter_fail(parser, "and, or or ) is wanted");
		if (!filter_emit(parser, (struct filter_step){ .op = is_or ? FILTER_OR : FILTER_AND }) ||
		    !filter_name_or_not(parser, qualifiers))
			return false;
		parser->filter->steps[at].first = parser->filter->nr_steps;
	}
	return true;
}

/* Qualifiers ---------------------------------------------------------------------------------- */

/* src, dst, src or dst, src and dst; 0: none. */
static int filter_take_side(struct filter_parser *parser)
{
	bool src = filter_take_word(parser, "src");
	struct filter_place before;
	bool is_or;

	if (!src && !filter_take_word(parser, "dst"))
		return 0;
	before = parser->place;
	is_or = filter_at_word(parser, "or") || filter_at_sign(parser, '|', '|');
	if (is_or || filter_at_word(parser, "and") || filter_at_sign(parser, '&', '&')) {
		filter_next(parser);
		if (filter_take_word(parser, src ? "dst" : "src"))
			return is_or ? FILTER_EITHER : FILTER_BOTH;
	}
	parser->place = before;
	return src ? FILTER_SRC : FILTER_DST;
}

static int filter_take_type(struct filter_parser *parser)
{
	static const char *const types[] = { [FILTER_TYPE_HOST] = "host", [FILTER_TYPE_NET] = "net",
		[FILTER_TYPE_PORT] = "port", [FILTER_TYPE_PORTRANGE] = "portrange", [FILTER_TYPE_PROTO] = "proto" };

	for (int type = FILTER_TYPE_HOST; type <= FILTER_TYPE_PROTO; type++) {
		if (filter_take_word(parser, types[type]))
			return type;
	}
	return FILTER_TYPE_NONE;
}

static bool filter_layer(struct filter_parser *parser, int layer)
{
	const struct filter_layer_name *name = &filter_layers[layer];

	if (name->header == FILTER_ETHER)
		return filter_fail(parser, "ether host, proto, broadcast or multicast is wanted");
	if (name->ethertype != 0)
		return filter_emit(parser, (struct filter_step){ .op = FILTER_TEST_ETHERTYPE, .first = name->ethertype });
	return filter_emit(parser, (struct filter_step){ .op = FILTER_TEST_PROTOCOL, .first = (uint32_t)name->protocol,
							 .layers = name->layers });
}

/* broadcast and multicast, of Ethernet if nothing is said. *is_one: was it one? */
static bool filter_cast(struct filter_parser *parser, const struct filter_qualifiers *qualifiers, bool *is_one)
{
	uint32_t header = qualifiers->layer < 0 ? FILTER_ETHER : filter_header_of(qualifiers);
	bool broadcast = filter_at_word(parser, "broadcast");
	struct filter_step step = { .op = FILTER_TEST_CAST, .first = FILTER_BROADCAST };

	*is_one = broadcast || filter_at_word(parser, "multicast");
	if (!*is_one)
		return true;
	if (broadcast ? header != FILTER_ETHER : header > FILTER_IP6)
		return filter_fail(parser, broadcast ? "which IP addresses are broadcasts is not known; ether broadcast"
						     : "this protocol has no multicasts");
	if (!broadcast)
		step.first = header == FILTER_ETHER ? FILTER_MULTICAST : header == FILTER_IP ? FILTER_IP_MULTICAST : FILTER_IP6_MULTICAST;
	filter_next(parser);
	return filter_emit(parser, step);
}

/* less 64, greater 1000: both ends count. */
static bool filter_length(struct filter_parser *parser, bool less)
{
	struct filter_step number = { .op = FILTER_VALUE_NUMBER }, length = { .op = FILTER_VALUE_LENGTH };

	return filter_take_number(parser, UINT32_MAX, "a length is wanted", &number.first) &&
	       filter_emit(parser, less ? number : length) && filter_emit(parser, less ? length : number) &&
	       filter_emit(parser, (struct filter_step){ .op = FILTER_COMPARE_NOT_BELOW });
}

static bool filter_vlan(struct filter_parser *parser)
{
	struct filter_step step = { .op = FILTER_TEST_VLAN, .last = 0xfff };
	uint32_t number;

	if (filter_word_number(parser, &number)) {
		if (!filter_take_number(parser, 0xfff, "a VLAN is wanted, 0 to 4095", &step.first))
			return false;
		step.last = step.first;
	}
	return filter_emit(parser, step);
}

/* What has no name behind it, and no protocol before. */
static bool filter_other(struct filter_parser *parser)
{
	if (filter_take_word(parser, "less"))
		return filter_length(parser, true);
	if (filter_take_word(parser, "greater"))
		return filter_length(parser, false);
	if (filter_take_word(parser, "vlan"))
		return filter_vlan(parser);
	if (filter_take_word(parser, "outbound"))
		return filter_emit(parser, (struct filter_step){ .op = FILTER_TEST_OUTBOUND });
	if (filter_take_word(parser, "inbound"))
		return filter_emit(parser, (struct filter_step){ .op = FILTER_TEST_OUTBOUND }) &&
		       filter_emit(parser, (struct filter_step){ .op = FILTER_NOT });
	return filter_fail(parser, filter_is_unsupported(parser) ? "this word of pcap-filter is not supported" : "this is no filter");
}

bool filter_primitive(struct filter_parser *parser)
{
	struct filter_qualifiers qualifiers = { .layer = filter_layer_at(parser) };
	bool is_cast;

	if (qualifiers.layer >= 0)
		filter_next(parser);
	qualifiers.side = filter_take_side(parser);
	qualifiers.type = filter_take_type(parser);
	if (qualifiers.side != 0 || qualifiers.type != FILTER_TYPE_NONE) {
		parser->last = qualifiers;
		return filter_names(parser, &qualifiers);
	}
	if (!filter_cast(parser, &qualifiers, &is_cast) || is_cast)
		return is_cast && parser->error[0] == '\0';
	return qualifiers.layer >= 0 ? filter_layer(parser, qualifiers.layer) : filter_other(parser);
}
