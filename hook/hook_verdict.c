/*
 * hook/hook_verdict.c: what becomes of an event when its owner has spoken, or failed.
 */
#include "hook/hook_internal.h"

#include "core/log.h"
#include "rv/kinds.h"

bool hook_keeps_denying(const struct hook *hook)
{
	return hook->spec.on_error == RV_ON_ERROR_DENY && !hook->spec.observe &&
	       !rv_kind_has(hook->spec.kind, RV_KIND_PLAIN);
}

enum rv_verdict hook_verdict_on_error(struct hook *hook)
{
	hook->counters.errors++;
	hook->owner->nr_errors++;
	if (hook->spec.on_error == RV_ON_ERROR_DENY)
		return RV_VERDICT_DENY;
	if (hook->spec.on_error == RV_ON_ERROR_DISABLE && hook_remove(hook->owner, hook->id) == 0)
		log_warning("%s: the %s hook is disabled after an error", hook->owner->name,
			    rv_kind_name(hook->spec.kind));
	return RV_VERDICT_PASS;
}

enum access_result hook_deny(struct hook *hook, struct event_origin *origin)
{
	hook->counters.denied++;
	return hook->source->apply(origin, RV_VERDICT_DENY, NULL);
}

enum access_result hook_resolve_fixed(struct hook *hook, struct event_origin *origin)
{
	if (hook_fixed_looks_on(hook->spec.fixed))
		return ACCESS_PASS;
	if (hook->spec.fixed != RV_FIXED_ISOLATE) {
		__atomic_fetch_add(&hook->counters.denied, 1, __ATOMIC_RELAXED);
		return hook->source->apply(origin, RV_VERDICT_DENY, NULL);
	}
	if (hook->source->isolate(origin))
		__atomic_fetch_add(&hook->counters.changed, 1, __ATOMIC_RELAXED);
	return ACCESS_PASS;
}

/* ACCEPT and HOLD, if they stand where they can: else the verdict has no meaning. */
static uint32_t hook_modifiers(const struct hook *hook, const struct event_origin *origin, uint32_t verdict)
{
	uint32_t modifiers = verdict & RV_VERDICT_MODIFIERS;
	const struct source *source = hook->source;

	if (verdict - modifiers > RV_VERDICT_CHANGE)
		return 0;
	if ((modifiers & RV_VERDICT_HOLD) && (source->hold == NULL || (source->can_hold != NULL && !source->can_hold(origin))))
		return 0;
	return modifiers;
}

static __attribute__((noinline)) enum access_result hook_resolve_other(struct hook *hook, struct event_origin *origin,
								       uint32_t verdict, const struct rv_event *event)
{
	enum access_result result = ACCESS_PASS;
	uint32_t modifiers = hook_modifiers(hook, origin, verdict);

	verdict -= modifiers;
	if (verdict >= RV_VERDICT_ERROR) {
		verdict = hook_verdict_on_error(hook);
		if (hook->source->is_spoiled != NULL && hook->source->is_spoiled(origin))
			verdict = RV_VERDICT_DENY;
	}
	if (hook->spec.observe)
		return ACCESS_PASS;
	if (verdict == RV_VERDICT_CHANGE)
		hook->counters.changed++;
	else if (verdict != RV_VERDICT_PASS)
		hook->counters.denied++;
	if (verdict != RV_VERDICT_PASS)
		result = hook->source->apply(origin, (enum rv_verdict)verdict, event);
	if (result != ACCESS_PASS)
		return result;
	if (modifiers & RV_VERDICT_HOLD) {
		hook->source->hold(origin, hook, event, (modifiers & RV_VERDICT_ACCEPT) != 0);
		return ACCESS_DONE;
	}
	return modifiers & RV_VERDICT_ACCEPT ? ACCESS_ACCEPT : ACCESS_PASS;
}

/* A change and nothing else, as most verdicts are, needs few registers saved. */
enum access_result hook_resolve(struct hook *hook, struct event_origin *origin, uint32_t verdict,
				const struct rv_event *event)
{
	if (verdict != RV_VERDICT_CHANGE || hook->spec.observe)
		return hook_resolve_other(hook, origin, verdict, event);
	hook->counters.changed++;
	return hook->source->apply(origin, RV_VERDICT_CHANGE, event);
}
