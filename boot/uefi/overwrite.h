/*
 * boot/uefi/overwrite.h: a reset that nobody sees leaves keys in memory. Firmware that clears memory when it is asked to does so before
 * anything else runs.
 */
#ifndef BOOT_UEFI_OVERWRITE_H
#define BOOT_UEFI_OVERWRITE_H

#include "boot/uefi/efi.h"

/* Asks for it, and has that locked until the next reset, so that nobody takes it back before. False: this firmware does not clear
 * memory. */
bool overwrite_request(struct efi_system_table *system);

#endif
