/* add_any.c - addition and subtraction of binary64, for the operands that add.S leaves. */
#include "softfloat.h"

/* The larger operand is infinite or a NaN; b is as the caller wrote it. */
static uint64_t f64_add_special(uint64_t a, uint64_t b, bool subtract)
{
	if (f64_is_nan(a) || f64_is_nan(b))
		return f64_propagate_nan(a, b);
	if (subtract)
		b ^= F64_SIGN;
	if (f64_magnitude(a) != F64_INFINITY)
		return b;
	if (f64_magnitude(b) == F64_INFINITY && a != b)
		return F64_DEFAULT_NAN;
	return a;
}

/* The smaller operand, of signs alike, is subnormal or zero; the larger is finite. */
static uint64_t f64_add_tiny(uint64_t sign, uint64_t large, uint64_t small)
{
	uint64_t exponent = large >> F64_FRACTION_BITS;
	uint64_t sum;
	uint64_t carry;

	/* Two subnormals, or a zero: the sum of the bits is the bits of the sum. */
	if (exponent == 0 || small == 0)
		return sign | (large + small);
	sum = ((large & F64_FRACTION) | F64_HIDDEN) << F64_WORK_SHIFT;
	small <<= F64_WORK_SHIFT;
	sum += exponent - 1 > 63 ? 1 : f64_shift_right_sticky(small, (unsigned int)exponent - 1);
	carry = sum >> 63;
	sum = (sum >> carry) | (sum & carry);
	return f64_round_pack(sign, exponent - 1 + carry, sum);
}

/* The same for the difference. */
static uint64_t f64_subtract_tiny(uint64_t sign, uint64_t large, uint64_t small)
{
	uint64_t exponent = large >> F64_FRACTION_BITS;
	uint64_t difference;
	unsigned int shift;

	if (exponent <= 1 || small == 0)
		return large == small ? 0 : sign | (large - small);
	difference = ((large & F64_FRACTION) | F64_HIDDEN) << F64_WORK_SHIFT;
	small <<= F64_WORK_SHIFT;
	difference -= exponent - 1 > 63
		? 1 : f64_shift_right_sticky(small, (unsigned int)exponent - 1);
	/* The exponent is at least 2 and at most one place is lost: never subnormal. */
	shift = 62U - f64_highest_bit(difference);
	return f64_round_pack(sign, exponent - 1 - shift, difference << shift);
}

static inline uint64_t f64_align(uint64_t magnitude, uint64_t distance)
{
	uint64_t significand = ((magnitude & F64_FRACTION) | F64_HIDDEN) << F64_WORK_SHIFT;

	if (F64_UNLIKELY(distance > 62))
		return 1;
	/* A distance of 0 shifts by 0 and loses nothing: doubling first keeps -0 & 63 exact. */
	return (significand >> distance)
		| ((significand << 1 << ((63U - (unsigned int)distance) & 63U)) != 0);
}

static uint64_t f64_add_magnitudes(uint64_t sign, uint64_t large, uint64_t small)
{
	uint64_t exponent = large >> F64_FRACTION_BITS;
	uint64_t small_exponent = small >> F64_FRACTION_BITS;
	uint64_t sum;
	uint64_t carry;
	uint64_t result;

	if (small_exponent == 0)
		return f64_add_tiny(sign, large, small);
	sum = ((large & F64_FRACTION) | F64_HIDDEN) << F64_WORK_SHIFT;
	sum += f64_align(small, exponent - small_exponent);
	carry = sum >> 63;
	sum = (sum >> carry) | (sum & carry);
	result = f64_round_pack(0, exponent - 1 + carry, sum);
	return sign | (result >= F64_INFINITY ? F64_INFINITY : result);
}

static uint64_t f64_subtract_magnitudes(uint64_t sign, uint64_t large, uint64_t small)
{
	uint64_t exponent = large >> F64_FRACTION_BITS;
	uint64_t small_exponent = small >> F64_FRACTION_BITS;
	uint64_t difference;
	uint64_t shift;

	if (small_exponent == 0)
		return f64_subtract_tiny(sign, large, small);
	difference = ((large & F64_FRACTION) | F64_HIDDEN) << F64_WORK_SHIFT;
	difference -= f64_align(small, exponent - small_exponent);
	if (difference == 0)
		return 0;
	shift = 62U - f64_highest_bit(difference);
	/* Cancellation down to a subnormal is exact: every operand is a multiple of 2^-1074. */
	if (shift >= exponent)
		return sign | (difference << (exponent - 1) >> F64_WORK_SHIFT);
	return f64_round_pack(sign, exponent - 1 - shift, difference << shift);
}

uint64_t f64_add_any(uint64_t a, uint64_t b, uint64_t b_sign)
{
	uint64_t a_magnitude = f64_magnitude(a);
	uint64_t b_magnitude = f64_magnitude(b);
	bool swap = a_magnitude < b_magnitude;
	uint64_t large = swap ? b_magnitude : a_magnitude;
	uint64_t small = swap ? a_magnitude : b_magnitude;
	uint64_t sign = (swap ? b ^ b_sign : a) & F64_SIGN;

	if (large >= F64_INFINITY)
		return f64_add_special(a, b, b_sign != 0);
	if ((int64_t)(a ^ b ^ b_sign) >= 0)
		return f64_add_magnitudes(sign, large, small);
	return f64_subtract_magnitudes(sign, large, small);
}

uint64_t __negdf2(uint64_t a)
{
	return a ^ F64_SIGN;
}
