/*
 * msr.c: module Msr: model-specific registers of the CPU that the script runs on, past all hooks.
 */
#include "engine/engine.h"

#include <mruby/presym.h>

void mrb_ritevisor_msr_gem_init(mrb_state *mrb);
void mrb_ritevisor_msr_gem_final(mrb_state *mrb);

static mrb_value msr_read(mrb_state *mrb, mrb_value self)
{
	uint64_t msr = engine_to_unsigned(mrb, mrb_get_arg1(mrb), UINT32_MAX, "MSR");
	uint64_t value = 0;

	engine_check(mrb, "Msr.read", msr, sys_msr_read(msr, &value));
	return engine_from_u64(mrb, value);
}

static mrb_value msr_write(mrb_state *mrb, mrb_value self)
{
	mrb_value msr_value, value;
	uint64_t msr;

	mrb_get_args(mrb, "oo", &msr_value, &value);
	msr = engine_to_unsigned(mrb, msr_value, UINT32_MAX, "MSR");
	engine_check(mrb, "Msr.write", msr, sys_msr_write(msr, engine_to_u64(mrb, value)));
	return value;
}

void mrb_ritevisor_msr_gem_init(mrb_state *mrb)
{
	struct RClass *msr = mrb_define_module(mrb, "Msr");

	mrb_define_module_function_id(mrb, msr, MRB_SYM(read), msr_read, MRB_ARGS_REQ(1));
	mrb_define_module_function_id(mrb, msr, MRB_SYM(write), msr_write, MRB_ARGS_REQ(2));
}

void mrb_ritevisor_msr_gem_final(mrb_state *mrb)
{
}
