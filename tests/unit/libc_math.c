/*
 * libc_math.c - the engine's math functions (musl's, on our soft-float) against the host's in
 * extended precision, in units of the last place.
 *
 * Usage: libc_math [CASES [SEED]]. The bounds are what musl's sources state for a function, where
 * they state something, else a little above the worst that is seen; those of engine/libc/fixed
 * are ours and nearly always correctly rounded. Besides, every result must be bit
 * for bit that of the same sources compiled for this machine's FPU (native_sin, ...).
 */
#include "../softfloat/engine_libc.h"
#include "../softfloat/generate.h"
#include "unit.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>

static uint64_t cases = 100000;
static struct generator generator = { .state = 0x9e3779b97f4a7c15ULL };

/* The distance of two neighbouring doubles at value, subnormals included. */
static long double unit_of(long double value)
{
	int exponent;

	if (value == 0)
		return 0x1p-1074L;
	frexpl(value, &exponent);
	return ldexpl(1, exponent - 53 < -1074 ? -1074 : exponent - 53);
}

static long double error_in_units(uint64_t got, long double wanted)
{
	double value = value_of(got);

	if (isnan(wanted))
		return isnan(value) ? 0 : INFINITY;
	/* Overflow is right from half a unit above the largest double on. */
	if (isinf(value))
		return fabsl(wanted) >= (long double)DBL_MAX && signbit(value) == signbit(wanted)
			? 0 : INFINITY;
	if (isinf(wanted))
		return INFINITY;
	return fabsl((long double)value - wanted) / unit_of(wanted);
}

static double random_between(double low, double high)
{
	double fraction = (double)(generate_random(&generator) >> 11) * 0x1p-53;

	return low + (high - low) * fraction;
}

/* Uniform in the exponent: as many small values as large ones. */
static double random_magnitude(double low, double high)
{
	return exp(random_between(log(low), log(high)));
}

struct unary {
	const char *name;
	uint64_t (*function)(uint64_t x);
	double (*native)(double x);
	long double (*oracle)(long double x);
	double low;
	double high;
	long double bound;
};

#define UNARY_FUNCTIONS(each)									\
	each(sin, -100, 100, 0.502) each(cos, -100, 100, 0.502) each(tan, -100, 100, 0.51)\
	each(sin, -2e9, 2e9, 0.502) each(cos, -2e9, 2e9, 0.502) each(tan, -2e9, 2e9, 0.51)	\
	each(sin, -1, 1, 0.502) each(cos, -1, 1, 0.502) each(tan, -1, 1, 0.51)		\
	each(sin, -1e15, 1e15, 0.9) each(cos, -1e300, 1e300, 0.9) each(tan, -1e22, 1e22, 1.0)	\
	each(asin, -1, 1, 1.1) each(acos, -1, 1, 1.0) each(atan, -50, 50, 1.0)			\
	each(sinh, -700, 700, 2.0) each(cosh, -700, 700, 2.0) each(tanh, -25, 25, 2.5)		\
	each(asinh, -1e6, 1e6, 2.0) each(acosh, 1, 1e6, 3.5) each(atanh, -1, 1, 2.5)		\
	each(exp, -745, 709.7, 0.502) each(exp2, -1074, 1023.9, 0.502)				\
	each(exp10, -323, 308, 0.502) each(expm1, -40, 700, 1.0)					\
	each(log, 0, 1e6, 0.502) each(log2, 0, 1e6, 0.502) each(log10, 0, 1e6, 0.502)		\
	each(log1p, -1, 1e6, 1.0) each(cbrt, -1e6, 1e6, 0.67)					\
	each(erf, -6, 6, 1.1) each(erfc, -6, 26, 5.0)						\
	each(tgamma, 0.01, 170, 10.0) each(lgamma, 3, 1e6, 2.5)					\
	each(sqrt, 0, 1e300, 0.5) each(log, 0.9, 1.1, 0.502) each(log2, 0.9, 1.1, 0.502)\
	each(log10, 0.9, 1.1, 0.502)		\
	each(exp, -1e-3, 1e-3, 0.502)

#define DECLARE(name, low, high, bound) \
	uint64_t engine_##name(uint64_t x); double native_##name(double x);
UNARY_FUNCTIONS(DECLARE)

#define ROW(name, low, high, bound) \
	{ #name, engine_##name, native_##name, name##l, low, high, bound##L },

static long double exp10l_host(long double x)
{
	return powl(10, x);
}
#define exp10l exp10l_host

static const struct unary unary_functions[] = { UNARY_FUNCTIONS(ROW) };

static const struct unary *unary_current;

/* Any operand at all: NaNs, infinities, subnormals. Which NaN it is does not matter here. */
static void check_native(const char *name, uint64_t x, uint64_t y, uint64_t got, double wanted)
{
	if (got != bits_of(wanted) && !(isnan(wanted) && isnan(value_of(got))))
		unit_fail("%s(%.17g, %.17g) is %.17g, with the FPU %.17g", name, value_of(x),
			  value_of(y), value_of(got), wanted);
}

static void test_unary(void)
{
	const struct unary *row = unary_current;
	long double worst = 0;
	double worst_at = 0;

	for (uint64_t i = 0; i < cases; i++) {
		double x = random_between(row->low, row->high);
		uint64_t got;
		long double error;

		/* Half of them small, where series and special branches are. */
		if (i % 2 == 1 && row->low <= 0 && row->high >= 1)
			x = random_magnitude(1e-20, row->high < 1 ? row->high : 1.0)
				* (row->low < 0 && i % 4 == 1 ? -1 : 1);
		got = row->function(bits_of(x));
		error = error_in_units(got, row->oracle((long double)x));
		if (error > worst) {
			worst = error;
			worst_at = x;
		}
	}
	for (uint64_t i = 0; i < cases; i++) {
		uint64_t x = generate_double(&generator);

		check_native(row->name, x, 0, row->function(x), row->native(value_of(x)));
	}
	if (worst > row->bound)
		unit_fail("%s(%.17g) is off by %.3Lf units, more than %.2Lf", row->name, worst_at,
			  worst, row->bound);
	else if (getenv("VERBOSE") != NULL)
		printf("# %s: %.4Lf units at %.17g\n", row->name, worst, worst_at);
}

/* The doubles next to multiples of pi/2, where reducing the argument loses most bits. */
static void test_near_zeros_of_sine(void)
{
	for (uint64_t i = 0; i < cases; i++) {
		long double multiple = (long double)(generate_random(&generator)
						     >> (33 + generate_random(&generator) % 31));
		double x = (double)(multiple * acosl(0.0L));
		uint64_t bits = bits_of(x) + generate_random(&generator) % 3 - 1;
		long double exact = (long double)value_of(bits);

		if (x == 0)
			continue;
		if (error_in_units(engine_sin(bits), sinl(exact)) > 0.502L
		    || error_in_units(engine_cos(bits), cosl(exact)) > 0.502L
		    || error_in_units(engine_tan(bits), tanl(exact)) > 0.51L)
			unit_fail("sin, cos or tan of %.17g", value_of(bits));
	}
}

#define BINARY_FUNCTIONS(each) \
	each(pow) each(atan2) each(hypot) each(remainder) each(fdim) each(fmax) each(fmin) \
	each(nextafter)

#define DECLARE_BINARY(name) \
	uint64_t engine_##name(uint64_t x, uint64_t y); double native_##name(double x, double y);
BINARY_FUNCTIONS(DECLARE_BINARY)

static void test_binary_native(void)
{
	for (uint64_t i = 0; i < cases; i++) {
		uint64_t x;
		uint64_t y;

		generate_pair(&generator, &x, &y);
#define CHECK_BINARY(name) \
		check_native(#name, x, y, engine_##name(x, y), native_##name(value_of(x), value_of(y)));
		BINARY_FUNCTIONS(CHECK_BINARY)
	}
}

static void check_binary(const char *name, double x, double y, uint64_t got, long double wanted,
			 long double bound)
{
	long double error = error_in_units(got, wanted);

	if (error > bound)
		unit_fail("%s(%.17g, %.17g) is off by %.3Lf units, more than %.2Lf", name, x, y, error,
			  bound);
}

static void test_pow(void)
{
	for (uint64_t i = 0; i < cases; i++) {
		double x = random_magnitude(1e-10, 1e10);
		double y = random_between(-30, 30);

		if (i % 3 == 0)
			y = floor(y);
		if (i % 3 == 0 && i % 2 == 0)
			x = -x;
		check_binary("pow", x, y, engine_pow(bits_of(x), bits_of(y)),
			     powl((long double)x, (long double)y), 0.52L);
	}
}

/* Bases next to 1 with exponents that bring the result anywhere, and operands of any kind. */
static void test_pow_extremes(void)
{
	for (uint64_t i = 0; i < cases; i++) {
		uint64_t x_bits;
		uint64_t y_bits;
		double x = 1.0 + random_magnitude(1e-15, 0.02) * (i % 2 == 0 ? 1 : -1);
		double y = random_between(-1100, 1100) / log2(x);
		uint64_t got = engine_pow(bits_of(x), bits_of(y));
		long double wanted;

		check_binary("pow", x, y, got, powl((long double)x, (long double)y), 0.53L);
		generate_pair(&generator, &x_bits, &y_bits);
		if (i % 2 == 0)
			y_bits = bits_of((double)((int64_t)(generate_random(&generator) % 200) - 100)
					 / (i % 4 == 0 ? 1 : 2));
		/* C11 says nothing of signaling NaNs; the host knows more of them than musl. */
		if (isnan(value_of(x_bits)))
			x_bits |= 0x0008000000000000ULL;
		if (isnan(value_of(y_bits)))
			y_bits |= 0x0008000000000000ULL;
		x = value_of(x_bits);
		y = value_of(y_bits);
		got = engine_pow(x_bits, y_bits);
		/* the host's powl mistakes the parity of large integers */
		wanted = isfinite(x) && x != 0 && isfinite(y) ? powl((long double)x, (long double)y)
			: (long double)pow(x, y);
		check_binary("pow", x, y, got, wanted, 0.53L);
		if (!isnan(wanted) && signbit(wanted) != signbit(value_of(got)))
			unit_fail("pow(%.17g, %.17g) has the wrong sign", x, y);
	}
}

static void test_atan2(void)
{
	for (uint64_t i = 0; i < cases; i++) {
		double x = random_between(-100, 100);
		double y = random_between(-100, 100);

		check_binary("atan2", x, y, engine_atan2(bits_of(x), bits_of(y)),
			     atan2l((long double)x, (long double)y), 1.6L);
	}
}

static void test_hypot(void)
{
	for (uint64_t i = 0; i < cases; i++) {
		double x = random_magnitude(1e-300, 1e300);
		double y = i % 2 == 0 ? random_between(-2, 2) * x : random_magnitude(1e-300, 1e300);

		check_binary("hypot", x, y, engine_hypot(bits_of(x), bits_of(y)),
			     hypotl((long double)x, (long double)y), 1.1L);
	}
}

static void test_remainder(void)
{
	for (uint64_t i = 0; i < cases; i++) {
		double x = random_magnitude(1e-10, 1e20);
		double y = random_magnitude(1e-10, 1e10);

		UNIT_EQUAL(engine_remainder(bits_of(x), bits_of(y)), bits_of(remainder(x, y)));
	}
}

/* C11 annex F.10: results that must be exactly these. */
static void test_special_values(void)
{
	const double infinity = INFINITY;

	UNIT_EQUAL(engine_exp(bits_of(0.0)), bits_of(1.0));
	UNIT_EQUAL(engine_exp(bits_of(-infinity)), bits_of(0.0));
	UNIT_EQUAL(engine_exp(bits_of(infinity)), bits_of(infinity));
	UNIT_EQUAL(engine_exp(bits_of(1000.0)), bits_of(infinity));
	UNIT_EQUAL(engine_exp(bits_of(-1000.0)), bits_of(0.0));
	UNIT_EQUAL(engine_log(bits_of(1.0)), bits_of(0.0));
	UNIT_EQUAL(engine_log(bits_of(0.0)), bits_of(-infinity));
	UNIT_CHECK(isnan(value_of(engine_log(bits_of(-1.0)))));
	UNIT_EQUAL(engine_log(bits_of(infinity)), bits_of(infinity));
	UNIT_EQUAL(engine_log10(bits_of(1000.0)), bits_of(3.0));
	UNIT_EQUAL(engine_log2(bits_of(0x1p-1074)), bits_of(-1074.0));
	UNIT_EQUAL(engine_pow(bits_of(0.0), bits_of(0.0)), bits_of(1.0));
	UNIT_EQUAL(engine_pow(bits_of(NAN), bits_of(0.0)), bits_of(1.0));
	UNIT_EQUAL(engine_pow(bits_of(1.0), bits_of(NAN)), bits_of(1.0));
	UNIT_EQUAL(engine_pow(bits_of(-2.0), bits_of(3.0)), bits_of(-8.0));
	UNIT_CHECK(isnan(value_of(engine_pow(bits_of(-2.0), bits_of(0.5)))));
	UNIT_EQUAL(engine_pow(bits_of(2.0), bits_of(-1074.0)), bits_of(0x1p-1074));
	UNIT_EQUAL(engine_pow(bits_of(10.0), bits_of(22.0)), bits_of(1e22));
	UNIT_EQUAL(engine_sin(bits_of(-0.0)), bits_of(-0.0));
	UNIT_CHECK(isnan(value_of(engine_sin(bits_of(infinity)))));
	UNIT_EQUAL(engine_cos(bits_of(0.0)), bits_of(1.0));
	UNIT_EQUAL(engine_atan2(bits_of(0.0), bits_of(-0.0)), bits_of(M_PI));
	UNIT_EQUAL(engine_atan2(bits_of(-0.0), bits_of(1.0)), bits_of(-0.0));
	UNIT_CHECK(isnan(value_of(engine_asin(bits_of(1.5)))));
	UNIT_EQUAL(engine_cbrt(bits_of(27.0)), bits_of(3.0));
	UNIT_EQUAL(engine_hypot(bits_of(infinity), bits_of(NAN)), bits_of(infinity));
	UNIT_EQUAL(engine_hypot(bits_of(3.0), bits_of(4.0)), bits_of(5.0));
	UNIT_EQUAL(engine_tgamma(bits_of(5.0)), bits_of(24.0));
	UNIT_EQUAL(engine_erf(bits_of(infinity)), bits_of(1.0));
	UNIT_EQUAL(engine_tanh(bits_of(-infinity)), bits_of(-1.0));
}

/* Two doubles come back in two integer registers, as a struct of two integers does. */
struct complex_bits {
	uint64_t real;
	uint64_t imaginary;
};

#define COMPLEX_FUNCTIONS(each) \
	each(cexp) each(csin) each(ccos) each(csinh) each(ccosh) each(csqrt) each(clog) \
	each(catan) each(casinh) each(ctanh) each(casin) each(cacos) each(ctan) each(catanh) \
	each(cacosh)

#define DECLARE_COMPLEX(name)								\
	struct complex_bits engine_##name(uint64_t real, uint64_t imaginary);		\
	__complex__ double native_##name(__complex__ double z);			\
	__complex__ double name(__complex__ double z);
COMPLEX_FUNCTIONS(DECLARE_COMPLEX)

#define ROW_COMPLEX(name) { #name, engine_##name, native_##name, name },

static const struct {
	const char *name;
	struct complex_bits (*function)(uint64_t real, uint64_t imaginary);
	__complex__ double (*native)(__complex__ double z);
	__complex__ double (*oracle)(__complex__ double z);
} complex_functions[] = { COMPLEX_FUNCTIONS(ROW_COMPLEX) };

/* musl's complex functions are direct formulas, so the host only shows gross mistakes here. */
static void test_complex(void)
{
	for (uint64_t i = 0; i < cases / 10; i++) {
		for (size_t f = 0; f < sizeof(complex_functions) / sizeof(complex_functions[0]); f++) {
			double real = random_between(-5, 5);
			double imaginary = random_between(-5, 5);
			struct complex_bits got = complex_functions[f].function(bits_of(real),
										bits_of(imaginary));
			__complex__ double wanted = complex_functions[f].oracle(
				__builtin_complex(real, imaginary));
			__complex__ double native = complex_functions[f].native(
				__builtin_complex(real, imaginary));
			double size = hypot(__real__ wanted, __imag__ wanted);

			check_native(complex_functions[f].name, bits_of(real), bits_of(imaginary),
				     got.real, __real__ native);
			check_native(complex_functions[f].name, bits_of(real), bits_of(imaginary),
				     got.imaginary, __imag__ native);
			if (fabs(value_of(got.real) - __real__ wanted) > 0x1p-35 * size
			    || fabs(value_of(got.imaginary) - __imag__ wanted) > 0x1p-35 * size)
				unit_fail("%s(%.17g%+.17gi) is %.17g%+.17gi, not %.17g%+.17gi",
					  complex_functions[f].name, real, imaginary,
					  value_of(got.real), value_of(got.imaginary),
					  __real__ wanted, __imag__ wanted);
		}
	}
}

int main(int argc, char **argv)
{
	char name[64];

	if (argc > 1)
		cases = strtoull(argv[1], NULL, 0);
	if (argc > 2)
		generator.state = strtoull(argv[2], NULL, 0) | 1;
	for (size_t i = 0; i < sizeof(unary_functions) / sizeof(unary_functions[0]); i++) {
		unary_current = &unary_functions[i];
		snprintf(name, sizeof(name), "libc_math %s from %g to %g", unary_current->name,
			 unary_current->low, unary_current->high);
		unit_run(name, test_unary);
	}
	unit_run("libc_math near_zeros_of_sine", test_near_zeros_of_sine);
	unit_run("libc_math pow", test_pow);
	unit_run("libc_math pow_extremes", test_pow_extremes);
	unit_run("libc_math atan2", test_atan2);
	unit_run("libc_math hypot", test_hypot);
	unit_run("libc_math remainder", test_remainder);
	unit_run("libc_math binary_as_with_fpu", test_binary_native);
	unit_run("libc_math special_values", test_special_values);
	unit_run("libc_math complex", test_complex);
	return unit_failed;
}
