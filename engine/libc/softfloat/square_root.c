/* square_root.c - sqrt and sqrtf, correctly rounded, by Newton's rule on integers. */
#include "double_bits.h"
#include "softfloat.h"

#include <math.h>

/*
 * The square root of a 128-bit number, high:0, high being at least 2^62: s approximates
 * sqrt(high * 2^64) to within 2 units. Each step of s = (s + n / s) / 2 doubles the good bits:
 * a straight line along sqrt on [1/4, 1) is good to 5 bits, three steps on a 64-bit
 * dividend give 32, the last one divides all 128 bits.
 */
static inline uint64_t f64_root(uint64_t high)
{
	/* r / 2^32 = 0.343 + 0.68625 * (high / 2^64), within 3 % */
	uint64_t root = 0x57ce0000U + ((high >> 32) * 0xafaeU >> 16);
	uint64_t quotient;
	uint64_t remainder;

	root = (root + high / root) >> 1;
	root = (root + high / root) >> 1;
	root = (root + high / root) >> 1;
	/* Near 2^128 the division would overflow; there half the distance to it is the root's. */
	if (F64_UNLIKELY(root <= high >> 32 || root > 0xffffffffU))
		return (high >> 1) | F64_SIGN;
	root <<= 32;
	__asm__("divq %[divisor]"
		: "=a" (quotient), "=d" (remainder)
		: "a" (0ULL), "d" (high), [divisor] "r" (root)
		: "cc");
	/* Both are below 2^64; their mean without losing the carry. */
	return (root & quotient) + ((root ^ quotient) >> 1);
}

/* a is positive, nonzero, finite; significand has its leading bit in 52. */
static inline uint64_t f64_root_round(uint64_t significand, int64_t exponent)
{
	/* An even power of two goes out of the root: radicand in [2^62, 2^64) times 2^64. */
	unsigned int odd = (unsigned int)exponent & 1U;
	uint64_t high = significand << (10U + (odd ^ 1U));
	uint64_t root = f64_root(high);
	uint64_t kept;

	/*
	 * 53 bits stay and one decides the rounding; a tie cannot be (its square would need 107
	 * bits). Only when the error could reach the bit that decides is the exact square needed.
	 */
	if (F64_UNLIKELY(((root + 8) & F64_WORK_MASK) < 16)) {
		unsigned __int128 radicand = (unsigned __int128)high << 64;

		kept = ((root + 8) & ~(uint64_t)F64_WORK_MASK);
		if (kept == 0 || (unsigned __int128)kept * kept > radicand)
			root = kept - 1;
		else
			root = kept;
	}
	kept = (root >> 10) + 1;
	return ((uint64_t)((exponent + F64_BIAS) >> 1) << F64_FRACTION_BITS)
		+ (kept >> 1) - F64_HIDDEN;
}

double sqrt(double x)
{
	uint64_t bits = double_to_bits(x);
	int64_t exponent = (int64_t)(bits >> F64_FRACTION_BITS);
	uint64_t significand = (bits & F64_FRACTION) | F64_HIDDEN;

	if (F64_UNLIKELY((uint64_t)(exponent - 1) >= F64_EXPONENT_MAX - 1)) {
		if (f64_is_nan(bits))
			return double_from_bits(bits | F64_QUIET);
		if (f64_magnitude(bits) == 0 || bits == F64_INFINITY)
			return x;
		if (bits & F64_SIGN)
			return double_from_bits(F64_DEFAULT_NAN);
		significand = f64_normalise(bits, &exponent);
	}
	return double_from_bits(f64_root_round(significand, exponent));
}

float sqrtf(float x)
{
	return (float)sqrt((double)x);
}
