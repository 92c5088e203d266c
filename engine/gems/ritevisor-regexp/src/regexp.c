/*
 * regexp.c: class Regexp over PCRE2: compiling, a cache for literals, and the match itself.
 *
 * A match is held in three ways. PCRE2 counts its steps, and a pattern that needs too many at one
 * place (catastrophic backtracking) raises Regexp::TimeoutError, always at the same step. It takes
 * at most HEAP_LIMIT_KIB of the heap quota. And before each place in the string a callout asks
 * whether the event's time is nearly up.
 *
 * One mrb_state, one thread: the contexts and the match data are shared by all patterns.
 */
#include "regexp.h"

#include "engine/vm/string.h"
#include "translate.h"

#include <mruby/array.h>
#include <mruby/class.h>
#include <mruby/data.h>
#include <mruby/error.h>
#include <mruby/hash.h>
#include <mruby/internal.h>
#include <mruby/presym.h>
#include <mruby/string.h>
#include <mruby/variable.h>
#include <pcre2.h>
#include <string.h>

enum {
	REGEXP_STEPS_MAXIMUM = 100000,	/* some 10 million instructions */
	REGEXP_HEAP_KIB = 1024,
	REGEXP_KEPT_BYTES = 64 * 1024,	/* of memory for backtracking, between matches */
	REGEXP_SOURCE_BYTES = 16 * 1024,
	REGEXP_CACHE_SIZE = 16,
	REGEXP_NUMBERED = 9,		/* $1 to $9 */
};

struct regexp {
	pcre2_code *code;
	pcre2_code *byte_code;	/* for binary Strings, made when it is first needed */
	uint32_t options;	/* REGEXP_* */
	uint32_t groups;	/* captures, without the whole match */
};

void mrb_ritevisor_regexp_gem_init(mrb_state *mrb);
void mrb_ritevisor_regexp_gem_final(mrb_state *mrb);

static pcre2_general_context *regexp_general;
static pcre2_compile_context *regexp_compiling;
static pcre2_match_context *regexp_matching;
static pcre2_match_data *regexp_match_data;

/* Literals are compiled by each execution of their line: the last few are kept. */
static struct {
	mrb_value regexp, source;
	uint32_t options;
} regexp_cache[REGEXP_CACHE_SIZE];
static unsigned int regexp_cache_count, regexp_cache_next;

/* NULL at the quota, after a collection: PCRE2 returns an error then. */
static void *regexp_allocate(size_t bytes, void *mrb)
{
	return mrb_realloc_simple(mrb, NULL, bytes);
}

static void regexp_deallocate(void *memory, void *mrb)
{
	mrb_free(mrb, memory);
}

static void regexp_free(mrb_state *mrb, void *memory)
{
	struct regexp *regexp = memory;

	if (!regexp)
		return;
	pcre2_code_free(regexp->code);
	pcre2_code_free(regexp->byte_code);
	mrb_free(mrb, regexp);
}

static const mrb_data_type regexp_type = { "Regexp", regexp_free };

bool regexp_is(mrb_state *mrb, mrb_value value)
{
	return mrb_data_p(value) && DATA_TYPE(value) == &regexp_type && DATA_PTR(value);
}

static struct regexp *regexp_get(mrb_state *mrb, mrb_value self)
{
	struct regexp *regexp = mrb_data_get_ptr(mrb, self, &regexp_type);

	if (!regexp)
		mrb_raise(mrb, E_ARGUMENT_ERROR, "uninitialized Regexp");
	return regexp;
}

/* PCRE2's words, and the pattern as it was written. */
static _Noreturn void regexp_raise(mrb_state *mrb, struct RClass *class, int error,
				   mrb_value source)
{
	char text[128];

	if (error == PCRE2_ERROR_NOMEMORY)
		mrb_exc_raise(mrb, mrb_obj_value(mrb->nomem_err));
	if (pcre2_get_error_message(error, (PCRE2_UCHAR *)text, sizeof(text)) < 0)
		strcpy(text, "unknown error");
	mrb_raisef(mrb, class, "%s: /%v/", text, source);
	__builtin_unreachable();
}

static uint32_t regexp_pcre2_options(uint32_t options, const struct translation *translation)
{
	uint32_t made = PCRE2_MULTILINE | PCRE2_DUPNAMES | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP |
			PCRE2_NEVER_BACKSLASH_C;

	if (options & REGEXP_IGNORECASE)
		made |= PCRE2_CASELESS;
	if (options & REGEXP_EXTENDED)
		made |= PCRE2_EXTENDED;
	if (options & REGEXP_MULTILINE)
		made |= PCRE2_DOTALL;
	if (translation->has_names)
		made |= PCRE2_NO_AUTO_CAPTURE;
	if (translation->has_sets)
		made |= PCRE2_ALT_EXTENDED_CLASS;
	return made;
}

static mrb_value regexp_translate_body(mrb_state *mrb, mrb_value source, uint32_t options,
				       struct translation *translation)
{
	*translation = regexp_translate(mrb, RSTRING_PTR(source), RSTRING_LEN(source),
					options & REGEXP_EXTENDED, options & REGEXP_NOENCODING);
	/* Asked before each place, see regexp_callout(). */
	return mrb_str_cat_str(mrb, mrb_str_new_lit(mrb, "(?C1)"), translation->pattern);
}

static pcre2_code *regexp_compile_code(mrb_state *mrb, mrb_value source, uint32_t options)
{
	struct RClass *error_class = mrb_class_get(mrb, "RegexpError");
	struct translation translation;
	mrb_value pattern;
	pcre2_code *code;
	PCRE2_SIZE at;
	int error;

	if (RSTRING_LEN(source) > REGEXP_SOURCE_BYTES)
		mrb_raisef(mrb, error_class, "too long: a pattern has at most %d bytes",
			   (int)REGEXP_SOURCE_BYTES);
	pattern = regexp_translate_body(mrb, source, options, &translation);
	code = pcre2_compile((PCRE2_SPTR)RSTRING_PTR(pattern), (PCRE2_SIZE)RSTRING_LEN(pattern),
			     regexp_pcre2_options(options, &translation), &error, &at,
			     regexp_compiling);
	if (!code)
		regexp_raise(mrb, error_class, error == PCRE2_ERROR_HEAP_FAILED
							? PCRE2_ERROR_NOMEMORY : error, source);
	return code;
}

static struct regexp *regexp_compile(mrb_state *mrb, mrb_value source, uint32_t options)
{
	pcre2_code *code = regexp_compile_code(mrb, source, options);
	struct regexp *regexp;

	regexp = mrb_malloc_simple(mrb, sizeof(*regexp));
	if (!regexp) {
		pcre2_code_free(code);
		mrb_exc_raise(mrb, mrb_obj_value(mrb->nomem_err));
	}
	*regexp = (struct regexp){ .code = code, .options = options };
	pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &regexp->groups);
	return regexp;
}

static uint32_t regexp_letter_options(mrb_state *mrb, mrb_value letters)
{
	uint32_t options = 0;

	for (mrb_int i = 0; i < RSTRING_LEN(letters); i++) {
		switch (RSTRING_PTR(letters)[i]) {
		case 'i':
			options |= REGEXP_IGNORECASE;
			break;
		case 'x':
			options |= REGEXP_EXTENDED;
			break;
		case 'm':
			options |= REGEXP_MULTILINE;
			break;
		default:
			mrb_raisef(mrb, E_ARGUMENT_ERROR, "unknown regexp options: %v", letters);
		}
	}
	return options;
}

/* An Integer, letters, or true for IGNORECASE; "n" as the third argument is NOENCODING. */
static uint32_t regexp_options(mrb_state *mrb, mrb_value options, mrb_value encoding)
{
	uint32_t made = 0;

	if (mrb_integer_p(options))
		made = (uint32_t)mrb_integer(options) &
		       (REGEXP_IGNORECASE | REGEXP_EXTENDED | REGEXP_MULTILINE | REGEXP_NOENCODING);
	else if (mrb_string_p(options))
		made = regexp_letter_options(mrb, options);
	else if (mrb_test(options))
		made = REGEXP_IGNORECASE;
	if (mrb_string_p(encoding) && RSTRING_LEN(encoding) > 0 && *RSTRING_PTR(encoding) == 'n')
		made |= REGEXP_NOENCODING;
	return made;
}

static void regexp_fill(mrb_state *mrb, mrb_value self, mrb_value source, uint32_t options)
{
	struct regexp *regexp;

	source = mrb_str_new(mrb, RSTRING_PTR(source), RSTRING_LEN(source));
	mrb_obj_freeze(mrb, source);
	regexp = regexp_compile(mrb, source, options);
	regexp_free(mrb, DATA_PTR(self));
	mrb_data_init(self, regexp, &regexp_type);
	mrb_iv_set(mrb, self, mrb_intern_lit(mrb, "@source"), source);
}

/* Regexp.new(source, options = nil, encoding = nil); a Regexp as source brings its options. */
static mrb_value regexp_initialize(mrb_state *mrb, mrb_value self)
{
	mrb_value source, options = mrb_nil_value(), encoding = mrb_nil_value();

	mrb_get_args(mrb, "o|oo", &source, &options, &encoding);
	if (regexp_is(mrb, source)) {
		options = mrb_int_value(mrb, regexp_get(mrb, source)->options);
		source = mrb_iv_get(mrb, source, mrb_intern_lit(mrb, "@source"));
	}
	mrb_ensure_string_type(mrb, source);
	regexp_fill(mrb, self, source, regexp_options(mrb, options, encoding));
	return self;
}

static mrb_value regexp_cache_find(mrb_value source, uint32_t options)
{
	for (unsigned int i = 0; i < regexp_cache_count; i++) {
		mrb_value have = regexp_cache[i].source;

		if (regexp_cache[i].options == options && RSTRING_LEN(have) == RSTRING_LEN(source) &&
		    memcmp(RSTRING_PTR(have), RSTRING_PTR(source),
			   (size_t)RSTRING_LEN(source)) == 0)
			return regexp_cache[i].regexp;
	}
	return mrb_nil_value();
}

static void regexp_cache_add(mrb_state *mrb, mrb_value regexp, uint32_t options)
{
	mrb_value keep = mrb_gv_get(mrb, mrb_intern_lit(mrb, "__regexps"));
	unsigned int place = regexp_cache_next;

	mrb_ary_set(mrb, keep, (mrb_int)place, regexp);
	regexp_cache[place].regexp = regexp;
	regexp_cache[place].source = mrb_iv_get(mrb, regexp, mrb_intern_lit(mrb, "@source"));
	regexp_cache[place].options = options;
	regexp_cache_next = (place + 1) % REGEXP_CACHE_SIZE;
	if (regexp_cache_count < REGEXP_CACHE_SIZE)
		regexp_cache_count++;
}

/* Regexp.compile(source, options, encoding), which is also what a literal does. */
static mrb_value regexp_s_compile(mrb_state *mrb, mrb_value self)
{
	mrb_value source, made, options = mrb_nil_value(), encoding = mrb_nil_value();
	uint32_t wanted;

	mrb_get_args(mrb, "o|oo", &source, &options, &encoding);
	if (!mrb_string_p(source) || mrb_class_ptr(self) != mrb_class_get(mrb, "Regexp")) {
		mrb_value arguments[3] = { source, options, encoding };

		return mrb_obj_new(mrb, mrb_class_ptr(self), 3, arguments);
	}
	wanted = regexp_options(mrb, options, encoding);
	made = regexp_cache_find(source, wanted);
	if (mrb_nil_p(made)) {
		made = mrb_obj_value(mrb_data_object_alloc(mrb, mrb_class_ptr(self), NULL,
							   &regexp_type));
		regexp_fill(mrb, made, source, wanted);
		mrb_obj_freeze(mrb, made);
		regexp_cache_add(mrb, made, wanted);
	}
	return made;
}

static mrb_value regexp_get_options(mrb_state *mrb, mrb_value self)
{
	return mrb_int_value(mrb, regexp_get(mrb, self)->options);
}

static void regexp_add_name(mrb_state *mrb, mrb_value names, const char *text, uint32_t number)
{
	mrb_value name = mrb_str_new_cstr(mrb, text);
	mrb_value numbers = mrb_hash_get(mrb, names, name);

	if (mrb_nil_p(numbers))
		numbers = mrb_ary_new(mrb);
	mrb_ary_push(mrb, numbers, mrb_int_value(mrb, number));
	mrb_hash_set(mrb, names, name, numbers);
}

/* { "name" => [1], ... }, in the order of the groups; PCRE2's table is sorted by name. */
static mrb_value regexp_named_captures(mrb_state *mrb, mrb_value self)
{
	const struct regexp *regexp = regexp_get(mrb, self);
	mrb_value names = mrb_hash_new(mrb);
	uint32_t count = 0, entry_bytes = 0;
	PCRE2_SPTR table = NULL;

	pcre2_pattern_info(regexp->code, PCRE2_INFO_NAMECOUNT, &count);
	pcre2_pattern_info(regexp->code, PCRE2_INFO_NAMEENTRYSIZE, &entry_bytes);
	pcre2_pattern_info(regexp->code, PCRE2_INFO_NAMETABLE, &table);
	for (uint32_t group = 1; group <= regexp->groups; group++) {
		for (uint32_t i = 0; i < count; i++) {
			PCRE2_SPTR entry = table + i * entry_bytes;

			if ((uint32_t)(entry[0] << 8 | entry[1]) == group)
				regexp_add_name(mrb, names, (const char *)entry + 2, group);
		}
	}
	return names;
}

static int regexp_callout(pcre2_callout_block *block, void *data)
{
	return engine_time_is_short ? PCRE2_ERROR_CALLOUT : 0;
}

static _Noreturn void regexp_fail(mrb_state *mrb, mrb_value self, int error)
{
	struct RClass *class = mrb_class_get_under(mrb, mrb_class_get(mrb, "Regexp"), "TimeoutError");
	mrb_value source = mrb_iv_get(mrb, self, mrb_intern_lit(mrb, "@source"));

	if (error == PCRE2_ERROR_MATCHLIMIT || error == PCRE2_ERROR_DEPTHLIMIT)
		mrb_raisef(mrb, class, "/%v/ backtracks too much: make its repetitions exclude each "
			   "other, or use (?>...)", source);
	if (error == PCRE2_ERROR_HEAPLIMIT)
		mrb_raisef(mrb, class, "/%v/ remembers too many places to come back to: repeat single "
			   "characters instead of groups, or use (?>...)", source);
	if (error == PCRE2_ERROR_CALLOUT)
		mrb_raisef(mrb, class, "/%v/: the time budget is nearly used", source);
	regexp_raise(mrb, mrb_class_get(mrb, "RegexpError"), error, source);
}

/* Memory that one difficult match needed is not kept. */
static void regexp_tidy(void)
{
	if (!regexp_match_data ||
	    pcre2_get_match_data_heapframes_size(regexp_match_data) <= REGEXP_KEPT_BYTES)
		return;
	pcre2_match_data_free(regexp_match_data);
	regexp_match_data = NULL;
}

static void regexp_prepare_match_data(mrb_state *mrb, uint32_t groups)
{
	if (regexp_match_data && pcre2_get_ovector_count(regexp_match_data) > groups)
		return;
	if (regexp_match_data)
		pcre2_match_data_free(regexp_match_data);
	regexp_match_data = pcre2_match_data_create(groups < REGEXP_NUMBERED ? REGEXP_NUMBERED + 1
									     : groups + 1,
						    regexp_general);
	if (!regexp_match_data)
		mrb_exc_raise(mrb, mrb_obj_value(mrb->nomem_err));
}

/* In a binary String a character is a byte, in text and in ASCII one of UTF-8. */
static const pcre2_code *regexp_code_for(mrb_state *mrb, mrb_value self, struct regexp *regexp,
					 mrb_value string)
{
	mrb_value source;

	if (!string_is_binary(mrb_str_ptr(string)) || regexp->options & REGEXP_NOENCODING)
		return regexp->code;
	if (!regexp->byte_code) {
		source = mrb_iv_get(mrb, self, mrb_intern_lit(mrb, "@source"));
		mrb_ensure_string_type(mrb, source);
		regexp->byte_code = regexp_compile_code(mrb, source,
							regexp->options | REGEXP_NOENCODING);
	}
	return regexp->byte_code;
}

/* Matches from byte `from` on. False: no match; else the offsets are in regexp_match_data until
 * regexp_tidy(). */
static bool regexp_execute(mrb_state *mrb, mrb_value self, mrb_value string, mrb_int from,
			   uint32_t options)
{
	struct regexp *regexp = regexp_get(mrb, self);
	const pcre2_code *code;
	int result;

	if (from < 0 || from > RSTRING_LEN(string))
		return false;
	code = regexp_code_for(mrb, self, regexp, string);
	regexp_prepare_match_data(mrb, regexp->groups);
	result = pcre2_match(code, (PCRE2_SPTR)RSTRING_PTR(string),
			     (PCRE2_SIZE)RSTRING_LEN(string), (PCRE2_SIZE)from, options,
			     regexp_match_data, regexp_matching);
	if (result >= 0)
		return true;
	regexp_tidy();
	if (result != PCRE2_ERROR_NOMATCH)
		regexp_fail(mrb, self, result);
	return false;
}

/* [first, past, first, past, ...] in bytes, nil for groups that did not take part. */
static mrb_value regexp_offsets(mrb_state *mrb, uint32_t groups)
{
	const PCRE2_SIZE *found = pcre2_get_ovector_pointer(regexp_match_data);
	mrb_value offsets = mrb_ary_new_capa(mrb, (mrb_int)groups * 2 + 2);

	for (uint32_t i = 0; i < groups * 2 + 2; i++)
		mrb_ary_push(mrb, offsets, found[i] == PCRE2_UNSET
						   ? mrb_nil_value()
						   : mrb_int_value(mrb, (mrb_int)found[i]));
	return offsets;
}

/* regexp.__search(string, from, anchored = false) -> offsets or nil */
static mrb_value regexp_search(mrb_state *mrb, mrb_value self)
{
	mrb_value string, offsets;
	mrb_bool anchored = FALSE;
	mrb_int from;

	mrb_get_args(mrb, "Si|b", &string, &from, &anchored);
	if (!regexp_execute(mrb, self, string, from, anchored ? PCRE2_ANCHORED : 0))
		return mrb_nil_value();
	offsets = regexp_offsets(mrb, regexp_get(mrb, self)->groups);
	regexp_tidy();
	return offsets;
}

/* regexp.__match?(string, from) -> true or false; allocates nothing. */
static mrb_value regexp_test(mrb_state *mrb, mrb_value self)
{
	mrb_value string;
	mrb_int from;
	bool found;

	mrb_get_args(mrb, "Si", &string, &from);
	found = regexp_execute(mrb, self, string, from, 0);
	regexp_tidy();
	return mrb_bool_value(found);
}

static void regexp_set_global(mrb_state *mrb, const char *name, mrb_value value)
{
	mrb_gv_set(mrb, mrb_intern_cstr(mrb, name), value);
}

/* The bytes between two offsets, or nil. A script may have put anything into its MatchData. */
static mrb_value regexp_part(mrb_state *mrb, mrb_value string, mrb_value first, mrb_value past)
{
	if (!mrb_integer_p(first) || !mrb_integer_p(past) || mrb_integer(first) < 0 ||
	    mrb_integer(past) > RSTRING_LEN(string) || mrb_integer(first) > mrb_integer(past))
		return mrb_nil_value();
	return mrb_str_byte_subseq(mrb, string, mrb_integer(first),
				   mrb_integer(past) - mrb_integer(first));
}

/* $1 to $9, and $+: the last that took part. */
static void regexp_set_numbered(mrb_state *mrb, mrb_value string, mrb_value offsets)
{
	mrb_value last = mrb_nil_value();

	for (mrb_int group = 1; group <= REGEXP_NUMBERED; group++) {
		char name[3] = { '$', (char)('0' + group), '\0' };
		mrb_value part = mrb_nil_value();

		if (mrb_array_p(offsets) && RARRAY_LEN(offsets) > group * 2)
			part = regexp_part(mrb, string, mrb_ary_entry(offsets, group * 2),
					   mrb_ary_entry(offsets, group * 2 + 1));
		if (!mrb_nil_p(part))
			last = part;
		regexp_set_global(mrb, name, part);
	}
	regexp_set_global(mrb, "$+", last);
}

/* Regexp.__keep(match or nil) sets $~, $&, $`, $', $+ and $1 to $9. mruby has them as plain
 * globals: they belong to the whole script, not to one method. */
static mrb_value regexp_keep(mrb_state *mrb, mrb_value self)
{
	mrb_value match = mrb_get_arg1(mrb), nil = mrb_nil_value(), string = nil, offsets = nil;
	bool found = !mrb_nil_p(match);

	if (found) {
		string = mrb_iv_get(mrb, match, mrb_intern_lit(mrb, "@string"));
		offsets = mrb_iv_get(mrb, match, mrb_intern_lit(mrb, "@offsets"));
	}
	if (found && (!mrb_string_p(string) || !mrb_array_p(offsets)))
		mrb_raise(mrb, E_TYPE_ERROR, "a MatchData is needed here");
	regexp_set_global(mrb, "$~", match);
	regexp_set_global(mrb, "$&", found ? regexp_part(mrb, string, mrb_ary_entry(offsets, 0),
							 mrb_ary_entry(offsets, 1)) : nil);
	regexp_set_global(mrb, "$`", found ? regexp_part(mrb, string, mrb_fixnum_value(0),
							 mrb_ary_entry(offsets, 0)) : nil);
	regexp_set_global(mrb, "$'", found ? regexp_part(mrb, string, mrb_ary_entry(offsets, 1),
							 mrb_int_value(mrb, RSTRING_LEN(string)))
					   : nil);
	regexp_set_numbered(mrb, string, offsets);
	return match;
}

static void regexp_define(mrb_state *mrb, struct RClass *class)
{
	mrb_define_const(mrb, class, "IGNORECASE", mrb_fixnum_value(REGEXP_IGNORECASE));
	mrb_define_const(mrb, class, "EXTENDED", mrb_fixnum_value(REGEXP_EXTENDED));
	mrb_define_const(mrb, class, "MULTILINE", mrb_fixnum_value(REGEXP_MULTILINE));
	mrb_define_const(mrb, class, "NOENCODING", mrb_fixnum_value(REGEXP_NOENCODING));
	mrb_define_class_method_id(mrb, class, MRB_SYM(compile), regexp_s_compile, MRB_ARGS_ARG(1, 2));
	mrb_define_class_method_id(mrb, class, MRB_SYM(__keep), regexp_keep, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, class, MRB_SYM(initialize), regexp_initialize, MRB_ARGS_ARG(1, 2));
	mrb_define_method_id(mrb, class, MRB_SYM(options), regexp_get_options, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, class, MRB_SYM(named_captures), regexp_named_captures, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, class, MRB_SYM(__search), regexp_search, MRB_ARGS_ARG(2, 1));
	mrb_define_method_id(mrb, class, MRB_SYM_Q(__match), regexp_test, MRB_ARGS_REQ(2));
}

void mrb_ritevisor_regexp_gem_init(mrb_state *mrb)
{
	struct RClass *class = mrb_define_class(mrb, "Regexp", mrb->object_class);
	struct RClass *error = mrb_define_class(mrb, "RegexpError", E_STANDARD_ERROR);

	MRB_SET_INSTANCE_TT(class, MRB_TT_CDATA);
	mrb_define_class_under(mrb, class, "TimeoutError", error);
	regexp_match_data = NULL;
	regexp_cache_count = regexp_cache_next = 0;
	mrb_gv_set(mrb, mrb_intern_lit(mrb, "__regexps"), mrb_ary_new(mrb));
	regexp_general = pcre2_general_context_create(regexp_allocate, regexp_deallocate, mrb);
	regexp_compiling = pcre2_compile_context_create(regexp_general);
	regexp_matching = pcre2_match_context_create(regexp_general);
	if (!regexp_general || !regexp_compiling || !regexp_matching)
		mrb_exc_raise(mrb, mrb_obj_value(mrb->nomem_err));
	pcre2_set_match_limit(regexp_matching, REGEXP_STEPS_MAXIMUM);
	pcre2_set_heap_limit(regexp_matching, REGEXP_HEAP_KIB);
	pcre2_set_callout(regexp_matching, regexp_callout, NULL);
	regexp_define(mrb, class);
	string_init(mrb);
}

void mrb_ritevisor_regexp_gem_final(mrb_state *mrb)
{
	pcre2_match_data_free(regexp_match_data);
	pcre2_match_context_free(regexp_matching);
	pcre2_compile_context_free(regexp_compiling);
	pcre2_general_context_free(regexp_general);
	regexp_match_data = NULL;
	regexp_matching = NULL;
	regexp_compiling = NULL;
	regexp_general = NULL;
}
