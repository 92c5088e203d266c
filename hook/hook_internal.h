/*
 * hook/hook_internal.h: what the files of hook/ share among themselves.
 */
#ifndef HOOK_HOOK_INTERNAL_H
#define HOOK_HOOK_INTERNAL_H

#include "hook/hook.h"

/* hook.c */
/* Out of service at once, and freed after a grace period. Under the owner's lock. */
void hook_retire(struct hook *hook);
/* Its owner's, and to be taken back by it. */
static inline bool hook_is_live(const struct hook *hook)
{
	return hook->state == HOOK_ACTIVE || hook->state == HOOK_STAGED || hook->state == HOOK_SWAPS;
}
/* In force, or in those exits in which its owner counts. */
static inline bool hook_is_in_force(const struct hook *hook)
{
	return hook->state == HOOK_ACTIVE || hook->state == HOOK_SWAPS;
}

/* hook_spec.c. From hook->spec and hook->source: first, last, the clauses, in_place, the metric's plan. */
void hook_prepare_clauses(struct hook *hook);

/* hook_filter.c: do all clauses hold, and are the addresses those that are wanted? The region is the
 * hook's own, and the direction. For those that are not in_place. Without a lock. */
bool hook_filter_accepts(const struct hook *hook, struct event_origin *origin);

static inline bool hook_clause_holds(const struct hook_clause *clause, const void *event, uint16_t offset)
{
	uint64_t value;

	__builtin_memcpy(&value, (const char *)event + offset, sizeof(value));
	return (value & clause->mask) - clause->first <= clause->span;
}

/* `event` is one, or where one would be whose fields lie in an access. */
static inline bool hook_clauses_hold(const struct hook_clause *clause, const struct hook_clause *end,
				     const void *event)
{
	for (; clause != end; clause++) {
		if (!hook_clause_holds(clause, event, clause->offset) &&
		    (clause->other == 0 || !hook_clause_holds(clause, event, clause->other)))
			return false;
	}
	return true;
}

#define HOOK_SAME_DISTANCE(a, b)                                                                   \
	_Static_assert(offsetof(struct access, b) - offsetof(struct access, a) ==                  \
		       offsetof(struct rv_event, b) - offsetof(struct rv_event, a), "rv/abi.h, vmm/access.h")
HOOK_SAME_DISTANCE(width_bytes, address);
HOOK_SAME_DISTANCE(width_bytes, value);

/* Where an event would be whose width, address and value are the access's. */
static inline const void *hook_event_in_access(const struct access *access)
{
	return (const char *)&access->width_bytes - offsetof(struct rv_event, width_bytes);
}

/* The same as hook_filter_accepts(), of a hook that is in_place. */
static inline bool hook_accepts_in_place(const struct hook *hook, const struct access *access)
{
	return hook_clauses_hold(hook->clauses, hook->clauses_end, hook_event_in_access(access));
}

/* Does the hook want this access, which touches its region? */
static inline bool hook_wants(const struct hook *hook, struct access *access)
{
	struct event_origin origin = { .vcpu = access->vcpu, .access = access };

	return access->write == hook->write &&
	       (hook->in_place ? hook_accepts_in_place(hook, access) : hook_filter_accepts(hook, &origin));
}

/* Opens a hook's event: all but `cpu` and what is filled on demand. */
static inline void hook_fill_event(struct hook *hook, struct rv_event *event,
				   const struct event_origin *origin)
{
	const struct source *source = hook->source;

	event->kind = hook->spec.kind;
	event->flags = 0;
	event->cookie = hook->spec.cookie;
	event->verdict = RV_VERDICT_PASS;
	event->hook = hook->id;
	event->sequence = ++hook->counters.delivered;
	if (source->fill != NULL)
		source->fill(event, origin);
	if (source->look_up != NULL)
		(void)source->look_up(event, origin);
}

/* hook_verdict.c: carries out what an owner said of an event, `event`: each of its fields is read once,
 * `verdict` by the caller. */
enum access_result hook_resolve(struct hook *hook, struct event_origin *origin, uint32_t verdict,
				const struct rv_event *event);
/* DENY, by C alone. */
enum access_result hook_deny(struct hook *hook, struct event_origin *origin);
/* Of what C says by itself: does the event pass whatever it is? */
static inline bool hook_fixed_looks_on(uint32_t fixed)
{
	return fixed == RV_FIXED_TRACE || fixed == RV_FIXED_METRIC;
}

/* What spec.fixed says, which is not RV_FIXED_NONE. Without a lock. */
enum access_result hook_resolve_fixed(struct hook *hook, struct event_origin *origin);
/* What the hook's on_error makes of an event whose handler failed. */
enum rv_verdict hook_verdict_on_error(struct hook *hook);

/* hook_deliver.c: the handlers of all regions; context is the hook. The latter: with spec.fixed. */
enum access_result hook_handle_access(struct access *access, void *context);
enum access_result hook_handle_fixed(struct access *access, void *context);
enum access_result hook_handle_counted(struct access *access, void *context);
/* An event that the hook's filter wants: asks its owner, if the hook is still on, and does what it says. */
enum access_result hook_ask(struct hook *hook, struct event_origin *origin);

static inline enum access_result hook_reject(struct hook *hook)
{
	__atomic_fetch_add(&hook->counters.filtered, 1, __ATOMIC_RELAXED);
	return ACCESS_PASS;
}

/* hook_deliver.c: hook_deliver_plain(), under the owner's lock. */
void hook_run_plain(struct hook *hook, struct vcpu *vcpu);
/* The same with a text, in force or not. False: it failed. */
bool hook_run_text(struct hook *hook, struct hook_text *text, struct vcpu *vcpu);

/* hook_swap.c: of an owner that is in a swap: do its hooks count in this exit? */
bool hook_owner_is_in_epoch(const struct hook_owner *owner, struct vcpu *vcpu);
/* Does it take the events of this exit? */
static inline bool hook_is_active(const struct hook *hook, struct vcpu *vcpu)
{
	return hook->state == HOOK_ACTIVE ||
	       (hook->state == HOOK_SWAPS && hook_owner_is_in_epoch(hook->owner, vcpu));
}

/* hook_request.c: enters a hook into the list of those of requests, and takes it out. Under hook_table_lock. */
void hook_list_request(struct hook *hook);
void hook_unlist_request(struct hook *hook);

/* hook_follow.c: of a hook with spec.follows. */
int hook_follow_attach(struct hook *hook, enum access_kind kind);
void hook_follow_detach(struct hook *hook);

/* hook.c */
extern struct spinlock hook_table_lock;

#endif
