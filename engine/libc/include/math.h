/*
 * math.h - real functions for float and double; classification looks at bits, because a
 * comparison of doubles is a function call on this target.
 */
#ifndef ENGINE_MATH_H
#define ENGINE_MATH_H

typedef float float_t;
typedef double double_t;

#define HUGE_VAL	__builtin_huge_val()
#define HUGE_VALF	__builtin_huge_valf()
#define INFINITY	__builtin_inff()
#define NAN		__builtin_nanf("")

#define FP_NAN		0
#define FP_INFINITE	1
#define FP_ZERO		2
#define FP_SUBNORMAL	3
#define FP_NORMAL	4
#define FP_ILOGBNAN	(-1 - 0x7fffffff)
#define FP_ILOGB0	FP_ILOGBNAN
#define MATH_ERRNO	1
#define MATH_ERREXCEPT	2
#define math_errhandling 0

#define M_E		2.7182818284590452354
#define M_LOG2E		1.4426950408889634074
#define M_LOG10E	0.43429448190325182765
#define M_LN2		0.69314718055994530942
#define M_LN10		2.30258509299404568402
#define M_PI		3.14159265358979323846
#define M_PI_2		1.57079632679489661923
#define M_PI_4		0.78539816339744830962
#define M_1_PI		0.31830988618379067154
#define M_2_PI		0.63661977236758134308
#define M_2_SQRTPI	1.12837916709551257390
#define M_SQRT2		1.41421356237309504880
#define M_SQRT1_2	0.70710678118654752440

static inline unsigned long long __math_double_bits(double __x)
{
	return ((union { double __value; unsigned long long __bits; }){ __x }).__bits;
}

static inline unsigned int __math_float_bits(float __x)
{
	return ((union { float __value; unsigned int __bits; }){ __x }).__bits;
}

static inline int __math_classify(double __x)
{
	unsigned long long __magnitude = __math_double_bits(__x) << 1;

	if (__magnitude >= 0xffe0000000000000ULL)
		return __magnitude == 0xffe0000000000000ULL ? FP_INFINITE : FP_NAN;
	if (__magnitude >= 0x0020000000000000ULL)
		return FP_NORMAL;
	return __magnitude == 0 ? FP_ZERO : FP_SUBNORMAL;
}

static inline int __math_classifyf(float __x)
{
	unsigned int __magnitude = __math_float_bits(__x) << 1;

	if (__magnitude >= 0xff000000U)
		return __magnitude == 0xff000000U ? FP_INFINITE : FP_NAN;
	if (__magnitude >= 0x01000000U)
		return FP_NORMAL;
	return __magnitude == 0 ? FP_ZERO : FP_SUBNORMAL;
}

#define __math_by_size(x, of_float, of_double) \
	(sizeof(x) == sizeof(float) ? (of_float) : (of_double))

#define fpclassify(x)	__math_by_size(x, __math_classifyf((float)(x)), __math_classify((double)(x)))
#define isnan(x)	__math_by_size(x,						\
	(__math_float_bits((float)(x)) << 1) > 0xff000000U,				\
	(__math_double_bits((double)(x)) << 1) > 0xffe0000000000000ULL)
#define isinf(x)	__math_by_size(x,						\
	(__math_float_bits((float)(x)) << 1) == 0xff000000U,				\
	(__math_double_bits((double)(x)) << 1) == 0xffe0000000000000ULL)
#define isfinite(x)	__math_by_size(x,						\
	(__math_float_bits((float)(x)) << 1) < 0xff000000U,				\
	(__math_double_bits((double)(x)) << 1) < 0xffe0000000000000ULL)
#define isnormal(x)	(fpclassify(x) == FP_NORMAL)
#define signbit(x)	__math_by_size(x,						\
	(int)(__math_float_bits((float)(x)) >> 31),					\
	(int)(__math_double_bits((double)(x)) >> 63))

#define isunordered(x, y)	(isnan(x) || isnan(y))
#define isless(x, y)		((x) < (y))
#define islessequal(x, y)	((x) <= (y))
#define islessgreater(x, y)	((x) < (y) || (x) > (y))
#define isgreater(x, y)		((x) > (y))
#define isgreaterequal(x, y)	((x) >= (y))

#define __MATH_UNARY(name)	double name(double); float name##f(float);
#define __MATH_BINARY(name)	double name(double, double); float name##f(float, float);

__MATH_UNARY(acos) __MATH_UNARY(acosh) __MATH_UNARY(asin) __MATH_UNARY(asinh)
__MATH_UNARY(atan) __MATH_UNARY(atanh) __MATH_UNARY(cbrt) __MATH_UNARY(ceil)
__MATH_UNARY(cos) __MATH_UNARY(cosh) __MATH_UNARY(erf) __MATH_UNARY(erfc)
__MATH_UNARY(exp) __MATH_UNARY(exp2) __MATH_UNARY(expm1) __MATH_UNARY(fabs)
__MATH_UNARY(floor) __MATH_UNARY(lgamma) __MATH_UNARY(log) __MATH_UNARY(log10)
__MATH_UNARY(log1p) __MATH_UNARY(log2) __MATH_UNARY(logb) __MATH_UNARY(nearbyint)
__MATH_UNARY(rint) __MATH_UNARY(round) __MATH_UNARY(sin) __MATH_UNARY(sinh)
__MATH_UNARY(sqrt) __MATH_UNARY(tan) __MATH_UNARY(tanh) __MATH_UNARY(tgamma)
__MATH_UNARY(trunc) __MATH_UNARY(exp10)
__MATH_BINARY(atan2) __MATH_BINARY(copysign) __MATH_BINARY(fdim) __MATH_BINARY(fmax)
__MATH_BINARY(fmin) __MATH_BINARY(fmod) __MATH_BINARY(hypot) __MATH_BINARY(nextafter)
__MATH_BINARY(pow) __MATH_BINARY(remainder)

#undef __MATH_UNARY
#undef __MATH_BINARY

double frexp(double, int *);
double ldexp(double, int);
float ldexpf(float, int);
double modf(double, double *);
double scalbn(double, int);
float scalbnf(float, int);
double scalbln(double, long);
double remquo(double, double, int *);
double lgamma_r(double, int *);
double nan(const char *);
void sincos(double, double *, double *);
int ilogb(double);
long lrint(double);
long long llrint(double);
long lround(double);
long long llround(double);

extern int signgam;

#endif
