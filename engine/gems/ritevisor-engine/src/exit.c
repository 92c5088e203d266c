/*
 * exit.c: at_exit, exit, abort, and the end of the engine.
 */
#include "internal.h"

#include <mruby/array.h>
#include <mruby/error.h>
#include <mruby/presym.h>
#include <mruby/string.h>
#include <mruby/variable.h>

/* An Array of blocks, in a global that scripts have no name for. */
static mrb_value exit_blocks(mrb_state *mrb)
{
	mrb_sym name = mrb_intern_lit(mrb, "__at_exit");
	mrb_value blocks = mrb_gv_get(mrb, name);

	if (!mrb_array_p(blocks)) {
		blocks = mrb_ary_new(mrb);
		mrb_gv_set(mrb, name, blocks);
	}
	return blocks;
}

bool engine_has_at_exit(mrb_state *mrb)
{
	return RARRAY_LEN(exit_blocks(mrb)) > 0;
}

static mrb_value exit_call_newest(mrb_state *mrb, void *blocks)
{
	return mrb_yield_argv(mrb, mrb_ary_pop(mrb, *(mrb_value *)blocks), 0, NULL);
}

bool engine_run_at_exit(mrb_state *mrb)
{
	mrb_value blocks = exit_blocks(mrb);
	bool good = true;

	while (RARRAY_LEN(blocks) > 0) {
		mrb_bool failed = FALSE;
		mrb_value result = mrb_protect_error(mrb, exit_call_newest, &blocks, &failed);

		if (failed) {
			mrb->exc = NULL;
			engine_report(mrb, "at_exit: ", result);
			good = false;
		}
	}
	return good;
}

_Noreturn void engine_exit_cleanly(mrb_state *mrb, int status)
{
	if (!engine_run_at_exit(mrb) && status == ENGINE_STATUS_OK)
		status = ENGINE_STATUS_SCRIPT;
	sys_exit(status);
}

static mrb_value exit_at_exit(mrb_state *mrb, mrb_value self)
{
	mrb_value block;

	mrb_get_args(mrb, "&!", &block);
	mrb_ary_push(mrb, exit_blocks(mrb), block);
	return block;
}

/* In the event of the guest's end, which has failed if one of the blocks has. */
static mrb_value exit_run_at_exit(mrb_state *mrb, mrb_value self)
{
	if (!engine_run_at_exit(mrb))
		engine_event()->verdict = RV_VERDICT_ERROR;
	return mrb_nil_value();
}

static mrb_value exit_exit(mrb_state *mrb, mrb_value self)
{
	mrb_value status = mrb_true_value();

	mrb_get_args(mrb, "|o", &status);
	if (mrb_true_p(status))
		engine_exit_cleanly(mrb, ENGINE_STATUS_OK);
	if (mrb_false_p(status))
		engine_exit_cleanly(mrb, ENGINE_STATUS_SCRIPT);
	engine_exit_cleanly(mrb, (int)(mrb_as_int(mrb, status) & 0xff));
}

static mrb_value exit_abort(mrb_state *mrb, mrb_value self)
{
	const char *text;
	mrb_int length;

	if (mrb_get_args(mrb, "|s", &text, &length) == 1)
		engine_log(RV_LOG_ERROR, text, (size_t)length);
	engine_exit_cleanly(mrb, ENGINE_STATUS_SCRIPT);
}

void exit_init(mrb_state *mrb)
{
	struct RClass *kernel = mrb->kernel_module;

	mrb_define_method_id(mrb, kernel, MRB_SYM(at_exit), exit_at_exit, MRB_ARGS_BLOCK());
	mrb_define_method_id(mrb, kernel, MRB_SYM(__run_at_exit), exit_run_at_exit, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, kernel, MRB_SYM(exit), exit_exit, MRB_ARGS_OPT(1));
	mrb_define_method_id(mrb, kernel, MRB_SYM(abort), exit_abort, MRB_ARGS_OPT(1));
}
