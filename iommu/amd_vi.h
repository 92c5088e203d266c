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

/* The device IDs that messages of I/O APICs have. */
#define AMD_VI_IO_APICS_MAXIMUM 64
extern uint16_t amd_vi_io_apics[AMD_VI_IO_APICS_MAXIMUM];
extern unsigned amd_vi_nr_io_apics;

#define AMD_VI_DEVICE_WORDS 4
extern uint64_t *amd_vi_table; /* of devices */

/* Has all units do so, and waits until they have. False: one does not. Context: exit, one CPU at a time. */
bool amd_vi_command_all(uint64_t first, uint64_t second);

/* amd_vi_interrupts.c: as the driver's. Context: boot. */
const char *amd_vi_refuse_messages(void);
const char *amd_vi_begin_refusing(void);

/* Fills amd_vi_units and amd_vi_io_apics. NULL, or why not. */
const char *amd_vi_find(const uint8_t *ivrs, uint64_t length_bytes);

/* Calls visit() with each range of device IDs, both inclusive, that the firmware has settings for. */
void amd_vi_visit_settings(void (*visit)(uint16_t first, uint16_t last, uint8_t setting));

#endif
