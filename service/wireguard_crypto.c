/*
 * service/wireguard_crypto.c: WireGuard's functions, from those of libraries.
 */
#include "service/wireguard_crypto.h"

#include "bearssl_block.h"
#include "blake2.h"
#include "core/string.h"
#include "x25519_ref10.h"

#define HMAC_BLOCK_BYTES 64
#define NONCE_BYTES 12

_Static_assert(BLAKE2S_BLOCKBYTES == HMAC_BLOCK_BYTES && BLAKE2S_OUTBYTES == WIREGUARD_HASH_BYTES, "libb2");

void wireguard_store64(uint8_t *bytes, uint64_t value)
{
	for (unsigned i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(value >> 8 * i);
}

uint64_t wireguard_load64(const uint8_t *bytes)
{
	return wireguard_load32(bytes) | (uint64_t)wireguard_load32(bytes + 4) << 32;
}

uint32_t wireguard_load32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

void wireguard_store32(uint8_t *bytes, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(value >> 8 * i);
}

void wireguard_hash(uint8_t *hash, const void *first, size_t first_bytes, const void *second, size_t second_bytes)
{
	blake2s_state state;

	blake2s_init(&state, WIREGUARD_HASH_BYTES);
	blake2s_update(&state, first, first_bytes);
	blake2s_update(&state, second, second_bytes);
	blake2s_final(&state, hash, WIREGUARD_HASH_BYTES);
	memory_wipe(&state, sizeof(state));
}

void wireguard_mac(uint8_t *mac, const void *key, size_t key_bytes, const void *bytes, size_t nr_bytes)
{
	blake2s_state state;

	blake2s_init_key(&state, WIREGUARD_MAC_BYTES, key, key_bytes);
	blake2s_update(&state, bytes, nr_bytes);
	blake2s_final(&state, mac, WIREGUARD_MAC_BYTES);
	memory_wipe(&state, sizeof(state));
}

/* HMAC (RFC 2104) by a key of one hash's length. */
static void wireguard_hmac(uint8_t *result, const uint8_t *key, const void *bytes, size_t nr_bytes)
{
	uint8_t block[HMAC_BLOCK_BYTES], inner[WIREGUARD_HASH_BYTES];

	memset(block, 0x36, sizeof(block));
	for (unsigned i = 0; i < WIREGUARD_HASH_BYTES; i++)
		block[i] ^= key[i];
	wireguard_hash(inner, block, sizeof(block), bytes, nr_bytes);
	for (unsigned i = 0; i < sizeof(block); i++)
		block[i] ^= 0x36 ^ 0x5c;
	wireguard_hash(result, block, sizeof(block), inner, sizeof(inner));
	memory_wipe(block, sizeof(block));
	memory_wipe(inner, sizeof(inner));
}

void wireguard_kdf(uint8_t *first, uint8_t *second, uint8_t *third, const uint8_t *chaining_key, const void *input,
		   size_t input_bytes)
{
	uint8_t *results[] = { first, second, third };
	uint8_t secret[WIREGUARD_HASH_BYTES], text[WIREGUARD_HASH_BYTES + 1];
	size_t text_bytes = 0; /* of the result before, which is a part of the next */

	wireguard_hmac(secret, chaining_key, input, input_bytes);
	for (unsigned i = 0; i < ARRAY_LENGTH(results) && results[i] != NULL; i++) {
		text[text_bytes] = (uint8_t)(i + 1);
		wireguard_hmac(results[i], secret, text, text_bytes + 1);
		memcpy(text, results[i], WIREGUARD_HASH_BYTES);
		text_bytes = WIREGUARD_HASH_BYTES;
	}
	memory_wipe(secret, sizeof(secret));
	memory_wipe(text, sizeof(text));
}

bool wireguard_dh(uint8_t *shared, const uint8_t *private_key, const uint8_t *public_key)
{
	uint8_t result[WIREGUARD_KEY_BYTES]; /* its scratch, so that `shared` may be one of the keys */
	/* It refuses such points before it begins, so that nothing has to be asked of the result. */
	bool good = crypto_scalarmult_curve25519_ref10_implementation.mult(result, private_key, public_key) == 0;

	if (!good)
		memset(result, 0, sizeof(result));
	memcpy(shared, result, sizeof(result));
	memory_wipe(result, sizeof(result));
	return good;
}

void wireguard_public_key(uint8_t *public_key, const uint8_t *private_key)
{
	uint8_t result[WIREGUARD_KEY_BYTES];

	crypto_scalarmult_curve25519_ref10_implementation.mult_base(result, private_key);
	memcpy(public_key, result, sizeof(result));
}

static void wireguard_run(const uint8_t *key, const uint8_t *nonce, const void *about, size_t about_bytes, uint8_t *bytes,
			  size_t nr_bytes, uint8_t *tag, bool sealing)
{
	br_poly1305_ctmulq_run(key, nonce, bytes, nr_bytes, about, about_bytes, tag, br_chacha20_ct_run, sealing);
}

static bool wireguard_run_open(const uint8_t *key, const uint8_t *nonce, const void *about, size_t about_bytes,
			       uint8_t *bytes, size_t nr_bytes)
{
	uint8_t tag[WIREGUARD_TAG_BYTES];

	wireguard_run(key, nonce, about, about_bytes, bytes, nr_bytes, tag, false);
	return wireguard_is_equal(tag, bytes + nr_bytes, sizeof(tag));
}

void wireguard_seal(const uint8_t *key, uint64_t counter, const void *about, size_t about_bytes, uint8_t *bytes,
		    size_t nr_bytes)
{
	uint8_t nonce[NONCE_BYTES] = { 0 };

	wireguard_store64(nonce + 4, counter);
	wireguard_run(key, nonce, about, about_bytes, bytes, nr_bytes, bytes + nr_bytes, true);
}

bool wireguard_open(const uint8_t *key, uint64_t counter, const void *about, size_t about_bytes, uint8_t *bytes,
		    size_t nr_bytes)
{
	uint8_t nonce[NONCE_BYTES] = { 0 };

	wireguard_store64(nonce + 4, counter);
	return wireguard_run_open(key, nonce, about, about_bytes, bytes, nr_bytes);
}

/* HChaCha20 is ChaCha20's block without the last addition: what is added, constants and the nonce, is known and is
 * taken off again. The first 16 bytes of the nonce are the block's counter and its own nonce. */
static void wireguard_extend(uint8_t *subkey, uint8_t *subnonce, const uint8_t *key, const uint8_t *nonce)
{
	static const uint8_t constants[] = "expand 32-byte k";
	uint8_t block[HMAC_BLOCK_BYTES] = { 0 };

	br_chacha20_ct_run(key, nonce + 4, wireguard_load32(nonce), block, sizeof(block));
	for (unsigned i = 0; i < 16; i += 4) {
		wireguard_store32(subkey + i, wireguard_load32(block + i) - wireguard_load32(constants + i));
		wireguard_store32(subkey + 16 + i, wireguard_load32(block + 48 + i) - wireguard_load32(nonce + i));
	}
	memset(subnonce, 0, 4);
	memcpy(subnonce + 4, nonce + 16, 8);
	memory_wipe(block, sizeof(block));
}

void wireguard_seal_cookie(const uint8_t *key, const uint8_t *nonce, const void *about, size_t about_bytes,
			   uint8_t *bytes, size_t nr_bytes)
{
	uint8_t subkey[WIREGUARD_KEY_BYTES], subnonce[NONCE_BYTES];

	wireguard_extend(subkey, subnonce, key, nonce);
	wireguard_run(subkey, subnonce, about, about_bytes, bytes, nr_bytes, bytes + nr_bytes, true);
	memory_wipe(subkey, sizeof(subkey));
}

bool wireguard_open_cookie(const uint8_t *key, const uint8_t *nonce, const void *about, size_t about_bytes,
			   uint8_t *bytes, size_t nr_bytes)
{
	uint8_t subkey[WIREGUARD_KEY_BYTES], subnonce[NONCE_BYTES];
	bool good;

	wireguard_extend(subkey, subnonce, key, nonce);
	good = wireguard_run_open(subkey, subnonce, about, about_bytes, bytes, nr_bytes);
	memory_wipe(subkey, sizeof(subkey));
	return good;
}

bool wireguard_is_equal(const uint8_t *one, const uint8_t *other, size_t nr_bytes)
{
	uint8_t differences = 0;

	for (size_t i = 0; i < nr_bytes; i++)
		differences |= one[i] ^ other[i];
	return differences == 0;
}

bool wireguard_is_zero(const uint8_t *bytes, size_t nr_bytes)
{
	uint8_t all = 0;

	for (size_t i = 0; i < nr_bytes; i++)
		all |= bytes[i];
	return all == 0;
}
