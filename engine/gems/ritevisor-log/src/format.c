/*
 * format.c: sprintf for integers above 63 bits, addresses of kernels and contents of registers, and
 * for floats.
 *
 * mruby 3.3.0's sprintf raises RangeError for a big integer in %x, %d and their kin, and loses digits
 * of floats between zeros and a sign ("%08.3f" of -1.5). Here each such argument is turned into text by
 * its own to_s, or by the C library; everything else is left to mrb_str_format().
 */
#include "format.h"

#include <mruby/array.h>
#include <mruby/internal.h>
#include <mruby/presym.h>
#include <mruby/string.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

mrb_value mrb_str_format(mrb_state *mrb, mrb_int argc, const mrb_value *argv, mrb_value fmt);

/* One directive: %, flags, width, precision, type. */
struct format_directive {
	bool minus, zero, sharp, plus, space;
	mrb_int width, precision;	/* -1: without precision */
	char type;
	size_t length;	/* in the format, the % included */
};

static const char *format_number(const char *p, const char *end, mrb_int *number)
{
	for (; p < end && *p >= '0' && *p <= '9'; p++) {
		if (*number < INT16_MAX)
			*number = *number * 10 + (*p - '0');
	}
	return p;
}

static struct format_directive format_parse(const char *text, const char *end)
{
	struct format_directive directive = { .precision = -1 };
	const char *p = text + 1;

	for (; p < end && strchr("-0#+ ", *p); p++) {
		directive.minus |= *p == '-';
		directive.zero |= *p == '0';
		directive.sharp |= *p == '#';
		directive.plus |= *p == '+';
		directive.space |= *p == ' ';
	}
	p = format_number(p, end, &directive.width);
	if (p < end && *p == '.') {
		directive.precision = 0;
		p = format_number(p + 1, end, &directive.precision);
	}
	directive.type = p < end ? *p : '\0';
	directive.length = (size_t)(p - text) + (p < end);
	return directive;
}

static mrb_int format_base(char type)
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

static const char *format_prefix(const struct format_directive *directive)
{
	if (!directive->sharp)
		return directive->plus ? "+" : "";
	switch (directive->type) {
	case 'x':
		return "0x";
	case 'X':
		return "0X";
	case 'o':
		return "0";
	case 'b':
		return "0b";
	default:
		return "";
	}
}

static void format_upper(char *text, mrb_int length)
{
	for (mrb_int i = 0; i < length; i++) {
		if (text[i] >= 'a' && text[i] <= 'z')
			text[i] = (char)(text[i] - 'a' + 'A');
	}
}

static void format_big(mrb_state *mrb, mrb_value out, const struct format_directive *directive,
		       mrb_value number)
{
	mrb_value digits = mrb_bint_to_s(mrb, number, format_base(directive->type));
	bool negative = RSTRING_LEN(digits) > 0 && RSTRING_PTR(digits)[0] == '-';
	const char *prefix = format_prefix(directive);
	const char *first = RSTRING_PTR(digits) + negative;
	mrb_int length = RSTRING_LEN(digits) - negative;
	mrb_int pad = directive->width - length - (mrb_int)strlen(prefix) - negative;

	if (directive->type == 'X')
		format_upper(RSTRING_PTR(digits), RSTRING_LEN(digits));
	if (!directive->minus && !directive->zero)
		format_pad(mrb, out, ' ', pad);
	if (negative)
		mrb_str_cat(mrb, out, "-", 1);
	mrb_str_cat_cstr(mrb, out, prefix);
	if (!directive->minus && directive->zero)
		format_pad(mrb, out, '0', pad);
	mrb_str_cat(mrb, out, first, (size_t)length);
	if (directive->minus)
		format_pad(mrb, out, ' ', pad);
}

static bool format_takes_float(const struct format_directive *directive)
{
	return directive->type && strchr("eEfgG", directive->type) &&
	       directive->precision <= INT16_MAX;
}

static bool format_has_float(mrb_value format)
{
	const char *p = RSTRING_PTR(format), *end = RSTRING_END(format);

	while ((p = memchr(p, '%', (size_t)(end - p)))) {
		struct format_directive directive = format_parse(p, end);

		if (format_takes_float(&directive))
			return true;
		p += directive.length;
	}
	return false;
}

/* Ruby's flags, width and precision mean what C's do. False: not a finite number. */
static bool format_float(mrb_state *mrb, mrb_value out, const struct format_directive *directive,
			 mrb_value number)
{
	mrb_float value = mrb_integer_p(number) ? (mrb_float)mrb_integer(number)
			: mrb_float_p(number)	? mrb_float(number) : (mrb_float)NAN;
	char format[16];
	mrb_value text;
	int length;

	if (!isfinite(value))
		return false;
	snprintf(format, sizeof(format), "%%%s%s%s%s%s*.*%c", directive->minus ? "-" : "",
		 directive->zero ? "0" : "", directive->sharp ? "#" : "", directive->plus ? "+" : "",
		 directive->space ? " " : "", directive->type);
	length = snprintf(NULL, 0, format, (int)directive->width, (int)directive->precision, value);
	text = mrb_str_new(mrb, NULL, length);
	snprintf(RSTRING_PTR(text), (size_t)length + 1, format, (int)directive->width,
		 (int)directive->precision, value);
	mrb_str_cat_str(mrb, out, text);
	return true;
}

/* Directives one by one: each takes the next argument ("%%" none). */
static mrb_value format_each(mrb_state *mrb, mrb_value format, mrb_int count,
			     const mrb_value *arguments)
{
	const char *p = RSTRING_PTR(format), *end = RSTRING_END(format);
	mrb_value out = mrb_str_new(mrb, NULL, 0);
	mrb_int next = 0;

	while (p < end) {
		struct format_directive directive;
		mrb_value piece;
		mrb_int takes;

		if (*p != '%') {
			mrb_str_cat(mrb, out, p++, 1);
			continue;
		}
		directive = format_parse(p, end);
		takes = directive.type != '%';
		if (takes && next < count && mrb_bigint_p(arguments[next]) &&
		    format_base(directive.type)) {
			format_big(mrb, out, &directive, arguments[next++]);
		} else if (takes && next < count && format_takes_float(&directive) &&
			   format_float(mrb, out, &directive, arguments[next])) {
			next++;
		} else {
			piece = mrb_str_new(mrb, p, (mrb_int)directive.length);
			if (takes && next >= count)
				takes = 0;	/* mrb_str_format says what is missing */
			mrb_str_cat_str(mrb, out,
					mrb_str_format(mrb, takes, arguments + next, piece));
			next += takes;
		}
		p += directive.length;
	}
	return out;
}

/* "%1$x", "%<name>x" and "%*d" pick their arguments otherwise; they stay mruby's. */
static bool format_is_sequential(mrb_value format)
{
	const char *text = RSTRING_PTR(format);
	size_t length = (size_t)RSTRING_LEN(format);

	return !memchr(text, '$', length) && !memchr(text, '<', length) &&
	       !memchr(text, '{', length) && !memchr(text, '*', length);
}

static mrb_value format_sprintf(mrb_state *mrb, mrb_value self)
{
	const mrb_value *arguments;
	mrb_int count;
	bool big = false;

	mrb_get_args(mrb, "*", &arguments, &count);
	if (count == 0)
		mrb_raise(mrb, E_ARGUMENT_ERROR, "too few arguments");
	for (mrb_int i = 1; i < count; i++)
		big = big || mrb_bigint_p(arguments[i]);
	if (mrb_string_p(arguments[0]) && (big || format_has_float(arguments[0])) &&
	    format_is_sequential(arguments[0]))
		return format_each(mrb, arguments[0], count - 1, arguments + 1);
	return mrb_str_format(mrb, count - 1, arguments + 1, arguments[0]);
}

void format_init(mrb_state *mrb)
{
	mrb_define_module_function_id(mrb, mrb->kernel_module, MRB_SYM(sprintf), format_sprintf,
				   MRB_ARGS_ANY());
	mrb_define_module_function_id(mrb, mrb->kernel_module, MRB_SYM(format), format_sprintf,
				   MRB_ARGS_ANY());
}
