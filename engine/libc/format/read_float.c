/*
 * read_float.c - decimal text to double, correctly rounded.
 *
 * Up to 19 digits and a small power of ten are done in one exact operation; everything else
 * compares big integers, so no text is rounded twice.
 */
#include "../include/engine_float.h"

#include "../softfloat/double_bits.h"
#include "bignum.h"

#include <stdint.h>
#include <stdlib.h>

/*
 * 767 significant digits decide any rounding (the longest midpoint of two doubles has that
 * many); of what follows only matters whether it is zero.
 */
#define READ_DIGITS_MAX		768
#define READ_EXPONENT_MAX	100000

/* digits * 10^exponent, digits being the text from first on, without the point. */
struct float_text {
	const char *first;
	int count;
	int exponent;
	bool truncated;
};

static bool read_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Position the digits of "ddd.ddd" that start at text; returns the end, NULL if no digit. */
static const char *read_digits(struct float_text *number, const char *text)
{
	const char *start = text;
	bool point = false;
	bool any = false;

	*number = (struct float_text){ .first = NULL };
	for (;; text++) {
		/* a second point ends the number, and so does one with no digit beside it */
		if (*text == '.' && !point) {
			point = true;
			continue;
		}
		if (!read_is_digit(*text))
			break;
		any = true;
		if (number->first == NULL && *text == '0') {
			number->exponent -= point;
			continue;
		}
		if (number->first == NULL)
			number->first = text;
		if (number->count < READ_DIGITS_MAX) {
			number->count++;
			number->exponent -= point;
		} else {
			number->truncated |= *text != '0';
			number->exponent += !point;
		}
		/* Text of any length must not overflow the exponent. */
		if (number->exponent > READ_EXPONENT_MAX)
			number->exponent = READ_EXPONENT_MAX;
		if (number->exponent < -READ_EXPONENT_MAX)
			number->exponent = -READ_EXPONENT_MAX;
	}
	if (!any)
		return NULL;
	return text > start ? text : NULL;
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

static uint64_t read_convert(const struct float_text *number)
{
	/* 10^-400 with all its digits is below every double, 10^310 above */
	if (number->count == 0 || number->count + number->exponent < -330)
		return 0;
	if (number->count + number->exponent > 310)
		return 0x7ff0000000000000ULL;
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
