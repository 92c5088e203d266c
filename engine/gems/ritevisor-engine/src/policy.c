/*
 * policy.c: Kernel#policy!: the script must not fail open (rv/policy.h).
 */
#include "internal.h"

#include "rv/policy.h"

static mrb_value policy_begin(mrb_state *mrb, mrb_value self)
{
	int64_t result = sys_policy();

	if (result == -RV_EBUSY)
		mrb_raise(mrb, mrb_class_get(mrb, "AccessError"), "policy! comes before the script's hooks");
	if (result == -RV_EAGAIN)
		mrb_raise(mrb, mrb_class_get(mrb, "AccessError"), "policy! stands at the script's top level");
	engine_check(mrb, RV_POLICY_WORD, 0, result);
	return mrb_nil_value();
}

void policy_init(mrb_state *mrb)
{
	mrb_define_method(mrb, mrb->kernel_module, RV_POLICY_WORD, policy_begin, MRB_ARGS_NONE());
}
