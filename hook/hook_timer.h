/*
 * hook/hook_timer.h: `every`: hooks that are due at a time instead of at an access. Times are
 * looked at whenever a hook handled an access and, while there is a timer, at each interrupt of the
 * guest (EXIT_INTERRUPT), so a timer is as punctual as the guest's interrupts are frequent.
 */
#ifndef HOOK_HOOK_TIMER_H
#define HOOK_HOOK_TIMER_H

#include "core/instructions.h"
#include "rv/types.h"

struct vcpu;

/* TSC when the next timer is due; all ones: there is none. */
extern uint64_t hook_timer_next_tsc;

static inline bool hook_timer_due(void)
{
	return hook_timer_next_tsc != ~UINT64_C(0) && tsc_read() >= hook_timer_next_tsc;
}

/* Delivers what is due. Context: exit; without locks. */
void hook_timer_check(struct vcpu *vcpu);

/* The whole of what is to be done at an EXIT_INTERRUPT for timers: delivers, frees, and asks for further
 * interrupts only while a timer exists. Also to be called after a script's top level. Context: boot,
 * exit; without locks. */
void hook_timer_periodic(struct vcpu *vcpu);

#endif
