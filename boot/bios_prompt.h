/*
 * boot/bios_prompt.h: asks for the passphrase of encrypted disks by the BIOS: its screen and keyboard (INT 10h, INT 16h),
 * and the first serial port.
 */
#ifndef BOOT_BIOS_PROMPT_H
#define BOOT_BIOS_PROMPT_H

#include "boot/passphrase.h"

/* If the boot line wants one. Waits as long as it takes. Context: as boot/multiboot2_entry.S leaves the CPU, before
 * boot_main(). */
void bios_prompt_ask(const char *options, struct passphrase *passphrase);

#endif
