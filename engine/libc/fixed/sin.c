/*
 * sin.c - sin, cos and tan in fixed point; errors stay below 0.502 units (tan: 0.51).
 *
 * x * 2/pi in 256 bits gives the quadrant and what is left of it, exactly enough for every
 * |x| < 2^31; beyond, musl's reduction and kernels are called. The series of sin is taken
 * relative to its argument, so small results keep all their bits.
 */
#include "fixed.h"

#include <math.h>

/* 2/pi, 192 bits behind the point, highest word first; pi/2, 63 bits */
static const uint64_t sin_two_over_pi[] = {
	0xa2f9836e4e441529ULL, 0xfc2757d1f534ddc0ULL, 0xdb6295993c439042ULL,
};
#define SIN_PI_OVER_TWO		0xc90fdaa22168c235ULL

/* 1/(2k + 1)! and 1/(2k)! from k = 1, 64 bits behind the point */
static const uint64_t sin_series[] = {
	0x2aaaaaaaaaaaaaabULL, 0x222222222222222ULL, 0xd00d00d00d00dULL, 0x2e3bc74aad8eULL,
	0x6b99159fd5ULL, 0xb092309dULL, 0xd73f9fULL, 0xca96ULL, 0x98ULL,
};
static const uint64_t cos_series[] = {
	0x8000000000000000ULL, 0xaaaaaaaaaaaaaabULL, 0x5b05b05b05b05bULL, 0x1a01a01a01a02ULL,
	0x49f93edde28ULL, 0x8f76c77fcULL, 0xc9cba54ULL, 0xd73faULL, 0xb41ULL, 0x8ULL,
};

/* below it x is the result; from 2^31 on the reduction has too few bits */
#define SIN_FIELD_TINY		(F64_BIAS - 27)
#define SIN_FIELD_FAR		(F64_BIAS + 31)
/* pi/4 */
#define SIN_DIRECT_MOST		0x3fe921fb54442d18ULL

/* musl's, for far arguments */
int __rem_pio2(double x, double *y);
double __sin(double x, double y, int has_low);
double __cos(double x, double y);
double __tan(double x, double y, int odd);

/*
 * An angle of at most pi/4, |r| = significand * 2^exponent with the leading bit in 63, and its
 * square with 64 bits behind the point; significand is 0 for the angle 0.
 */
struct sin_angle {
	uint64_t significand;
	int exponent;
	uint64_t square;
	bool negative;
	unsigned int quadrant;
};

/* 1 - z * (c0 - z * (c1 - ...)), 63 bits behind the point */
static inline uint64_t sin_polynomial(const uint64_t *coefficient, int count, uint64_t z)
{
	uint64_t sum = coefficient[count - 1];

	for (int i = count - 2; i >= 0; i--)
		sum = coefficient[i] - fixed_multiply_high(sum, z);
	return F64_SIGN - (fixed_multiply_high(sum, z) >> 1);
}

static inline void sin_set_square(struct sin_angle *angle)
{
	/* the angle with 64 bits behind the point */
	unsigned int shift = (unsigned int)(-64 - angle->exponent);
	uint64_t r = shift > 63 ? 0 : angle->significand >> shift;

	angle->square = fixed_multiply_high(r, r);
}

/*
 * Bring the angle to the nearest multiple of pi/2. Of its product with 2/pi, integer_bits are
 * before the point: the quadrant.
 */
static inline void sin_reduce(struct sin_angle *angle, unsigned int integer_bits)
{
	uint64_t significand = angle->significand;
	uint128_t low = (uint128_t)sin_two_over_pi[1] * significand
		+ fixed_multiply_high(sin_two_over_pi[2], significand);
	uint128_t high = (uint128_t)sin_two_over_pi[0] * significand + (uint64_t)(low >> 64);
	uint128_t turned = (high << integer_bits)
		| (integer_bits == 0 ? 0 : (uint64_t)low >> (64 - integer_bits));
	unsigned int shift;
	uint128_t product;

	angle->quadrant = integer_bits == 0 ? 0
		: (unsigned int)((uint64_t)(high >> 64) >> (64 - integer_bits));
	if (turned >> 127) {
		turned = -turned;
		angle->negative = true;
		angle->quadrant++;
	}
	/* No double comes so near to a multiple of pi/2 that fewer than 60 bits would be left. */
	shift = turned >> 64 != 0 ? (unsigned int)__builtin_clzll((uint64_t)(turned >> 64))
		: 64 + (unsigned int)__builtin_clzll((uint64_t)turned);
	turned <<= shift;
	product = (uint128_t)(uint64_t)(turned >> 64) * SIN_PI_OVER_TWO;
	angle->exponent = -64 + 1 - (int)shift;
	if (!(product >> 127)) {
		product <<= 1;
		angle->exponent--;
	}
	angle->significand = (uint64_t)(product >> 64);
}

/* The angle of |x|. False if x is no usual argument: tiny, far, infinite or a NaN. */
static inline bool sin_prepare(struct sin_angle *angle, uint64_t bits)
{
	int field = f64_exponent(bits);

	if (F64_UNLIKELY(field < SIN_FIELD_TINY || field >= SIN_FIELD_FAR))
		return false;
	angle->negative = false;
	angle->quadrant = 0;
	angle->significand = bits << 11 | F64_SIGN;
	angle->exponent = field - F64_BIAS - 63;
	/* above pi/4 the exponent is -1 at least */
	if (f64_magnitude(bits) > SIN_DIRECT_MOST)
		sin_reduce(angle, (unsigned int)(field - F64_BIAS + 1));
	sin_set_square(angle);
	return true;
}

static inline uint128_t sin_of(const struct sin_angle *angle)
{
	return (uint128_t)angle->significand * sin_polynomial(sin_series, 9, angle->square);
}

static inline uint64_t cos_of(const struct sin_angle *angle)
{
	return sin_polynomial(cos_series, 10, angle->square);
}

/* The sine of quadrant * pi/2 + r, r being the angle; or minus that. */
static inline double sin_in_quadrant(const struct sin_angle *angle, unsigned int quadrant,
				     bool minus)
{
	bool turned = ((quadrant & 2) != 0) != minus;

	if (quadrant & 1)
		return fixed_to_double(turned, cos_of(angle), -63);
	return fixed_to_double(angle->negative != turned, sin_of(angle), angle->exponent - 63);
}

static double sin_not_finite(uint64_t bits)
{
	return double_from_bits(f64_is_nan(bits) ? bits | F64_QUIET : F64_DEFAULT_NAN);
}

static double sin_far(double x, unsigned int quadrant)
{
	double part[2];

	if (!isfinite(x))
		return sin_not_finite(double_to_bits(x));
	quadrant += (unsigned int)__rem_pio2(x, part);
	part[0] = quadrant & 1 ? __cos(part[0], part[1]) : __sin(part[0], part[1], 1);
	return quadrant & 2 ? -part[0] : part[0];
}

double sin(double x)
{
	struct sin_angle angle;

	if (F64_LIKELY(sin_prepare(&angle, double_to_bits(x))))
		return sin_in_quadrant(&angle, angle.quadrant, signbit(x) != 0);
	return f64_exponent(double_to_bits(x)) < SIN_FIELD_TINY ? x : sin_far(x, 0);
}

double cos(double x)
{
	struct sin_angle angle;

	if (F64_LIKELY(sin_prepare(&angle, double_to_bits(x))))
		return sin_in_quadrant(&angle, angle.quadrant + 1, false);
	return f64_exponent(double_to_bits(x)) < SIN_FIELD_TINY ? 1 : sin_far(x, 1);
}

/* numerator / denominator * 2^exponent, both with their leading bit in 63 */
static double tan_divide(bool negative, uint64_t numerator, uint64_t denominator, int exponent)
{
	uint64_t quotient;
	uint64_t remainder;

	/* Halved, the dividend is below the divisor. */
	__asm__("divq %[divisor]"
		: "=a" (quotient), "=d" (remainder)
		: "a" (0ULL), "d" (numerator >> 1), [divisor] "r" (denominator)
		: "cc");
	return fixed_to_double(negative, (uint128_t)quotient << 64 | (remainder != 0),
			       exponent - 127);
}

static double tan_unusual(double x)
{
	double part[2];
	int quadrant;

	if (f64_exponent(double_to_bits(x)) < SIN_FIELD_TINY)
		return x;
	if (!isfinite(x))
		return sin_not_finite(double_to_bits(x));
	quadrant = __rem_pio2(x, part);
	return __tan(part[0], part[1], quadrant & 1);
}

double tan(double x)
{
	struct sin_angle angle;
	uint128_t sine;
	uint64_t cosine;
	int sine_exponent;
	int cosine_exponent;
	unsigned int lead;

	if (F64_UNLIKELY(!sin_prepare(&angle, double_to_bits(x))))
		return tan_unusual(x);
	sine = sin_of(&angle);
	lead = (unsigned int)__builtin_clzll((uint64_t)(sine >> 64));
	sine = sine << lead >> 64;
	sine_exponent = angle.exponent + 1 - (int)lead;
	cosine = cos_of(&angle);
	lead = (unsigned int)__builtin_clzll(cosine);
	cosine <<= lead;
	cosine_exponent = -63 - (int)lead;
	if (angle.quadrant & 1)
		return tan_divide(angle.negative == (signbit(x) != 0), cosine, (uint64_t)sine,
				  cosine_exponent - sine_exponent);
	return tan_divide(angle.negative != (signbit(x) != 0), (uint64_t)sine, cosine,
			  sine_exponent - cosine_exponent);
}
