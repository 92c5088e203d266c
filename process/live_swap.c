/*
 * process/live_swap.c: a script that takes the place of another: when all CPUs have been in their guests since it
 * was claimed, and its top level is over, hook_swap(); when they have been there once more, the old one goes.
 */
#include "core/memory.h"
#include "core/paging.h"
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

/* What the old one hands over reaches the new one. False: one of them failed in it. Under the locks of both. */
static bool live_hand_over(struct process_live *live, struct vcpu *vcpu)
{
	size_t nr_pages = RV_HAND_OVER_BYTES / PAGE_BYTES;
	struct hook_text text = { .bytes = process_live_allocate_pages(nr_pages), .room_bytes = RV_HAND_OVER_BYTES };
	bool good = text.bytes != NULL;

	if (good)
		good = hook_tell(&live->old->owner, RV_EVENT_HAND_OVER, &text, vcpu) >= 0;
	if (good && text.length_bytes != 0)
		good = hook_tell(&live->process.owner, RV_EVENT_RELOADED, &text, vcpu) >= 0;
	if (text.bytes != NULL)
		memory_free_pages(text.bytes, nr_pages);
	return good;
}

/* Between its last event and the new one's first the old one hands over. False: the new one is not to be. */
static bool live_swap_now(struct process_live *live, struct vcpu *vcpu)
{
	bool good;

	if (!hook_owner_lock(&live->old->owner))
		return false;
	good = live_hand_over(live, vcpu);
	if (good)
		hook_swap(&live->old->owner, &live->process.owner);
	hook_owner_unlock(&live->old->owner);
	return good;
}

/* It goes as if it had never been: nothing of what it hooks was in force. */
static void live_fail(struct process *process)
{
	process_tell(process, "%s: it does not take the other's place: what was to be handed over (at_reload, reloaded) "
		     "failed", process->name);
	process->policy = false;
	hook_remove_rest(&process->owner);
	if (process->state != PROCESS_ENDED)
		process_bury(process, PROCESS_STOP_EXIT);
	process->exit_status = 1;
}

void live_swap(struct process_live *live, struct vcpu *vcpu)
{
	if (live->swap != SWAP_READY || !live_may_step(live))
		return;
	if (!live_swap_now(live, vcpu)) {
		live_fail(&live->process);
		return;
	}
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
