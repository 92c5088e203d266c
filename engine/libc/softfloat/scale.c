/* scale.c - taking doubles apart and putting them together: exponent, fraction, sign. */
#include "double_bits.h"
#include "softfloat.h"

#include <limits.h>
#include <math.h>

double fabs(double x)
{
	return double_from_bits(double_to_bits(x) & ~F64_SIGN);
}

float fabsf(float x)
{
	return float_from_bits(float_to_bits(x) & 0x7fffffffU);
}

double copysign(double x, double y)
{
	return double_from_bits((double_to_bits(x) & ~F64_SIGN) | (double_to_bits(y) & F64_SIGN));
}

float copysignf(float x, float y)
{
	return float_from_bits((float_to_bits(x) & 0x7fffffffU)
			       | (float_to_bits(y) & 0x80000000U));
}

double scalbln(double x, long n)
{
	uint64_t bits = double_to_bits(x);
	uint64_t sign = bits & F64_SIGN;
	int64_t exponent = f64_exponent(bits);
	uint64_t significand = (bits & F64_FRACTION) | F64_HIDDEN;

	if (exponent == F64_EXPONENT_MAX)
		return double_from_bits(f64_is_nan(bits) ? bits | F64_QUIET : bits);
	if (exponent == 0) {
		if (f64_magnitude(bits) == 0)
			return x;
		significand = f64_normalise(f64_magnitude(bits), &exponent);
	}
	/* Beyond this range every result is infinite or zero; within it nothing overflows. */
	if (n > 5000)
		n = 5000;
	if (n < -5000)
		n = -5000;
	exponent += n;
	if (F64_LIKELY((uint64_t)(exponent - 1) < F64_EXPONENT_MAX - 1))
		return double_from_bits((sign | (uint64_t)(exponent - 1) << F64_FRACTION_BITS)
					+ significand);
	return double_from_bits(f64_round_pack_any(sign, exponent - 1,
						   significand << F64_WORK_SHIFT));
}

double scalbn(double x, int n)
{
	return scalbln(x, n);
}

double ldexp(double x, int n)
{
	return scalbln(x, n);
}

float scalbnf(float x, int n)
{
	/* exact in the wider format for every finite result, one rounding at the end */
	if (n > 600)
		n = 600;
	if (n < -600)
		n = -600;
	return (float)scalbln((double)x, n);
}

float ldexpf(float x, int n)
{
	return scalbnf(x, n);
}

double frexp(double x, int *exponent_out)
{
	uint64_t bits = double_to_bits(x);
	int64_t exponent = f64_exponent(bits);
	uint64_t fraction = bits & F64_FRACTION;

	*exponent_out = 0;
	if (exponent == F64_EXPONENT_MAX)
		return double_from_bits(f64_is_nan(bits) ? bits | F64_QUIET : bits);
	if (exponent == 0) {
		if (fraction == 0)
			return x;
		fraction = f64_normalise(fraction, &exponent) & F64_FRACTION;
	}
	*exponent_out = (int)exponent - (F64_BIAS - 1);
	return double_from_bits((bits & F64_SIGN) | (uint64_t)(F64_BIAS - 1) << 52 | fraction);
}

double modf(double x, double *integral)
{
	uint64_t sign = double_to_bits(x) & F64_SIGN;

	*integral = trunc(x);
	if (isinf(x))
		return double_from_bits(sign);
	/* exact; a zero difference takes the operand's sign */
	return double_from_bits(double_to_bits(x - *integral) | sign);
}

int ilogb(double x)
{
	uint64_t bits = double_to_bits(x);
	int64_t exponent = f64_exponent(bits);

	if (exponent == F64_EXPONENT_MAX)
		return f64_is_nan(bits) ? FP_ILOGBNAN : INT_MAX;
	if (exponent == 0) {
		if (f64_magnitude(bits) == 0)
			return FP_ILOGB0;
		f64_normalise(f64_magnitude(bits), &exponent);
	}
	return (int)exponent - F64_BIAS;
}

double logb(double x)
{
	if (!isfinite(x))
		return x * x;
	if (x == 0)
		return -1 / (x * x);
	return (double)ilogb(x);
}
