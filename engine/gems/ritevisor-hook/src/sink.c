/*
 * sink.c: class Sink, as far as it talks to the hypervisor, which has the numbers; Ruby has the rest (mrblib/sinks.rb).
 */
#include "sink.h"

#include "engine/engine.h"
#include "rv/metric_key.h"

#include <mruby/array.h>
#include <mruby/class.h>
#include <mruby/error.h>
#include <mruby/presym.h>
#include <mruby/string.h>
#include <string.h>

static void sink_take_text(mrb_state *mrb, mrb_value text, char *to, size_t bytes, const char *what)
{
	if ((size_t)RSTRING_LEN(text) >= bytes)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "a %s has %d characters at most: %v", what, (int)bytes - 1, text);
	memcpy(to, RSTRING_PTR(text), (size_t)RSTRING_LEN(text));
}

/* Sink.__create(name, unit, kind, step) -> its number */
static mrb_value sink_create(mrb_state *mrb, mrb_value self)
{
	struct rv_metric_spec spec = { .kind = RV_METRIC_COUNTER };
	mrb_value name, unit, step;
	mrb_int kind;
	int64_t result;

	mrb_get_args(mrb, "SSio", &name, &unit, &kind, &step);
	sink_take_text(mrb, name, spec.name, sizeof(spec.name), "name");
	sink_take_text(mrb, unit, spec.unit, sizeof(spec.unit), "unit");
	spec.kind = (uint32_t)kind;
	spec.step = engine_to_u64(mrb, step);
	result = sys_metric(&spec);
	if (result == -RV_EINVAL)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "a name is of visible characters: %v", name);
	if (result == -RV_ENOSPC)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "a script counts %d things at most", RV_METRICS_MAXIMUM);
	if (result == -RV_ENOMEM)
		mrb_exc_raise(mrb, mrb_obj_value(mrb->nomem_err));
	return mrb_int_value(mrb, engine_check(mrb, "into", 0, result));
}

/* What `__word` of an object says, a Disk's for instance (rv_word_pack()); false: it has none. */
static bool sink_take_object(mrb_state *mrb, mrb_value object, enum rv_word_type *type, uint64_t *word)
{
	mrb_value told = mrb_respond_to(mrb, object, MRB_SYM(__word)) ? mrb_funcall_id(mrb, object, MRB_SYM(__word), 0)
								       : mrb_nil_value();

	if (!mrb_integer_p(told) || mrb_integer(told) < 0)
		return false;
	*type = (enum rv_word_type)((uint32_t)mrb_integer(told) % RV_WORD_TYPE_COUNT);
	*word = (uint64_t)mrb_integer(told) / RV_WORD_TYPE_COUNT;
	return *type == RV_WORD_DISK || *type == RV_WORD_NIC;
}

/* False: only a text can stand for it. */
static bool sink_take_word(mrb_state *mrb, mrb_value value, enum rv_word_type *type, uint64_t *word)
{
	*type = RV_WORD_NUMBER;
	if (mrb_integer_p(value)) {
		*word = (uint64_t)mrb_integer(value);
		return mrb_integer(value) >= 0;
	}
	if (mrb_nil_p(value)) {
		*type = RV_WORD_NIL;
		return true;
	}
	if (mrb_symbol_p(value)) {
		*type = RV_WORD_NAME;
		*word = rv_word_named(mrb_sym_name(mrb, mrb_symbol(value)));
		return *word < RV_WORD_COUNT;
	}
	return mrb_object_p(value) && sink_take_object(mrb, value, type, word);
}

static bool sink_take_words(mrb_state *mrb, mrb_value keys, struct rv_metric_key *key)
{
	mrb_int count = RARRAY_LEN(keys);

	if (count > RV_METRIC_WORDS)
		return false;
	key->shape = (uint32_t)count;
	for (mrb_int i = 0; i < count; i++) {
		enum rv_word_type type;

		if (!sink_take_word(mrb, mrb_ary_ref(mrb, keys, i), &type, &key->words[i]))
			return false;
		key->shape |= RV_SHAPE_OF(type, i);
	}
	return true;
}

/* Sink.__text(keys) -> nil if they are words, else what stands for them, cut off where it is too long */
static mrb_value sink_text(mrb_state *mrb, mrb_value self)
{
	struct rv_metric_key key = { .bucket = 0 };
	mrb_value keys, text;

	mrb_get_args(mrb, "A", &keys);
	if (sink_take_words(mrb, keys, &key))
		return mrb_nil_value();
	text = mrb_ary_join(mrb, keys, mrb_str_new_lit(mrb, ", "));
	if (RSTRING_LEN(text) < RV_METRIC_TEXT_BYTES)
		return text;
	return mrb_str_new(mrb, RSTRING_PTR(text), RV_METRIC_TEXT_BYTES - 1);
}

/* Sink.__add(number, keys, text or nil, value) -> was there room? */
static mrb_value sink_add(mrb_state *mrb, mrb_value self)
{
	struct rv_metric_key key = { .bucket = 0 };
	mrb_value keys, text, value;
	mrb_int number;
	int64_t result;

	mrb_get_args(mrb, "iAoo", &number, &keys, &text, &value);
	if (mrb_string_p(text)) {
		memset(key.words, 0, sizeof(key.words));
		key.shape = RV_METRIC_IS_TEXT;
		memcpy(key.words, RSTRING_PTR(text),
		       RSTRING_LEN(text) < RV_METRIC_TEXT_BYTES ? (size_t)RSTRING_LEN(text) : RV_METRIC_TEXT_BYTES - 1);
	} else if (!sink_take_words(mrb, keys, &key)) {
		mrb_raise(mrb, E_ARGUMENT_ERROR, "keys without a text are words");
	}
	result = sys_metric_add((uint64_t)number, &key, engine_to_u64(mrb, value));
	if (result == -RV_ENOMEM)
		return mrb_false_value();
	engine_check(mrb, "into", 0, result);
	return mrb_true_value();
}

/* As events have it. */
static mrb_value sink_word(mrb_state *mrb, uint32_t type, uint64_t word)
{
	const char *text = type == RV_WORD_NAME ? rv_word_name(word) : NULL;
	char name[RV_DISK_NAME_BYTES];

	switch (type) {
	case RV_WORD_NIL:
		return mrb_nil_value();
	case RV_WORD_NAME:
		return mrb_symbol_value(mrb_intern_cstr(mrb, text ? text : "?"));
	case RV_WORD_DISK:
		rv_disk_name((uint32_t)word, name);
		return mrb_funcall_id(mrb, mrb_obj_value(mrb_class_get(mrb, "Disk")), MRB_SYM(__named), 1,
				      mrb_symbol_value(mrb_intern_cstr(mrb, name)));
	case RV_WORD_NIC:
		return mrb_funcall_id(mrb, mrb_obj_value(mrb_class_get(mrb, "Nic")), MRB_SYM(__numbered), 1,
				      engine_from_u64(mrb, word));
	default:
		return engine_from_u64(mrb, word);
	}
}

static mrb_value sink_key(mrb_state *mrb, const struct rv_metric_key *key)
{
	const char *text = (const char *)key->words;
	mrb_value keys;

	if (key->shape == RV_METRIC_IS_TEXT)
		return mrb_str_new(mrb, text, (mrb_int)strnlen(text, RV_METRIC_TEXT_BYTES));
	keys = mrb_ary_new_capa(mrb, RV_METRIC_WORDS);
	for (uint32_t i = 0; i < RV_SHAPE_WORDS(key->shape) && i < RV_METRIC_WORDS; i++)
		mrb_ary_push(mrb, keys, sink_word(mrb, RV_SHAPE_TYPE(key->shape, i), key->words[i]));
	return keys;
}

/* Sink.__entries(number) -> [[keys, or the text that stands for them, bucket, value], ...] */
static mrb_value sink_entries(mrb_state *mrb, mrb_value self)
{
	mrb_value entries = mrb_ary_new(mrb);
	struct rv_metric_facts facts;
	int64_t next = 0;
	mrb_int number;

	mrb_get_args(mrb, "i", &number);
	while ((next = sys_metric_next((uint64_t)number, (uint64_t)next, &facts)) > 0) {
		int arena = mrb_gc_arena_save(mrb);
		mrb_value entry[3] = { sink_key(mrb, &facts.entry.key), mrb_int_value(mrb, facts.entry.key.bucket),
				       engine_from_u64(mrb, facts.entry.value) };

		mrb_ary_push(mrb, entries, mrb_ary_new_from_values(mrb, 3, entry));
		mrb_gc_arena_restore(mrb, arena);
	}
	return entries;
}

/* Sink.__lost(number) */
static mrb_value sink_lost(mrb_state *mrb, mrb_value self)
{
	struct rv_metric_facts facts = { .lost = 0 };
	mrb_int number;

	mrb_get_args(mrb, "i", &number);
	(void)sys_metric_next((uint64_t)number, UINT64_MAX, &facts);
	return engine_from_u64(mrb, facts.lost);
}

static mrb_value sink_clear(mrb_state *mrb, mrb_value self)
{
	mrb_int number;

	mrb_get_args(mrb, "i", &number);
	engine_check(mrb, "clear", 0, sys_metric_clear((uint64_t)number));
	return self;
}

void sink_init(mrb_state *mrb)
{
	struct RClass *sink = mrb_define_class(mrb, "Sink", mrb->object_class);

	mrb_define_class_method_id(mrb, sink, MRB_SYM(__create), sink_create, MRB_ARGS_REQ(4));
	mrb_define_class_method_id(mrb, sink, MRB_SYM(__text), sink_text, MRB_ARGS_REQ(1));
	mrb_define_class_method_id(mrb, sink, MRB_SYM(__add), sink_add, MRB_ARGS_REQ(4));
	mrb_define_class_method_id(mrb, sink, MRB_SYM(__entries), sink_entries, MRB_ARGS_REQ(1));
	mrb_define_class_method_id(mrb, sink, MRB_SYM(__lost), sink_lost, MRB_ARGS_REQ(1));
	mrb_define_class_method_id(mrb, sink, MRB_SYM(__clear), sink_clear, MRB_ARGS_REQ(1));
}
