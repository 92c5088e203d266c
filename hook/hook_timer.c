/*
 * hook/hook_timer.c: the queue of timers, in the order they were added.
 */
#include "hook/hook_timer.h"

#include "core/time.h"
#include "hook/hook_internal.h"
#include "hook/periodic.h"

#define HOOK_US_PER_SECOND 1000000

uint64_t hook_timer_next_tsc = ~UINT64_C(0);

static struct hook *hook_timers;

static void hook_timer_update_next(void)
{
	hook_timer_next_tsc = ~UINT64_C(0);
	for (struct hook *hook = hook_timers; hook != NULL; hook = hook->timer_next) {
		if (hook->state == HOOK_ACTIVE && hook->due_tsc < hook_timer_next_tsc)
			hook_timer_next_tsc = hook->due_tsc;
	}
}

void hook_timer_link(struct hook *hook)
{
	struct hook **end = &hook_timers;
	uint64_t seconds = hook->request.first / HOOK_US_PER_SECOND;
	uint64_t rest_us = hook->request.first % HOOK_US_PER_SECOND;

	/* hook_request_check() bounds the period, so neither product overflows. */
	hook->period_tsc = seconds * time_tsc_hz + rest_us * time_tsc_hz / HOOK_US_PER_SECOND;
	hook->due_tsc = tsc_read() + hook->period_tsc;
	while (*end != NULL)
		end = &(*end)->timer_next;
	*end = hook;
	hook_timer_update_next();
}

void hook_timer_unlink(struct hook *hook)
{
	struct hook **link = &hook_timers;

	while (*link != NULL && *link != hook)
		link = &(*link)->timer_next;
	if (*link == hook)
		*link = hook->timer_next;
	hook_timer_update_next();
}

/* Periods that were missed altogether are not made up for. */
static void hook_timer_advance(struct hook *hook, uint64_t now)
{
	hook->due_tsc += hook->period_tsc;
	if (hook->due_tsc <= now)
		hook->due_tsc = now + hook->period_tsc;
}

void hook_timer_check(struct vcpu *vcpu)
{
	/* Hooks may come and go in there, but none is unlinked before hook_reap(). */
	for (struct hook *hook = hook_timers; hook != NULL; hook = hook->timer_next) {
		uint64_t now = tsc_read();

		if (hook->state != HOOK_ACTIVE || hook->due_tsc > now)
			continue;
		hook_timer_advance(hook, now);
		hook_deliver_plain(hook, vcpu);
	}
	hook_timer_update_next();
	periodic_want(vcpu, PERIODIC_TIMER, hook_timers != NULL);
}

void hook_timer_periodic(struct vcpu *vcpu)
{
	hook_lock();
	if (hook_timer_due())
		hook_timer_check(vcpu);
	if (hook_reap_wanted)
		hook_reap();
	periodic_want(vcpu, PERIODIC_TIMER, hook_timers != NULL);
	hook_unlock();
}
