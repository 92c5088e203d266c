/*
 * iommu/driver.h: what iommu.c asks of the driver of a kind of IOMMU: once each, in this order, but for
 * start_unit().
 * Functions return NULL, or in words why it cannot be done. Context: boot.
 */
#ifndef IOMMU_DRIVER_H
#define IOMMU_DRIVER_H

#include "rv/types.h"

struct access;

struct iommu_driver {
	const char *name;
	const char *signature; /* of the ACPI table that tells of them */
	/* Learns the units from the table, and what devices must reach all the same; calls
	 * iommu_hide_registers() and iommu_hide_function(). Nothing in the table is trusted. */
	const char *(*find)(const uint8_t *table, uint64_t length_bytes);
	/* Makes the tables. */
	const char *(*prepare)(void);
	/* Changes them: no device interrupts by a message, but the I/O APIC. NULL: it cannot. Not done, no tables are
	 * changed. Then, behind the start of all units, which the I/O APIC learns. */
	const char *(*refuse_messages)(void);
	const char *(*begin_refusing)(void);
	unsigned (*count)(void); /* units */
	/* Has a unit, from 0, use them, which gives it commands in the first page of the buffer and answers in the
	 * second. Where the firmware had it translate, it goes on doing so meanwhile. */
	const char *(*start_unit)(unsigned unit, uint64_t *buffer);
	/* Firmware that had it on may go on using it, and wait for what it says: answers the guest's access
	 * to a unit's registers from what it has said before, and touches no hardware. False: nothing is there.
	 * NULL: never. Context: exit. */
	bool (*answer)(struct access *access);
};

extern const struct iommu_driver amd_vi_driver, vt_d_driver;

/* Where a unit's registers are: the guest will not reach them, and no device does. */
const char *iommu_hide_registers(hpa_t start, uint64_t length_bytes);
/* Its PCI function (pci_address() | pci_segment_address()), likewise. */
const char *iommu_hide_function(uint64_t address);

/* A range that devices must reach, says the firmware; the last byte is in it. */
const char *iommu_keep_range(hpa_t first, hpa_t last);

/* Waits until the masked bits of a register are that value. False: they are not within a second. */
bool iommu_wait(hpa_t reg, uint8_t width_bytes, uint64_t mask, uint64_t value);
/* The same for 8 bytes that the IOMMU writes. */
bool iommu_wait_memory(const volatile uint64_t *word, uint64_t value);

#endif
