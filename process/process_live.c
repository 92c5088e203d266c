/*
 * process/process_live.c: engines that are made while the guest lives: their top levels, in slices, and their
 * end.
 */
#include "process/process_live.h"

#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/paging.h"
#include "core/string.h"
#include "core/time.h"
#include "process/live_internal.h"
#include "process/process_output.h"
#include "process/run.h"
#include "rv/errno.h"
#include "vmm/deadline.h"
#include "vmm/grace.h"

bool process_live_is_lent(const struct process *process)
{
	return process->live && live_of(process)->lent;
}

static int live_fill(struct process_live *live, const struct process_live_request *request)
{
	struct process *process = &live->process;
	int error = process_space_make_live(&live->script, request->name, request->pages, request->length_bytes);

	if (error == 0 && request->lent && live->script.policy)
		error = -RV_EPERM;
	if (error != 0)
		return error;
	process->heap_quota_bytes = process_options.live_heap_bytes;
	process->output = request->output;
	process->owner.stages = true;
	process->sliced = true;
	live->lent = request->lent;
	live->dry = request->dry;
	error = process_fill(process, &live->script, process->id);
	if (error != 0)
		return error;
	live->pages = request->pages;
	live->nr_pages = request->nr_pages;
	return 0;
}

/* Under its owner's lock: others find it by its name already. */
static int live_make(struct process_live *live, const struct process_live_request *request, struct process *old)
{
	int error = live_fill(live, request);

	if (error != 0 || old == NULL || live_begin_swap(live, old))
		return error;
	live->pages = NULL; /* they stay the caller's */
	process_bury(&live->process, PROCESS_STOP_EXIT);
	return -RV_EBUSY;
}

static int live_create(const struct process_live_request *request, struct process *old, struct process **process)
{
	struct process_live *live;
	int error = live_take_record(request, old, &live);

	if (error != 0)
		return error;
	(void)hook_owner_lock(&live->process.owner); /* a new one's, which nobody can have stopped with */
	error = live_make(live, request, old);
	if (error != 0)
		live->process.state = PROCESS_ENDED;
	hook_owner_unlock(&live->process.owner);
	if (error != 0)
		process_live_release(&live->process);
	else
		*process = &live->process;
	return error;
}

int process_live_create(const struct process_live_request *request, struct process **process)
{
	struct process *old;
	int error;

	if (!process_is_ready)
		return -RV_ENOTSUP;
	error = live_find_old(request, &old);
	if (error != 0)
		return error;
	error = live_create(request, old, process);
	if (error != 0 && old != NULL)
		process_put(old);
	return error;
}

void process_live_bury(struct process *process)
{
	struct process_live *live = live_of(process);

	process->sliced = false;
	live_abandon_swap(live);
	if (live->pages != NULL)
		memory_free_pages(live->pages, live->nr_pages);
	live->pages = NULL;
}

_Noreturn void process_stop_at(struct process *process, const struct exception_frame *frame, enum process_stop stop)
{
	process->registers = (struct process_registers){
		.rip = frame->rip, .rsp = frame->rsp, .rflags = frame->rflags,
		.rax = frame->rax, .rcx = frame->rcx, .rdx = frame->rdx, .rbx = frame->rbx,
		.rbp = frame->rbp, .rsi = frame->rsi, .rdi = frame->rdi,
		.r8 = frame->r8, .r9 = frame->r9, .r10 = frame->r10, .r11 = frame->r11,
		.r12 = frame->r12, .r13 = frame->r13, .r14 = frame->r14, .r15 = frame->r15,
	};
	process_leave(process, stop);
}

_Noreturn void process_suspend(struct process *process, const struct exception_frame *frame)
{
	process_stop_at(process, frame, PROCESS_STOP_SUSPENDED);
}

/* Its slice is over. The time of all of them is bounded. */
static void live_go_on_later(struct process *process)
{
	uint64_t budget_us = process_options.load_budget_ms * 1000;

	if (live_of(process)->used_tsc < time_tsc_of_us(budget_us))
		return;
	process_tell(process, "%s: killed in the script's top level: its time of %lu us is up (the option "
		     "load_budget_ms= gives more); the script is not in force", process->name, budget_us);
	process_bury(process, PROCESS_STOP_KILLED);
}

/* Its top level is over. */
static void live_settle(struct process *process, enum process_stop stop)
{
	process->sliced = false;
	process->powers = process->powers_kept;
	if (stop != PROCESS_STOP_EVENT || process->owner.nr_hooks == 0 || live_of(process)->dry) {
		process_bury(process, stop == PROCESS_STOP_EVENT ? PROCESS_STOP_EXIT : stop);
		return;
	}
	process->registers.rax = 0; /* what RV_SYS_NEXT_EVENT returns */
	process->state = PROCESS_WAITING;
	hook_put_into_force(&process->owner);
	live_settle_swap(live_of(process));
}

enum process_phase process_live_run(struct process *process, struct vcpu *vcpu)
{
	const uint64_t budget_us = PROCESS_SLICE_US * BUDGET_SLICES; /* the first of its slices ends it */
	uint64_t start = tsc_read();
	enum process_stop stop;

	grace_collect();
	if (!hook_owner_lock(&process->owner))
		return process_phase(process);
	if (process->state == PROCESS_LOADING) {
		stop = process_run(process, vcpu, budget_us, budget_ticks(budget_us));
		process_report_log(process);
		live_of(process)->used_tsc += tsc_read() - start;
		if (stop == PROCESS_STOP_SUSPENDED)
			live_go_on_later(process);
		else
			live_settle(process, stop);
	}
	live_swap(live_of(process), vcpu);
	hook_owner_unlock(&process->owner);
	live_end_swap(live_of(process), vcpu);
	deadline_look(vcpu);
	return process_phase(process);
}

int process_live_input(struct process *process, const void *text, size_t length_bytes, struct vcpu *vcpu)
{
	struct hook_text input = { .bytes = (uint8_t *)(uintptr_t)text, .length_bytes = length_bytes };
	int nr_told;

	if (!hook_owner_lock(&process->owner))
		return -RV_EBUSY;
	nr_told = hook_tell(&process->owner, RV_EVENT_INPUT, &input, vcpu);
	hook_owner_unlock(&process->owner);
	deadline_look(vcpu);
	if (nr_told == 0)
		return -RV_EINVAL;
	return nr_told < 0 ? nr_told : 0;
}

bool process_live_detach(struct process *process)
{
	if (!hook_owner_lock(&process->owner))
		return false;
	process->output = NULL;
	hook_owner_unlock(&process->owner);
	return true;
}

