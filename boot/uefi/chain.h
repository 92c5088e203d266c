/*
 * boot/uefi/chain.h: starts the next program of the boot.
 */
#ifndef BOOT_UEFI_CHAIN_H
#define BOOT_UEFI_CHAIN_H

#include "boot/uefi/efi.h"

/* Loads the program `path` (ASCII, from a volume's root) from our own volume, else from the first
 * other one that has it, and starts it with load options. Returns what it returned, or why none
 * was started. self: our image. */
efi_status chain_start(struct efi_system_table *system, efi_handle self,
		       const struct efi_loaded_image *image, const char *path, const char *options);

#endif
