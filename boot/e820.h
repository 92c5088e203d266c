/*
 * boot/e820.h: pure editing of the firmware's memory map, in the layout of INT 15h EAX=E820h
 * (ACPI specification 15.4). Nothing here touches hardware; callers own the arrays.
 */
#ifndef BOOT_E820_H
#define BOOT_E820_H

#include "core/layout.h"

#define E820_USABLE 1
#define E820_RESERVED 2
#define E820_ACPI_RECLAIMABLE 3
#define E820_ACPI_NVS 4
#define E820_UNUSABLE 5
#define E820_PERSISTENT 7

/* Of a normalised map, before ranges are reserved in it; each of these adds two at most. */
#define E820_ENTRIES_MAXIMUM (MEMORY_RANGES_MAXIMUM - 1) /* one more is what a BIOS has below 1 MiB */
/* Of a firmware's map as it is given. */
#define E820_RAW_ENTRIES_MAXIMUM 256
#define E820_ENTRY_BYTES 24

struct e820_entry {
	uint64_t base;
	uint64_t length_bytes;
	uint32_t type;	     /* E820_*; others count as reserved */
	uint32_t attributes; /* output: 1, "do not ignore"; not looked at in the input */
} __attribute__((packed));

_Static_assert(sizeof(struct e820_entry) == E820_ENTRY_BYTES, "the layout of E820h");

/* Writes the map `in`, in any order and with overlaps, to `out`: sorted, without overlap,
 * neighbours of one type joined. Where entries overlap the most restrictive type wins: usable <
 * persistent < ACPI reclaimable < ACPI NVS < reserved and unknown < unusable. Entries of length 0
 * vanish, one that passes 2^64 ends there. `in` and `out` are different arrays. Returns the number
 * of entries written, 0 if they do not fit into out_maximum. */
size_t e820_normalise(const struct e820_entry *in, size_t nr_in, struct e820_entry *out,
		      size_t out_maximum);

/* Takes the smallest usable ranges above 1 MiB out of a normalised map until it has no more than
 * `maximum` entries: an OS can do without them, but not without conventional memory, nor without
 * knowing what is reserved. Without enough of them the map's end is cut off. Returns how many bytes
 * of usable memory are lost. */
uint64_t e820_shorten(struct e820_entry *entries, size_t *nr_entries, size_t maximum);

/* Makes a range of a normalised map reserved, whatever it was. Returns 0, -RV_EINVAL for an empty
 * range or one that passes 2^64, -RV_ENOSPC (map untouched) when the map has no room. */
int e820_reserve(struct e820_entry *entries, size_t *nr_entries, size_t maximum, uint64_t base,
		 uint64_t length_bytes);

/* Finds the highest 2 MiB-aligned place of length_bytes in usable memory between 2 MiB and 4 GiB of
 * a normalised map. Returns 0 with *base set, -RV_EINVAL for a length of 0, -RV_ENOMEM for none. */
int e820_find_place(const struct e820_entry *entries, size_t nr_entries, uint64_t length_bytes,
		    uint64_t *base);

/* What the older calls answer for a normalised map: INT 15h AX=E801h (AX: KiB from 1 MiB, at most
 * 15 MiB; BX: 64 KiB blocks from 16 MiB up to the first hole) and AH=88h (KiB from 1 MiB, at most
 * 63 MiB). */
void e820_legacy_sizes(const struct e820_entry *entries, size_t nr_entries, uint16_t *e801_ax_kib,
		       uint16_t *e801_bx_64kib, uint16_t *int88_kib);

#endif
