/*
 * service/wireguard_cookie.h: the MACs at the end of handshake messages, and cookies, by which one who is under load has
 * others show that they receive at the address that they send from (the WireGuard paper, 5.3, 5.4.4 and 5.4.7).
 */
#ifndef SERVICE_WIREGUARD_COOKIE_H
#define SERVICE_WIREGUARD_COOKIE_H

#include "service/ip_address.h"
#include "service/wireguard_crypto.h"

#define COOKIE_MACS_BYTES (2 * WIREGUARD_MAC_BYTES)
#define COOKIE_RECEIVER 4
#define COOKIE_NONCE 8
#define COOKIE_SEALED 32
#define COOKIE_BYTES 64 /* the message */
#define COOKIE_SECRET_MS 120000

/* For messages to one public key: the peer's, which we send to, or our own. */
struct cookie_keys {
	uint8_t mac1[WIREGUARD_KEY_BYTES], cookie[WIREGUARD_KEY_BYTES];
};

/* A peer's cookie for us. */
struct cookie_held {
	uint8_t last_mac1[WIREGUARD_MAC_BYTES]; /* of what we sent last: an answer is about it */
	uint8_t cookie[WIREGUARD_COOKIE_BYTES];
	bool has_sent, has_cookie;
	uint64_t got_ms;
};

/* Ours for others. */
struct cookie_secret {
	uint8_t secret[WIREGUARD_KEY_BYTES];
	bool has_secret;
	uint64_t made_ms;
};

void cookie_set_keys(struct cookie_keys *keys, const uint8_t *public_key);

/* Writes both MACs of a message whose MACs begin at macs_at. */
void cookie_write_macs(const struct cookie_keys *peer, struct cookie_held *held, uint64_t now_ms, uint8_t *message,
		       size_t macs_at);

/* Whether the first MAC of a message to us is right. */
bool cookie_is_mac1_good(const struct cookie_keys *ours, const uint8_t *message, size_t macs_at);

/* Whether the second is: who sent it has a cookie of ours for this address. */
bool cookie_is_mac2_good(const struct cookie_secret *secret, uint64_t now_ms, const struct ip_endpoint *from,
			 const uint8_t *message, size_t macs_at);

/* Whether the secret has to be made anew, which cookie_set_secret() does with WIREGUARD_KEY_BYTES of randomness. */
bool cookie_is_secret_old(const struct cookie_secret *secret, uint64_t now_ms);
void cookie_set_secret(struct cookie_secret *secret, const uint8_t *randomness, uint64_t now_ms);

/* Answers a message with a cookie. `nonce`: WIREGUARD_COOKIE_NONCE_BYTES of randomness. */
void cookie_write_answer(const struct cookie_keys *ours, const struct cookie_secret *secret,
			 const struct ip_endpoint *from, const uint8_t *nonce, const uint8_t *message, size_t macs_at,
			 uint8_t *answer);

/* Takes an answer of the peer's. */
bool cookie_read_answer(const struct cookie_keys *peer, struct cookie_held *held, uint64_t now_ms,
			const uint8_t *answer);

#endif
