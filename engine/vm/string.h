/*
 * engine/vm/string.h: what a character of a String is: a byte of a binary String, else one of UTF-8,
 * where a byte that is part of none is a character by itself.
 *
 * MRB_STR_ASCII, mruby's flag, says that every byte is known to be below 0x80.
 */
#ifndef ENGINE_VM_STRING_H
#define ENGINE_VM_STRING_H

#include <mruby.h>
#include <mruby/string.h>
#include <stdbool.h>
#include <stdint.h>

/* A flag of struct RString that mruby 3.3.0 does not use. */
enum { STRING_BINARY = 32 };

enum { STRING_CHARACTER_BYTES = 4 };

static inline bool string_is_binary(const struct RString *string)
{
	return string->flags & STRING_BINARY;
}

static inline void string_set_binary(struct RString *string, bool binary)
{
	if (binary)
		string->flags |= STRING_BINARY;
	else
		string->flags &= ~STRING_BINARY;
}

/* The binary String of these bytes; with NULL they are the caller's to fill in. */
static inline mrb_value string_new_binary(mrb_state *mrb, const void *bytes, mrb_int length_bytes)
{
	mrb_value made = mrb_str_new(mrb, bytes, length_bytes);

	string_set_binary(mrb_str_ptr(made), true);
	return made;
}

/* Bytes of the UTF-8 character at `at`, which is below `end`; 1 for a byte that is part of none. */
mrb_int string_character_bytes(const char *at, const char *end);

/* The code point of the UTF-8 character of that many bytes, as string_character_bytes() gave them;
 * -1 for a byte that is part of none. */
int32_t string_decode(const char *at, mrb_int length_bytes);

/* Writes a code point that is none of a surrogate; returns the number of bytes. */
mrb_int string_encode(uint32_t code, char bytes[STRING_CHARACTER_BYTES]);

/* Whether all bytes are below 0x80. Looked for once, as long as the String does not change. */
bool string_is_ascii(struct RString *string);

/* Whether each byte is a character. */
bool string_is_bytes(struct RString *string);

/* Whether there is no byte that is part of no character. */
bool string_is_valid(struct RString *string);

/* Whether what is made of both is binary. So it is, too, of a binary String and one of text when
 * neither is ASCII: CRuby raises Encoding::CompatibilityError then. */
bool string_joins_binary(struct RString *one, struct RString *other);

/* Whether they are compared byte by byte: each byte is a character, or what is made of both is
 * binary. */
bool string_compares_bytes(struct RString *one, struct RString *other);

/* Characters. */
mrb_int string_size(struct RString *string);

/* The byte at which a character begins (the length at the end), -1 beyond the end. */
mrb_int string_byte_of(struct RString *string, mrb_int character);

/* How many characters begin before a byte. */
mrb_int string_character_of(struct RString *string, mrb_int byte);

/* The first place, from byte `from` on, where `part` stands as characters; -1 if there is none. */
mrb_int string_find(mrb_state *mrb, mrb_value string, mrb_value part, mrb_int from);

/* Puts `replacement` in the place of those bytes. */
void string_replace_bytes(mrb_state *mrb, mrb_value string, mrb_int from, mrb_int length_bytes,
			  mrb_value replacement);

/* String#slice!, a method. */
mrb_value string_take_part(mrb_state *mrb, mrb_value self);

#endif
