/*
 * core/acpi.h: the few facts that we take from the firmware's ACPI tables. Nothing in them is
 * trusted: checksums, lengths and addresses are checked.
 *
 * The tables lie in memory that the guest may overwrite, so the first question, at boot, answers
 * all but acpi_find_table() and acpi_visit_*() for good.
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

/* core/acpi_madt.c: calls visit() with the APIC ID of each CPU that the MADT tells of and that can be used,
 * in its order, which may name one twice. Context: boot. */
void acpi_visit_cpus(void (*visit)(uint32_t apic_id));
/* Likewise with the page of each I/O APIC, until visit() returns other than 0; then that. Context: boot. */
int acpi_visit_io_apics(int (*visit)(hpa_t page));

/* What the FADT names that has to do with power, by the manual's sections of ACPI 6.4. */
enum acpi_role {
	ACPI_PM1_STATUS,     /* 4.8.3.1.1, 16 bits */
	ACPI_PM1_CONTROL,    /* 4.8.3.2.1, 16 bits */
	ACPI_SLEEP_STATUS,   /* 4.8.3.7, 8 bits: of hardware-reduced ACPI, as the next */
	ACPI_SLEEP_CONTROL,
	ACPI_RESET_REGISTER, /* 4.8.3.6, 8 bits */
};

#define ACPI_SPACE_MEMORY 0 /* 5.2.3.2 */
#define ACPI_SPACE_PORT 1
#define ACPI_REGISTERS_MAXIMUM 11

struct acpi_register {
	uint64_t address;
	uint8_t role;	/* enum acpi_role */
	uint8_t space;	/* ACPI_SPACE_*, or one that we cannot reach */
	uint8_t second; /* 1: of the pair PM1a and PM1b, the latter */
};

/* The registers that there are. Where the FADT's old and new field differ, both are listed. */
const struct acpi_register *acpi_registers(size_t *count);

/* The values of SLP_TYP that turn the machine off (\_S4, suspend to disk, and \_S5), a bit each, in
 * PM1a's register (0) or PM1b's (1). 0: the tables do not say. */
uint8_t acpi_power_off_types(unsigned second);

/* Likewise those of \_S3, suspend to RAM. 0: it has none. */
uint8_t acpi_to_ram_types(unsigned second);

/* What a write to ACPI_RESET_REGISTER must be to reset the machine. */
uint8_t acpi_reset_value(void);

#endif
