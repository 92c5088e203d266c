/*
 * compare.c - comparisons of binary64.
 *
 * The compiler tests the sign of what these return (GCC internals, "Soft float library
 * routines"): __ltdf2 is negative when a < b, and so on. With a NaN each returns a value for
 * which the relation it is named after is false.
 */
#include "softfloat.h"

/* Order-preserving: negative values count down from 0, and both zeros become 0. */
static inline int64_t f64_order(uint64_t bits)
{
	return (int64_t)bits < 0 ? (int64_t)(F64_SIGN - bits) : (int64_t)bits;
}

static inline int f64_compare(uint64_t a, uint64_t b, int unordered)
{
	int64_t a_order = f64_order(a);
	int64_t b_order = f64_order(b);

	if (F64_UNLIKELY(f64_is_nan(a) || f64_is_nan(b)))
		return unordered;
	return (a_order > b_order) - (a_order < b_order);
}

int __ltdf2(uint64_t a, uint64_t b)
{
	if (F64_UNLIKELY(f64_is_nan(a) || f64_is_nan(b)))
		return 1;
	return -(f64_order(a) < f64_order(b));
}

int __ledf2(uint64_t a, uint64_t b)
{
	return f64_compare(a, b, 1);
}

int __gtdf2(uint64_t a, uint64_t b)
{
	if (F64_UNLIKELY(f64_is_nan(a) || f64_is_nan(b)))
		return -1;
	return f64_order(a) > f64_order(b);
}

int __gedf2(uint64_t a, uint64_t b)
{
	return f64_compare(a, b, -1);
}

int __nedf2(uint64_t a, uint64_t b)
{
	if (a == b)
		return f64_is_nan(a);
	/* Different bits are equal values only when both are zeros. */
	return ((a | b) << 1) != 0;
}

int __eqdf2(uint64_t a, uint64_t b)
{
	if (a == b)
		return f64_is_nan(a);
	return ((a | b) << 1) != 0;
}

int __unorddf2(uint64_t a, uint64_t b)
{
	return f64_is_nan(a) || f64_is_nan(b);
}
