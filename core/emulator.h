/*
 * core/emulator.h: does this machine's time pass while its CPUs stand still?
 */
#ifndef CORE_EMULATOR_H
#define CORE_EMULATOR_H

#include "rv/types.h"

/* The name by which an emulator, or another hypervisor below us, makes itself known; NULL: there is no
 * sign of one. Context: boot, ACPI ready. */
const char *emulator_name(void);

#endif
