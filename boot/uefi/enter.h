/*
 * boot/uefi/enter.h: into the hypervisor and back.
 */
#ifndef BOOT_UEFI_ENTER_H
#define BOOT_UEFI_ENTER_H

#include "boot/uefi_handover.h"

/* Can the CPU be handed over as it is? Else `why` says in plain words why not. */
bool enter_is_possible(const char **why);

/* Saves the state of the CPU that this runs on, goes to cpu->entry in the page tables cpu->root, and
 * returns EFI_SUCCESS as the hypervisor's guest. On the boot CPU, where cpu is the handover's first, it
 * may return EFI_UNSUPPORTED with the machine as it was, and the handover says why. */
uint64_t enter_hypervisor(struct uefi_cpu *cpu);

#endif
