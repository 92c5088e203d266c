/*
 * hook/hook_shutdown.h: the guest's power-off, which scripts hear of (at_exit) before it happens.
 */
#ifndef HOOK_HOOK_SHUTDOWN_H
#define HOOK_HOOK_SHUTDOWN_H

#include "rv/types.h"

struct vcpu;

/* Claims the ACPI PM1a control register, whose SLP_EN bit powers the machine off. The writes of
 * the guest go through; before one that powers off, hook_shutdown() runs. Boot calls this only if
 * a script is loaded or a summary is wanted; nothing is claimed otherwise. sleep_types_off has a bit
 * for each SLP_TYP that counts: after suspend to RAM, the system goes on. 0 or the registry's error. Context: boot. */
int hook_shutdown_claim(uint16_t pm1_control_port, uint8_t sleep_types_off);

/* Delivers SHUTDOWN to the hooks that want it and prints the summary, the first time it is called;
 * then does nothing. Context: exit. */
void hook_shutdown(struct vcpu *vcpu);

/* Called last by hook_shutdown(); NULL: nothing. Set by boot. */
extern void (*hook_shutdown_finish)(struct vcpu *vcpu);

#endif
