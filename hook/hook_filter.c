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

bool hook_filter_accepts(const struct hook *hook, struct access *access)
{
	struct event_origin origin = { .vcpu = access->vcpu, .access = access };
	const struct source *source = hook->source;
	struct rv_event event;

	source->fill(&event, &origin);
	if (hook->region_is_wider && !hook_touches(hook, &event))
		return false;
	if (!hook_clauses_hold(hook->clauses, hook->direct_end, &event))
		return false;
	return hook->direct_end == hook->clauses_end ||
	       (source->look_up(&event, &origin) &&
		hook_clauses_hold(hook->direct_end, hook->clauses_end, &event));
}
