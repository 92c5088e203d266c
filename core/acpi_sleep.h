/*
 * core/acpi_sleep.h: which values of SLP_TYP turn the machine off, by the firmware's AML.
 */
#ifndef CORE_ACPI_SLEEP_H
#define CORE_ACPI_SLEEP_H

#include "rv/types.h"

/* A bit for each SLP_TYP of PM1a that ends the system: those of \_S4 (suspend to disk) and \_S5 (off).
 * 0 if the AML of a table, which is not trusted, has no \_S5 that can be read without running it. */
uint8_t acpi_sleep_types_off(const uint8_t *aml, size_t length_bytes);

#endif
