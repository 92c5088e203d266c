/*
 * mediator/power/shutdown.h: the guest's end, by power-off or reset, which scripts (at_exit) and others hear of
 * before it happens.
 */
#ifndef MEDIATOR_POWER_SHUTDOWN_H
#define MEDIATOR_POWER_SHUTDOWN_H

#include "core/watch.h"

struct access;
struct vcpu;

/* Told of the guest's end with the vCPU, behind the hooks of SHUTDOWN. As long as there are none, nobody is
 * told, no hook either. */
extern struct watchers shutdown_watchers;

/* The guest's resets count as its end too, from now on: what resets a PC is claimed while a hook wants to
 * hear of it, and from the first key of an encrypted disk on (mediator/power/reset.h). A triple fault is heard of in any case; it exits anyway. Context:
 * boot, before scripts run. */
void shutdown_init(void);

/* Delivers SHUTDOWN to the hooks that want it and tells the watchers, the first time it is called; then does
 * nothing. Whoever comes second waits until the first is through: nobody powers off before. To be called
 * before what ends the guest is done. Context: exit. */
void shutdown_tell(struct vcpu *vcpu);

/* An access is about to power off or reset: the same, but where a script makes it, which is not told so in the midst of
 * what it does; and then disks' keys are erased. Context: exit. */
void shutdown_by_access(struct access *access);

#endif
