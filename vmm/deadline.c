/*
 * vmm/deadline.c: the queue of deadlines, soonest first, and the alarms of the CPUs that look after it: each
 * that has looked while something was set. Its alarm is an exit at that time; where it is not EXIT_ALARM,
 * every interrupt exits and is an occasion to look.
 */
#include "vmm/deadline.h"

#include "core/spinlock.h"
#include "vmm/interrupt_watch.h"
#include "vmm/vcpu.h"

/* So many may expire before the guest goes on. */
#define DEADLINE_TURNS 16

uint64_t deadline_next_tsc = DEADLINE_NEVER;

static struct spinlock deadline_lock; /* innermost */
static struct deadline *deadline_first;

static void deadline_announce(uint64_t tsc)
{
	__atomic_store_n(&deadline_next_tsc, tsc, __ATOMIC_RELAXED);
}

static bool deadline_unlink(struct deadline *deadline)
{
	struct deadline **link = &deadline_first;

	if (!deadline->is_set)
		return false;
	while (*link != deadline)
		link = &(*link)->next;
	*link = deadline->next;
	deadline->is_set = false;
	return true;
}

void deadline_set(struct deadline *deadline, uint64_t tsc)
{
	struct deadline **link = &deadline_first;

	spinlock_acquire(&deadline_lock);
	(void)deadline_unlink(deadline);
	while (*link != NULL && (*link)->tsc <= tsc)
		link = &(*link)->next;
	deadline->tsc = tsc;
	deadline->next = *link;
	deadline->is_set = true;
	*link = deadline;
	deadline_announce(0);
	spinlock_release(&deadline_lock);
}

bool deadline_cancel(struct deadline *deadline)
{
	bool was_set;

	spinlock_acquire(&deadline_lock);
	was_set = deadline_unlink(deadline);
	if (was_set)
		deadline_announce(0);
	spinlock_release(&deadline_lock);
	return was_set;
}

/* The first that is due at a time, NULL if none is. */
static struct deadline *deadline_take(uint64_t now)
{
	struct deadline *first;

	spinlock_acquire(&deadline_lock);
	first = deadline_first;
	if (first != NULL && first->tsc <= now)
		(void)deadline_unlink(first);
	else
		first = NULL;
	deadline_announce(deadline_first != NULL ? deadline_first->tsc : DEADLINE_NEVER);
	spinlock_release(&deadline_lock);
	return first;
}

static void deadline_arm(struct vcpu *vcpu)
{
	static struct interrupt_wish wish;
	uint64_t next = __atomic_load_n(&deadline_next_tsc, __ATOMIC_RELAXED);
	bool is_exact;

	if (vcpu->alarm_tsc == next)
		return;
	vcpu->alarm_tsc = next;
	is_exact = vcpu_ops->set_alarm(vcpu);
	interrupt_want(vcpu, &wish, next != DEADLINE_NEVER && !is_exact);
}

void deadline_check(struct vcpu *vcpu)
{
	struct deadline *deadline;

	/* What expires can end in here again: then the loop below it goes on. */
	if (vcpu->checks_deadlines)
		return;
	vcpu->checks_deadlines = true;
	for (unsigned turn = 0; turn < DEADLINE_TURNS && (deadline = deadline_take(tsc_read())) != NULL; turn++)
		deadline->expire(deadline, vcpu);
	vcpu->checks_deadlines = false;
	deadline_arm(vcpu);
}

void deadline_look(struct vcpu *vcpu)
{
	if (deadline_due())
		deadline_check(vcpu);
	else
		deadline_arm(vcpu);
}
