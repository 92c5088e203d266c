/*
 * engine/vm/character.c: the characters of a String, as vm/string.h has them: UTF-8 as RFC 3629 has
 * it, without longer forms than needed and without surrogates.
 */
#include "vm/string.h"

#include <mruby/internal.h>
#include <string.h>

static bool character_continues(char byte, unsigned int lowest, unsigned int highest)
{
	return (unsigned char)byte >= lowest && (unsigned char)byte <= highest;
}

/* The second byte decides what is too long, a surrogate or beyond U+10FFFF (RFC 3629, section 4). */
static bool character_second_fits(unsigned char first, char second)
{
	switch (first) {
	case 0xe0:
		return character_continues(second, 0xa0, 0xbf);
	case 0xed:
		return character_continues(second, 0x80, 0x9f);
	case 0xf0:
		return character_continues(second, 0x90, 0xbf);
	case 0xf4:
		return character_continues(second, 0x80, 0x8f);
	default:
		return character_continues(second, 0x80, 0xbf);
	}
}

mrb_int string_character_bytes(const char *at, const char *end)
{
	unsigned char first = (unsigned char)*at;
	int length = first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 1;

	if (length == 1 || end - at < length || !character_second_fits(first, at[1]))
		return 1;
	for (int i = 2; i < length; i++) {
		if (!character_continues(at[i], 0x80, 0xbf))
			return 1;
	}
	return length;
}

int32_t string_decode(const char *at, mrb_int length_bytes)
{
	uint32_t code = (unsigned char)*at;

	if (length_bytes == 1)
		return code < 0x80 ? (int32_t)code : -1;
	code &= 0x7fu >> length_bytes;
	for (mrb_int i = 1; i < length_bytes; i++)
		code = code << 6 | ((unsigned char)at[i] & 0x3fu);
	return (int32_t)code;
}

mrb_int string_encode(uint32_t code, char bytes[STRING_CHARACTER_BYTES])
{
	int length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	for (int i = length - 1; i > 0; i--) {
		bytes[i] = (char)(0x80 | (code & 0x3f));
		code >>= 6;
	}
	bytes[0] = (char)(length == 1 ? code : code | (0xf00u >> length & 0xff));
	return length;
}

/* Eight bytes at a time. */
static bool character_all_ascii(const char *at, mrb_int length)
{
	uint64_t word;

	for (; length >= 8; at += 8, length -= 8) {
		memcpy(&word, at, sizeof(word));
		if (word & 0x8080808080808080)
			return false;
	}
	for (; length > 0; at++, length--) {
		if ((unsigned char)*at >= 0x80)
			return false;
	}
	return true;
}

bool string_is_ascii(struct RString *string)
{
	if (RSTR_ASCII_P(string))
		return true;
	if (!character_all_ascii(RSTR_PTR(string), RSTR_LEN(string)))
		return false;
	RSTR_SET_ASCII_FLAG(string);
	return true;
}

bool string_is_bytes(struct RString *string)
{
	return string_is_binary(string) || string_is_ascii(string);
}

bool string_is_valid(struct RString *string)
{
	const char *at = RSTR_PTR(string), *end = at + RSTR_LEN(string);
	mrb_int length;

	if (string_is_bytes(string))
		return true;
	for (; at < end; at += length) {
		length = string_character_bytes(at, end);
		if (string_decode(at, length) < 0)
			return false;
	}
	return true;
}

bool string_joins_binary(struct RString *one, struct RString *other)
{
	if (string_is_binary(one) == string_is_binary(other) || string_is_ascii(other))
		return string_is_binary(one);
	return !string_is_ascii(one) || string_is_binary(other);
}

bool string_compares_bytes(struct RString *one, struct RString *other)
{
	return string_is_bytes(one) || string_joins_binary(one, other);
}

mrb_int string_size(struct RString *string)
{
	return string_is_bytes(string) ? RSTR_LEN(string)
				       : mrb_utf8_strlen(RSTR_PTR(string), RSTR_LEN(string));
}

mrb_int string_byte_of(struct RString *string, mrb_int character)
{
	const char *start = RSTR_PTR(string), *at = start, *end = start + RSTR_LEN(string);

	if (string_is_bytes(string))
		return character <= RSTR_LEN(string) ? character : -1;
	for (; character > 0 && at < end; character--)
		at += string_character_bytes(at, end);
	return character > 0 ? -1 : at - start;
}

mrb_int string_character_of(struct RString *string, mrb_int byte)
{
	const char *at = RSTR_PTR(string), *end = at + RSTR_LEN(string), *until = at + byte;
	mrb_int count = 0;

	if (string_is_bytes(string))
		return byte;
	for (; at < until; count++)
		at += string_character_bytes(at, end);
	return count;
}

/* Characters begin with a byte that is never inside of one: where such a part's bytes stand, its
 * characters do. A part that is no UTF-8 stands nowhere in text. */
mrb_int string_find(mrb_state *mrb, mrb_value self, mrb_value part, mrb_int from)
{
	struct RString *string = mrb_str_ptr(self), *wanted = mrb_str_ptr(part);

	if (!string_compares_bytes(string, wanted) && !string_is_valid(wanted))
		return -1;
	return mrb_str_index(mrb, self, RSTR_PTR(wanted), RSTR_LEN(wanted), from);
}
