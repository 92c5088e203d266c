/*
 * service/tpm_crypto.c: around BearSSL. No branch and no address depends on a secret.
 */
#include "service/tpm_crypto.h"

#include "core/string.h"
#include "inner.h" /* BearSSL's */

#define LANES 4 /* blocks that aes_ct64 works on at once */
#define UNCOMPRESSED 4 /* before the coordinates of a point: SEC 1, 2.3.3 */

void tpm_hash(const struct tpm_piece *pieces, size_t nr, uint8_t digest[TPM_HASH_BYTES])
{
	br_sha256_context context;

	br_sha256_init(&context);
	for (size_t i = 0; i < nr; i++)
		br_sha256_update(&context, pieces[i].bytes, pieces[i].nr_bytes);
	br_sha256_out(&context, digest);
	memory_wipe(&context, sizeof(context));
}

void tpm_hmac(const void *key, size_t key_bytes, const struct tpm_piece *pieces, size_t nr, uint8_t mac[TPM_HASH_BYTES])
{
	br_hmac_key_context keys;
	br_hmac_context context;

	br_hmac_key_init(&keys, &br_sha256_vtable, key, key_bytes);
	br_hmac_init(&context, &keys, TPM_HASH_BYTES);
	for (size_t i = 0; i < nr; i++)
		br_hmac_update(&context, pieces[i].bytes, pieces[i].nr_bytes);
	br_hmac_out(&context, mac);
	memory_wipe(&keys, sizeof(keys));
	memory_wipe(&context, sizeof(context));
}

/* One round of the counter is all that we need: both results are no longer than the hash. */
void tpm_kdfa(const void *key, size_t key_bytes, const char *label, struct tpm_piece u, struct tpm_piece v, uint8_t *derived,
	      size_t derived_bytes)
{
	const uint8_t counter[] = { 0, 0, 0, 1 };
	const uint8_t bits[] = { 0, 0, (uint8_t)(derived_bytes * 8 >> 8), (uint8_t)(derived_bytes * 8) };
	const struct tpm_piece pieces[] = { { counter, sizeof(counter) }, { label, strlen(label) + 1 }, u, v,
					    { bits, sizeof(bits) } };
	uint8_t mac[TPM_HASH_BYTES];

	tpm_hmac(key, key_bytes, pieces, ARRAY_LENGTH(pieces), mac);
	memcpy(derived, mac, derived_bytes < sizeof(mac) ? derived_bytes : sizeof(mac));
	memory_wipe(mac, sizeof(mac));
}

static void tpm_aes_block(const uint64_t *slices, unsigned nr_rounds, uint8_t block[TPM_AES_BYTES])
{
	uint64_t q[8] = { 0 };
	uint32_t words[LANES];

	memcpy(words, block, sizeof(words));
	br_aes_ct64_interleave_in(&q[0], &q[4], words);
	br_aes_ct64_ortho(q);
	br_aes_ct64_bitslice_encrypt(nr_rounds, slices, q);
	br_aes_ct64_ortho(q);
	br_aes_ct64_interleave_out(words, q[0], q[4]);
	memcpy(block, words, sizeof(words));
	memory_wipe(q, sizeof(q));
}

void tpm_cfb_decrypt(const uint8_t key[TPM_AES_BYTES], const uint8_t iv[TPM_AES_BYTES], uint8_t *data, size_t nr_bytes)
{
	uint64_t compressed[2 * 15], slices[8 * 15];
	uint8_t stream[TPM_AES_BYTES], next[TPM_AES_BYTES];
	unsigned nr_rounds = br_aes_ct64_keysched(compressed, key, TPM_AES_BYTES);

	br_aes_ct64_skey_expand(slices, nr_rounds, compressed);
	memcpy(stream, iv, sizeof(stream));
	for (size_t at = 0; at < nr_bytes; at += TPM_AES_BYTES) {
		size_t bytes = nr_bytes - at < TPM_AES_BYTES ? nr_bytes - at : TPM_AES_BYTES;

		memcpy(next, data + at, bytes);
		tpm_aes_block(slices, nr_rounds, stream);
		for (size_t i = 0; i < bytes; i++)
			data[at + i] ^= stream[i];
		memcpy(stream, next, bytes);
	}
	memory_wipe(compressed, sizeof(compressed));
	memory_wipe(slices, sizeof(slices));
	memory_wipe(stream, sizeof(stream));
}

bool tpm_share_salt(const struct tpm_point *theirs, const uint8_t scalar[TPM_POINT_BYTES], struct tpm_point *mine,
		    uint8_t salt[TPM_HASH_BYTES])
{
	static const char use[] = "SECRET"; /* with its NUL */
	const uint8_t counter[] = { 0, 0, 0, 1 };
	uint8_t shared[1 + sizeof(*theirs)] = { UNCOMPRESSED }, own[1 + sizeof(*mine)];
	const struct tpm_piece pieces[] = { { counter, sizeof(counter) }, { shared + 1, TPM_POINT_BYTES }, { use, sizeof(use) },
					    { mine->x, TPM_POINT_BYTES }, { theirs->x, TPM_POINT_BYTES } };
	bool good;

	memcpy(shared + 1, theirs, sizeof(*theirs));
	good = br_ec_p256_m31.mul(shared, sizeof(shared), scalar, TPM_POINT_BYTES, BR_EC_secp256r1) == 1 &&
	       br_ec_p256_m31.mulgen(own, scalar, TPM_POINT_BYTES, BR_EC_secp256r1) == sizeof(own);
	if (good) {
		memcpy(mine, own + 1, sizeof(*mine));
		tpm_hash(pieces, ARRAY_LENGTH(pieces), salt);
	}
	memory_wipe(shared, sizeof(shared));
	return good;
}

bool tpm_is_same(const uint8_t *a, const uint8_t *b, size_t nr_bytes)
{
	uint8_t difference = 0;

	for (size_t i = 0; i < nr_bytes; i++)
		difference |= a[i] ^ b[i];
	return difference == 0;
}
