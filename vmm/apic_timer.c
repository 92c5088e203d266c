/*
 * vmm/apic_timer.c: the loan of the guest's local APIC timer. A CPU runs one engine at a time, so
 * each has one loan, and what is left to repair afterwards; only that CPU touches them.
 *
 * These are most of the instructions of an event, so the functions are made twice, for an APIC in
 * memory and for one behind MSRs.
 */
#include "vmm/apic_timer_internal.h"

#include "core/exception.h"
#include "core/time.h"
#include "vmm/vcpu.h"

/* An idle CPU wakes that often at least, and waits again. */
#define APIC_IDLE_US_MAXIMUM UINT64_C(1000000)
#define APIC_CLASS_F_PRIORITY 0xf0u
#define APIC_SPURIOUS_VECTOR 0xffu /* during a loan, if the guest's is not fit */

struct apic_timer apic_timers[CPUS_MAXIMUM];

/* May an interrupt of its vector be ours? Only if our timer has run down: the guest can send the same. */
static bool apic_timer_has_fired(const struct loan *loan)
{
	return !loan->taken &&
	       (loan->expired ||
		(loan->running && apic_read(loan->apic, APIC_TIMER_CURRENT) == 0));
}

/* In this order: what is masked and not at 0 has not. */
void apic_timer_mask(struct loan *loan, struct apic apic)
{
	apic_write(apic, APIC_LVT_TIMER, APIC_LVT_MASKED | APIC_TIMER_VECTOR);
	loan->expired = !loan->taken && (loan->expired || apic_read(apic, APIC_TIMER_CURRENT) == 0);
	loan->taken = !loan->expired;
}

BOTH_MODES bool apic_timer_lint0_is_open(uint32_t lint0)
{
	return (lint0 & (APIC_LVT_MASKED | APIC_LVT_DELIVERY_MASK)) == APIC_LVT_DELIVERY_EXTINT;
}

/* The APIC is off, or its spurious interrupt has an exception's vector (OVMF's: 15). That comes when
 * the task priority rises above an interrupt that the CPU has been told of already (Intel SDM 3
 * 11.9), which is just what a loan does. */
BOTH_MODES bool apic_timer_spurious_is_unfit(uint32_t spurious)
{
	return !(spurious & APIC_SVR_ENABLE) || (spurious & 0xff) < VECTOR_EXCEPTIONS;
}

/* The count for `ticks`, which are mostly those of the last loan. */
BOTH_MODES uint32_t apic_timer_count_known(struct apic_timer *own, struct apic apic, uint64_t ticks)
{
	struct apic_timer_known *known = &own->known;
	uint32_t divide = apic_read(apic, APIC_TIMER_DIVIDE);

	if (divide != known->divide || ticks + 1 != known->ticks_plus_1) {
		known->divide = divide;
		known->divide_shift = apic_timer_divide_shift(divide);
		known->ticks_plus_1 = ticks + 1;
		known->count = apic_timer_count(ticks, known->divide_shift);
	}
	return known->count;
}

/* Something of class 0xf in service, or that priority set by the guest: ours would wait. What is only requested is
 * taken by the host and requested again, unless it is ours of an earlier loan. */
BOTH_MODES bool apic_timer_is_free(const struct apic_timer *own, struct apic apic)
{
	return apic_read(apic, APIC_PPR) < APIC_CLASS_F_PRIORITY && !own->repair.stray;
}

/* Takes what the guest has, and the timer's vector. `alone`: no interrupts but those of the highest class come. */
BOTH_MODES void apic_timer_take(struct apic_timer *own, struct apic apic, bool alone)
{
	struct loan *loan = &own->loan;

	loan->running = true;
	loan->apic = apic;
	loan->spurious = apic_read(apic, APIC_SVR);
	if (alone && apic_timer_spurious_is_unfit(loan->spurious))
		apic_write(apic, APIC_SVR, APIC_SVR_ENABLE | APIC_SPURIOUS_VECTOR);
	loan->lint0 = apic_read(apic, APIC_LVT_LINT0);
	if (alone && apic_timer_lint0_is_open(loan->lint0))
		apic_write(apic, APIC_LVT_LINT0, loan->lint0 | APIC_LVT_MASKED);
	loan->task_priority = apic_read(apic, APIC_TPR);
	if (alone)
		apic_write(apic, APIC_TPR, APIC_BORROWED_TPR);
	loan->lvt = apic_read(apic, APIC_LVT_TIMER);
	loan->count = apic_read(apic, APIC_TIMER_CURRENT);
	loan->plain = true;
	loan->taken = false;
	loan->expired = false;
	if ((loan->lvt & APIC_LVT_TIMER_MODE_MASK) | loan->count | own->repair.wanted |
	    apic_timer_is_late)
		apic_timer_save(own, apic);
	apic_write(apic, APIC_LVT_TIMER, APIC_TIMER_VECTOR);
}

BOTH_MODES bool apic_timer_borrow_from(struct apic_timer *own, struct apic apic, uint64_t ticks)
{
	struct loan *loan = &own->loan;

	if (!apic_timer_is_free(own, apic))
		return false;
	apic_timer_take(own, apic, true);
	loan->armed = apic_timer_count_known(own, apic, ticks);
	apic_write(apic, APIC_TIMER_INITIAL, loan->armed);
	return true;
}

/* False: the APIC is off, or out of our reach. */
static __attribute__((noinline)) bool apic_timer_find(struct apic_timer *own, uint64_t base)
{
	own->known.base_plus_1 = 0;
	if (apic_timer_hz == 0 || !apic_find(&own->known.apic))
		return false;
	own->known.base_plus_1 = base + 1;
	return true;
}

bool apic_timer_borrow(struct vcpu *vcpu, uint64_t ticks)
{
	struct apic_timer *own = &apic_timers[vcpu->cpu->index];
	uint64_t base = msr_read(MSR_APIC_BASE);

	if (base + 1 != own->known.base_plus_1 && !apic_timer_find(own, base))
		return false;
	if (own->known.apic.page == NULL)
		return apic_timer_borrow_from(own, (struct apic){ .page = NULL }, ticks);
	return apic_timer_borrow_from(own, own->known.apic, ticks);
}

/* Undivided ticks from now to a TSC, as many as the timer can count. */
static uint64_t apic_timer_ticks_until(uint64_t tsc)
{
	uint64_t now = tsc_read(), us = tsc > now ? (tsc - now) / (time_tsc_hz / 1000000) : 0;

	return time_ticks_of_us(us < APIC_IDLE_US_MAXIMUM ? us : APIC_IDLE_US_MAXIMUM, apic_timer_hz);
}

bool apic_timer_borrow_idle(struct vcpu *vcpu, uint64_t tsc)
{
	struct apic_timer *own = &apic_timers[vcpu->cpu->index];
	struct loan *loan = &own->loan;
	struct apic apic;
	uint64_t ticks;

	if (!apic_timer_find(own, msr_read(MSR_APIC_BASE)))
		return false;
	apic = own->known.apic;
	if (!apic_timer_is_free(own, apic) || apic_timer_spurious_is_unfit(apic_read(apic, APIC_SVR)))
		return false;
	apic_timer_take(own, apic, false);
	ticks = apic_timer_ticks_until(loan->deadline != 0 && loan->deadline < tsc ? loan->deadline : tsc);
	loan->armed = apic_timer_count_known(own, apic, ticks);
	if (loan->count != 0 && loan->count < loan->armed)
		loan->armed = loan->count;
	apic_write(apic, APIC_TIMER_INITIAL, loan->armed);
	return true;
}

/* However late the alarm is, the guest gets on a little. */
#define APIC_BESIDE_US_MINIMUM 20

bool apic_timer_borrow_beside(struct vcpu *vcpu, uint64_t tsc)
{
	struct apic_timer *own = &apic_timers[vcpu->cpu->index];
	uint64_t soonest = tsc_read() + time_tsc_of_us(APIC_BESIDE_US_MINIMUM);
	struct apic apic;

	if (tsc < soonest)
		tsc = soonest;
	return apic_find(&apic) && apic_timer_claim_covers(apic) && apic_timer_wants_loan(own, apic, tsc) &&
	       apic_timer_borrow_idle(vcpu, tsc);
}

void apic_timer_return_idle(struct vcpu *vcpu)
{
	const struct loan *loan = &apic_timers[vcpu->cpu->index].loan;

	/* So that nothing comes out but what is to be drained: the guest may have its interrupts off. */
	apic_write(loan->apic, APIC_TPR, APIC_BORROWED_TPR);
	if (apic_timer_lint0_is_open(loan->lint0))
		apic_write(loan->apic, APIC_LVT_LINT0, loan->lint0 | APIC_LVT_MASKED);
	apic_timer_return(vcpu);
}

void apic_timer_rearm(uint64_t ticks)
{
	struct apic_timer *own = apic_timer_own();
	struct loan *loan = &own->loan;

	loan->elapsed += loan->armed - apic_read(loan->apic, APIC_TIMER_CURRENT);
	loan->armed = apic_timer_count(ticks, own->known.divide_shift);
	loan->taken = false;
	apic_write(loan->apic, APIC_TIMER_INITIAL, loan->armed);
}

void apic_timer_stop(void)
{
	struct loan *loan = &apic_timer_own()->loan;

	apic_timer_mask(loan, loan->apic);
	/* The 1 makes apic_timer_return_to() look for an interrupt that is requested. */
	loan->elapsed += 1 + loan->armed - apic_read(loan->apic, APIC_TIMER_CURRENT);
	/* It goes on counting, for the guest's timer. */
	loan->armed = APIC_TIMER_TICKS_MAXIMUM;
	apic_write(loan->apic, APIC_TIMER_INITIAL, loan->armed);
}

bool apic_timer_is_due(void)
{
	const struct loan *loan = &apic_timer_own()->loan;

	return apic_test_vector(loan->apic, APIC_IRR, APIC_TIMER_VECTOR) && apic_timer_has_fired(loan);
}

bool apic_timer_drain(const struct loan *loan, struct apic apic)
{
	while (!loan->taken && apic_test_vector(apic, APIC_IRR, APIC_TIMER_VECTOR)) {
		if (apic_read(apic, APIC_PPR) >= APIC_CLASS_F_PRIORITY)
			return false;
		exception_take_interrupts();
	}
	return true;
}

BOTH_MODES void apic_timer_return_to(struct vcpu *vcpu, struct apic_timer *own, struct apic apic)
{
	struct loan *loan = &own->loan;
	uint32_t left;

	/* In this order: what is masked and not at 0 has not fired, and does not, however long we take. */
	apic_write(apic, APIC_LVT_TIMER, APIC_LVT_MASKED | APIC_TIMER_VECTOR);
	left = apic_read(apic, APIC_TIMER_CURRENT);
	if (loan->plain && left != 0 && loan->elapsed == 0) {
		apic_write(apic, APIC_TIMER_INITIAL, 0);
		apic_write(apic, APIC_LVT_TIMER, loan->lvt);
	} else {
		apic_timer_return_timer(vcpu, own, apic, left);
	}
	if (apic_timer_lint0_is_open(loan->lint0))
		apic_write(apic, APIC_LVT_LINT0, loan->lint0);
	apic_write(apic, APIC_TPR, loan->task_priority);
	if (apic_timer_spurious_is_unfit(loan->spurious))
		apic_write(apic, APIC_SVR, loan->spurious);
	loan->running = false;
}

void apic_timer_return(struct vcpu *vcpu)
{
	struct apic_timer *own = &apic_timers[vcpu->cpu->index];

	if (own->loan.apic.page == NULL)
		apic_timer_return_to(vcpu, own, (struct apic){ .page = NULL });
	else
		apic_timer_return_to(vcpu, own, own->loan.apic);
}

enum apic_interrupt apic_timer_classify(unsigned vector)
{
	struct apic_timer *own = apic_timer_own();
	struct loan *loan = &own->loan;
	struct apic apic;

	if (!apic_find(&apic))
		return APIC_INTERRUPT_GUEST; /* of the 8259s */
	if (!apic_test_vector(apic, APIC_ISR, vector)) {
		/* Not in service: spurious (Intel SDM 3 11.9), or of the 8259s. */
		return vector == (apic_read(apic, APIC_SVR) & 0xff) ? APIC_INTERRUPT_SPURIOUS
								    : APIC_INTERRUPT_GUEST;
	}
	if (vector == APIC_TIMER_VECTOR && (loan->running || own->repair.stray) &&
	    apic_timer_has_fired(loan)) {
		loan->taken = true;
		apic_write(apic, APIC_EOI, 0);
		return APIC_INTERRUPT_TIMER;
	}
	/* In service it would keep ours away. What a level triggered cannot be requested by us. */
	if (!loan->running || vector < APIC_TIMER_VECTOR || apic_test_vector(apic, APIC_TMR, vector))
		return APIC_INTERRUPT_GUEST;
	apic_write(apic, APIC_EOI, 0);
	loan->held |= (uint16_t)(1u << (vector - APIC_TIMER_VECTOR));
	loan->plain = false;
	return APIC_INTERRUPT_HELD;
}
