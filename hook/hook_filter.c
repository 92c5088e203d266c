/*
 * hook/hook_filter.c: whether a hook wants an event; all that can be said without a script.
 */
#include "hook/hook_internal.h"

/* One byte of the access in the hook's addresses is enough. */
static bool hook_touches(const struct hook *hook, const struct rv_event *event)
{
	return event->address <= hook->last &&
	       event->address + event->width_bytes - 1 >= hook->first;
}

/* An access that reaches beyond the addresses of an exception is none of it. */
static bool hook_exception_holds(const struct hook_clause *clause, const struct rv_event *event)
{
	struct hook_clause last_byte = *clause;
	uint64_t beyond = event->width_bytes - 1u;

	if (!hook_clauses_hold(clause, clause + 1, event))
		return false;
	if (!clause->whole)
		return true;
	last_byte.span -= beyond;
	return beyond <= clause->span && hook_clauses_hold(&last_byte, &last_byte + 1, event);
}

static bool hook_is_excepted(const struct hook *hook, const struct rv_event *event)
{
	const struct hook_clause *clause = hook->clauses_end;

	while (clause != hook->exceptions_end) {
		uint32_t exception = clause->except;
		bool holds = true;

		for (; clause != hook->exceptions_end && clause->except == exception; clause++)
			holds = holds && hook_exception_holds(clause, event);
		if (holds)
			return true;
	}
	return false;
}

bool hook_filter_accepts(const struct hook *hook, struct event_origin *origin)
{
	const struct source *source = hook->source;
	struct rv_event event;

	source->fill(&event, origin);
	if (hook->region_is_wider && !hook_touches(hook, &event))
		return false;
	if (!hook_clauses_hold(hook->clauses, hook->direct_end, &event))
		return false;
	if (hook->direct_end != hook->clauses_end || hook->exceptions_look_up) {
		bool found = source->look_up(&event, origin);

		if (hook->direct_end != hook->clauses_end &&
		    (!found || !hook_clauses_hold(hook->direct_end, hook->clauses_end, &event)))
			return false;
	}
	return !hook_is_excepted(hook, &event);
}
