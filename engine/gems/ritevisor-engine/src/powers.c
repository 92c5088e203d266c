/*
 * powers.c: Kernel#powers: gives up what a script does not need once its top level has ended.
 */
#include "internal.h"

#include "rv/powers.h"

#include <mruby/string.h>
#include <string.h>

static const char *const power_names[RV_POWER_COUNT] = {
#define POWER_NAME(constant, name) name,
	RV_POWERS(POWER_NAME)
#undef POWER_NAME
};

static _Noreturn void powers_raise(mrb_state *mrb, mrb_value name)
{
	mrb_value known = mrb_str_new_lit(mrb, "");

	for (unsigned int i = 0; i < RV_POWER_COUNT; i++) {
		mrb_str_cat_cstr(mrb, known, i == 0 ? ":" : ", :");
		mrb_str_cat_cstr(mrb, known, power_names[i]);
	}
	mrb_raisef(mrb, E_ARGUMENT_ERROR, "no power is called %v; there are %v", mrb_inspect(mrb, name),
		   known);
}

static uint32_t powers_named(mrb_state *mrb, mrb_value name)
{
	for (unsigned int i = 0; mrb_symbol_p(name) && i < RV_POWER_COUNT; i++) {
		if (strcmp(mrb_sym_name(mrb, mrb_symbol(name)), power_names[i]) == 0)
			return 1u << i;
	}
	powers_raise(mrb, name);
}

/* powers(:log, :port) -> nil: the script keeps these alone */
static mrb_value powers_keep(mrb_state *mrb, mrb_value self)
{
	const mrb_value *names;
	mrb_int count;
	uint32_t kept = 0;

	mrb_get_args(mrb, "*", &names, &count);
	for (mrb_int i = 0; i < count; i++)
		kept |= powers_named(mrb, names[i]);
	engine_check(mrb, "powers", kept, sys_powers(kept));
	return mrb_nil_value();
}

void powers_init(mrb_state *mrb)
{
	mrb_define_method(mrb, mrb->kernel_module, "powers", powers_keep, MRB_ARGS_ANY());
}
