/*
 * format_integer.c: big integers for sprintf, which mruby 3.3.0's refuses, and signs before other bases.
 */
#include "format.h"

#include <mruby/internal.h>
#include <mruby/string.h>
#include <string.h>

#include "engine/vm/bigint.h"

/* What is put together: padding, sign, prefix, dots, zeros or the like, digits, more zeros, padding. */
struct format_parts {
	char sign;			/* '\0' without */
	const char *prefix;
	bool dots;			/* of a negative number in two's complement */
	char fill;			/* before the digits, up to the precision */
	const char *digits, *tail;
	mrb_int digits_length, tail_length;
};

mrb_int format_base(char type)
{
	switch (type) {
	case 'x':
	case 'X':
		return 16;
	case 'o':
		return 8;
	case 'b':
	case 'B':
		return 2;
	case 'd':
	case 'i':
	case 'u':
		return 10;
	default:
		return 0;
	}
}

static void format_pad(mrb_state *mrb, mrb_value out, char pad, mrb_int count)
{
	while (count-- > 0)
		mrb_str_cat(mrb, out, &pad, 1);
}

static void format_put(mrb_state *mrb, mrb_value out, const struct format_directive *directive,
		       const struct format_parts *parts)
{
	mrb_int prefix_length = (mrb_int)strlen(parts->prefix);
	mrb_int length = parts->digits_length + parts->tail_length;
	mrb_int fill = directive->precision - parts->digits_length - (parts->dots ? 2 : 0), pad;

	if (parts->tail || fill < 0)
		fill = 0;
	pad = directive->width - length - fill - prefix_length - (parts->sign != '\0') - (parts->dots ? 2 : 0);
	if (directive->zero && !directive->minus && (directive->precision < 0 || parts->tail)) {
		fill = pad > 0 ? pad : 0;
		pad = 0;
	}
	if (!directive->minus)
		format_pad(mrb, out, ' ', pad);
	if (parts->sign)
		mrb_str_cat(mrb, out, &parts->sign, 1);
	mrb_str_cat(mrb, out, parts->prefix, (size_t)prefix_length);
	if (parts->dots)
		mrb_str_cat(mrb, out, "..", 2);
	format_pad(mrb, out, parts->fill, fill);
	mrb_str_cat(mrb, out, parts->digits, (size_t)parts->digits_length);
	if (parts->tail)
		mrb_str_cat(mrb, out, parts->tail, (size_t)parts->tail_length);
	if (directive->minus)
		format_pad(mrb, out, ' ', pad);
}

static const char *format_prefix(const struct format_directive *directive)
{
	if (!directive->sharp)
		return "";
	switch (directive->type) {
	case 'x':
		return "0x";
	case 'X':
		return "0X";
	case 'o':
		return "0";
	case 'b':
		return "0b";
	case 'B':
		return "0B";
	default:
		return "";
	}
}

static char format_sign(const struct format_directive *directive, bool negative)
{
	if (negative)
		return '-';
	return directive->plus ? '+' : directive->space ? ' ' : '\0';
}

/* The digits of a negative number in two's complement, of which one that stands for the sign. */
static mrb_value format_complement(mrb_state *mrb, mrb_value number, mrb_int base)
{
	mrb_int bits_of_digit = base == 16 ? 4 : base == 8 ? 3 : 1;
	mrb_int count = (mrb_int)bigint_bit_length(number) / bits_of_digit + 2, first = 0;
	mrb_value end = bigint_shift_left(mrb, mrb_fixnum_value(1), (uint64_t)(count * bits_of_digit));
	mrb_value digits = mrb_bint_to_s(mrb, bigint_add(mrb, end, number), base);
	const char *text = RSTRING_PTR(digits);

	while (first + 1 < RSTRING_LEN(digits) && text[first + 1] == text[0])
		first++;
	return mrb_str_new(mrb, text + first, RSTRING_LEN(digits) - first);
}

static void format_upper(mrb_value text)
{
	for (mrb_int i = 0; i < RSTRING_LEN(text); i++) {
		char *character = RSTRING_PTR(text) + i;

		if (*character >= 'a' && *character <= 'z')
			*character = (char)(*character - 'a' + 'A');
	}
}

void format_integer(mrb_state *mrb, mrb_value out, const struct format_directive *directive,
		    mrb_value number)
{
	struct format_parts parts = { .prefix = format_prefix(directive), .fill = '0' };
	bool negative = bigint_is_negative(number);
	mrb_int base = format_base(directive->type);
	mrb_value digits;

	if (negative && base != 10 && !directive->plus && !directive->space) {
		digits = format_complement(mrb, number, base);
		parts.dots = true;
		if (base == 8)
			parts.prefix = "";
	} else {
		digits = mrb_bint_to_s(mrb, negative ? bigint_negate(mrb, number) : number, base);
		parts.sign = format_sign(directive, negative);
		/* Zeros up to the precision are octal's prefix as well. */
		if (base == 8 && directive->precision > RSTRING_LEN(digits))
			parts.prefix = "";
	}
	if (directive->type == 'X')
		format_upper(digits);
	parts.digits = RSTRING_PTR(digits);
	parts.digits_length = RSTRING_LEN(digits);
	if (parts.dots)
		parts.fill = parts.digits[0];
	format_put(mrb, out, directive, &parts);
}

void format_fixed(mrb_state *mrb, mrb_value out, const struct format_directive *directive,
		  mrb_value number)
{
	bool negative = bigint_is_negative(number);
	mrb_value digits = mrb_bint_to_s(mrb, negative ? bigint_negate(mrb, number) : number, 10);
	mrb_value tail = mrb_str_new_lit(mrb, "");
	mrb_int places = directive->precision < 0 ? 6 : directive->precision;
	struct format_parts parts = { .prefix = "", .fill = '0' };

	if (places > 0 || directive->sharp)
		mrb_str_cat(mrb, tail, ".", 1);
	format_pad(mrb, tail, '0', places);
	parts.sign = format_sign(directive, negative);
	parts.digits = RSTRING_PTR(digits);
	parts.digits_length = RSTRING_LEN(digits);
	parts.tail = RSTRING_PTR(tail);
	parts.tail_length = RSTRING_LEN(tail);
	format_put(mrb, out, directive, &parts);
}
