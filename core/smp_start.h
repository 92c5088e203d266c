/*
 * core/smp_start.h: CPUs come to us at boot, before there is a guest: by INIT and startup IPI, through a
 * page below 1 MiB that is the guest's afterwards, or from elsewhere to smp_arrive().
 */
#ifndef CORE_SMP_START_H
#define CORE_SMP_START_H

#include "core/cpu.h"
#include "rv/types.h"

/* Is there a CPU that comes by this way? Context: boot. */
bool smp_start_is_needed(void);

/* Each CPU but those that wait in the firmware calls run() on its own stack, with our page tables and IDT,
 * and says by cpu->online that it is ready before it waits for what comes. Those that do not come in time,
 * or whose run() returns, are stopped for good. low_page is free, and free again on return. 0 or
 * -RV_ENOMEM, and then none has been touched. Context: boot; stacks are allocated, time is known. */
int smp_start_others(hpa_t low_page, void (*run)(struct cpu *cpu));

/* Until a CPU on its way to smp_arrive() says that it is ready. False: it does not come in time, is stopped
 * for good by an INIT, and this is logged. Context: boot. */
bool smp_start_finish(struct cpu *cpu);

/* On a CPU that has come, on its own stack: our page tables, its descriptor tables, its SMIs (core/smm.h), then
 * run(). */
_Noreturn void smp_arrive(void (*run)(struct cpu *cpu));

#endif
