/*
 * sets.c: tr, delete, squeeze and count: sets of characters written as "a-z", "^0-9", "\\-".
 *
 * A set is an array of ranges in a String of mruby, so that an exception frees it. Most characters
 * are below 256: whether they are in is in a table.
 */
#include "encoding.h"

#include <mruby/string.h>
#include <string.h>

enum { SETS_SMALL = 256 };

struct sets_range {
	uint32_t first, last;
};

struct sets {
	mrb_value ranges;	/* of struct sets_range */
	mrb_int size;		/* characters in them */
	bool is_inverted;
	bool small[SETS_SMALL];
};

static const struct sets_range *sets_ranges(const struct sets *set, mrb_int *count)
{
	*count = RSTRING_LEN(set->ranges) / (mrb_int)sizeof(struct sets_range);
	return (const struct sets_range *)RSTRING_PTR(set->ranges);
}

static void sets_add(mrb_state *mrb, struct sets *set, uint32_t first, uint32_t last)
{
	struct sets_range range = { first, last };

	mrb_str_cat(mrb, set->ranges, (const char *)&range, sizeof(range));
	set->size += (mrb_int)(last - first) + 1;
	for (uint32_t code = first; code <= last && code < SETS_SMALL; code++)
		set->small[code] = true;
}

/* Surrogates are no characters. */
static void sets_add_range(mrb_state *mrb, struct sets *set, bool bytes, uint32_t first,
			   uint32_t last)
{
	if (first > last)
		mrb_raise(mrb, E_ARGUMENT_ERROR, "invalid range in string transliteration");
	if (!bytes && first < 0xd800 && last > 0xdfff) {
		sets_add(mrb, set, first, 0xd7ff);
		first = 0xe000;
	}
	sets_add(mrb, set, first, last);
}

/* The next character, without the backslash before it unless that is the last one. */
static uint32_t sets_next(mrb_state *mrb, const struct encoding_bytes *text, const char **at)
{
	mrb_int length;
	uint32_t code;

	if (**at == '\\' && *at + 1 < text->end)
		++*at;
	code = encoding_code(mrb, text, *at, &length);
	*at += length;
	return code;
}

/* Reads ranges until they hold `most` characters: what is behind may be wrong, as in CRuby. */
static void sets_parse_ranges(mrb_state *mrb, struct sets *set, const struct encoding_bytes *text,
			      const char *at, mrb_int most)
{
	uint32_t first, last;
	mrb_int length;

	while (at < text->end && set->size < most) {
		first = last = sets_next(mrb, text, &at);
		if (at + 1 < text->end && *at == '-') {
			last = encoding_code(mrb, text, ++at, &length);
			at += length;
		}
		sets_add_range(mrb, set, text->bytes, first, last);
	}
}

static void sets_parse(mrb_state *mrb, struct sets *set, mrb_value pattern)
{
	struct encoding_bytes text = encoding_bytes(pattern);

	*set = (struct sets){ .ranges = mrb_str_new_capa(mrb, 0) };
	set->is_inverted = text.end - text.start > 1 && *text.start == '^';
	sets_parse_ranges(mrb, set, &text, text.start + set->is_inverted, MRB_INT_MAX);
}

/* What the characters of `from` become. */
static void sets_parse_replacement(mrb_state *mrb, struct sets *set, mrb_value pattern,
				   const struct sets *from)
{
	struct encoding_bytes text = encoding_bytes(pattern);

	*set = (struct sets){ .ranges = mrb_str_new_capa(mrb, 0) };
	sets_parse_ranges(mrb, set, &text, text.start, from->is_inverted ? MRB_INT_MAX : from->size);
}

/* The place of a character in the set, counted from 0, the last one if it is written twice; -1 if
 * it is not there. */
static mrb_int sets_find(const struct sets *set, uint32_t code)
{
	const struct sets_range *ranges;
	mrb_int count, place = 0, found = -1;

	if (code < SETS_SMALL && !set->small[code])
		return -1;
	ranges = sets_ranges(set, &count);
	for (mrb_int i = 0; i < count; i++) {
		if (code >= ranges[i].first && code <= ranges[i].last)
			found = place + (mrb_int)(code - ranges[i].first);
		place += (mrb_int)(ranges[i].last - ranges[i].first) + 1;
	}
	return found;
}

static bool sets_has(const struct sets *set, uint32_t code)
{
	if (code < SETS_SMALL)
		return set->small[code] != set->is_inverted;
	return (sets_find(set, code) >= 0) != set->is_inverted;
}

/* The character at a place, the last one beyond the end. The set is not empty. */
static uint32_t sets_at(const struct sets *set, mrb_int place)
{
	const struct sets_range *ranges;
	mrb_int count;

	ranges = sets_ranges(set, &count);
	for (mrb_int i = 0; i < count; i++) {
		mrb_int size = (mrb_int)(ranges[i].last - ranges[i].first) + 1;

		if (place < size)
			return ranges[i].first + (uint32_t)place;
		place -= size;
	}
	return ranges[count - 1].last;
}

enum { SETS_MAXIMUM = 16 };

/* Whether bytes are characters where this String is one of several. */
static bool sets_makes_bytes(mrb_value string)
{
	return string_is_binary(mrb_str_ptr(string)) && !string_is_ascii(mrb_str_ptr(string));
}

/* Whether bytes are the characters of all of them. Beside an ASCII String each set is what it is. */
static bool sets_join(mrb_value self, const mrb_value *patterns, mrb_int count)
{
	bool bytes = sets_makes_bytes(self);

	if (string_is_ascii(mrb_str_ptr(self)))
		return false;
	for (mrb_int i = 0; i < count; i++)
		bytes |= sets_makes_bytes(patterns[i]);
	return bytes;
}

static mrb_value sets_as(mrb_state *mrb, mrb_value string, bool binary)
{
	if (!binary || string_is_binary(mrb_str_ptr(string)))
		return string;
	string = mrb_str_dup(mrb, string);
	string_set_binary(mrb_str_ptr(string), true);
	return string;
}

struct sets_job {
	mrb_value self;
	mrb_int count;
	struct sets sets[SETS_MAXIMUM];
};

static struct sets_job *sets_begin(mrb_state *mrb, mrb_value self, mrb_int least)
{
	const mrb_value *patterns;
	struct sets_job *job;
	mrb_int count;
	bool binary;

	mrb_get_args(mrb, "*", &patterns, &count);
	if (count < least || count > SETS_MAXIMUM)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "wrong number of arguments (given %i, expected %i to %i)",
			   count, least, (mrb_int)SETS_MAXIMUM);
	for (mrb_int i = 0; i < count; i++)
		mrb_ensure_string_type(mrb, patterns[i]);
	binary = sets_join(self, patterns, count);
	job = (struct sets_job *)mrb_alloca(mrb, sizeof(*job));
	job->self = sets_as(mrb, self, binary);
	job->count = count;
	if (!string_is_valid(mrb_str_ptr(job->self)))
		encoding_raise_invalid(mrb);
	for (mrb_int i = 0; i < count; i++)
		sets_parse(mrb, &job->sets[i], sets_as(mrb, mrb_get_argv(mrb)[i], binary));
	return job;
}

static bool sets_all_have(const struct sets_job *job, uint32_t code)
{
	for (mrb_int i = 0; i < job->count; i++) {
		if (!sets_has(&job->sets[i], code))
			return false;
	}
	return true;
}

static mrb_value sets_count(mrb_state *mrb, mrb_value self)
{
	struct sets_job *job = sets_begin(mrb, self, 1);
	struct encoding_bytes text = encoding_bytes(job->self);
	mrb_int length, count = 0;

	for (const char *at = text.start; at < text.end; at += length)
		count += sets_all_have(job, encoding_code(mrb, &text, at, &length));
	return mrb_int_value(mrb, count);
}

/* Leaves out what is in all sets: each one, or those that follow one that is the same. */
static mrb_value sets_remove(mrb_state *mrb, mrb_value self, mrb_int least, bool is_squeezed)
{
	struct sets_job *job = sets_begin(mrb, self, least);
	mrb_value made = encoding_part(mrb, job->self, 0, 0);
	mrb_int length, last = -1;

	for (mrb_int at = 0; at < RSTRING_LEN(job->self); at += length) {
		struct encoding_bytes text = encoding_bytes(job->self);
		uint32_t code = encoding_code(mrb, &text, text.start + at, &length);

		if ((is_squeezed && code != last) || !sets_all_have(job, code))
			mrb_str_cat(mrb, made, text.start + at, (size_t)length);
		last = code;
	}
	return made;
}

/* Of an empty String CRuby looks at no set. */
static mrb_value sets_delete(mrb_state *mrb, mrb_value self)
{
	if (RSTRING_LEN(self) == 0)
		return mrb_str_dup(mrb, self);
	return sets_remove(mrb, self, 1, false);
}

static mrb_value sets_squeeze(mrb_state *mrb, mrb_value self)
{
	return sets_remove(mrb, self, 0, true);
}

static mrb_value sets_changed(mrb_state *mrb, mrb_value self, mrb_value made)
{
	mrb_check_frozen(mrb, mrb_str_ptr(self));
	if (RSTRING_LEN(made) == RSTRING_LEN(self))
		return mrb_nil_value();
	mrb_funcall_argv(mrb, self, MRB_SYM(replace), 1, &made);
	return self;
}

static mrb_value sets_delete_bang(mrb_state *mrb, mrb_value self)
{
	return sets_changed(mrb, self, sets_delete(mrb, self));
}

static mrb_value sets_squeeze_bang(mrb_state *mrb, mrb_value self)
{
	return sets_changed(mrb, self, sets_squeeze(mrb, self));
}

struct sets_translation {
	mrb_value made;
	bool is_squeezed, is_changed;
	mrb_int last;		/* what was put in last, -1 after something else */
};

static void sets_put(mrb_state *mrb, struct sets_translation *translation, uint32_t code, bool binary)
{
	char bytes[STRING_CHARACTER_BYTES] = { (char)code };
	mrb_int length = binary ? 1 : string_encode(code, bytes);

	translation->is_changed = true;
	if (!translation->is_squeezed || translation->last != code)
		mrb_str_cat(mrb, translation->made, bytes, (size_t)length);
	translation->last = code;
}

/* The place in the set of what replaces; -1: stays. */
static mrb_int sets_place(const struct sets *set, uint32_t code)
{
	if (!set->is_inverted)
		return sets_find(set, code);
	return sets_has(set, code) ? MRB_INT_MAX : -1;
}

static struct sets_translation sets_translate(mrb_state *mrb, mrb_value self, bool is_squeezed)
{
	struct sets_translation translation = { .is_squeezed = is_squeezed, .last = -1 };
	mrb_value patterns[2];
	struct sets from, to;
	mrb_int length;
	bool binary;

	mrb_get_args(mrb, "SS", &patterns[0], &patterns[1]);
	binary = sets_makes_bytes(self) || sets_makes_bytes(patterns[0]) || sets_makes_bytes(patterns[1]);
	self = sets_as(mrb, self, binary);
	if (!string_is_valid(mrb_str_ptr(self)))
		encoding_raise_invalid(mrb);
	translation.made = encoding_part(mrb, self, 0, 0);
	if (!binary && !string_is_ascii(mrb_str_ptr(patterns[1])))
		string_set_binary(mrb_str_ptr(translation.made), false);
	if (RSTRING_LEN(self) == 0)
		return translation;
	sets_parse(mrb, &from, sets_as(mrb, patterns[0], binary));
	sets_parse_replacement(mrb, &to, sets_as(mrb, patterns[1], binary), &from);
	for (mrb_int at = 0; at < RSTRING_LEN(self); at += length) {
		struct encoding_bytes text = encoding_bytes(self);
		uint32_t code = encoding_code(mrb, &text, text.start + at, &length);
		mrb_int place = sets_place(&from, code);

		if (place < 0) {
			mrb_str_cat(mrb, translation.made, text.start + at, (size_t)length);
			translation.last = -1;
		} else if (RSTRING_LEN(to.ranges) == 0) {
			translation.is_changed = true;
		} else {
			sets_put(mrb, &translation, sets_at(&to, place), binary);
		}
	}
	return translation;
}

static mrb_value sets_tr(mrb_state *mrb, mrb_value self)
{
	return sets_translate(mrb, self, false).made;
}

static mrb_value sets_tr_s(mrb_state *mrb, mrb_value self)
{
	return sets_translate(mrb, self, true).made;
}

static mrb_value sets_translate_bang(mrb_state *mrb, mrb_value self, bool is_squeezed)
{
	struct sets_translation translation;

	mrb_check_frozen(mrb, mrb_str_ptr(self));
	translation = sets_translate(mrb, self, is_squeezed);
	if (!translation.is_changed)
		return mrb_nil_value();
	mrb_funcall_argv(mrb, self, MRB_SYM(replace), 1, &translation.made);
	return self;
}

static mrb_value sets_tr_bang(mrb_state *mrb, mrb_value self)
{
	return sets_translate_bang(mrb, self, false);
}

static mrb_value sets_tr_s_bang(mrb_state *mrb, mrb_value self)
{
	return sets_translate_bang(mrb, self, true);
}

void encoding_init_sets(mrb_state *mrb)
{
	struct RClass *string = mrb->string_class;

	mrb_define_method_id(mrb, string, MRB_SYM(count), sets_count, MRB_ARGS_ANY());
	mrb_define_method_id(mrb, string, MRB_SYM(delete), sets_delete, MRB_ARGS_ANY());
	mrb_define_method_id(mrb, string, MRB_SYM_B(delete), sets_delete_bang, MRB_ARGS_ANY());
	mrb_define_method_id(mrb, string, MRB_SYM(squeeze), sets_squeeze, MRB_ARGS_ANY());
	mrb_define_method_id(mrb, string, MRB_SYM_B(squeeze), sets_squeeze_bang, MRB_ARGS_ANY());
	mrb_define_method_id(mrb, string, MRB_SYM(tr), sets_tr, MRB_ARGS_REQ(2));
	mrb_define_method_id(mrb, string, MRB_SYM_B(tr), sets_tr_bang, MRB_ARGS_REQ(2));
	mrb_define_method_id(mrb, string, MRB_SYM(tr_s), sets_tr_s, MRB_ARGS_REQ(2));
	mrb_define_method_id(mrb, string, MRB_SYM_B(tr_s), sets_tr_s_bang, MRB_ARGS_REQ(2));
}
