/*
 * alarm.c: how an exception gets into a running virtual machine that nobody polls.
 *
 * mruby has no cheap way to be interrupted: MRB_USE_DEBUG_HOOK, which asks before every
 * instruction, doubles to triples what integer code costs. So the machine is left as it is and its
 * jump table is changed instead: engine.lds puts that table (a static of mrb_vm_exec) into
 * writable memory, and when the alarm rings, the entries of calls and jumps, one of which every
 * loop and every recursion executes, are pointed at OP_DEBUG. That instruction prints something;
 * the linker sends vm.c's printf here (--wrap=printf), and here the exception is raised, as any C
 * function called by the machine may do. Nothing is paid until the alarm rings.
 *
 * Code that executes no Ruby for long (a C function) does not notice; it is killed.
 */
#include "alarm.h"

#include <mruby/error.h>
#include <mruby/opcode.h>
#include <stdarg.h>
#include <stdio.h>

volatile bool alarm_rings;

/* Absent in host builds, where vm.c's table is a constant. */
extern const void *vm_optable_start[] __attribute__((weak));

static const uint8_t alarm_opcodes[] = {
	OP_JMP, OP_JMPIF, OP_JMPNOT, OP_JMPNIL, OP_JMPUW,
	OP_SEND, OP_SENDB, OP_SSEND, OP_SSENDB,
};

static const void *alarm_saved[ARRAY_LENGTH(alarm_opcodes)];
static mrb_state *alarm_mrb;

int __wrap_printf(const char *format, ...);

void alarm_ring(void)
{
	if (alarm_rings)
		return;
	alarm_rings = engine_time_is_short = true;
	for (size_t i = 0; i < ARRAY_LENGTH(alarm_opcodes); i++) {
		alarm_saved[i] = vm_optable_start[alarm_opcodes[i]];
		vm_optable_start[alarm_opcodes[i]] = vm_optable_start[OP_DEBUG];
	}
}

void alarm_silence(void)
{
	if (!alarm_rings)
		return;
	alarm_rings = engine_time_is_short = false;
	for (size_t i = 0; i < ARRAY_LENGTH(alarm_opcodes); i++)
		vm_optable_start[alarm_opcodes[i]] = alarm_saved[i];
}

static _Noreturn void alarm_raise(mrb_state *mrb)
{
	struct RClass *hook = mrb_class_get(mrb, "Hook");

	alarm_silence();
	mrb_raise(mrb, mrb_class_get_under(mrb, hook, "BudgetError"),
		  "three quarters of the time budget are used: do less, or say budget:");
}

int __wrap_printf(const char *format, ...)
{
	va_list arguments;
	int length;

	if (alarm_rings)
		alarm_raise(alarm_mrb);
	va_start(arguments, format);
	length = vprintf(format, arguments);
	va_end(arguments);
	return length;
}

#ifdef RV_HOST
void alarm_entry(void)
{
	alarm_ring();
}
#endif

void alarm_init(mrb_state *mrb, struct RClass *hook)
{
	/* Not a StandardError: a plain rescue does not catch it. */
	mrb_define_class_under(mrb, hook, "BudgetError", E_EXCEPTION);
	alarm_mrb = mrb;
	if (vm_optable_start)
		sys_alarm((uint64_t)(uintptr_t)alarm_entry);
}
