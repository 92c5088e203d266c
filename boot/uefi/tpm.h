/*
 * boot/uefi/tpm.h: the TPM 2.0 that firmware knows: what we are made of is measured into a PCR of our own, disks' keys
 * are unsealed, and then that PCR is capped, so that nobody behind us unseals them. Without a TPM nothing of it happens.
 */
#ifndef BOOT_UEFI_TPM_H
#define BOOT_UEFI_TPM_H

#include "boot/boot_info.h"
#include "boot/uefi/efi.h"

/* Of PCRs that firmware leaves to programs that boot, the one in which others keep the kernel's command line. */
#define TPM_PCR 12

/* To be called first. */
void tpm_find(struct efi_system_table *system);

/* Extends our PCR by the hash of data, and says so in the event log: "ritevisor KIND NAME". */
void tpm_measure(const char *kind, const char *name, const void *data, size_t length_bytes);

/* Unseals what a LUKS2 header has for this TPM, and asks for its PIN if it has one, with the boot line's keyboard. False:
 * nothing that it gave away, or the last start says that it did not open the disk. Says which, on the screen. */
bool tpm_unlock(const char *options, const char *name, const uint8_t *header, size_t header_bytes, struct boot_unsealed *unsealed);

/* Says that no key will be unsealed, if there is a TPM that could. */
void tpm_leave(const char *why);

/* Nothing is unsealed from now on until the machine starts anew. False: it could not be done, and the PCR is what it was.
 * Whatever comes of us, this comes before any other program. */
bool tpm_cap(void);

/* The next start is to ask a person, since what was unsealed does not open a disk. */
void tpm_note_wrong(void);

#endif
