/* multiply_any.c - multiplication of binary64, for the operands that multiply.S leaves. */
#include "softfloat.h"

/* a and b hold their leading bit in bit 52; the exponents are biased and may be below 1. */
static inline uint64_t f64_multiply_significands(uint64_t a, uint64_t b, int64_t *exponent)
{
	unsigned __int128 product = (unsigned __int128)(a << 11) * (b << 11);
	uint64_t high = (uint64_t)(product >> 64);
	uint64_t carry = high >> 63;

	/* Leading bit in 127 or 126; what falls out below bit 64 is only known as not zero. */
	*exponent += (int64_t)carry;
	return (high >> carry) | (high & carry) | ((uint64_t)product != 0);
}

uint64_t f64_multiply_any(uint64_t a, uint64_t b)
{
	uint64_t sign = (a ^ b) & F64_SIGN;
	uint64_t a_magnitude = f64_magnitude(a);
	uint64_t b_magnitude = f64_magnitude(b);
	int64_t a_exponent = f64_exponent(a);
	int64_t b_exponent = f64_exponent(b);
	uint64_t significand;

	if (f64_is_nan(a) || f64_is_nan(b))
		return f64_propagate_nan(a, b);
	if (a_magnitude == F64_INFINITY || b_magnitude == F64_INFINITY)
		return a_magnitude == 0 || b_magnitude == 0 ? F64_DEFAULT_NAN : sign | F64_INFINITY;
	if (a_magnitude == 0 || b_magnitude == 0)
		return sign;
	a = (a & F64_FRACTION) | F64_HIDDEN;
	b = (b & F64_FRACTION) | F64_HIDDEN;
	if (a_exponent == 0)
		a = f64_normalise(a_magnitude, &a_exponent);
	if (b_exponent == 0)
		b = f64_normalise(b_magnitude, &b_exponent);
	a_exponent += b_exponent - F64_BIAS;
	significand = f64_multiply_significands(a, b, &a_exponent);
	return f64_round_pack_any(sign, a_exponent - 1, significand);
}
