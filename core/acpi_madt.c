/*
 * core/acpi_madt.c: owns the reading of the MADT (ACPI specification 6.4, 5.2.12): its CPUs and its I/O
 * APICs. No state.
 */
#include "core/acpi_tables.h"

#define MADT_ENTRIES 44
#define MADT_LENGTH 1 /* of an entry, whose byte 0 is its type */
#define MADT_LOCAL_APIC 0
#define MADT_LOCAL_APIC_BYTES 8
#define MADT_IO_APIC 1
#define MADT_IO_APIC_BYTES 12
#define MADT_LOCAL_X2APIC 9
#define MADT_LOCAL_X2APIC_BYTES 16
#define MADT_USABLE 0x3u /* enabled, or online capable */

/* The entry behind one, or the first (NULL); all its bytes are there, and these two at least. NULL: there is
 * no more. */
static const uint8_t *madt_next(const uint8_t *madt, uint64_t length_bytes, const uint8_t *entry)
{
	uint64_t at = entry == NULL ? MADT_ENTRIES : (uint64_t)(entry - madt) + entry[MADT_LENGTH];

	if (madt == NULL || length_bytes < 2 || at > length_bytes - 2 || madt[at + MADT_LENGTH] < 2 ||
	    madt[at + MADT_LENGTH] > length_bytes - at)
		return NULL;
	return madt + at;
}

static bool madt_is(const uint8_t *entry, uint8_t type, uint8_t least_bytes)
{
	return entry[0] == type && entry[MADT_LENGTH] >= least_bytes;
}

void acpi_visit_cpus(void (*visit)(uint32_t apic_id))
{
	uint64_t length_bytes;
	const uint8_t *madt = acpi_find("APIC", true, &length_bytes);

	for (const uint8_t *entry = NULL; (entry = madt_next(madt, length_bytes, entry)) != NULL;) {
		if (madt_is(entry, MADT_LOCAL_APIC, MADT_LOCAL_APIC_BYTES)) {
			if (entry[4] & MADT_USABLE)
				visit(entry[3]);
		} else if (madt_is(entry, MADT_LOCAL_X2APIC, MADT_LOCAL_X2APIC_BYTES)) {
			if (entry[8] & MADT_USABLE)
				visit((uint32_t)acpi_get(entry + 4, 4));
		}
	}
}

int acpi_visit_io_apics(int (*visit)(hpa_t page))
{
	uint64_t length_bytes;
	const uint8_t *madt = acpi_find("APIC", true, &length_bytes);
	int error = 0;

	for (const uint8_t *entry = NULL;
	     error == 0 && (entry = madt_next(madt, length_bytes, entry)) != NULL;) {
		if (madt_is(entry, MADT_IO_APIC, MADT_IO_APIC_BYTES))
			error = visit(align_down(acpi_get(entry + 4, 4), PAGE_BYTES));
	}
	return error;
}
