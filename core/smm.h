/*
 * core/smm.h: SMIs of CPUs whose firmware has no handler for them. Their SMBASE is as a reset left it, so an
 * SMI would run what the guest puts at 38000h, in a mode to which all memory is open. At boot such CPUs are
 * given an area of our memory each, with a handler that returns.
 */
#ifndef CORE_SMM_H
#define CORE_SMM_H

#include "core/cpu.h"

/* The areas of all CPUs. 0 or -RV_ENOMEM. Context: boot, the table of CPUs is complete. */
int smm_init(void);

/* This CPU's SMIs become ours (cpu->smis_are_ours), if no handler of the firmware's takes them: by SMIs to
 * itself, which the memory at 38000h and 3FC00h bears for a moment. One CPU after the other. Returns in any
 * case, soon. Context: boot, on that CPU, outside of VMX operation and with GIF 1; time is known. */
void smm_take(struct cpu *cpu);

/* That memory as it was, should a CPU have been stopped amid smm_take(). Context: boot. */
void smm_close(void);

#endif
