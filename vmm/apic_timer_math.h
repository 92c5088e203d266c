/*
 * vmm/apic_timer_math.h: the arithmetic of borrowing a local APIC timer. Pure; tested on the
 * host. Intel SDM 3 11.5.4, AMD APM v2 16.4.1.
 */
#ifndef VMM_APIC_TIMER_MATH_H
#define VMM_APIC_TIMER_MATH_H

#include "rv/types.h"

#define APIC_TIMER_TICKS_MAXIMUM UINT32_C(0x7fffffff)

/* Modes of the LVT timer register, bits 17 and 18. */
#define APIC_LVT_TIMER_MODE_MASK (UINT32_C(3) << 17)
#define APIC_LVT_TIMER_ONE_SHOT UINT32_C(0)
#define APIC_LVT_TIMER_PERIODIC (UINT32_C(1) << 17)
#define APIC_LVT_TIMER_DEADLINE (UINT32_C(2) << 17)

/* By how many bits the divide configuration register shifts the timer's clock: 0 (by 1) to 7. */
static inline unsigned apic_timer_divide_shift(uint32_t divide_configuration)
{
	unsigned code = (divide_configuration & 3) | (divide_configuration >> 1 & 4);

	return (code + 1) & 7;
}

/* Undivided ticks as a count for the divided timer; never 0, which would stop it. */
static inline uint32_t apic_timer_count(uint64_t ticks, unsigned divide_shift)
{
	uint64_t count = ticks >> divide_shift;

	if (count == 0)
		return 1;
	return count > APIC_TIMER_TICKS_MAXIMUM ? APIC_TIMER_TICKS_MAXIMUM : (uint32_t)count;
}

/* What a running timer has left after `elapsed` more ticks. One that would have expired fires at
 * once: 1. One that stood still (0) stays so. */
static inline uint32_t apic_timer_remaining(uint32_t count, uint64_t elapsed)
{
	if (count == 0)
		return 0;
	return elapsed >= count ? 1 : count - (uint32_t)elapsed;
}

#endif
