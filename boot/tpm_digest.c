/*
 * boot/tpm_digest.c: by BearSSL's hashes.
 */
#include "boot/tpm_digest.h"

#include "bearssl_hash.h"
#include "core/string.h"

static const struct {
	struct tpm_bank bank;
	const br_hash_class *hash;
} digest_hashes[] = {
	{ { TPM_ALG_SHA1, br_sha1_SIZE }, &br_sha1_vtable },
	{ { TPM_ALG_SHA256, br_sha256_SIZE }, &br_sha256_vtable },
	{ { 0xc, br_sha384_SIZE }, &br_sha384_vtable },
	{ { 0xd, br_sha512_SIZE }, &br_sha512_vtable },
};

static const br_hash_class *digest_hash(const struct tpm_bank *bank)
{
	for (size_t i = 0; i < ARRAY_LENGTH(digest_hashes); i++) {
		if (digest_hashes[i].bank.algorithm == bank->algorithm &&
		    digest_hashes[i].bank.digest_bytes == bank->digest_bytes)
			return digest_hashes[i].hash;
	}
	return NULL;
}

bool tpm_bank_is_known(const struct tpm_bank *bank)
{
	return digest_hash(bank) != NULL;
}

void tpm_digest(const void *data, size_t length_bytes, struct tpm_digests *digests)
{
	br_hash_compat_context context;

	for (unsigned i = 0; i < digests->nr; i++) {
		const br_hash_class *hash = digest_hash(&digests->banks[i]);

		if (hash == NULL)
			continue;
		hash->init(&context.vtable);
		hash->update(&context.vtable, data, length_bytes);
		hash->out(&context.vtable, digests->values[i]);
	}
}

void tpm_digest_sha256(const void *data, size_t length_bytes, uint8_t digest[TPM_SHA256_BYTES])
{
	br_sha256_context context;

	br_sha256_init(&context);
	br_sha256_update(&context, data, length_bytes);
	br_sha256_out(&context, digest);
	memory_wipe(&context, sizeof(context));
}
