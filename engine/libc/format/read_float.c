/*
 * read_float.c - decimal text to double, correctly rounded.
 *
 * One multiplication with a 128-bit power of ten decides nearly every number of up to 19 digits,
 * and most longer ones; what it leaves compares big integers. No text is rounded twice.
 */
#include "../include/engine_float.h"

#include "../softfloat/double_bits.h"
#include "bignum.h"
#include "power_of_ten.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/*
 * 767 significant digits decide any rounding (the longest midpoint of two doubles has that
 * many); of what follows only matters whether it is zero.
 */
#define READ_DIGITS_MAX		768
#define READ_EXPONENT_MAX	100000
/* what 64 bits hold for sure */
#define READ_WORD_DIGITS	19

/*
 * The significant digits are count characters from first on, a point among them not counted;
 * they stand for an integer times 10^exponent. leading is the value of the first 19 of them.
 */
struct float_text {
	const char *first;
	uint64_t leading;
	int count;
	int exponent;
	bool truncated;
};

static bool read_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Text of any length must not overflow an exponent. */
static int read_clamp(ptrdiff_t exponent)
{
	if (exponent > READ_EXPONENT_MAX)
		return READ_EXPONENT_MAX;
	return exponent < -READ_EXPONENT_MAX ? -READ_EXPONENT_MAX : (int)exponent;
}

/* The digits from p on; returns the end. Only those beyond the limit change the exponent. */
static const char *read_run(struct float_text *number, const char *p)
{
	uint64_t leading = number->leading;
	int count = number->count;
	const char *beyond;

	if (count == 0) {
		while (*p == '0')
			p++;
		number->first = p;
	}
	for (; count < READ_WORD_DIGITS && read_is_digit(*p); p++, count++)
		leading = leading * 10 + (uint64_t)(*p - '0');
	number->leading = leading;
	for (; count < READ_DIGITS_MAX && read_is_digit(*p); p++)
		count++;
	number->count = count;
	for (beyond = p; read_is_digit(*p); p++)
		number->truncated |= *p != '0';
	number->exponent = read_clamp(number->exponent + (p - beyond));
	return p;
}

/* The digits of "ddd.ddd" that start at text; returns the end, NULL if there is none. */
static const char *read_digits(struct float_text *number, const char *text)
{
	const char *point;
	const char *end;

	*number = (struct float_text){ .first = text };
	point = end = read_run(number, text);
	if (*point == '.') {
		end = read_run(number, point + 1);
		number->exponent = read_clamp(number->exponent - (end - point - 1));
		/* a point with no digit beside it is no number */
		if (end - text == 1)
			return NULL;
	}
	return end > text ? end : NULL;
}

/* An exponent "e[+-]ddd" at text is added; returns the end, or text if there is none. */
static const char *read_exponent(struct float_text *number, const char *text)
{
	const char *p = text;
	bool negative;
	int exponent = 0;

	if (*p != 'e' && *p != 'E')
		return text;
	p++;
	negative = *p == '-';
	if (*p == '-' || *p == '+')
		p++;
	if (!read_is_digit(*p))
		return text;
	for (; read_is_digit(*p); p++) {
		if (exponent < READ_EXPONENT_MAX * 2)
			exponent = exponent * 10 + (*p - '0');
	}
	number->exponent += negative ? -exponent : exponent;
	return p;
}

/* significand has its leading bit in 63 and stands for significand * 2^exponent. */
static uint64_t read_round(uint64_t significand, int exponent, bool rest)
{
	int field = exponent + 63 + 1023;
	unsigned int drop = 11;
	uint64_t kept;
	uint64_t half;
	uint64_t lost;

	if (field >= 0x7ff)
		return 0x7ff0000000000000ULL;
	if (field <= 0) {
		if (field < -53)
			return 0;
		drop += 1U - (unsigned int)field;
		field = 1;
	}
	/* drop may be 64 (half the smallest subnormal) or 65 (less than half) */
	if (drop > 64)
		return 0;
	kept = drop == 64 ? 0 : significand >> drop;
	half = 1ULL << (drop - 1);
	lost = drop == 64 ? significand : significand & ((half << 1) - 1);
	if (lost > half || (lost == half && (rest || (kept & 1) != 0)))
		kept++;
	/* The hidden bit, when there, adds one to the field; so does a carry out of it. */
	return ((uint64_t)(field - 1) << 52) + kept;
}

static void read_bignum(struct bignum *digits, const struct float_text *number)
{
	const char *p = number->first;

	bignum_set(digits, 0);
	for (int left = number->count; left > 0;) {
		uint64_t chunk = 0;
		uint64_t scale = 1;

		for (; left > 0 && scale < 1000000000000000000ULL; p++) {
			if (*p == '.')
				continue;
			chunk = chunk * 10 + (uint64_t)(*p - '0');
			scale *= 10;
			left--;
		}
		bignum_multiply_add(digits, scale, chunk);
	}
}

/*
 * digits / 10^scale: the quotient's highest 64 bits, by dividing shifted big integers bit by
 * word: numerator and denominator are brought to the same length, then 64 quotient bits are
 * produced by compare and subtract.
 */
static uint64_t read_quotient(struct bignum *numerator, struct bignum *denominator,
			      int *exponent, bool *rest)
{
	int difference = (int)bignum_bits(numerator) - (int)bignum_bits(denominator);
	uint64_t quotient = 0;

	if (difference > 0)
		bignum_shift_left(denominator, (unsigned int)difference);
	else
		bignum_shift_left(numerator, (unsigned int)-difference);
	*exponent = difference;
	if (bignum_compare(numerator, denominator) < 0) {
		bignum_shift_left(numerator, 1);
		(*exponent)--;
	}
	for (int bit = 63; bit >= 0; bit--) {
		if (bignum_compare(numerator, denominator) >= 0) {
			bignum_subtract(numerator, denominator);
			quotient |= 1ULL << bit;
		}
		bignum_shift_left(numerator, 1);
	}
	*exponent -= 63;
	*rest = numerator->count > 0;
	return quotient;
}

static uint64_t read_exact(const struct float_text *number)
{
	struct bignum digits;
	struct bignum scale;
	uint64_t top;
	int exponent;
	bool rest;

	read_bignum(&digits, number);
	if (number->exponent >= 0) {
		bignum_multiply_power_of_ten(&digits, (unsigned int)number->exponent);
		top = bignum_top_word(&digits, &rest);
		exponent = (int)bignum_bits(&digits) - 64;
	} else {
		bignum_set(&scale, 1);
		bignum_multiply_power_of_ten(&scale, (unsigned int)-number->exponent);
		top = read_quotient(&digits, &scale, &exponent, &rest);
	}
	return read_round(top, exponent, rest || number->truncated);
}

/* significand * 10^exponent to *bits; false if 128 bits of the power do not decide. */
static bool read_fast(uint64_t *bits, uint64_t significand, int exponent)
{
	unsigned int lead = (unsigned int)__builtin_clzll(significand);
	struct power_of_ten power;
	struct scaled product;
	uint64_t top;
	uint64_t next;
	int binary_exponent;
	bool exact;

	power_of_ten(&power, exponent);
	exact = scaled_multiply(&product, significand << lead, &power);
	top = product.word[2];
	next = product.word[1];
	binary_exponent = power.exponent - (int)lead + 128;
	if (top >> 63 == 0) {
		top = top << 1 | next >> 63;
		next = next << 1 | product.word[0] >> 63;
		binary_exponent--;
	}
	/* Only normal results: the places of others that decide lie elsewhere. */
	if (binary_exponent + 63 + 1023 <= 0)
		return false;
	/* 11 bits are rounded off; an error in next must not reach them. */
	if (!exact && next + 16 < 32 && ((top & 0x7ff) == 0x400 || (top & 0x7ff) == 0x3ff))
		return false;
	*bits = read_round(top, binary_exponent, (next | product.word[0]) != 0);
	return true;
}

static uint64_t read_convert(const struct float_text *number)
{
	uint64_t bits;
	uint64_t bits_above;
	int left = number->count > READ_WORD_DIGITS ? number->count - READ_WORD_DIGITS : 0;

	/* 10^-400 with all its digits is below every double, 10^310 above */
	if (number->count == 0 || number->count + number->exponent < -330)
		return 0;
	if (number->count + number->exponent > 310)
		return 0x7ff0000000000000ULL;
	if (read_fast(&bits, number->leading, number->exponent + left)) {
		if (left == 0)
			return bits;
		/* What follows adds less than one to the digits: both ends must agree. */
		if (read_fast(&bits_above, number->leading + 1, number->exponent + left)
		    && bits == bits_above)
			return bits;
	}
	return read_exact(number);
}

_Bool mrb_read_float(const char *text, char **end, double *value)
{
	const char *p = text;
	struct float_text number;
	const char *after;
	bool negative;

	while (*p == ' ' || (*p >= '\t' && *p <= '\r'))
		p++;
	negative = *p == '-';
	if (*p == '-' || *p == '+')
		p++;
	after = read_digits(&number, p);
	if (after == NULL) {
		*value = 0;
		if (end != NULL)
			*end = (char *)text;
		return false;
	}
	after = read_exponent(&number, after);
	*value = double_from_bits(read_convert(&number) | (negative ? 1ULL << 63 : 0));
	if (end != NULL)
		*end = (char *)after;
	return true;
}

double strtod(const char *text, char **end)
{
	double value;

	mrb_read_float(text, end, &value);
	return value;
}

float strtof(const char *text, char **end)
{
	return (float)strtod(text, end);
}

double atof(const char *text)
{
	return strtod(text, NULL);
}
