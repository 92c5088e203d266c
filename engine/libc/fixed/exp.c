/*
 * exp.c - exp, exp2 and exp10 in fixed point; the error stays below 0.502 units.
 *
 * base^x = 2^z with z = x * log2(base); z = n + i/128 + r, and 2^r by a short series.
 */
#include "exp_core.h"

#include <math.h>

/* log2 of the base, 125 bits behind the point */
#define EXP_SCALE_E	((uint128_t)0x2e2a8eca5705fc2eULL << 64 | 0xefa1ffb41a474fa2ULL)
#define EXP_SCALE_2	((uint128_t)1 << 125)
#define EXP_SCALE_10	((uint128_t)0x6a4d3c25e68dc57fULL << 64 | 0x2495fb7fa6d7eda6ULL)

/* At this exponent on, every result overflows or underflows; below the other, it is 1. */
#define EXP_FIELD_HUGE	(F64_BIAS + 11)
#define EXP_FIELD_TINY	(F64_BIAS - 57)

static double exp_special(uint64_t bits)
{
	if (f64_is_nan(bits))
		return double_from_bits(bits | F64_QUIET);
	return double_from_bits(bits & F64_SIGN ? 0 : F64_INFINITY);
}

static inline double exp_in_base(double x, uint128_t scale)
{
	uint64_t bits = double_to_bits(x);
	int field = f64_exponent(bits);
	uint128_t z;

	if (F64_UNLIKELY(field >= EXP_FIELD_HUGE))
		return exp_special(bits);
	if (F64_UNLIKELY(field < EXP_FIELD_TINY))
		return 1;
	z = fixed_multiply_wide(scale, bits << 11 | F64_SIGN) >> (60 + F64_BIAS - field);
	if (bits & F64_SIGN)
		z = -z;
	return exp_power(0, z);
}

double exp(double x)
{
	return exp_in_base(x, EXP_SCALE_E);
}

double exp2(double x)
{
	return exp_in_base(x, EXP_SCALE_2);
}

double exp10(double x)
{
	return exp_in_base(x, EXP_SCALE_10);
}
