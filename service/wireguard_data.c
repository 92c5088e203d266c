/*
 * service/wireguard_data.c: packets as transport messages (the WireGuard paper, 5.4.6), and the reverse.
 */
#include "core/string.h"
#include "service/wireguard_internal.h"

#define DATA_RECEIVER 4
#define DATA_COUNTER 8
#define PADDING_BYTES 16

static bool wireguard_is_usable(const struct wireguard *wireguard, const struct wireguard_session *session)
{
	return session->is_valid && wireguard->now.ms - session->born_ms < WIREGUARD_REJECT_AFTER_MS;
}

/* By the keys in use, which there are. The packet, and what it is padded to, is not longer than the MTU. */
static void wireguard_send_data(struct wireguard *wireguard, struct wireguard_peer *peer, const uint8_t *packet,
				size_t nr_bytes)
{
	struct wireguard_session *session = &peer->current;
	uint8_t *message = wireguard->datagram, *inside = message + WIREGUARD_DATA_HEADER_BYTES;
	size_t padded = align_up(nr_bytes, PADDING_BYTES);

	if (padded > wireguard->mtu)
		padded = wireguard->mtu;
	memset(inside + nr_bytes, 0, padded - nr_bytes);
	if (nr_bytes != 0)
		memcpy(inside, packet, nr_bytes);
	wireguard_store32(message, WIREGUARD_DATA);
	wireguard_store32(message + DATA_RECEIVER, session->keys.peer_index);
	wireguard_store64(message + DATA_COUNTER, session->send_counter);
	wireguard_seal(session->keys.send, session->send_counter++, NULL, 0, inside, padded);
	wireguard_timers_sent(wireguard, peer);
	if (nr_bytes != 0)
		wireguard_timers_data_sent(wireguard, peer);
	wireguard_send(wireguard, peer, message, WIREGUARD_DATA_HEADER_BYTES + padded + WIREGUARD_TAG_BYTES);
}

/* Whether there are keys to send by. Those that are used up, or old, are replaced in time by who asked for them. */
static bool wireguard_can_send(struct wireguard *wireguard, struct wireguard_peer *peer)
{
	struct wireguard_session *session = &peer->current;
	uint64_t age = wireguard->now.ms - session->born_ms;

	if (!wireguard_is_usable(wireguard, session) || session->send_counter >= WIREGUARD_REJECT_AFTER_MESSAGES) {
		/* While there is always something to send, asking does not end: nobody else would say that it is in vain. */
		wireguard_timers_lost(wireguard, peer);
		wireguard_initiate(wireguard, peer, false);
		return false;
	}
	if (session->send_counter > WIREGUARD_REKEY_AFTER_MESSAGES ||
	    (session->keys.is_initiator && age >= WIREGUARD_REKEY_AFTER_MS))
		wireguard_initiate(wireguard, peer, false);
	return true;
}

static void wireguard_stage(struct wireguard *wireguard, struct wireguard_peer *peer, const uint8_t *packet,
			    size_t nr_bytes)
{
	struct wireguard_staged *staged;

	if (peer->nr_staged == WIREGUARD_STAGED_MAXIMUM) {
		peer->first_staged = (peer->first_staged + 1) % WIREGUARD_STAGED_MAXIMUM;
		peer->nr_staged--;
		wireguard_drop(wireguard, WIREGUARD_DROP_STAGED);
	}
	staged = &peer->staged[(peer->first_staged + peer->nr_staged++) % WIREGUARD_STAGED_MAXIMUM];
	memcpy(staged->packet, packet, nr_bytes);
	staged->nr_bytes = (uint32_t)nr_bytes;
}

void wireguard_drop_staged(struct wireguard *wireguard, struct wireguard_peer *peer)
{
	for (; peer->nr_staged != 0; peer->nr_staged--)
		wireguard_drop(wireguard, WIREGUARD_DROP_STAGED);
	memory_wipe(peer->staged, sizeof(peer->staged));
}

void wireguard_send_staged(struct wireguard *wireguard, struct wireguard_peer *peer)
{
	while (peer->nr_staged != 0 && wireguard_can_send(wireguard, peer)) {
		struct wireguard_staged *staged = &peer->staged[peer->first_staged];

		wireguard_send_data(wireguard, peer, staged->packet, staged->nr_bytes);
		memory_wipe(staged->packet, staged->nr_bytes);
		peer->first_staged = (peer->first_staged + 1) % WIREGUARD_STAGED_MAXIMUM;
		peer->nr_staged--;
	}
}

void wireguard_send_keepalive(struct wireguard *wireguard, struct wireguard_peer *peer)
{
	if (peer->nr_staged != 0)
		wireguard_send_staged(wireguard, peer);
	else if (peer->endpoint.address.family != IP_NONE && wireguard_can_send(wireguard, peer))
		wireguard_send_data(wireguard, peer, NULL, 0);
}

/* Whose address that is: the longest prefix's. NULL: nobody's. */
static struct wireguard_peer *wireguard_find_peer(struct wireguard *wireguard, const struct ip_address *address)
{
	const struct wireguard_allowed *best = NULL;

	for (uint32_t i = 0; i < wireguard->nr_allowed; i++) {
		const struct wireguard_allowed *allowed = &wireguard->allowed[i];

		if (ip_is_within(address, &allowed->network) &&
		    (best == NULL || allowed->network.prefix > best->network.prefix))
			best = allowed;
	}
	return best != NULL ? &wireguard->peers[best->peer] : NULL;
}

void wireguard_transmit(struct wireguard *wireguard, const uint8_t *packet, size_t nr_bytes)
{
	struct ip_packet header;
	struct wireguard_peer *peer;

	if (nr_bytes > wireguard->mtu) {
		wireguard_drop(wireguard, WIREGUARD_DROP_TOO_LONG);
		return;
	}
	if (!ip_read_packet(packet, nr_bytes, &header)) {
		wireguard_drop(wireguard, WIREGUARD_DROP_INNER);
		return;
	}
	peer = wireguard_find_peer(wireguard, &header.destination);
	if (peer == NULL) {
		wireguard_drop(wireguard, WIREGUARD_DROP_NO_PEER);
		return;
	}
	if (peer->endpoint.address.family == IP_NONE) {
		wireguard_drop(wireguard, WIREGUARD_DROP_NO_ENDPOINT);
		return;
	}
	wireguard_stage(wireguard, peer, packet, header.length_bytes);
	wireguard_send_staged(wireguard, peer);
}

bool wireguard_finds(struct wireguard *wireguard, const struct ip_address *address, uint32_t *peer)
{
	const struct wireguard_peer *found = wireguard_find_peer(wireguard, address);

	*peer = found != NULL ? wireguard_peer_number(wireguard, found) : 0;
	return found != NULL;
}

/* Keys of that number, whoever's. */
static struct wireguard_session *wireguard_find_session(struct wireguard *wireguard, uint32_t index,
							struct wireguard_peer **found)
{
	for (uint32_t i = 0; i < wireguard->nr_peers; i++) {
		struct wireguard_peer *peer = &wireguard->peers[i];
		struct wireguard_session *sessions[] = { &peer->current, &peer->previous, &peer->next };

		for (unsigned j = 0; j < ARRAY_LENGTH(sessions); j++) {
			if (sessions[j]->is_valid && sessions[j]->keys.index == index) {
				*found = peer;
				return sessions[j];
			}
		}
	}
	return NULL;
}

/* The peer has used the keys that we answered with: it has them, so that we may use them too. */
static void wireguard_confirm(struct wireguard *wireguard, struct wireguard_peer *peer)
{
	wireguard_session_end(&peer->previous);
	peer->previous = peer->current;
	peer->current = peer->next;
	wireguard_session_end(&peer->next);
	wireguard_timers_completed(wireguard, peer);
	wireguard_send_staged(wireguard, peer);
}

void wireguard_keep_fresh(struct wireguard *wireguard, struct wireguard_peer *peer)
{
	const struct wireguard_session *session = &peer->current;

	if (peer->has_asked_late || !session->is_valid || !session->keys.is_initiator ||
	    wireguard->now.ms - session->born_ms <
		    WIREGUARD_REJECT_AFTER_MS - WIREGUARD_KEEPALIVE_MS - WIREGUARD_REKEY_TIMEOUT_MS)
		return;
	peer->has_asked_late = true;
	wireguard_initiate(wireguard, peer, false);
}

static void wireguard_deliver(struct wireguard *wireguard, struct wireguard_peer *peer, const uint8_t *packet,
			      size_t nr_bytes)
{
	struct ip_packet header;

	if (!ip_read_packet(packet, nr_bytes, &header) || wireguard_find_peer(wireguard, &header.source) != peer) {
		wireguard_drop(wireguard, WIREGUARD_DROP_INNER);
		return;
	}
	wireguard->host->deliver(wireguard->host->context, wireguard_peer_number(wireguard, peer), packet,
				 header.length_bytes);
}

void wireguard_receive_data(struct wireguard *wireguard, const struct ip_endpoint *from, uint8_t *message,
			    size_t nr_bytes)
{
	uint64_t counter = wireguard_load64(message + DATA_COUNTER);
	uint8_t *inside = message + WIREGUARD_DATA_HEADER_BYTES;
	size_t inside_bytes = nr_bytes - WIREGUARD_DATA_HEADER_BYTES - WIREGUARD_TAG_BYTES;
	struct wireguard_peer *peer = NULL;
	struct wireguard_session *session =
		wireguard_find_session(wireguard, wireguard_load32(message + DATA_RECEIVER), &peer);

	if (session == NULL || !wireguard_is_usable(wireguard, session) || counter >= WIREGUARD_REJECT_AFTER_MESSAGES) {
		wireguard_drop(wireguard, WIREGUARD_DROP_SESSION);
		return;
	}
	if (!wireguard_open(session->keys.receive, counter, NULL, 0, inside, inside_bytes)) {
		wireguard_drop(wireguard, WIREGUARD_DROP_FORGED);
		return;
	}
	if (!wireguard_session_note(session, counter)) {
		wireguard_drop(wireguard, WIREGUARD_DROP_REPLAY);
		return;
	}
	wireguard_roam(wireguard, peer, from);
	peer->received_bytes += nr_bytes;
	if (session == &peer->next)
		wireguard_confirm(wireguard, peer);
	wireguard_keep_fresh(wireguard, peer);
	wireguard_timers_received(wireguard, peer);
	if (inside_bytes == 0)
		return; /* a keepalive */
	wireguard_timers_data_received(wireguard, peer);
	wireguard_deliver(wireguard, peer, inside, inside_bytes);
}
