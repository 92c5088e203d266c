/*
 * tests/guest/sweep.c: the local APIC's timer fires at every moment of an access that a script hooks: its
 * interrupt comes once each time, and no other does.
 *
 * Options: port=NUMBER; rounds=N, step=TICKS: the timer is set to round * step.
 */
#include "guest.h"

#include "instruction.h"

#define APIC 0xfee00000u
#define APIC_EOI 0x0b0u
#define APIC_SVR 0x0f0u
#define APIC_ENABLE 0x1ffu
#define APIC_LVT_TIMER 0x320u
#define APIC_TIMER_INITIAL 0x380u
#define APIC_TIMER_CURRENT 0x390u
#define APIC_TIMER_DIVIDE 0x3e0u
#define APIC_LVT_MASKED 0x10000u
#define APIC_LVT_PERIODIC 0x20000u
#define BY_1 0xbu
#define VECTOR 0x51
#define ALSO_LATER 300 /* rounds of a loop */
#define PERIOD 100000u
#define PERIODS 3

static volatile uint64_t taken, others, last_other;

static volatile uint32_t *apic_register(uint32_t offset)
{
	return (volatile uint32_t *)(uintptr_t)(APIC + offset);
}

static bool sweep_handle(struct fault_frame *frame)
{
	if (frame->vector < 32)
		return false;
	if (frame->vector == VECTOR) {
		taken++;
	} else {
		others++;
		last_other = frame->vector;
	}
	*apic_register(APIC_EOI) = 0;
	return true;
}

static void wait(void)
{
	for (unsigned i = 0; i < ALSO_LATER; i++)
		__asm__ volatile("");
}

/* Once: the access while the timer runs down. */
static bool try_shot(uint16_t port, uint32_t ticks)
{
	uint64_t before = taken;

	*apic_register(APIC_LVT_TIMER) = VECTOR;
	*apic_register(APIC_TIMER_INITIAL) = ticks;
	in8(port);
	__asm__ volatile("sti");
	while (*apic_register(APIC_TIMER_CURRENT) != 0)
		__asm__ volatile("");
	while (taken == before)
		__asm__ volatile("");
	wait();
	__asm__ volatile("cli");
	return taken == before + 1;
}

/* Amid its first period. */
static bool try_period(uint16_t port, uint32_t ticks)
{
	uint64_t before = taken;

	*apic_register(APIC_LVT_TIMER) = VECTOR | APIC_LVT_PERIODIC;
	*apic_register(APIC_TIMER_INITIAL) = PERIOD;
	while (*apic_register(APIC_TIMER_CURRENT) > ticks)
		;
	in8(port);
	__asm__ volatile("sti");
	while (taken != before + PERIODS)
		__asm__ volatile("");
	*apic_register(APIC_LVT_TIMER) = VECTOR | APIC_LVT_MASKED;
	*apic_register(APIC_TIMER_INITIAL) = 0;
	wait();
	__asm__ volatile("cli");
	return taken == before + PERIODS;
}

void guest_main(void)
{
	uint16_t port = (uint16_t)option_number_or("port", 0x80);
	uint64_t rounds = option_number_or("rounds", 1000), step = option_number_or("step", 7);
	uint64_t wrong = 0, wrong_periods = 0;

	fault_handler = sweep_handle;
	out8(0x21, 0xff);
	out8(0xa1, 0xff);
	*apic_register(APIC_SVR) = APIC_ENABLE;
	*apic_register(APIC_TIMER_DIVIDE) = BY_1;
	for (uint64_t round = 1; round <= rounds; round++)
		wrong += !try_shot(port, (uint32_t)(round * step));
	guest_check(wrong == 0, "a timer's interrupt comes once", "%lu of %lu rounds", wrong, rounds);
	guest_check(others == 0, "no other interrupt comes", "%lu others, vector %lu", others, last_other);
	others = 0;
	for (uint64_t round = 1; round <= rounds; round += 4)
		wrong_periods += !try_period(port, (uint32_t)(round * step));
	guest_check(wrong_periods == 0, "a periodic timer goes on", "%lu of %lu rounds", wrong_periods, rounds);
	guest_check(others == 0, "no other interrupt comes amid periods", "%lu others, vector %lu", others,
		    last_other);
}
