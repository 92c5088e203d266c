/*
 * process/live_swap.c: a script that takes the place of another: when all CPUs have been in their guests since it
 * was claimed, and its top level is over, hook_swap(); when they have been there once more, the old one goes.
 */
#include "process/live_internal.h"
#include "rv/errno.h"
#include "vmm/grace.h"

static void live_end_grace(struct grace *grace)
{
	struct process_live *live = CONTAINER_OF(grace, struct process_live, grace);

	__atomic_store_n(&live->grace_is_over, true, __ATOMIC_RELEASE);
}

static void live_begin_grace(struct process_live *live)
{
	live->grace_is_over = false;
	grace_begin(&live->grace, live_end_grace);
}

/* It takes nobody's place any more, or has it. */
static void live_forget_old(struct process_live *live)
{
	if (live->old == NULL)
		return;
	hook_swap_end(&live->old->owner, &live->process.owner);
	process_put(live->old);
	live->old = NULL;
	live->swap = SWAP_NONE;
}

int live_find_old(const struct process_live_request *request, struct process **old)
{
	int error = 0;

	*old = NULL;
	if (request->replaces == NULL)
		return 0;
	*old = process_find(request->replaces);
	if (*old == NULL)
		return -RV_ENOENT;
	if (process_live_is_lent(*old) || (*old)->owner.swaps)
		error = -RV_EBUSY;
	else if ((*old)->policy && !request->policies)
		error = -RV_EPERM;
	if (error != 0)
		process_put(*old);
	return error;
}

/* Another one may be about to replace it too. */
static bool live_claim_old(struct process_live *live, struct process *old)
{
	bool first;

	spinlock_acquire(&process_live_lock);
	first = !old->owner.swaps;
	if (first)
		hook_swap_prepare(&old->owner, &live->process.owner);
	spinlock_release(&process_live_lock);
	return first;
}

bool live_begin_swap(struct process_live *live, struct process *old)
{
	if (!live_claim_old(live, old))
		return false;
	live->old = old;
	live->swap = SWAP_LOADS;
	live_begin_grace(live);
	return true;
}

void live_settle_swap(struct process_live *live)
{
	if (live->swap == SWAP_LOADS)
		live->swap = SWAP_READY;
}

void live_abandon_swap(struct process_live *live)
{
	if (live->swap != SWAP_DONE) /* else the old one still has to go */
		live_forget_old(live);
}

/* Have all CPUs been in their guests since the last step of a swap? */
static bool live_may_step(const struct process_live *live)
{
	return __atomic_load_n(&live->grace_is_over, __ATOMIC_ACQUIRE);
}

void live_swap(struct process_live *live)
{
	if (live->swap != SWAP_READY || !live_may_step(live))
		return;
	hook_swap(&live->old->owner, &live->process.owner);
	live->swap = SWAP_DONE;
	live_begin_grace(live);
}

void live_end_swap(struct process_live *live, struct vcpu *vcpu)
{
	if (live->swap == SWAP_DONE && live_may_step(live) && process_unload(live->old, vcpu, true) == 0)
		live_forget_old(live);
}

bool process_live_has_swapped(const struct process *process)
{
	return process->live && live_of(process)->swap == SWAP_DONE;
}

bool process_live_is_swapping(const struct process *process)
{
	return process->live && live_of(process)->swap != SWAP_NONE;
}
