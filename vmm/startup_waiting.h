/*
 * vmm/startup_waiting.h: where hardware brings INITs to us, but loses startup IPIs: the local APICs are watched
 * as long as a CPU waits for one.
 */
#ifndef VMM_STARTUP_WAITING_H
#define VMM_STARTUP_WAITING_H

#include "core/cpu.h"

struct vcpu;

/* This CPU waits for a startup IPI: on return, none that is sent to it from then on is lost, but for want of
 * memory, which is logged: it waits for ever then. at_boot: there is no guest yet, and the watch
 * (vmm/startup_watch.h) is on. Context: boot, exit. */
void startup_waiting_begin(struct cpu *cpu, bool at_boot);

/* Not any more. Context: exit. */
void startup_waiting_end(void);

/* Nobody waits: the machine has slept, and its CPUs begin anew. Context: exit, on the only CPU. */
void startup_waiting_forget(void);

/* SIGNAL_LOOK has come. Context: exit. */
void startup_waiting_look(struct vcpu *vcpu);

#endif
