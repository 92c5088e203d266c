/*
 * core/time.h: the TSC's frequency and the wall clock at boot.
 */
#ifndef CORE_TIME_H
#define CORE_TIME_H

#include "rv/types.h"

extern uint64_t time_tsc_hz;
extern uint64_t time_boot_tsc;	  /* TSC when time_boot_seconds was read */
extern int64_t time_boot_seconds; /* since 1970, from the RTC, taken as UTC */

static inline uint64_t time_tsc_of_us(uint64_t us)
{
	return us / 1000000 * time_tsc_hz + us % 1000000 * time_tsc_hz / 1000000;
}

/* Measures the TSC against the PIT and reads the RTC. Takes 10 ms. Context: boot. */
void time_init(void);

/* Spins so long. Context: boot, after time_init(). */
void time_wait_s(uint64_t seconds);
void time_wait_us(uint64_t us);

#endif
