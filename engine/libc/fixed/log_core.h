/*
 * log_core.h - the natural logarithm in fixed point, for log.c and pow.c.
 *
 * m is multiplied by the inverse of a point near it, c, so that ln(m) = ln(c) + ln(1 + r) with
 * |r| < 1/256, where a short series does.
 */
#ifndef ENGINE_LIBC_LOG_CORE_H
#define ENGINE_LIBC_LOG_CORE_H

#include "fixed.h"
#include "log_table.h"

/* ln(2) with 96 bits behind the point */
#define LOG_LN2		((int128_t)0xb17217f7ULL << 64 | 0xd1cf79abc9e3b398ULL)

/* 1/(k + 2) * 2^-8k, 63 bits behind the point */
static const int64_t log_series[8] = {
	0x4000000000000000LL, 0x2aaaaaaaaaaaabLL, 0x200000000000LL, 0x199999999aLL, 0x15555555LL,
	0x124925LL, 0x1000LL, 0xeLL,
};

/* c0 - s * (c1 - s * (c2 - ...)), s with 63 bits behind the point */
static inline int64_t log_polynomial(const int64_t *coefficient, int64_t s)
{
	int64_t sum = coefficient[7];

	for (int i = 6; i >= 0; i--)
		sum = coefficient[i] - fixed_multiply_63(sum, s);
	return sum;
}

/* ln(1 + r), r with 127 bits behind the point and below 1/256; the result has 96. */
static inline int128_t log_one_plus(int128_t r)
{
	/* r * 2^8 with 63 bits */
	int64_t s = (int64_t)(r >> 56);
	int64_t square = fixed_multiply_63(s, s);
	int64_t rest = fixed_multiply_63(square, log_polynomial(log_series, s));

	/* square and rest are scaled by 2^16: 79 bits behind the point */
	return (r >> 31) - ((int128_t)rest << 17);
}

/* ln of m (63 bits behind the point, 1 to 2), or of m/2 with *exponent one more. */
static inline int128_t log_of_significand(uint64_t m, int *exponent)
{
	unsigned int index = (unsigned int)(m >> 56) & 127;
	const struct log_point *point = &log_table[index];

	if (index >= LOG_TABLE_HALVED)
		(*exponent)++;
	return (int128_t)((uint128_t)point->high << 64 | point->low)
		+ log_one_plus((int128_t)((uint128_t)m * point->inverse - ((uint128_t)1 << 127)));
}

#endif
