/*
 * libc_decimal.c - the engine's decimal conversions, both ways, against the host's printf and
 * strtod (glibc rounds both exactly).
 *
 * Usage: libc_decimal [CASES [SEED]]. The code under test is the shipped object, engine.o.
 */
#include "../softfloat/engine_libc.h"
#include "../softfloat/generate.h"
#include "unit.h"

#include <inttypes.h>
#include <math.h>

int engine_mrb_format_float(uint64_t value, char *text, size_t size, char format, int precision,
			    char sign);
int engine_engine_format_float_shortest(uint64_t value, char *text, size_t size, char format,
					int precision, char sign);
_Bool engine_mrb_read_float(const char *text, char **end, uint64_t *value);
int engine_snprintf(char *text, size_t size, const char *format, ...);
uint64_t engine_strtod(const char *text, char **end);

#ifndef CASES_DEFAULT
#define CASES_DEFAULT 1000000
#endif

static uint64_t cases = CASES_DEFAULT;
static struct generator generator = { .state = 0x9e3779b97f4a7c15ULL };

static uint64_t finite_double(void)
{
	uint64_t bits;

	/* Half of them spread over the whole range, half of everyday size. */
	do {
		bits = generate_double(&generator);
		if (generate_random(&generator) % 2 == 0)
			bits = (bits & 0x800fffffffffffffULL)
				| (1023 - 40 + generate_random(&generator) % 100) << 52;
	} while (!isfinite(value_of(bits)));
	return bits;
}

static void check_format(uint64_t bits, char format, int precision)
{
	char pattern[16];
	char wanted[2000];
	char got[2000];
	int length;

	snprintf(pattern, sizeof(pattern), "%%.%d%c", precision, format);
	snprintf(wanted, sizeof(wanted), pattern, value_of(bits));
	length = engine_mrb_format_float(bits, got, sizeof(got), format, precision, '\0');
	if (strcmp(got, wanted) != 0)
		unit_fail("%s of %016" PRIx64 " is \"%s\", not \"%s\"", pattern, bits, got, wanted);
	UNIT_EQUAL(length, strlen(wanted));
}

static void test_format_17(void)
{
	for (uint64_t i = 0; i < cases; i++)
		check_format(finite_double(), 'g', 17);
}

static void test_format_exponent(void)
{
	for (uint64_t i = 0; i < cases; i++)
		check_format(finite_double(), 'e', (int)(generate_random(&generator) % 25));
}

static void test_format_fixed(void)
{
	for (uint64_t i = 0; i < cases; i++)
		check_format(finite_double(), 'f', (int)(generate_random(&generator) % 25));
}

static void test_format_general(void)
{
	for (uint64_t i = 0; i < cases; i++)
		check_format(finite_double(), 'g', (int)(generate_random(&generator) % 25));
}

static void test_format_many_digits(void)
{
	for (uint64_t i = 0; i < cases / 50; i++) {
		check_format(finite_double(), 'e', (int)(generate_random(&generator) % 800));
		check_format(finite_double(), 'f', (int)(generate_random(&generator) % 1100));
		check_format(finite_double(), 'g', (int)(generate_random(&generator) % 800));
	}
}

/* Values half way between two decimals: the tie must go to the even digit. */
static void test_format_ties(void)
{
	for (uint64_t i = 0; i < cases / 10; i++) {
		int places = (int)(generate_random(&generator) % 20);
		uint64_t odd = generate_random(&generator) % 1000000 * 2 + 1;
		uint64_t bits = bits_of(ldexp((double)odd, -places - 1));

		check_format(bits, 'f', places);
		check_format(bits, 'e', (int)(generate_random(&generator) % 17));
	}
}

static void check_read(const char *text)
{
	char *end = NULL;
	uint64_t got = 0;
	uint64_t wanted = bits_of(strtod(text, NULL));

	if (!engine_mrb_read_float(text, &end, &got))
		unit_fail("\"%s\" is not read", text);
	else if (got != wanted)
		unit_fail("\"%s\" reads as %016" PRIx64 ", not %016" PRIx64, text, got, wanted);
	if (end != NULL && *end != '\0')
		unit_fail("\"%s\" is read up to \"%s\"", text, end);
}

static void test_read_17(void)
{
	char text[64];

	for (uint64_t i = 0; i < cases; i++) {
		snprintf(text, sizeof(text), "%.17g", value_of(finite_double()));
		check_read(text);
	}
}

static void test_read_random_digits(void)
{
	char text[64];

	for (uint64_t i = 0; i < cases; i++) {
		int digits = (int)(generate_random(&generator) % 19) + 1;
		uint64_t significand = generate_random(&generator);

		snprintf(text, sizeof(text), "%.*s", digits, "");
		snprintf(text, sizeof(text), "%" PRIu64 "e%d", significand >> (64 - 3 * digits),
			 (int)(generate_random(&generator) % 680) - 360);
		check_read(text);
	}
}

/* The exact midpoint of two doubles, and that text with its last digit one more or less. */
static void test_read_midpoints(void)
{
	char text[1200];

	for (uint64_t i = 0; i < cases / 50; i++) {
		uint64_t bits = finite_double() & ~(1ULL << 63);
		long double middle = ((long double)value_of(bits)
				      + (long double)value_of(bits + 1)) / 2;
		size_t last;

		if (!isfinite(value_of(bits + 1)))
			continue;
		snprintf(text, sizeof(text), "%.770Le", middle);
		check_read(text);
		last = (size_t)(strchr(text, 'e') - text) - 1;
		text[last] = (char)(text[last] == '9' ? '8' : text[last] + 1);
		check_read(text);
		/* beyond the digits that are kept, only "not zero" counts */
		snprintf(text, sizeof(text), "%.900Lf", middle);
		if (strlen(text) < 1190) {
			strcat(text, "1");
			check_read(text);
		}
	}
}

static void test_read_hard_cases(void)
{
	static const char *const texts[] = {
		"0", "-0", "0.0", "1", "-1", ".5", "5.", "1e5", "1E+5", "1e-5", "00012.50",
		"2.2250738585072011e-308", "2.2250738585072012e-308", "2.2250738585072014e-308",
		"4.9406564584124654e-324", "2.4703282292062327e-324", "2.4703282292062328e-324",
		"2.5e-324", "1e-400", "1.7976931348623157e308", "1.7976931348623158e308",
		"1.7976931348623159e308", "1e309", "1e400", "9007199254740993", "9007199254740992.5",
		"9007199254740993.0000000000000000000000001", "5e-324", "123456789012345678901234567890",
		"8.98846567431158e307", "6.8985865317742005e-26", "1.2345678901234567e22", "1e22", "1e23",
		"0.1", "0.2", "0.3", "179769313486231580793728971405303415079934132710037826936173778980"
		"44496829276475094664901797758720709633028641669288791094655554785194040263065748867150"
		"5822106255672713720210205118564", "0.000000000000000000000000000000000000000000000001",
		"89255.0", "1e-22", "1e0000000000000000000001", "0e999999999", "1e-99999999999",
		"0.0000000001e10", "1000000000000000000000000000000e-30",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		check_read(texts[i]);
}

static void check_prefix(const char *text, size_t length, double wanted)
{
	char *end = NULL;
	uint64_t got;
	_Bool read = engine_mrb_read_float(text, &end, &got);

	UNIT_EQUAL(read, length > 0);
	UNIT_EQUAL(end - text, length);
	if (value_of(got) != wanted)
		unit_fail("\"%s\" reads as %g", text, value_of(got));
}

/* Where a number ends, and what is none. */
static void test_read_ends(void)
{
	check_prefix("12abc", 2, 12);
	check_prefix("1e", 1, 1);
	check_prefix("1e+", 1, 1);
	check_prefix("1.5.2", 3, 1.5);
	check_prefix(" \t\n 7 ", 5, 7);
	check_prefix("-", 0, 0);
	check_prefix("", 0, 0);
	check_prefix("abc", 0, 0);
	check_prefix(".", 0, 0);
	check_prefix("e5", 0, 0);
	check_prefix("--1", 0, 0);
}

/* No shorter text may read back as the same value, nor a nearer one of the same length. */
static void check_shortest(uint64_t bits)
{
	char got[64];
	char other[64];
	char digits[64];
	int count = 0;
	int length = engine_engine_format_float_shortest(bits, got, 25, 'g', 15, '\0');

	UNIT_EQUAL(length, strlen(got));
	if (bits_of(strtod(got, NULL)) != bits)
		unit_fail("the shortest of %016" PRIx64 " is \"%s\", which is not it", bits, got);
	for (const char *p = got; *p != '\0' && *p != 'e'; p++) {
		if (*p >= '0' && *p <= '9' && (count > 0 || *p != '0'))
			digits[count++] = *p;
	}
	while (count > 1 && digits[count - 1] == '0')
		count--;
	if (count == 0)
		return;
	/* Fewer digits: the nearest decimal of that length, and its neighbours, must not do. */
	if (count > 1) {
		snprintf(other, sizeof(other), "%.*e", count - 2, value_of(bits));
		if (bits_of(strtod(other, NULL)) == bits)
			unit_fail("\"%s\" is shorter than \"%s\"", other, got);
	}
	/* The nearest of the same length, if it reads back, is the one. */
	snprintf(other, sizeof(other), "%.*e", count - 1, value_of(bits));
	if (bits_of(strtod(other, NULL)) == bits && strtold(other, NULL) != strtold(got, NULL))
		unit_fail("\"%s\" is nearer than \"%s\"", other, got);
}

static void test_shortest(void)
{
	for (uint64_t i = 0; i < cases; i++)
		check_shortest(finite_double());
	/* Powers of two: the interval below is half as wide. */
	for (uint64_t exponent = 0; exponent < 0x7ff; exponent++)
		check_shortest(exponent << 52);
	for (int power = -323; power <= 308; power++) {
		char text[16];

		snprintf(text, sizeof(text), "1e%d", power);
		check_shortest(bits_of(strtod(text, NULL)));
		check_shortest(bits_of(strtod(text, NULL)) + 1);
		check_shortest(bits_of(strtod(text, NULL)) - 1);
	}
}

static void check_shortest_text(double value, const char *wanted)
{
	char got[64];

	engine_engine_format_float_shortest(bits_of(value), got, sizeof(got), 'g', 15, '\0');
	if (strcmp(got, wanted) != 0)
		unit_fail("the shortest is \"%s\", not \"%s\"", got, wanted);
}

static void test_shortest_form(void)
{
	check_shortest_text(0.0, "0");
	check_shortest_text(-0.0, "-0");
	check_shortest_text(1.0, "1");
	check_shortest_text(0.1, "0.1");
	check_shortest_text(0.1 + 0.2, "0.30000000000000004");
	check_shortest_text(1.0 / 3, "0.3333333333333333");
	check_shortest_text(1e14, "100000000000000");
	check_shortest_text(1e15, "1e+15");
	check_shortest_text(1e100, "1e+100");
	check_shortest_text(0.0001, "0.0001");
	check_shortest_text(0.00001, "1e-05");
	check_shortest_text(5e-324, "5e-324");
	check_shortest_text(-2.2250738585072014e-308, "-2.2250738585072014e-308");
	check_shortest_text(9007199254740993.0, "9.007199254740992e+15");
	check_shortest_text(0x1p-44, "5.684341886080802e-14");
	check_shortest_text(2e-44, "2e-44");
	check_shortest_text(INFINITY, "inf");
	check_shortest_text(NAN, "nan");
}

/* Every flag, width and precision of the float conversions of printf. */
static void test_printf_float(void)
{
	static const char kinds[] = "aAeEfFgG";

	for (uint64_t i = 0; i < cases / 2; i++) {
		uint64_t bits = generate_double(&generator);
		uint64_t random = generate_random(&generator);
		char pattern[32] = "%";
		char wanted[2000];
		char got[2000];
		int got_length;

		if (random & 1)
			strcat(pattern, "-");
		if (random & 2)
			strcat(pattern, "+");
		if (random & 4)
			strcat(pattern, " ");
		if (random & 8)
			strcat(pattern, "#");
		if (random & 16)
			strcat(pattern, "0");
		if (random & 32)
			sprintf(pattern + strlen(pattern), "%d", (int)(random >> 16 & 63));
		if (random & 64)
			sprintf(pattern + strlen(pattern), ".%d", (int)(random >> 24 & 31));
		sprintf(pattern + strlen(pattern), "%c", kinds[random >> 40 & 7]);
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wformat-nonliteral"
		snprintf(wanted, sizeof(wanted), pattern, value_of(bits));
#pragma clang diagnostic pop
		got_length = engine_snprintf(got, sizeof(got), pattern, bits);
		/* The host prints the sign of a NaN too; so does the engine. */
		if (strcmp(got, wanted) != 0)
			unit_fail("\"%s\" of %016" PRIx64 " is \"%s\", not \"%s\"", pattern, bits, got,
				  wanted);
		UNIT_EQUAL(got_length, strlen(wanted));
	}
}

/* Whatever does not fit is cut, and nothing is written past the end. */
static void test_format_small_buffers(void)
{
	for (uint64_t i = 0; i < cases / 10; i++) {
		uint64_t random = generate_random(&generator);
		size_t size = random % 30;
		char text[40];
		int length;

		memset(text, 0x55, sizeof(text));
		length = engine_mrb_format_float(generate_double(&generator), text, size,
						 "efg"[random >> 8 & 1], (int)(random >> 16 & 31),
						 "\0+ "[random >> 24 & 1]);
		for (size_t j = size; j < sizeof(text); j++)
			UNIT_EQUAL(text[j], 0x55);
		if (size > 0)
			UNIT_EQUAL(length, strlen(text));
	}
}

int main(int argc, char **argv)
{
	if (argc > 1)
		cases = strtoull(argv[1], NULL, 0);
	if (argc > 2)
		generator.state = strtoull(argv[2], NULL, 0) | 1;
	unit_run("libc_decimal format_17", test_format_17);
	unit_run("libc_decimal format_exponent", test_format_exponent);
	unit_run("libc_decimal format_fixed", test_format_fixed);
	unit_run("libc_decimal format_general", test_format_general);
	unit_run("libc_decimal format_many_digits", test_format_many_digits);
	unit_run("libc_decimal format_ties", test_format_ties);
	unit_run("libc_decimal format_small_buffers", test_format_small_buffers);
	unit_run("libc_decimal read_17", test_read_17);
	unit_run("libc_decimal read_random_digits", test_read_random_digits);
	unit_run("libc_decimal read_midpoints", test_read_midpoints);
	unit_run("libc_decimal read_hard_cases", test_read_hard_cases);
	unit_run("libc_decimal read_ends", test_read_ends);
	unit_run("libc_decimal shortest", test_shortest);
	unit_run("libc_decimal shortest_form", test_shortest_form);
	unit_run("libc_decimal printf_float", test_printf_float);
	return unit_failed;
}
