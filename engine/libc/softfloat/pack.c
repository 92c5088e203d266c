/* pack.c - rounding of binary64 results that may overflow or be subnormal. */
#include "softfloat.h"

uint64_t f64_round_pack_any(uint64_t sign, int64_t exponent_less_one, uint64_t significand)
{
	if (exponent_less_one >= F64_EXPONENT_MAX - 1)
		return sign | F64_INFINITY;
	if (exponent_less_one < 0) {
		uint64_t shift = (uint64_t)-exponent_less_one;

		/* Beyond 63 places only the fact that it was not zero is left. */
		if (shift > 63)
			significand = significand != 0;
		else
			significand = f64_shift_right_sticky(significand, (unsigned int)shift);
		exponent_less_one = 0;
	}
	return f64_round_pack(sign, (uint64_t)exponent_less_one, significand);
}
