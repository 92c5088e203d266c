/*
 * boot/tpm_digest.h: what is extended into a PCR of each bank that a TPM has: the same bytes by each bank's hash. Pure code.
 */
#ifndef BOOT_TPM_DIGEST_H
#define BOOT_TPM_DIGEST_H

#include "rv/types.h"

#define TPM_BANKS_MAXIMUM 8
#define TPM_ALG_SHA1 0x4u /* TPM 2.0 Library, part 2, 6.3 */
#define TPM_ALG_SHA256 0xbu
#define TPM_SHA256_BYTES 32
#define TPM_DIGEST_BYTES 64 /* of the longest */

struct tpm_bank {
	uint16_t algorithm, digest_bytes;
};

struct tpm_digests {
	struct tpm_bank banks[TPM_BANKS_MAXIMUM];
	unsigned nr;
	uint8_t values[TPM_BANKS_MAXIMUM][TPM_DIGEST_BYTES];
};

/* Can its hash be computed, and is it that long? */
bool tpm_bank_is_known(const struct tpm_bank *bank);

/* Fills the values, of banks that are known. */
void tpm_digest(const void *data, size_t length_bytes, struct tpm_digests *digests);

/* The one hash that is good for anything else. */
void tpm_digest_sha256(const void *data, size_t length_bytes, uint8_t digest[TPM_SHA256_BYTES]);

#endif
