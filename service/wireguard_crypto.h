/*
 * service/wireguard_crypto.h: the functions of which WireGuard is made (the WireGuard paper, 5.4): BLAKE2s, HMAC of it,
 * X25519 and ChaCha20-Poly1305. The arithmetic is libb2's, libsodium's and BearSSL's; none of it branches on secrets or
 * looks into tables by them.
 */
#ifndef SERVICE_WIREGUARD_CRYPTO_H
#define SERVICE_WIREGUARD_CRYPTO_H

#include "rv/types.h"

#define WIREGUARD_KEY_BYTES 32
#define WIREGUARD_HASH_BYTES 32
#define WIREGUARD_TAG_BYTES 16
#define WIREGUARD_MAC_BYTES 16
#define WIREGUARD_COOKIE_BYTES 16
#define WIREGUARD_COOKIE_NONCE_BYTES 24

/* BLAKE2s of both, one behind the other. `hash` may be one of them. */
void wireguard_hash(uint8_t *hash, const void *first, size_t first_bytes, const void *second, size_t second_bytes);

/* Keyed BLAKE2s with a result of WIREGUARD_MAC_BYTES; the key has at most 32 bytes. */
void wireguard_mac(uint8_t *mac, const void *key, size_t key_bytes, const void *bytes, size_t nr_bytes);

/* HKDF with HMAC-BLAKE2s: one result, two or three; those that are NULL are not wanted. The first may stand where the
 * chaining key does. */
void wireguard_kdf(uint8_t *first, uint8_t *second, uint8_t *third, const uint8_t *chaining_key, const void *input,
		   size_t input_bytes);

/* X25519. False: the point is one of small order, so that the result would be no secret; it is zero then. */
bool wireguard_dh(uint8_t *shared, const uint8_t *private_key, const uint8_t *public_key);
void wireguard_public_key(uint8_t *public_key, const uint8_t *private_key);

/* ChaCha20-Poly1305 (RFC 8439) in place, with the counter as nonce; the tag stands behind. `bytes` has nr_bytes and
 * WIREGUARD_TAG_BYTES. */
void wireguard_seal(const uint8_t *key, uint64_t counter, const void *about, size_t about_bytes, uint8_t *bytes,
		    size_t nr_bytes);

/* The reverse; nr_bytes are those without the tag. False: it was not sealed so; what stands there then is nothing. */
bool wireguard_open(const uint8_t *key, uint64_t counter, const void *about, size_t about_bytes, uint8_t *bytes,
		    size_t nr_bytes);

/* The same with XChaCha20 (draft-irtf-cfrg-xchacha) and a nonce of WIREGUARD_COOKIE_NONCE_BYTES. */
void wireguard_seal_cookie(const uint8_t *key, const uint8_t *nonce, const void *about, size_t about_bytes,
			   uint8_t *bytes, size_t nr_bytes);
bool wireguard_open_cookie(const uint8_t *key, const uint8_t *nonce, const void *about, size_t about_bytes,
			   uint8_t *bytes, size_t nr_bytes);

/* Whether they are the same, in a time that does not say where they differ. */
bool wireguard_is_equal(const uint8_t *one, const uint8_t *other, size_t nr_bytes);
bool wireguard_is_zero(const uint8_t *bytes, size_t nr_bytes);

/* Numbers as messages have them: little-endian. */
uint32_t wireguard_load32(const uint8_t *bytes);
uint64_t wireguard_load64(const uint8_t *bytes);
void wireguard_store32(uint8_t *bytes, uint32_t value);
void wireguard_store64(uint8_t *bytes, uint64_t value);

#endif
