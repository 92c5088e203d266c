/*
 * process/budget.h: how long an engine may run, enforced without its help.
 *
 * While CPL 3 code runs, the local APIC timer that the guest owns is borrowed: it fires every
 * eighth of the budget (a slice), and the eighth time the engine is killed. So the granularity is
 * an eighth of the budget: an engine that never returns is stopped one budget after its entry, or,
 * where system calls held interrupts up, up to a slice later.
 *
 * Time that the machine itself takes away (SMM, a busy emulator) shows as a slice that took more
 * than half as long again as the timer was set to; such a slice costs an eighth only. The few system
 * calls that take longer than their calling are charged by the clock instead.
 *
 * Where the timer cannot be had (the APIC is off, an interrupt of the guest of the highest class
 * is pending or in service), the engine runs in single steps (RFLAGS.TF) and the cycles of each are
 * summed; it is much slower then, and its granularity is one instruction.
 */
#ifndef PROCESS_BUDGET_H
#define PROCESS_BUDGET_H

#include "rv/types.h"

struct exception_frame;
struct process;
struct vcpu;

#define BUDGET_SLICES 8
/* What a slice costs of cost_left. */
#define BUDGET_SLICE_COST 8

/* An engine's, in struct process; for budget.c and run.h only. */
struct budget {
	uint64_t slice_ticks;
	uint64_t slice_tsc; /* when it began */
	unsigned cost_left;
	bool timer_lent;
	bool stepping;
	bool paused;
	uint64_t pause_tsc; /* when the pause began */
	/* stepping */
	uint64_t step_tsc; /* of the step before */
	uint64_t step_left_tsc;
};

/* Measures the APIC timer, finds out whether the 8259s pass the APIC by, and from then on hears of the guest's
 * interrupts. Takes up to 80 ms. Context: boot, after process/fault.c's handlers are in place. */
void budget_init(void);

/* Timer ticks of a slice for a budget: what process_run() takes with it. */
uint64_t budget_ticks(uint64_t budget_us);

/* The engine goes on in single steps, with the budget that it has left; its TF is the caller's to
 * set. */
void budget_start_stepping(struct process *process);

/* An interrupt came. True: the engine's time is up. Context: interrupt. */
bool budget_handle_interrupt(struct exception_frame *frame);

/* A single-step trap came from CPL 3. TF in the frame stays set where the engine is to go on. */
enum budget_step {
	BUDGET_STEP_GO_ON,   /* ours; the engine may go on */
	BUDGET_STEP_TIME_UP, /* ours; its time is up */
	BUDGET_STEP_FOREIGN, /* the engine set TF itself */
};
enum budget_step budget_handle_step(struct process *process, struct exception_frame *frame);

/* Three quarters of the budget are used. */
bool budget_is_nearly_used(const struct process *process);

/* Has the timer's first slice passed? */
static inline bool budget_has_begun(const struct budget *budget)
{
	return !budget->stepping && budget->cost_left < BUDGET_SLICES * BUDGET_SLICE_COST;
}

/* Charges what a system call took since *start_tsc, which becomes now. True: the engine's time is
 * up. For calls that may take long, at their end and now and then amid them: the timer's interrupt
 * waits for the end of a call, and a late one counts as time that something else took away. */
bool budget_charge_call(struct process *process, uint64_t *start_tsc);

/* Time that is not the engine's fault (the console is slow): not charged. */
void budget_pause(struct process *process);
void budget_resume(struct process *process);

#endif
