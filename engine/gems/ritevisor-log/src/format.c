/*
 * format.c: sprintf for integers above 63 bits: addresses of kernels and contents of registers.
 *
 * mruby 3.3.0's sprintf raises RangeError for a big integer in %x, %d and their kin. Here each
 * such argument is turned into text by its own to_s and the directive into what mrb_str_format()
 * does with text; everything else is left to mrb_str_format().
 */
#include "format.h"

#include <mruby/array.h>
#include <mruby/internal.h>
#include <mruby/presym.h>
#include <mruby/string.h>
#include <string.h>

mrb_value mrb_str_format(mrb_state *mrb, mrb_int argc, const mrb_value *argv, mrb_value fmt);

/* One directive: %, flags, width, precision, type. */
struct format_directive {
	bool minus, zero, sharp, plus;
	mrb_int width;
	char type;
	size_t length;	/* in the format, the % included */
};

static struct format_directive format_parse(const char *text, const char *end)
{
	struct format_directive directive = { 0 };
	const char *p = text + 1;

	for (; p < end && strchr("-0#+ ", *p); p++) {
		directive.minus |= *p == '-';
		directive.zero |= *p == '0';
		directive.sharp |= *p == '#';
		directive.plus |= *p == '+';
	}
	for (; p < end && *p >= '0' && *p <= '9'; p++) {
		if (directive.width < INT16_MAX)
			directive.width = directive.width * 10 + (*p - '0');
	}
	while (p < end && (*p == '.' || (*p >= '0' && *p <= '9')))
		p++;
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
	if (big && mrb_string_p(arguments[0]) && format_is_sequential(arguments[0]))
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
