/*
 * core/acpi_sleep.c: finds the sleep state packages in AML without interpreting it: they are constant
 * in practice. ACPI specification 6.4, 7.4.2 and chapter 20.
 */
#include "core/acpi_sleep.h"

#include "core/string.h"

#define AML_ZERO 0x00
#define AML_ONE 0x01
#define AML_NAME 0x08
#define AML_BYTE 0x0a
#define AML_PACKAGE 0x12
#define AML_ROOT '\\'
#define NAME_BYTES 4
#define SLEEP_TYPE_MASK 7

/* The first element of a package: NAME_BYTES behind the name. Negative: it is none, or no constant. */
static int acpi_first_element(const uint8_t *at, size_t left_bytes)
{
	size_t element;

	if (left_bytes < 2 || at[0] != AML_PACKAGE)
		return -1;
	/* PkgLength has up to three bytes more, then comes the number of elements. */
	element = 3 + (at[1] >> 6);
	if (left_bytes < element + 2)
		return -1;
	switch (at[element]) {
	case AML_ZERO:
	case AML_ONE:
		return at[element];
	case AML_BYTE:
		return at[element + 1];
	default:
		return -1;
	}
}

/* SLP_TYP of PM1a in the package of that name; negative: not found. */
static int acpi_sleep_type(const uint8_t *aml, size_t length_bytes, const char name[NAME_BYTES])
{
	for (size_t i = 2; i + NAME_BYTES <= length_bytes; i++) {
		int type;

		if (memcmp(aml + i, name, NAME_BYTES) != 0 ||
		    !(aml[i - 1] == AML_NAME || (aml[i - 1] == AML_ROOT && aml[i - 2] == AML_NAME)))
			continue;
		type = acpi_first_element(aml + i + NAME_BYTES, length_bytes - i - NAME_BYTES);
		if (type >= 0)
			return type & SLEEP_TYPE_MASK;
	}
	return -1;
}

uint8_t acpi_sleep_types_off(const uint8_t *aml, size_t length_bytes)
{
	int to_disk = acpi_sleep_type(aml, length_bytes, "_S4_");
	int off = acpi_sleep_type(aml, length_bytes, "_S5_");

	if (off < 0)
		return 0;
	return (uint8_t)(1u << off | (to_disk >= 0 ? 1u << to_disk : 0));
}
