/*
 * compare.c - comparisons of binary64.
 *
 * The compiler tests the sign of what these return (GCC internals, "Soft float library
 * routines"): __ltdf2 is negative when a < b, and so on. With a NaN each returns a value for
 * which the relation it is named after is false.
 */
#include "softfloat.h"

#define F64_NEGATIVE_INFINITY (F64_SIGN | F64_INFINITY)

/*
 * Two numbers that are not negative compare like integers, two negative ones the other way round;
 * NaNs are beyond infinity, so only the number farther from 0 needs to be looked at.
 */
static inline bool f64_less(uint64_t a, uint64_t b)
{
	if (F64_LIKELY((int64_t)(a | b) >= 0))
		return a < b && b <= F64_INFINITY;
	if ((int64_t)(a & b) < 0)
		return b < a && a <= F64_NEGATIVE_INFINITY;
	/* The signs differ. The zeros are equal. */
	if ((int64_t)b < 0)
		return false;
	return b <= F64_INFINITY && a <= F64_NEGATIVE_INFINITY && ((a << 1) | b) != 0;
}

static inline bool f64_less_equal(uint64_t a, uint64_t b)
{
	if (F64_LIKELY((int64_t)(a | b) >= 0))
		return a <= b && b <= F64_INFINITY;
	if ((int64_t)(a & b) < 0)
		return b <= a && a <= F64_NEGATIVE_INFINITY;
	if ((int64_t)b < 0)
		return ((b << 1) | a) == 0;
	return b <= F64_INFINITY && a <= F64_NEGATIVE_INFINITY;
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
