/*
 * process/budget.c: counts slices, or single steps, of an engine that runs. What it counts is the
 * engine's (struct budget), and so the CPU's that runs it.
 */
#include "process/budget.h"

#include "core/cpu.h"
#include "core/instructions.h"
#include "core/time.h"
#include "vmm/apic_timer.h"
#include "vmm/apic_timer_math.h"
#include "process/legacy_pic.h"
#include "process/process_internal.h"
#include "vmm/vcpu.h"

/* What a slice costs of the budget that took much longer than the timer was set to. */
#define BUDGET_STOLEN_COST 1
/* The engine is told when so little is left. */
#define BUDGET_ALARM_SHARE 4
/* A step that took longer was held up by something else. */
#define BUDGET_STEP_US_MAXIMUM 100

void budget_init(void)
{
	/* First, because what it looks for is an interrupt that nobody has taken yet. */
	legacy_pic_detect(cpu_current()->vcpu);
	apic_timer_measure();
	apic_timer_watch();
}

uint64_t budget_ticks(uint64_t budget_us)
{
	return time_ticks_of_us(budget_us, apic_timer_hz) / BUDGET_SLICES;
}

void budget_start_stepping(struct process *process)
{
	struct budget *budget = &process->budget;

	budget->stepping = true;
	budget->step_tsc = tsc_read();
	budget->step_left_tsc =
		time_tsc_of_us(process->budget_us) / BUDGET_SLICES * budget->cost_left /
		BUDGET_SLICE_COST;
}

/* Single steps from here on: an interrupt of the guest is in service in the class of ours. */
static void budget_give_up_timer(struct process *process, struct exception_frame *frame)
{
	apic_timer_stop();
	budget_start_stepping(process);
	frame->rflags = (frame->rflags & ~RFLAGS_IF) | RFLAGS_TF;
}

/* A slice is over. One that took half as long again was not the engine's alone. */
static bool budget_charge_slice(struct process *process)
{
	struct budget *budget = &process->budget;
	uint64_t now = tsc_read();
	uint64_t slice_tsc = time_tsc_of_us(process->budget_us) / BUDGET_SLICES;
	unsigned cost = now - budget->slice_tsc > slice_tsc + slice_tsc / 2 ? BUDGET_STOLEN_COST
							       : BUDGET_SLICE_COST;

	if (cost == BUDGET_STOLEN_COST)
		process->owner.waited_cycles += now - budget->slice_tsc - slice_tsc;
	if (cost >= budget->cost_left)
		return true;
	budget->cost_left -= cost;
	budget->slice_tsc = now;
	apic_timer_rearm(budget->slice_ticks);
	return false;
}

/* The interrupt that is requested charges one slice: here the others are. */
static bool budget_charge_late_slices(struct process *process, uint64_t call_tsc, uint64_t now)
{
	struct budget *budget = &process->budget;
	uint64_t slice_tsc = time_tsc_of_us(process->budget_us) / BUDGET_SLICES;
	uint64_t before_tsc = now - call_tsc - budget->slice_tsc, cost;

	/* The call began within a slice; what is more was stolen. */
	if (before_tsc > slice_tsc)
		before_tsc = slice_tsc;
	cost = (before_tsc + call_tsc) * BUDGET_SLICE_COST / (slice_tsc + 1);
	if (cost >= budget->cost_left)
		return true;
	if (cost > BUDGET_SLICE_COST)
		budget->cost_left -= (unsigned)cost - BUDGET_SLICE_COST;
	budget->slice_tsc = now - slice_tsc;
	return false;
}

bool budget_charge_call(struct process *process, uint64_t *start_tsc)
{
	struct budget *budget = &process->budget;
	uint64_t now = tsc_read(), call_tsc = now - *start_tsc;

	*start_tsc = now;
	if (!budget->stepping)
		return apic_timer_is_due() && budget_charge_late_slices(process, call_tsc, now);
	budget->step_tsc = now;
	if (call_tsc >= budget->step_left_tsc)
		return true;
	budget->step_left_tsc -= call_tsc;
	return false;
}

bool budget_handle_interrupt(struct exception_frame *frame)
{
	unsigned vector = (unsigned)frame->vector;

	switch (apic_timer_classify(vector)) {
	case APIC_INTERRUPT_SPURIOUS:
	case APIC_INTERRUPT_HELD:
		return false;
	case APIC_INTERRUPT_GUEST:
		vcpu_accept_interrupt(cpu_current()->vcpu, vector);
		apic_timer_interrupt_taken();
		if (exception_from_user(frame) && vector >= APIC_TIMER_VECTOR &&
		    !process_of_frame(frame)->budget.stepping)
			budget_give_up_timer(process_of_frame(frame), frame);
		return false;
	case APIC_INTERRUPT_TIMER:
		break;
	}
	if (!exception_from_user(frame))
		return false; /* drained, when the engine had stopped already */
	return budget_charge_slice(process_of_frame(frame));
}

enum budget_step budget_handle_step(struct process *process, struct exception_frame *frame)
{
	struct budget *budget = &process->budget;
	uint64_t now = tsc_read(), spent = now - budget->step_tsc;
	uint64_t maximum = time_tsc_of_us(BUDGET_STEP_US_MAXIMUM);

	if (!budget->stepping)
		return BUDGET_STEP_FOREIGN;
	if (spent > maximum)
		spent = maximum;
	if (spent >= budget->step_left_tsc)
		return BUDGET_STEP_TIME_UP;
	budget->step_left_tsc -= spent;
	budget->step_tsc = now;
	/* POPF of the engine's may have cleared it. */
	frame->rflags |= RFLAGS_TF;
	return BUDGET_STEP_GO_ON;
}

bool budget_is_nearly_used(const struct process *process)
{
	const struct budget *budget = &process->budget;

	if (budget->stepping)
		return budget->step_left_tsc <=
		       time_tsc_of_us(process->budget_us) / BUDGET_ALARM_SHARE;
	return budget->cost_left <= BUDGET_SLICES * BUDGET_SLICE_COST / BUDGET_ALARM_SHARE;
}

void budget_pause(struct process *process)
{
	struct budget *budget = &process->budget;

	/* A slice that is over already stays counted. */
	budget->paused = !budget->stepping && !apic_timer_is_due();
	budget->pause_tsc = tsc_read();
}

void budget_resume(struct process *process)
{
	struct budget *budget = &process->budget;

	if (budget->stepping) {
		budget->step_tsc = tsc_read();
		return;
	}
	/* It expired during the pause: the slice starts again, and the interrupt that is requested
	 * takes away what is added here. */
	if (budget->paused && apic_timer_is_due()) {
		budget->cost_left += BUDGET_SLICE_COST;
		budget->slice_tsc = tsc_read();
	} else {
		/* What was waited is not the slice's, or budget_charge_slice() would count it as stolen. */
		budget->slice_tsc += tsc_read() - budget->pause_tsc;
	}
	budget->paused = false;
}
