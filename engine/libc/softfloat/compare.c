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

static __attribute__((noinline)) bool f64_less_any(uint64_t a, uint64_t b, bool or_equal)
{
	int64_t a_order = f64_order(a);
	int64_t b_order = f64_order(b);

	if (f64_is_nan(a) || f64_is_nan(b))
		return false;
	return a_order < b_order || (or_equal && a_order == b_order);
}

/*
 * Two numbers that are not negative compare like integers; NaNs are above infinity, so only
 * the greater one needs to be looked at.
 */
static inline bool f64_less(uint64_t a, uint64_t b)
{
	if (F64_LIKELY((int64_t)(a | b) >= 0))
		return a < b && b <= F64_INFINITY;
	return f64_less_any(a, b, false);
}

static inline bool f64_less_equal(uint64_t a, uint64_t b)
{
	if (F64_LIKELY((int64_t)(a | b) >= 0))
		return a <= b && b <= F64_INFINITY;
	return f64_less_any(a, b, true);
}

int __ltdf2(uint64_t a, uint64_t b)
{
	return -f64_less(a, b);
}

int __ledf2(uint64_t a, uint64_t b)
{
	return !f64_less_equal(a, b);
}

int __gtdf2(uint64_t a, uint64_t b)
{
	return f64_less(b, a);
}

int __gedf2(uint64_t a, uint64_t b)
{
	return f64_less_equal(b, a) - 1;
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
