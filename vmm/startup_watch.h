/*
 * vmm/startup_watch.h: the local APIC's registers that send INITs and startup IPIs, watched.
 */
#ifndef VMM_STARTUP_WATCH_H
#define VMM_STARTUP_WATCH_H

#include "rv/types.h"

struct vcpu;

/* From now on startup_send() (vmm/startup.c) gets what the guest writes to an ICR, before hardware. 0 or
 * -errno. Context: boot. */
int startup_watch_begin(void);
void startup_watch_end(void);
/* Does this CPU's local APIC answer where all do? */
bool startup_watch_covers_this_cpu(void);

/* The guest sends an IPI. command: all 64 bits of the ICR, x2apic: in that mode. True: it is done, and
 * hardware must not see it. Context: exit. */
bool startup_send(struct vcpu *vcpu, uint64_t command, bool x2apic);

#endif
