/*
 * boot/uefi/prompt.h: asks for the passphrase of encrypted disks, on the firmware's screens and the first serial port.
 */
#ifndef BOOT_UEFI_PROMPT_H
#define BOOT_UEFI_PROMPT_H

#include "boot/passphrase.h"
#include "boot/uefi/efi.h"

/* If the boot line wants one: then passphrase->is_given, unless the firmware has no keyboard. Waits as long as it
 * takes. The caller wipes it. */
void prompt_ask(struct efi_system_table *system, const char *options, struct passphrase *passphrase);

/* Asks for a PIN, and says what for, if the firmware has a keyboard; an empty one is none. The caller wipes it. */
void prompt_ask_pin(struct efi_system_table *system, const char *options, const char *what, struct passphrase *pin);

/* The boot has stopped, maybe for a passphrase that was wrong: when a person wants it, the machine starts anew, and asks
 * again. */
_Noreturn void prompt_restart(struct efi_system_table *system);

#endif
