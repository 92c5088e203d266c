/*
 * vmm/startup_bus.h: INITs that come from the bus, where they would lead a CPU out of its guest: by messages,
 * which a chipset makes of stores beside the local APIC, and by the I/O APICs.
 */
#ifndef VMM_STARTUP_BUS_H
#define VMM_STARTUP_BUS_H

#include "vmm/io_apic_remap.h"

/* 0 or -errno. Context: boot, ACPI ready, after startup_watch_begin(). */
int startup_bus_begin(void);

/* NULL, or why the machine's I/O APIC cannot send indices (vmm/io_apic_remap.h). Context: boot, after the above. */
const char *startup_bus_cannot_remap(void);
/* Behind that: it does so from now on. 0 or -errno. Context: boot. */
int startup_bus_remap(io_apic_set set);

/* The machine has slept, and the IOMMU is there again: the entries are as after a reset. Context: exit. */
void startup_bus_forget(void);

/* A local APIC was told that an interrupt of that vector is at its end. Context: exit. */
void startup_bus_end_interrupt(uint8_t vector);

#endif
