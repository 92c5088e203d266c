/*
 * core/time.h: the TSC's frequency and the wall clock at boot.
 */
#ifndef CORE_TIME_H
#define CORE_TIME_H

#include "rv/types.h"

extern uint64_t time_tsc_hz;
extern uint64_t time_boot_tsc;	  /* TSC when time_boot_seconds was read */
extern int64_t time_boot_seconds; /* since 1970, from the RTC, taken as UTC */

/* Ticks of a clock in a time: what fits 64 bits as a result does so on the way. */
static inline uint64_t time_ticks_of_us(uint64_t us, uint64_t hz)
{
	return us / 1000000 * hz + us % 1000000 * hz / 1000000;
}

static inline uint64_t time_tsc_of_us(uint64_t us)
{
	return time_ticks_of_us(us, time_tsc_hz);
}

/* Measures the TSC against the PIT and reads the RTC. Takes 10 ms. Context: boot. */
void time_init(void);

/* How long to wait for another CPU, or for the machine: so long, and so many turns of the wait. Emulators share a machine,
 * whose load may let none of their CPUs go on for seconds; who takes a turn has gone on. A turn a microsecond: hardware takes a tenth of that, an emulator about half. */
struct time_limit {
	uint64_t start, cycles, turns;
};

struct time_limit time_limit_of_us(uint64_t us);
/* Takes a turn. Context: boot, exit; after time_init(). */
bool time_limit_is_over(struct time_limit *limit);

/* Spins so long. Context: boot, exit; after time_init(). */
void time_wait_s(uint64_t seconds);
void time_wait_us(uint64_t us);

#endif
