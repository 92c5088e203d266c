/*
 * process/apic_timer.c: borrowing the guest's local APIC timer. A CPU runs one engine at a time, so
 * each has one loan, and what is left to repair afterwards; only that CPU touches them.
 *
 * These are most of the instructions of an event, so the functions are made twice, for an APIC in
 * memory and for one behind MSRs.
 */
#include "process/apic_timer.h"

#include "core/apic.h"
#include "core/cpu.h"
#include "core/exception.h"
#include "core/log.h"
#include "core/time.h"
#include "hook/periodic.h"
#include "process/apic_timer_math.h"
#include "vmm/vcpu.h"

/* Vectors 0xf0 to 0xff in the last register of ISR and IRR. */
#define APIC_CLASS_F_REGISTER 0x70u
#define APIC_CLASS_F_BITS UINT32_C(0xffff0000)
#define APIC_CLASS_F_PRIORITY 0xf0u
/* While ours runs: lets class 0xf through and nothing else. */
#define APIC_BORROWED_TPR 0xe0u
#define APIC_SPURIOUS_VECTOR 0xffu /* during a loan, if the guest's is not fit */
#define APIC_MEASURE_PER_SECOND 100 /* a part of a second is how long it takes */
/* No timer is later than this part of a second, not even where many emulators share a machine. */
#define APIC_LATE_PER_SECOND 1
/* Later than this part of a second is late. */
#define APIC_PUNCTUAL_PER_SECOND 500000
#define APIC_LOST_ROUNDS 32

#define BOTH_MODES static inline __attribute__((always_inline))

uint64_t apic_timer_hz;

/* An emulator's timer counts to 0 some time before its thread requests the interrupt; QEMU forgets
 * the interrupt if the timer is set in between, and its host may be busy for long. */
static bool apic_timer_is_late; /* measured */

/* Undivided ticks for which nobody's timer runs, once a loan. Measured, so that a guest's timer does
 * not fall behind when scripts run often. */
static uint32_t apic_timer_lost_ticks;

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
	uint64_t due_tsc;		     /* when a late one-shot was seen first */
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
static struct apic_timer {
	struct loan loan;
	struct apic_timer_repair repair;
	struct apic_timer_known known;
} __attribute__((aligned(256))) apic_timers[CPUS_MAXIMUM];
_Static_assert(sizeof(struct apic_timer) == 256, "four cache lines");

BOTH_MODES struct apic_timer *apic_timer_own(void)
{
	return &apic_timers[cpu_current()->index];
}

/* May an interrupt of its vector be ours? Only if our timer has run down: the guest can send the same. */
static bool apic_timer_has_fired(const struct loan *loan)
{
	return !loan->taken &&
	       (loan->expired ||
		(loan->running && apic_read(loan->apic, APIC_TIMER_CURRENT) == 0));
}

/* From here on it does not fire. In this order: what is masked and not at 0 has not. */
static void apic_timer_mask(struct loan *loan, struct apic apic)
{
	apic_write(apic, APIC_LVT_TIMER, APIC_LVT_MASKED | APIC_TIMER_VECTOR);
	loan->expired = !loan->taken && (loan->expired || apic_read(apic, APIC_TIMER_CURRENT) == 0);
	loan->taken = !loan->expired;
}

/* A periodic timer under repair: still as we left it? Then what the guest wants is known from
 * before; otherwise the guest has set it anew and the repair is off. */
static bool apic_timer_repair_valid(struct apic_timer_repair *repair, struct apic apic, uint32_t lvt)
{
	if (lvt != repair->lvt_written ||
	    apic_read(apic, APIC_TIMER_INITIAL) != repair->count_written)
		repair->wanted = false;
	return repair->wanted;
}

/* The modes that are not plain one-shot. */
static void apic_timer_save_other(struct apic_timer *own, struct apic apic)
{
	struct apic_timer_repair *repair = &own->repair;
	struct loan *loan = &own->loan;

	if (repair->wanted && apic_timer_repair_valid(repair, apic, loan->lvt)) {
		loan->lvt = repair->lvt;
		loan->period = repair->period;
		/* It has fired, but no interrupt exit came since: the next period runs. */
		if (loan->count == 0)
			loan->count = repair->period;
	} else if ((loan->lvt & APIC_LVT_TIMER_MODE_MASK) == APIC_LVT_TIMER_PERIODIC) {
		loan->period = apic_read(apic, APIC_TIMER_INITIAL);
	} else if ((loan->lvt & APIC_LVT_TIMER_MODE_MASK) == APIC_LVT_TIMER_DEADLINE) {
		loan->count = 0; /* changing the mode disarms it */
	}
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

/* A one-shot timer at 0 whose interrupt is neither requested nor in service: it was handled, or it
 * is late. It must not get lost, so that it fires once more rather than never, and again until it
 * cannot be late any more. */
static bool apic_timer_may_be_due(struct apic_timer *own, struct apic apic)
{
	struct apic_timer_repair *repair = &own->repair;
	uint32_t initial = apic_read(apic, APIC_TIMER_INITIAL);
	uint32_t lvt = own->loan.lvt;
	unsigned vector = lvt & 0xff;
	uint64_t now = tsc_read();

	if ((lvt & APIC_LVT_MASKED) || initial == 0 ||
	    apic_test_vector(apic, APIC_IRR, vector) || apic_test_vector(apic, APIC_ISR, vector))
		return false;
	/* 1 is what apic_timer_return_to() writes for "at once", and notes the time of. */
	if (initial != 1)
		repair->due_tsc = now;
	return now - repair->due_tsc < time_tsc_hz / APIC_LATE_PER_SECOND;
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

/* Keeps the guest's timer from firing while its settings give way to ours: it would by our vector. What it has
 * left is read then; if it has fired meanwhile, but masked already, it fires when it comes back. */
static void apic_timer_hold(struct loan *loan, struct apic apic)
{
	bool by_deadline = (loan->lvt & APIC_LVT_TIMER_MODE_MASK) == APIC_LVT_TIMER_DEADLINE, requested;
	uint32_t before = loan->count;

	if (by_deadline)
		loan->deadline = msr_read(MSR_TSC_DEADLINE);
	apic_write(apic, APIC_LVT_TIMER, loan->lvt | APIC_LVT_MASKED);
	loan->count = apic_read(apic, APIC_TIMER_CURRENT);
	requested = apic_test_vector(apic, APIC_IRR, loan->lvt & 0xff);
	/* The MSR reads 0 once it has fired. */
	if (by_deadline && requested && msr_read(MSR_TSC_DEADLINE) == 0)
		loan->deadline = 0;
	if (!by_deadline && !requested && (loan->count > before || (loan->count == 0 && before != 0)))
		loan->count = 1;
}

/* What is not as it mostly is: the guest's timer runs, in whatever mode, or has to be repaired. */
static __attribute__((noinline)) void apic_timer_save(struct apic_timer *own, struct apic apic)
{
	struct loan *loan = &own->loan;

	loan->plain = false;
	apic_timer_hold(loan, apic);
	if (own->repair.wanted ||
	    (loan->lvt & APIC_LVT_TIMER_MODE_MASK) != APIC_LVT_TIMER_ONE_SHOT)
		apic_timer_save_other(own, apic);
	else if (loan->count == 0 && apic_timer_is_late && apic_timer_may_be_due(own, apic))
		loan->count = 1;
	apic_write(apic, APIC_TIMER_INITIAL, 0);
}

bool apic_timer_must_wait(void)
{
	struct apic apic;

	return apic_find(&apic) && apic_read(apic, APIC_PPR) < APIC_CLASS_F_PRIORITY &&
	       (apic_read(apic, APIC_IRR + APIC_CLASS_F_REGISTER) & APIC_CLASS_F_BITS) != 0;
}

BOTH_MODES bool apic_timer_borrow_from(struct apic_timer *own, struct apic apic, uint64_t ticks)
{
	struct loan *loan = &own->loan;

	/* Something of class 0xf in service, or that priority set by the guest: ours would wait.
	 * Something of class 0xf requested: the guest would lose its turn to take it. */
	if (apic_read(apic, APIC_PPR) >= APIC_CLASS_F_PRIORITY ||
	    (apic_read(apic, APIC_IRR + APIC_CLASS_F_REGISTER) & APIC_CLASS_F_BITS) != 0)
		return false;
	loan->running = true;
	loan->apic = apic;
	loan->spurious = apic_read(apic, APIC_SVR);
	if (apic_timer_spurious_is_unfit(loan->spurious))
		apic_write(apic, APIC_SVR, APIC_SVR_ENABLE | APIC_SPURIOUS_VECTOR);
	loan->lint0 = apic_read(apic, APIC_LVT_LINT0);
	if (apic_timer_lint0_is_open(loan->lint0))
		apic_write(apic, APIC_LVT_LINT0, loan->lint0 | APIC_LVT_MASKED);
	loan->task_priority = apic_read(apic, APIC_TPR);
	apic_write(apic, APIC_TPR, APIC_BORROWED_TPR);
	loan->lvt = apic_read(apic, APIC_LVT_TIMER);
	loan->count = apic_read(apic, APIC_TIMER_CURRENT);
	loan->plain = true;
	loan->taken = false;
	loan->expired = false;
	if ((loan->lvt & APIC_LVT_TIMER_MODE_MASK) | loan->count | own->repair.wanted |
	    own->repair.stray | apic_timer_is_late)
		apic_timer_save(own, apic);
	apic_write(apic, APIC_LVT_TIMER, APIC_TIMER_VECTOR);
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

/* Takes the interrupt of ours that has been requested but not delivered, so that the guest does not
 * get it. The priority is still ours, so only class 0xf can come. False: it cannot come yet. */
static bool apic_timer_drain(const struct loan *loan, struct apic apic)
{
	while (!loan->taken && apic_test_vector(apic, APIC_IRR, APIC_TIMER_VECTOR)) {
		if (apic_read(apic, APIC_PPR) >= APIC_CLASS_F_PRIORITY)
			return false;
		exception_take_interrupts();
	}
	return true;
}

/* The period cannot be cut short in periodic mode, so one shot does the rest of it. */
static void apic_timer_return_periodic(struct apic_timer *own, struct apic apic,
				       uint32_t remaining)
{
	struct apic_timer_repair *repair = &own->repair;
	struct loan *loan = &own->loan;

	repair->wanted = true;
	repair->lvt = loan->lvt;
	repair->period = loan->period;
	repair->lvt_written = loan->lvt & ~APIC_LVT_TIMER_MODE_MASK;
	repair->count_written = remaining;
	apic_write(apic, APIC_LVT_TIMER, repair->lvt_written);
	apic_write(apic, APIC_TIMER_INITIAL, remaining);
	loan->period = 0;
}

static void apic_timer_return_deadline(struct loan *loan, struct apic apic)
{
	apic_write(apic, APIC_LVT_TIMER, loan->lvt);
	if (loan->deadline != 0) {
		/* Intel SDM 3 11.5.4.1: the mode must be set before the deadline is. */
		__asm__ volatile("mfence; lfence" ::: "memory");
		msr_write(MSR_TSC_DEADLINE, loan->deadline);
	}
	loan->deadline = 0;
}

/* Ours may have fired. */
static void apic_timer_silence(struct apic_timer *own, struct apic apic)
{
	apic_timer_mask(&own->loan, apic);
	apic_write(apic, APIC_TIMER_INITIAL, 0);
	own->repair.stray = !apic_timer_drain(&own->loan, apic);
	own->loan.elapsed = 0;
}

/* Interrupts of the guest's that came during the loan: they wait in the APIC again, for the guest. */
static void apic_timer_request_held(struct loan *loan, struct apic apic)
{
	for (unsigned bit = 0; loan->held != 0 && bit < 16; bit++) {
		if (!(loan->held >> bit & 1))
			continue;
		while (apic.page != NULL && (apic_read(apic, APIC_ICR_LOW) & APIC_ICR_PENDING))
			cpu_pause();
		apic_write(apic, APIC_ICR_LOW,
			   APIC_ICR_TO_SELF | APIC_ICR_ASSERT | (APIC_TIMER_VECTOR + bit));
	}
	loan->held = 0;
}

/* Puts the guest's timer back, that had something left or is not a plain one. `left` is what ours
 * has. */
static __attribute__((noinline)) void apic_timer_return_timer(struct vcpu *vcpu,
							      struct apic_timer *own,
							      struct apic apic, uint32_t left)
{
	struct apic_timer_repair *repair = &own->repair;
	struct loan *loan = &own->loan;
	uint64_t elapsed = loan->elapsed + (loan->armed - left) +
			   (apic_timer_lost_ticks >> own->known.divide_shift);
	uint32_t remaining = apic_timer_remaining(loan->count, elapsed);
	bool repair_before = repair->wanted;

	if (left == 0 || loan->elapsed != 0)
		apic_timer_silence(own, apic);
	else
		apic_write(apic, APIC_TIMER_INITIAL, 0);
	repair->wanted = false;
	if (loan->period != 0) {
		apic_timer_return_periodic(own, apic, remaining != 0 ? remaining : 1);
	} else if ((loan->lvt & APIC_LVT_TIMER_MODE_MASK) == APIC_LVT_TIMER_DEADLINE) {
		apic_timer_return_deadline(loan, apic);
	} else {
		/* Expired during the loan: apic_timer_may_be_due() counts from now. */
		if (remaining == 1 && loan->count != 1)
			repair->due_tsc = tsc_read();
		apic_write(apic, APIC_LVT_TIMER, loan->lvt);
		apic_write(apic, APIC_TIMER_INITIAL, remaining);
	}
	apic_timer_request_held(loan, apic);
	if (repair->wanted || repair_before || repair->stray)
		periodic_want(vcpu, PERIODIC_APIC_TIMER, repair->wanted || repair->stray);
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

/* A stray interrupt of ours: perhaps the guest has acknowledged what was in its way. */
static void apic_timer_take_stray(struct vcpu *vcpu, struct apic_timer_repair *repair,
				  struct apic apic)
{
	uint32_t task_priority = apic_read(apic, APIC_TPR);

	vcpu_ops->host_begin(vcpu);
	apic_write(apic, APIC_TPR, APIC_BORROWED_TPR);
	if (apic_timer_drain(&apic_timer_own()->loan, apic))
		repair->stray = false;
	apic_write(apic, APIC_TPR, task_priority);
	vcpu_ops->host_end(vcpu);
}

/* Makes a periodic timer periodic again, if the shot that stands for it has fired. */
static void apic_timer_repair_fired(struct apic_timer_repair *repair, struct apic apic)
{
	if (!repair->wanted ||
	    !apic_timer_repair_valid(repair, apic, apic_read(apic, APIC_LVT_TIMER)) ||
	    apic_read(apic, APIC_TIMER_CURRENT) != 0)
		return;
	/* The count first: periodic with the short one for even a moment, QEMU's timer would have to
	 * catch up with more expiries than it can, and nothing else would run. */
	apic_write(apic, APIC_TIMER_INITIAL, repair->period);
	apic_write(apic, APIC_LVT_TIMER, repair->lvt);
	repair->wanted = false;
}

void apic_timer_interrupt_taken(void)
{
	struct apic_timer *own = apic_timer_own();
	struct apic apic;

	if (own->repair.wanted && !own->loan.running && apic_find(&apic))
		apic_timer_repair_fired(&own->repair, apic);
}

void apic_timer_periodic(struct vcpu *vcpu)
{
	struct apic_timer_repair *repair = &apic_timers[vcpu->cpu->index].repair;
	struct apic apic;

	if (!repair->wanted && !repair->stray)
		return;
	if (!apic_find(&apic)) {
		repair->wanted = false;
		repair->stray = false;
	}
	if (repair->stray)
		apic_timer_take_stray(vcpu, repair, apic);
	apic_timer_repair_fired(repair, apic);
	periodic_want(vcpu, PERIODIC_APIC_TIMER, repair->wanted || repair->stray);
}

/* Undivided ticks a second. */
static uint64_t apic_timer_measure_rate(struct apic apic)
{
	uint64_t start, cycles;
	uint32_t count;

	apic_write(apic, APIC_LVT_TIMER, APIC_LVT_MASKED | APIC_TIMER_VECTOR);
	start = tsc_read();
	apic_write(apic, APIC_TIMER_INITIAL, ~UINT32_C(0));
	while (tsc_read() - start < time_tsc_hz / APIC_MEASURE_PER_SECOND)
		cpu_pause();
	count = ~UINT32_C(0) - apic_read(apic, APIC_TIMER_CURRENT);
	cycles = tsc_read() - start;
	apic_write(apic, APIC_TIMER_INITIAL, 0);
	/* In kHz, so that the product fits. */
	return count * (time_tsc_hz / 1000) / cycles * 1000;
}

/* Does the interrupt come when the count is 0, or some time later? */
static bool apic_timer_measure_lateness(struct loan *loan, struct apic apic)
{
	bool late = false;

	apic_write(apic, APIC_LVT_TIMER, APIC_TIMER_VECTOR);
	for (unsigned round = 0; round < 4; round++) {
		uint64_t start;

		loan->taken = false;
		loan->expired = false;
		apic_write(apic, APIC_TIMER_INITIAL,
			   (uint32_t)(apic_timer_hz / APIC_MEASURE_PER_SECOND / 100));
		while (apic_read(apic, APIC_TIMER_CURRENT) != 0)
			cpu_pause();
		start = tsc_read();
		while (!apic_test_vector(apic, APIC_IRR, APIC_TIMER_VECTOR) &&
		       tsc_read() - start < time_tsc_hz / APIC_LATE_PER_SECOND)
			cpu_pause();
		late |= tsc_read() - start > time_tsc_hz / APIC_PUNCTUAL_PER_SECOND;
		apic_timer_drain(loan, apic);
	}
	return late;
}

static uint32_t apic_timer_measure_lost(struct apic apic, struct vcpu *vcpu)
{
	uint64_t start = tsc_read(), ticks;
	uint32_t count;

	apic_write(apic, APIC_LVT_TIMER, APIC_LVT_MASKED | APIC_TIMER_VECTOR);
	apic_write(apic, APIC_TIMER_INITIAL, APIC_TIMER_TICKS_MAXIMUM);
	count = apic_read(apic, APIC_TIMER_CURRENT);
	for (unsigned round = 0; round < APIC_LOST_ROUNDS; round++) {
		apic_timer_borrow(vcpu, apic_timer_hz);
		apic_timer_return(vcpu);
	}
	count -= apic_read(apic, APIC_TIMER_CURRENT);
	ticks = (tsc_read() - start) * (apic_timer_hz / 1000) / (time_tsc_hz / 1000);
	return ticks > count ? (uint32_t)((ticks - count) / APIC_LOST_ROUNDS) : 0;
}

void apic_timer_measure(void)
{
	struct cpu *cpu = cpu_current();
	struct apic_timer *own = apic_timer_own();
	struct loan *loan = &own->loan, guest;
	struct apic apic;
	uint32_t divide;

	apic_timer_hz = time_tsc_hz; /* anything but 0: it shall be borrowed */
	if (!(cpuid_query(1, 0).edx >> 9 & 1) || !apic_find(&apic) ||
	    !apic_timer_borrow(cpu->vcpu, 1)) {
		own->known.base_plus_1 = 0;
		apic_timer_hz = 0;
		return;
	}
	vcpu_ops->host_begin(cpu->vcpu);
	divide = apic_read(apic, APIC_TIMER_DIVIDE);
	apic_write(apic, APIC_TIMER_DIVIDE, 0xb); /* by 1 */
	apic_timer_hz = apic_timer_measure_rate(apic);
	apic_timer_is_late = apic_timer_measure_lateness(loan, apic);
	guest = *loan;
	apic_timer_lost_ticks = apic_timer_measure_lost(apic, cpu->vcpu);
	*loan = guest;
	apic_write(apic, APIC_TIMER_DIVIDE, divide);
	/* Whatever the guest's timer had left, it is long over. */
	loan->elapsed = UINT32_MAX;
	apic_timer_return(cpu->vcpu);
	vcpu_ops->host_end(cpu->vcpu);
	log_debug("local APIC timer: %lu kHz, %u ticks lost a loan%s", apic_timer_hz / 1000,
		  apic_timer_lost_ticks, apic_timer_is_late ? ", late" : "");
}
