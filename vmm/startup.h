/*
 * vmm/startup.h: the guest's other CPUs become vCPUs.
 */
#ifndef VMM_STARTUP_H
#define VMM_STARTUP_H

#include "rv/types.h"

/* Watches for the guest's startup IPIs, if the machine has more than one CPU. low_page is a page
 * below 1 MiB that is no longer the guest's; strict: watch for good where that is of use, even where it
 * makes each access to the local APIC exit. Context: boot, after the boot CPU's vCPU was made. */
int startup_init(hpa_t low_page, bool strict);

/* The guest starts as UEFI firmware in these page tables: CPUs that are started from them are the
 * firmware's, and the OS will start them again. Context: boot. */
void startup_set_firmware(uint64_t cr3);

#endif
