/*
 * service/wireguard_handshake.c: the way to new keys: messages of the handshake as they go and come, how many are
 * answered, and where their keys belong.
 */
#include "core/string.h"
#include "service/wireguard_internal.h"

#define LOAD_SECOND_MS 1000
#define LOAD_MESSAGES 32      /* in a second: from there on a sender has to show that it receives */
#define SOURCE_TOKEN_MS 50    /* 20 a second for one sender */
#define SOURCE_TOKENS 5	      /* at once */
#define INITIATION_GAP_MS 20  /* between two of one peer's */
#define V6_SOURCE_BYTES 8     /* one has at least a /64 */
#define TAI64_EPOCH (UINT64_C(0x4000000000000000) + 10) /* 1970; leap seconds since then do not count, as in Linux */
#define NANOSECONDS 1000000000u
#define NANOSECONDS_SHOWN 0xff000000 /* some 17 ms: nobody needs to learn more of our clock, and Linux does not say more */

static void wireguard_random(struct wireguard *wireguard, void *bytes, size_t nr_bytes)
{
	wireguard->host->random(wireguard->host->context, bytes, nr_bytes);
}

static bool wireguard_is_index_used(const struct wireguard *wireguard, uint32_t index)
{
	for (uint32_t i = 0; i < wireguard->nr_peers; i++) {
		const struct wireguard_peer *peer = &wireguard->peers[i];

		if ((peer->handshake.state != NOISE_NOTHING && peer->handshake.index == index) ||
		    (peer->current.is_valid && peer->current.keys.index == index) ||
		    (peer->previous.is_valid && peer->previous.keys.index == index) ||
		    (peer->next.is_valid && peer->next.keys.index == index))
			return true;
	}
	return false;
}

static uint32_t wireguard_new_index(struct wireguard *wireguard)
{
	uint32_t index;

	wireguard_random(wireguard, &index, sizeof(index));
	while (wireguard_is_index_used(wireguard, index))
		index++;
	return index;
}

static void wireguard_store_big(uint8_t *bytes, uint64_t value, unsigned nr_bytes)
{
	for (unsigned i = 0; i < nr_bytes; i++)
		bytes[i] = (uint8_t)(value >> 8 * (nr_bytes - 1 - i));
}

static uint64_t wireguard_load_big(const uint8_t *bytes, unsigned nr_bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < nr_bytes; i++)
		value = value << 8 | bytes[i];
	return value;
}

/* The time of the day, or, where that is not newer than the last, the last and one nanosecond: a peer takes what is
 * not newer for a replay. */
static void wireguard_new_stamp(struct wireguard *wireguard)
{
	uint8_t stamp[NOISE_TIMESTAMP_BYTES];
	uint64_t seconds;
	uint32_t nanoseconds;

	wireguard_store_big(stamp, TAI64_EPOCH + wireguard->now.unix_seconds, 8);
	wireguard_store_big(stamp + 8, wireguard->now.nanoseconds % NANOSECONDS & NANOSECONDS_SHOWN, 4);
	if (memcmp(stamp, wireguard->stamp, sizeof(stamp)) <= 0) {
		seconds = wireguard_load_big(wireguard->stamp, 8);
		nanoseconds = (uint32_t)wireguard_load_big(wireguard->stamp + 8, 4) + 1;
		wireguard_store_big(stamp, seconds + nanoseconds / NANOSECONDS, 8);
		wireguard_store_big(stamp + 8, nanoseconds % NANOSECONDS, 4);
	}
	memcpy(wireguard->stamp, stamp, sizeof(stamp));
}

bool wireguard_initiate(struct wireguard *wireguard, struct wireguard_peer *peer, bool is_retry)
{
	uint8_t message[NOISE_INITIATION_BYTES], ephemeral[WIREGUARD_KEY_BYTES];
	bool good;

	if (!is_retry)
		peer->nr_attempts = 0;
	if (peer->endpoint.address.family == IP_NONE ||
	    (peer->has_initiated && wireguard->now.ms - peer->last_initiation_ms < WIREGUARD_REKEY_TIMEOUT_MS))
		return false;
	wireguard_new_stamp(wireguard);
	wireguard_random(wireguard, ephemeral, sizeof(ephemeral));
	good = noise_write_initiation(&peer->handshake, &wireguard->identity, ephemeral, wireguard->stamp,
				      wireguard_new_index(wireguard), message);
	memory_wipe(ephemeral, sizeof(ephemeral));
	if (!good)
		return false;
	peer->has_initiated = true;
	peer->last_initiation_ms = wireguard->now.ms;
	cookie_write_macs(&peer->cookie_keys, &peer->cookie, wireguard->now.ms, message, NOISE_INITIATION_MACS);
	wireguard_timers_sent(wireguard, peer);
	wireguard_timers_initiated(wireguard, peer);
	wireguard_send(wireguard, peer, message, sizeof(message));
	return true;
}

/* Keys of a handshake that we asked for are used at once; those that we answered with, when the peer has used them. */
static void wireguard_take_keys(struct wireguard *wireguard, struct wireguard_peer *peer)
{
	struct noise_keys keys;

	if (!noise_derive(&peer->handshake, &keys))
		return;
	wireguard_session_end(&peer->previous);
	if (keys.is_initiator) {
		peer->previous = peer->next.is_valid ? peer->next : peer->current;
		wireguard_session_end(&peer->next);
		wireguard_session_begin(&peer->current, &keys, wireguard->now.ms);
	} else {
		wireguard_session_begin(&peer->next, &keys, wireguard->now.ms);
	}
	memory_wipe(&keys, sizeof(keys));
	wireguard_timers_derived(wireguard, peer);
}

void wireguard_forget(struct wireguard_peer *peer)
{
	noise_forget(&peer->handshake);
	wireguard_session_end(&peer->current);
	wireguard_session_end(&peer->previous);
	wireguard_session_end(&peer->next);
}

static void wireguard_respond(struct wireguard *wireguard, struct wireguard_peer *peer)
{
	uint8_t message[NOISE_RESPONSE_BYTES], ephemeral[WIREGUARD_KEY_BYTES];
	bool good;

	wireguard_random(wireguard, ephemeral, sizeof(ephemeral));
	good = noise_write_response(&peer->handshake, ephemeral, wireguard_new_index(wireguard), message);
	memory_wipe(ephemeral, sizeof(ephemeral));
	if (!good)
		return;
	peer->has_answered = true;
	peer->last_answered_ms = wireguard->now.ms;
	cookie_write_macs(&peer->cookie_keys, &peer->cookie, wireguard->now.ms, message, NOISE_RESPONSE_MACS);
	wireguard_take_keys(wireguard, peer);
	wireguard_timers_sent(wireguard, peer);
	wireguard_send(wireguard, peer, message, sizeof(message));
}

static bool wireguard_take_initiation(struct wireguard *wireguard, const struct ip_endpoint *from, const uint8_t *message)
{
	struct noise_initiation initiation;
	struct wireguard_peer *peer = NULL;
	bool good = noise_read_initiation(&wireguard->identity, message, &initiation);

	for (uint32_t i = 0; good && i < wireguard->nr_peers; i++) {
		if (memcmp(wireguard->peers[i].handshake.peer, initiation.peer, sizeof(initiation.peer)) == 0)
			peer = &wireguard->peers[i];
	}
	good = peer != NULL &&
	       !(peer->has_answered && wireguard->now.ms - peer->last_answered_ms < INITIATION_GAP_MS) &&
	       noise_take_initiation(&peer->handshake, message, &initiation);
	memory_wipe(&initiation, sizeof(initiation));
	if (!good)
		return false;
	wireguard_roam(wireguard, peer, from);
	peer->received_bytes += NOISE_INITIATION_BYTES;
	wireguard_timers_received(wireguard, peer);
	wireguard_respond(wireguard, peer);
	return true;
}

static bool wireguard_take_response(struct wireguard *wireguard, const struct ip_endpoint *from, const uint8_t *message)
{
	uint32_t index = wireguard_load32(message + NOISE_RESPONSE_RECEIVER);

	for (uint32_t i = 0; i < wireguard->nr_peers; i++) {
		struct wireguard_peer *peer = &wireguard->peers[i];

		if (peer->handshake.state != NOISE_SENT_INITIATION || peer->handshake.index != index)
			continue;
		if (!noise_read_response(&peer->handshake, &wireguard->identity, message))
			return false;
		wireguard_roam(wireguard, peer, from);
		peer->received_bytes += NOISE_RESPONSE_BYTES;
		wireguard_take_keys(wireguard, peer);
		wireguard_timers_received(wireguard, peer);
		wireguard_timers_completed(wireguard, peer);
		wireguard_send_keepalive(wireguard, peer); /* by it the peer knows that we have the keys */
		return true;
	}
	return false;
}

/* An answer that says: ask again, and show by this cookie that you got it. */
static bool wireguard_take_cookie(struct wireguard *wireguard, const uint8_t *message)
{
	uint32_t index = wireguard_load32(message + COOKIE_RECEIVER);

	for (uint32_t i = 0; i < wireguard->nr_peers; i++) {
		struct wireguard_peer *peer = &wireguard->peers[i];
		bool is_of_handshake = peer->handshake.state != NOISE_NOTHING && peer->handshake.index == index;
		bool is_of_response = peer->next.is_valid && peer->next.keys.index == index;

		if (is_of_handshake || is_of_response)
			return cookie_read_answer(&peer->cookie_keys, &peer->cookie, wireguard->now.ms, message);
	}
	return false;
}

/* Counts this one; whether there are many. */
static bool wireguard_is_under_load(struct wireguard *wireguard)
{
	if (wireguard->now.ms - wireguard->load_second_ms >= LOAD_SECOND_MS) {
		wireguard->load_second_ms = wireguard->now.ms;
		wireguard->nr_of_second = 0;
	}
	if (++wireguard->nr_of_second > LOAD_MESSAGES)
		wireguard->load_until_ms = wireguard->now.ms + LOAD_SECOND_MS;
	return wireguard->now.ms < wireguard->load_until_ms;
}

/* Whether one who showed that it is there may have another message read. When there is no place for it, that which
 * asked longest ago gives its. */
static bool wireguard_has_token(struct wireguard *wireguard, const struct ip_endpoint *from)
{
	struct ip_address address = from->address;
	struct wireguard_source *source = NULL, *oldest = &wireguard->sources[0];
	uint64_t earned;

	if (address.family == IP_V6)
		memset(address.bytes + V6_SOURCE_BYTES, 0, sizeof(address.bytes) - V6_SOURCE_BYTES);
	for (unsigned i = 0; i < ARRAY_LENGTH(wireguard->sources) && source == NULL; i++) {
		if (ip_is_same(&wireguard->sources[i].address, &address))
			source = &wireguard->sources[i];
		else if (wireguard->sources[i].last_ms < oldest->last_ms)
			oldest = &wireguard->sources[i];
	}
	if (source == NULL) {
		source = oldest;
		*source = (struct wireguard_source){ address, wireguard->now.ms, SOURCE_TOKENS };
	}
	earned = (wireguard->now.ms - source->last_ms) / SOURCE_TOKEN_MS;
	source->last_ms += earned * SOURCE_TOKEN_MS;
	source->tokens = earned >= SOURCE_TOKENS - source->tokens ? SOURCE_TOKENS : source->tokens + (uint32_t)earned;
	if (source->tokens == 0)
		return false;
	source->tokens--;
	return true;
}

static void wireguard_answer_cookie(struct wireguard *wireguard, const struct ip_endpoint *from, const uint8_t *message,
				    size_t macs_at)
{
	uint8_t answer[COOKIE_BYTES], nonce[WIREGUARD_COOKIE_NONCE_BYTES], secret[WIREGUARD_KEY_BYTES];

	if (cookie_is_secret_old(&wireguard->cookie_secret, wireguard->now.ms)) {
		wireguard_random(wireguard, secret, sizeof(secret));
		cookie_set_secret(&wireguard->cookie_secret, secret, wireguard->now.ms);
		memory_wipe(secret, sizeof(secret));
	}
	wireguard_random(wireguard, nonce, sizeof(nonce));
	cookie_write_answer(&wireguard->cookie_keys, &wireguard->cookie_secret, from, nonce, message, macs_at, answer);
	wireguard->host->send(wireguard->host->context, from, answer, sizeof(answer));
}

/* Whether a message of the handshake may cost us the arithmetic that it takes. */
static bool wireguard_is_worth(struct wireguard *wireguard, const struct ip_endpoint *from, const uint8_t *message,
			       size_t macs_at)
{
	if (!cookie_is_mac1_good(&wireguard->cookie_keys, message, macs_at)) {
		wireguard_drop(wireguard, WIREGUARD_DROP_MAC);
		return false;
	}
	if (!wireguard_is_under_load(wireguard))
		return true;
	if (!cookie_is_mac2_good(&wireguard->cookie_secret, wireguard->now.ms, from, message, macs_at)) {
		wireguard_answer_cookie(wireguard, from, message, macs_at);
		wireguard_drop(wireguard, WIREGUARD_DROP_LOAD);
		return false;
	}
	if (!wireguard_has_token(wireguard, from)) {
		wireguard_drop(wireguard, WIREGUARD_DROP_LOAD);
		return false;
	}
	return true;
}

void wireguard_receive_handshake(struct wireguard *wireguard, const struct ip_endpoint *from, const uint8_t *message)
{
	bool good = false;

	switch (wireguard_load32(message)) {
	case WIREGUARD_COOKIE:
		good = wireguard_take_cookie(wireguard, message);
		break;
	case WIREGUARD_INITIATION:
		if (!wireguard_is_worth(wireguard, from, message, NOISE_INITIATION_MACS))
			return;
		good = wireguard_take_initiation(wireguard, from, message);
		break;
	case WIREGUARD_RESPONSE:
		if (!wireguard_is_worth(wireguard, from, message, NOISE_RESPONSE_MACS))
			return;
		good = wireguard_take_response(wireguard, from, message);
		break;
	}
	if (!good)
		wireguard_drop(wireguard, WIREGUARD_DROP_HANDSHAKE);
}
