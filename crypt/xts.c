/*
 * crypt/xts.c: XTS around BearSSL's aes_ct64, which works on four blocks at once. No branch and no address
 * depends on a key, a tweak or data.
 */
#include "crypt/xts.h"

#include "inner.h" /* BearSSL's */

#define AES_BLOCK_BYTES 16
#define LANES 4 /* blocks that aes_ct64 works on at once */
#define XTS_POLYNOMIAL 0x87u /* IEEE 1619-2007, 5.2: x^128 = x^7 + x^2 + x + 1 */

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "blocks are read as they are");

struct xts_block {
	uint64_t low, high;
};
_Static_assert(sizeof(struct xts_block) == AES_BLOCK_BYTES, "block");

void xts_erase(void *memory, size_t bytes)
{
	memset(memory, 0, bytes);
	__asm__ volatile("" ::"r"(memory) : "memory");
}

static uint32_t xts_expand_one(uint64_t *slices, const uint8_t *bytes, size_t nr_bytes)
{
	uint64_t compressed[2 * 15];
	uint32_t nr_rounds = br_aes_ct64_keysched(compressed, bytes, nr_bytes);

	br_aes_ct64_skey_expand(slices, nr_rounds, compressed);
	xts_erase(compressed, sizeof(compressed));
	return nr_rounds;
}

bool xts_expand(struct xts_key *key, const uint8_t *bytes, size_t nr_bytes)
{
	size_t half = nr_bytes / 2;

	if (nr_bytes != 32 && nr_bytes != 64)
		return false;
	key->nr_rounds = xts_expand_one(key->data, bytes, half);
	(void)xts_expand_one(key->tweak, bytes + half, half);
	return true;
}

bool xts_is_whole(size_t bytes, uint32_t sector_bytes)
{
	return sector_bytes >= XTS_IV_SECTOR_BYTES && sector_bytes <= XTS_SECTOR_BYTES_MAXIMUM &&
	       (sector_bytes & (sector_bytes - 1)) == 0 && (bytes & (sector_bytes - 1)) == 0;
}

/* Four blocks of AES in place. */
static inline void xts_aes(const uint64_t *slices, uint32_t nr_rounds, bool encrypt, struct xts_block *blocks)
{
	uint64_t q[8];
	uint32_t words[4];

	for (unsigned i = 0; i < LANES; i++) {
		__builtin_memcpy(words, &blocks[i], sizeof(words));
		br_aes_ct64_interleave_in(&q[i], &q[i + 4], words);
	}
	br_aes_ct64_ortho(q);
	if (encrypt)
		br_aes_ct64_bitslice_encrypt(nr_rounds, slices, q);
	else
		br_aes_ct64_bitslice_decrypt(nr_rounds, slices, q);
	br_aes_ct64_ortho(q);
	for (unsigned i = 0; i < LANES; i++) {
		br_aes_ct64_interleave_out(words, q[i], q[i + 4]);
		__builtin_memcpy(&blocks[i], words, sizeof(words));
	}
}

/* The next block's tweak: IEEE 1619-2007, 5.2. */
static inline struct xts_block xts_double(struct xts_block tweak)
{
	uint64_t carry = tweak.high >> 63;

	return (struct xts_block){ .low = tweak.low << 1 ^ (XTS_POLYNOMIAL & (0 - carry)),
				   .high = tweak.high << 1 | tweak.low >> 63 };
}

static void xts_sector(const struct xts_key *key, bool encrypt, uint8_t *data, uint32_t sector_bytes, struct xts_block tweak)
{
	struct xts_block blocks[LANES], tweaks[LANES];

	for (uint32_t at = 0; at < sector_bytes; at += sizeof(blocks)) {
		__builtin_memcpy(blocks, data + at, sizeof(blocks));
		for (unsigned i = 0; i < LANES; i++) {
			tweaks[i] = tweak;
			tweak = xts_double(tweak);
			blocks[i].low ^= tweaks[i].low;
			blocks[i].high ^= tweaks[i].high;
		}
		xts_aes(key->data, key->nr_rounds, encrypt, blocks);
		for (unsigned i = 0; i < LANES; i++) {
			blocks[i].low ^= tweaks[i].low;
			blocks[i].high ^= tweaks[i].high;
		}
		__builtin_memcpy(data + at, blocks, sizeof(blocks));
	}
}

void xts_sectors(const struct xts_key *key, bool encrypt, void *data, size_t bytes, uint32_t sector_bytes, uint64_t iv)
{
	uint32_t step = sector_bytes / XTS_IV_SECTOR_BYTES;
	struct xts_block tweaks[LANES];
	uint8_t *sector = data, *end = sector + bytes;

	while (sector < end) {
		/* The tweaks of four sectors cost no more than that of one. */
		for (unsigned i = 0; i < LANES; i++)
			tweaks[i] = (struct xts_block){ .low = iv + i * step };
		xts_aes(key->tweak, key->nr_rounds, true, tweaks);
		for (unsigned i = 0; i < LANES && sector < end; i++, sector += sector_bytes, iv += step)
			xts_sector(key, encrypt, sector, sector_bytes, tweaks[i]);
	}
}
