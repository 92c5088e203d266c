/*
 * hook/hook_hold.c: all that waits is in one list, each with a deadline, and it is by this that it goes on,
 * decided or not: without locks, in the order in which that became due.
 */
#include "hook/hook_hold.h"

#include "core/time.h"
#include "hook/hook_internal.h"
#include "rv/errno.h"

/* Guards the list and what is in it. Below the locks of owners and devices, above that of deadlines. */
static struct spinlock hook_hold_lock;
static struct hook_hold *hook_hold_first;

static void hook_hold_unlink(struct hook_hold *hold)
{
	struct hook_hold **link = &hook_hold_first;

	while (*link != hold)
		link = &(*link)->next;
	*link = hold->next;
	hold->owner = NULL;
}

static enum rv_verdict hook_hold_default(uint32_t on_error)
{
	return on_error == RV_ON_ERROR_DENY ? RV_VERDICT_DENY : RV_VERDICT_PASS;
}

/* Its owner did not decide in time: an error of its hook's, if that is still there. */
static enum rv_verdict hook_hold_fail(const struct hook_hold *hold)
{
	enum rv_verdict verdict = hook_hold_default(hold->on_error);
	struct hook *hook;

	if (!hook_owner_lock(hold->owner))
		return verdict;
	hook = hook_find(hold->hook);
	if (hook != NULL && hook->owner == hold->owner && hook_is_in_force(hook))
		verdict = hook_verdict_on_error(hook);
	hook_owner_unlock(hold->owner);
	return verdict;
}

static void hook_hold_expire(struct deadline *deadline, struct vcpu *vcpu)
{
	struct hook_hold *hold = CONTAINER_OF(deadline, struct hook_hold, deadline), copy;

	spinlock_acquire(&hook_hold_lock);
	copy = *hold;
	hook_hold_unlink(hold);
	spinlock_release(&hook_hold_lock);
	copy.operations->decided(hold, copy.is_decided ? copy.verdict : hook_hold_fail(&copy), vcpu);
}

void hook_hold_begin(struct hook_hold *hold, const struct hook *hook, uint64_t handle, uint64_t us, bool delays,
		     const struct hook_hold_operations *operations, uint64_t answer_bytes)
{
	uint64_t tsc = delays && us == RV_HOLD_US_EVER
			       ? DEADLINE_NEVER
			       : tsc_read() + time_tsc_of_us(us < RV_HOLD_US_MAXIMUM ? us : RV_HOLD_US_MAXIMUM);

	spinlock_acquire(&hook_hold_lock);
	*hold = (struct hook_hold){
		.deadline = { .expire = hook_hold_expire },
		.operations = operations,
		.answer_bytes = answer_bytes,
		.handle = handle,
		.owner = hook->owner,
		.hook = hook->id,
		.on_error = hook->spec.on_error,
		.verdict = RV_VERDICT_PASS,
		.is_decided = delays,
		.next = hook_hold_first,
	};
	hook_hold_first = hold;
	deadline_set(&hold->deadline, tsc);
	spinlock_release(&hook_hold_lock);
}

bool hook_hold_cancel(struct hook_hold *hold)
{
	bool waited;

	spinlock_acquire(&hook_hold_lock);
	waited = hold->owner != NULL && deadline_cancel(&hold->deadline);
	if (waited)
		hook_hold_unlink(hold);
	spinlock_release(&hook_hold_lock);
	return waited;
}

enum rv_verdict hook_hold_verdict(const struct hook_hold *hold)
{
	return hold->is_decided ? hold->verdict : hook_hold_default(hold->on_error);
}

static void hook_hold_decide(struct hook_hold *hold, enum rv_verdict verdict)
{
	hold->verdict = verdict;
	hold->is_decided = true;
	/* If it was not set, and nobody has taken it, it expires just now, and hook_hold_expire() waits for our lock. */
	if (deadline_cancel(&hold->deadline) || hold->is_taken)
		deadline_set(&hold->deadline, 0);
	hold->is_taken = false;
}

/* Of that owner, and not decided yet. */
static struct hook_hold *hook_hold_find(const struct hook_owner *owner, uint64_t handle)
{
	struct hook_hold *hold = hook_hold_first;

	while (hold != NULL && (hold->handle != handle || hold->owner != owner))
		hold = hold->next;
	return hold != NULL && !hold->is_decided ? hold : NULL;
}

int hook_hold_resolve(const struct hook_owner *owner, uint64_t handle, enum rv_verdict verdict, uint32_t refusal)
{
	struct hook_hold *hold;
	int error = -RV_ENOENT;

	spinlock_acquire(&hook_hold_lock);
	hold = hook_hold_find(owner, handle);
	if (hold != NULL) {
		hold->refusal = refusal;
		hook_hold_decide(hold, verdict);
		error = 0;
	}
	spinlock_release(&hook_hold_lock);
	return error;
}

int hook_hold_take(const struct hook_owner *owner, uint64_t handle, uint64_t answer_bytes, struct hook_hold **taken)
{
	struct hook_hold *hold;
	int error = 0;

	spinlock_acquire(&hook_hold_lock);
	hold = hook_hold_find(owner, handle);
	if (hold == NULL)
		error = -RV_ENOENT;
	else if (hold->answer_bytes == 0)
		error = -RV_EAGAIN;
	else if (hold->answer_bytes != answer_bytes)
		error = -RV_ERANGE;
	else if (!deadline_cancel(&hold->deadline))
		error = -RV_ENOENT; /* it expires just now */
	else
		hold->is_taken = true;
	spinlock_release(&hook_hold_lock);
	*taken = error == 0 ? hold : NULL;
	return error;
}

void hook_hold_settle(struct hook_hold *hold, enum rv_verdict verdict)
{
	spinlock_acquire(&hook_hold_lock);
	hook_hold_decide(hold, verdict);
	spinlock_release(&hook_hold_lock);
}

void hook_hold_abandon(const struct hook_owner *owner)
{
	spinlock_acquire(&hook_hold_lock);
	for (struct hook_hold *hold = hook_hold_first; hold != NULL; hold = hold->next) {
		if (hold->owner == owner && !hold->is_decided)
			hook_hold_decide(hold, hook_hold_default(hold->on_error));
	}
	spinlock_release(&hook_hold_lock);
}
