/*
 * convert.c - conversions between binary64, binary32 and integers.
 *
 * To an integer: toward zero; what does not fit, and a NaN, gives the "integer indefinite"
 * value of CVTTSD2SI (sign bit alone, AMD APM vol. 1, 4.7.1). Unsigned targets give what a
 * compiler makes of the signed instruction: values that fit the signed 64-bit type wrap.
 */
#include "softfloat.h"

#define F64_LEFT_OF(exponent)	((exponent) - (F64_BIAS + 63))

int64_t __fixdfdi(uint64_t a)
{
	unsigned int shift = F64_BIAS + 63U - (unsigned int)f64_exponent(a);
	uint64_t significand = (a << 11) | F64_SIGN;

	/* shift is 1 to 63 for magnitudes of 1 up to below 2^63 */
	if (F64_LIKELY(shift - 1U < 63U)) {
		int64_t value = (int64_t)(significand >> shift);

		return (int64_t)a < 0 ? -value : value;
	}
	return (int)shift > 63 ? 0 : INT64_MIN;
}

int32_t __fixdfsi(uint64_t a)
{
	unsigned int shift = F64_BIAS + 63U - (unsigned int)f64_exponent(a);
	uint64_t significand = (a << 11) | F64_SIGN;

	/* shift is 33 to 63 for magnitudes of 1 up to below 2^31 */
	if (F64_LIKELY(shift - 33U < 31U)) {
		int32_t value = (int32_t)(significand >> shift);

		return (int64_t)a < 0 ? -value : value;
	}
	return (int)shift > 63 ? 0 : INT32_MIN;
}

uint32_t __fixunsdfsi(uint64_t a)
{
	return (uint32_t)__fixdfdi(a);
}

uint64_t __fixunsdfdi(uint64_t a)
{
	/* positive, and the exponent of 2^63 */
	if (F64_UNLIKELY(a >> F64_FRACTION_BITS == F64_BIAS + 63))
		return (a << 11) | F64_SIGN;
	return (uint64_t)__fixdfdi(a);
}

/* value is below 2^53, so the result is exact; value 0 gives +0. */
static inline uint64_t f64_from_small(uint64_t sign, uint64_t value)
{
	unsigned int top = f64_highest_bit(value);
	uint64_t exponent = (uint64_t)F64_BIAS - 1 + top;

	return (sign | (exponent << F64_FRACTION_BITS)) + (value << (F64_FRACTION_BITS - top));
}

static inline uint64_t f64_from_magnitude(uint64_t sign, uint64_t value)
{
	unsigned int top;

	if (value == 0)
		return 0;
	if (F64_LIKELY(value >> 53 == 0))
		return f64_from_small(sign, value);
	top = f64_highest_bit(value);
	if (top == 63)
		value = (value >> 1) | (value & 1);
	else
		value <<= 62 - top;
	return f64_round_pack(sign, (uint64_t)F64_BIAS - 1 + top, value);
}

uint64_t __floatsidf(int32_t value)
{
	uint64_t magnitude = value < 0 ? -(uint64_t)(int64_t)value : (uint64_t)value;

	if (value == 0)
		return 0;
	return f64_from_small((uint64_t)(int64_t)value & F64_SIGN, magnitude);
}

uint64_t __floatunsidf(uint32_t value)
{
	return value == 0 ? 0 : f64_from_small(0, value);
}

uint64_t __floatdidf(int64_t value)
{
	uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;

	return f64_from_magnitude((uint64_t)value & F64_SIGN, magnitude);
}

uint64_t __floatundidf(uint64_t value)
{
	return f64_from_magnitude(0, value);
}

uint64_t __extendsfdf2(uint32_t a)
{
	uint64_t sign = (uint64_t)(a >> 31) << 63;
	uint64_t magnitude = a & 0x7fffffffU;
	int64_t exponent;

	if (F64_UNLIKELY(magnitude >= 0x7f800000U)) {
		uint64_t quiet = magnitude > 0x7f800000U ? F64_QUIET : 0;

		return sign | F64_INFINITY | (magnitude << 29 & F64_FRACTION) | quiet;
	}
	if (F64_UNLIKELY(magnitude < 0x00800000U)) {
		if (magnitude == 0)
			return sign;
		/* A subnormal is magnitude times 2^-149, normal in the wider format. */
		magnitude = f64_normalise(magnitude, &exponent);
		exponent += F64_BIAS - 149 + 51;
		return (sign | (uint64_t)exponent << F64_FRACTION_BITS) + (magnitude & F64_FRACTION);
	}
	return sign | ((magnitude << 29) + ((uint64_t)(F64_BIAS - 127) << F64_FRACTION_BITS));
}

uint32_t __truncdfsf2(uint64_t a)
{
	uint32_t sign = (uint32_t)(a >> 63) << 31;
	int exponent = f64_exponent(a) - (F64_BIAS - 127);
	uint64_t significand = (a & F64_FRACTION) | F64_HIDDEN;
	uint64_t shifted;

	if (F64_UNLIKELY(f64_is_nan(a)))
		return sign | 0x7fc00000U | (uint32_t)(a >> 29 & 0x3fffffU);
	if (exponent >= 0xff)
		return sign | 0x7f800000U;
	if (exponent <= 0) {
		/* Below half of the smallest subnormal, a binary64 subnormal too. */
		if (exponent < -24)
			return sign;
		significand = f64_shift_right_sticky(significand, 1U - (unsigned int)exponent);
		exponent = 1;
	}
	/* 29 bits fall out; the hidden bit, when it is there, adds one to the exponent. */
	shifted = significand + 0x0fffffffU + (significand >> 29 & 1U);
	return sign + ((uint32_t)(exponent - 1) << 23) + (uint32_t)(shifted >> 29);
}
