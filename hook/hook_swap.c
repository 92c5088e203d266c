/*
 * hook/hook_swap.c: owners that take the place of others. Time is counted in epochs, of which each swap begins one;
 * an exit belongs to the epoch in which it first met an owner that is in a swap. hook_swap_lock guards the
 * beginning of an epoch.
 */
#include "hook/hook_internal.h"

#include "vmm/vcpu.h"

/* Before any that begins. */
#define HOOK_EPOCH_NEVER UINT64_MAX

static struct spinlock hook_swap_lock;
static uint64_t hook_epoch = 1;

bool hook_owner_is_in_epoch(const struct hook_owner *owner, struct vcpu *vcpu)
{
	uint64_t in = __atomic_load_n(&owner->epoch_in, __ATOMIC_ACQUIRE);
	uint64_t out = __atomic_load_n(&owner->epoch_out, __ATOMIC_ACQUIRE);

	if (vcpu->swap_exit != vcpu->history_next) {
		vcpu->swap_exit = vcpu->history_next;
		vcpu->swap_epoch = __atomic_load_n(&hook_epoch, __ATOMIC_ACQUIRE);
		/* What was set before the epoch began. */
		in = __atomic_load_n(&owner->epoch_in, __ATOMIC_ACQUIRE);
		out = __atomic_load_n(&owner->epoch_out, __ATOMIC_ACQUIRE);
	}
	return vcpu->swap_epoch >= in && (out == 0 || vcpu->swap_epoch < out);
}

/* Unless it is taken out of service just now. */
static void hook_swap_change(struct hook *hook, enum hook_state from, enum hook_state to)
{
	(void)__atomic_compare_exchange_n(&hook->state, &from, to, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static void hook_swap_begin_one(struct hook *hook, void *owner)
{
	if (hook->owner == owner)
		hook_swap_change(hook, HOOK_ACTIVE, HOOK_SWAPS);
}

static void hook_swap_end_one(struct hook *hook, void *owner)
{
	if (hook->owner == owner)
		hook_swap_change(hook, HOOK_SWAPS, HOOK_ACTIVE);
}

/* Hooks that the owner adds from now on are told apart by `swaps`, the others by their state. */
static void hook_swap_mark(struct hook_owner *owner, bool swaps)
{
	__atomic_store_n(&owner->swaps, swaps, __ATOMIC_SEQ_CST);
	hook_visit(swaps ? hook_swap_begin_one : hook_swap_end_one, owner);
}

void hook_swap_prepare(struct hook_owner *old, struct hook_owner *new)
{
	__atomic_store_n(&new->epoch_in, HOOK_EPOCH_NEVER, __ATOMIC_RELEASE);
	hook_swap_mark(new, true);
	hook_swap_mark(old, true);
}

void hook_swap(struct hook_owner *old, struct hook_owner *new)
{
	uint64_t next;

	/* Those too that were being added when it was prepared. */
	hook_visit(hook_swap_begin_one, old);
	spinlock_acquire(&hook_swap_lock);
	next = hook_epoch + 1;
	__atomic_store_n(&new->epoch_in, next, __ATOMIC_RELEASE);
	__atomic_store_n(&old->epoch_out, next, __ATOMIC_RELEASE);
	/* Both are seen by who sees the epoch: the one step. */
	__atomic_store_n(&hook_epoch, next, __ATOMIC_RELEASE);
	spinlock_release(&hook_swap_lock);
}

void hook_swap_end(struct hook_owner *old, struct hook_owner *new)
{
	hook_swap_mark(old, false);
	hook_swap_mark(new, false);
}
