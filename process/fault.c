/*
 * process/fault.c: what an engine does wrong, and what comes from outside while it runs.
 */
#include "core/instructions.h"
#include "core/log.h"
#include "core/panic.h"
#include "core/cpu.h"
#include "process/budget.h"
#include "process/process_internal.h"
#include "process/user_memory.h"
#include "rv/kinds.h"
#include "vmm/vcpu.h"

/* AMD APM v2 8.4.2 */

static const char *const fault_names[32] = {
	[0] = "divide error",
	[1] = "single-step trap",
	[3] = "breakpoint",
	[5] = "bound range exceeded",
	[6] = "invalid instruction",
	[7] = "x87 instruction (floating-point registers belong to the guest)",
	[10] = "invalid task state",
	[11] = "segment not present",
	[12] = "stack fault",
	[13] = "general protection fault (a privileged instruction or a bad address)",
	[16] = "x87 exception",
	[17] = "misaligned access",
	[19] = "SIMD exception",
};

/* Where the event that is open happened, as scripts count. */
static uint64_t fault_address(const struct hook *hook)
{
	struct rv_event event;

	hook->source->fill(&event, hook->origin);
	return event.address;
}

/* What the engine was doing, for messages. */
static void fault_describe_work(const struct process *process, char *text, size_t text_bytes)
{
	const struct hook *hook = process->hook;

	if (process->service_work != NULL)
		print_format(text, text_bytes, "%s", process->service_work);
	else if (process->role == PROCESS_ROLE_TEMPLATE)
		print_format(text, text_bytes, "its opening");
	else if (hook == NULL)
		print_format(text, text_bytes, "the script's top level");
	else if (hook->source->fill == NULL)
		print_format(text, text_bytes, "its %s hook", rv_kind_name(hook->spec.kind));
	else if (fault_address(hook) != hook->first)
		print_format(text, text_bytes, "its %s hook at 0x%lx, of 0x%lx",
			     rv_kind_name(hook->spec.kind), hook->first, fault_address(hook));
	else
		print_format(text, text_bytes, "its %s hook at 0x%lx", rv_kind_name(hook->spec.kind),
			     hook->first);
}

static const char *fault_describe_fate(const struct process *process)
{
	if (process->service_fate != NULL)
		return process->service_fate;
	if (process->hook == NULL)
		return "the script is not in force";
	return process->hook->spec.on_error == RV_ON_ERROR_DENY
		       ? "its hooks with on_error: :deny deny from now on, the others are removed"
		       : "its hooks are removed";
}

/* Of an engine that gives the CPU back where it is: what came there once, and would show as an exception with the next
 * instruction (fault_may_be_interrupt()), is none of the guest's, which would have it now. */
static void fault_forget_suspect(struct process *process, const struct exception_frame *frame)
{
	if (process->suspect_rip != 0 && process->suspect_rip == frame->rip && process->suspect_is_new)
		vcpu_withdraw_interrupt(process->vcpu, process->suspect_vector);
	process->suspect_rip = 0;
}

_Noreturn static void fault_suspend(struct process *process, const struct exception_frame *frame)
{
	fault_forget_suspect(process, frame);
	process_suspend(process, frame);
}

_Noreturn void process_kill(struct process *process, const struct exception_frame *frame,
			    const char *format, ...)
{
	char why[160], work[64];
	va_list arguments;

	va_start(arguments, format);
	print_format_list(why, sizeof(why), format, arguments);
	va_end(arguments);
	fault_forget_suspect(process, frame);
	fault_describe_work(process, work, sizeof(work));
	process_tell(process, "%s: killed in %s: %s; RIP 0x%lx, RSP 0x%lx; %s", process->name, work, why,
		     frame->rip, frame->rsp, fault_describe_fate(process));
	process_leave(process, PROCESS_STOP_KILLED);
}

static void fault_handle_page(struct process *process, struct exception_frame *frame)
{
	uint64_t address = cr2_read();
	const char *what = "reads";

	if (!(frame->error_code & PAGE_FAULT_PRESENT) && user_grow_stack(process, address))
		return;
	if (frame->error_code & PAGE_FAULT_FETCH)
		what = "executes";
	else if (frame->error_code & PAGE_FAULT_WRITE)
		what = "writes";
	if (address < RV_ENGINE_STACK_TOP - RV_ENGINE_STACK_BYTES &&
	    address >= RV_ENGINE_STACK_TOP - RV_ENGINE_STACK_BYTES - PAGE_BYTES)
		process_kill(process, frame, "stack overflow (%lu KiB used)",
			     process->stack_bytes / 1024);
	process_kill(process, frame, "page fault: it %s 0x%lx, which is not its own", what, address);
}

_Noreturn void process_kill_late(struct process *process, const struct exception_frame *frame)
{
	const char *more = process->hook != NULL ? "the hook's budget: or budget_us="
						 : "the option load_budget_ms=";

	process_kill(process, frame, "its time of %lu us is up (%s gives more)", process->budget_us,
		     more);
}

/* Lets the engine call its alarm function where it was interrupted, once a run. One whose stack
 * has no room there is killed when its time is up. */
static void fault_ring_alarm(struct process *process, struct exception_frame *frame)
{
	uint64_t stack = frame->rsp - sizeof(uint64_t);

	if (process->alarm_function == 0 || process->alarm_rung || process->sliced || !budget_is_nearly_used(process))
		return;
	process->alarm_rung = true;
	if (user_copy_out(process, stack, &frame->rip, sizeof(uint64_t)) != 0)
		return;
	frame->rsp = stack;
	frame->rip = process->alarm_function;
}

/* Exceptions without an error code that an engine can have, and that come again when it goes on. */
static bool fault_comes_again(uint64_t vector)
{
	return vector == VECTOR_DIVIDE || vector == VECTOR_INVALID_OPCODE || vector == VECTOR_NO_DEVICE;
}

/* An interrupt of the 8259s can have such a vector. The engine goes on where it was: what comes at once
 * again is an exception. Until then it is taken for an interrupt, which goes on to the guest. */
static bool fault_may_be_interrupt(struct process *process, const struct exception_frame *frame)
{
	if (!(frame->rflags & RFLAGS_IF) || !fault_comes_again(frame->vector))
		return false;
	if (process->suspect_rip == frame->rip && process->suspect_vector == frame->vector) {
		if (process->suspect_is_new)
			vcpu_withdraw_interrupt(process->vcpu, (unsigned)frame->vector);
		process->suspect_rip = 0;
		return false;
	}
	process->suspect_rip = frame->rip;
	process->suspect_vector = (uint8_t)frame->vector;
	process->suspect_is_new = vcpu_accept_interrupt(process->vcpu, (unsigned)frame->vector);
	return true;
}

void process_handle_exception(struct exception_frame *frame)
{
	struct process *process = process_of_frame(frame);

	if (fault_may_be_interrupt(process, frame))
		return;
	switch (frame->vector) {
	case VECTOR_PAGE_FAULT:
		fault_handle_page(process, frame);
		return;
	case VECTOR_DEBUG:
		switch (budget_handle_step(process, frame)) {
		case BUDGET_STEP_GO_ON:
			fault_ring_alarm(process, frame);
			return;
		case BUDGET_STEP_TIME_UP:
			if (process->sliced)
				fault_suspend(process, frame);
			process_kill_late(process, frame);
		case BUDGET_STEP_FOREIGN:
			break;
		}
		break;
	case VECTOR_DOUBLE_FAULT:
	case VECTOR_MACHINE_CHECK:
		panic_exception(frame); /* no fault of the engine's */
	default:
		break;
	}
	if (fault_names[frame->vector] != NULL)
		process_kill(process, frame, "%s", fault_names[frame->vector]);
	process_kill(process, frame, "exception %lu", frame->vector);
}

void process_handle_interrupt(struct exception_frame *frame)
{
	bool time_is_up = budget_handle_interrupt(frame);

	if (exception_from_user(frame) && process_of_frame(frame)->sliced &&
	    (time_is_up || budget_has_begun(&process_of_frame(frame)->budget)))
		fault_suspend(process_of_frame(frame), frame);
	if (time_is_up)
		process_kill_late(process_of_frame(frame), frame);
	if (exception_from_user(frame))
		fault_ring_alarm(process_of_frame(frame), frame);
}
