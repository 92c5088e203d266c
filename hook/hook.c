/*
 * hook/hook.c: the table of hooks: adding, finding, removing. hook_table_lock guards it, but who reads
 * it needs no lock: an entry is a pointer, and what it points to is freed after a grace period.
 *
 * A hook may be removed while a registry walks its chain, by its own event or on another CPU. So it is
 * out of service at once (hook->state, and unlinked from its registry), and freed when no walk can have
 * met it (vmm/grace.h).
 */
#include "hook/hook.h"

#include "core/memory.h"
#include "hook/hook_hold.h"
#include "hook/hook_internal.h"
#include "hook/trace.h"
#include "rv/errno.h"
#include "rv/kinds.h"
#include "vmm/vcpu.h"

#define HOOK_INDEX_BITS 10
#define HOOK_INDEX_MASK ((1u << HOOK_INDEX_BITS) - 1)
#define HOOK_REUSE_MASK 0x1fffffu /* ids stay below 2^31 */

_Static_assert(HOOKS_MAXIMUM == 1 << HOOK_INDEX_BITS, "a hook's number holds its index");

struct spinlock hook_table_lock;

static struct hook *hook_table[HOOKS_MAXIMUM];
static struct hook *hook_retired; /* out of service, not freed yet */
static struct hook_owner *hook_owners, **hook_owners_end = &hook_owners;
static uint32_t hook_reuse[HOOKS_MAXIMUM]; /* how often a place was taken */

static struct hook *hook_create(struct hook_owner *owner, const struct rv_hook_spec *spec)
{
	struct hook *hook = memory_allocate(sizeof(*hook));

	if (hook == NULL)
		return NULL;
	hook->spec = *spec;
	hook->spec.observe |= hook_fixed_looks_on(spec->fixed);
	hook->source = source_of(spec->kind);
	hook->owner = owner;
	hook->state = owner->stages ? HOOK_STAGED : owner->swaps ? HOOK_SWAPS : HOOK_ACTIVE;
	hook->write = rv_kind_has(spec->kind, RV_KIND_WRITE);
	hook->born_vcpu = cpu_current()->vcpu;
	hook->born_exit = hook->born_vcpu->history_next;
	hook_prepare_clauses(hook);
	hook->region.handler = hook->metric_in_place ? hook_handle_counted
			       : spec->fixed != RV_FIXED_NONE ? hook_handle_fixed : hook_handle_access;
	hook->region.band = spec->fixed == RV_FIXED_ISOLATE ? BAND_GUARD : BAND_HOOK;
	hook->region.context = hook;
	hook->region.first = hook->first;
	hook->region.last = hook->last;
	return hook;
}

static void hook_list_owner(struct hook_owner *owner)
{
	if (owner->listed)
		return;
	owner->listed = true;
	__atomic_store_n(hook_owners_end, owner, __ATOMIC_RELEASE);
	hook_owners_end = &owner->next;
}

/* Tables that a hook of memory needs to have its pages apart, if no other needs them. */
static uint64_t hook_count_tables(const struct rv_hook_spec *spec)
{
	uint64_t first, last;

	if (!rv_kind_has(spec->kind, RV_KIND_MEMORY))
		return 0;
	hook_spec_range(spec, &first, &last);
	if (spec->follows != 0) /* it may come to lie across one more of each */
		return (last - first) / MIB(2) + 2 + (last - first) / GIB(1) + 2;
	return last / MIB(2) - first / MIB(2) + 1 + last / GIB(1) - first / GIB(1) + 1;
}

/* A free place; HOOKS_MAXIMUM: there is none. */
static unsigned hook_find_place(void)
{
	unsigned index = 0;

	while (index < HOOKS_MAXIMUM && hook_table[index] != NULL)
		index++;
	return index;
}

/* Puts it into the table, and where its events come from. */
static int hook_enter(struct hook *hook)
{
	unsigned index = hook_find_place();
	int error;

	if (index == HOOKS_MAXIMUM)
		return -RV_ENOSPC;
	hook->id = (hook_reuse[index] & HOOK_REUSE_MASK) << HOOK_INDEX_BITS | index;
	error = hook->source->attach(hook);
	if (error != 0)
		return error;
	hook_list_owner(hook->owner);
	trace_watch_owner(hook->owner);
	hook->owner->nr_left++;
	__atomic_store_n(&hook_table[index], hook, __ATOMIC_RELEASE);
	hook_reuse[index]++;
	return 0;
}

int hook_add(struct hook_owner *owner, const struct rv_hook_spec *spec)
{
	int error = hook_spec_check(spec);
	uint64_t nr_tables;
	struct hook *hook;

	if (error != 0)
		return error;
	nr_tables = hook_count_tables(spec);
	if (owner->nr_hooks >= HOOKS_PER_OWNER_MAXIMUM ||
	    nr_tables > HOOK_TABLES_PER_OWNER_MAXIMUM - owner->nr_tables)
		return -RV_ENOSPC;
	hook = hook_create(owner, spec);
	if (hook == NULL)
		return -RV_ENOMEM;
	spinlock_acquire(&hook_table_lock);
	error = hook_enter(hook);
	spinlock_release(&hook_table_lock);
	if (error != 0) {
		memory_free(hook);
		return error;
	}
	owner->nr_hooks++;
	owner->nr_tables += nr_tables;
	hook->nr_tables = nr_tables;
	return (int)hook->id;
}

static struct hook *hook_at(uint32_t index)
{
	return __atomic_load_n(&hook_table[index], __ATOMIC_ACQUIRE);
}

struct hook *hook_find(uint32_t id)
{
	struct hook *hook = hook_at(id & HOOK_INDEX_MASK);

	return hook != NULL && hook->id == id ? hook : NULL;
}

static void hook_add_counters(struct hook_counters *sum, const struct hook_counters *counters)
{
	sum->filtered += counters->filtered;
	sum->delivered += counters->delivered;
	sum->changed += counters->changed;
	sum->denied += counters->denied;
	sum->errors += counters->errors;
	sum->cycles_total += counters->cycles_total;
	sum->cycles_waited += counters->cycles_waited;
	if (counters->cycles_maximum > sum->cycles_maximum)
		sum->cycles_maximum = counters->cycles_maximum;
}

/* Its own event may have been the last to be counted, after it was retired. */
static void hook_free(struct grace *grace)
{
	struct hook *hook = CONTAINER_OF(grace, struct hook, grace), **link = &hook_retired;

	spinlock_acquire(&hook_table_lock);
	while (*link != hook)
		link = &(*link)->retired_next;
	*link = hook->retired_next;
	hook->owner->nr_left--;
	hook->owner->nr_gone[hook->spec.kind]++;
	hook_add_counters(&hook->owner->gone[hook->spec.kind], &hook->counters);
	spinlock_release(&hook_table_lock);
	memory_free(hook);
}

struct hook_owner *hook_first_owner(void)
{
	return __atomic_load_n(&hook_owners, __ATOMIC_ACQUIRE);
}

uint64_t hook_count_gone(struct hook_owner *owner, uint32_t kind, struct hook_counters *sum)
{
	uint64_t count;

	spinlock_acquire(&hook_table_lock);
	*sum = owner->gone[kind];
	count = owner->nr_gone[kind];
	for (struct hook *hook = hook_retired; hook != NULL; hook = hook->retired_next) {
		if (hook->owner == owner && hook->spec.kind == kind) {
			hook_add_counters(sum, &hook->counters);
			count++;
		}
	}
	spinlock_release(&hook_table_lock);
	return count;
}

void hook_retire(struct hook *hook)
{
	if (hook->state != HOOK_DENYING)
		hook->owner->nr_hooks--;
	hook->owner->nr_tables -= hook->nr_tables;
	hook->state = HOOK_REMOVED;
	spinlock_acquire(&hook_table_lock);
	hook->source->detach(hook);
	__atomic_store_n(&hook_table[hook->id & HOOK_INDEX_MASK], NULL, __ATOMIC_RELEASE);
	hook->retired_next = hook_retired;
	hook_retired = hook;
	spinlock_release(&hook_table_lock);
	grace_begin(&hook->grace, hook_free);
}

int hook_remove(struct hook_owner *owner, uint32_t id)
{
	struct hook *hook = hook_find(id);

	if (hook == NULL || hook->owner != owner || !hook_is_live(hook))
		return -RV_ENOENT;
	hook_retire(hook);
	return 0;
}

void hook_remove_all(struct hook_owner *owner, bool failed)
{
	for (unsigned i = 0; i < HOOKS_MAXIMUM; i++) {
		struct hook *hook = hook_at(i);

		if (hook == NULL || hook->owner != owner || !hook_is_live(hook))
			continue;
		if (hook_is_in_force(hook) && (failed || owner->keeps_hooks) &&
		    hook_keeps_denying(hook)) {
			hook->state = HOOK_DENYING;
			owner->nr_hooks--;
		} else {
			hook_retire(hook);
		}
	}
	hook_hold_abandon(owner);
}

void hook_visit(void (*visit)(struct hook *hook, void *context), void *context)
{
	for (unsigned i = 0; i < HOOKS_MAXIMUM; i++) {
		struct hook *hook = hook_at(i);

		if (hook != NULL)
			visit(hook, context);
	}
}
