/*
 * boot/uefi/mp.h: the firmware's other CPUs, by EFI_MP_SERVICES: they come to a procedure of ours, wait in
 * it until the hypervisor takes them or is not to be, and go back to the firmware.
 */
#ifndef BOOT_UEFI_MP_H
#define BOOT_UEFI_MP_H

#include "boot/uefi/efi.h"
#include "boot/uefi_handover.h"

/* Lists them in the handover, to enter the hypervisor by `root` and `entry`, and calls those that the
 * firmware has enabled. Whoever does not come within two seconds, or ever, is left to the hypervisor, which
 * takes it by an INIT, as all where the firmware has no such services. */
void mp_gather(struct efi_boot_services *boot, struct uefi_handover *handover, hpa_t root,
	       const void *entry);

/* There is no hypervisor: whoever waits goes back to the firmware, natively. */
void mp_release(struct uefi_handover *handover);

/* Waits until the firmware knows that its CPUs are back, which it takes them for busy until then. */
void mp_finish(void);

#endif
