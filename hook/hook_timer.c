/*
 * hook/hook_timer.c: the queue of timers, in the order they were added, under hook_table_lock. The CPU
 * that finds one due takes it, by setting its next time, and delivers it without that lock.
 */
#include "hook/hook_timer.h"

#include "core/log.h"
#include "core/time.h"
#include "hook/hook_internal.h"
#include "vmm/interrupt_watch.h"

#define HOOK_US_PER_SECOND 1000000

uint64_t hook_timer_next_tsc = ~UINT64_C(0);

static struct hook *hook_timers;

static void hook_timer_set_next(uint64_t tsc)
{
	__atomic_store_n(&hook_timer_next_tsc, tsc, __ATOMIC_RELAXED);
}

static void hook_timer_update_next(void)
{
	uint64_t next = ~UINT64_C(0);

	for (struct hook *hook = hook_timers; hook != NULL; hook = hook->timer_next) {
		if (hook->due_tsc < next)
			next = hook->due_tsc;
	}
	hook_timer_set_next(next);
}

static int hook_timer_attach(struct hook *hook)
{
	struct hook **end = &hook_timers;
	uint64_t seconds = hook->first / HOOK_US_PER_SECOND;
	uint64_t rest_us = hook->first % HOOK_US_PER_SECOND;

	/* hook_spec_check() bounds the period, so neither product overflows. */
	hook->period_tsc = seconds * time_tsc_hz + rest_us * time_tsc_hz / HOOK_US_PER_SECOND;
	hook->due_tsc = tsc_read() + hook->period_tsc;
	while (*end != NULL)
		end = &(*end)->timer_next;
	*end = hook;
	/* Now: whoever looks first finds out the right time, and asks for interrupts. */
	hook_timer_set_next(0);
	return 0;
}

static void hook_timer_detach(struct hook *hook)
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

/* The first timer that is due at a time, NULL if none is. */
static struct hook *hook_timer_take(uint64_t now)
{
	struct hook *hook;

	spinlock_acquire(&hook_table_lock);
	hook = hook_timers;
	while (hook != NULL && hook->due_tsc > now)
		hook = hook->timer_next;
	if (hook != NULL)
		hook_timer_advance(hook, now);
	hook_timer_update_next();
	spinlock_release(&hook_table_lock);
	return hook;
}

/* It rests at least as long as it ran: however long that is, half of the time stays the guest's. */
static void hook_timer_rest(struct hook *hook, uint64_t start)
{
	uint64_t end = tsc_read(), rested = end + (end - start);

	if (hook->due_tsc >= rested)
		return;
	spinlock_acquire(&hook_table_lock);
	hook->due_tsc = rested;
	hook_timer_update_next();
	spinlock_release(&hook_table_lock);
}

static void hook_timer_want(struct vcpu *vcpu)
{
	static struct interrupt_wish wish;

	interrupt_want(vcpu, &wish, __atomic_load_n(&hook_timers, __ATOMIC_RELAXED) != NULL);
}

void hook_timer_check(struct vcpu *vcpu)
{
	uint64_t now = tsc_read();
	struct hook *hook;

	/* It ends: what is taken is not due again at the same time. */
	while ((hook = hook_timer_take(now)) != NULL) {
		uint64_t start = tsc_read();

		hook_deliver_plain(hook, vcpu);
		hook_timer_rest(hook, start);
	}
	hook_timer_want(vcpu);
}

void hook_timer_periodic(struct vcpu *vcpu)
{
	if (hook_timer_due())
		hook_timer_check(vcpu);
	if (grace_wanted)
		grace_collect();
	hook_timer_want(vcpu);
}

/* A period in the largest unit that it is a whole number of. */
static void hook_timer_describe(const struct hook *hook, char *text, size_t text_bytes)
{
	uint64_t us = hook->first;
	static const struct {
		uint64_t us;
		const char *name;
	} units[] = { { 60000000, "min" }, { 1000000, "s" }, { 1000, "ms" }, { 1, "us" } };
	unsigned unit = 0;

	while (us % units[unit].us != 0)
		unit++;
	print_format(text, text_bytes, "every %lu %s", us / units[unit].us, units[unit].name);
}

SOURCE(timer) = {
	.kind = RV_EVENT_TIMER,
	.attach = hook_timer_attach,
	.detach = hook_timer_detach,
	.describe = hook_timer_describe,
};
