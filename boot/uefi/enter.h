/*
 * boot/uefi/enter.h: into the hypervisor and back.
 */
#ifndef BOOT_UEFI_ENTER_H
#define BOOT_UEFI_ENTER_H

#include "boot/uefi_handover.h"

/* Can the CPU be handed over as it is? Else `why` says in plain words why not. */
bool enter_is_possible(const char **why);

/* Saves the CPU's state, starts the hypervisor, and returns EFI_SUCCESS as its guest or, with the
 * machine as it was, EFI_UNSUPPORTED with handover->why. handover->info, root and entry are set. */
uint64_t enter_hypervisor(struct uefi_handover *handover);

#endif
