/*
 * core/acpi_facs.h: where firmware goes on with the system after suspend to RAM: the waking vectors of the FACS (ACPI
 * 6.4, 5.2.10), a table that systems write.
 */
#ifndef CORE_ACPI_FACS_H
#define CORE_ACPI_FACS_H

#include "rv/types.h"

/* What a system has written there. */
struct acpi_waking {
	uint32_t real_mode; /* 0, or where it goes on in real mode */
	uint64_t flat;	    /* 0, or where it goes on in protected mode, without paging */
};

/* Finds the table, and remembers by what ways firmware finds it. firmware_text: the firmware's code is at F0000h, where
 * a PC's BIOS has it, and counts among these. NULL; or why there is none that can be used, in words. Context: boot,
 * once we have changed what we change in the tables. */
const char *acpi_facs_find(bool firmware_text);

/* Puts a vector of ours in place of the system's, which goes to *system. NULL, or why not: the table, or what leads
 * there, is not as it was. Context: exit, nobody else runs. */
const char *acpi_facs_take(uint32_t vector, struct acpi_waking *system);

/* Is that vector there still, and no other? */
bool acpi_facs_is_taken(uint32_t vector);

/* Likewise: the system's are back. */
void acpi_facs_give_back(const struct acpi_waking *system);

#endif
