/*
 * vmm/apic_timer_guest.c: the guest's timer before and behind a loan, where it is not a one-shot that
 * stands still; and what of it has to be made right again later. Only the CPU itself touches it.
 */
#include "vmm/apic_timer_internal.h"

#include "core/time.h"
#include "vmm/interrupt_watch.h"
#include "vmm/vcpu.h"

/* While there is something to make right. */
static struct interrupt_wish apic_timer_wish;

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

/* A one-shot timer at 0 whose interrupt is neither requested nor in service: it was handled, or it is late. It must not
 * get lost, so that it comes once more rather than never: what is requested behind the loan leaves no count. */
static bool apic_timer_may_be_due(const struct loan *loan, struct apic apic)
{
	unsigned vector = loan->lvt & 0xff;

	return !(loan->lvt & APIC_LVT_MASKED) && apic_read(apic, APIC_TIMER_INITIAL) != 0 &&
	       !apic_test_vector(apic, APIC_IRR, vector) && !apic_test_vector(apic, APIC_ISR, vector);
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

void apic_timer_save(struct apic_timer *own, struct apic apic)
{
	struct loan *loan = &own->loan;

	loan->plain = false;
	apic_timer_hold(loan, apic);
	if (own->repair.wanted ||
	    (loan->lvt & APIC_LVT_TIMER_MODE_MASK) != APIC_LVT_TIMER_ONE_SHOT)
		apic_timer_save_other(own, apic);
	else if (loan->count == 0 && apic_timer_is_late && apic_timer_may_be_due(loan, apic))
		loan->count = 1;
	apic_write(apic, APIC_TIMER_INITIAL, 0);
}

/* Ticks of the guest's timer until a TSC. */
static uint64_t apic_timer_count_until(struct apic apic, uint64_t tsc)
{
	uint64_t now = tsc_read(), us = tsc > now ? (tsc - now) / (time_tsc_hz / 1000000) : 0;

	return time_ticks_of_us(us, apic_timer_hz) >> apic_timer_divide_shift(apic_read(apic, APIC_TIMER_DIVIDE));
}

bool apic_timer_wants_loan(struct apic_timer *own, struct apic apic, uint64_t tsc)
{
	struct loan guest = { .lvt = apic_read(apic, APIC_LVT_TIMER), .count = apic_read(apic, APIC_TIMER_CURRENT) };
	uint32_t mode = guest.lvt & APIC_LVT_TIMER_MODE_MASK;

	if (mode == APIC_LVT_TIMER_DEADLINE)
		guest.deadline = msr_read(MSR_TSC_DEADLINE);
	if (guest.lvt & APIC_LVT_MASKED)
		/* One that counts to measure something is a little off behind a loan. */
		return mode != APIC_LVT_TIMER_ONE_SHOT || guest.count == 0;
	if (guest.deadline != 0)
		return guest.deadline > tsc;
	if (guest.count != 0)
		return guest.count > apic_timer_count_until(apic, tsc);
	/* What may be late comes once more behind each loan. The guest sets its timer again soon, with an exit. */
	return !apic_timer_is_late || own->repair.wanted || mode != APIC_LVT_TIMER_ONE_SHOT ||
	       !apic_timer_may_be_due(&guest, apic);
}

/* An interrupt of the guest's waits in the APIC from now on. */
static void apic_timer_request(struct apic apic, unsigned vector)
{
	while (apic.page != NULL && (apic_read(apic, APIC_ICR_LOW) & APIC_ICR_PENDING))
		cpu_pause();
	apic_write(apic, APIC_ICR_LOW, APIC_ICR_TO_SELF | APIC_ICR_ASSERT | vector);
}

/* What has come during the loan. */
static void apic_timer_request_held(struct loan *loan, struct apic apic)
{
	for (unsigned bit = 0; loan->held != 0 && bit < 16; bit++) {
		if (loan->held >> bit & 1)
			apic_timer_request(apic, APIC_TIMER_VECTOR + bit);
	}
	loan->held = 0;
}

/* The timer's own, which ran down during the loan. A timer that is set to 1 comes as late as an emulator's thread
 * gets to it, and is lost if the CPU, which idles, is back in a loan by then. */
static void apic_timer_request_own(const struct loan *loan, struct apic apic)
{
	if (!(loan->lvt & APIC_LVT_MASKED))
		apic_timer_request(apic, loan->lvt & 0xff);
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
	if (remaining <= 1) {
		apic_timer_request_own(loan, apic);
		remaining = loan->period;
	}
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

void apic_timer_return_timer(struct vcpu *vcpu, struct apic_timer *own, struct apic apic, uint32_t left)
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
		apic_timer_return_periodic(own, apic, remaining);
	} else if ((loan->lvt & APIC_LVT_TIMER_MODE_MASK) == APIC_LVT_TIMER_DEADLINE) {
		apic_timer_return_deadline(loan, apic);
	} else {
		apic_write(apic, APIC_LVT_TIMER, loan->lvt);
		if (remaining == 1)
			apic_timer_request_own(loan, apic);
		else
			apic_write(apic, APIC_TIMER_INITIAL, remaining);
	}
	apic_timer_request_held(loan, apic);
	if (repair->wanted || repair_before || repair->stray)
		interrupt_want(vcpu, &apic_timer_wish, repair->wanted || repair->stray);
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

/* At each EXIT_INTERRUPT. */
static void apic_timer_handle_interrupt(void *subject)
{
	struct vcpu *vcpu = subject;
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
	interrupt_want(vcpu, &apic_timer_wish, repair->wanted || repair->stray);
}

void apic_timer_watch(void)
{
	static struct watcher watcher = { .notify = apic_timer_handle_interrupt };

	watch_add(&interrupt_watchers, &watcher);
}
