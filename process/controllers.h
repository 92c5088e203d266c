/*
 * process/controllers.h: where the interrupt controllers are, of which scripts get none: while an engine
 * runs, they hold the guest's interrupts, and its budget hangs on them.
 */
#ifndef PROCESS_CONTROLLERS_H
#define PROCESS_CONTROLLERS_H

#include "rv/types.h"

/* Learns from the ACPI MADT where the I/O APICs are. Context: boot. */
void controllers_init(void);

/* Does any byte of the access belong to one? */
bool controllers_have_port(uint64_t port, uint64_t width_bytes);
bool controllers_have_memory(gpa_t gpa, uint64_t width_bytes);

#endif
