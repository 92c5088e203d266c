/*
 * hook/hook.h: the one table between what intercepts (registries, mediators) and what decides
 * (scripts). A hook is a kind of event, a filter that C evaluates, a budget and a policy for
 * failure; it belongs to an owner, whom it delivers events to.
 *
 * Adding a hook registers an access region, so that the hardware intercept flips in the same call;
 * removing it gives the intercept back. Every event is resolved exactly once: by its verdict, or by
 * the hook's on_error when the owner fails.
 *
 * One lock, hook_lock(), guards the table, the owners and whatever they keep for themselves: at most
 * one owner runs at a time in the whole machine. The C filter works without it, so what a script
 * does not want never waits. The order of locks: hook_lock, then a registry's, then the log's.
 */
#ifndef HOOK_HOOK_H
#define HOOK_HOOK_H

#include "core/cpu.h"
#include "core/spinlock.h"
#include "rv/abi.h"
#include "rv/types.h"
#include "vmm/access.h"

#define HOOKS_MAXIMUM 1024
#define HOOKS_PER_OWNER_MAXIMUM 256
#define HOOK_BUDGET_US_MAXIMUM 10000000
#define HOOK_PERIOD_US_MINIMUM 1000
#define HOOK_PERIOD_US_MAXIMUM UINT64_C(31557600000000) /* a year; its cycles fit 64 bits */

struct hook;
struct vcpu;

/* Whoever takes events: a script engine. The owner keeps it alive while it has hooks. */
struct hook_owner {
	const char *name;
	/* Where an event is written before it is delivered, and its verdict read from, once, after.
	 * Untrusted: the owner may write anything there. */
	struct rv_event *event;
	/* Runs the owner until the event is handled. False: the owner failed and is gone;
	 * hook_remove_all() has been called for it. `hook->access` is the access in question, NULL for
	 * events without one. */
	bool (*deliver)(struct hook_owner *owner, struct hook *hook, struct vcpu *vcpu);
	unsigned nr_hooks; /* live ones */
	uint64_t nr_events, nr_errors; /* delivered; of those, ended by on_error */
};

struct hook_counters {
	uint64_t seen;	    /* accesses that reached the filter */
	uint64_t filtered;  /* of those, refused by it */
	uint64_t delivered; /* given to the owner */
	uint64_t changed;   /* verdicts CHANGE */
	uint64_t denied;    /* verdicts DENY and DROP, and denials by on_error */
	uint64_t errors;    /* ended by on_error */
	uint64_t cycles_total, cycles_maximum; /* TSC from delivery to verdict */
};

enum hook_state {
	HOOK_ACTIVE,
	HOOK_DENYING, /* its owner failed and it was on_error: :deny: C alone denies from now on */
	HOOK_REMOVED, /* takes no events any more; waits to be unlinked and freed */
};

struct hook {
	struct access_region region;
	enum hook_state state;
	bool write;		    /* of the two directions, the one it wants */
	bool identity_wanted;	    /* the filter needs PCI ids */
	struct hook_owner *owner;   /* NULL when HOOK_DENYING */
	struct rv_hook_request request;
	struct access *access;	    /* of the event that is open */
	uint32_t id;
	uint64_t owner_private;	    /* the owner's, 0 at first */
	struct vcpu *born_vcpu;	    /* whose event it was added in, and in which exit: what goes on */
	uint64_t born_exit;	    /* there is not for it; NULL: in none */
	struct hook_counters counters;
	uint64_t period_tsc, due_tsc; /* TIMER */
	struct hook *next;	    /* in the list of the removed */
	struct hook *timer_next;    /* in the timer queue */
	char owner_name[24];	    /* for messages, when the owner is gone */
};

/* Around all calls below but the visits of a panic. Context: boot, exit. */
extern struct spinlock hook_spinlock;

static inline void hook_lock(void)
{
	if (cpus_count > 1)
		spinlock_acquire(&hook_spinlock);
}

static inline void hook_unlock(void)
{
	if (cpus_count > 1)
		spinlock_release(&hook_spinlock);
}

/* Adds a hook. Returns its number (>= 0), -RV_EINVAL for a request without meaning, -RV_EPERM for
 * what is the hypervisor's own, -RV_ENOSPC, -RV_ENOMEM. The request is trusted memory (a copy).
 * Context: boot, exit. */
int hook_add(struct hook_owner *owner, const struct rv_hook_request *request);

/* Takes a hook out of service at once, also from within one of its own events. -RV_ENOENT if it is
 * not this owner's. */
int hook_remove(struct hook_owner *owner, uint32_t id);

/* Removes all hooks of an owner. After a failure, its hooks with on_error: :deny keep denying what
 * they match (but for observers, timers and the like). */
void hook_remove_all(struct hook_owner *owner, bool failed);

/* The live hook of that number, NULL if there is none. */
struct hook *hook_find(uint32_t id);

/* Calls visit() for each live hook, in the order they were added to the table. */
void hook_visit(void (*visit)(struct hook *hook, void *context), void *context);

/* Delivers an event that has no device behind it (TIMER, SHUTDOWN). Context: exit. */
void hook_deliver_plain(struct hook *hook, struct vcpu *vcpu);

/* Sums over the hooks that are gone. */
struct hook_totals {
	uint64_t hooks, events, errors, cycles;
};
extern struct hook_totals hook_totals;

#endif
