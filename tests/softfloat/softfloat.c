/*
 * softfloat.c - every soft-float helper against the host's FPU.
 *
 * Usage: softfloat [CASES [SEED [OPERATION]]]. One line an operation. The oracle is the very SSE
 * instruction the compiler would have used, so NaN payloads and signed zeros count too.
 */
#include "engine_libc.h"
#include "generate.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#ifndef CASES_DEFAULT
#define CASES_DEFAULT 1000000
#endif

struct operation {
	const char *name;
	/* Runs one generated case; false if it differs, with *report filled in. */
	bool (*run)(struct generator *generator);
};

static struct {
	uint64_t a;
	uint64_t b;
	uint64_t got;
	uint64_t wanted;
} report;

static bool report_compare(uint64_t a, uint64_t b, uint64_t got, uint64_t wanted)
{
	report.a = a;
	report.b = b;
	report.got = got;
	report.wanted = wanted;
	return got == wanted;
}

#define BINARY(name, helper, instruction)						\
	uint64_t engine_##helper(uint64_t a, uint64_t b);				\
	static bool run_##name(struct generator *generator)				\
	{										\
		uint64_t a;								\
		uint64_t b;								\
		double wanted;								\
											\
		generate_pair(generator, &a, &b);					\
		wanted = value_of(a);							\
		__asm__(instruction " %1, %0" : "+x" (wanted) : "x" (value_of(b)));	\
		return report_compare(a, b, engine_##helper(a, b), bits_of(wanted));	\
	}

BINARY(add, __adddf3, "addsd")
BINARY(subtract, __subdf3, "subsd")
BINARY(multiply, __muldf3, "mulsd")
BINARY(divide, __divdf3, "divsd")

#define BINARY_FLOAT(name, helper, instruction)						\
	uint32_t engine_##helper(uint32_t a, uint32_t b);				\
	static bool run_##name(struct generator *generator)				\
	{										\
		uint32_t a = generate_float(generator);					\
		uint32_t b = generate_float(generator);					\
		float wanted = float_value_of(a);					\
											\
		__asm__(instruction " %1, %0" : "+x" (wanted) : "x" (float_value_of(b)));	\
		return report_compare(a, b, engine_##helper(a, b), float_bits_of(wanted));	\
	}

BINARY_FLOAT(add_single, __addsf3, "addss")
BINARY_FLOAT(subtract_single, __subsf3, "subss")
BINARY_FLOAT(multiply_single, __mulsf3, "mulss")
BINARY_FLOAT(divide_single, __divsf3, "divss")

#define UNARY(name, helper, instruction)						\
	uint64_t engine_##helper(uint64_t a);						\
	static bool run_##name(struct generator *generator)				\
	{										\
		uint64_t a = generate_double(generator);				\
		double wanted;								\
											\
		__asm__(instruction : "=x" (wanted) : "x" (value_of(a)));		\
		return report_compare(a, 0, engine_##helper(a), bits_of(wanted));	\
	}

UNARY(square_root, sqrt, "sqrtsd %1, %0")
UNARY(floor, floor, "roundsd $9, %1, %0")
UNARY(ceil, ceil, "roundsd $10, %1, %0")
UNARY(trunc, trunc, "roundsd $11, %1, %0")
UNARY(rint, rint, "roundsd $8, %1, %0")

uint32_t engine_sqrtf(uint32_t a);
static bool run_square_root_single(struct generator *generator)
{
	uint32_t a = generate_float(generator);
	float wanted;

	__asm__("sqrtss %1, %0" : "=x" (wanted) : "x" (float_value_of(a)));
	return report_compare(a, 0, engine_sqrtf(a), float_bits_of(wanted));
}

/* Halves away from zero: the host's round() is only trusted where roundsd agrees. */
uint64_t engine_round(uint64_t a);
static bool run_round(struct generator *generator)
{
	uint64_t a = generate_double(generator);
	double truncated = trunc(value_of(a));
	double wanted = truncated;

	/* The difference is exact: both have the same unit or the result is the fraction. */
	if (fabs(value_of(a) - truncated) >= 0.5)
		wanted = truncated + copysign(1.0, value_of(a));
	if (isnan(value_of(a)))
		wanted = value_of(a | 0x0008000000000000ULL);
	wanted = isnan(wanted) ? wanted : copysign(wanted, value_of(a));
	return report_compare(a, 0, engine_round(a), bits_of(wanted));
}

uint64_t engine_fmod(uint64_t a, uint64_t b);
static bool run_fmod(struct generator *generator)
{
	uint64_t a;
	uint64_t b;
	uint64_t wanted;

	generate_pair(generator, &a, &b);
	if (isnan(value_of(a)) || isnan(value_of(b))) {
		double sum = value_of(a);

		__asm__("addsd %1, %0" : "+x" (sum) : "x" (value_of(b)));
		wanted = bits_of(sum);
	} else if (isinf(value_of(a)) || value_of(b) == 0) {
		wanted = 0xfff8000000000000ULL;
	} else {
		wanted = bits_of(fmod(value_of(a), value_of(b)));
	}
	return report_compare(a, b, engine_fmod(a, b), wanted);
}

enum relation { LESS = 1, EQUAL = 2, GREATER = 4, UNORDERED = 8 };

static unsigned int relation_of(double a, double b)
{
	unsigned char below;
	unsigned char zero;
	unsigned char parity;

	__asm__("ucomisd %4, %3; setb %0; sete %1; setp %2"
		: "=q" (below), "=q" (zero), "=q" (parity) : "x" (a), "x" (b) : "cc");
	if (parity)
		return UNORDERED;
	return zero ? EQUAL : below ? LESS : GREATER;
}

/* accepted: the relations for which the compiler must see the test below hold */
#define COMPARE(name, suffix, test, accepted)						\
	int engine___##suffix##df2(uint64_t a, uint64_t b);				\
	int engine___##suffix##sf2(uint32_t a, uint32_t b);				\
	static bool run_##name(struct generator *generator)				\
	{										\
		uint64_t a;								\
		uint64_t b;								\
											\
		generate_pair(generator, &a, &b);					\
		return report_compare(a, b, engine___##suffix##df2(a, b) test,		\
			(relation_of(value_of(a), value_of(b)) & (accepted)) != 0);	\
	}										\
	static bool run_##name##_single(struct generator *generator)			\
	{										\
		uint32_t a = generate_float(generator);					\
		uint32_t b = generate_random(generator) % 4 == 0			\
			? a ^ (uint32_t)(generate_random(generator) % 2 << 31)		\
			: generate_float(generator);					\
											\
		return report_compare(a, b, engine___##suffix##sf2(a, b) test,		\
			(relation_of((double)float_value_of(a),				\
				     (double)float_value_of(b)) & (accepted)) != 0);	\
	}

COMPARE(less, lt, < 0, LESS)
COMPARE(less_equal, le, <= 0, LESS | EQUAL)
COMPARE(greater, gt, > 0, GREATER)
COMPARE(greater_equal, ge, >= 0, GREATER | EQUAL)
COMPARE(equal, eq, == 0, EQUAL)
COMPARE(not_equal, ne, != 0, LESS | GREATER | UNORDERED)
COMPARE(unordered, unord, != 0, UNORDERED)

static int64_t truncate_64(double value)
{
	int64_t result;

	__asm__("cvttsd2siq %1, %0" : "=r" (result) : "x" (value));
	return result;
}

static int32_t truncate_32(double value)
{
	int32_t result;

	__asm__("cvttsd2sil %1, %0" : "=r" (result) : "x" (value));
	return result;
}

static uint64_t truncate_unsigned_64(double value)
{
	if (value >= 0x1p63 && value < 0x1p64)
		return (uint64_t)truncate_64(value - 0x1p63) ^ (1ULL << 63);
	return (uint64_t)truncate_64(value);
}

#define TO_INTEGER(name, suffix, type, oracle)						\
	type engine___fix##suffix(uint64_t a);						\
	static bool run_##name(struct generator *generator)				\
	{										\
		uint64_t a = generate_double(generator);				\
											\
		return report_compare(a, 0, (uint64_t)engine___fix##suffix(a),		\
				      (uint64_t)(type)oracle(value_of(a)));		\
	}

#define TO_INTEGER_SINGLE(name, suffix, type, oracle)					\
	type engine___fix##suffix(uint32_t a);						\
	static bool run_##name(struct generator *generator)				\
	{										\
		uint32_t a = generate_float(generator);					\
											\
		return report_compare(a, 0, (uint64_t)engine___fix##suffix(a),		\
			(uint64_t)(type)oracle((double)float_value_of(a)));		\
	}

TO_INTEGER(to_int32, dfsi, int32_t, truncate_32)
TO_INTEGER(to_int64, dfdi, int64_t, truncate_64)
TO_INTEGER(to_uint32, unsdfsi, uint32_t, truncate_64)
TO_INTEGER(to_uint64, unsdfdi, uint64_t, truncate_unsigned_64)
TO_INTEGER_SINGLE(to_int32_single, sfsi, int32_t, truncate_32)
TO_INTEGER_SINGLE(to_int64_single, sfdi, int64_t, truncate_64)
TO_INTEGER_SINGLE(to_uint32_single, unssfsi, uint32_t, truncate_64)
TO_INTEGER_SINGLE(to_uint64_single, unssfdi, uint64_t, truncate_unsigned_64)

#define FROM_INTEGER(name, suffix, type)						\
	uint64_t engine___float##suffix##df(type value);				\
	uint32_t engine___float##suffix##sf(type value);				\
	static bool run_##name(struct generator *generator)				\
	{										\
		uint64_t value = generate_integer(generator);				\
		volatile double wanted = (double)(type)value;				\
											\
		return report_compare(value, 0, engine___float##suffix##df((type)value),	\
				      bits_of(wanted));					\
	}										\
	static bool run_##name##_single(struct generator *generator)			\
	{										\
		uint64_t value = generate_integer(generator);				\
		volatile float wanted = (float)(type)value;				\
											\
		return report_compare(value, 0, engine___float##suffix##sf((type)value),	\
				      float_bits_of(wanted));				\
	}

FROM_INTEGER(from_int32, si, int32_t)
FROM_INTEGER(from_int64, di, int64_t)
FROM_INTEGER(from_uint32, unsi, uint32_t)
FROM_INTEGER(from_uint64, undi, uint64_t)

uint64_t engine___extendsfdf2(uint32_t a);
static bool run_widen(struct generator *generator)
{
	uint32_t a = generate_float(generator);
	double wanted;

	__asm__("cvtss2sd %1, %0" : "=x" (wanted) : "x" (float_value_of(a)));
	return report_compare(a, 0, engine___extendsfdf2(a), bits_of(wanted));
}

uint32_t engine___truncdfsf2(uint64_t a);
static bool run_narrow(struct generator *generator)
{
	uint64_t a = generate_double(generator);
	float wanted;

	if (generate_random(generator) % 2 == 0)
		a = (a & ~(0x7ffULL << 52))
			| (870 + generate_random(generator) % 290) << 52;
	__asm__("cvtsd2ss %1, %0" : "=x" (wanted) : "x" (value_of(a)));
	return report_compare(a, 0, engine___truncdfsf2(a), float_bits_of(wanted));
}

uint64_t engine_scalbn(uint64_t a, int n);
static bool run_scale(struct generator *generator)
{
	uint64_t a = generate_double(generator);
	int n = (int)(generate_random(generator) % 4400) - 2200;

	return report_compare(a, (uint64_t)n, engine_scalbn(a, n),
			      isnan(value_of(a)) ? a | 0x0008000000000000ULL
			      : bits_of(scalbn(value_of(a), n)));
}

uint64_t engine_frexp(uint64_t a, int *exponent);
static bool run_frexp(struct generator *generator)
{
	uint64_t a = generate_double(generator);
	int exponent = 0;
	int wanted_exponent = 0;
	uint64_t got = engine_frexp(a, &exponent);
	uint64_t wanted = bits_of(frexp(value_of(a), &wanted_exponent));

	if (!isfinite(value_of(a))) {
		wanted_exponent = 0;
		wanted = isnan(value_of(a)) ? a | 0x0008000000000000ULL : a;
	}
	return report_compare(a, (uint64_t)exponent, got, wanted)
		&& report_compare(a, got, (uint64_t)exponent, (uint64_t)wanted_exponent);
}

uint64_t engine_modf(uint64_t a, uint64_t *integral);
static bool run_modf(struct generator *generator)
{
	uint64_t a = generate_double(generator);
	uint64_t integral;
	uint64_t got = engine_modf(a, &integral);
	double wanted_integral;
	double wanted;

	if (isnan(value_of(a)))
		return report_compare(a, 0, got, a | 0x0008000000000000ULL);
	wanted = modf(value_of(a), &wanted_integral);
	return report_compare(a, 0, got, bits_of(wanted))
		&& report_compare(a, 1, integral, bits_of(wanted_integral));
}

int engine_ilogb(uint64_t a);
static bool run_ilogb(struct generator *generator)
{
	uint64_t a = generate_double(generator);

	return report_compare(a, 0, (uint64_t)engine_ilogb(a), (uint64_t)ilogb(value_of(a)));
}

/* scale: the sum of the magnitudes that went into the value, to which its rounding is due. */
static bool close_to(double got, long double wanted, long double scale)
{
	return fabsl((long double)got - wanted) <= 0x1p-50L * scale;
}

/* Two doubles come back in two integer registers, as a struct of two integers does. */
struct complex_bits {
	uint64_t real;
	uint64_t imaginary;
};

struct complex_bits engine___muldc3(uint64_t a, uint64_t b, uint64_t c, uint64_t d);
static bool run_complex_multiply(struct generator *generator)
{
	double part[4];
	struct complex_bits got;
	__complex__ double left;
	__complex__ double right;
	__complex__ double wanted;

	for (int i = 0; i < 4; i++)
		part[i] = value_of(generate_double(generator));
	got = engine___muldc3(bits_of(part[0]), bits_of(part[1]), bits_of(part[2]),
			      bits_of(part[3]));
	left = __builtin_complex(part[0], part[1]);
	right = __builtin_complex(part[2], part[3]);
	wanted = left * right;
	/* Where both parts are NaN the standard leaves open which infinity is recovered. */
	if (isnan(__real__ wanted) || isnan(__imag__ wanted))
		return true;
	return report_compare(bits_of(part[0]), bits_of(part[2]), got.real, bits_of(__real__ wanted))
		&& report_compare(bits_of(part[1]), bits_of(part[3]), got.imaginary,
				  bits_of(__imag__ wanted));
}

struct complex_bits engine___divdc3(uint64_t a, uint64_t b, uint64_t c, uint64_t d);
static bool run_complex_divide(struct generator *generator)
{
	double part[4];
	struct complex_bits got;
	long double denominator;
	long double real;
	long double imaginary;

	/* Moderate operands: the formula in a wider type is the oracle. */
	for (int i = 0; i < 4; i++) {
		part[i] = value_of((generate_double(generator) & 0x800fffffffffffffULL)
				   | (1023 - 20 + generate_random(generator) % 40) << 52);
	}
	got = engine___divdc3(bits_of(part[0]), bits_of(part[1]), bits_of(part[2]),
			      bits_of(part[3]));
	denominator = (long double)part[2] * part[2] + (long double)part[3] * part[3];
	real = ((long double)part[0] * part[2] + (long double)part[1] * part[3]) / denominator;
	imaginary = ((long double)part[1] * part[2] - (long double)part[0] * part[3])
		/ denominator;
	report_compare(bits_of(part[0]), bits_of(part[2]), got.real, bits_of((double)real));
	return close_to(value_of(got.real), real,
			(fabsl((long double)part[0] * part[2])
			 + fabsl((long double)part[1] * part[3])) / denominator)
		&& close_to(value_of(got.imaginary), imaginary,
			    (fabsl((long double)part[1] * part[2])
			     + fabsl((long double)part[0] * part[3])) / denominator);
}

#define OPERATION(name) { #name, run_##name }

static const struct operation operations[] = {
	OPERATION(add), OPERATION(subtract), OPERATION(multiply), OPERATION(divide),
	OPERATION(square_root), OPERATION(floor), OPERATION(ceil), OPERATION(trunc),
	OPERATION(round), OPERATION(rint), OPERATION(fmod), OPERATION(scale), OPERATION(frexp),
	OPERATION(modf), OPERATION(ilogb),
	OPERATION(less), OPERATION(less_equal), OPERATION(greater), OPERATION(greater_equal),
	OPERATION(equal), OPERATION(not_equal), OPERATION(unordered),
	OPERATION(to_int32), OPERATION(to_int64), OPERATION(to_uint32), OPERATION(to_uint64),
	OPERATION(from_int32), OPERATION(from_int64), OPERATION(from_uint32),
	OPERATION(from_uint64), OPERATION(widen), OPERATION(narrow),
	OPERATION(complex_multiply), OPERATION(complex_divide),
	OPERATION(add_single), OPERATION(subtract_single), OPERATION(multiply_single),
	OPERATION(divide_single), OPERATION(square_root_single),
	OPERATION(less_single), OPERATION(less_equal_single), OPERATION(greater_single),
	OPERATION(greater_equal_single), OPERATION(equal_single), OPERATION(not_equal_single),
	OPERATION(unordered_single),
	OPERATION(to_int32_single), OPERATION(to_int64_single), OPERATION(to_uint32_single),
	OPERATION(to_uint64_single), OPERATION(from_int32_single), OPERATION(from_int64_single),
	OPERATION(from_uint32_single), OPERATION(from_uint64_single),
};

static bool operation_test(const struct operation *operation, uint64_t cases, uint64_t seed)
{
	struct generator generator = { .state = seed };

	for (uint64_t i = 0; i < cases; i++) {
		if (!operation->run(&generator)) {
			printf("not ok softfloat %s: of %016" PRIx64 " and %016" PRIx64
			       " got %016" PRIx64 ", not %016" PRIx64 " (case %" PRIu64 ")\n",
			       operation->name, report.a, report.b, report.got, report.wanted, i);
			return false;
		}
	}
	printf("ok softfloat %s\n", operation->name);
	return true;
}

int main(int argc, char **argv)
{
	uint64_t cases = argc > 1 ? strtoull(argv[1], NULL, 0) : CASES_DEFAULT;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 0x9e3779b97f4a7c15ULL;
	bool passed = true;

	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		if (argc <= 3 || strcmp(argv[3], operations[i].name) == 0)
			passed &= operation_test(&operations[i], cases, seed | 1);
		fflush(stdout);
	}
	return passed ? 0 : 1;
}
