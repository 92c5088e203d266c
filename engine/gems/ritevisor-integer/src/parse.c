/*
 * parse.c: Integers from text, for Integer(), String#to_i, hex and oct. build_config.rb takes mruby's
 * mrb_str_to_integer() out of the way, which refuses what Integer() is given from 2^63 up.
 */
#include "integer.h"

#include <mruby/string.h>
#include <string.h>

static bool parse_is_space(char character)
{
	return character == ' ' || (character >= '\t' && character <= '\r');
}

static int parse_digit(char character)
{
	if (character >= '0' && character <= '9')
		return character - '0';
	if (character >= 'a' && character <= 'z')
		return character - 'a' + 10;
	if (character >= 'A' && character <= 'Z')
		return character - 'A' + 10;
	return INT16_MAX;
}

/* The base that a letter behind a zero says; 0 if it says none. */
static mrb_int parse_prefix(char letter)
{
	switch (letter) {
	case 'x':
	case 'X':
		return 16;
	case 'o':
	case 'O':
		return 8;
	case 'b':
	case 'B':
		return 2;
	case 'd':
	case 'D':
		return 10;
	default:
		return 0;
	}
}

/* Skips the prefix that fits the base; a base of 0 or less takes any, or `-base` without one. */
static const char *parse_base(const char *p, const char *end, mrb_int *base)
{
	mrb_int prefix = p + 1 < end && *p == '0' ? parse_prefix(p[1]) : 0;

	if (*base > 0)
		return prefix == *base ? p + 2 : p;
	if (prefix) {
		*base = prefix;
		return p + 2;
	}
	if (*base < -1)
		*base = -*base;
	else
		*base = p < end && *p == '0' ? 8 : 10;
	return p;
}

/* The end of the digits, of which each but the first may stand behind an underscore. */
static const char *parse_digits(const char *p, const char *end, mrb_int base)
{
	const char *first = p;

	while (p < end) {
		const char *digit = *p == '_' && p > first ? p + 1 : p;

		if (digit >= end || parse_digit(*digit) >= base)
			break;
		p = digit + 1;
	}
	return p;
}

static mrb_value parse_number(mrb_state *mrb, const char *p, const char *end, mrb_int base,
			      bool negative)
{
	mrb_int number = 0;

	for (const char *q = p; q < end; q++) {
		int digit = *q == '_' ? 0 : parse_digit(*q);

		if (*q == '_')
			continue;
		if (__builtin_mul_overflow(number, base, &number) ||
		    __builtin_sub_overflow(number, digit, &number))
			return mrb_bint_new_str(mrb, p, (mrb_int)(end - p), negative ? -base : base);
	}
	return negative ? mrb_int_value(mrb, number) : bigint_negate(mrb, mrb_int_value(mrb, number));
}

mrb_value mrb_str_to_integer(mrb_state *mrb, mrb_value string, mrb_int base, mrb_bool strict)
{
	const char *p, *end, *digits, *last;
	bool negative = false;

	mrb_ensure_string_type(mrb, string);
	if (base == 1 || base > 36 || base < -36)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "invalid radix %i", base);
	p = RSTRING_PTR(string);
	end = p + RSTRING_LEN(string);
	while (p < end && parse_is_space(*p))
		p++;
	if (p < end && (*p == '+' || *p == '-'))
		negative = *p++ == '-';
	digits = parse_base(p, end, &base);
	last = parse_digits(digits, end, base);
	if (strict) {
		const char *rest = last;

		while (rest < end && parse_is_space(*rest))
			rest++;
		if (last == digits || rest < end)
			mrb_raisef(mrb, E_ARGUMENT_ERROR, "invalid value for Integer(): %!v", string);
	}
	return parse_number(mrb, digits, last, base, negative);
}
