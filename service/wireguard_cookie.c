/*
 * service/wireguard_cookie.c: see the header.
 */
#include "service/wireguard_cookie.h"

#include "core/string.h"
#include "service/wireguard_noise.h"

/* A cookie is taken for so long by who has given it; for what is on the way it is used less long. */
#define COOKIE_USED_MS (COOKIE_SECRET_MS - 5000)
#define LABEL_BYTES 8

void cookie_set_keys(struct cookie_keys *keys, const uint8_t *public_key)
{
	wireguard_hash(keys->mac1, "mac1----", LABEL_BYTES, public_key, WIREGUARD_KEY_BYTES);
	wireguard_hash(keys->cookie, "cookie--", LABEL_BYTES, public_key, WIREGUARD_KEY_BYTES);
}

void cookie_write_macs(const struct cookie_keys *peer, struct cookie_held *held, uint64_t now_ms, uint8_t *message,
		       size_t macs_at)
{
	uint8_t *mac1 = message + macs_at, *mac2 = mac1 + WIREGUARD_MAC_BYTES;

	wireguard_mac(mac1, peer->mac1, sizeof(peer->mac1), message, macs_at);
	memcpy(held->last_mac1, mac1, sizeof(held->last_mac1));
	held->has_sent = true;
	if (held->has_cookie && now_ms - held->got_ms < COOKIE_USED_MS)
		wireguard_mac(mac2, held->cookie, sizeof(held->cookie), message, macs_at + WIREGUARD_MAC_BYTES);
	else
		memset(mac2, 0, WIREGUARD_MAC_BYTES);
}

bool cookie_is_mac1_good(const struct cookie_keys *ours, const uint8_t *message, size_t macs_at)
{
	uint8_t mac[WIREGUARD_MAC_BYTES];

	wireguard_mac(mac, ours->mac1, sizeof(ours->mac1), message, macs_at);
	return wireguard_is_equal(mac, message + macs_at, sizeof(mac));
}

/* A cookie: a MAC of where a message comes from. */
static void cookie_make(const struct cookie_secret *secret, const struct ip_endpoint *from, uint8_t *cookie)
{
	uint8_t source[1 + sizeof(from->address.bytes) + 2] = { (uint8_t)from->address.family };

	memcpy(source + 1, from->address.bytes, sizeof(from->address.bytes));
	source[sizeof(source) - 2] = (uint8_t)from->port;
	source[sizeof(source) - 1] = (uint8_t)(from->port >> 8);
	wireguard_mac(cookie, secret->secret, sizeof(secret->secret), source, sizeof(source));
}

bool cookie_is_mac2_good(const struct cookie_secret *secret, uint64_t now_ms, const struct ip_endpoint *from,
			 const uint8_t *message, size_t macs_at)
{
	uint8_t cookie[WIREGUARD_COOKIE_BYTES], mac[WIREGUARD_MAC_BYTES];

	if (cookie_is_secret_old(secret, now_ms))
		return false;
	cookie_make(secret, from, cookie);
	wireguard_mac(mac, cookie, sizeof(cookie), message, macs_at + WIREGUARD_MAC_BYTES);
	return wireguard_is_equal(mac, message + macs_at + WIREGUARD_MAC_BYTES, sizeof(mac));
}

bool cookie_is_secret_old(const struct cookie_secret *secret, uint64_t now_ms)
{
	return !secret->has_secret || now_ms - secret->made_ms >= COOKIE_SECRET_MS;
}

void cookie_set_secret(struct cookie_secret *secret, const uint8_t *randomness, uint64_t now_ms)
{
	memcpy(secret->secret, randomness, sizeof(secret->secret));
	secret->has_secret = true;
	secret->made_ms = now_ms;
}

void cookie_write_answer(const struct cookie_keys *ours, const struct cookie_secret *secret,
			 const struct ip_endpoint *from, const uint8_t *nonce, const uint8_t *message, size_t macs_at,
			 uint8_t *answer)
{
	wireguard_store32(answer, WIREGUARD_COOKIE);
	memcpy(answer + COOKIE_RECEIVER, message + NOISE_SENDER, 4);
	memcpy(answer + COOKIE_NONCE, nonce, WIREGUARD_COOKIE_NONCE_BYTES);
	cookie_make(secret, from, answer + COOKIE_SEALED);
	wireguard_seal_cookie(ours->cookie, nonce, message + macs_at, WIREGUARD_MAC_BYTES, answer + COOKIE_SEALED,
			      WIREGUARD_COOKIE_BYTES);
}

bool cookie_read_answer(const struct cookie_keys *peer, struct cookie_held *held, uint64_t now_ms,
			const uint8_t *answer)
{
	uint8_t cookie[WIREGUARD_COOKIE_BYTES + WIREGUARD_TAG_BYTES];

	if (!held->has_sent)
		return false;
	memcpy(cookie, answer + COOKIE_SEALED, sizeof(cookie));
	if (!wireguard_open_cookie(peer->cookie, answer + COOKIE_NONCE, held->last_mac1, sizeof(held->last_mac1), cookie,
				   WIREGUARD_COOKIE_BYTES))
		return false;
	memcpy(held->cookie, cookie, sizeof(held->cookie));
	held->has_cookie = true;
	held->got_ms = now_ms;
	held->has_sent = false; /* one answer a message */
	return true;
}
