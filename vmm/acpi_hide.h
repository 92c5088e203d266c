/*
 * vmm/acpi_hide.h: what the guest is not to find in the firmware's ACPI tables, which are changed where they are.
 */
#ifndef VMM_ACPI_HIDE_H
#define VMM_ACPI_HIDE_H

/* Renames \_S1 to \_S`last` ('3', or '2') in the AML, so that a system does not offer what we do not let happen
 * (mediator/power/sleep.h); the tables' sums stay as they were. Returns how many names were changed. Context:
 * boot, once we are to stay. */
unsigned acpi_hide_sleep(char last);

/* Makes each table of that signature, whatever its sum, one that says nothing: the guest does not find it.
 * Returns how many. Context: as above. */
unsigned acpi_hide_tables(const char signature[4]);

/* Has each FADT say that devices' interrupts by message (MSI) are not to be used (ACPI 6.4, 5.2.9.3). Returns how
 * many. Context: as above. */
unsigned acpi_forbid_messages(void);

#endif
