/*
 * service/unseal.h: what the hypervisor and the program that has a TPM unseal keys agree on, beside service/program.h: the
 * file with the sealed keys (service/tpm_sealed.h), a LUKS2 header or another, lies at SERVICE_TEXT_ADDRESS; what
 * is exchanged are the TPM's commands and answers. One question is about one of its keys.
 */
#ifndef SERVICE_UNSEAL_H
#define SERVICE_UNSEAL_H

#include "service/program.h"

#define UNSEAL_PIN_BYTES 384 /* as it is typed, at most */
#define UNSEAL_ENTROPY_BYTES 64
#define UNSEAL_SECRET_BYTES 128
#define UNSEAL_WHY_BYTES 256

struct unseal_request {
	uint64_t text_bytes;
	uint32_t skip; /* so many of its keys */
	uint32_t pin_bytes; /* 0: nobody was asked */
	uint8_t pin[UNSEAL_PIN_BYTES];
	uint8_t entropy[UNSEAL_ENTROPY_BYTES]; /* that nobody can guess, for this question only */
};

/* Nothing that memory holds by chance. */
#define UNSEAL_GOOD UINT64_C(0x676f6f642e74706d)      /* "good.tpm" */
#define UNSEAL_NEEDS_PIN UINT64_C(0x6e65656473706e21) /* everything else being right */
#define UNSEAL_WRONG_PIN UINT64_C(0x77726f6e672e7069)
#define UNSEAL_NONE UINT64_C(0x6e6f6e652e74706d)      /* it has no more keys than those that were to be skipped */

struct unseal_answer {
	uint64_t verdict; /* UNSEAL_*; anything else: it stays sealed */
	uint32_t secret_bytes;
	uint8_t secret[UNSEAL_SECRET_BYTES];
	char why[UNSEAL_WHY_BYTES]; /* what there is to say of it, but of UNSEAL_NONE */
};

#endif
