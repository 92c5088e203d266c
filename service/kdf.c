/*
 * service/kdf.c: see the header.
 */
#include "service/kdf.h"

#include "argon2.h"
#include "core/string.h"
#include "crypto_auth_hmacsha256.h"
#include "crypto_auth_hmacsha512.h"
#include "crypto_hash_sha256.h"
#include "crypto_hash_sha512.h"
#include "service/arena.h"

#define ARGON2_BLOCK_BYTES 1024
#define ARGON2_SLACK_BYTES 1024 /* its small allocations, and what aligning costs */

union kdf_hmac {
	crypto_auth_hmacsha256_state sha256;
	crypto_auth_hmacsha512_state sha512;
};

uint32_t kdf_hash_bytes(enum kdf_hash hash)
{
	return hash == KDF_SHA256 ? crypto_hash_sha256_BYTES : crypto_hash_sha512_BYTES;
}

void kdf_hash(enum kdf_hash hash, uint8_t *digest, const struct kdf_part *parts, size_t nr_parts)
{
	union {
		crypto_hash_sha256_state sha256;
		crypto_hash_sha512_state sha512;
	} state;

	if (hash == KDF_SHA256)
		(void)crypto_hash_sha256_init(&state.sha256);
	else
		(void)crypto_hash_sha512_init(&state.sha512);
	for (size_t i = 0; i < nr_parts; i++) {
		if (hash == KDF_SHA256)
			(void)crypto_hash_sha256_update(&state.sha256, parts[i].bytes, parts[i].nr_bytes);
		else
			(void)crypto_hash_sha512_update(&state.sha512, parts[i].bytes, parts[i].nr_bytes);
	}
	if (hash == KDF_SHA256)
		(void)crypto_hash_sha256_final(&state.sha256, digest);
	else
		(void)crypto_hash_sha512_final(&state.sha512, digest);
}

static void kdf_hmac_begin(enum kdf_hash hash, union kdf_hmac *hmac, const uint8_t *key, size_t key_bytes)
{
	if (hash == KDF_SHA256)
		(void)crypto_auth_hmacsha256_init(&hmac->sha256, key, key_bytes);
	else
		(void)crypto_auth_hmacsha512_init(&hmac->sha512, key, key_bytes);
}

static void kdf_hmac_add(enum kdf_hash hash, union kdf_hmac *hmac, const uint8_t *bytes, size_t nr_bytes)
{
	if (hash == KDF_SHA256)
		(void)crypto_auth_hmacsha256_update(&hmac->sha256, bytes, nr_bytes);
	else
		(void)crypto_auth_hmacsha512_update(&hmac->sha512, bytes, nr_bytes);
}

static void kdf_hmac_end(enum kdf_hash hash, union kdf_hmac *hmac, uint8_t *mac)
{
	if (hash == KDF_SHA256)
		(void)crypto_auth_hmacsha256_final(&hmac->sha256, mac);
	else
		(void)crypto_auth_hmacsha512_final(&hmac->sha512, mac);
}

void kdf_pbkdf2(enum kdf_hash hash, const uint8_t *passphrase, size_t passphrase_bytes, const uint8_t *salt,
		size_t salt_bytes, uint32_t iterations, uint8_t *key, size_t key_bytes)
{
	uint32_t mac_bytes = kdf_hash_bytes(hash);
	uint8_t mac[KDF_HASH_BYTES_MAXIMUM], sum[KDF_HASH_BYTES_MAXIMUM];
	union kdf_hmac keyed, hmac;

	kdf_hmac_begin(hash, &keyed, passphrase, passphrase_bytes);
	for (uint32_t block = 1; key_bytes != 0; block++) {
		const uint8_t number[] = { (uint8_t)(block >> 24), (uint8_t)(block >> 16), (uint8_t)(block >> 8), (uint8_t)block };
		size_t part = key_bytes < mac_bytes ? key_bytes : mac_bytes;

		hmac = keyed;
		kdf_hmac_add(hash, &hmac, salt, salt_bytes);
		kdf_hmac_add(hash, &hmac, number, sizeof(number));
		kdf_hmac_end(hash, &hmac, mac);
		memcpy(sum, mac, mac_bytes);
		for (uint32_t i = 1; i < iterations; i++) {
			hmac = keyed;
			kdf_hmac_add(hash, &hmac, mac, mac_bytes);
			kdf_hmac_end(hash, &hmac, mac);
			for (uint32_t j = 0; j < mac_bytes; j++)
				sum[j] ^= mac[j];
		}
		memcpy(key, sum, part);
		key += part;
		key_bytes -= part;
	}
	memory_wipe(mac, sizeof(mac));
	memory_wipe(sum, sizeof(sum));
	memory_wipe(&keyed, sizeof(keyed));
	memory_wipe(&hmac, sizeof(hmac));
}

uint64_t kdf_memory_bytes(const struct kdf *kdf)
{
	uint64_t blocks = kdf->memory_kib;

	if (kdf->kind == KDF_PBKDF2)
		return 0;
	/* The blocks, and a number for each of a segment (argon2-core.c, initialize()). */
	return blocks * ARGON2_BLOCK_BYTES + blocks / (ARGON2_SYNC_POINTS * (uint64_t)kdf->lanes) * sizeof(uint64_t) +
	       ARGON2_SLACK_BYTES;
}

bool kdf_derive(const struct kdf *kdf, const uint8_t *passphrase, size_t passphrase_bytes, uint8_t *key,
		size_t key_bytes)
{
	argon2_context context = {
		.out = key,
		.outlen = (uint32_t)key_bytes,
		.pwd = (uint8_t *)passphrase,
		.pwdlen = (uint32_t)passphrase_bytes,
		.salt = (uint8_t *)kdf->salt,
		.saltlen = kdf->salt_bytes,
		.t_cost = kdf->iterations,
		.m_cost = kdf->memory_kib,
		.lanes = kdf->lanes,
		.threads = kdf->lanes,
	};
	uint64_t mark = arena_mark();
	int error;

	if (kdf->kind == KDF_PBKDF2) {
		kdf_pbkdf2(kdf->hash, passphrase, passphrase_bytes, kdf->salt, kdf->salt_bytes, kdf->iterations, key,
			   key_bytes);
		return true;
	}
	error = argon2_ctx(&context, kdf->kind == KDF_ARGON2I ? Argon2_i : Argon2_id);
	arena_reset(mark);
	return error == ARGON2_OK;
}
