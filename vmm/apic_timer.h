/*
 * vmm/apic_timer.h: the local APIC timer of this CPU, which belongs to the guest, on loan.
 *
 * While it is borrowed, only interrupts of the highest class (vectors 0xf0 to 0xff) can come: the
 * task priority is raised, and the interrupt line of the 8259s (LINT0 as ExtINT) is masked. All
 * others wait in the APIC and reach the guest as if nothing had been; those of the highest class are
 * acknowledged, and requested again on return. An interrupt of our vector is ours only if our timer has
 * run down. On return the guest's timer
 * goes on with what it had left; one that would have expired fires at once.
 *
 * A periodic timer cannot be told to expire once early: it is given back as a one-shot with what
 * its period had left, and made periodic again at the first interrupt of the guest after it has
 * fired. A guest that sets its timer itself meanwhile wins.
 */
#ifndef VMM_APIC_TIMER_H
#define VMM_APIC_TIMER_H

#include "rv/types.h"

struct vcpu;

#define APIC_TIMER_VECTOR 0xf0u

/* Ticks a second, undivided; 0: there is no usable timer. */
extern uint64_t apic_timer_hz;

/* Measures apic_timer_hz. Takes 11 ms. Context: boot, before the guest, process/fault.c's handlers are
 * in place. */
void apic_timer_measure(void);

/* Takes the timer and sets it to `ticks` (undivided). False: not now, and nothing was changed.
 * Context: exit, host_context, interrupts off. */
bool apic_timer_borrow(struct vcpu *vcpu, uint64_t ticks);

/* Gives it back. Context: as apic_timer_borrow(). */
void apic_timer_return(struct vcpu *vcpu);

/* The same for a guest that waits for interrupts meanwhile: all may come. The timer is set to that TSC, or to when
 * the guest's own would expire, or a second, if that is sooner. Context: exit, interrupts off. */
bool apic_timer_borrow_idle(struct vcpu *vcpu, uint64_t tsc);
/* Context: exit, host_context. */
void apic_timer_return_idle(struct vcpu *vcpu);

/* The same for a guest that runs on. False, also where that is not needed (the guest's own comes first, with an exit),
 * or would do harm: the guest measures with its timer. The registers have to be claimed. */
bool apic_timer_borrow_beside(struct vcpu *vcpu, uint64_t tsc);

/* vmm/apic_timer_claim.c: the timers' registers exit from now on; and not any more, if that was long ago. Context:
 * exit, boot; without locks. */
void apic_timer_claim(void);
void apic_timer_give_back(void);
extern bool apic_timer_is_claimed;

/* What an interrupt that came to the host is. */
enum apic_interrupt {
	APIC_INTERRUPT_TIMER,	 /* ours; acknowledged */
	APIC_INTERRUPT_SPURIOUS, /* nothing */
	APIC_INTERRUPT_HELD,	 /* the guest's, of the highest class; it is requested again on return */
	APIC_INTERRUPT_GUEST,	 /* the guest's; it will acknowledge it */
};
enum apic_interrupt apic_timer_classify(unsigned vector);

/* During a loan: sets the timer again, after it fired or whenever it should start anew. */
void apic_timer_rearm(uint64_t ticks);
/* During a loan: the timer will not fire any more. */
void apic_timer_stop(void);
/* During a loan: ours has expired and nobody took the interrupt yet. */
bool apic_timer_is_due(void);

/* Notices that an interrupt of the guest was taken by the host: its timer's, perhaps, and then no exit
 * will tell of it. Context: interrupt. */
void apic_timer_interrupt_taken(void);

/* From now on what a loan leaves to be made right is looked at when the guest is due an interrupt. Context:
 * boot. */
void apic_timer_watch(void);

#endif
