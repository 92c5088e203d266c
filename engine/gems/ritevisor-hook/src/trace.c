/*
 * trace.c: `trace "name", key: value`: an event of the script's own in a recording (docs/traces.md). While nobody
 * records, it asks so, and does nothing else. `into: Trace` is said by spec.c.
 */
#include "trace.h"

#include "engine/engine.h"

#include <mruby/hash.h>
#include <mruby/internal.h>
#include <mruby/numeric.h>
#include <mruby/presym.h>
#include <mruby/string.h>
#include <math.h>
#include <stdio.h>

/* How many bytes from there on are one character of UTF-8; 0: none. */
static mrb_int trace_character(const uint8_t *text, const uint8_t *end)
{
	mrb_int length = *text < 0x80 ? 1 : *text >= 0xc2 && *text < 0xe0 ? 2 : *text >= 0xe0 && *text < 0xf0 ? 3
			 : *text >= 0xf0 && *text < 0xf5 ? 4 : 0;

	if (length > end - text)
		return 0;
	for (mrb_int i = 1; i < length; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	}
	return length;
}

/* As JSON has it. What is no UTF-8 is taken for Latin-1. */
static void trace_put_text(mrb_state *mrb, mrb_value out, const char *text, mrb_int bytes)
{
	const uint8_t *at = (const uint8_t *)text, *end = at + bytes;

	mrb_str_cat_lit(mrb, out, "\"");
	while (at < end) {
		mrb_int length = trace_character(at, end);
		char escaped[8];

		if (*at < ' ' || length == 0) {
			snprintf(escaped, sizeof(escaped), "\\u%04x", *at++);
			mrb_str_cat_cstr(mrb, out, escaped);
			continue;
		}
		if (*at == '"' || *at == '\\')
			mrb_str_cat_lit(mrb, out, "\\");
		mrb_str_cat(mrb, out, (const char *)at, (size_t)length);
		at += length;
	}
	mrb_str_cat_lit(mrb, out, "\"");
}

static bool trace_is_plain(mrb_value value)
{
	return mrb_nil_p(value) || mrb_true_p(value) || mrb_false_p(value) || mrb_integer_p(value) ||
	       mrb_bigint_p(value) || (mrb_float_p(value) && isfinite(mrb_float(value)));
}

static void trace_put_value(mrb_state *mrb, mrb_value out, mrb_value value)
{
	mrb_value text = mrb_string_p(value)   ? value
			 : mrb_symbol_p(value) || trace_is_plain(value) ? mrb_obj_as_string(mrb, value)
							 : mrb_inspect(mrb, value);

	if (mrb_nil_p(value))
		mrb_str_cat_lit(mrb, out, "null");
	else if (trace_is_plain(value))
		mrb_str_cat_str(mrb, out, text);
	else
		trace_put_text(mrb, out, RSTRING_PTR(text), RSTRING_LEN(text));
}

/* A callback of mrb_hash_foreach(); returns 0 to go on. */
static int trace_put_pair(mrb_state *mrb, mrb_value key, mrb_value value, void *context)
{
	mrb_value out = *(mrb_value *)context, name = mrb_obj_as_string(mrb, key);

	mrb_str_cat_cstr(mrb, out, RSTRING_LEN(out) == 1 ? "" : ",");
	trace_put_text(mrb, out, RSTRING_PTR(name), RSTRING_LEN(name));
	mrb_str_cat_lit(mrb, out, ":");
	trace_put_value(mrb, out, value);
	return 0;
}

/* trace(name, **values) -> was it recorded? */
static mrb_value trace_say(mrb_state *mrb, mrb_value self)
{
	mrb_value name, values = mrb_nil_value(), text;
	int64_t result = sys_trace(NULL, 0, NULL, 0);

	mrb_get_args(mrb, "o|H", &name, &values);
	if (result == -RV_EAGAIN)
		return mrb_false_value();
	engine_check(mrb, "trace", 0, result);
	name = mrb_obj_as_string(mrb, name);
	text = mrb_str_new_lit(mrb, "{");
	if (!mrb_nil_p(values))
		mrb_hash_foreach(mrb, mrb_hash_ptr(values), trace_put_pair, &text);
	mrb_str_cat_lit(mrb, text, "}");
	if (RSTRING_LEN(name) == 0)
		mrb_raise(mrb, E_ARGUMENT_ERROR, "trace takes a name");
	result = sys_trace(RSTRING_PTR(name), (uint64_t)RSTRING_LEN(name), RSTRING_PTR(text), (uint64_t)RSTRING_LEN(text));
	if (result == -RV_EINVAL)
		mrb_raise(mrb, E_ARGUMENT_ERROR, "trace takes a name without NUL bytes");
	if (result == -RV_E2BIG)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "trace takes %d bytes of a name, and of values as JSON", RV_TRACE_BYTES);
	if (result == -RV_EAGAIN)
		return mrb_false_value();
	engine_check(mrb, "trace", 0, result);
	return mrb_true_value();
}

void trace_init(mrb_state *mrb)
{
	mrb_define_module(mrb, "Trace");
	mrb_define_method_id(mrb, mrb->kernel_module, MRB_SYM(trace), trace_say, MRB_ARGS_ARG(1, 1));
}
