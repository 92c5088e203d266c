/*
 * vmm/apic_timer_measure.c: what the local APIC's timer is like: its rate, whether its interrupt comes late,
 * and what a loan takes. Written at boot only.
 */
#include "vmm/apic_timer_internal.h"

#include "core/log.h"
#include "core/time.h"
#include "vmm/vcpu.h"

/* No timer is later than this part of a second, not even where many emulators share a machine. */
#define APIC_LATE_PER_SECOND 1
#define APIC_MEASURE_PER_SECOND 100 /* a part of a second is how long it takes */
/* Later than this part of a second is late. */
#define APIC_PUNCTUAL_PER_SECOND 500000
#define APIC_LOST_ROUNDS 32

uint64_t apic_timer_hz;
bool apic_timer_is_late;
uint32_t apic_timer_lost_ticks;

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
