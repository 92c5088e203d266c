/*
 * boot/bios_prompt.h: asks for the passphrase of encrypted disks by the BIOS: its screen and keyboard (INT 10h, INT 16h),
 * and the first serial port.
 */
#ifndef BOOT_BIOS_PROMPT_H
#define BOOT_BIOS_PROMPT_H

#include "boot/passphrase.h"

/* By which key somebody says at the start that a passphrase is to be asked for, whatever else there is: any. Waits two
 * seconds for it. Context: as bios_prompt_ask(). */
bool bios_prompt_is_wanted(void);

/* If the boot line wants one. Waits as long as it takes. Context: as boot/multiboot2_entry.S leaves the CPU, before
 * boot_main(). */
void bios_prompt_ask(const char *options, struct passphrase *passphrase);

/* Asks for `what`; NULL: a passphrase. Context: in boot_main(), on the boot CPU, while it has neither started
 * virtualisation nor other CPUs. */
void bios_prompt_ask_again(const char *options, const char *what, struct passphrase *passphrase);

/* The BIOS has an interrupt. Context: likewise. */
void bios_prompt_interrupt(uint8_t vector);

#endif
