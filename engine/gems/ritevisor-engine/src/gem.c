/*
 * gem.c: registers what this gem defines.
 */
#include "internal.h"

#include <mruby/error.h>

void mrb_ritevisor_engine_gem_init(mrb_state *mrb);
void mrb_ritevisor_engine_gem_final(mrb_state *mrb);

volatile bool engine_time_is_short;

void mrb_ritevisor_engine_gem_init(mrb_state *mrb)
{
	struct RClass *script_error = mrb_class_get(mrb, "ScriptError");

	mrb_define_class(mrb, "AccessError", E_STANDARD_ERROR);
	mrb_define_class(mrb, "LoadError", script_error);
	loader_init(mrb);
	exit_init(mrb);
	memory_init(mrb);
	keys_init(mrb);
	powers_init(mrb);
	policy_init(mrb);
	parts_init(mrb);
}

void mrb_ritevisor_engine_gem_final(mrb_state *mrb)
{
}
