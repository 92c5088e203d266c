/*
 * encoding.h: what the files of this gem share among themselves.
 */
#ifndef RITEVISOR_ENCODING_ENCODING_H
#define RITEVISOR_ENCODING_ENCODING_H

#include "engine/vm/string.h"

#include <mruby/internal.h>
#include <mruby/presym.h>

/* The bytes of a String that does not change meanwhile. */
struct encoding_bytes {
	struct RString *string;
	const char *start, *end;
	bool bytes;	/* each byte is a character */
};

static inline struct encoding_bytes encoding_bytes(mrb_value string)
{
	struct RString *pointer = mrb_str_ptr(string);
	const char *start = RSTR_PTR(pointer);

	return (struct encoding_bytes){ pointer, start, start + RSTR_LEN(pointer),
					string_is_bytes(pointer) };
}

/* Bytes of the character at `at`. */
static inline mrb_int encoding_step(const struct encoding_bytes *text, const char *at)
{
	return text->bytes ? 1 : string_character_bytes(at, text->end);
}

static inline bool encoding_continues(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

static inline _Noreturn void encoding_raise_invalid(mrb_state *mrb)
{
	mrb_raise(mrb, E_ARGUMENT_ERROR, "invalid byte sequence in UTF-8");
	__builtin_unreachable();
}

/* The code point at `at`; raises if there is none. Sets its bytes. */
static inline uint32_t encoding_code(mrb_state *mrb, const struct encoding_bytes *text, const char *at,
				     mrb_int *length_bytes)
{
	int32_t code;

	*length_bytes = encoding_step(text, at);
	if (text->bytes)
		return (unsigned char)*at;
	code = string_decode(at, *length_bytes);
	if (code < 0)
		encoding_raise_invalid(mrb);
	return (uint32_t)code;
}

/* A part by bytes; of the same kind. */
static inline mrb_value encoding_part(mrb_state *mrb, mrb_value string, mrb_int from, mrb_int past)
{
	return mrb_str_byte_subseq(mrb, string, from, past - from);
}

/* A String of a code point: a byte of a binary one. */
mrb_value encoding_character(mrb_state *mrb, mrb_value code, bool binary);

void encoding_init_kinds(mrb_state *mrb);
void encoding_init_places(mrb_state *mrb);
void encoding_init_edits(mrb_state *mrb);
void encoding_init_parts(mrb_state *mrb);
void encoding_init_sets(mrb_state *mrb);
void encoding_init_replacement(mrb_state *mrb);

#endif
