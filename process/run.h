/*
 * process/run.h: one stay of an engine at CPL 3, under its budget. It is a part of every event, and so
 * inlined into process.c.
 */
#ifndef PROCESS_RUN_H
#define PROCESS_RUN_H

#include "core/cpu.h"
#include "core/instructions.h"
#include "vmm/apic_timer.h"
#include "process/legacy_pic.h"
#include "process/process_internal.h"
#include "vmm/vcpu.h"

/* Sets IF or TF in process->registers. */
static inline void run_begin(struct process *process, uint64_t ticks)
{
	struct budget *budget = &process->budget;
	uint64_t flags = process->registers.rflags & ~(RFLAGS_IF | RFLAGS_TF);

	budget->slice_ticks = ticks;
	budget->slice_tsc = tsc_read();
	budget->cost_left = BUDGET_SLICES * BUDGET_SLICE_COST;
	budget->stepping = false;
	process->alarm_rung = false;
	process->suspect_rip = 0;
	budget->timer_lent = apic_timer_borrow(process->vcpu, ticks);
	if (budget->timer_lent) {
		legacy_pic_mask();
		process->registers.rflags = flags | RFLAGS_FIXED | RFLAGS_IF;
		return;
	}
	budget_start_stepping(process);
	process->registers.rflags = flags | RFLAGS_FIXED | RFLAGS_TF;
}

static inline void run_end(struct process *process)
{
	if (!process->budget.timer_lent)
		return;
	apic_timer_return(process->vcpu);
	legacy_pic_restore();
}

/* Runs an engine until it stops; `ticks` by budget_ticks(). */
static inline __attribute__((always_inline)) enum process_stop
process_run(struct process *process, struct vcpu *vcpu, uint64_t budget_us, uint64_t ticks)
{
	enum process_stop stop;

	process->vcpu = vcpu;
	process->budget_us = budget_us;
	process->log_tsc = 0;
	process->disk_tsc = 0;
	vcpu_ops->host_begin(vcpu);
	run_begin(process, ticks);
	stop = process_enter(process, &vcpu->cpu->tss.rsp[0]);
	run_end(process);
	vcpu_ops->host_end(vcpu);
	return stop;
}

#endif
