/*
 * places.c: where something stands in a String, and what it begins and ends with.
 */
#include "encoding.h"

#include <mruby/string.h>
#include <string.h>

/* Both Strings, and whether they are compared byte by byte. */
struct places_pair {
	struct RString *string, *part;
	bool bytes;
};

static struct places_pair places_pair(mrb_value string, mrb_value part)
{
	struct places_pair pair = { mrb_str_ptr(string), mrb_str_ptr(part), false };

	pair.bytes = string_compares_bytes(pair.string, pair.part);
	return pair;
}

static mrb_int places_size(const struct places_pair *pair)
{
	return pair->bytes ? RSTR_LEN(pair->string) : string_size(pair->string);
}

static mrb_int places_byte_of(const struct places_pair *pair, mrb_int character)
{
	return pair->bytes ? character : string_byte_of(pair->string, character);
}

static mrb_value places_found(mrb_state *mrb, const struct places_pair *pair, mrb_int byte)
{
	if (byte < 0)
		return mrb_nil_value();
	return mrb_int_value(mrb, pair->bytes ? byte : string_character_of(pair->string, byte));
}

static mrb_value places_get_size(mrb_state *mrb, mrb_value self)
{
	return mrb_int_value(mrb, string_size(mrb_str_ptr(self)));
}

static mrb_value places_index(mrb_state *mrb, mrb_value self)
{
	struct places_pair pair;
	mrb_int from = 0, size;
	mrb_value part;

	mrb_get_args(mrb, "S|i", &part, &from);
	pair = places_pair(self, part);
	size = places_size(&pair);
	if (from < 0)
		from += size;
	if (from < 0 || from > size)
		return mrb_nil_value();
	return places_found(mrb, &pair, string_find(mrb, self, part, places_byte_of(&pair, from)));
}

/* The last place up to byte `from`; -1 if there is none. */
static mrb_int places_find_last(const struct places_pair *pair, mrb_int from)
{
	mrb_int length = RSTR_LEN(pair->part);

	if (!pair->bytes && !string_is_valid(pair->part))
		return -1;
	if (from > RSTR_LEN(pair->string) - length)
		from = RSTR_LEN(pair->string) - length;
	for (; from >= 0; from--) {
		if (memcmp(RSTR_PTR(pair->string) + from, RSTR_PTR(pair->part), (size_t)length) == 0)
			return from;
	}
	return -1;
}

static mrb_value places_rindex(mrb_state *mrb, mrb_value self)
{
	struct places_pair pair;
	mrb_int from = 0, size;
	mrb_value part;
	bool is_given = mrb_get_args(mrb, "S|i", &part, &from) == 2;

	pair = places_pair(self, part);
	size = places_size(&pair);
	if (is_given && from < 0)
		from += size;
	if (from < 0)
		return mrb_nil_value();
	if (!is_given || from > size)
		from = size;
	return places_found(mrb, &pair, places_find_last(&pair, places_byte_of(&pair, from)));
}

static mrb_value places_include(mrb_state *mrb, mrb_value self)
{
	mrb_value part;

	mrb_get_args(mrb, "S", &part);
	return mrb_bool_value(string_find(mrb, self, part, 0) >= 0);
}

/* Whether a character of text begins at a byte, or the String ends there. */
static bool places_is_border(const struct places_pair *pair, mrb_int byte)
{
	return pair->bytes || byte == 0 || byte >= RSTR_LEN(pair->string) ||
	       !encoding_continues(RSTR_PTR(pair->string)[byte]);
}

/* Text that is no UTF-8 is cut off nowhere: it may end amid a character. */
static bool places_is_cut_off(mrb_value self, mrb_value part)
{
	struct places_pair pair = places_pair(self, part);

	return RSTR_LEN(pair.part) > 0 && (pair.bytes || string_is_valid(pair.part));
}

static bool places_begins(mrb_value self, mrb_value part)
{
	struct places_pair pair = places_pair(self, part);
	mrb_int length = RSTR_LEN(pair.part);

	return RSTR_LEN(pair.string) >= length &&
	       memcmp(RSTR_PTR(pair.string), RSTR_PTR(pair.part), (size_t)length) == 0;
}

static bool places_ends(mrb_value self, mrb_value part)
{
	struct places_pair pair = places_pair(self, part);
	mrb_int from = RSTR_LEN(pair.string) - RSTR_LEN(pair.part);

	return from >= 0 &&
	       memcmp(RSTR_PTR(pair.string) + from, RSTR_PTR(pair.part),
		      (size_t)RSTR_LEN(pair.part)) == 0 &&
	       places_is_border(&pair, from);
}

static mrb_value places_any(mrb_state *mrb, mrb_value self, bool (*holds)(mrb_value, mrb_value))
{
	const mrb_value *parts;
	mrb_int count;

	mrb_get_args(mrb, "*", &parts, &count);
	for (mrb_int i = 0; i < count; i++) {
		mrb_ensure_string_type(mrb, parts[i]);
		if (holds(self, parts[i]))
			return mrb_true_value();
	}
	return mrb_false_value();
}

static mrb_value places_start_with(mrb_state *mrb, mrb_value self)
{
	return places_any(mrb, self, places_begins);
}

static mrb_value places_end_with(mrb_state *mrb, mrb_value self)
{
	return places_any(mrb, self, places_ends);
}

static mrb_value places_delete_prefix(mrb_state *mrb, mrb_value self)
{
	mrb_value part;

	mrb_get_args(mrb, "S", &part);
	if (!places_is_cut_off(self, part) || !places_begins(self, part))
		return mrb_str_dup(mrb, self);
	return encoding_part(mrb, self, RSTRING_LEN(part), RSTRING_LEN(self));
}

static mrb_value places_delete_suffix(mrb_state *mrb, mrb_value self)
{
	mrb_value part;

	mrb_get_args(mrb, "S", &part);
	if (!places_is_cut_off(self, part) || !places_ends(self, part))
		return mrb_str_dup(mrb, self);
	return encoding_part(mrb, self, 0, RSTRING_LEN(self) - RSTRING_LEN(part));
}

/* Whether they are text and a binary String, and neither is ASCII. */
static bool places_are_strange(struct RString *one, struct RString *other)
{
	return string_is_binary(one) != string_is_binary(other) && !string_is_ascii(one) && !string_is_ascii(other);
}

static mrb_int places_fold(char byte)
{
	return (unsigned char)TOLOWER(byte);
}

/* Letters of ASCII are folded, other bytes are compared as they are; nil for text and a binary String, as
 * CRuby has it. */
static mrb_value places_casecmp(mrb_state *mrb, mrb_value self)
{
	mrb_value other = mrb_get_arg1(mrb);
	mrb_int length, difference = 0;

	if (!mrb_string_p(other) || places_are_strange(mrb_str_ptr(self), mrb_str_ptr(other)))
		return mrb_nil_value();
	length = RSTRING_LEN(self) < RSTRING_LEN(other) ? RSTRING_LEN(self) : RSTRING_LEN(other);
	for (mrb_int i = 0; i < length && difference == 0; i++)
		difference = places_fold(RSTRING_PTR(self)[i]) - places_fold(RSTRING_PTR(other)[i]);
	if (difference == 0)
		difference = RSTRING_LEN(self) - RSTRING_LEN(other);
	return mrb_fixnum_value((difference > 0) - (difference < 0));
}

static mrb_value places_casecmp_p(mrb_state *mrb, mrb_value self)
{
	mrb_value order = places_casecmp(mrb, self);

	return mrb_nil_p(order) ? order : mrb_bool_value(mrb_fixnum(order) == 0);
}

/* string.__byte_find(part, from): the byte at which part stands as characters, or nil. */
static mrb_value places_byte_find(mrb_state *mrb, mrb_value self)
{
	mrb_value part;
	mrb_int from, found;

	mrb_get_args(mrb, "Si", &part, &from);
	found = from < 0 ? -1 : string_find(mrb, self, part, from);
	return found < 0 ? mrb_nil_value() : mrb_int_value(mrb, found);
}

/* string.__char_bytes(at): bytes of the character at byte `at`; 1 at the end. */
static mrb_value places_char_bytes(mrb_state *mrb, mrb_value self)
{
	struct encoding_bytes text = encoding_bytes(self);
	mrb_int at;

	mrb_get_args(mrb, "i", &at);
	if (at < 0 || at >= text.end - text.start)
		return mrb_fixnum_value(1);
	return mrb_int_value(mrb, encoding_step(&text, text.start + at));
}

/* string.__char_index(at): how many characters begin before byte `at`. */
static mrb_value places_char_index(mrb_state *mrb, mrb_value self)
{
	mrb_int at;

	mrb_get_args(mrb, "i", &at);
	if (at > RSTRING_LEN(self))
		at = RSTRING_LEN(self);
	return mrb_int_value(mrb, at < 0 ? 0 : string_character_of(mrb_str_ptr(self), at));
}

/* string.__byte_index(index): the byte at which character `index` (from the end if negative)
 * begins; nil if there is none. */
static mrb_value places_byte_index(mrb_state *mrb, mrb_value self)
{
	mrb_int index, byte;

	mrb_get_args(mrb, "i", &index);
	if (index < 0)
		index += string_size(mrb_str_ptr(self));
	byte = index < 0 ? -1 : string_byte_of(mrb_str_ptr(self), index);
	return byte < 0 ? mrb_nil_value() : mrb_int_value(mrb, byte);
}

void encoding_init_places(mrb_state *mrb)
{
	struct RClass *string = mrb->string_class;

	mrb_define_method_id(mrb, string, MRB_SYM(size), places_get_size, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, string, MRB_SYM(length), places_get_size, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, string, MRB_SYM(index), places_index, MRB_ARGS_ARG(1, 1));
	mrb_define_method_id(mrb, string, MRB_SYM(rindex), places_rindex, MRB_ARGS_ARG(1, 1));
	mrb_define_method_id(mrb, string, MRB_SYM_Q(include), places_include, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, string, MRB_SYM_Q(start_with), places_start_with, MRB_ARGS_ANY());
	mrb_define_method_id(mrb, string, MRB_SYM_Q(end_with), places_end_with, MRB_ARGS_ANY());
	mrb_define_method_id(mrb, string, MRB_SYM(delete_prefix), places_delete_prefix, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, string, MRB_SYM(delete_suffix), places_delete_suffix, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, string, MRB_SYM(casecmp), places_casecmp, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, string, MRB_SYM_Q(casecmp), places_casecmp_p, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, string, MRB_SYM(__byte_find), places_byte_find, MRB_ARGS_REQ(2));
	mrb_define_method_id(mrb, string, MRB_SYM(__char_bytes), places_char_bytes, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, string, MRB_SYM(__char_index), places_char_index, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, string, MRB_SYM(__byte_index), places_byte_index, MRB_ARGS_REQ(1));
}
