/*
 * pow.c - x^y as 2^(y * log2(x)) in fixed point; the error stays below 0.52 units.
 *
 * The logarithm is needed to 128 bits, since the product may be as large as 1074: near 1 it is
 * computed relative to x - 1, elsewhere with 96 bits behind the point.
 */
#include "exp_core.h"
#include "log_core.h"

#include <math.h>

/* log2(e), 127 bits behind the point */
#define POW_LOG2_E	((uint128_t)0xb8aa3b295c17f0bbULL << 64 | 0xbe87fed0691d3e89ULL)

enum pow_parity { POW_FRACTION, POW_EVEN, POW_ODD };

static enum pow_parity pow_parity_of(uint64_t y)
{
	int exponent = f64_exponent(y) - F64_BIAS;
	uint64_t significand = (y & F64_FRACTION) | F64_HIDDEN;

	if (f64_magnitude(y) == 0 || exponent > F64_FRACTION_BITS)
		return POW_EVEN;
	if (exponent < 0 || (significand << (12 + exponent - 1) << 1) != 0)
		return POW_FRACTION;
	return significand >> (F64_FRACTION_BITS - exponent) & 1 ? POW_ODD : POW_EVEN;
}

/* Zeros, infinities and NaNs in either operand (C11 F.10.4.4). */
static double pow_special(uint64_t x, uint64_t y)
{
	uint64_t x_magnitude = f64_magnitude(x);
	bool odd = pow_parity_of(y) == POW_ODD;
	bool large;

	if (f64_magnitude(y) == 0 || x == (uint64_t)F64_BIAS << F64_FRACTION_BITS)
		return 1;
	if (f64_is_nan(x) || f64_is_nan(y))
		return double_from_bits(f64_propagate_nan(x, y));
	if (f64_magnitude(y) == F64_INFINITY) {
		if (x_magnitude == (uint64_t)F64_BIAS << F64_FRACTION_BITS)
			return 1;
		large = x_magnitude > (uint64_t)F64_BIAS << F64_FRACTION_BITS;
		odd = false;
	} else {
		large = x_magnitude == F64_INFINITY;
	}
	if (y & F64_SIGN)
		large = !large;
	return double_from_bits((odd ? x & F64_SIGN : 0) | (large ? F64_INFINITY : 0));
}

/* |ln(x)| = magnitude * 2^*scale; x is positive, m its significand with the leading bit in 63. */
static inline uint128_t pow_log(uint64_t m, int exponent, int *scale, bool *negative)
{
	bool above = exponent == 0 && m >> 55 == 256;
	bool below = exponent == -1 && m >> 56 == 255;
	int128_t sum;

	if (above || below) {
		/* x = 1 + f, f = distance * 2^-53 or minus that; ln(1 + f) = f * (1 - f * q(f)) */
		uint64_t distance = (above ? m << 1 : -m) >> 11;
		int64_t s = (int64_t)(distance << 18);
		int64_t rest;

		s = above ? s : -s;
		rest = fixed_multiply_63(log_polynomial(log_series, s), s);
		*scale = -53 - 71;
		*negative = below;
		return (((uint128_t)1 << 71) - (uint128_t)(int128_t)rest) * distance;
	}
	sum = log_of_significand(m, &exponent);
	sum += exponent * LOG_LN2;
	*scale = -96;
	*negative = sum < 0;
	return (uint128_t)(sum < 0 ? -sum : sum);
}

/* The upper 128 bits of the product, to within 3 units. */
static inline uint128_t pow_multiply(uint128_t a, uint128_t b)
{
	uint64_t a_high = (uint64_t)(a >> 64);
	uint64_t b_high = (uint64_t)(b >> 64);

	return (uint128_t)a_high * b_high + fixed_multiply_high(a_high, (uint64_t)b)
		+ fixed_multiply_high((uint64_t)a, b_high);
}

static inline uint128_t pow_normalise(uint128_t value, int *scale)
{
	int shift = value >> 64 != 0 ? __builtin_clzll((uint64_t)(value >> 64))
		: 64 + __builtin_clzll((uint64_t)value);

	*scale -= shift;
	return value << shift;
}

/* x and y are finite and not zero; x is positive but for sign, which the result gets. */
static double pow_finite(uint64_t sign, uint64_t x, uint64_t y)
{
	int64_t x_field = f64_exponent(x);
	int64_t y_field = f64_exponent(y);
	uint64_t m = x << 11 | F64_SIGN;
	uint64_t y_significand = y << 11 | F64_SIGN;
	bool negative;
	uint128_t z;
	int scale;

	if (F64_UNLIKELY(x_field == 0))
		m = f64_normalise(f64_magnitude(x), &x_field) << 11;
	if (F64_UNLIKELY(y_field == 0))
		y_significand = f64_normalise(f64_magnitude(y), &y_field) << 11;
	z = pow_log(m, (int)x_field - F64_BIAS, &scale, &negative);
	if (F64_UNLIKELY(z == 0))
		return double_from_bits(sign | (uint64_t)F64_BIAS << F64_FRACTION_BITS);
	z = pow_multiply(pow_normalise(z, &scale), POW_LOG2_E);
	scale += 128 - 127;
	z = pow_normalise(fixed_multiply_wide(z, y_significand), &scale);
	scale += 64 - 63 + (int)y_field - F64_BIAS;
	negative ^= (y & F64_SIGN) != 0;
	/* z's leading bit is worth 2^(scale + 127): from 2^11 on nothing is in range */
	if (F64_UNLIKELY(scale + 127 >= 11))
		return double_from_bits(sign | (negative ? 0 : F64_INFINITY));
	/* to 64 bits behind the point; the shift is 53 or more */
	z = -scale - 64 > 127 ? 0 : z >> (-scale - 64);
	return exp_power(sign, negative ? -z : z);
}

double pow(double x, double y)
{
	uint64_t x_bits = double_to_bits(x);
	uint64_t y_bits = double_to_bits(y);
	uint64_t sign = 0;

	if (F64_UNLIKELY(f64_magnitude(x_bits) - 1 >= F64_INFINITY - 1
			 || f64_magnitude(y_bits) - 1 >= F64_INFINITY - 1))
		return pow_special(x_bits, y_bits);
	if (F64_UNLIKELY(x_bits & F64_SIGN)) {
		enum pow_parity parity = pow_parity_of(y_bits);

		if (parity == POW_FRACTION)
			return double_from_bits(F64_DEFAULT_NAN);
		sign = parity == POW_ODD ? F64_SIGN : 0;
	}
	return pow_finite(sign, x_bits, y_bits);
}
