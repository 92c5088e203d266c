/*
 * iommu/vt_d.h: what the files of the VT-d driver share. Context: boot.
 */
#ifndef IOMMU_VT_D_H
#define IOMMU_VT_D_H

#include "rv/types.h"

struct access;

#define VT_D_UNITS_MAXIMUM 64

struct vt_d_unit {
	hpa_t registers;
	/* What firmware that had it translate is told (vt_d_firmware.c): */
	bool was_on;
	uint32_t status, protected_regions;
	uint64_t queue_tail;
};

extern struct vt_d_unit vt_d_units[VT_D_UNITS_MAXIMUM];
extern unsigned vt_d_nr_units;

/* Fills vt_d_units. NULL, or why not. */
const char *vt_d_find(const uint8_t *dmar, uint64_t length_bytes);

/* iommu/vt_d_firmware.c: answers the guest's access to the registers of a unit that was on, as the driver's
 * answer(). Context: exit. */
bool vt_d_answer(struct access *access);

#endif
