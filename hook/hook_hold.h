/*
 * hook/hook_hold.h: events that outlive their exit: requests that wait for a time, or for what a hook's owner
 * decides, and then go on at an exit of whatever CPU.
 */
#ifndef HOOK_HOOK_HOLD_H
#define HOOK_HOOK_HOLD_H

#include "hook/hook.h"
#include "vmm/deadline.h"

struct hook_hold;

struct hook_hold_operations {
	/* Waits no longer: PASS, DENY or DROP. May be held again. Context: exit, of any CPU; without locks. */
	void (*decided)(struct hook_hold *hold, enum rv_verdict verdict, struct vcpu *vcpu);
	/* A part of what is to be given if it is dropped then. 0 or -errno. Context: exit; under the owner's lock. */
	int (*answer)(struct hook_hold *hold, uint64_t offset, void *bytes, size_t length_bytes);
};

/* Part of what waits; hook_hold.c's while it does. Zero before. */
struct hook_hold {
	struct deadline deadline;
	const struct hook_hold_operations *operations;
	uint64_t handle;	  /* how its owner calls it */
	struct hook_owner *owner; /* who decides; NULL: it does not wait */
	uint32_t hook, on_error;  /* of the hook that has it wait */
	enum rv_verdict verdict;  /* once it is decided */
	uint32_t refusal;	  /* of DENY, RV_REFUSAL_* */
	bool is_decided;
	bool is_taken;		  /* nobody but its owner, or that one's end, decides it any more */
	uint64_t answer_bytes;	  /* that it takes; 0: none */
	struct hook_hold *next;
};

/* Waits for us microseconds, at most RV_HOLD_US_MAXIMUM: `delays`: just that, or for ever if us is RV_HOLD_US_EVER;
 * else for what the hook's owner decides; if that comes to nothing, the hook's on_error does. Context: exit; under the owner's lock. From here
 * on decided() may be called elsewhere. */
void hook_hold_begin(struct hook_hold *hold, const struct hook *hook, uint64_t handle, uint64_t us, bool delays,
		     const struct hook_hold_operations *operations, uint64_t answer_bytes);

/* Nobody needs it any more. True: it waits no longer, and decided() will not be called. False: it did not wait,
 * or decided() is about to be called. Context: exit; any lock above that of deadlines may be held. */
bool hook_hold_cancel(struct hook_hold *hold);

/* What becomes of it if it is let go now: what was decided, or what its hook's on_error says. After hook_hold_cancel(). */
enum rv_verdict hook_hold_verdict(const struct hook_hold *hold);

/* The owner decides: PASS, DENY, with RV_REFUSAL_*, or DROP. -RV_ENOENT: it has nothing of that handle wait, or not any more. Under
 * the owner's lock. */
int hook_hold_resolve(const struct hook_owner *owner, uint64_t handle, enum rv_verdict verdict, uint32_t refusal);

/* The owner answers it with so many bytes: 0, and neither time nor a reset ends it (hook_hold_cancel() says false), until
 * hook_hold_settle() does. -RV_ENOENT as above; -RV_EAGAIN: it takes no answer; -RV_ERANGE: not of so many bytes. Under
 * the owner's lock. */
int hook_hold_take(const struct hook_owner *owner, uint64_t handle, uint64_t answer_bytes, struct hook_hold **taken);
void hook_hold_settle(struct hook_hold *hold, enum rv_verdict verdict);

/* The owner is gone: what it has wait goes as on_error says. Under the owner's lock. */
void hook_hold_abandon(const struct hook_owner *owner);

#endif
