/*
 * printf.c - the printf family: every conversion of C11 7.21.6.1 but the wide-character ones.
 *
 * long double is double on this target, so the L modifier changes nothing.
 */
#include "conversion.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static const char *parse_flags(struct conversion *conversion, const char *p)
{
	for (;; p++) {
		switch (*p) {
		case '-': conversion->left = true; break;
		case '+': conversion->plus = true; break;
		case ' ': conversion->space = true; break;
		case '#': conversion->alternate = true; break;
		case '0': conversion->zero = true; break;
		default: return p;
		}
	}
}

/* A decimal number; what exceeds INT_MAX stays INT_MAX. */
static const char *parse_number(int *number, const char *p)
{
	long value = 0;

	for (; *p >= '0' && *p <= '9'; p++) {
		if (value <= INT_MAX)
			value = value * 10 + (*p - '0');
	}
	*number = value > INT_MAX ? INT_MAX : (int)value;
	return p;
}

static const char *parse_modifier(struct conversion *conversion, const char *p)
{
	switch (*p) {
	case 'h':
		conversion->modifier = p[1] == 'h' ? LENGTH_CHAR : LENGTH_SHORT;
		return p + (p[1] == 'h' ? 2 : 1);
	case 'l':
		conversion->modifier = p[1] == 'l' ? LENGTH_LONG_LONG : LENGTH_LONG;
		return p + (p[1] == 'l' ? 2 : 1);
	case 'j':
	case 'z':
	case 't':
		conversion->modifier = LENGTH_LONG;
		return p + 1;
	case 'L':
		return p + 1;
	default:
		return p;
	}
}

static const char *parse_conversion(struct conversion *conversion, const char *p, va_list *list)
{
	*conversion = (struct conversion){ .precision = -1 };
	p = parse_flags(conversion, p);
	if (*p == '*') {
		conversion->width = va_arg(*list, int);
		if (conversion->width < 0) {
			conversion->left = true;
			conversion->width = conversion->width == INT_MIN ? INT_MAX
				: -conversion->width;
		}
		p++;
	} else {
		p = parse_number(&conversion->width, p);
	}
	if (*p == '.') {
		p++;
		if (*p == '*') {
			conversion->precision = va_arg(*list, int);
			if (conversion->precision < 0)
				conversion->precision = -1;
			p++;
		} else {
			p = parse_number(&conversion->precision, p);
		}
	}
	p = parse_modifier(conversion, p);
	conversion->kind = *p == 'i' ? 'd' : *p;
	return *p == '\0' ? p : p + 1;
}

static int64_t argument_signed(enum length_modifier modifier, va_list *list)
{
	switch (modifier) {
	case LENGTH_CHAR: return (signed char)va_arg(*list, int);
	case LENGTH_SHORT: return (short)va_arg(*list, int);
	case LENGTH_LONG: return va_arg(*list, long);
	case LENGTH_LONG_LONG: return va_arg(*list, long long);
	default: return va_arg(*list, int);
	}
}

static uint64_t argument_unsigned(enum length_modifier modifier, va_list *list)
{
	switch (modifier) {
	case LENGTH_CHAR: return (unsigned char)va_arg(*list, unsigned int);
	case LENGTH_SHORT: return (unsigned short)va_arg(*list, unsigned int);
	case LENGTH_LONG: return va_arg(*list, unsigned long);
	case LENGTH_LONG_LONG: return va_arg(*list, unsigned long long);
	default: return va_arg(*list, unsigned int);
	}
}

/* %n: the count so far goes to the integer of the modifier's type. */
static void argument_store_count(enum length_modifier modifier, va_list *list, size_t count)
{
	void *place = va_arg(*list, void *);

	switch (modifier) {
	case LENGTH_CHAR: *(signed char *)place = (signed char)count; break;
	case LENGTH_SHORT: *(short *)place = (short)count; break;
	case LENGTH_LONG: *(long *)place = (long)count; break;
	case LENGTH_LONG_LONG: *(long long *)place = (long long)count; break;
	default: *(int *)place = (int)count; break;
	}
}

/* False for a conversion that does not exist. */
static bool output_conversion(struct output *output, struct conversion *conversion,
			      va_list *list)
{
	int64_t value;

	switch (conversion->kind) {
	case 'd':
		value = argument_signed(conversion->modifier, list);
		output_integer(output, conversion,
			       value < 0 ? -(uint64_t)value : (uint64_t)value, value < 0);
		return true;
	case 'u':
	case 'o':
	case 'x':
	case 'X':
		output_integer(output, conversion,
			       argument_unsigned(conversion->modifier, list), false);
		return true;
	case 'p':
		conversion->kind = 'x';
		conversion->alternate = true;
		output_integer(output, conversion, (uintptr_t)va_arg(*list, void *), false);
		return true;
	case 'a': case 'A': case 'e': case 'E': case 'f': case 'F': case 'g': case 'G':
		output_float(output, conversion, va_arg(*list, double));
		return true;
	case 'c':
		output_character(output, conversion, (char)va_arg(*list, int));
		return true;
	case 's':
		output_string(output, conversion, va_arg(*list, const char *));
		return true;
	case 'n':
		argument_store_count(conversion->modifier, list, output->length);
		return true;
	case '%':
		output_put(output, "%", 1);
		return true;
	default:
		return false;
	}
}

static int output_format(struct output *output, const char *format, va_list list)
{
	struct conversion conversion;
	va_list arguments;
	bool valid = true;

	/* A copy, because a va_list parameter is a pointer and its address not a va_list *. */
	va_copy(arguments, list);
	while (*format != '\0' && valid) {
		size_t literal = strcspn(format, "%");

		output_put(output, format, literal);
		format += literal;
		if (*format == '%') {
			format = parse_conversion(&conversion, format + 1, &arguments);
			valid = output_conversion(output, &conversion, &arguments);
		}
	}
	va_end(arguments);
	if (!valid) {
		errno = EINVAL;
		return -1;
	}
	if (output->length > INT_MAX) {
		errno = EOVERFLOW;
		return -1;
	}
	return (int)output->length;
}

int vfprintf(FILE *file, const char *format, va_list list)
{
	struct output output = { .file = file };

	return output_format(&output, format, list);
}

int vsnprintf(char *text, size_t size, const char *format, va_list list)
{
	struct output output = { .text = text, .size = size == 0 ? 0 : size - 1 };
	int length = output_format(&output, format, list);

	if (size > 0)
		text[output.length < size ? output.length : size - 1] = '\0';
	return length;
}

int vsprintf(char *text, const char *format, va_list list)
{
	return vsnprintf(text, (size_t)INT_MAX + 1, format, list);
}

int vprintf(const char *format, va_list list)
{
	return vfprintf(stdout, format, list);
}

int printf(const char *format, ...)
{
	va_list list;
	int length;

	va_start(list, format);
	length = vfprintf(stdout, format, list);
	va_end(list);
	return length;
}

int fprintf(FILE *file, const char *format, ...)
{
	va_list list;
	int length;

	va_start(list, format);
	length = vfprintf(file, format, list);
	va_end(list);
	return length;
}

int snprintf(char *text, size_t size, const char *format, ...)
{
	va_list list;
	int length;

	va_start(list, format);
	length = vsnprintf(text, size, format, list);
	va_end(list);
	return length;
}

int sprintf(char *text, const char *format, ...)
{
	va_list list;
	int length;

	va_start(list, format);
	length = vsprintf(text, format, list);
	va_end(list);
	return length;
}
