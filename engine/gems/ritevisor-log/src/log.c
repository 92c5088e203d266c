/*
 * log.c: Ruby's way to the log of the hypervisor: Log.write and Kernel#print.
 */
#include "engine/engine.h"
#include "format.h"

#include <mruby/presym.h>
#include <mruby/string.h>

void mrb_ritevisor_log_gem_init(mrb_state *mrb);
void mrb_ritevisor_log_gem_final(mrb_state *mrb);

/* Log.write(level, text): one entry; the hypervisor adds the prefix and the line end. */
static mrb_value log_write(mrb_state *mrb, mrb_value self)
{
	const char *text;
	mrb_int level, length;

	mrb_get_args(mrb, "is", &level, &text, &length);
	if (level < RV_LOG_ERROR || level > RV_LOG_DEBUG)
		mrb_raise(mrb, E_ARGUMENT_ERROR, "levels are 0 (error) to 4 (debug)");
	engine_log((uint32_t)level, text, (size_t)length);
	return mrb_nil_value();
}

static mrb_value log_print(mrb_state *mrb, mrb_value self)
{
	const mrb_value *arguments;
	mrb_int count;

	mrb_get_args(mrb, "*", &arguments, &count);
	for (mrb_int i = 0; i < count; i++) {
		mrb_value text = mrb_obj_as_string(mrb, arguments[i]);

		if (RSTRING_LEN(text) > 0)
			engine_log(RV_LOG_PLAIN, RSTRING_PTR(text), (size_t)RSTRING_LEN(text));
	}
	return mrb_nil_value();
}

void mrb_ritevisor_log_gem_init(mrb_state *mrb)
{
	struct RClass *log = mrb_define_module(mrb, "Log");

	format_init(mrb);
	mrb_define_module_function_id(mrb, log, MRB_SYM(write), log_write, MRB_ARGS_REQ(2));
	/* puts and p use this one: a class with a `print` of its own may call them from there. */
	mrb_define_module_function_id(mrb, log, MRB_SYM(print), log_print, MRB_ARGS_ANY());
	mrb_define_method_id(mrb, mrb->kernel_module, MRB_SYM(print), log_print, MRB_ARGS_ANY());
}

void mrb_ritevisor_log_gem_final(mrb_state *mrb)
{
}
