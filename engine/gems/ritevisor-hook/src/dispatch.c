/*
 * dispatch.c: from the hypervisor's next event to the script's block and back.
 *
 * One loop in C ends the last event, waits for the next one and lets the virtual machine execute
 * the block's code. A frame for the block is put up by hand and mrb_vm_exec() entered at the first
 * instruction after the argument handling: nothing is looked up, captured or allocated, and the
 * loop runs under one protection (setjmp) that is entered anew only after an exception. That costs
 * about half of what a `while` loop in Ruby around a C method would.
 */
#include "dispatch.h"

#include "alarm.h"
#include "await.h"
#include "evaluate.h"
#include "event.h"
#include "idle.h"
#include "table.h"

#include <mruby/error.h>
#include <mruby/internal.h>
#include <mruby/opcode.h>
#include <mruby/presym.h>
#include <mruby/proc.h>
#include <stdio.h>

/* vm.c keeps these to itself: how a frame was made. 1: by C, return to C from it. */
enum { DISPATCH_FRAME_FROM_C = 1 };

/* The operand of OP_ENTER for |one| parameter (MRB_ARGS_REQ(1)) and for none; its length. */
enum { ENTER_ONE = 0x40000, ENTER_NONE = 0, ENTER_BYTES = 4, DISPATCH_STACK_SLACK = 16 };

void dispatch_prepare(struct hook_entry *entry)
{
	const mrb_code *code;
	uint32_t aspec;

	entry->start = NULL;
	if (MRB_PROC_CFUNC_P(entry->proc) || MRB_PROC_ALIAS_P(entry->proc) ||
	    !MRB_PROC_ENV_P(entry->proc) || !entry->proc->body.irep)
		return;
	code = entry->proc->body.irep->iseq;
	if (code[0] != OP_ENTER)
		return;
	aspec = (uint32_t)code[1] << 16 | (uint32_t)code[2] << 8 | code[3];
	if (aspec != ENTER_ONE && aspec != ENTER_NONE)
		return;
	entry->arity = aspec == ENTER_ONE;
	entry->start = code + ENTER_BYTES;
	entry->registers = entry->proc->body.irep->nregs;
	entry->locals = entry->proc->body.irep->nlocals;
}

static struct hook_entry *dispatch_wait(mrb_state *mrb)
{
	struct hook_entry *entry;

	if (__builtin_expect(event_entry && event_entry->doomed, 0))
		hook_table_free(event_entry->slot);
	event_entry = NULL;
	if (__builtin_expect(alarm_rings, 0))
		alarm_silence();	/* the block ended by itself, just in time */
	if (__builtin_expect(mrb->gc.live > idle_mark, 0))
		idle_arm(mrb);
	for (;;) {
		if (__builtin_expect(sys_next_event() < 0, 0))
			sys_exit(ENGINE_STATUS_SCRIPT);
		entry = hook_table_find(engine_event()->cookie);
		if (__builtin_expect(entry != NULL, 1))
			return entry;
		/* Else its hook has gone off meanwhile, and it passes. */
		if (engine_event()->cookie == IDLE_COOKIE)
			idle_tick(mrb);
		alarm_silence();
	}
}

/* Puts up the block's frame and runs it. The caller's frame takes caller_registers values. */
static void dispatch_execute(mrb_state *mrb, struct hook_entry *entry, mrb_int caller_registers)
{
	struct RProc *proc = entry->proc;
	const struct REnv *env = proc->e.env; /* dispatch_prepare() saw that it has one */
	mrb_callinfo *caller = mrb->c->ci, *frame = caller + 1;
	mrb_value *stack = caller->stack + caller_registers;
	const mrb_value *end = stack + entry->locals;
	const mrb_code *rest;

	frame->n = entry->arity;
	frame->nk = 0;
	frame->cci = DISPATCH_FRAME_FROM_C;
	frame->mid = env->mid;
	frame->proc = proc;
	frame->blk = NULL;
	frame->stack = stack;
	frame->pc = entry->start;
	frame->u.target_class = env->c;
	stack[0] = env->stack[0];
	stack[1] = entry->arity ? mrb_obj_value(entry->event) : mrb_nil_value();
	/* As OP_ENTER does it: the others are written before they are read. They are few: unrolling
	 * costs more than it gains. */
#pragma clang loop unroll(disable)
	for (mrb_value *value = stack + 2; value < end; value++)
		*value = mrb_nil_value();
	mrb->c->ci = frame;
	rest = evaluate(mrb, entry, stack);
	if (rest)
		mrb_vm_exec(mrb, proc, rest);
	else
		mrb->c->ci = caller;
}

static bool dispatch_has_room(const mrb_state *mrb, const struct hook_entry *entry,
			      mrb_int caller_registers)
{
	const struct mrb_context *context = mrb->c;
	mrb_int need = caller_registers + entry->registers + DISPATCH_STACK_SLACK;

	return context->ci + 2 < context->ciend && context->stend - context->ci->stack > need;
}

/* Blocks with default or rest parameters, methods as blocks, and a stack that has to grow. */
static void dispatch_yield(mrb_state *mrb, const struct hook_entry *entry)
{
	mrb_yield(mrb, mrb_obj_value(entry->proc), mrb_obj_value(entry->event));
}

/* Never returns but by an exception. */
static mrb_value dispatch_events(mrb_state *mrb, void *unused)
{
	int arena = mrb_gc_arena_save(mrb);
	mrb_int caller_registers = mrb_ci_nregs(mrb->c->ci);

	(void)unused;
	for (;;) {
		struct hook_entry *entry = dispatch_wait(mrb);

		entry->events++;
		event_entry = entry;
		/* Which has no start: so all others are asked nothing for it. */
		if (__builtin_expect(entry->start == NULL, 0) && entry->is_of_ends) {
			entry = await_take(mrb, entry);
			if (!entry)
				continue;
		}
		if (__builtin_expect(entry->start != NULL, 1) &&
		    __builtin_expect(dispatch_has_room(mrb, entry, caller_registers), 1))
			dispatch_execute(mrb, entry, caller_registers);
		else
			dispatch_yield(mrb, entry);
		mrb_gc_arena_restore(mrb, arena);
	}
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
		snprintf(context, sizeof(context), "hook %u, error %llu: ", entry->slot,
			 (unsigned long long)entry->errors);
	else
		snprintf(context, sizeof(context), "hook %u: ", entry->slot);
	engine_report(mrb, context, exception);
}

/* The open event ends by its hook's on_error. */
static void dispatch_fail(mrb_state *mrb, mrb_value exception)
{
	struct hook_entry *entry = event_entry;

	alarm_silence();	/* the report runs Ruby, and the block is over */
	if (!entry) {
		engine_report(mrb, "between events: ", exception);
		return;
	}
	engine_event()->verdict = RV_VERDICT_ERROR;
	entry->errors++;
	dispatch_report(mrb, entry, exception);
	if (entry->on_error == RV_ON_ERROR_DISABLE)
		entry->active = false;
	engine_memory_recover(mrb);
}

/* Hook.__run: the engine's life after the script's top level. */
static mrb_value dispatch_run(mrb_state *mrb, mrb_value self)
{
	int arena = mrb_gc_arena_save(mrb);

	for (;;) {
		mrb_bool failed = FALSE;
		mrb_value exception = mrb_protect_error(mrb, dispatch_events, NULL, &failed);

		dispatch_fail(mrb, exception);
		mrb_gc_arena_restore(mrb, arena);
	}
	return self;
}

bool engine_run_hooks(mrb_state *mrb)
{
	if (hook_table_active_count() == 0)
		return false;
	idle_prepare(mrb);
	engine_pauses_reset();
	mrb_funcall(mrb, mrb_obj_value(mrb_class_get(mrb, "Hook")), "__run", 0);
	return true;
}

void dispatch_init(mrb_state *mrb, struct RClass *hook)
{
	evaluate_init(mrb);
	mrb_define_class_method_id(mrb, hook, MRB_SYM(__run), dispatch_run, MRB_ARGS_NONE());
}
