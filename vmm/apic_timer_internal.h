/*
 * vmm/apic_timer_internal.h: what the files of the borrowed timer share: a CPU's loan, what is left to
 * repair behind it, and what was found out of the APIC.
 */
#ifndef VMM_APIC_TIMER_INTERNAL_H
#define VMM_APIC_TIMER_INTERNAL_H

#include "core/apic.h"
#include "core/cpu.h"
#include "vmm/apic_timer.h"
#include "vmm/apic_timer_math.h"

/* While ours runs: lets class 0xf through and nothing else. */
#define APIC_BORROWED_TPR 0xe0u

#define BOTH_MODES static inline __attribute__((always_inline))

/* Both measured. An emulator's timer counts to 0 some time before its thread requests the interrupt; QEMU
 * forgets the interrupt if the timer is set in between, and its host may be busy for long. */
extern bool apic_timer_is_late;
/* Undivided ticks for which nobody's timer runs, once a loan; so that a guest's timer does not fall behind
 * when scripts run often. */
extern uint32_t apic_timer_lost_ticks;

/* The guest's own settings during a loan. */
struct loan {
	bool running; /* there is a loan */
	bool plain;   /* the guest's timer is a one-shot that stands still, and nothing is to repair */
	bool taken;   /* nothing more of ours comes, until it is set again */
	bool expired; /* ours had run down when it was masked: its interrupt is requested */
	uint16_t held; /* interrupts of the guest's, of class 0xf, to be requested again */
	struct apic apic;
	/* These three are 0 between loans. */
	uint32_t period;   /* if periodic */
	uint64_t deadline; /* if TSC deadline mode; 0: not armed */
	uint64_t elapsed;  /* divided ticks of earlier settings of ours */
	uint32_t task_priority, spurious, lint0, lvt;
	uint32_t count;	   /* what it had left; 0: it stood still */
	uint32_t armed;	   /* count that ours was set to last */
};

/* What a CPU's timer still needs after a loan. */
struct apic_timer_repair {
	bool wanted;			     /* a periodic timer runs as a one-shot for now */
	bool stray;			     /* ours was requested, but could not be taken yet */
	uint32_t lvt, period;		     /* as the guest wants them */
	uint32_t lvt_written, count_written; /* as we left them: unchanged, or the guest was there */
};

/* What follows from registers, and holds while they read the same. */
struct apic_timer_known {
	uint64_t base_plus_1; /* APIC_BASE; 0: nothing is known */
	struct apic apic;
	uint64_t ticks_plus_1; /* 0: nothing is known */
	uint32_t divide;       /* divide configuration */
	unsigned divide_shift;
	uint32_t count; /* what the ticks are, divided */
};

/* A CPU's own. 256 bytes, so that none shares a cache line, and the index is shifted. */
struct apic_timer {
	struct loan loan;
	struct apic_timer_repair repair;
	struct apic_timer_known known;
} __attribute__((aligned(256)));
_Static_assert(sizeof(struct apic_timer) == 256, "four cache lines");
extern struct apic_timer apic_timers[CPUS_MAXIMUM];

BOTH_MODES struct apic_timer *apic_timer_own(void)
{
	return &apic_timers[cpu_current()->index];
}

/* vmm/apic_timer.c: from here on ours does not fire. */
void apic_timer_mask(struct loan *loan, struct apic apic);
/* Takes the interrupt of ours that has been requested but not delivered, so that the guest does not
 * get it. The priority is still ours, so only class 0xf can come. False: it cannot come yet. */
bool apic_timer_drain(const struct loan *loan, struct apic apic);

/* vmm/apic_timer_claim.c: no access to the timer's registers escapes us. */
bool apic_timer_claim_covers(struct apic apic);

/* vmm/apic_timer_guest.c: is a loan needed for an exit at that TSC, and does the guest not suffer by it? */
bool apic_timer_wants_loan(struct apic_timer *own, struct apic apic, uint64_t tsc);

/* Takes what the guest has, where that is not as it mostly is: its timer runs, in
 * whatever mode, or has to be repaired. */
void apic_timer_save(struct apic_timer *own, struct apic apic);
/* Puts the guest's timer back, that had something left or is not a plain one. `left` is what ours has. */
void apic_timer_return_timer(struct vcpu *vcpu, struct apic_timer *own, struct apic apic, uint32_t left);

#endif
