/*
 * spec_kinds.c: the names of kinds that `on` takes.
 */
#include "spec.h"

#include "rv/metric_key.h"

#include <mruby/array.h>
#include <mruby/presym.h>
#include <mruby/string.h>
#include <string.h>

static bool spec_is_in_group(uint32_t kind, const char *group)
{
	return rv_kinds[kind].group && strcmp(rv_kinds[kind].group, group) == 0;
}

/* Is it the first of its group? */
static bool spec_leads_group(uint32_t kind)
{
	if (!rv_kinds[kind].group)
		return false;
	for (uint32_t other = 1; other < kind; other++) {
		if (spec_is_in_group(other, rv_kinds[kind].group))
			return false;
	}
	return true;
}

void spec_list(mrb_state *mrb, mrb_value text, const char *name, const char *end)
{
	if (RSTRING_LEN(text) > 0)
		mrb_str_cat_lit(mrb, text, ", ");
	mrb_str_cat_cstr(mrb, text, name);
	mrb_str_cat_cstr(mrb, text, end);
}

/* All that `on` takes, for errors. */
static mrb_value spec_known_kinds(mrb_state *mrb)
{
	mrb_value text = mrb_str_new_lit(mrb, "");

	for (uint32_t kind = 1; kind < RV_EVENT_KIND_COUNT; kind++) {
		if (!rv_kind_has(kind, RV_KIND_OWN_WORD))
			spec_list(mrb, text, rv_kinds[kind].name, "");
	}
	for (uint32_t kind = 1; kind < RV_EVENT_KIND_COUNT; kind++) {
		if (spec_leads_group(kind))
			spec_list(mrb, text, rv_kinds[kind].group, "");
	}
	return text;
}

_Noreturn void spec_raise_kind(mrb_state *mrb, mrb_value name)
{
	mrb_raisef(mrb, E_ARGUMENT_ERROR, "no kind of event is called %v; there are %v",
		   mrb_inspect(mrb, name), spec_known_kinds(mrb));
}

static void spec_push_kind(mrb_state *mrb, mrb_value kinds, uint32_t kind)
{
	mrb_value name = mrb_symbol_value(mrb_intern_cstr(mrb, rv_kinds[kind].name));

	for (mrb_int i = 0; i < RARRAY_LEN(kinds); i++) {
		if (mrb_symbol(mrb_ary_ref(mrb, kinds, i)) == mrb_symbol(name))
			return;
	}
	mrb_ary_push(mrb, kinds, name);
}

static void spec_push_named(mrb_state *mrb, mrb_value kinds, mrb_value symbol)
{
	const char *name = mrb_symbol_p(symbol) ? mrb_sym_name(mrb, mrb_symbol(symbol)) : "";
	bool found = false;

	for (uint32_t kind = 1; kind < RV_EVENT_KIND_COUNT; kind++) {
		if (rv_kind_has(kind, RV_KIND_OWN_WORD) ||
		    (strcmp(rv_kinds[kind].name, name) != 0 && !spec_is_in_group(kind, name)))
			continue;
		spec_push_kind(mrb, kinds, kind);
		found = true;
	}
	if (!found)
		spec_raise_kind(mrb, symbol);
}

/* Hook.__kinds(names) -> names of kinds, each once, those that stand for two replaced by them */
static mrb_value spec_expand_kinds(mrb_state *mrb, mrb_value self)
{
	mrb_value names, kinds = mrb_ary_new(mrb);

	mrb_get_args(mrb, "A", &names);
	if (RARRAY_LEN(names) == 0)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "on needs a kind of event: %v", spec_known_kinds(mrb));
	for (mrb_int i = 0; i < RARRAY_LEN(names); i++)
		spec_push_named(mrb, kinds, mrb_ary_ref(mrb, names, i));
	return kinds;
}

/* Hook.__open(arguments of on): opens the gems that have those events */
static mrb_value spec_open(mrb_state *mrb, mrb_value self)
{
	mrb_value names;

	mrb_get_args(mrb, "A", &names);
	for (mrb_int i = 0; i < RARRAY_LEN(names); i++) {
		mrb_value name = mrb_ary_ref(mrb, names, i);

		if (mrb_symbol_p(name))
			engine_open_event(mrb, mrb_symbol(name));
	}
	return self;
}

/* Hook.__counts?(kind, the field that is added or nil, names) -> can C alone add such events to a metric by these? */
static mrb_value spec_counts(mrb_state *mrb, mrb_value self)
{
	const struct rv_kind *kind;
	mrb_value value, names;
	mrb_sym name;

	mrb_get_args(mrb, "noA", &name, &value, &names);
	kind = &rv_kinds[rv_kind_named(mrb_sym_name(mrb, name))];
	if (kind == &rv_kinds[RV_EVENT_NONE] || (kind->flags & RV_KIND_PLAIN))
		return mrb_false_value();
	if (!mrb_nil_p(value) && !rv_metric_adds(kind, rv_field_named(kind, mrb_sym_name(mrb, mrb_obj_to_sym(mrb, value)))))
		return mrb_false_value();
	for (mrb_int i = 0; i < RARRAY_LEN(names); i++) {
		const char *part = mrb_sym_name(mrb, mrb_obj_to_sym(mrb, mrb_ary_ref(mrb, names, i)));

		if (!rv_metric_takes(kind, rv_metric_key_named(kind, part)))
			return mrb_false_value();
	}
	return mrb_true_value();
}

void spec_init(mrb_state *mrb, struct RClass *hook)
{
	mrb_define_class_method_id(mrb, hook, MRB_SYM_Q(__counts), spec_counts, MRB_ARGS_REQ(3));
	mrb_define_class_method_id(mrb, hook, MRB_SYM(__kinds), spec_expand_kinds, MRB_ARGS_REQ(1));
	mrb_define_class_method_id(mrb, hook, MRB_SYM(__open), spec_open, MRB_ARGS_REQ(1));
}
