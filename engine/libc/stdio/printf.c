/*
 * printf.c - the printf family: every conversion of C11 7.21.6.1 but the wide-character ones.
 *
 * long double is double on this target, so the L modifier changes nothing.
 */
#include "../format/format_float.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Where text goes: to file, or to at most size - 1 characters of text. */
struct output {
	FILE *file;
	char *text;
	size_t size;
	size_t length;
};

enum length_modifier {
	LENGTH_NONE, LENGTH_CHAR, LENGTH_SHORT, LENGTH_LONG, LENGTH_LONG_LONG,
};

struct conversion {
	bool left;
	bool plus;
	bool space;
	bool alternate;
	bool zero;
	int width;
	int precision;		/* -1: not given */
	enum length_modifier modifier;
	char kind;
};

/* A field's parts in the order they are put. */
struct field {
	const char *prefix;
	size_t prefix_length;
	size_t zeros;
	const char *body;
	size_t body_length;
};

static void output_put(struct output *output, const char *text, size_t length)
{
	if (output->file != NULL) {
		fwrite(text, 1, length, output->file);
	} else if (output->length < output->size) {
		size_t room = output->size - output->length;

		memcpy(output->text + output->length, text, length < room ? length : room);
	}
	output->length += length;
}

static void output_pad(struct output *output, char c, size_t count)
{
	char block[32];

	memset(block, c, sizeof(block));
	for (; count > sizeof(block); count -= sizeof(block))
		output_put(output, block, sizeof(block));
	output_put(output, block, count);
}

static void output_field(struct output *output, const struct conversion *conversion,
			 struct field *field)
{
	size_t length = field->prefix_length + field->zeros + field->body_length;
	size_t width = (size_t)conversion->width;
	size_t pad = width > length ? width - length : 0;

	if (conversion->zero && !conversion->left) {
		field->zeros += pad;
		pad = 0;
	}
	if (!conversion->left)
		output_pad(output, ' ', pad);
	output_put(output, field->prefix, field->prefix_length);
	output_pad(output, '0', field->zeros);
	output_put(output, field->body, field->body_length);
	if (conversion->left)
		output_pad(output, ' ', pad);
}

static const char *conversion_sign(const struct conversion *conversion, bool negative)
{
	if (negative)
		return "-";
	if (conversion->plus)
		return "+";
	return conversion->space ? " " : "";
}

/* The digits of value end at end; returns where they start. Zero has no digits. */
static char *integer_digits(char *end, uint64_t value, unsigned int base, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";

	for (; value != 0; value /= base)
		*--end = digits[value % base];
	return end;
}

static void output_integer(struct output *output, struct conversion *conversion, uint64_t value,
			   bool negative)
{
	char digits[24];
	char *end = digits + sizeof(digits);
	unsigned int base = 10;
	struct field field = { .prefix = "" };
	size_t least = conversion->precision < 0 ? 1 : (size_t)conversion->precision;

	if (conversion->kind == 'd')
		field.prefix = conversion_sign(conversion, negative);
	if (conversion->kind == 'o')
		base = 8;
	if ((conversion->kind | 0x20) == 'x') {
		base = 16;
		if (conversion->alternate && value != 0)
			field.prefix = conversion->kind == 'x' ? "0x" : "0X";
	}
	field.body = integer_digits(end, value, base, conversion->kind == 'X');
	field.body_length = (size_t)(end - field.body);
	if (base == 8 && conversion->alternate && least <= field.body_length)
		least = field.body_length + 1;
	if (least > field.body_length)
		field.zeros = least - field.body_length;
	field.prefix_length = strlen(field.prefix);
	/* A precision cancels the 0 flag. */
	if (conversion->precision >= 0)
		conversion->zero = false;
	output_field(output, conversion, &field);
}

static void output_float(struct output *output, struct conversion *conversion, double value)
{
	/* the longest %f: 309 digits, the point, and 1074 places that are not zeros */
	char text[1400];
	struct float_sink sink = { .text = text, .size = sizeof(text) };
	struct field field = { .body = text };
	const char *prefix = conversion_sign(conversion, signbit(value) != 0);
	int precision = conversion->precision;
	int extra = 0;
	char hexadecimal_prefix[4];

	/* Further places are zeros: they need no buffer. But for %g, which cuts them off. */
	if (precision > 1074) {
		extra = precision - 1074;
		precision = 1074;
	}
	float_text_put(&sink, value, conversion->kind, precision, conversion->alternate);
	field.body_length = sink.length;
	field.prefix = prefix;
	field.prefix_length = strlen(prefix);
	if (!isfinite(value)) {
		conversion->zero = false;
		extra = 0;
	} else if ((conversion->kind | 0x20) == 'a') {
		/* Zeros of the 0 flag go behind the 0x. */
		memcpy(hexadecimal_prefix, prefix, field.prefix_length);
		memcpy(hexadecimal_prefix + field.prefix_length, text, 2);
		field.prefix = hexadecimal_prefix;
		field.prefix_length += 2;
		field.body += 2;
		field.body_length -= 2;
	}
	if ((conversion->kind | 0x20) == 'g' && !conversion->alternate)
		extra = 0;
	if (extra > 0) {
		/* The zeros stand before an exponent, so the field is put in two parts. */
		const char *letter = memchr(field.body, (conversion->kind | 0x20) == 'a'
					    ? 'p' - 'a' + conversion->kind : 'e' - 'f'
					    + conversion->kind, field.body_length);
		size_t head = letter == NULL ? field.body_length : (size_t)(letter - field.body);
		size_t tail = field.body_length - head;
		size_t total = field.prefix_length + field.body_length + (size_t)extra;
		size_t pad = (size_t)conversion->width > total
			? (size_t)conversion->width - total : 0;

		if (!conversion->left && !conversion->zero)
			output_pad(output, ' ', pad);
		output_put(output, field.prefix, field.prefix_length);
		if (!conversion->left && conversion->zero)
			output_pad(output, '0', pad);
		output_put(output, field.body, head);
		output_pad(output, '0', (size_t)extra);
		output_put(output, field.body + head, tail);
		if (conversion->left)
			output_pad(output, ' ', pad);
		return;
	}
	output_field(output, conversion, &field);
}

static void output_string(struct output *output, struct conversion *conversion,
			  const char *string)
{
	struct field field = { .prefix = "", .body = string };

	if (string == NULL)
		field.body = "(null)";
	field.body_length = conversion->precision < 0
		? strlen(field.body) : strnlen(field.body, (size_t)conversion->precision);
	conversion->zero = false;
	output_field(output, conversion, &field);
}

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
	char c;

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
		c = (char)va_arg(*list, int);
		conversion->zero = false;
		output_field(output, conversion,
			     &(struct field){ .prefix = "", .body = &c, .body_length = 1 });
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
