/*
 * hook/periodic.h: who needs the guest's interrupts to exit (vcpu_periodic), so that it happens
 * only while at least one does.
 */
#ifndef HOOK_PERIODIC_H
#define HOOK_PERIODIC_H

#include "rv/types.h"

struct vcpu;

enum periodic_user {
	PERIODIC_TIMER = 1,	 /* a script's timers */
	PERIODIC_APIC_TIMER = 2, /* the guest's APIC timer has to be set right again */
};

/* Context: boot, exit, on the vCPU's own CPU. */
void periodic_want(struct vcpu *vcpu, enum periodic_user user, bool want);

#endif
