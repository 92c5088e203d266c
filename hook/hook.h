/*
 * hook/hook.h: the one table between what intercepts (registries, mediators) and what decides
 * (scripts). A hook is a kind of event, a filter that C evaluates, a budget and a policy for
 * failure; it belongs to an owner, whom it delivers events to.
 *
 * Adding a hook registers an access region, so that the hardware intercept flips in the same call;
 * removing it gives the intercept back. Every event is resolved exactly once: by its verdict, or by
 * the hook's on_error when the owner fails.
 *
 * An owner's lock is held while it runs. It guards the owner, its event and its hooks, so an owner
 * handles one event at a time, and CPUs that need different owners do not wait for one another. The
 * C filter works without it: what a script does not want never waits. hook_table_lock guards the
 * table of hooks and the queue of timers; nobody runs while it is held. docs/tour.md has the order of
 * locks.
 *
 * A CPU that waits for any of these is not in its guest, so nobody who changes an intercept waits
 * for it in turn (vmm/kick.h).
 */
#ifndef HOOK_HOOK_H
#define HOOK_HOOK_H

#include "core/cpu.h"
#include "core/spinlock.h"
#include "hook/metric_plan.h"
#include "hook/source.h"
#include "rv/abi.h"
#include "rv/types.h"
#include "vmm/access.h"
#include "vmm/grace.h"
#include "vmm/pci_follow.h"

#define HOOKS_MAXIMUM 1024
#define HOOKS_PER_OWNER_MAXIMUM 256
#define HOOK_TABLES_PER_OWNER_MAXIMUM 1024 /* pages of nested tables for hooks of memory: 4 MiB, for 2 GiB */

struct hook;
struct vcpu;

struct hook_counters {
	uint64_t filtered;  /* accesses that the filter refused; counted without the lock */
	uint64_t delivered; /* given to the owner */
	uint64_t changed;   /* verdicts CHANGE */
	uint64_t denied;    /* verdicts DENY and DROP, and denials by on_error */
	uint64_t errors;    /* ended by on_error */
	/* TSC from delivery to verdict, without what is waited. */
	uint64_t cycles_total, cycles_maximum;
	uint64_t cycles_waited; /* for the console, or because the machine itself stood still */
};

/* Whoever takes events: a script engine. Once it had a hook it is never freed: it is in a list, and a CPU may be
 * waiting for its lock. It may become another's (hook_owner_renew()). */
struct hook_owner {
	struct spinlock lock;
	const char *name;
	/* Where an event is written before it is delivered, and its verdict read from, once, after.
	 * Untrusted: the owner may write anything there. */
	struct rv_event *event;
	/* Runs the owner until the event is handled. False: the owner failed and is gone;
	 * hook_remove_all() has been called for it. `hook->origin` is what the event is about. Under the
	 * owner's lock; the only other that may be held is that of the power-off (shutdown_lock). */
	bool (*deliver)(struct hook_owner *owner, struct hook *hook, struct vcpu *vcpu);
	/* While its events are recorded (hook/trace.h), what deliver was; under hook_table_lock. */
	bool (*untraced)(struct hook_owner *owner, struct hook *hook, struct vcpu *vcpu);
	uint8_t name_bytes; /* for the same: of its name, with the NUL; 0: not counted yet, or too long */
	unsigned nr_hooks; /* live ones */
	uint64_t nr_tables; /* nested tables that their hooks of memory may take */
	struct hook_owner *next; /* of those that had a hook; set once, under hook_table_lock */
	bool listed;
	/* Hooks that were removed, and what they had counted, by kind; under hook_table_lock. */
	uint64_t nr_gone[RV_EVENT_KIND_COUNT];
	struct hook_counters gone[RV_EVENT_KIND_COUNT];
	uint64_t nr_events, nr_errors; /* delivered; of those, ended by on_error */
	uint64_t cycles; /* TSC that these took, without what was waited */
	uint64_t waited_cycles; /* in the event going on; counted by whoever delivers it */
	bool stuck; /* who has the lock was waited for in vain */
	bool keeps_hooks; /* those that keep denying after a failure do so however it ends, and stay on */
	struct metrics *metrics; /* hook/metric.h; NULL: none of its hooks has RV_FIXED_METRIC */
	bool stages; /* what it adds is staged, until hook_put_into_force() */
	bool swaps; /* it takes another's place, or another its: the next two count (hook/hook_swap.c) */
	uint64_t epoch_in, epoch_out; /* its hooks are in force from that epoch on; before that one, 0: for ever */
	unsigned nr_left; /* hooks of it that are not freed yet, live or not; under hook_table_lock */
};

enum hook_state {
	HOOK_ACTIVE,
	HOOK_STAGED,  /* intercepts already, but takes no events: its owner is still loading, amid the guest's life */
	HOOK_SWAPS,   /* active, in exits in which its owner counts (hook/hook_swap.c) */
	HOOK_DENYING, /* its owner is gone and it was on_error: :deny: C alone denies from now on */
	HOOK_REMOVED, /* takes no events any more; waits to be freed */
};

/* A clause (rv/abi.h), prepared: (eight bytes of the event at `offset` & mask) - first <= span. */
struct hook_clause {
	uint64_t mask, first, span;
	uint16_t offset;
	uint16_t other; /* the offset of another field that it may hold of as well; 0: of none */
	uint16_t except; /* the number of the exception; 0: none */
	bool whole; /* of an exception, about an address: the access's last byte has to hold too */
};

struct hook {
	struct access_region region;
	struct pci_follower follower; /* registered in the place of the region, if spec.follows */
	const struct source *source;
	enum hook_state state;	    /* changed under the owner's lock; by hook/hook_swap.c without */
	bool write;		    /* of the two directions, the one it wants */
	bool region_is_wider;	    /* than the addresses that it wants */
	bool in_place;		    /* the source's, if there are no exceptions */
	bool metric_in_place;	    /* what a metric takes lies in the access likewise */
	struct hook_owner *owner;
	struct event_origin *origin; /* of the event that is open */
	uint64_t first, last;	    /* the addresses it wants, as events tell them */
	struct hook_clause clauses[RV_CLAUSES_MAXIMUM];
	const struct hook_clause *direct_end, *clauses_end; /* from direct_end on they are looked up */
	const struct hook_clause *exceptions_end; /* from clauses_end on they are exceptions' */
	bool exceptions_look_up;
	struct rv_hook_spec spec;
	struct metric_plan metric_plan; /* of RV_FIXED_METRIC */
	uint32_t id;
	uint64_t nr_tables;	    /* nested tables that it may take, charged to the owner */
	uint64_t owner_private;	    /* the owner's, 0 at first */
	struct vcpu *born_vcpu;	    /* where it was added, and in which exit (0: before the guest): */
	uint64_t born_exit;	    /* what goes on there is not for it */
	struct hook_counters counters;
	uint64_t period_tsc, due_tsc; /* TIMER */
	struct hook *timer_next;    /* in the timer queue */
	struct hook *request_next;  /* in the list of hooks of requests, and its place there: 1, 2, ... */
	uint64_t request_order;
	struct hook *retired_next;  /* among those that wait to be freed */
	struct grace grace;
};

/* hook/hook_deliver.c: waits for another CPU to be done with the owner. */
bool hook_owner_wait(struct hook_owner *owner);

/* Around whatever an owner does: its top level, or an event. False: it is not taken, because the CPU
 * that has it does not go on: the guest has stopped it by an INIT. Context: boot, exit; without locks. */
static inline bool hook_owner_lock(struct hook_owner *owner)
{
	return cpus_count == 1 || spinlock_try(&owner->lock) || hook_owner_wait(owner);
}

static inline void hook_owner_unlock(struct hook_owner *owner)
{
	if (cpus_count > 1)
		spinlock_release(&owner->lock);
}

/* 0, or -RV_EINVAL for a specification without meaning. */
int hook_spec_check(const struct rv_hook_spec *spec);

/* The addresses that a specification, which was checked, is about, as events tell them: all that the kind
 * has, if it does not say. */
void hook_spec_range(const struct rv_hook_spec *spec, uint64_t *first, uint64_t *last);

/* Adds a hook. Returns its number (>= 0), -RV_EINVAL for a specification without meaning, -RV_ENOSPC, -RV_ENOMEM,
 * or what its source's attach() says: the registries' (vmm/access.h), pci_follow()'s, disk_watch()'s. The
 * specification is trusted memory (a copy). On return the access that it wants is intercepted on every CPU.
 * Context of this and the next three: boot, exit; under the owner's lock. */
int hook_add(struct hook_owner *owner, const struct rv_hook_spec *spec);

/* Takes a hook out of service at once, also from within one of its own events: on return no CPU
 * intercepts for its sake, and it gets no event any more. -RV_ENOENT if it is not this owner's. */
int hook_remove(struct hook_owner *owner, uint32_t id);

/* Is it one that keeps denying when its owner has failed: with on_error: :deny, and no observer, timer or the
 * like? */
bool hook_keeps_denying(const struct hook *hook);

/* Removes all hooks of an owner; what it has wait (hook/hook_hold.h) goes on. After a failure, or if the owner
 * keeps its hooks, those of which hook_keeps_denying() says so keep denying what they match. */
void hook_remove_all(struct hook_owner *owner, bool failed);

/* hook/hook_owner.c: owners that come and go while the guest lives. */

/* All that the owner has staged takes events from now on. Under the owner's lock. */
void hook_put_into_force(struct hook_owner *owner);

/* The owner is to go, as if the guest ended: its hooks take no events any more, but for those of the end, which
 * get theirs; it may fail in there. Under the owner's lock. */
void hook_say_end(struct hook_owner *owner, struct vcpu *vcpu);

/* Gives the owner an event with a text of one of those kinds (hook/source_text.c), be its hooks in force or staged.
 * How many hooks it was for; -RV_ECANCELED: one failed. Under the owner's lock. */
int hook_tell(struct hook_owner *owner, uint32_t kind, struct hook_text *text, struct vcpu *vcpu);

/* Takes all that is left of an owner's hooks out of service, what C alone denies too. Under the owner's lock. */
void hook_remove_rest(struct hook_owner *owner);

/* hook/hook_swap.c: one owner's hooks in the place of another's, in one step: what is walked in one exit meets
 * either those of the old or those of the new. First both are prepared; when all CPUs have been in their guests since
 * (vmm/grace.h), and the new one's hooks were put into force, hook_swap(). When all have been there once more,
 * nobody meets the old one's, which is removed, and hook_swap_end(). The old one may be gone at any time. The owners
 * stay what they are meanwhile. Context: exit. */
void hook_swap_prepare(struct hook_owner *old, struct hook_owner *new);
void hook_swap(struct hook_owner *old, struct hook_owner *new);
/* Neither is in a swap any more; without hook_swap() before, the new one's hooks never were in force. */
void hook_swap_end(struct hook_owner *old, struct hook_owner *new);

/* Has it hooks that C alone denies by? */
bool hook_owner_denies(struct hook_owner *owner);

/* Is any hook of an owner left, be it one that waits to be freed? If not, nobody holds the owner, and
 * hook_owner_renew() may make another's of it. Context: boot, exit. */
bool hook_owner_is_used(struct hook_owner *owner);
void hook_owner_renew(struct hook_owner *owner);

/* The live hook of that number, NULL if there is none. */
struct hook *hook_find(uint32_t id);

/* Calls visit() for each live hook, in the order of the table, under no lock. Context: boot, exit. */
void hook_visit(void (*visit)(struct hook *hook, void *context), void *context);

/* Everybody who ever had a hook, in that order; the list only grows. Context: boot, exit. */
struct hook_owner *hook_first_owner(void);

/* The sum of what an owner's hooks of that kind counted that are gone, freed or not. Returns how many. */
uint64_t hook_count_gone(struct hook_owner *owner, uint32_t kind, struct hook_counters *sum);

/* hook/hook_request.c: offers a request to the hooks of `kind` that want it, in the order in which they were
 * added, beyond the place *after (0: from the first), which becomes that of the last who was asked.
 * ACCESS_DONE: one of them ended it, or (origin->is_held) has it wait; ACCESS_ACCEPT: one accepted it, and no
 * other is asked. Context: exit; without locks. */
enum access_result hook_offer(uint32_t kind, struct event_origin *origin, uint64_t *after);
/* Is there any hook of that kind? It may change at any time. */
bool hook_wants_requests(uint32_t kind);
/* Likewise one that may look at data: what is only counted is not looked at. */
bool hook_reads_requests(uint32_t kind);

/* Is there one of that kind that may want such events? Of `event` is known what lies between these offsets: clauses about all
 * else are taken to hold. */
bool hook_wants_such_requests(uint32_t kind, const struct rv_event *event, size_t from, size_t end);

/* Would a hook of another owner's be asked about it, that does more than look on? Context: boot, exit; under an owner's
 * lock or none. */
bool hook_others_decide(uint32_t kind, struct event_origin *origin, const struct hook_owner *owner);

/* Delivers an event on which nothing hangs (RV_KIND_PLAIN). Context: exit; without locks. */
void hook_deliver_plain(struct hook *hook, struct vcpu *vcpu);

#endif
