/*
 * vmm/suspend.h: suspend to RAM. The machine loses all but its memory, wakes in its firmware, and that goes on with us,
 * since it finds our waking vector in the place of the guest's; and we with the guest, at its own.
 */
#ifndef VMM_SUSPEND_H
#define VMM_SUSPEND_H

#include "core/watch.h"
#include "rv/types.h"

struct vcpu;

struct suspend_plan {
	hpa_t low_page;	     /* below 1 MiB: by it the CPUs come back. What it has else it has again then */
	bool bios;	     /* the firmware is a PC's BIOS, whose code is at F0000h */
	void (*enter)(void); /* sets SLP_EN */
	void (*refuse)(const char *why); /* the guest is to go on as if it had slept and were woken */
};

/* Makes ready for it. NULL; or why the machine cannot, in words. Context: boot, tables are as the guest finds them. */
const char *suspend_prepare(const struct suspend_plan *plan);

/* The guest has asked for it. False: we are not ready for it, or it is not its boot CPU that asks. True: the CPU
 * sleeps before it enters its guest again, or refuse() is called. Context: exit. */
bool suspend_ask(struct vcpu *vcpu);

/* In the place of the entry into the guest, vcpu->in_guest clear: sleeps. The vCPU goes on as it is, or where the
 * guest wants to go on. Context: exit. */
void suspend_take(struct vcpu *vcpu);

/* Told, with the vCPU, when the machine has woken and our memory is known to be ours: what hardware has forgotten of
 * what we told it is told it again. No guest runs, no other CPU is there yet. Context: exit. */
extern struct watchers suspend_watchers;

/* Told, with NULL, when all is ready for the machine to sleep, before the fingerprint: what is not to be in its memory
 * meanwhile is erased. No guest runs, no other CPU does anything. Context: exit. */
extern struct watchers suspend_sleep_watchers;

/* Told after those, with the vCPU, whether the machine slept or not: just before its guest goes on, all CPUs being
 * here. No guest runs. Context: exit. */
extern struct watchers suspend_guest_watchers;

/* On each CPU that is back: its TSC, if that began anew, counts on from before. */
void suspend_restore_tsc(void);

/* Told before the machine is reset because it cannot go on: secrets are to be erased. Nothing else is to be relied on.
 * Context: exit. */
extern struct watchers suspend_fail_watchers;

/* By one of suspend_watchers or suspend_guest_watchers: what we go by cannot be had again. The machine is reset. */
_Noreturn void suspend_fail(const char *why);

#endif
