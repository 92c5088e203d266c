/*
 * cpuid.c: Cpuid.read: what the guest would see without hooks.
 */
#include "engine/engine.h"

#include <mruby/array.h>
#include <mruby/presym.h>

void mrb_ritevisor_cpuid_gem_init(mrb_state *mrb);
void mrb_ritevisor_cpuid_gem_final(mrb_state *mrb);

/* Cpuid.read(leaf, subleaf = 0) -> [eax, ebx, ecx, edx] */
static mrb_value cpuid_read(mrb_state *mrb, mrb_value self)
{
	mrb_value leaf_value, subleaf_value = mrb_fixnum_value(0), values[4];
	uint32_t registers[4] = { 0 };
	uint64_t leaf, subleaf;

	mrb_get_args(mrb, "o|o", &leaf_value, &subleaf_value);
	leaf = engine_to_unsigned(mrb, leaf_value, UINT32_MAX, "leaf");
	subleaf = engine_to_unsigned(mrb, subleaf_value, UINT32_MAX, "subleaf");
	engine_check(mrb, "Cpuid.read", leaf,
		     sys_cpuid((uint32_t)leaf, (uint32_t)subleaf, registers));
	for (int i = 0; i < 4; i++)
		values[i] = mrb_int_value(mrb, registers[i]);
	return mrb_ary_new_from_values(mrb, 4, values);
}

void mrb_ritevisor_cpuid_gem_init(mrb_state *mrb)
{
	struct RClass *cpuid = mrb_define_module(mrb, "Cpuid");

	mrb_define_module_function_id(mrb, cpuid, MRB_SYM(read), cpuid_read, MRB_ARGS_ARG(1, 1));
}

void mrb_ritevisor_cpuid_gem_final(mrb_state *mrb)
{
}
