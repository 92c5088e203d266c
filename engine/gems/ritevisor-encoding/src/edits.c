/*
 * edits.c: a String turned round, shortened or padded, by characters.
 */
#include "encoding.h"

#include <mruby/string.h>
#include <string.h>

/* Takes over the bytes and the kind of `made`; nil if they are the same. */
static mrb_value edits_take(mrb_state *mrb, mrb_value self, mrb_value made)
{
	mrb_check_frozen(mrb, mrb_str_ptr(self));
	if (mrb_str_equal(mrb, self, made))
		return mrb_nil_value();
	mrb_funcall_argv(mrb, self, MRB_SYM(replace), 1, &made);
	return self;
}

static mrb_value edits_reverse(mrb_state *mrb, mrb_value self)
{
	mrb_value made = mrb_str_dup(mrb, self);
	struct encoding_bytes text;
	char *to;
	mrb_int length;

	mrb_str_modify_keep_ascii(mrb, mrb_str_ptr(made));
	text = encoding_bytes(self);
	to = RSTRING_PTR(made) + RSTRING_LEN(made);
	for (const char *at = text.start; at < text.end; at += length) {
		length = encoding_step(&text, at);
		to -= length;
		memcpy(to, at, (size_t)length);
	}
	return made;
}

static mrb_value edits_reverse_bang(mrb_state *mrb, mrb_value self)
{
	edits_take(mrb, self, edits_reverse(mrb, self));
	return self;
}

/* Where the last character before `end` begins: no continuation byte begins one. */
static const char *edits_before(const struct encoding_bytes *text, const char *end)
{
	end--;
	while (!text->bytes && end > text->start && encoding_continues(*end))
		end--;
	return end;
}

static mrb_value edits_chop(mrb_state *mrb, mrb_value self)
{
	struct encoding_bytes text = encoding_bytes(self);
	const char *end = text.end;

	if (end > text.start)
		end = edits_before(&text, end);
	if (end > text.start && end < text.end && *end == '\n' && end[-1] == '\r')
		end--;
	return encoding_part(mrb, self, 0, end - text.start);
}

static mrb_value edits_chop_bang(mrb_state *mrb, mrb_value self)
{
	return edits_take(mrb, self, edits_chop(mrb, self));
}

static bool edits_is_blank(uint32_t code)
{
	return code == 0 || code == ' ' || (code >= '\t' && code <= '\r');
}

static const char *edits_skip_left(mrb_state *mrb, const struct encoding_bytes *text)
{
	const char *at = text->start;
	mrb_int length;

	while (at < text->end && edits_is_blank(encoding_code(mrb, text, at, &length)))
		at += length;
	return at;
}

static const char *edits_skip_right(mrb_state *mrb, const struct encoding_bytes *text,
				    const char *start)
{
	const char *end = text->end;

	if (!string_is_valid(text->string))
		encoding_raise_invalid(mrb);
	while (end > start && edits_is_blank((unsigned char)end[-1]))
		end--;
	return end;
}

static mrb_value edits_strip_sides(mrb_state *mrb, mrb_value self, bool left, bool right)
{
	struct encoding_bytes text = encoding_bytes(self);
	const char *start = left ? edits_skip_left(mrb, &text) : text.start;
	const char *end = right ? edits_skip_right(mrb, &text, start) : text.end;

	return encoding_part(mrb, self, start - text.start, end - text.start);
}

#define EDITS_STRIP(name, left, right) \
	static mrb_value edits_##name(mrb_state *mrb, mrb_value self) \
	{ \
		return edits_strip_sides(mrb, self, left, right); \
	} \
	static mrb_value edits_##name##_bang(mrb_state *mrb, mrb_value self) \
	{ \
		return edits_take(mrb, self, edits_##name(mrb, self)); \
	}

EDITS_STRIP(strip, true, true)
EDITS_STRIP(lstrip, true, false)
EDITS_STRIP(rstrip, false, true)

/* The first `count` characters of `pad` repeated without end. */
static mrb_value edits_padding(mrb_state *mrb, mrb_value pad, mrb_int count)
{
	struct encoding_bytes text = encoding_bytes(pad);
	mrb_value made = mrb_str_new_capa(mrb, 0);
	mrb_int size = string_size(text.string);

	string_set_binary(mrb_str_ptr(made), string_is_binary(text.string));
	for (; count >= size; count -= size)
		mrb_str_cat(mrb, made, text.start, (size_t)(text.end - text.start));
	return mrb_str_cat(mrb, made, text.start, (size_t)string_byte_of(text.string, count));
}

/* Both as bytes, if that is how they come together. */
static void edits_match(mrb_state *mrb, mrb_value *one, mrb_value *other)
{
	if (!string_joins_binary(mrb_str_ptr(*one), mrb_str_ptr(*other)))
		return;
	*one = mrb_str_dup(mrb, *one);
	*other = mrb_str_dup(mrb, *other);
	string_set_binary(mrb_str_ptr(*one), true);
	string_set_binary(mrb_str_ptr(*other), true);
}

/* `part` of `parts` of what is missing comes before the text. */
static mrb_value edits_justify(mrb_state *mrb, mrb_value self, mrb_int part, mrb_int parts)
{
	mrb_value pad = mrb_str_new_lit(mrb, " "), made;
	mrb_int width, missing, before;

	mrb_get_args(mrb, "i|S", &width, &pad);
	if (RSTRING_LEN(pad) == 0)
		mrb_raise(mrb, E_ARGUMENT_ERROR, "zero width padding");
	edits_match(mrb, &self, &pad);
	missing = width - string_size(mrb_str_ptr(self));
	if (width < 0 || missing <= 0)
		return mrb_str_dup(mrb, self);
	before = part * missing / parts;
	if (missing > MRB_STR_LENGTH_MAX)
		mrb_raise(mrb, E_ARGUMENT_ERROR, "argument too big");
	made = mrb_str_plus(mrb, edits_padding(mrb, pad, before), self);
	return mrb_str_append(mrb, made, edits_padding(mrb, pad, missing - before));
}

static mrb_value edits_ljust(mrb_state *mrb, mrb_value self)
{
	return edits_justify(mrb, self, 0, 1);
}

static mrb_value edits_rjust(mrb_state *mrb, mrb_value self)
{
	return edits_justify(mrb, self, 1, 1);
}

static mrb_value edits_center(mrb_state *mrb, mrb_value self)
{
	return edits_justify(mrb, self, 1, 2);
}

/* From the end, -1 is behind the last character. */
static mrb_value edits_insert(mrb_state *mrb, mrb_value self)
{
	struct RString *string = mrb_str_ptr(self);
	bool was_binary = string_is_binary(string);
	mrb_int index, byte, size;
	mrb_value part;

	mrb_get_args(mrb, "iS", &index, &part);
	mrb_check_frozen(mrb, string);
	string_set_binary(string, string_joins_binary(string, mrb_str_ptr(part)));
	size = string_size(string);
	if (index < 0)
		index += size + 1;
	byte = index < 0 ? -1 : string_byte_of(string, index);
	if (byte < 0) {
		string_set_binary(string, was_binary);
		mrb_raisef(mrb, E_INDEX_ERROR, "index %i out of string", index);
	}
	string_replace_bytes(mrb, self, byte, 0, part);
	return self;
}

void encoding_init_edits(mrb_state *mrb)
{
	struct RClass *string = mrb->string_class;

	mrb_define_method_id(mrb, string, MRB_SYM(reverse), edits_reverse, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, string, MRB_SYM_B(reverse), edits_reverse_bang, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, string, MRB_SYM(chop), edits_chop, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, string, MRB_SYM_B(chop), edits_chop_bang, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, string, MRB_SYM(strip), edits_strip, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, string, MRB_SYM_B(strip), edits_strip_bang, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, string, MRB_SYM(lstrip), edits_lstrip, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, string, MRB_SYM_B(lstrip), edits_lstrip_bang, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, string, MRB_SYM(rstrip), edits_rstrip, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, string, MRB_SYM_B(rstrip), edits_rstrip_bang, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, string, MRB_SYM(ljust), edits_ljust, MRB_ARGS_ARG(1, 1));
	mrb_define_method_id(mrb, string, MRB_SYM(rjust), edits_rjust, MRB_ARGS_ARG(1, 1));
	mrb_define_method_id(mrb, string, MRB_SYM(center), edits_center, MRB_ARGS_ARG(1, 1));
	mrb_define_method_id(mrb, string, MRB_SYM_B(slice), string_take_part, MRB_ARGS_ANY());
	mrb_define_method_id(mrb, string, MRB_SYM(insert), edits_insert, MRB_ARGS_REQ(2));
}
