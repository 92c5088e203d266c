/* fmod.c - fmod: the exact remainder, 11 quotient bits a division. */
#include "double_bits.h"
#include "softfloat.h"

#include <math.h>

/* Both positive and finite, x above y; y not zero. The remainder is always exact. */
static uint64_t f64_remainder(uint64_t x, uint64_t y)
{
	int64_t x_exponent = f64_exponent(x);
	int64_t y_exponent = f64_exponent(y);
	uint64_t remainder = (x & F64_FRACTION) | F64_HIDDEN;
	uint64_t divisor = (y & F64_FRACTION) | F64_HIDDEN;
	unsigned int shift;

	if (x_exponent == 0)
		remainder = f64_normalise(x, &x_exponent);
	if (y_exponent == 0)
		divisor = f64_normalise(y, &y_exponent);
	remainder %= divisor;
	for (x_exponent -= y_exponent; x_exponent >= 11 && remainder != 0; x_exponent -= 11)
		remainder = (remainder << 11) % divisor;
	if (remainder == 0)
		return 0;
	if (x_exponent > 0)
		remainder = (remainder << x_exponent) % divisor;
	if (remainder == 0)
		return 0;
	/* Put the leading bit back in place, as far as the exponent goes. */
	shift = F64_FRACTION_BITS - f64_highest_bit(remainder);
	if (y_exponent > (int64_t)shift)
		return ((uint64_t)(y_exponent - (int64_t)shift - 1) << F64_FRACTION_BITS)
			+ (remainder << shift);
	if (y_exponent >= 1)
		return remainder << (y_exponent - 1);
	return remainder >> (1 - y_exponent);
}

double fmod(double x, double y)
{
	uint64_t x_bits = double_to_bits(x);
	uint64_t y_bits = double_to_bits(y);
	uint64_t sign = x_bits & F64_SIGN;
	uint64_t x_magnitude = f64_magnitude(x_bits);
	uint64_t y_magnitude = f64_magnitude(y_bits);

	if (F64_UNLIKELY(f64_is_nan(x_bits) || f64_is_nan(y_bits)))
		return double_from_bits(f64_propagate_nan(x_bits, y_bits));
	if (F64_UNLIKELY(x_magnitude == F64_INFINITY || y_magnitude == 0))
		return double_from_bits(F64_DEFAULT_NAN);
	if (x_magnitude < y_magnitude)
		return x;
	return double_from_bits(sign | f64_remainder(x_magnitude, y_magnitude));
}

float fmodf(float x, float y)
{
	/* The remainder of two binary32 values is a binary32 value. */
	return (float)fmod((double)x, (double)y);
}
