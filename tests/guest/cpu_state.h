/*
 * tests/guest/cpu_state.h: registers that a hypervisor must leave alone: FPU, SSE, AVX, debug,
 * control, segment and task registers, and MSRs.
 */
#ifndef CPU_STATE_H
#define CPU_STATE_H

/* Fills all of them with values of their own. */
void cpu_state_set(void);
/* Prints one result a group. */
void cpu_state_check(void);

#endif
