/*
 * utf8.c: UTF-8 in patterns of bytes.
 */
#include "utf8.h"

#include <mruby/string.h>
#include <stdio.h>
#include <string.h>

static bool utf8_is_continuation(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

int utf8_length(const char *text, const char *end)
{
	unsigned char first = (unsigned char)text[0];
	int length = first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 1;

	if (end - text < length)
		return 1;
	for (int i = 1; i < length; i++) {
		if (!utf8_is_continuation(text[i]))
			return 1;
	}
	return length;
}

uint32_t utf8_decode(const char *text, int length_bytes)
{
	uint32_t code = (unsigned char)text[0] & (0x7fu >> length_bytes);

	for (int i = 1; i < length_bytes; i++)
		code = code << 6 | ((unsigned char)text[i] & 0x3fu);
	return code;
}

int utf8_encode(uint32_t code, char bytes[UTF8_BYTES_MAXIMUM])
{
	int length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	for (int i = length - 1; i > 0; i--) {
		bytes[i] = (char)(0x80 | (code & 0x3f));
		code >>= 6;
	}
	bytes[0] = (char)(length == 1 ? code : code | (0xf00u >> length & 0xff));
	return length;
}

/* Both ends have as many bytes, and differ in bytes that then go through all their values. */
static void utf8_append_box(mrb_state *mrb, mrb_value pattern, uint32_t first, uint32_t last)
{
	char low[UTF8_BYTES_MAXIMUM], high[UTF8_BYTES_MAXIMUM], text[20];
	int length = utf8_encode(first, low);

	utf8_encode(last, high);
	mrb_str_cat_lit(mrb, pattern, "|");
	for (int i = 0; i < length; i++) {
		unsigned int from = (unsigned char)low[i], to = (unsigned char)high[i];

		if (from == to)
			snprintf(text, sizeof(text), "\\x%02x", from);
		else
			snprintf(text, sizeof(text), "[\\x%02x-\\x%02x]", from, to);
		mrb_str_cat_cstr(mrb, pattern, text);
	}
}

static void utf8_append_parts(mrb_state *mrb, mrb_value pattern, uint32_t first, uint32_t middle,
			      uint32_t last)
{
	utf8_append_range(mrb, pattern, first, middle);
	utf8_append_range(mrb, pattern, middle + 1, last);
}

/* Splits where the number of bytes changes and where a byte does not go through all its values. */
void utf8_append_range(mrb_state *mrb, mrb_value pattern, uint32_t first, uint32_t last)
{
	static const uint32_t length_ends[] = { 0x7ff, 0xffff };
	char bytes[UTF8_BYTES_MAXIMUM];

	for (unsigned int i = 0; i < 2; i++) {
		if (first <= length_ends[i] && last > length_ends[i]) {
			utf8_append_parts(mrb, pattern, first, length_ends[i], last);
			return;
		}
	}
	for (int i = 1; i < utf8_encode(last, bytes); i++) {
		uint32_t mask = (1u << 6 * i) - 1;

		if ((first & ~mask) == (last & ~mask))
			continue;
		if (first & mask) {
			utf8_append_parts(mrb, pattern, first, first | mask, last);
			return;
		}
		if ((last & mask) != mask) {
			utf8_append_parts(mrb, pattern, first, (last & ~mask) - 1, last);
			return;
		}
	}
	utf8_append_box(mrb, pattern, first, last);
}
