/*
 * include/rv/sha256.h: SHA-256 of one piece of memory, FIPS 180-4: for the loader, and for engines. Pure code, in a header
 * since they have no library in common.
 */
#ifndef RV_SHA256_H
#define RV_SHA256_H

#include "rv/types.h"

#define SHA256_BYTES 32
#define SHA256_BLOCK_BYTES 64
#define SHA256_LENGTH_BYTES 8

/* FIPS 180-4, 4.2.2 */
static const uint32_t sha256_constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static inline uint32_t sha256_rotate(uint32_t value, unsigned bits)
{
	return value >> bits | value << (32 - bits);
}

static inline uint32_t sha256_get(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* 6.2.2, step 1 */
static inline void sha256_schedule(uint32_t words[64], const uint8_t *block)
{
	for (unsigned i = 0; i < 16; i++)
		words[i] = sha256_get(block + 4 * i);
	for (unsigned i = 16; i < 64; i++) {
		uint32_t a = words[i - 15], b = words[i - 2];

		a = sha256_rotate(a, 7) ^ sha256_rotate(a, 18) ^ a >> 3;
		b = sha256_rotate(b, 17) ^ sha256_rotate(b, 19) ^ b >> 10;
		words[i] = words[i - 16] + a + words[i - 7] + b;
	}
}

/* 6.2.2, steps 2 to 4; v[0] to v[7] are a to h */
static inline void sha256_block(uint32_t state[8], const uint8_t *block)
{
	uint32_t words[64], v[8];

	sha256_schedule(words, block);
	__builtin_memcpy(v, state, sizeof(v));
	for (unsigned i = 0; i < 64; i++) {
		uint32_t s1 = sha256_rotate(v[4], 6) ^ sha256_rotate(v[4], 11) ^
			      sha256_rotate(v[4], 25);
		uint32_t s0 = sha256_rotate(v[0], 2) ^ sha256_rotate(v[0], 13) ^
			      sha256_rotate(v[0], 22);
		uint32_t choose = (v[4] & v[5]) ^ (~v[4] & v[6]);
		uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
		uint32_t t1 = v[7] + s1 + choose + sha256_constants[i] + words[i];

		__builtin_memmove(&v[1], &v[0], 7 * sizeof(v[0]));
		v[4] += t1;
		v[0] = t1 + s0 + majority;
	}
	for (unsigned i = 0; i < 8; i++)
		state[i] += v[i];
}

static inline void sha256(const void *data, size_t length_bytes, uint8_t digest[SHA256_BYTES])
{
	/* 5.3.3 */
	uint32_t state[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
			      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
	uint8_t last[2 * SHA256_BLOCK_BYTES];
	size_t whole = length_bytes / SHA256_BLOCK_BYTES * SHA256_BLOCK_BYTES, rest = length_bytes - whole, padded;
	const uint8_t *bytes = data;

	for (size_t at = 0; at < whole; at += SHA256_BLOCK_BYTES)
		sha256_block(state, bytes + at);
	/* 5.1.1: a one bit, zeros, the length in bits */
	__builtin_memset(last, 0, sizeof(last));
	if (rest != 0)
		__builtin_memcpy(last, bytes + whole, rest);
	last[rest] = 0x80;
	padded = rest + 1 + SHA256_LENGTH_BYTES <= SHA256_BLOCK_BYTES ? SHA256_BLOCK_BYTES : 2 * SHA256_BLOCK_BYTES;
	for (unsigned i = 0; i < SHA256_LENGTH_BYTES; i++)
		last[padded - 1 - i] = (uint8_t)((uint64_t)length_bytes * 8 >> 8 * i);
	for (size_t at = 0; at < padded; at += SHA256_BLOCK_BYTES)
		sha256_block(state, last + at);
	for (unsigned i = 0; i < SHA256_BYTES; i++)
		digest[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
}

#undef SHA256_BLOCK_BYTES
#undef SHA256_LENGTH_BYTES

#endif
