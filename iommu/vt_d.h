/*
 * iommu/vt_d.h: what the files of the VT-d driver share. Context: boot.
 */
#ifndef IOMMU_VT_D_H
#define IOMMU_VT_D_H

#include "rv/types.h"

#define VT_D_UNITS_MAXIMUM 64

extern hpa_t vt_d_units[VT_D_UNITS_MAXIMUM]; /* their registers */
extern unsigned vt_d_nr_units;

/* Fills vt_d_units. NULL, or why not. */
const char *vt_d_find(const uint8_t *dmar, uint64_t length_bytes);

#endif
