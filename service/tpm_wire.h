/*
 * service/tpm_wire.h: numbers and sized buffers as TPMs read and write them: big-endian (TPM 2.0 Library, part 2, 4).
 * Nothing is written or read over an end; that it would have been is kept, so that it can be asked for once, behind all.
 * Pure code.
 */
#ifndef SERVICE_TPM_WIRE_H
#define SERVICE_TPM_WIRE_H

#include "rv/types.h"

struct tpm_out {
	uint8_t *bytes;
	size_t room_bytes, nr_bytes;
	bool over; /* it did not fit */
};

struct tpm_in {
	const uint8_t *bytes;
	size_t left_bytes;
	bool bad; /* there was less */
};

void tpm_put(struct tpm_out *out, uint64_t value, unsigned nr_bytes);
void tpm_put_bytes(struct tpm_out *out, const void *bytes, size_t nr_bytes);
/* TPM2B: with its size before it, 16 bits. */
void tpm_put_sized(struct tpm_out *out, const void *bytes, size_t nr_bytes);

/* 0 if there is less. */
uint64_t tpm_get(struct tpm_in *in, unsigned nr_bytes);
/* NULL if there is less. */
const uint8_t *tpm_get_bytes(struct tpm_in *in, size_t nr_bytes);
/* NULL, and a size of 0, if there is less. */
const uint8_t *tpm_get_sized(struct tpm_in *in, size_t *nr_bytes);

#endif
