/*
 * boot/uefi_state.h: a CPU as the firmware had it when it called us.
 */
#ifndef BOOT_UEFI_STATE_H
#define BOOT_UEFI_STATE_H

#include "boot/uefi_handover.h"
#include "vmm/vcpu.h"

/* The state in which that CPU, which this runs on, goes on in the loader, whose call succeeds. The cpu's
 * descriptor tables are still there. Context: boot, direct map present, virtualization on or not. */
void uefi_state_read(const struct uefi_cpu *cpu, struct cpu_state *state);

#endif
