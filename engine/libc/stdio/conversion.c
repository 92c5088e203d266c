/* conversion.c - the fields that printf's conversions put out: sign, zeros, digits, padding. */
#include "conversion.h"

#include "../format/format_float.h"

#include <math.h>
#include <string.h>

/* A field's parts in the order they are put. */
struct field {
	const char *prefix;
	size_t prefix_length;
	size_t zeros;
	const char *body;
	size_t body_length;
};

void output_put(struct output *output, const char *text, size_t length)
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

void output_integer(struct output *output, struct conversion *conversion, uint64_t value,
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

/* Beyond these places a double has only zeros, which need no buffer. */
#define OUTPUT_PLACES_MAX 1074

/* Where the exponent starts; the end of the text if there is none. */
static size_t output_exponent_at(const struct field *field, char kind)
{
	bool upper = (kind & 0x20) == 0;
	char letter = (char)((kind | 0x20) == 'a' ? 'p' : 'e');
	const char *exponent = memchr(field->body, upper ? letter & ~0x20 : letter,
				      field->body_length);

	return exponent == NULL ? field->body_length : (size_t)(exponent - field->body);
}

/* A field with extra zeros before its exponent. */
static void output_long_float(struct output *output, const struct conversion *conversion,
			      const struct field *field, size_t extra)
{
	size_t head = output_exponent_at(field, conversion->kind);
	size_t length = field->prefix_length + field->body_length + extra;
	size_t width = (size_t)conversion->width;
	size_t pad = width > length ? width - length : 0;

	if (!conversion->left && !conversion->zero)
		output_pad(output, ' ', pad);
	output_put(output, field->prefix, field->prefix_length);
	if (!conversion->left && conversion->zero)
		output_pad(output, '0', pad);
	output_put(output, field->body, head);
	output_pad(output, '0', extra);
	output_put(output, field->body + head, field->body_length - head);
	if (conversion->left)
		output_pad(output, ' ', pad);
}

/* Zeros of the 0 flag go behind the sign and the 0x, so 0x becomes part of the prefix. */
static void output_move_prefix(struct field *field, char prefix[4])
{
	memcpy(prefix, field->prefix, field->prefix_length);
	memcpy(prefix + field->prefix_length, field->body, 2);
	field->prefix = prefix;
	field->prefix_length += 2;
	field->body += 2;
	field->body_length -= 2;
}

void output_float(struct output *output, struct conversion *conversion, double value)
{
	/* the longest %f: 309 digits, the point, and the places that are not zeros */
	char text[OUTPUT_PLACES_MAX + 326];
	char prefix[4];
	struct float_sink sink = { .text = text, .size = sizeof(text) };
	struct field field = { .body = text };
	int precision = conversion->precision;
	char kind = (char)(conversion->kind | 0x20);
	size_t extra = 0;

	if (precision > OUTPUT_PLACES_MAX) {
		/* %g drops zeros at the end, unless told otherwise */
		if (isfinite(value) && (kind != 'g' || conversion->alternate))
			extra = (size_t)(precision - OUTPUT_PLACES_MAX);
		precision = OUTPUT_PLACES_MAX;
	}
	float_text_put(&sink, value, conversion->kind, precision, conversion->alternate);
	field.body_length = sink.length;
	field.prefix = conversion_sign(conversion, signbit(value) != 0);
	field.prefix_length = strlen(field.prefix);
	if (!isfinite(value))
		conversion->zero = false;
	else if (kind == 'a')
		output_move_prefix(&field, prefix);
	if (extra > 0)
		output_long_float(output, conversion, &field, extra);
	else
		output_field(output, conversion, &field);
}

void output_string(struct output *output, struct conversion *conversion, const char *string)
{
	struct field field = { .prefix = "", .body = string };

	if (string == NULL)
		field.body = "(null)";
	field.body_length = conversion->precision < 0
		? strlen(field.body) : strnlen(field.body, (size_t)conversion->precision);
	conversion->zero = false;
	output_field(output, conversion, &field);
}

void output_character(struct output *output, struct conversion *conversion, char c)
{
	struct field field = { .prefix = "", .body = &c, .body_length = 1 };

	conversion->zero = false;
	output_field(output, conversion, &field);
}
