/*
 * vmm/startup_watch.h: the local APIC's registers that send INITs and startup IPIs, watched.
 */
#ifndef VMM_STARTUP_WATCH_H
#define VMM_STARTUP_WATCH_H

#include "rv/types.h"

struct vcpu;

/* The local APICs stay where they are from now on, and startup_send() (vmm/startup.c) gets what the guest writes
 * to an ICR, before hardware. 0 or -errno. Context: boot. */
int startup_watch_begin(void);
/* Not for now: what is written goes to hardware. And again; 0, or -errno and as it was. Context: boot, exit. */
void startup_watch_pause(void);
int startup_watch_resume(void);
/* Does this CPU's local APIC answer where all do? */
bool startup_watch_covers_this_cpu(void);

/* The guest sends an IPI. command: all 64 bits of the ICR, x2apic: in that mode. True: it is done, and
 * hardware must not see it. Context: exit. */
bool startup_send(struct vcpu *vcpu, uint64_t command, bool x2apic);

#endif
