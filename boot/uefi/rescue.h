/*
 * boot/uefi/rescue.h: when the scripts are left out: on a key, or after boots that reached no OS.
 */
#ifndef BOOT_UEFI_RESCUE_H
#define BOOT_UEFI_RESCUE_H

#include "boot/uefi/efi.h"
#include "boot/uefi/file.h"

#define RESCUE_COUNTER_NAME "ritevisor.count"

/* Waits for the key R, held or pressed, for wait_ms at most. */
bool rescue_is_asked_for(struct efi_system_table *system, uint64_t wait_ms);

/* Counts this boot in the folder's RESCUE_COUNTER_NAME; from now on ExitBootServices is noted, as
 * success for the next boot's count. True if `attempts` boots before it, one after another, did not
 * come that far. Where the file or the note cannot be written nothing is counted. */
bool rescue_count_boot(struct efi_system_table *system, const struct file_folder *folder,
		       uint64_t attempts);

#endif
