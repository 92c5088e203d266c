/*
 * hook/hook_hold.h: events that outlive their exit: requests that wait for a time, or for what a hook's owner
 * decides, and then go on at an exit of whatever CPU.
 */
#ifndef HOOK_HOOK_HOLD_H
#define HOOK_HOOK_HOLD_H

#include "hook/hook.h"
#include "vmm/deadline.h"

/* Part of what waits; hook_hold.c's while it does. Zero before. */
struct hook_hold {
	struct deadline deadline;
	/* Waits no longer: PASS, DENY or DROP. May be held again. Context: exit, of any CPU; without locks. */
	void (*decided)(struct hook_hold *hold, enum rv_verdict verdict, struct vcpu *vcpu);
	uint64_t handle;	  /* how its owner calls it */
	struct hook_owner *owner; /* who decides; NULL: it does not wait */
	uint32_t hook, on_error;  /* of the hook that has it wait */
	enum rv_verdict verdict;  /* once it is decided */
	uint32_t refusal;	  /* of DENY, RV_REFUSAL_* */
	bool is_decided;
	struct hook_hold *next;
};

/* Waits for us microseconds, at most RV_HOLD_US_MAXIMUM: `delays`: just that, or for ever if us is RV_HOLD_US_EVER;
 * else for what the hook's owner decides; if that comes to nothing, the hook's on_error does. Context: exit; under the owner's lock. From here
 * on decided() may be called elsewhere. */
void hook_hold_begin(struct hook_hold *hold, const struct hook *hook, uint64_t handle, uint64_t us, bool delays,
		     void (*decided)(struct hook_hold *hold, enum rv_verdict verdict, struct vcpu *vcpu));

/* Nobody needs it any more. True: it waits no longer, and decided() will not be called. False: it did not wait,
 * or decided() is about to be called. Context: exit; any lock above that of deadlines may be held. */
bool hook_hold_cancel(struct hook_hold *hold);

/* The owner decides: PASS, DENY, with RV_REFUSAL_*, or DROP. -RV_ENOENT: it has nothing of that handle wait, or not any more. Under
 * the owner's lock. */
int hook_hold_resolve(const struct hook_owner *owner, uint64_t handle, enum rv_verdict verdict, uint32_t refusal);

/* The owner is gone: what it has wait goes as on_error says. Under the owner's lock. */
void hook_hold_abandon(const struct hook_owner *owner);

#endif
