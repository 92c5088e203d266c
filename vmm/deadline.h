/*
 * vmm/deadline.h: what is to happen at a time, whatever the guest does: timers of scripts, the end of a wait.
 * One queue for all CPUs. Whoever changes it makes deadline_due() true, so that the CPU that looks next
 * learns when it is to look again, and sees to an exit at that time.
 */
#ifndef VMM_DEADLINE_H
#define VMM_DEADLINE_H

#include "core/instructions.h"
#include "rv/types.h"

#define DEADLINE_NEVER UINT64_MAX

struct vcpu;

/* Zero, but for `expire`, before it is set first. The queue's while it is set. */
struct deadline {
	/* The time has come, and it is set no longer: it may be set again. On any CPU; without locks. */
	void (*expire)(struct deadline *deadline, struct vcpu *vcpu);
	uint64_t tsc;
	struct deadline *next;
	bool is_set;
};

/* The soonest of all; DEADLINE_NEVER: none is set; 0: somebody has to look. */
extern uint64_t deadline_next_tsc;

static inline bool deadline_due(void)
{
	uint64_t next = __atomic_load_n(&deadline_next_tsc, __ATOMIC_RELAXED);

	return next != DEADLINE_NEVER && tsc_read() >= next;
}

/* From now on it expires at that TSC, 0: as soon as somebody looks; in the order of times, and of calls if
 * these are equal. In an exit, deadline_look() has to follow before its end: else a CPU whose guest idles
 * then does not look. Context: boot, exit; any lock may be held. */
void deadline_set(struct deadline *deadline, uint64_t tsc);

/* True: it will not expire. False: it was not set: it has expired, or is just about to. Context: as above. */
bool deadline_cancel(struct deadline *deadline);

/* Expires what is due, and arms this CPU's alarm for the next. Context: boot, exit; without locks. */
void deadline_check(struct vcpu *vcpu);

/* The same where nothing may be due, but this CPU's alarm not up to date. */
void deadline_look(struct vcpu *vcpu);

#endif
