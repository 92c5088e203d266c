/*
 * crypt/cipher.h: AES-XTS as this CPU does it best: by its AES instructions (crypt/aes_xts.h) where it has them,
 * else in C (crypt/xts.h). Both take their time from lengths alone.
 */
#ifndef CRYPT_CIPHER_H
#define CRYPT_CIPHER_H

#include "crypt/aes_xts.h"
#include "crypt/xts.h"

/* Before anything is expanded: cipher_choose(). */
struct cipher_key {
	union {
		struct aes_xts_key aes;
		struct xts_key plain;
	};
};

/* Looks what the CPU has, and whether what it has gives known answers, with a key of one's own to work in, which is
 * erased. False: it does not, and no key may be used. Context: boot; one CPU at a time. */
bool cipher_choose(struct cipher_key *scratch);

/* For the log. */
const char *cipher_name(void);

/* xts_expand() and xts_sectors(). They leave nothing of keys and data in registers or on the stack, and the guest's
 * vector registers, MXCSR and x87 as they were. Context: boot, exit, host_context; at most CIPHER_SECTION_BYTES. */
#define CIPHER_SECTION_BYTES KIB(64)
bool cipher_expand(struct cipher_key *key, const uint8_t *bytes, size_t nr_bytes);
void cipher_sectors(const struct cipher_key *key, bool encrypt, void *data, size_t bytes, uint32_t sector_bytes, uint64_t iv);

/* On a CPU that stops for good, whatever it was doing: its vector registers. Context: any. */
void cipher_forget(void);

#endif
