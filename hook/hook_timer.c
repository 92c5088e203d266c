/*
 * hook/hook_timer.c: `every`: hooks that are due at a time instead of at an access. A queue of them, in the
 * order they were added, under hook_table_lock, and one deadline for all. The CPU that finds one due takes
 * it, by setting its next time, and delivers it without that lock.
 */
#include "core/log.h"
#include "core/time.h"
#include "hook/hook_internal.h"
#include "vmm/deadline.h"

static void hook_timer_expire(struct deadline *deadline, struct vcpu *vcpu);

static struct deadline hook_timer_deadline = { .expire = hook_timer_expire };
static struct hook *hook_timers;
static uint64_t hook_timer_rested_tsc; /* none runs before */

/* Under hook_table_lock, which orders those who set it. */
static void hook_timer_update_next(void)
{
	uint64_t next = DEADLINE_NEVER;

	for (struct hook *hook = hook_timers; hook != NULL; hook = hook->timer_next) {
		if (hook->due_tsc < next)
			next = hook->due_tsc;
	}
	if (next != DEADLINE_NEVER)
		deadline_set(&hook_timer_deadline, next > hook_timer_rested_tsc ? next : hook_timer_rested_tsc);
	else
		(void)deadline_cancel(&hook_timer_deadline);
}

static int hook_timer_attach(struct hook *hook)
{
	struct hook **end = &hook_timers;

	/* hook_spec_check() bounds the period, so that this does not overflow. */
	hook->period_tsc = time_tsc_of_us(hook->first);
	hook->due_tsc = tsc_read() + hook->period_tsc;
	while (*end != NULL)
		end = &(*end)->timer_next;
	*end = hook;
	hook_timer_update_next();
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

static void hook_timer_expire(struct deadline *deadline, struct vcpu *vcpu)
{
	uint64_t now = tsc_read(), end;
	struct hook *hook;

	(void)deadline;
	/* It ends: what is taken is not due again at the same time. */
	while ((hook = hook_timer_take(now)) != NULL)
		hook_deliver_plain(hook, vcpu);
	/* All rest at least as long as they ran together: however many there are and however long that is, half of
	 * the time stays the guest's. */
	end = tsc_read();
	spinlock_acquire(&hook_table_lock);
	hook_timer_rested_tsc = end + (end - now);
	hook_timer_update_next();
	spinlock_release(&hook_table_lock);
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
