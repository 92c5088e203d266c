/*
 * boot/uefi_cpus.h: the other CPUs of a UEFI machine. Those that the firmware gave to the loader's
 * procedure are taken where they are: each goes on there as a vCPU, and then in the firmware, which may
 * wake it by whatever way it likes. Those that did not come there are taken by INIT, as on BIOS machines: none
 * stays outside.
 */
#ifndef BOOT_UEFI_CPUS_H
#define BOOT_UEFI_CPUS_H

#include "rv/types.h"

/* Adds the CPUs that the firmware knows to the table (core/smp.h), and finds out which are to be had where
 * they are. Nothing on BIOS machines. Context: boot, after smp_init(). */
void uefi_cpus_list(void);

/* Takes those. Returns how many have come. Context: boot, after smp_start_others(): from here on there is no
 * way back to the firmware but as its hypervisor. */
uint32_t uefi_cpus_take(void);

#endif
