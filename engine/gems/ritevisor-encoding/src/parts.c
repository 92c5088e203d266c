/*
 * parts.c: a String cut into characters, lines and what lies between a separator.
 */
#include "encoding.h"

#include <mruby/array.h>
#include <mruby/string.h>
#include <string.h>

static void parts_push(mrb_state *mrb, mrb_value parts, mrb_value self, mrb_int from, mrb_int past)
{
	int arena = mrb_gc_arena_save(mrb);

	mrb_ary_push(mrb, parts, encoding_part(mrb, self, from, past));
	mrb_gc_arena_restore(mrb, arena);
}

static mrb_value parts_chars(mrb_state *mrb, mrb_value self)
{
	mrb_value chars = mrb_ary_new(mrb);
	mrb_int length;

	for (mrb_int at = 0; at < RSTRING_LEN(self); at += length) {
		struct encoding_bytes text = encoding_bytes(self);

		length = encoding_step(&text, text.start + at);
		parts_push(mrb, chars, self, at, at + length);
	}
	return chars;
}

static mrb_value parts_lines(mrb_state *mrb, mrb_value self)
{
	mrb_value lines = mrb_ary_new(mrb);

	for (mrb_int at = 0, past; at < RSTRING_LEN(self); at = past) {
		const char *start = RSTRING_PTR(self);
		const char *end = memchr(start + at, '\n', (size_t)(RSTRING_LEN(self) - at));

		past = end ? end + 1 - start : RSTRING_LEN(self);
		parts_push(mrb, lines, self, at, past);
	}
	return lines;
}

static mrb_value parts_around(mrb_state *mrb, mrb_value self, mrb_value separator, mrb_int at)
{
	mrb_value three[3] = {
		encoding_part(mrb, self, 0, at), separator,
		encoding_part(mrb, self, at + RSTRING_LEN(separator), RSTRING_LEN(self)),
	};

	return mrb_ary_new_from_values(mrb, 3, three);
}

static mrb_value parts_separator(mrb_state *mrb)
{
	mrb_value separator = mrb_get_arg1(mrb);

	if (!mrb_string_p(separator))
		mrb_raisef(mrb, E_TYPE_ERROR, "type mismatch: %T given", separator);
	return separator;
}

static mrb_value parts_partition(mrb_state *mrb, mrb_value self)
{
	mrb_value separator = parts_separator(mrb);
	mrb_int at = string_find(mrb, self, separator, 0);

	if (at < 0)
		return parts_around(mrb, self, mrb_str_new(mrb, "", 0), RSTRING_LEN(self));
	return parts_around(mrb, self, separator, at);
}

/* From the first `count` fields on the rest is one; 0: no limit. */
struct parts_split {
	mrb_value self, fields;
	mrb_int limit, from;	/* from: the byte behind the last separator */
};

static bool parts_is_full(const struct parts_split *split)
{
	return split->limit > 0 && RARRAY_LEN(split->fields) >= split->limit - 1;
}

static bool parts_is_space(char byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* By runs of blanks, those at the start too; a zero byte is one where CRuby has it so. */
static void parts_split_words(mrb_state *mrb, struct parts_split *split)
{
	mrb_int length = RSTRING_LEN(split->self), at = 0;

	for (;;) {
		while (at < length && parts_is_space(RSTRING_PTR(split->self)[at]))
			at++;
		split->from = at;
		if (parts_is_full(split))
			return;
		while (at < length && !parts_is_space(RSTRING_PTR(split->self)[at]))
			at++;
		if (at == length)
			return;
		parts_push(mrb, split->fields, split->self, split->from, at);
		split->from = ++at;
	}
}

static void parts_split_characters(mrb_state *mrb, struct parts_split *split)
{
	while (split->from < RSTRING_LEN(split->self) && !parts_is_full(split)) {
		struct encoding_bytes text = encoding_bytes(split->self);
		mrb_int past = split->from + encoding_step(&text, text.start + split->from);

		parts_push(mrb, split->fields, split->self, split->from, past);
		split->from = past;
	}
}

static void parts_split_at(mrb_state *mrb, struct parts_split *split, mrb_value separator)
{
	mrb_int at;

	while (!parts_is_full(split)) {
		at = string_find(mrb, split->self, separator, split->from);
		if (at < 0)
			return;
		parts_push(mrb, split->fields, split->self, split->from, at);
		split->from = at + RSTRING_LEN(separator);
	}
}

/* Fields at the end that are empty are left out unless there is a limit, below 0 too. */
static mrb_value parts_finish(mrb_state *mrb, struct parts_split *split)
{
	if (RSTRING_LEN(split->self) > 0 &&
	    (split->limit != 0 || split->from < RSTRING_LEN(split->self)))
		parts_push(mrb, split->fields, split->self, split->from, RSTRING_LEN(split->self));
	while (split->limit == 0 && RARRAY_LEN(split->fields) > 0 &&
	       RSTRING_LEN(RARRAY_PTR(split->fields)[RARRAY_LEN(split->fields) - 1]) == 0)
		mrb_ary_pop(mrb, split->fields);
	return split->fields;
}

/* Text that is no UTF-8 stands in none. */
static bool parts_is_sought(mrb_value self, mrb_value separator)
{
	return string_is_valid(mrb_str_ptr(separator)) ||
	       string_joins_binary(mrb_str_ptr(self), mrb_str_ptr(separator));
}

static mrb_value parts_split(mrb_state *mrb, mrb_value self)
{
	struct parts_split split = { .self = self, .fields = mrb_ary_new(mrb) };
	mrb_value separator = mrb_nil_value();

	mrb_get_args(mrb, "|oi", &separator, &split.limit);
	if (!mrb_nil_p(separator) && !mrb_string_p(separator))
		mrb_raise(mrb, E_TYPE_ERROR, "expected String");
	if (split.limit == 1) {
		if (RSTRING_LEN(self) > 0)
			mrb_ary_push(mrb, split.fields, mrb_str_dup(mrb, self));
		return split.fields;
	}
	if (!string_is_valid(mrb_str_ptr(self)) ||
	    (mrb_string_p(separator) && !parts_is_sought(self, separator)))
		encoding_raise_invalid(mrb);
	if (mrb_nil_p(separator) ||
	    (RSTRING_LEN(separator) == 1 && RSTRING_PTR(separator)[0] == ' '))
		parts_split_words(mrb, &split);
	else if (RSTRING_LEN(separator) == 0)
		parts_split_characters(mrb, &split);
	else
		parts_split_at(mrb, &split, separator);
	return parts_finish(mrb, &split);
}

void encoding_init_parts(mrb_state *mrb)
{
	struct RClass *string = mrb->string_class;

	mrb_define_method_id(mrb, string, MRB_SYM(__chars), parts_chars, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, string, MRB_SYM(__lines), parts_lines, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, string, MRB_SYM(partition), parts_partition, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, string, MRB_SYM(split), parts_split, MRB_ARGS_ANY());
}
