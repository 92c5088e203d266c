/*
 * iommu/hpet.h: writes to memory that a timer makes by itself: the HPET can deliver its interrupts by messages
 * (IA-PC HPET specification 1.0a, 2.3.9.2), which are 32 bits of the system's choice, stored where it says.
 */
#ifndef IOMMU_HPET_H
#define IOMMU_HPET_H

#include "rv/types.h"

/* Where ACPI tells of HPETs, all that they can store from now on are interrupts, where messages go: writes to
 * them exit. hide: the guest finds none instead, and nothing exits that a system does. 0 or -errno. Context: boot. */
int hpet_guard(bool hide);

#endif
