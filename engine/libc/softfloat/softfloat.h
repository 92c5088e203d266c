/*
 * softfloat.h - binary64 arithmetic on integer registers: shared layout and rounding.
 *
 * The engine may not touch the FPU or SSE registers (they belong to the guest), so clang turns
 * every operation on a double into a call of a helper with the name libgcc gives it. On this
 * target a double travels in an integer register, hence the helpers take and return raw bits.
 *
 * Results are those of SSE2 with MXCSR at its reset value (Intel SDM vol. 1, 4.8 and 11.5;
 * AMD APM vol. 1, 4.7): round to nearest even, subnormals kept, the first NaN operand returned
 * quieted, and the default NaN (negative, quiet, zero payload) for an invalid operation.
 */
#ifndef ENGINE_LIBC_SOFTFLOAT_H
#define ENGINE_LIBC_SOFTFLOAT_H

#include <stdbool.h>
#include <stdint.h>

#define F64_SIGN		0x8000000000000000ULL
#define F64_INFINITY		0x7ff0000000000000ULL
#define F64_FRACTION		0x000fffffffffffffULL
#define F64_HIDDEN		0x0010000000000000ULL
#define F64_QUIET		0x0008000000000000ULL
#define F64_DEFAULT_NAN		0xfff8000000000000ULL
#define F64_FRACTION_BITS	52
#define F64_EXPONENT_MAX	0x7ff
#define F64_BIAS		1023

/*
 * Values between operations and rounding hold the leading bit of the significand in bit 62, so
 * that a sum has room for its carry; the 10 bits below the fraction decide the rounding.
 */
#define F64_WORK_SHIFT		10
#define F64_WORK_HALF		0x200U
#define F64_WORK_MASK		0x3ffU

#define F64_LIKELY(condition)	__builtin_expect(!!(condition), 1)
#define F64_UNLIKELY(condition)	__builtin_expect(!!(condition), 0)

static inline uint64_t f64_magnitude(uint64_t bits)
{
	return bits & ~F64_SIGN;
}

static inline int f64_exponent(uint64_t bits)
{
	return (int)(bits >> F64_FRACTION_BITS) & F64_EXPONENT_MAX;
}

/* Shifted left by one the sign falls out: one compare tells a NaN. */
static inline bool f64_is_nan(uint64_t bits)
{
	return (bits << 1) > (F64_INFINITY << 1);
}

/* One of the operands must be a NaN. */
static inline uint64_t f64_propagate_nan(uint64_t a, uint64_t b)
{
	return (f64_is_nan(a) ? a : b) | F64_QUIET;
}

/* The index of the highest bit set; value must not be 0. */
static inline unsigned int f64_highest_bit(uint64_t value)
{
	return 63U ^ (unsigned int)__builtin_clzll(value);
}

/* Shift right; any bit that falls out is kept as the lowest bit. count is 0 to 63. */
static inline uint64_t f64_shift_right_sticky(uint64_t value, unsigned int count)
{
	return (value >> count) | ((value << (-count & 63U)) != 0 && count != 0);
}

/*
 * Round a significand with its leading bit in bit 62 to nearest even and join the parts. The
 * leading bit adds one to the exponent field, so exponent_less_one is the biased exponent - 1
 * (0 to 0x7fd); a carry out of the fraction raises the exponent by itself and ends in infinity.
 */
static inline uint64_t f64_round_pack(uint64_t sign, uint64_t exponent_less_one,
				      uint64_t significand)
{
	uint64_t odd = (significand >> F64_WORK_SHIFT) & 1U;

	significand += F64_WORK_HALF - 1 + odd;
	return (sign | (exponent_less_one << F64_FRACTION_BITS)) + (significand >> F64_WORK_SHIFT);
}

/*
 * The same for any exponent: overflow gives infinity, underflow a subnormal or zero. Kept out
 * of line: callers take it for the results that are out of the normal range.
 */
uint64_t f64_round_pack_any(uint64_t sign, int64_t exponent_less_one, uint64_t significand);

/*
 * Bring a subnormal, nonzero magnitude into normal form: the significand with its hidden bit
 * in bit 52 is returned, *exponent gets the biased exponent it would have (0 or less).
 */
static inline uint64_t f64_normalise(uint64_t magnitude, int64_t *exponent)
{
	unsigned int shift = F64_FRACTION_BITS - f64_highest_bit(magnitude);

	*exponent = 1 - (int64_t)shift;
	return magnitude << shift;
}

/* All operands, at any speed. b_sign turns b's sign: F64_SIGN for a subtraction, else 0. */
uint64_t f64_add_any(uint64_t a, uint64_t b, uint64_t b_sign);
uint64_t f64_multiply_any(uint64_t a, uint64_t b);

/* The helpers that other files of this folder use by name. */
uint64_t __adddf3(uint64_t a, uint64_t b);
uint64_t __subdf3(uint64_t a, uint64_t b);
uint64_t __muldf3(uint64_t a, uint64_t b);
uint64_t __divdf3(uint64_t a, uint64_t b);
uint64_t __negdf2(uint64_t a);
uint64_t __extendsfdf2(uint32_t a);
uint32_t __truncdfsf2(uint64_t a);
int __ltdf2(uint64_t a, uint64_t b);
int __ledf2(uint64_t a, uint64_t b);
int __gtdf2(uint64_t a, uint64_t b);
int __gedf2(uint64_t a, uint64_t b);
int __eqdf2(uint64_t a, uint64_t b);
int __nedf2(uint64_t a, uint64_t b);
int __unorddf2(uint64_t a, uint64_t b);
int32_t __fixdfsi(uint64_t a);
int64_t __fixdfdi(uint64_t a);
uint32_t __fixunsdfsi(uint64_t a);
uint64_t __fixunsdfdi(uint64_t a);
uint64_t __floatsidf(int32_t value);
uint64_t __floatdidf(int64_t value);
uint64_t __floatunsidf(uint32_t value);
uint64_t __floatundidf(uint64_t value);

#endif
