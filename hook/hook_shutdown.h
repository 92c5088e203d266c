/*
 * hook/hook_shutdown.h: the guest's power-off, which scripts hear of (at_exit) before it happens.
 */
#ifndef HOOK_HOOK_SHUTDOWN_H
#define HOOK_HOOK_SHUTDOWN_H

#include "rv/types.h"

struct vcpu;

/* Delivers SHUTDOWN to the hooks that want it and prints the summary, the first time it is called;
 * then does nothing. To be called before what ends the guest is done. Context: exit. */
void hook_shutdown(struct vcpu *vcpu);

/* Called last by hook_shutdown(), which does nothing without it. Set by boot if a script is loaded or a
 * summary is wanted. */
extern void (*hook_shutdown_finish)(struct vcpu *vcpu);

/* Called with true before the first hook of SHUTDOWN comes, and with false when the last is gone; an
 * error refuses the hook. Under hook_table_lock. NULL: nothing. Set by mediator/power/. */
extern int (*hook_shutdown_want)(bool wanted);

#endif
