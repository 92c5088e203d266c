/*
 * mediator/power/sleep.h: suspend to RAM does not happen, because a machine that wakes from it runs its
 * firmware and then the guest without us, unless the firmware is trusted to lead back to us (sleep_allow()). Off and
 * suspend to disk happen: the machine starts anew after them.
 */
#ifndef MEDIATOR_POWER_SLEEP_H
#define MEDIATOR_POWER_SLEEP_H

#include "rv/types.h"

/* Claims the registers that put the machine to sleep, as the FADT names them, for good. Before a write
 * that turns it off, shutdown_tell() runs; one that asks for another state loses its SLP_EN, and the
 * guest finds that it has slept and was woken. Without ACPI there is nothing to claim. 0, or why it
 * cannot be done: -RV_ENOMEM, -RV_EPERM, -RV_EINVAL, -RV_ENOTSUP for a register in a space that we do not
 * reach. Context: boot, before the guest. */
int sleep_claim(void);

/* From now on the guest's suspend to RAM is done (vmm/suspend.h), by the SLP_TYP that the firmware's \_S3 names; S1 and
 * S2 are not. low_page and bios are suspend_prepare()'s. NULL; or why that cannot be, in words. Context: boot, after
 * sleep_claim(). */
const char *sleep_allow(hpa_t low_page, bool bios);

/* mediator/power/sleep_base.c: keeps the guest from moving these ports elsewhere by PCI configuration
 * (PIIX4, ICH and PCH, and their like). Each access to PCI configuration by ports exits from then on.
 * 0 or the registry's error. Context: as above. */
int sleep_claim_base(void);

#endif
