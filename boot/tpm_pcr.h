/*
 * boot/tpm_pcr.h: two commands to a TPM 2.0 whose answers have one form each, so that CPL 0 compares bytes and parses
 * nothing: PCR_Extend, and PCR_Read of the bank of SHA-256 (TPM 2.0 Library, part 3, 22.2, 22.4). Pure code.
 */
#ifndef BOOT_TPM_PCR_H
#define BOOT_TPM_PCR_H

#include "boot/tpm_digest.h"

struct tpm_pcr_link {
	/* *answer_bytes is the room, and what came. */
	bool (*submit)(void *context, const uint8_t *command, size_t command_bytes, uint8_t *answer, size_t *answer_bytes);
	void *context;
};

/* False: no, or no answer that can be. */
bool tpm_pcr_extend(const struct tpm_pcr_link *link, unsigned number, const struct tpm_digests *digests);
bool tpm_pcr_read(const struct tpm_pcr_link *link, unsigned number, uint8_t value[TPM_SHA256_BYTES]);

#endif
