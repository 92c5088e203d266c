/*
 * boot/uefi/memory_map.h: from the firmware's memory map to E820 entries. Pure code.
 */
#ifndef BOOT_UEFI_MEMORY_MAP_H
#define BOOT_UEFI_MEMORY_MAP_H

#include "boot/e820.h"
#include "boot/uefi/efi.h"

/* Converts a map of descriptors that are `descriptor_bytes` apart, joining neighbours of one type.
 * Memory of the runtime services counts as ACPI NVS: RAM that the OS leaves alone. Returns the
 * number of entries, 0 if they do not fit or the map makes no sense. */
size_t memory_map_convert(const void *map, uint64_t map_bytes, uint64_t descriptor_bytes,
			  struct e820_entry *entries, size_t maximum);

#endif
