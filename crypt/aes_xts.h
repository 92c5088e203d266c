/*
 * crypt/aes_xts.h: AES-XTS by the CPU's AES instructions (CPUID Fn0000_0001_ECX[25], and SSE2): what crypt/xts.h
 * does in C. These functions use XMM registers, and leave all of them, MXCSR and x87 as they found them: movups by
 * legacy encodings, which do not touch the upper halves of YMM. Of round keys they leave nothing behind, in
 * registers or on the stack.
 *
 * Context: any; interrupts off, and CR0.TS and EM clear, CR4.OSFXSR set (crypt/cipher.c).
 */
#ifndef CRYPT_AES_XTS_H
#define CRYPT_AES_XTS_H

#include "rv/types.h"

#define AES_ROUND_KEYS 15 /* of AES-256; AES-128's eleven stand at the end */

/* Round keys in the order in which they are used. crypt/aes_xts.S knows the offsets. */
struct aes_xts_key {
	uint8_t encrypt[AES_ROUND_KEYS][16], decrypt[AES_ROUND_KEYS][16], tweak[AES_ROUND_KEYS][16];
	uint64_t is_256;
} __attribute__((aligned(16)));

/* half_bytes: 16 or 32, of each of the two keys. */
void aes_xts_expand(struct aes_xts_key *key, const uint8_t *bytes, size_t half_bytes);

/* As xts_sectors(). */
void aes_xts_sectors(const struct aes_xts_key *key, void *data, size_t bytes, uint32_t sector_bytes, uint64_t iv, bool encrypt);

/* Makes all XMM registers zero: for a CPU that stops for good. */
void aes_xts_forget(void);

#endif
