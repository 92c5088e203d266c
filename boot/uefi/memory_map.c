/*
 * boot/uefi/memory_map.c: UEFI 7.2 (table 7.10, EFI_MEMORY_TYPE) to ACPI 15.1 (table 15.1).
 */
#include "boot/uefi/memory_map.h"

#include "core/string.h"

static uint32_t memory_map_type(uint32_t type)
{
	switch (type) {
	case EFI_LOADER_CODE:
	case EFI_LOADER_DATA:
	case EFI_BOOT_SERVICES_CODE:
	case EFI_BOOT_SERVICES_DATA:
	case EFI_CONVENTIONAL_MEMORY:
		return E820_USABLE;
	case EFI_ACPI_RECLAIM_MEMORY:
		return E820_ACPI_RECLAIMABLE;
	case EFI_RUNTIME_SERVICES_CODE:
	case EFI_RUNTIME_SERVICES_DATA:
	case EFI_ACPI_MEMORY_NVS:
		return E820_ACPI_NVS;
	case EFI_UNUSABLE_MEMORY:
		return E820_UNUSABLE;
	case EFI_PERSISTENT_MEMORY:
		return E820_PERSISTENT;
	default:
		return E820_RESERVED;
	}
}

static bool memory_map_add(struct e820_entry *entries, size_t *nr, size_t maximum,
			   const struct e820_entry *entry)
{
	for (size_t i = 0; i < *nr; i++) {
		if (entries[i].type == entry->type &&
		    entries[i].base + entries[i].length_bytes == entry->base) {
			entries[i].length_bytes += entry->length_bytes;
			return true;
		}
	}
	if (*nr == maximum)
		return false;
	entries[(*nr)++] = *entry;
	return true;
}

size_t memory_map_convert(const void *map, uint64_t map_bytes, uint64_t descriptor_bytes,
			  struct e820_entry *entries, size_t maximum)
{
	const uint8_t *at = map;
	size_t nr = 0;

	if (descriptor_bytes < sizeof(struct efi_memory_descriptor))
		return 0;
	for (; map_bytes >= descriptor_bytes;
	     map_bytes -= descriptor_bytes, at += descriptor_bytes) {
		struct efi_memory_descriptor descriptor;
		struct e820_entry entry;

		memcpy(&descriptor, at, sizeof(descriptor));
		entry = (struct e820_entry){
			.base = descriptor.physical_start,
			.length_bytes = descriptor.nr_pages << PAGE_SHIFT,
			.type = memory_map_type(descriptor.type),
			.attributes = 1,
		};
		if (entry.length_bytes != 0 && !memory_map_add(entries, &nr, maximum, &entry))
			return 0;
	}
	return nr;
}
