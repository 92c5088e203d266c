/* divide.c - division of binary64, on the CPU's 128 by 64-bit DIV. */
#include "softfloat.h"

/*
 * a and b hold their leading bit in bit 52. The dividend's high half, a << 10, is below the
 * divisor b << 11, so DIV cannot overflow; the quotient has its leading bit in 63 or 62.
 * clang would call a 128-bit division routine for this, hence the instruction by name.
 */
static inline uint64_t f64_divide_significands(uint64_t a, uint64_t b, int64_t *exponent)
{
	uint64_t divisor = b << 11;
	uint64_t quotient;
	uint64_t remainder;
	uint64_t carry;

	__asm__("divq %[divisor]"
		: "=a" (quotient), "=d" (remainder)
		: "a" (0ULL), "d" (a << 10), [divisor] "r" (divisor)
		: "cc");
	carry = quotient >> 63;
	*exponent += (int64_t)carry;
	return (quotient >> carry) | (quotient & carry) | (remainder != 0);
}

static uint64_t f64_divide_special(uint64_t a, uint64_t b)
{
	uint64_t sign = (a ^ b) & F64_SIGN;
	uint64_t a_magnitude = f64_magnitude(a);
	uint64_t b_magnitude = f64_magnitude(b);
	int64_t a_exponent = f64_exponent(a);
	int64_t b_exponent = f64_exponent(b);
	uint64_t significand;

	if (f64_is_nan(a) || f64_is_nan(b))
		return f64_propagate_nan(a, b);
	if (a_magnitude == F64_INFINITY)
		return b_magnitude == F64_INFINITY ? F64_DEFAULT_NAN : sign | F64_INFINITY;
	if (b_magnitude == 0)
		return a_magnitude == 0 ? F64_DEFAULT_NAN : sign | F64_INFINITY;
	if (b_magnitude == F64_INFINITY || a_magnitude == 0)
		return sign;
	a = (a & F64_FRACTION) | F64_HIDDEN;
	b = (b & F64_FRACTION) | F64_HIDDEN;
	if (a_exponent == 0)
		a = f64_normalise(a_magnitude, &a_exponent);
	if (b_exponent == 0)
		b = f64_normalise(b_magnitude, &b_exponent);
	a_exponent += F64_BIAS - 2 - b_exponent;
	significand = f64_divide_significands(a, b, &a_exponent);
	return f64_round_pack_any(sign, a_exponent, significand);
}

uint64_t __divdf3(uint64_t a, uint64_t b)
{
	int64_t a_exponent = f64_exponent(a);
	int64_t b_exponent = f64_exponent(b);
	uint64_t sign = (a ^ b) & F64_SIGN;
	int64_t exponent = a_exponent - b_exponent + F64_BIAS - 2;
	uint64_t significand;

	if (F64_UNLIKELY((uint64_t)(a_exponent - 1) >= F64_EXPONENT_MAX - 1
			 || (uint64_t)(b_exponent - 1) >= F64_EXPONENT_MAX - 1))
		return f64_divide_special(a, b);
	significand = f64_divide_significands((a & F64_FRACTION) | F64_HIDDEN,
					      (b & F64_FRACTION) | F64_HIDDEN, &exponent);
	if (F64_LIKELY((uint64_t)exponent < F64_EXPONENT_MAX - 1))
		return f64_round_pack(sign, (uint64_t)exponent, significand);
	return f64_round_pack_any(sign, exponent, significand);
}
