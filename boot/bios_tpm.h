/*
 * boot/bios_tpm.h: the TPM 2.0 of a BIOS machine, by our own drivers: what boot/uefi/tpm.h does by firmware's. What we are
 * made of is measured into a PCR, disks' keys are unsealed by a program at CPL 3 (process/unseal.h), and the PCR is capped, all of
 * it before we virtualise, since who has to type something else is asked by the BIOS.
 */
#ifndef BOOT_BIOS_TPM_H
#define BOOT_BIOS_TPM_H

#include "rv/types.h"

struct vcpu;

/* Is there a TPM, and a file with a key that it may unseal? Then nobody needs to be asked for a passphrase yet. Context: with
 * the loader's page tables and modules. */
bool bios_tpm_may_unseal(void);

/* Fills boot_info.unsealed, and boot_info.passphrase if a person was asked after all. NULL; or why nothing may boot: an OS
 * could unseal what we do. Context: boot, behind time_init(); nothing runs virtualised yet. */
const char *bios_tpm_take_keys(struct vcpu *vcpu);

#endif
