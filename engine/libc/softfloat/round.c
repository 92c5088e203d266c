/*
 * round.c - rounding of a double to an integral double, by masking the fraction.
 *
 * As ROUNDSD does, a signaling NaN comes back quieted and zeros keep their sign.
 */
#include "double_bits.h"
#include "softfloat.h"

#include <math.h>

/* The bits below the binary point, for exponents of 0 to 51 above the bias. */
static inline uint64_t f64_below_point(unsigned int unbiased)
{
	return F64_FRACTION >> unbiased;
}

static inline uint64_t f64_integral(uint64_t bits)
{
	return f64_is_nan(bits) ? bits | F64_QUIET : bits;
}

/* Toward the infinity of the sign given; direction is 0 for up (ceil), F64_SIGN for down. */
static inline double f64_round_directed(uint64_t bits, uint64_t direction)
{
	unsigned int unbiased = (unsigned int)f64_exponent(bits) - F64_BIAS;
	bool away = (int64_t)(bits ^ direction) >= 0;
	uint64_t mask;

	if (F64_UNLIKELY(unbiased >= F64_FRACTION_BITS)) {
		if ((int)unbiased >= F64_FRACTION_BITS)
			return double_from_bits(f64_integral(bits));
		if (f64_magnitude(bits) == 0 || !away)
			return double_from_bits(bits & F64_SIGN);
		return double_from_bits((bits & F64_SIGN) | (uint64_t)F64_BIAS << 52);
	}
	mask = f64_below_point(unbiased);
	/* Adding the mask carries into the integral part exactly when there is a fraction. */
	if (away)
		bits += mask;
	return double_from_bits(bits & ~mask);
}

double floor(double x)
{
	return f64_round_directed(double_to_bits(x), F64_SIGN);
}

double ceil(double x)
{
	return f64_round_directed(double_to_bits(x), 0);
}

double trunc(double x)
{
	uint64_t bits = double_to_bits(x);
	unsigned int unbiased = (unsigned int)f64_exponent(bits) - F64_BIAS;

	if (F64_LIKELY(unbiased < F64_FRACTION_BITS))
		return double_from_bits(bits & ~f64_below_point(unbiased));
	if ((int)unbiased < 0)
		return double_from_bits(bits & F64_SIGN);
	return double_from_bits(f64_integral(bits));
}

/* Halves go away from zero. */
double round(double x)
{
	uint64_t bits = double_to_bits(x);
	unsigned int unbiased = (unsigned int)f64_exponent(bits) - F64_BIAS;

	if (F64_UNLIKELY(unbiased >= F64_FRACTION_BITS)) {
		if ((int)unbiased >= F64_FRACTION_BITS)
			return double_from_bits(f64_integral(bits));
		/* one half has an unbiased exponent of -1 */
		if (unbiased != -1U)
			return double_from_bits(bits & F64_SIGN);
		return double_from_bits((bits & F64_SIGN) | (uint64_t)F64_BIAS << 52);
	}
	bits += (F64_HIDDEN >> 1) >> unbiased;
	return double_from_bits(bits & ~f64_below_point(unbiased));
}

/* Halves go to the even neighbour: the one rounding mode the engine has. */
double rint(double x)
{
	uint64_t bits = double_to_bits(x);
	unsigned int unbiased = (unsigned int)f64_exponent(bits) - F64_BIAS;
	uint64_t mask;
	uint64_t odd;

	if (F64_UNLIKELY(unbiased >= F64_FRACTION_BITS)) {
		if ((int)unbiased >= F64_FRACTION_BITS)
			return double_from_bits(f64_integral(bits));
		if (f64_magnitude(bits) <= 0x3fe0000000000000ULL)
			return double_from_bits(bits & F64_SIGN);
		return double_from_bits((bits & F64_SIGN) | (uint64_t)F64_BIAS << 52);
	}
	mask = f64_below_point(unbiased);
	/* The unit's bit; for magnitudes from 1 to 2 it is the hidden bit, which is odd. */
	odd = unbiased == 0 ? 1 : bits >> (F64_FRACTION_BITS - unbiased) & 1;
	bits += (mask >> 1) + odd;
	return double_from_bits(bits & ~mask);
}

double nearbyint(double x)
{
	return rint(x);
}

long lrint(double x)
{
	return (long)rint(x);
}

long long llrint(double x)
{
	return (long long)rint(x);
}

long lround(double x)
{
	return (long)round(x);
}

long long llround(double x)
{
	return (long long)round(x);
}

float floorf(float x)
{
	return (float)floor((double)x);
}

float ceilf(float x)
{
	return (float)ceil((double)x);
}

float truncf(float x)
{
	return (float)trunc((double)x);
}

float roundf(float x)
{
	return (float)round((double)x);
}

float rintf(float x)
{
	return (float)rint((double)x);
}
