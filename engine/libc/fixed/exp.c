/*
 * exp.c - exp, exp2 and exp10 in fixed point; the error stays below 0.502 units.
 *
 * base^x = 2^z with z = x * log2(base); z = n + i/128 + r, and 2^r by a short series.
 */
#include "exp_table.h"
#include "fixed.h"

#include <math.h>

/* log2 of the base, 125 bits behind the point */
#define EXP_SCALE_E	((uint128_t)0x2e2a8eca5705fc2eULL << 64 | 0xefa1ffb41a474fa2ULL)
#define EXP_SCALE_2	((uint128_t)1 << 125)
#define EXP_SCALE_10	((uint128_t)0x6a4d3c25e68dc57fULL << 64 | 0x2495fb7fa6d7eda6ULL)
#define EXP_LN2		0xb17217f7d1cf79acULL

/* At this exponent on, every result overflows or underflows; below the other, it is 1. */
#define EXP_FIELD_HUGE	(F64_BIAS + 11)
#define EXP_FIELD_TINY	(F64_BIAS - 57)

/* 1/(k + 1)! * 2^-7k from k = 1, 64 bits behind the point */
static const uint64_t exp_series[] = {
	0x100000000000000ULL, 0xaaaaaaaaaaabULL, 0x5555555555ULL, 0x22222222ULL, 0xb60b6ULL, 0x340ULL,
};

static double exp_special(uint64_t bits)
{
	if (f64_is_nan(bits))
		return double_from_bits(bits | F64_QUIET);
	return double_from_bits(bits & F64_SIGN ? 0 : F64_INFINITY);
}

/* 2^(fraction / 2^64) with 63 bits behind the point */
static inline uint64_t exp_power_of_two(uint64_t fraction)
{
	uint64_t root = exp_table[fraction >> 57];
	/* w = r * ln(2) times 2^7; e^y - 1 = y + y * (y/2 + y^2/6 + ...) */
	uint64_t w = fixed_multiply_high(fraction << 7, EXP_LN2);
	uint64_t sum = exp_series[5];
	uint64_t power;

	for (int i = 4; i >= 0; i--)
		sum = exp_series[i] + fixed_multiply_high(sum, w);
	w += fixed_multiply_high(fixed_multiply_high(sum, w), w);
	/* The last error can reach 2 when the fraction is next to 1. */
	if (__builtin_add_overflow(root, fixed_multiply_high(root, w) >> 7, &power))
		power = UINT64_MAX;
	return power;
}

static inline double exp_in_base(double x, uint128_t scale)
{
	uint64_t bits = double_to_bits(x);
	int field = f64_exponent(bits);
	uint128_t z;
	uint64_t power;
	int64_t n;

	if (F64_UNLIKELY(field >= EXP_FIELD_HUGE))
		return exp_special(bits);
	if (F64_UNLIKELY(field < EXP_FIELD_TINY))
		return 1;
	/* 64 bits behind the point; a negative z is rounded toward minus infinity in n */
	z = fixed_multiply_wide(scale, bits << 11 | F64_SIGN) >> (60 + F64_BIAS - field);
	if (bits & F64_SIGN)
		z = -z;
	n = (int64_t)(z >> 64);
	power = exp_power_of_two((uint64_t)z);
	power = power >> 1 | (power & 1);
	n += F64_BIAS - 1;
	if (F64_LIKELY((uint64_t)n < F64_EXPONENT_MAX - 1))
		return double_from_bits(f64_round_pack(0, (uint64_t)n, power));
	return double_from_bits(f64_round_pack_any(0, n, power));
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
