/*
 * single.c - arithmetic of binary32, by way of binary64.
 *
 * 53 bits are more than twice 24 and two, so rounding the binary64 result once more gives the
 * correctly rounded binary32 result of +, -, *, / and square root (Figueroa, "When is double
 * rounding innocuous?", 1995). NaN payloads survive both conversions.
 */
#include "softfloat.h"

uint32_t __addsf3(uint32_t a, uint32_t b);
uint32_t __subsf3(uint32_t a, uint32_t b);
uint32_t __mulsf3(uint32_t a, uint32_t b);
uint32_t __divsf3(uint32_t a, uint32_t b);
uint32_t __negsf2(uint32_t a);
int __ltsf2(uint32_t a, uint32_t b);
int __lesf2(uint32_t a, uint32_t b);
int __gtsf2(uint32_t a, uint32_t b);
int __gesf2(uint32_t a, uint32_t b);
int __eqsf2(uint32_t a, uint32_t b);
int __nesf2(uint32_t a, uint32_t b);
int __unordsf2(uint32_t a, uint32_t b);
int32_t __fixsfsi(uint32_t a);
int64_t __fixsfdi(uint32_t a);
uint32_t __fixunssfsi(uint32_t a);
uint64_t __fixunssfdi(uint32_t a);
uint32_t __floatsisf(int32_t value);
uint32_t __floatdisf(int64_t value);
uint32_t __floatunsisf(uint32_t value);
uint32_t __floatundisf(uint64_t value);

uint32_t __addsf3(uint32_t a, uint32_t b)
{
	return __truncdfsf2(__adddf3(__extendsfdf2(a), __extendsfdf2(b)));
}

uint32_t __subsf3(uint32_t a, uint32_t b)
{
	return __truncdfsf2(__subdf3(__extendsfdf2(a), __extendsfdf2(b)));
}

uint32_t __mulsf3(uint32_t a, uint32_t b)
{
	return __truncdfsf2(__muldf3(__extendsfdf2(a), __extendsfdf2(b)));
}

uint32_t __divsf3(uint32_t a, uint32_t b)
{
	return __truncdfsf2(__divdf3(__extendsfdf2(a), __extendsfdf2(b)));
}

uint32_t __negsf2(uint32_t a)
{
	return a ^ 0x80000000U;
}

int __ltsf2(uint32_t a, uint32_t b)
{
	return __ltdf2(__extendsfdf2(a), __extendsfdf2(b));
}

int __lesf2(uint32_t a, uint32_t b)
{
	return __ledf2(__extendsfdf2(a), __extendsfdf2(b));
}

int __gtsf2(uint32_t a, uint32_t b)
{
	return __gtdf2(__extendsfdf2(a), __extendsfdf2(b));
}

int __gesf2(uint32_t a, uint32_t b)
{
	return __gedf2(__extendsfdf2(a), __extendsfdf2(b));
}

int __eqsf2(uint32_t a, uint32_t b)
{
	return __eqdf2(__extendsfdf2(a), __extendsfdf2(b));
}

int __nesf2(uint32_t a, uint32_t b)
{
	return __nedf2(__extendsfdf2(a), __extendsfdf2(b));
}

int __unordsf2(uint32_t a, uint32_t b)
{
	return __unorddf2(__extendsfdf2(a), __extendsfdf2(b));
}

int32_t __fixsfsi(uint32_t a)
{
	return __fixdfsi(__extendsfdf2(a));
}

int64_t __fixsfdi(uint32_t a)
{
	return __fixdfdi(__extendsfdf2(a));
}

uint32_t __fixunssfsi(uint32_t a)
{
	return __fixunsdfsi(__extendsfdf2(a));
}

uint64_t __fixunssfdi(uint32_t a)
{
	return __fixunsdfdi(__extendsfdf2(a));
}

uint32_t __floatsisf(int32_t value)
{
	return __truncdfsf2(__floatsidf(value));
}

uint32_t __floatunsisf(uint32_t value)
{
	return __truncdfsf2(__floatunsidf(value));
}

/*
 * A 64-bit integer may need two roundings, and the first could make a tie of what is none.
 * The bits that binary64 could drop are folded into a sticky bit, far below binary32's last.
 */
static uint64_t f32_make_exact(uint64_t magnitude)
{
	if (magnitude >> 53 == 0)
		return magnitude;
	return (magnitude & ~0x7ffULL) | ((magnitude & 0x7ffU) != 0 ? 0x800U : 0);
}

uint32_t __floatundisf(uint64_t value)
{
	return __truncdfsf2(__floatundidf(f32_make_exact(value)));
}

uint32_t __floatdisf(int64_t value)
{
	uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;

	return __floatundisf(magnitude) | (value < 0 ? 0x80000000U : 0);
}
