/*
 * service/tpm_crypto.h: what sessions with a TPM are made of (TPM 2.0 Library, part 1, 11.4, annexes B and C), with
 * SHA-256, AES-128 and P-256 only. Pure code.
 */
#ifndef SERVICE_TPM_CRYPTO_H
#define SERVICE_TPM_CRYPTO_H

#include "rv/types.h"

#define TPM_HASH_BYTES 32
#define TPM_AES_BYTES 16
#define TPM_POINT_BYTES 32 /* a coordinate of P-256 */

/* Pieces of what is hashed, one behind the other. */
struct tpm_piece {
	const void *bytes;
	size_t nr_bytes;
};

void tpm_hash(const struct tpm_piece *pieces, size_t nr, uint8_t digest[TPM_HASH_BYTES]);
void tpm_hmac(const void *key, size_t key_bytes, const struct tpm_piece *pieces, size_t nr, uint8_t mac[TPM_HASH_BYTES]);

/* KDFa (part 1, 11.4.10.2), 32 bytes at most. */
void tpm_kdfa(const void *key, size_t key_bytes, const char *label, struct tpm_piece u, struct tpm_piece v, uint8_t *derived,
	      size_t derived_bytes);

/* AES-128 in CFB mode, in place. */
void tpm_cfb_decrypt(const uint8_t key[TPM_AES_BYTES], const uint8_t iv[TPM_AES_BYTES], uint8_t *data, size_t nr_bytes);

struct tpm_point {
	uint8_t x[TPM_POINT_BYTES], y[TPM_POINT_BYTES];
};

/* A secret shared with the holder of a public key (part 1, C.6.1): `mine` goes to it, `salt` is what KDFe makes of
 * what both know. False: it is no point of the curve, or `scalar` is none that may be. */
bool tpm_share_salt(const struct tpm_point *theirs, const uint8_t scalar[TPM_POINT_BYTES], struct tpm_point *mine,
		    uint8_t salt[TPM_HASH_BYTES]);

/* In constant time. */
bool tpm_is_same(const uint8_t *a, const uint8_t *b, size_t nr_bytes);

#endif
