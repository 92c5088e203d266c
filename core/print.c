/*
 * core/print.c: formatting of text into a buffer, for the log and the panic screen.
 */
#include "core/log.h"
#include "core/string.h"

struct output {
	char *buffer;
	size_t buffer_bytes;
	size_t length; /* wanted so far, may exceed the buffer */
};

struct conversion {
	bool left, zero, has_precision;
	int width, precision;
	int size; /* 0 int, 1 long or wider */
};

static void print_character(struct output *out, char c)
{
	if (out->length + 1 < out->buffer_bytes)
		out->buffer[out->length] = c;
	out->length++;
}

static void print_padded(struct output *out, const struct conversion *conversion, const char *text,
			 size_t length)
{
	size_t width = conversion->width > 0 ? (size_t)conversion->width : 0;

	for (size_t i = length; !conversion->left && i < width; i++)
		print_character(out, conversion->zero ? '0' : ' ');
	for (size_t i = 0; i < length; i++)
		print_character(out, text[i]);
	for (size_t i = length; conversion->left && i < width; i++)
		print_character(out, ' ');
}

static void print_number(struct output *out, struct conversion *conversion, uint64_t value,
			 unsigned base, bool upper, bool negative)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char text[24];
	size_t at = sizeof(text);

	do {
		text[--at] = digits[value % base];
		value /= base;
	} while (value != 0);
	if (negative && conversion->zero && !conversion->left) {
		print_character(out, '-');
		conversion->width--;
	} else if (negative) {
		text[--at] = '-';
	}
	print_padded(out, conversion, text + at, sizeof(text) - at);
}

static void print_string(struct output *out, const struct conversion *conversion, const char *text)
{
	size_t limit = conversion->has_precision ? (size_t)conversion->precision : ~(size_t)0;
	size_t length = 0;

	if (text == NULL)
		text = "(null)";
	while (length < limit && text[length] != '\0')
		length++;
	print_padded(out, conversion, text, length);
}

static const char *print_parse(const char *at, struct conversion *conversion, va_list arguments)
{
	for (;; at++) {
		if (*at == '-')
			conversion->left = true;
		else if (*at == '0')
			conversion->zero = true;
		else
			break;
	}
	if (*at == '*') {
		conversion->width = va_arg(arguments, int);
		at++;
	}
	while (*at >= '0' && *at <= '9')
		conversion->width = conversion->width * 10 + (*at++ - '0');
	if (*at == '.') {
		conversion->has_precision = true;
		at++;
		if (*at == '*') {
			conversion->precision = va_arg(arguments, int);
			at++;
		}
		while (*at >= '0' && *at <= '9')
			conversion->precision = conversion->precision * 10 + (*at++ - '0');
	}
	while (*at == 'l' || *at == 'z') {
		conversion->size = 1;
		at++;
	}
	return at;
}

int print_format_list(char *buffer, size_t buffer_bytes, const char *format, va_list original)
{
	struct output out = { .buffer = buffer, .buffer_bytes = buffer_bytes };
	va_list arguments;

	/* A copy decays to a pointer that print_parse can advance. */
	va_copy(arguments, original);
	for (; *format != '\0'; format++) {
		struct conversion conversion = { 0 };
		int64_t value;
		char c;

		if (*format != '%') {
			print_character(&out, *format);
			continue;
		}
		format = print_parse(format + 1, &conversion, arguments);
		switch (*format) {
		case 'd':
		case 'i':
			value = conversion.size != 0 ? va_arg(arguments, int64_t)
						     : va_arg(arguments, int);
			print_number(&out, &conversion,
				     value < 0 ? (uint64_t)0 - (uint64_t)value : (uint64_t)value, 10,
				     false, value < 0);
			break;
		case 'u':
		case 'x':
		case 'X':
			print_number(&out, &conversion,
				     conversion.size != 0 ? va_arg(arguments, uint64_t)
							  : va_arg(arguments, unsigned),
				     *format == 'u' ? 10 : 16, *format == 'X', false);
			break;
		case 'p':
			print_number(&out, &conversion, va_arg(arguments, uint64_t), 16, false, false);
			break;
		case 'c':
			c = (char)va_arg(arguments, int);
			print_padded(&out, &conversion, &c, 1);
			break;
		case 's':
			print_string(&out, &conversion, va_arg(arguments, const char *));
			break;
		case '\0':
			format--;
			break;
		default:
			print_character(&out, *format);
			break;
		}
	}
	va_end(arguments);
	if (buffer_bytes != 0)
		buffer[out.length < buffer_bytes ? out.length : buffer_bytes - 1] = '\0';
	return (int)out.length;
}

int print_format(char *buffer, size_t buffer_bytes, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = print_format_list(buffer, buffer_bytes, format, arguments);
	va_end(arguments);
	return length;
}
