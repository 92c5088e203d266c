/*
 * exp_core.h - powers of two in fixed point, for exp.c and pow.c: 2^z with z = n + i/128 + r,
 * and 2^r by a short series.
 */
#ifndef ENGINE_LIBC_EXP_CORE_H
#define ENGINE_LIBC_EXP_CORE_H

#include "exp_table.h"
#include "fixed.h"

/* ln(2), 64 bits behind the point */
#define EXP_LN2		0xb17217f7d1cf79acULL

/* 1/(k + 1)! * 2^-7k from k = 1, 64 bits behind the point */
static const uint64_t exp_series[6] = {
	0x100000000000000ULL, 0xaaaaaaaaaaabULL, 0x5555555555ULL, 0x22222222ULL, 0xb60b6ULL, 0x340ULL,
};

/* 2^(fraction / 2^64) with 63 bits behind the point */
static inline uint64_t exp_power_of_two(uint64_t fraction)
{
	uint64_t root = exp_table[fraction >> 57];
	/* w = r * ln(2) times 2^7; e^y - 1 = y + y * (y/2 + y^2/6 + ...) */
	uint64_t w = fixed_multiply_high(fraction << 7, EXP_LN2);
	uint64_t sum = exp_series[5];
	uint64_t power;

	for (int i = 4; i >= 0; i--)
		sum = exp_series[i] + fixed_multiply_high(sum, w);
	w += fixed_multiply_high(fixed_multiply_high(sum, w), w);
	/* The last error can reach 2 when the fraction is next to 1. */
	if (__builtin_add_overflow(root, fixed_multiply_high(root, w) >> 7, &power))
		power = UINT64_MAX;
	return power;
}

/* 2^z with the sign given; z has 64 bits behind the point and is a two's complement number. */
static inline double exp_power(uint64_t sign, uint128_t z)
{
	int64_t exponent = (int64_t)(z >> 64) + F64_BIAS - 1;
	uint64_t power = exp_power_of_two((uint64_t)z);

	power = power >> 1 | (power & 1);
	if (F64_LIKELY((uint64_t)exponent < F64_EXPONENT_MAX - 1))
		return double_from_bits(f64_round_pack(sign, (uint64_t)exponent, power));
	return double_from_bits(f64_round_pack_any(sign, exponent, power));
}

#endif
