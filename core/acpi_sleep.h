/*
 * core/acpi_sleep.h: the sleep states in the firmware's AML, which is not trusted.
 */
#ifndef CORE_ACPI_SLEEP_H
#define CORE_ACPI_SLEEP_H

#include "rv/types.h"

/* The values that the packages \_S`state` ('1' to '5') have for SLP_TYP of PM1a (second 0) or PM1b (1), a
 * bit each; 0: none that can be read without running it. */
uint8_t acpi_sleep_types(const uint8_t *aml, size_t length_bytes, char state, unsigned second);

#endif
