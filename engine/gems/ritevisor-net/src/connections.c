/*
 * connections.c: the table of connections.
 */
#include "connections.h"

#include <string.h>

/* Seconds without a packet, after which a connection is none. Each answer counts anew. */
enum {
	CONNECTION_TCP_OPENING_S = 60,
	CONNECTION_TCP_OPEN_S = 7200,
	CONNECTION_TCP_CLOSING_S = 30,
	CONNECTION_OTHER_OPENING_S = 30,
	CONNECTION_OTHER_OPEN_S = 180,
	CONNECTION_FRAGMENT_S = 30,
};

void connections_init(struct connections *connections, struct connection *entries, uint32_t nr_sets, uint64_t seed)
{
	*connections = (struct connections){ .entries = entries, .nr_sets = nr_sets, .seed = seed };
}

/* Finding ------------------------------------------------------------------------------------- */

static bool connection_is_echo(const struct packet *packet, bool reply)
{
	uint8_t type;

	if (packet->payload == 0)
		return false;
	type = packet->bytes[packet->transport];
	if (packet->protocol == PACKET_ICMP && packet->family == 4)
		return type == (reply ? 0 : 8);
	return packet->protocol == PACKET_ICMP6 && packet->family == 6 && type == (reply ? 129 : 128);
}

/* False: it belongs to no connection: another message of ICMP, a cut header, a later fragment. */
static bool connection_tuple_of(const struct packet *packet, struct connection_tuple *tuple)
{
	*tuple = (struct connection_tuple){ .src = packet->src, .dst = packet->dst, .sport = packet->sport,
					    .dport = packet->dport, .family = packet->family, .protocol = packet->protocol };
	if (packet->family == 0 || packet->is_later)
		return false;
	switch (packet->protocol) {
	case PACKET_TCP:
	case PACKET_UDP:
	case PACKET_SCTP:
		return packet->has_ports;
	case PACKET_ICMP:
	case PACKET_ICMP6:
		if (!connection_is_echo(packet, false) && !connection_is_echo(packet, true))
			return false;
		tuple->sport = tuple->dport = (uint16_t)packet_number(packet->bytes + packet->transport + 4, 2);
		return true;
	default:
		return true;
	}
}

static uint64_t connection_mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

static uint64_t connection_hash_end(uint64_t seed, const struct address *address, uint16_t port)
{
	uint64_t words[2];

	memcpy(words, address->bytes, sizeof(words));
	return connection_mix(connection_mix(connection_mix(seed, words[0]), words[1]), port + UINT64_C(1));
}

/* The same for both directions. */
static struct connection *connection_set(struct connections *connections, const struct connection_tuple *tuple)
{
	uint64_t hash = connection_hash_end(connections->seed, &tuple->src, tuple->sport) +
			connection_hash_end(connections->seed, &tuple->dst, tuple->dport);

	hash = connection_mix(hash, connections->seed ^ (uint64_t)tuple->family << 8 ^ tuple->protocol);
	return &connections->entries[(hash >> 20 & (connections->nr_sets - 1)) * CONNECTIONS_WAYS];
}

static bool connection_address_is(const struct address *a, const struct address *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static bool connection_is(const struct connection_tuple *a, const struct connection_tuple *b, bool back)
{
	if (a->family != b->family || a->protocol != b->protocol)
		return false;
	if (back)
		return a->sport == b->dport && a->dport == b->sport && connection_address_is(&a->src, &b->dst) &&
		       connection_address_is(&a->dst, &b->src);
	return a->sport == b->sport && a->dport == b->dport && connection_address_is(&a->src, &b->src) &&
	       connection_address_is(&a->dst, &b->dst);
}

static bool connection_is_on(const struct connection *connection, uint32_t now_s)
{
	return connection->state != CONNECTION_FREE && connection->until_s > now_s;
}

/* *back: the other side has sent it. */
static struct connection *connection_find(struct connections *connections, const struct connection_tuple *tuple,
					  uint32_t now_s, bool *back)
{
	struct connection *set = connection_set(connections, tuple);

	for (unsigned int way = 0; way < CONNECTIONS_WAYS; way++) {
		if (!connection_is_on(&set[way], now_s))
			continue;
		for (unsigned int direction = 0; direction < 2; direction++) {
			if (connection_is(&set[way].tuple, tuple, direction == 1)) {
				*back = direction == 1;
				return &set[way];
			}
		}
	}
	return NULL;
}

/* States -------------------------------------------------------------------------------------- */

static uint32_t connection_lasts(const struct connection *connection)
{
	bool tcp = connection->tuple.protocol == PACKET_TCP;

	if (connection->state == CONNECTION_OPENING)
		return tcp ? CONNECTION_TCP_OPENING_S : CONNECTION_OTHER_OPENING_S;
	if (connection->state == CONNECTION_CLOSING)
		return CONNECTION_TCP_CLOSING_S;
	return tcp ? CONNECTION_TCP_OPEN_S : CONNECTION_OTHER_OPEN_S;
}

static void connection_seen(struct connection *connection, const struct packet *packet, uint32_t now_s, bool back)
{
	if (back && connection->state == CONNECTION_OPENING)
		connection->state = CONNECTION_OPEN;
	if (packet->protocol == PACKET_TCP) {
		if (packet->tcp_flags & PACKET_TCP_FIN)
			connection->fins |= back ? 2 : 1;
		if ((packet->tcp_flags & PACKET_TCP_RST) || connection->fins == 3)
			connection->state = CONNECTION_CLOSING;
	}
	connection->until_s = now_s + connection_lasts(connection);
}

/* The ports are used again, by the same two. */
static bool connection_begins_anew(const struct connection *connection, const struct packet *packet)
{
	return connection->state == CONNECTION_CLOSING && packet->protocol == PACKET_TCP &&
	       (packet->tcp_flags & (PACKET_TCP_SYN | PACKET_TCP_ACK)) == PACKET_TCP_SYN;
}

static bool connection_know_error(struct connections *connections, const struct packet *packet, uint32_t now_s)
{
	struct connection_tuple tuple;
	struct packet inner;
	bool back;

	/* It goes to whoever has sent what it is about. */
	if (!packet_parse_error(packet, &inner) || !connection_tuple_of(&inner, &tuple) ||
	    !connection_address_is(&tuple.src, &packet->dst))
		return false;
	return connection_find(connections, &tuple, now_s, &back) != NULL;
}

bool connections_know(struct connections *connections, const struct packet *packet, uint32_t now_s)
{
	struct connection_tuple tuple;
	struct connection *connection;
	bool back;

	if (!connection_tuple_of(packet, &tuple))
		return connection_know_error(connections, packet, now_s);
	connection = connection_find(connections, &tuple, now_s, &back);
	if (connection == NULL || connection_begins_anew(connection, packet))
		return false;
	/* Who was asked does not ask. */
	if (connection_is_echo(packet, !back))
		return false;
	connection_seen(connection, packet, now_s, back);
	return true;
}

/* A lower one goes first: what is over, what nobody has answered, what has been silent for longest. */
static uint64_t connection_worth(const struct connection *connection, uint32_t now_s)
{
	if (!connection_is_on(connection, now_s))
		return 0;
	return (connection->state == CONNECTION_OPEN ? UINT64_C(1) << 33 : UINT64_C(1) << 32) + connection->until_s;
}

void connections_add(struct connections *connections, const struct packet *packet, uint32_t now_s)
{
	struct connection_tuple tuple;
	struct connection *set, *place;
	bool back;

	if (!connection_tuple_of(packet, &tuple) || connection_is_echo(packet, true))
		return;
	set = connection_set(connections, &tuple);
	place = connection_find(connections, &tuple, now_s, &back);
	if (place == NULL) {
		place = set;
		for (unsigned int way = 1; way < CONNECTIONS_WAYS; way++) {
			if (connection_worth(&set[way], now_s) < connection_worth(place, now_s))
				place = &set[way];
		}
		connections->displaced += connection_is_on(place, now_s);
	}
	*place = (struct connection){ .tuple = tuple, .state = CONNECTION_OPENING };
	connection_seen(place, packet, now_s, false);
}

/* Fragments ----------------------------------------------------------------------------------- */

/* What is known of the first one of that packet, which has passed; NULL: nothing. */
static const struct connection_fragment *connections_fragment(const struct connections *connections,
							      const struct packet *packet, uint32_t now_s)
{
	for (unsigned int i = 0; i < CONNECTIONS_FRAGMENTS; i++) {
		const struct connection_fragment *known = &connections->fragments[i];

		if (known->until_s > now_s && known->number == packet->fragment &&
		    known->family == packet->family && known->protocol == packet->protocol &&
		    connection_address_is(&known->src, &packet->src) && connection_address_is(&known->dst, &packet->dst))
			return known;
	}
	return NULL;
}

static uint32_t connections_fragment_bytes(const struct packet *packet)
{
	return packet->transport != 0 ? packet->end - packet->transport : 0;
}

void connections_note_fragment(struct connections *connections, const struct packet *packet, uint32_t now_s)
{
	const struct connection_fragment *known;

	if (!packet->is_fragment || packet->is_later)
		return;
	known = connections_fragment(connections, packet, now_s);
	if (known != NULL) { /* it comes again, and may be longer */
		struct connection_fragment *longer = &connections->fragments[known - connections->fragments];

		if (longer->bytes < connections_fragment_bytes(packet))
			longer->bytes = connections_fragment_bytes(packet);
		return;
	}
	connections->fragments[connections->next_fragment++ % CONNECTIONS_FRAGMENTS] =
		(struct connection_fragment){ .src = packet->src, .dst = packet->dst, .number = packet->fragment,
					      .bytes = connections_fragment_bytes(packet),
					      .family = packet->family, .protocol = packet->protocol,
					      .until_s = now_s + CONNECTION_FRAGMENT_S };
}

bool connections_know_fragment(const struct connections *connections, const struct packet *packet, uint32_t now_s)
{
	return packet->is_fragment && packet->is_later && connections_fragment(connections, packet, now_s) != NULL;
}

/* Bytes of the header by which rules and connections tell packets apart; 0: there is none that they know. */
static uint32_t connection_header_bytes(const struct packet *packet)
{
	switch (packet->protocol) {
	case PACKET_TCP:
		return 20;
	case PACKET_SCTP:
		return 12;
	case PACKET_UDP:
	case PACKET_ICMP:
	case PACKET_ICMP6:
		return 8;
	default:
		return 0;
	}
}

bool connections_refuse_fragment(const struct connections *connections, const struct packet *packet, uint32_t now_s)
{
	const struct connection_fragment *known;

	if (!packet->is_fragment || connection_header_bytes(packet) == 0)
		return false;
	if (!packet->is_later)
		return packet->payload == 0;
	known = connections_fragment(connections, packet, now_s);
	return packet->offset < connection_header_bytes(packet) || (known != NULL && packet->offset < known->bytes);
}

uint32_t connections_count(const struct connections *connections, uint32_t now_s)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < connections->nr_sets * CONNECTIONS_WAYS; i++)
		count += connection_is_on(&connections->entries[i], now_s);
	return count;
}
