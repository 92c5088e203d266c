/*
 * replacement.c: what takes the place of a match, in which \0, \&, \`, \' and \\ stand for something.
 */
#include "encoding.h"

#include <mruby/string.h>
#include <string.h>

/* Appends a part by bytes; each adds its kind. */
static void replacement_add(mrb_state *mrb, mrb_value made, mrb_value string, mrb_int from, mrb_int past)
{
	int arena = mrb_gc_arena_save(mrb);

	mrb_str_cat_str(mrb, made, encoding_part(mrb, string, from, past));
	mrb_gc_arena_restore(mrb, arena);
}

/* What the two bytes at `at` stand for, a backslash and another one; the match is at `found`. \1 to \9
 * are nothing: a String as a pattern has no groups. */
static void replacement_add_escape(mrb_state *mrb, mrb_value made, mrb_value self, mrb_value replacement,
				   mrb_int at, mrb_int found, mrb_int past)
{
	char letter = RSTRING_PTR(replacement)[at + 1];

	if (letter == '\\')
		replacement_add(mrb, made, replacement, at, at + 1);
	else if (letter == '&' || letter == '0')
		replacement_add(mrb, made, self, found, past);
	else if (letter == '`')
		replacement_add(mrb, made, self, 0, found);
	else if (letter == '\'')
		replacement_add(mrb, made, self, past, RSTRING_LEN(self));
	else if (letter < '1' || letter > '9')
		replacement_add(mrb, made, replacement, at, at + 2);
}

/* string.__sub_replace(replacement, match, found): `match` stands at byte `found` of the String. */
static mrb_value replacement_fill(mrb_state *mrb, mrb_value self)
{
	mrb_value replacement, match, made;
	mrb_int found, length, past;
	const char *backslash;

	mrb_get_args(mrb, "SSi", &replacement, &match, &found);
	length = RSTRING_LEN(replacement);
	if (found < 0 || found > RSTRING_LEN(self) || RSTRING_LEN(match) > RSTRING_LEN(self) - found)
		mrb_raise(mrb, E_INDEX_ERROR, "no match there");
	made = encoding_part(mrb, replacement, 0, 0);
	for (mrb_int at = 0; at < length; at = past + 2) {
		backslash = memchr(RSTRING_PTR(replacement) + at, '\\', (size_t)(length - at));
		past = backslash && backslash + 1 < RSTRING_PTR(replacement) + length
			       ? backslash - RSTRING_PTR(replacement) : length;
		replacement_add(mrb, made, replacement, at, past);
		if (past < length)
			replacement_add_escape(mrb, made, self, replacement, past, found,
					       found + RSTRING_LEN(match));
	}
	return made;
}

void encoding_init_replacement(mrb_state *mrb)
{
	mrb_define_method_id(mrb, mrb->string_class, MRB_SYM(__sub_replace), replacement_fill, MRB_ARGS_REQ(3));
}
