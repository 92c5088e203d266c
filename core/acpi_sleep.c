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
#define AML_WORD 0x0b
#define AML_DWORD 0x0c
#define AML_PACKAGE 0x12
#define AML_ROOT '\\'
#define NAME_BYTES 4
#define SLEEP_TYPE_MASK 7

/* The constant at the start; false if there is none. Its length goes to *used. */
static bool acpi_constant(const uint8_t *at, size_t left_bytes, uint32_t *value, size_t *used)
{
	size_t bytes;

	if (left_bytes == 0)
		return false;
	if (at[0] == AML_ZERO || at[0] == AML_ONE) {
		*value = at[0];
		*used = 1;
		return true;
	}
	bytes = at[0] == AML_BYTE ? 1 : at[0] == AML_WORD ? 2 : at[0] == AML_DWORD ? 4 : 0;
	if (bytes == 0 || left_bytes < 1 + bytes)
		return false;
	*value = 0;
	memcpy(value, at + 1, bytes);
	*used = 1 + bytes;
	return true;
}

/* An element of the package that starts there. With one element, its second byte is PM1b's (7.4.2).
 * Negative: there is no package, or no constant. */
static int acpi_package_type(const uint8_t *at, size_t left_bytes, unsigned second)
{
	size_t element, used;
	uint32_t value;

	if (left_bytes < 2 || at[0] != AML_PACKAGE)
		return -1;
	/* PkgLength has up to three bytes more, then comes the number of elements. */
	element = 3 + (at[1] >> 6);
	if (left_bytes < element || !acpi_constant(at + element, left_bytes - element, &value, &used))
		return -1;
	if (second != 0 && at[element - 1] == 1)
		value >>= 8;
	else if (second != 0 && !acpi_constant(at + element + used, left_bytes - element - used,
					       &value, &used))
		return -1;
	return value & SLEEP_TYPE_MASK;
}

uint8_t acpi_sleep_types(const uint8_t *aml, size_t length_bytes, char state, unsigned second)
{
	const char name[NAME_BYTES] = { '_', 'S', state, '_' };
	uint8_t types = 0;

	for (size_t i = 1; i + NAME_BYTES <= length_bytes; i++) {
		bool rooted = i >= 2 && aml[i - 1] == AML_ROOT;
		int type;

		if (memcmp(aml + i, name, NAME_BYTES) != 0 || aml[i - (rooted ? 2 : 1)] != AML_NAME)
			continue;
		type = acpi_package_type(aml + i + NAME_BYTES, length_bytes - i - NAME_BYTES, second);
		if (type >= 0)
			types |= (uint8_t)(1u << type);
	}
	return types;
}
