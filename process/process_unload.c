/*
 * process/process_unload.c: scripts as they are told of from outside, of the boot and live, and taken away.
 */
#include "core/log.h"
#include "process/process_internal.h"
#include "process/process_live.h"
#include "rv/errno.h"
#include "vmm/deadline.h"
#include "vmm/grace.h"

enum process_phase process_phase(struct process *process)
{
	if (process_live_is_swapping(process))
		return PROCESS_PHASE_LOADING;
	switch (__atomic_load_n(&process->state, __ATOMIC_ACQUIRE)) {
	case PROCESS_LOADING:
		return PROCESS_PHASE_LOADING;
	case PROCESS_WAITING:
		return PROCESS_PHASE_LIVE;
	default:
		return hook_owner_denies(&process->owner) ? PROCESS_PHASE_DENIES : PROCESS_PHASE_ENDED;
	}
}

uint64_t process_exit_status(const struct process *process)
{
	return process->exit_status;
}

void process_describe(struct process *process, struct process_facts *facts)
{
	*facts = (struct process_facts){
		.name = process->name,
		.phase = process_phase(process),
		.live = process->live,
		.lent = process_live_is_lent(process),
		.policy = process->policy,
		.nr_hooks = process->owner.nr_hooks,
		.nr_events = process->owner.nr_events,
		.nr_errors = process->owner.nr_errors,
		.cycles = process->owner.cycles,
		.heap_bytes = process->heap_bytes + process->metric_bytes,
	};
}

/* Under its owner's lock. One amid its top level cannot run its at_exit blocks. */
static void unload_locked(struct process *process, struct vcpu *vcpu)
{
	process->going = true;
	if (process->state == PROCESS_WAITING)
		hook_say_end(&process->owner, vcpu);
	process->policy = false;
	if (process->state != PROCESS_ENDED)
		process_bury(process, PROCESS_STOP_EXIT);
	hook_remove_rest(&process->owner);
}

int process_unload(struct process *process, struct vcpu *vcpu, bool policies)
{
	int error = 0;

	if (!hook_owner_lock(&process->owner))
		return -RV_EBUSY;
	if (process->policy && !policies)
		error = -RV_EPERM;
	else
		unload_locked(process, vcpu);
	hook_owner_unlock(&process->owner);
	deadline_look(vcpu);
	grace_collect();
	return error;
}
