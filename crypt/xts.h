/*
 * crypt/xts.h: AES-XTS (IEEE 1619) as disks have it, "aes-xts-plain64": in plain C, in constant time, by
 * BearSSL's bitsliced AES. For CPL 0, programs at CPL 3 and those of the host alike; where the CPU has AES
 * instructions, crypt/aes_xts.h is some thirty times as fast.
 */
#ifndef CRYPT_XTS_H
#define CRYPT_XTS_H

#include "rv/types.h"

#define XTS_KEY_BYTES_MAXIMUM 64 /* two keys of AES-256 */
#define XTS_IV_SECTOR_BYTES 512	 /* what plain64 counts in, whatever the sectors' size */
#define XTS_SECTOR_BYTES_MAXIMUM 4096
#define XTS_SLICE_WORDS 120 /* a round key of AES-256 is eight words, and there are fifteen */

struct xts_key {
	uint32_t nr_rounds;
	uint64_t data[XTS_SLICE_WORDS], tweak[XTS_SLICE_WORDS];
};

/* 32 bytes (AES-128) or 64 (AES-256); of other lengths false. The caller erases both. */
bool xts_expand(struct xts_key *key, const uint8_t *bytes, size_t nr_bytes);

/* Is that many bytes of sectors of that size? 512, 1024, 2048 or 4096. */
bool xts_is_whole(size_t bytes, uint32_t sector_bytes);

/* In place; xts_is_whole(). `iv` is the first sector's number, counted in units of 512 bytes. What it leaves on
 * the stack is for the caller to erase, where that matters. */
void xts_sectors(const struct xts_key *key, bool encrypt, void *data, size_t bytes, uint32_t sector_bytes, uint64_t iv);

/* Erases, whatever the compiler thinks of it. */
void xts_erase(void *memory, size_t bytes);

#endif
