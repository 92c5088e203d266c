/*
 * boot/memory_need.h: how much of the machine's memory is ours: what memory= says, else the sum of what all those
 * ask for that the boot line and the modules bring in. Pure code, which the UEFI loader has too.
 */
#ifndef BOOT_MEMORY_NEED_H
#define BOOT_MEMORY_NEED_H

#include "boot/boot_info.h"

/* What a boot with one script of everyday size takes, for who asks before there is one (the unit memory_need compares). */
#define MEMORY_NEED_USUAL_BYTES MIB(36)

/* Of a boot line and modules that are complete: whole pages of 2 MiB. A memory= that makes no sense does not count. */
uint64_t memory_need_bytes(const struct boot_info *info);

/* The same in words: "16 MiB itself, 8 MiB requests of devices"; cut where there is no room. Returns their sum, whatever
 * memory= says. */
uint64_t memory_need_describe(const struct boot_info *info, char *text, size_t text_bytes);

#endif
