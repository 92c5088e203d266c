/*
 * core/emulator.c: see the header. Written at boot only.
 */
#include "core/emulator.h"

#include "core/acpi.h"
#include "core/instructions.h"
#include "core/string.h"

/* Reserved for hypervisors by both vendors (AMD APM v3 E.3.1, E.4.1; Intel SDM 2A CPUID). */
#define CPUID_HYPERVISOR 0x40000000u

#define ACPI_OEM_ID 10
#define ACPI_OEM_ID_BYTES 6

const char *emulator_name(void)
{
	static char name[13];
	const uint8_t *madt = acpi_find_table("APIC");

	if (cpuid_shows_hypervisor()) {
		struct cpuid_result leaf = cpuid_query(CPUID_HYPERVISOR, 0);

		memcpy(name, &leaf.ebx, 4);
		memcpy(name + 4, &leaf.ecx, 4);
		memcpy(name + 8, &leaf.edx, 4);
		return name;
	}
	/* Bochs's firmware, and others' that is made of it. */
	if (madt != NULL && strncmp((const char *)madt + ACPI_OEM_ID, "BOCHS ", ACPI_OEM_ID_BYTES) == 0)
		return "Bochs";
	return NULL;
}
