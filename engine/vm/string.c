/*
 * engine/vm/string.c: mruby's string.c, included whole and unchanged, whose characters are bytes, and
 * around it what knows of UTF-8 and of binary Strings (string.h).
 *
 * mruby's own MRB_UTF8_STRING never ends, or is wrong, on bytes that are no UTF-8. So its string.c is
 * compiled without it here, and what counts characters is ours: what mruby calls from elsewhere in
 * this file, the methods in the gem ritevisor-encoding.
 */
#include "vm/string.h"

#include <mruby/array.h>
#include <mruby/class.h>
#include <mruby/internal.h>
#include <mruby/numeric.h>
#include <mruby/presym.h>
#include <mruby/range.h>
#include <string.h>

/* A copy, a part or a repetition is as binary as the whole. */
#undef RSTR_COPY_ASCII_FLAG
#define RSTR_COPY_ASCII_FLAG(copy, string) string_copy_kind(copy, string)
#undef MRB_UTF8_STRING

static void string_copy_kind(struct RString *copy, const struct RString *string)
{
	copy->flags &= ~(uint32_t)(MRB_STR_ASCII | STRING_BINARY);
	copy->flags |= string->flags & (MRB_STR_ASCII | STRING_BINARY);
}

/* Those of string.c, of the names below. */
MRB_API mrb_value string_plus_mruby(mrb_state *mrb, mrb_value one, mrb_value other);
MRB_API mrb_value string_append_mruby(mrb_state *mrb, mrb_value string, mrb_value other);
MRB_API mrb_value string_append_typed_mruby(mrb_state *mrb, mrb_value string, mrb_value other);
MRB_API void string_concat_mruby(mrb_state *mrb, mrb_value string, mrb_value other);
MRB_API mrb_value string_part_mruby(mrb_state *mrb, mrb_value string, mrb_int first, mrb_int count);
mrb_value string_at_mruby(mrb_state *mrb, mrb_value string, mrb_value index, mrb_value length);
mrb_value string_inspect_mruby(mrb_state *mrb, mrb_value string);
void string_init_mruby(mrb_state *mrb);

#define mrb_str_plus string_plus_mruby
#define mrb_str_cat_str string_append_mruby
#define mrb_str_append string_append_typed_mruby
#define mrb_str_concat string_concat_mruby
#define mrb_str_substr string_part_mruby
#define mrb_str_aref string_at_mruby
#define mrb_str_inspect string_inspect_mruby
#define mrb_init_string string_init_mruby
#include "src/string.c"
#undef mrb_str_plus
#undef mrb_str_cat_str
#undef mrb_str_append
#undef mrb_str_concat
#undef mrb_str_substr
#undef mrb_str_aref
#undef mrb_str_inspect
#undef mrb_init_string

/* What the headers declare with MRB_UTF8_STRING only. */
extern const char mrb_utf8len_table[32];
mrb_int mrb_utf8len(const char *at, const char *end);
mrb_int mrb_utf8_strlen(const char *text, mrb_int length_bytes);

const char mrb_utf8len_table[32] = {
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4, 1
};

mrb_int mrb_utf8len(const char *at, const char *end)
{
	return string_character_bytes(at, end);
}

mrb_int mrb_utf8_strlen(const char *text, mrb_int length_bytes)
{
	const char *end = text + length_bytes;
	mrb_int count = 0;

	for (; text < end; count++)
		text += string_character_bytes(text, end);
	return count;
}

MRB_API mrb_value mrb_str_plus(mrb_state *mrb, mrb_value one, mrb_value other)
{
	bool binary = string_joins_binary(mrb_str_ptr(one), mrb_str_ptr(other));
	mrb_value made = string_plus_mruby(mrb, one, other);

	string_set_binary(mrb_str_ptr(made), binary);
	return made;
}

MRB_API mrb_value mrb_str_cat_str(mrb_state *mrb, mrb_value string, mrb_value other)
{
	bool binary = string_joins_binary(mrb_str_ptr(string), mrb_str_ptr(other));

	string_append_mruby(mrb, string, other);
	string_set_binary(mrb_str_ptr(string), binary);
	return string;
}

MRB_API mrb_value mrb_str_append(mrb_state *mrb, mrb_value string, mrb_value other)
{
	mrb_ensure_string_type(mrb, other);
	return mrb_str_cat_str(mrb, string, other);
}

MRB_API void mrb_str_concat(mrb_state *mrb, mrb_value string, mrb_value other)
{
	mrb_str_cat_str(mrb, string, mrb_obj_as_string(mrb, other));
}

/* A copy replaces a part of the String itself: its bytes move while they are taken. */
void string_replace_bytes(mrb_state *mrb, mrb_value string, mrb_int from, mrb_int length_bytes,
			  mrb_value replacement)
{
	bool binary = string_joins_binary(mrb_str_ptr(string), mrb_str_ptr(replacement));

	if (mrb_ptr(string) == mrb_ptr(replacement))
		replacement = mrb_str_new(mrb, RSTRING_PTR(replacement), RSTRING_LEN(replacement));
	str_replace_partial(mrb, string, from, from + length_bytes, replacement);
	string_set_binary(mrb_str_ptr(string), binary);
}

/* Characters to bytes, within the String. */
static bool string_cut(struct RString *string, mrb_int *from, mrb_int *length)
{
	mrb_int first = *from, size;

	if (!string_is_bytes(string)) {
		size = string_size(string);
		if (!mrb_str_beg_len(size, &first, length))
			return false;
		*from = string_byte_of(string, first);
		*length = string_byte_of(string, first + *length) - *from;
		return true;
	}
	return mrb_str_beg_len(RSTR_LEN(string), from, length);
}

/* The bytes that string[index] or string[index, length] means; false: nothing. */
static bool string_part(mrb_state *mrb, mrb_value self, mrb_value index, mrb_value length,
			mrb_int *from, mrb_int *length_bytes)
{
	if (!mrb_undef_p(length)) {
		*from = mrb_as_int(mrb, index);
		*length_bytes = mrb_as_int(mrb, length);
	} else if (mrb_string_p(index)) {
		*from = string_find(mrb, self, index, 0);
		*length_bytes = RSTRING_LEN(index);
		return *from >= 0;
	} else if (mrb_range_p(index)) {
		if (mrb_range_beg_len(mrb, index, from, length_bytes, string_size(mrb_str_ptr(self)),
				      TRUE) != MRB_RANGE_OK)
			return false;
	} else {
		*from = mrb_as_int(mrb, index);
		*length_bytes = 1;
	}
	return string_cut(mrb_str_ptr(self), from, length_bytes);
}

/* One character must be there, of several those that are. */
static bool string_is_missing(mrb_value index, mrb_value length, mrb_int length_bytes)
{
	return mrb_undef_p(length) && !mrb_string_p(index) && !mrb_range_p(index) && length_bytes == 0;
}

mrb_value mrb_str_aref(mrb_state *mrb, mrb_value self, mrb_value index, mrb_value length)
{
	mrb_int from, length_bytes;

	if (!string_part(mrb, self, index, length, &from, &length_bytes) ||
	    string_is_missing(index, length, length_bytes))
		return mrb_nil_value();
	if (mrb_string_p(index) && mrb_undef_p(length))
		return mrb_str_dup(mrb, index);
	return mrb_str_byte_subseq(mrb, self, from, length_bytes);
}

MRB_API mrb_value mrb_str_substr(mrb_state *mrb, mrb_value self, mrb_int first, mrb_int count)
{
	if (!string_cut(mrb_str_ptr(self), &first, &count))
		return mrb_nil_value();
	return mrb_str_byte_subseq(mrb, self, first, count);
}

static mrb_value string_aref(mrb_state *mrb, mrb_value self)
{
	mrb_value index, length = mrb_undef_value();

	mrb_get_args(mrb, "o|o", &index, &length);
	return mrb_str_aref(mrb, self, index, length);
}

static mrb_value string_aset(mrb_state *mrb, mrb_value self)
{
	mrb_value index, length, replacement;
	struct RString *string = mrb_str_ptr(self);
	mrb_int from, length_bytes;
	bool was_binary = string_is_binary(string);

	if (mrb_get_args(mrb, "oo|o", &index, &length, &replacement) == 2) {
		replacement = length;
		length = mrb_undef_value();
	}
	mrb_ensure_string_type(mrb, replacement);
	mrb_check_frozen(mrb, string);
	string_set_binary(string, string_joins_binary(string, mrb_str_ptr(replacement)));
	if (!string_part(mrb, self, index, length, &from, &length_bytes)) {
		string_set_binary(string, was_binary);
		if (mrb_string_p(index))
			mrb_raise(mrb, E_INDEX_ERROR, "string not matched");
		if (mrb_range_p(index))
			mrb_raisef(mrb, E_RANGE_ERROR, "%v out of range", index);
		mrb_raisef(mrb, E_INDEX_ERROR, "index %v out of string", index);
	}
	string_replace_bytes(mrb, self, from, length_bytes, replacement);
	return replacement;
}

mrb_value string_take_part(mrb_state *mrb, mrb_value self)
{
	mrb_value index, length = mrb_undef_value(), taken;
	mrb_int from, length_bytes;

	mrb_get_args(mrb, "o|o", &index, &length);
	mrb_check_frozen(mrb, mrb_str_ptr(self));
	if (!string_part(mrb, self, index, length, &from, &length_bytes) ||
	    string_is_missing(index, length, length_bytes))
		return mrb_nil_value();
	taken = mrb_str_byte_subseq(mrb, self, from, length_bytes);
	if (length_bytes > 0)
		str_replace_partial(mrb, self, from, from + length_bytes, mrb_nil_value());
	return taken;
}

/* Characters stand for themselves; what lies between them is written as mruby writes bytes. */
mrb_value mrb_str_inspect(mrb_state *mrb, mrb_value self)
{
	const char *at = RSTRING_PTR(self), *start = at, *end = RSTRING_END(self), *next;
	int arena = mrb_gc_arena_save(mrb);
	mrb_value made, piece;

	if (string_is_bytes(mrb_str_ptr(self)))
		return string_inspect_mruby(mrb, self);
	made = mrb_str_new_lit(mrb, "\"");
	for (;;) {
		next = at;
		while (next < end && string_character_bytes(next, end) == 1)
			next++;
		piece = string_inspect_mruby(mrb, mrb_str_byte_subseq(mrb, self, at - start, next - at));
		mrb_str_cat(mrb, made, RSTRING_PTR(piece) + 1, (size_t)RSTRING_LEN(piece) - 2);
		if (next == end)
			break;
		at = next + string_character_bytes(next, end);
		mrb_str_cat(mrb, made, next, (size_t)(at - next));
		mrb_gc_arena_restore(mrb, arena);
		mrb_gc_protect(mrb, made);
	}
	return mrb_str_cat_lit(mrb, made, "\"");
}

/* String.new without a String is binary. */
static mrb_value string_initialize(mrb_state *mrb, mrb_value self)
{
	if (mrb_get_argc(mrb) == 0)
		string_set_binary(mrb_str_ptr(self), true);
	else
		mrb_str_init(mrb, self);
	return self;
}

static mrb_value string_source_encoding(mrb_state *mrb, mrb_value self)
{
	return mrb_str_new_lit(mrb, "UTF-8");
}

static mrb_value string_inspect(mrb_state *mrb, mrb_value self)
{
	return mrb_str_inspect(mrb, self);
}

static mrb_value string_plus(mrb_state *mrb, mrb_value self)
{
	mrb_value other;

	mrb_get_args(mrb, "S", &other);
	return mrb_str_plus(mrb, self, other);
}

void mrb_init_string(mrb_state *mrb)
{
	struct RClass *class;

	string_init_mruby(mrb);
	class = mrb->string_class;
	mrb_define_method_id(mrb, class, MRB_OPSYM(add), string_plus, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, class, MRB_OPSYM(aref), string_aref, MRB_ARGS_ANY());
	mrb_define_method_id(mrb, class, MRB_OPSYM(aset), string_aset, MRB_ARGS_ANY());
	mrb_define_method_id(mrb, class, MRB_SYM(slice), string_aref, MRB_ARGS_ANY());
	mrb_define_method_id(mrb, class, MRB_SYM(initialize), string_initialize, MRB_ARGS_ANY());
	mrb_define_method_id(mrb, class, MRB_SYM(inspect), string_inspect, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, mrb->kernel_module, MRB_SYM(__ENCODING__), string_source_encoding,
			     MRB_ARGS_NONE());
}
