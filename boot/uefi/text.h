/*
 * boot/uefi/text.h: what the loader says, on the firmware's screens and the first serial port.
 */
#ifndef BOOT_UEFI_TEXT_H
#define BOOT_UEFI_TEXT_H

#include "boot/uefi/efi.h"

/* To be called first. */
void text_init(struct efi_system_table *system);

/* One line, "ritevisor: " before it, on screens and serial port; formats of core/log.h, with
 * 64-bit numbers as %llu and the like. */
void text_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Text as it is, in UTF-8 of at most two bytes a character. */
void text_raw(const char *text);

/* Text that is on the serial port already: to the screens only. */
void text_screen(const char *text);

#endif
