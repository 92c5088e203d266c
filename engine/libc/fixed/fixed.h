/*
 * fixed.h - integer arithmetic for functions that would otherwise be dozens of soft-float calls.
 *
 * A 64-bit word holds 11 bits more than a double, and multiplying two of them is one instruction:
 * a polynomial in fixed point costs a tenth of one in soft-float, and its result, rounded once at
 * the end, is nearer to the true value.
 */
#ifndef ENGINE_LIBC_FIXED_H
#define ENGINE_LIBC_FIXED_H

#include "../softfloat/double_bits.h"
#include "../softfloat/softfloat.h"

#include <stdbool.h>
#include <stdint.h>

typedef unsigned __int128 uint128_t;
typedef __int128 int128_t;

/* The upper half of the product. */
static inline uint64_t fixed_multiply_high(uint64_t a, uint64_t b)
{
	return (uint64_t)((uint128_t)a * b >> 64);
}

/* Both with 63 bits behind the point, and so is the product. */
static inline int64_t fixed_multiply_63(int64_t a, int64_t b)
{
	return (int64_t)((int128_t)a * b >> 63);
}

/* The upper 128 bits of a product of 192. */
static inline uint128_t fixed_multiply_wide(uint128_t a, uint64_t b)
{
	return (uint128_t)(uint64_t)(a >> 64) * b + ((uint128_t)(uint64_t)a * b >> 64);
}

/* magnitude * 2^exponent, rounded; the magnitude is not 0 and the result a normal number. */
static inline double fixed_to_double(bool negative, uint128_t magnitude, int exponent)
{
	uint64_t high = (uint64_t)(magnitude >> 64);
	uint64_t low = (uint64_t)magnitude;
	unsigned int shift;

	if (high == 0) {
		high = low;
		low = 0;
		exponent -= 64;
	}
	shift = (unsigned int)__builtin_clzll(high);
	if (shift > 0) {
		high = high << shift | low >> (64 - shift);
		low <<= shift;
	}
	/* high * 2^(exponent + 64 - shift), its leading bit in 63 */
	return double_from_bits(f64_round_pack(
		negative ? F64_SIGN : 0,
		(uint64_t)(exponent + 64 - (int)shift + 63 + F64_BIAS - 1),
		high >> 1 | ((high & 1) | (low != 0))));
}

#endif
