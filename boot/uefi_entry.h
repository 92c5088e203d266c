/*
 * boot/uefi_entry.h: how the guest starts on UEFI machines: as the firmware itself, behind the call
 * with which the loader entered us.
 */
#ifndef BOOT_UEFI_ENTRY_H
#define BOOT_UEFI_ENTRY_H

#include "boot/uefi_handover.h"
#include "vmm/vcpu.h"

/* Did the UEFI loader start us? */
bool uefi_is_present(void);

/* The handover, in the loader. Context: boot, on the boot CPU or with the direct map present. */
struct uefi_handover *uefi_loader_handover(void);

/* Fills a vCPU with the firmware's state; it goes on in the loader, whose call succeeds. Context:
 * boot. */
void uefi_prepare_guest(struct vcpu *vcpu);

/* From now on (or no longer) the log goes to the firmware's screen too: the loader shows it as soon as
 * it runs again. Context: boot, direct map present. */
void uefi_copy_log(bool on);

/* The loader, as soon as it runs again, shows `why` and stops the boot. Context: boot. */
void uefi_refuse(const char *why);

/* The loader, as soon as it runs again, has the firmware's drivers set up all disk controllers anew: mediators know queues
 * and lists only from how they were made. Context: boot. */
void uefi_reconnect_disks(void);

/* Gives the CPU back to the firmware, without a guest: the loader's call fails and shows `why`.
 * Context: boot, virtualization not yet on. */
_Noreturn void uefi_leave(const char *why);

#endif
