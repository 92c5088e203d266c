/*
 * iommu/iommu_map.h: the page tables of the devices, made once: addresses are the machine's own, in the
 * largest pages that fit. The drivers differ in the bits of an entry.
 */
#ifndef IOMMU_IOMMU_MAP_H
#define IOMMU_IOMMU_MAP_H

#include "rv/types.h"

/* Levels are counted from 0, pages of 4 KiB. */
struct iommu_format {
	unsigned nr_levels;  /* of tables */
	unsigned address_bits; /* that it knows; of those, tables may tell less apart */
	unsigned page_level; /* of the largest pages */
	/* The entry for a page of that level; for the table of the next lower level. */
	uint64_t (*page)(hpa_t hpa, unsigned level);
	uint64_t (*table)(hpa_t hpa, unsigned level);
};

/* What devices may reach, and what not, whatever else was said; rounded to whole pages. Our memory is always
 * left out, but for what core/memory.h sets aside. False: there are too many such ranges. Context: boot. */
bool iommu_map_add(hpa_t start, hpa_t end);
bool iommu_map_leave_out(hpa_t start, hpa_t end);

/* Makes the tables. 0; -RV_ENOMEM; -RV_ERANGE: what was added is more than they can map. Context: boot. */
int iommu_map_create(const struct iommu_format *format, hpa_t *root);

/* Zeroed pages that an IOMMU reads, NULL: none. Never freed. Context: boot. */
void *iommu_allocate(size_t nr_pages);
uint64_t iommu_bytes(void); /* how much that was */

/* What was written there reaches memory, for an IOMMU that does not look into caches. */
void iommu_flush(const volatile void *data, size_t length_bytes);

#endif
