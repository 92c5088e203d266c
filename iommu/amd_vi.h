/*
 * iommu/amd_vi.h: what the files of the AMD-Vi driver share. Context: boot.
 */
#ifndef IOMMU_AMD_VI_H
#define IOMMU_AMD_VI_H

#include "rv/types.h"

#define AMD_VI_UNITS_MAXIMUM 64

struct amd_vi_unit {
	hpa_t registers;
	uint8_t flags; /* IVHD_FLAG_* */
};

extern struct amd_vi_unit amd_vi_units[AMD_VI_UNITS_MAXIMUM];
extern unsigned amd_vi_nr_units;

/* Fills amd_vi_units. NULL, or why not. */
const char *amd_vi_find(const uint8_t *ivrs, uint64_t length_bytes);

/* Calls visit() with each range of device IDs, both inclusive, that the firmware has settings for. */
void amd_vi_visit_settings(void (*visit)(uint16_t first, uint16_t last, uint8_t setting));

#endif
