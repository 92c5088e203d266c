/*
 * core/smp_start.h: CPUs that the firmware has left to INIT and startup IPIs come to us at boot, before
 * there is a guest, through a page below 1 MiB that is the guest's afterwards.
 */
#ifndef CORE_SMP_START_H
#define CORE_SMP_START_H

#include "core/cpu.h"
#include "rv/types.h"

/* Each CPU calls run() on its own stack, with our page tables and IDT, and says by true that it is ready
 * before it waits for what comes. Those that do not come in time, or whose run() returns, are stopped for
 * good. low_page is free, and free again on return. 0 or -RV_ENOMEM. Context: boot; stacks are
 * allocated, time is known. */
int smp_start_others(hpa_t low_page, void (*run)(struct cpu *cpu));

/* On a CPU that has come, on its own stack: our page tables, its descriptor tables, then run(). */
_Noreturn void smp_arrive(void);

#endif
