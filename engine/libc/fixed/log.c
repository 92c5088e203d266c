/*
 * log.c - log, log2 and log10 in fixed point; the error stays below 0.502 units.
 *
 * x = 2^e * m; m is multiplied by the inverse of a point near it, c, so that ln(x) =
 * e * ln(2) + ln(c) + ln(1 + r) with |r| < 1/256, where a short series does. Sums have 96 bits
 * behind the point. Next to 1, where the sum would cancel, the series alone is taken, relative
 * to x - 1, which is exact.
 */
#include "fixed.h"
#include "log_core.h"

#include <math.h>

enum log_base { LOG_BASE_E, LOG_BASE_2, LOG_BASE_10 };

/* log2(e) with 63 bits behind the point and log10(e) with 65 */
#define LOG_LOG2_E	0xb8aa3b295c17f0bcULL
#define LOG_LOG10_E	0xde5bd8a937287195ULL

/* 1/(k + 2) * 2^-7(k + 1), 63 bits behind the point */
static const int64_t log_series_near_one[] = {
	0x80000000000000LL, 0xaaaaaaaaaaabLL, 0x10000000000LL, 0x19999999aLL, 0x2aaaaabLL, 0x49249LL,
	0x800LL, 0xeLL,
};

/* x = 1 + f: f = distance * 2^-64, or minus that; distance is not 0 and below 2^57. */
static double log_near_one(uint64_t distance, bool negative, enum log_base base)
{
	unsigned int shift = (unsigned int)__builtin_clzll(distance);
	/* f * 2^7 with 63 bits behind the point */
	int64_t s = (int64_t)(distance << 6);
	uint64_t series;
	uint64_t product;

	if (negative)
		s = -s;
	/* ln(1 + f) / f = 1 - f/2 + ..., near 1: 63 bits behind the point */
	series = F64_SIGN - (uint64_t)fixed_multiply_63(log_polynomial(log_series_near_one, s), s);
	if (base == LOG_BASE_E)
		return fixed_to_double(negative, (uint128_t)(distance << shift) * series,
				       -64 - 63 - (int)shift);
	product = fixed_multiply_high(distance << shift, series);
	if (base == LOG_BASE_2)
		return fixed_to_double(negative, (uint128_t)product * LOG_LOG2_E,
				       -64 - 63 + 64 - 63 - (int)shift);
	return fixed_to_double(negative, (uint128_t)product * LOG_LOG10_E,
			       -64 - 63 + 64 - 65 - (int)shift);
}

/* Zero, negative, infinite or a NaN. */
static double log_special(uint64_t bits)
{
	if (f64_is_nan(bits))
		return double_from_bits(bits | F64_QUIET);
	if (f64_magnitude(bits) == 0)
		return double_from_bits(F64_SIGN | F64_INFINITY);
	return double_from_bits(bits == F64_INFINITY ? bits : F64_DEFAULT_NAN);
}

static inline double log_in_base(double x, enum log_base base)
{
	uint64_t bits = double_to_bits(x);
	int64_t field = (int64_t)(bits >> F64_FRACTION_BITS);
	uint64_t m = bits << 11 | F64_SIGN;
	int exponent;
	int128_t sum;
	uint128_t magnitude;
	int scale = -96;

	if (F64_UNLIKELY((uint64_t)(field - 1) >= F64_EXPONENT_MAX - 1)) {
		if (bits - 1 >= F64_HIDDEN - 1)
			return log_special(bits);
		m = f64_normalise(bits, &field) << 11;
	}
	exponent = (int)field - F64_BIAS;
	if (exponent == 0 && m >> 56 == 128) {
		if (m == F64_SIGN)
			return 0;
		return log_near_one(m << 1, false, base);
	}
	if (exponent == -1 && m >> 56 == 255)
		return log_near_one(-m, true, base);
	sum = log_of_significand(m, &exponent);
	if (base != LOG_BASE_2)
		sum += exponent * LOG_LN2;
	magnitude = (uint128_t)(sum < 0 ? -sum : sum);
	if (base == LOG_BASE_10) {
		magnitude = fixed_multiply_wide(magnitude, LOG_LOG10_E);
		scale = -97;
	}
	if (base == LOG_BASE_2) {
		magnitude = fixed_multiply_wide(magnitude, LOG_LOG2_E);
		scale = -95;
		sum = (sum < 0 ? -(int128_t)magnitude : (int128_t)magnitude)
			+ (int128_t)exponent * ((int128_t)1 << 95);
		magnitude = (uint128_t)(sum < 0 ? -sum : sum);
	}
	return fixed_to_double(sum < 0, magnitude, scale);
}

double log(double x)
{
	return log_in_base(x, LOG_BASE_E);
}

double log2(double x)
{
	return log_in_base(x, LOG_BASE_2);
}

double log10(double x)
{
	return log_in_base(x, LOG_BASE_10);
}
