/*
 * format.c: sprintf for integers above 63 bits, addresses of kernels and contents of registers, and
 * for floats.
 *
 * mruby 3.3.0's sprintf raises RangeError for a big integer in %x, %d and their kin, and loses digits
 * of floats between zeros and a sign ("%08.3f" of -1.5), and of integers in other bases than ten the sign that a
 * flag asks for, and what stands before a negative one's digits. Here each such argument is turned into text by
 * format_integer.c, or by the C library; everything else is left to mrb_str_format(), directive by
 * directive. A format is copied first: to_s of an argument may change it.
 */
#include "format.h"

#include <mruby/array.h>
#include <mruby/hash.h>
#include <mruby/internal.h>
#include <mruby/presym.h>
#include <mruby/string.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/vm/bigint.h"

mrb_value mrb_str_format(mrb_state *mrb, mrb_int argc, const mrb_value *argv, mrb_value fmt);

/* The arguments, and the next that is taken. */
struct format_arguments {
	const mrb_value *values;
	mrb_int count, next;
};

static const char *format_number(const char *p, const char *end, mrb_int *number)
{
	for (*number = 0; p < end && *p >= '0' && *p <= '9'; p++) {
		if (*number < INT16_MAX)
			*number = *number * 10 + (*p - '0');
	}
	return p;
}

static bool format_flag(struct format_directive *directive, char flag)
{
	directive->minus |= flag == '-';
	directive->zero |= flag == '0';
	directive->sharp |= flag == '#';
	directive->plus |= flag == '+';
	directive->space |= flag == ' ';
	return flag == '-' || flag == '0' || flag == '#' || flag == '+' || flag == ' ';
}

/* A width, or a position that ends with $. */
static const char *format_width(struct format_directive *directive, const char *p, const char *end)
{
	mrb_int number;

	p = format_number(p, end, &number);
	if (p < end && *p == '$') {
		directive->position = number;
		return p + 1;
	}
	directive->width = number;
	return p;
}

static const char *format_precision(struct format_directive *directive, const char *p, const char *end)
{
	if (p < end && *p == '*') {
		directive->star_precision = true;
		return p + 1;
	}
	return format_number(p, end, &directive->precision);
}

/* "<name>" or "{name}"; p is behind the bracket. */
static const char *format_name(struct format_directive *directive, const char *p, const char *end,
			       char closing)
{
	const char *last = memchr(p, closing, (size_t)(end - p));

	directive->name = p;
	directive->name_length = (size_t)((last ? last : end) - p);
	return last ? last + 1 : end;
}

static struct format_directive format_parse(const char *text, const char *end)
{
	struct format_directive directive = { .precision = -1 };
	const char *p = text + 1;

	while (p < end) {
		if (format_flag(&directive, *p))
			p++;
		else if (*p >= '1' && *p <= '9')
			p = format_width(&directive, p, end);
		else if (*p == '.')
			p = format_precision(&directive, p + 1, end);
		else if (*p == '<')
			p = format_name(&directive, p + 1, end, '>');
		else if (*p == '*')
			directive.star_width = *p++;
		else
			break;
	}
	directive.type = p < end ? *p++ : '\0';
	if (directive.type == '{')
		p = format_name(&directive, p, end, '}');
	directive.length = (size_t)(p - text);
	return directive;
}

static bool format_takes_float(const struct format_directive *directive)
{
	return directive->type && strchr("eEfgG", directive->type) &&
	       directive->precision <= INT16_MAX;
}

/* "%+x", "% b": a sign before digits of another base than ten. */
static bool format_is_signed(const struct format_directive *directive)
{
	mrb_int base = format_base(directive->type);

	return base != 0 && base != 10 && (directive->plus || directive->space);
}

/* Whether it has a directive that mruby's sprintf has wrong. */
static bool format_has_ours(mrb_value format)
{
	const char *p = RSTRING_PTR(format), *end = RSTRING_END(format);

	while ((p = memchr(p, '%', (size_t)(end - p)))) {
		struct format_directive directive = format_parse(p, end);

		if (format_takes_float(&directive) || format_is_signed(&directive))
			return true;
		p += directive.length;
	}
	return false;
}

/* The directive as text again, without what says which arguments it takes. */
static void format_plain(const struct format_directive *directive, char *text, size_t room)
{
	int used = snprintf(text, room, "%%%s%s%s%s%s", directive->minus ? "-" : "", directive->zero ? "0" : "",
			    directive->sharp ? "#" : "", directive->plus ? "+" : "",
			    directive->space ? " " : "");

	if (directive->width > 0)
		used += snprintf(text + used, room - (size_t)used, "%d", (int)directive->width);
	if (directive->precision >= 0)
		used += snprintf(text + used, room - (size_t)used, ".%d", (int)directive->precision);
	snprintf(text + used, room - (size_t)used, "%c", directive->type);
}

enum { FORMAT_PLAIN_LENGTH = 32 };

/* Ruby's flags, width and precision mean what C's do. False: not a finite number. */
static bool format_float(mrb_state *mrb, mrb_value out, const struct format_directive *directive,
			 mrb_value number)
{
	mrb_float value = bigint_is_integer(number) ? bigint_to_float(number)
			: mrb_float_p(number)	    ? mrb_float(number) : (mrb_float)NAN;
	char format[FORMAT_PLAIN_LENGTH];
	mrb_value text;
	int length;

	if (!isfinite(value))
		return false;
	format_plain(directive, format, sizeof(format));
	length = snprintf(NULL, 0, format, value);
	text = mrb_str_new(mrb, NULL, length);
	snprintf(RSTRING_PTR(text), (size_t)length + 1, format, value);
	mrb_str_cat_str(mrb, out, text);
	return true;
}

/* A Float or a String that stands where an integer is wanted, as that integer. */
static mrb_value format_to_integer(mrb_state *mrb, mrb_value value)
{
	if (mrb_float_p(value) && isfinite(mrb_float(value)))
		return mrb_bint_new_float(mrb, floor(mrb_float(value)));
	if (mrb_string_p(value))
		return mrb_str_to_integer(mrb, value, 0, TRUE);
	return value;
}

/* An integer of 64 bits that mruby's sprintf has wrong. */
static bool format_is_small_ours(const struct format_directive *directive, mrb_value value)
{
	return mrb_integer_p(value) && format_base(directive->type) != 10 &&
	       (format_is_signed(directive) || mrb_integer(value) < 0);
}

static void format_value(mrb_state *mrb, mrb_value out, const struct format_directive *directive,
			 mrb_value value)
{
	char format[FORMAT_PLAIN_LENGTH];

	if (format_base(directive->type)) {
		value = format_to_integer(mrb, value);
		if (mrb_bigint_p(value) || format_is_small_ours(directive, value)) {
			format_integer(mrb, out, directive, value);
			return;
		}
	}
	if (directive->type == 'f' && mrb_bigint_p(value)) {
		format_fixed(mrb, out, directive, value);
		return;
	}
	if (format_takes_float(directive) && format_float(mrb, out, directive, value))
		return;
	format_plain(directive, format, sizeof(format));
	mrb_str_cat_str(mrb, out, mrb_str_format(mrb, 1, &value, mrb_str_new_cstr(mrb, format)));
}

static bool format_take(struct format_arguments *arguments, mrb_value *value)
{
	if (arguments->next >= arguments->count)
		return false;
	*value = arguments->values[arguments->next++];
	return true;
}

static bool format_take_star(struct format_arguments *arguments, mrb_int *number)
{
	mrb_value value;

	if (!format_take(arguments, &value) || !mrb_integer_p(value) || mrb_integer(value) > INT16_MAX ||
	    mrb_integer(value) < -INT16_MAX)
		return false;
	*number = mrb_integer(value);
	return true;
}

/* The argument of a directive, after those that * takes. False if there is none. */
static bool format_find(mrb_state *mrb, struct format_directive *directive,
			struct format_arguments *arguments, mrb_value *value)
{
	if (directive->star_width) {
		if (!format_take_star(arguments, &directive->width))
			return false;
		directive->minus |= directive->width < 0;
		directive->width = directive->width < 0 ? -directive->width : directive->width;
	}
	if (directive->star_precision && !format_take_star(arguments, &directive->precision))
		return false;
	if (directive->name) {
		mrb_value hash, name;

		if (arguments->count != 1 || !mrb_hash_p(arguments->values[0]))
			return false;
		hash = arguments->values[0];
		name = mrb_symbol_value(mrb_intern(mrb, directive->name, directive->name_length));
		*value = mrb_hash_fetch(mrb, hash, name, mrb_undef_value());
		return !mrb_undef_p(*value);
	}
	if (directive->position > 0) {
		if (directive->position > arguments->count)
			return false;
		*value = arguments->values[directive->position - 1];
		return true;
	}
	return format_take(arguments, value);
}

/* Directives one by one. False if one has no argument, or is none. */
static bool format_each(mrb_state *mrb, mrb_value out, mrb_value format,
			struct format_arguments *arguments)
{
	const char *p = RSTRING_PTR(format), *end = RSTRING_END(format);

	while (p < end) {
		const char *percent = memchr(p, '%', (size_t)(end - p));
		struct format_directive directive;
		mrb_value value;

		if (!percent) {
			mrb_str_cat(mrb, out, p, (size_t)(end - p));
			return true;
		}
		mrb_str_cat(mrb, out, p, (size_t)(percent - p));
		directive = format_parse(percent, end);
		p = percent + directive.length;
		if (directive.type == '%' && directive.length == 2) {
			mrb_str_cat(mrb, out, "%", 1);
			continue;
		}
		if (!directive.type || !format_find(mrb, &directive, arguments, &value))
			return false;
		if (directive.type == '{')
			mrb_str_cat_str(mrb, out, mrb_obj_as_string(mrb, value));
		else
			format_value(mrb, out, &directive, value);
	}
	return true;
}

/* Whether an argument is one of those that mruby's sprintf has wrong, or holds such. */
static bool format_is_ours(mrb_value value)
{
	return mrb_bigint_p(value) || mrb_float_p(value) || mrb_hash_p(value) ||
	       (mrb_integer_p(value) && mrb_integer(value) < 0);
}

/* What mrb_str_format makes of a format that is not understood here: it says what is wrong, if no big
 * integer keeps it from getting there. */
static mrb_value format_fallback(mrb_state *mrb, mrb_value format,
				 const struct format_arguments *arguments)
{
	mrb_value values = mrb_ary_new_from_values(mrb, arguments->count, arguments->values), text;
	bool replaced = false;

	for (mrb_int i = 0; i < arguments->count; i++) {
		if (!mrb_bigint_p(arguments->values[i]))
			continue;
		mrb_ary_set(mrb, values, i, mrb_fixnum_value(0));
		replaced = true;
	}
	text = mrb_str_format(mrb, arguments->count, RARRAY_PTR(values), format);
	if (replaced)
		mrb_raise(mrb, E_ARGUMENT_ERROR, "malformed format string");
	return text;
}

static mrb_value format_sprintf(mrb_state *mrb, mrb_value self)
{
	struct format_arguments arguments;
	const mrb_value *values;
	mrb_value format, out;
	mrb_int count;
	bool ours;

	mrb_get_args(mrb, "*", &values, &count);
	if (count == 0)
		mrb_raise(mrb, E_ARGUMENT_ERROR, "too few arguments");
	mrb_ensure_string_type(mrb, values[0]);
	format = mrb_str_dup(mrb, values[0]);
	ours = format_has_ours(format);
	for (mrb_int i = 1; i < count; i++)
		ours = ours || format_is_ours(values[i]);
	if (ours) {
		arguments = (struct format_arguments){ values + 1, count - 1, 0 };
		out = mrb_str_new(mrb, NULL, 0);
		return format_each(mrb, out, format, &arguments)
			       ? out : format_fallback(mrb, format, &arguments);
	}
	return mrb_str_format(mrb, count - 1, values + 1, format);
}

void format_init(mrb_state *mrb)
{
	mrb_define_module_function_id(mrb, mrb->kernel_module, MRB_SYM(sprintf), format_sprintf,
				   MRB_ARGS_ANY());
	mrb_define_module_function_id(mrb, mrb->kernel_module, MRB_SYM(format), format_sprintf,
				   MRB_ARGS_ANY());
}
