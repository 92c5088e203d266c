/*
 * core/acpi_tables.h: what those share who read or change ACPI tables themselves. Nothing in a table is trusted.
 */
#ifndef CORE_ACPI_TABLES_H
#define CORE_ACPI_TABLES_H

#include "core/acpi.h"

#define ACPI_HEADER_BYTES 36 /* of every table but the RSDP and the FACS (ACPI 6.4, 5.2.6) */
#define ACPI_HEADER_LENGTH 4
#define ACPI_HEADER_CHECKSUM 9

/* A little-endian number. */
uint64_t acpi_get(const uint8_t *at, unsigned length_bytes);

/* The table at an address that another table gave: whole, and of at most a sensible size, whatever its
 * sum. NULL if there cannot be one. */
uint8_t *acpi_table(hpa_t hpa, uint64_t *length_bytes);

/* Calls visit() with the address of each entry of the XSDT, then of the RSDT, until it says true:
 * then true. must_sum: a root table whose sum is wrong has no entries. */
bool acpi_visit(bool must_sum, bool (*visit)(hpa_t hpa, void *context), void *context);

/* The first table with that signature; with a right sum if there is one. Systems take a table whose
 * sum is wrong too, so must_sum is for what only helps us. NULL: none. */
uint8_t *acpi_find(const char signature[4], bool must_sum, uint64_t *length_bytes);

/* core/acpi_power.c: what the FADT and the AML say. Adds to what is zeroed. */
struct acpi_power {
	struct acpi_register registers[ACPI_REGISTERS_MAXIMUM];
	size_t nr_registers;
	uint8_t types_off[2];
	uint8_t types_to_ram[2];
	uint8_t reset_value;
};
void acpi_read_power(struct acpi_power *power);
/* The two places where a FADT may name its DSDT; 0: it does not. */
void acpi_dsdt_places(const uint8_t *fadt, uint64_t length_bytes, hpa_t places[2]);

#endif
