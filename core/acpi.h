/*
 * core/acpi.h: the few facts that we take from the firmware's ACPI tables. Nothing in them is
 * trusted: checksums, lengths and addresses are checked.
 *
 * The tables lie in memory that the guest may overwrite, so the first question, at boot, answers
 * all but acpi_find_table() for good.
 */
#ifndef CORE_ACPI_H
#define CORE_ACPI_H

#include "rv/types.h"

/* The copy of the RSDP that a loader handed over; without it, or with one that is not valid, the
 * BIOS areas are searched. Forgets what was learnt before. Context: boot. */
void acpi_set_rsdp(const void *rsdp, size_t length_bytes);

/* The first table with that signature, by the XSDT or else the RSDT; NULL if there is none. Its
 * header's length is checked. Context: boot. */
const void *acpi_find_table(const char signature[4]);

/* A window of memory-mapped PCI configuration space. */
struct acpi_mcfg {
	hpa_t base; /* of bus 0, whether that is there or not */
	uint16_t segment;
	uint8_t first_bus, last_bus;
};

/* The windows that the MCFG tells of, by index from 0; false: there is none of that index. */
bool acpi_mcfg(unsigned index, struct acpi_mcfg *window);
/* False: the MCFG tells of others too, out of our reach or too many. */
bool acpi_mcfg_is_whole(void);

/* The ports of the PM1a and PM1b control registers, PM1b 0 if there is none; false without ACPI. */
bool acpi_pm1_control(uint16_t *port_a, uint16_t *port_b);

/* The values of SLP_TYP in PM1a that turn the machine off, a bit each; all if that is not known. */
uint8_t acpi_power_off_types(void);

#endif
