/*
 * hook/hook_request.c: the hooks of requests, in one list in the order in which they were added. A request
 * may have asked some of them and go on later, so what is kept of the way is a place in that order, not a
 * hook, which may be gone by then.
 */
#include "hook/hook_internal.h"

static struct hook *hook_requests;
static uint64_t hook_request_last; /* the place of the newest */

void hook_list_request(struct hook *hook)
{
	struct hook **end = &hook_requests;

	while (*end != NULL)
		end = &(*end)->request_next;
	hook->request_order = __atomic_add_fetch(&hook_request_last, 1, __ATOMIC_ACQ_REL);
	__atomic_store_n(end, hook, __ATOMIC_RELEASE);
}

/* Walks in progress go on from it: hook->request_next stays. */
void hook_unlist_request(struct hook *hook)
{
	struct hook **link = &hook_requests;

	while (*link != NULL && *link != hook)
		link = &(*link)->request_next;
	if (*link == hook)
		__atomic_store_n(link, hook->request_next, __ATOMIC_RELEASE);
}

static struct hook *hook_request_first(void)
{
	return __atomic_load_n(&hook_requests, __ATOMIC_ACQUIRE);
}

static struct hook *hook_request_next(const struct hook *hook)
{
	return __atomic_load_n(&hook->request_next, __ATOMIC_ACQUIRE);
}

bool hook_wants_requests(uint32_t kind)
{
	for (const struct hook *hook = hook_request_first(); hook != NULL; hook = hook_request_next(hook)) {
		if (hook->spec.kind == kind)
			return true;
	}
	return false;
}

bool hook_reads_requests(uint32_t kind)
{
	for (const struct hook *hook = hook_request_first(); hook != NULL; hook = hook_request_next(hook)) {
		if (hook->spec.kind == kind && hook->spec.fixed != RV_FIXED_METRIC)
			return true;
	}
	return false;
}

static bool hook_may_want(const struct hook *hook, const struct rv_event *event, size_t from, size_t end)
{
	for (const struct hook_clause *clause = hook->clauses; clause != hook->clauses_end; clause++) {
		if (clause->offset >= from && clause->offset < end && clause->other == 0 &&
		    !hook_clause_holds(clause, event, clause->offset))
			return false;
	}
	return true;
}

bool hook_wants_such_requests(uint32_t kind, const struct rv_event *event, size_t from, size_t end)
{
	for (const struct hook *hook = hook_request_first(); hook != NULL; hook = hook_request_next(hook)) {
		if (hook->spec.kind == kind && hook_may_want(hook, event, from, end))
			return true;
	}
	return false;
}

bool hook_others_decide(uint32_t kind, struct event_origin *origin, const struct hook_owner *owner)
{
	for (struct hook *hook = hook_request_first(); hook != NULL; hook = hook_request_next(hook)) {
		if (hook->spec.kind == kind && hook->owner != owner && !hook->spec.observe &&
		    (hook_is_live(hook) || hook->state == HOOK_DENYING) && hook_filter_accepts(hook, origin))
			return true;
	}
	return false;
}

enum access_result hook_offer(uint32_t kind, struct event_origin *origin, uint64_t *after)
{
	/* Those that are added meanwhile are not asked: a block that adds its like would else hold the guest. */
	uint64_t last = __atomic_load_n(&hook_request_last, __ATOMIC_ACQUIRE);

	for (struct hook *hook = hook_request_first(); hook != NULL; hook = hook_request_next(hook)) {
		enum access_result result;

		if (hook->spec.kind != kind || hook->request_order <= *after || hook->request_order > last)
			continue;
		*after = hook->request_order;
		origin->asked = hook->owner;
		result = hook_filter_accepts(hook, origin) ? hook_ask(hook, origin) : hook_reject(hook);
		if (result != ACCESS_PASS)
			return result;
	}
	return ACCESS_PASS;
}
