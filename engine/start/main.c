/*
 * main.c: the life of an engine: open mruby, run the script, serve its hooks.
 */
#include "start/main.h"

#include "engine/engine.h"
#ifndef RV_HOST
#include "vm/methods.h"
#endif

#include <mruby.h>
#include <mruby/error.h>

enum { MAIN_GC_STEP_RATIO = 20 };

/* Others may begin with a copy of all that this one's memory holds now (rv/abi.h), but for what it may not share. */
static void main_begin(mrb_state *mrb)
{
	sys_opened();
	mrb_funcall(mrb, mrb_top_self(mrb), "srand", 1, engine_from_u64(mrb, engine_random_seed() >> 1));
}

static mrb_state *main_open(void)
{
	mrb_state *mrb;

	engine_memory_prepare();
	engine_collect_begin_opening();
	mrb = mrb_open_allocf(engine_allocate, NULL);
	if (mrb && !mrb->exc) {
#ifndef RV_HOST
		vm_method_cache_mask = VM_METHOD_CACHE_WHOLE;
#endif
		main_begin(mrb);
		/* Small steps: about 35,000 instructions each, whatever the heap's size. */
		mrb->gc.step_ratio = MAIN_GC_STEP_RATIO;
		engine_collect_end_opening(mrb);
		return mrb;
	}
	if (mrb && mrb->exc)
		engine_report(mrb, "engine: ", mrb_obj_value(mrb->exc));
	engine_log_string(RV_LOG_ERROR, "engine: cannot start mruby; is the heap quota too small?");
	return NULL;
}

int engine_main(void)
{
	const struct rv_engine_info *info = engine_info();
	enum engine_status status;
	mrb_state *mrb;

	if (info->abi_version != RV_ABI_VERSION) {
		engine_log_string(RV_LOG_ERROR, "engine: built for another version of the hypervisor");
		return ENGINE_STATUS_SCRIPT;
	}
	mrb = main_open();
	if (!mrb)
		return ENGINE_STATUS_MEMORY;
	if (!engine_run_script(mrb, &info->scripts[info->script_index % RV_SCRIPTS_MAXIMUM],
			       &status)) {
		if (mrb->exc) {
			mrb_value exception = mrb_obj_value(mrb->exc);

			mrb->exc = NULL;
			engine_report(mrb, "", exception);
		}
		return (int)status;
	}
	engine_memory_recover(mrb);
	engine_run_hooks(mrb);
	/* Here only when no hook is on: the script has nothing more to do. */
	return engine_run_at_exit(mrb) ? ENGINE_STATUS_OK : ENGINE_STATUS_SCRIPT;
}
