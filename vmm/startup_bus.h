/*
 * vmm/startup_bus.h: INITs that come from the bus, where they would lead a CPU out of its guest: by messages,
 * which a chipset makes of stores beside the local APIC, and by the I/O APICs.
 */
#ifndef VMM_STARTUP_BUS_H
#define VMM_STARTUP_BUS_H

#include "rv/types.h"

/* 0 or -errno. Context: boot, ACPI ready, after startup_watch_begin(). */
int startup_bus_begin(void);

#endif
