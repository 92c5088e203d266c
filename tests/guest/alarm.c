/*
 * tests/guest/alarm.c: a guest that computes all the time, with its local APIC's timer used in each manner, while a
 * script has its blocks called by the time; it says by a port what it does now. Whatever is done with its timer for
 * that, it ticks as it was set, and reads so.
 */
#include "guest.h"

#include "instruction.h"

#define PORT_PHASE 0xe1
#define VECTOR_TIMER 0x51
#define APIC UINT64_C(0xfee00000)
#define APIC_EOI 0xb0u
#define APIC_SVR 0xf0u
#define APIC_LVT_TIMER 0x320u
#define APIC_TIMER_INITIAL 0x380u
#define APIC_TIMER_CURRENT 0x390u
#define APIC_TIMER_DIVIDE 0x3e0u
#define DIVIDE_BY_1 0xbu
#define LVT_MASKED 0x10000u
#define LVT_PERIODIC 0x20000u
#define PIC_MASK 0x21
#define PIC_MASK_SECOND 0xa1
#define PERIODS 8

static uint32_t period;	       /* in ticks */
static uint64_t period_cycles; /* as long */
static volatile unsigned ticks;
static bool rearms;

static uint32_t apic_get(uint32_t offset)
{
	return (uint32_t)memory_read(APIC + offset, 4);
}

static void apic_set(uint32_t offset, uint32_t value)
{
	memory_write(APIC + offset, 4, value);
}

static bool handle(struct fault_frame *frame)
{
	if (frame->vector != VECTOR_TIMER)
		return false;
	ticks++;
	apic_set(APIC_EOI, 0);
	if (rearms)
		apic_set(APIC_TIMER_INITIAL, period);
	return true;
}

/* How many ticks of the timer are how many cycles, with nobody interested in the time yet. */
static void measure(void)
{
	uint64_t start;

	apic_set(APIC_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
	apic_set(APIC_TIMER_INITIAL, UINT32_MAX);
	start = tsc_read();
	period_cycles = option_number_or("cycles", 7000000);
	while (tsc_read() - start < period_cycles)
		__asm__ volatile("pause");
	period = UINT32_MAX - apic_get(APIC_TIMER_CURRENT);
	apic_set(APIC_TIMER_INITIAL, 0);
}

static void compute(uint64_t cycles)
{
	uint64_t start = tsc_read();

	while (tsc_read() - start < cycles)
		__asm__ volatile("");
}

static void compute_alone(void)
{
	apic_set(APIC_LVT_TIMER, LVT_MASKED);
	__asm__ volatile("sti");
	compute(period_cycles); /* what came meanwhile was late */
	out8(PORT_PHASE, 0);
	compute(PERIODS * period_cycles);
	__asm__ volatile("cli");
}

/* One that is set again has a little less than its due. */
static void check_ticks(const char *name)
{
	guest_check(ticks >= PERIODS - 1 && ticks <= PERIODS, name, "%u ticks in %d periods", ticks, PERIODS);
}

/* It looks at its timer all the time. */
static void compute_ticking(uint8_t phase, uint32_t lvt, const char *name)
{
	uint64_t start;
	uint32_t before = 0;
	unsigned grown = 0, wrong = 0, seen = 0;

	out8(PORT_PHASE, phase);
	apic_set(APIC_LVT_TIMER, lvt);
	ticks = 0;
	rearms = !(lvt & LVT_PERIODIC);
	__asm__ volatile("sti");
	apic_set(APIC_TIMER_INITIAL, period);
	start = tsc_read();
	while (tsc_read() - start < PERIODS * period_cycles + period_cycles / 2) {
		uint32_t count = apic_get(APIC_TIMER_CURRENT);

		grown += seen == ticks && count > before && before > period / 8;
		wrong += (apic_get(APIC_LVT_TIMER) & ~(LVT_PERIODIC | 0x1000)) != VECTOR_TIMER;
		before = count;
		seen = ticks;
		compute(period_cycles / 16);
	}
	__asm__ volatile("cli");
	apic_set(APIC_TIMER_INITIAL, 0);
	check_ticks(name);
	guest_check(grown == 0 && wrong == 0, "its timer reads so", "%u counts have grown, %u vectors were others",
		    grown, wrong);
}

/* As a system does that wants to know how fast the timer is. */
static void compute_measuring(void)
{
	uint32_t before = period;

	out8(PORT_PHASE, 3);
	measure();
	guest_check(period > before - before / 200 && period < before + before / 200, "measures by its timer",
		    "%u ticks, before it were %u", period, before);
}

void guest_main(void)
{
	out8(PIC_MASK, 0xff);
	out8(PIC_MASK_SECOND, 0xff);
	apic_set(APIC_SVR, 0x1ff);
	apic_set(APIC_TIMER_DIVIDE, DIVIDE_BY_1);
	fault_handler = handle;
	measure();
	compute_alone();
	compute_ticking(1, VECTOR_TIMER, "a timer that is set each time ticks");
	compute_ticking(2, VECTOR_TIMER | LVT_PERIODIC, "a periodic timer ticks");
	compute_measuring();
	fault_handler = NULL;
}
