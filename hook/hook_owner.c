/*
 * hook/hook_owner.c: owners that come and go while the guest lives: their hooks come into force together, and
 * leave nothing behind.
 */
#include "core/string.h"
#include "hook/hook_internal.h"
#include "rv/errno.h"
#include "rv/kinds.h"

/* A walk over the hooks of one owner. */
struct hook_owner_walk {
	struct hook_owner *owner;
	struct vcpu *vcpu;
	bool denies;
	uint32_t kind; /* of hook_tell() */
	struct hook_text *text;
	int nr_told; /* negative: one failed */
};

static void hook_owner_visit(struct hook_owner *owner, struct vcpu *vcpu,
			     void (*visit)(struct hook *hook, void *walk))
{
	struct hook_owner_walk walk = { .owner = owner, .vcpu = vcpu };

	hook_visit(visit, &walk);
}

static bool hook_owner_has(const struct hook_owner_walk *walk, const struct hook *hook)
{
	return hook->owner == walk->owner;
}

static void hook_put_one_into_force(struct hook *hook, void *walk)
{
	if (hook_owner_has(walk, hook) && hook->state == HOOK_STAGED)
		hook->state = hook->owner->swaps ? HOOK_SWAPS : HOOK_ACTIVE;
}

void hook_put_into_force(struct hook_owner *owner)
{
	owner->stages = false;
	hook_owner_visit(owner, NULL, hook_put_one_into_force);
}

static bool hook_is_of_end(const struct hook *hook)
{
	return rv_kind_has(hook->spec.kind, RV_KIND_AT_END);
}

static void hook_retire_before_end(struct hook *hook, void *walk)
{
	if (hook_owner_has(walk, hook) && hook_is_live(hook) && !hook_is_of_end(hook))
		hook_retire(hook);
}

static void hook_end_one(struct hook *hook, void *context)
{
	const struct hook_owner_walk *walk = context;

	if (hook_owner_has(walk, hook) && hook_is_of_end(hook))
		hook_run_plain(hook, walk->vcpu);
}

void hook_say_end(struct hook_owner *owner, struct vcpu *vcpu)
{
	hook_owner_visit(owner, NULL, hook_retire_before_end);
	hook_owner_visit(owner, vcpu, hook_end_one);
}

static void hook_tell_one(struct hook *hook, void *context)
{
	struct hook_owner_walk *walk = context;

	if (walk->nr_told < 0 || !hook_owner_has(walk, hook) || hook->spec.kind != walk->kind || !hook_is_live(hook))
		return;
	walk->nr_told = hook_run_text(hook, walk->text, walk->vcpu) ? walk->nr_told + 1 : -RV_ECANCELED;
}

int hook_tell(struct hook_owner *owner, uint32_t kind, struct hook_text *text, struct vcpu *vcpu)
{
	struct hook_owner_walk walk = { .owner = owner, .vcpu = vcpu, .kind = kind, .text = text };

	hook_visit(hook_tell_one, &walk);
	return walk.nr_told;
}

static void hook_retire_any(struct hook *hook, void *walk)
{
	if (hook_owner_has(walk, hook) && hook->state != HOOK_REMOVED)
		hook_retire(hook);
}

void hook_remove_rest(struct hook_owner *owner)
{
	owner->keeps_hooks = false;
	hook_remove_all(owner, false);
	hook_owner_visit(owner, NULL, hook_retire_any);
}

static void hook_find_denying(struct hook *hook, void *context)
{
	struct hook_owner_walk *walk = context;

	walk->denies |= hook_owner_has(walk, hook) && hook->state == HOOK_DENYING;
}

bool hook_owner_denies(struct hook_owner *owner)
{
	struct hook_owner_walk walk = { .owner = owner };

	hook_visit(hook_find_denying, &walk);
	return walk.denies;
}

bool hook_owner_is_used(struct hook_owner *owner)
{
	bool used;

	spinlock_acquire(&hook_table_lock);
	used = owner->nr_left != 0;
	spinlock_release(&hook_table_lock);
	return used;
}

/* Its place in the list of owners stays. */
void hook_owner_renew(struct hook_owner *owner)
{
	struct hook_owner *next;
	bool listed;

	spinlock_acquire(&hook_table_lock);
	next = owner->next;
	listed = owner->listed;
	memset(owner, 0, sizeof(*owner));
	owner->listed = listed;
	__atomic_store_n(&owner->next, next, __ATOMIC_RELEASE);
	spinlock_release(&hook_table_lock);
}
