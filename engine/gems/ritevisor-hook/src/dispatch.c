/*
 * dispatch.c: from the hypervisor's next event to the script's block and back.
 *
 * Hook.__run is a `while` loop in Ruby (mrblib/hook.rb) that calls Hook.__next for ever. __next
 * ends the last event, waits for the next one, and makes the virtual machine go on inside the
 * block as if the loop had called it: the machine is never entered anew, no object is made, and
 * the block's return leads straight back into the loop.
 */
#include "dispatch.h"

#include "event.h"
#include "table.h"

#include <mruby/error.h>
#include <mruby/internal.h>
#include <mruby/proc.h>
#include <stdio.h>

static struct hook_entry *dispatch_wait(void)
{
	struct hook_entry *entry;

	if (__builtin_expect(event_entry && event_entry->doomed, 0))
		hook_table_free(event_entry->slot);
	event_entry = NULL;
	do {
		/* An event whose hook has gone off meanwhile passes. */
		if (sys_next_event() < 0)
			sys_exit(ENGINE_STATUS_SCRIPT);
		entry = hook_table_find(engine_event()->cookie);
	} while (__builtin_expect(!entry, 0));
	return entry;
}

/* Hook.__next(nil): the argument's place on the stack becomes the block's first parameter. */
static mrb_value dispatch_next(mrb_state *mrb, mrb_value self)
{
	struct hook_entry *entry = dispatch_wait();
	mrb_callinfo *call = mrb->c->ci;
	struct RProc *proc = entry->proc;

	entry->events++;
	event_entry = entry;
	if (MRB_PROC_ENV_P(proc)) {
		call->mid = MRB_PROC_ENV(proc)->mid;
		self = MRB_PROC_ENV(proc)->stack[0];
	}
	call->u.target_class = MRB_PROC_TARGET_CLASS(proc);
	call->stack[1] = mrb_obj_value(entry->event);
	return mrb_exec_irep(mrb, self, proc);
}

static bool dispatch_is_power_of_two(uint64_t n)
{
	return (n & (n - 1)) == 0;
}

/* A hook that fails at every event must not flood the log. */
static void dispatch_report(mrb_state *mrb, const struct hook_entry *entry, mrb_value exception)
{
	char context[64];

	if (entry->errors > DISPATCH_ERRORS_IN_FULL && !dispatch_is_power_of_two(entry->errors))
		return;
	if (entry->errors > DISPATCH_ERRORS_IN_FULL)
		snprintf(context, sizeof(context), "hook %u, error %llu: ", entry->number,
			 (unsigned long long)entry->errors);
	else
		snprintf(context, sizeof(context), "hook %u: ", entry->number);
	engine_report(mrb, context, exception);
}

/* Hook.__failed(exception): the open event ends by its hook's on_error. */
static mrb_value dispatch_failed(mrb_state *mrb, mrb_value self)
{
	mrb_value exception = mrb_get_arg1(mrb);
	struct hook_entry *entry = event_entry;

	if (!entry) {
		engine_report(mrb, "between events: ", exception);
		return mrb_nil_value();
	}
	engine_event()->verdict = RV_VERDICT_ERROR;
	entry->errors++;
	dispatch_report(mrb, entry, exception);
	if (entry->on_error == RV_ON_ERROR_DISABLE)
		entry->active = false;
	engine_memory_recover(mrb);
	return mrb_nil_value();
}

bool engine_run_hooks(mrb_state *mrb)
{
	if (hook_table_active_count() == 0)
		return false;
	mrb_funcall(mrb, mrb_obj_value(mrb_class_get(mrb, "Hook")), "__run", 0);
	return true;
}

void dispatch_init(mrb_state *mrb, struct RClass *hook)
{
	mrb_define_class_method(mrb, hook, "__next", dispatch_next, MRB_ARGS_REQ(1));
	mrb_define_class_method(mrb, hook, "__failed", dispatch_failed, MRB_ARGS_REQ(1));
}
