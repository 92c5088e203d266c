/*
 * service/kdf.h: keys from passphrases, as LUKS2 has them: PBKDF2 (RFC 8018, 5.2) and Argon2 (RFC 9106), by libsodium's
 * arithmetic. Memory is of the arena.
 */
#ifndef SERVICE_KDF_H
#define SERVICE_KDF_H

#include "rv/types.h"

#define KDF_HASH_BYTES_MAXIMUM 64

enum kdf_hash { KDF_SHA256, KDF_SHA512 };
enum kdf_kind { KDF_PBKDF2, KDF_ARGON2I, KDF_ARGON2ID };

struct kdf {
	enum kdf_kind kind;
	enum kdf_hash hash; /* PBKDF2 */
	uint32_t iterations; /* passes of Argon2 */
	uint32_t memory_kib, lanes; /* Argon2 */
	uint32_t salt_bytes;
	uint8_t salt[64];
};

uint32_t kdf_hash_bytes(enum kdf_hash hash);

struct kdf_part {
	const void *bytes;
	size_t nr_bytes;
};

/* Of the parts, one behind the other. */
void kdf_hash(enum kdf_hash hash, uint8_t *digest, const struct kdf_part *parts, size_t nr_parts);

void kdf_pbkdf2(enum kdf_hash hash, const uint8_t *passphrase, size_t passphrase_bytes, const uint8_t *salt,
		size_t salt_bytes, uint32_t iterations, uint8_t *key, size_t key_bytes);

/* Memory of the arena that kdf_derive() takes, and gives back. */
uint64_t kdf_memory_bytes(const struct kdf *kdf);

/* False: Argon2 refuses the numbers, or the arena has too little memory. */
bool kdf_derive(const struct kdf *kdf, const uint8_t *passphrase, size_t passphrase_bytes, uint8_t *key,
		size_t key_bytes);

#endif
