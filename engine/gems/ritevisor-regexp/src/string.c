/*
 * string.c: the methods of String that take a Regexp too. Those that mruby has in C are wrapped
 * here, so that they cost as little as before without a Regexp; mrblib/string.rb has the rest.
 */
#include "regexp.h"

#include <mruby/class.h>
#include <mruby/proc.h>
#include <mruby/string.h>

/* The method `name` of String: __regexp_NAME when its first argument is a Regexp, else mruby's. */
#define STRING_WRAPPER(identifier, other) \
	static mrb_func_t string_original_##identifier; \
	static mrb_value string_##identifier(mrb_state *mrb, mrb_value self) \
	{ \
		if (mrb_get_argc(mrb) > 0 && regexp_is(mrb, mrb_get_argv(mrb)[0])) \
			return string_forward(mrb, self, mrb_intern_lit(mrb, other)); \
		return string_original_##identifier(mrb, self); \
	}

static mrb_value string_forward(mrb_state *mrb, mrb_value self, mrb_sym name)
{
	return mrb_funcall_argv(mrb, self, name, mrb_get_argc(mrb), mrb_get_argv(mrb));
}

STRING_WRAPPER(aref, "__regexp_aref")
STRING_WRAPPER(aset, "__regexp_aset")
STRING_WRAPPER(index, "__regexp_index")
STRING_WRAPPER(rindex, "__regexp_rindex")
STRING_WRAPPER(byteindex, "__regexp_byteindex")
STRING_WRAPPER(split, "__regexp_split")
STRING_WRAPPER(start_with, "__regexp_start_with?")

/* Nothing is wrapped that is not C. */
static void string_wrap(mrb_state *mrb, const char *name, mrb_func_t wrapper, mrb_func_t *original)
{
	struct RClass *class = mrb->string_class;
	mrb_method_t method = mrb_method_search_vm(mrb, &class, mrb_intern_cstr(mrb, name));

	if (MRB_METHOD_UNDEF_P(method) || !MRB_METHOD_CFUNC_P(method))
		mrb_raisef(mrb, E_RUNTIME_ERROR, "String#%s is not mruby's", name);
	if (MRB_METHOD_CFUNC(method) == wrapper)
		return;
	*original = MRB_METHOD_CFUNC(method);
	mrb_define_method(mrb, mrb->string_class, name, wrapper, MRB_ARGS_ANY());
}

void string_init(mrb_state *mrb)
{
	string_wrap(mrb, "[]", string_aref, &string_original_aref);
	string_wrap(mrb, "slice", string_aref, &string_original_aref);
	string_wrap(mrb, "[]=", string_aset, &string_original_aset);
	string_wrap(mrb, "index", string_index, &string_original_index);
	string_wrap(mrb, "rindex", string_rindex, &string_original_rindex);
	string_wrap(mrb, "byteindex", string_byteindex, &string_original_byteindex);
	string_wrap(mrb, "split", string_split, &string_original_split);
	string_wrap(mrb, "start_with?", string_start_with, &string_original_start_with);
}
