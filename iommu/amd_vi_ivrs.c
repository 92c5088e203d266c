/*
 * iommu/amd_vi_ivrs.c: owns the reading of the IVRS (AMD IOMMU specification 5.2): its units, and what its
 * device entries say. The table is copied away before it is hidden, so settings are kept here.
 */
#include "iommu/amd_vi.h"

#include "core/acpi_tables.h"
#include "iommu/amd_vi_regs.h"
#include "iommu/driver.h"
#include "vmm/access.h"

#define SETTINGS_MAXIMUM 256

struct amd_vi_unit amd_vi_units[AMD_VI_UNITS_MAXIMUM];
unsigned amd_vi_nr_units;
uint16_t amd_vi_io_apics[AMD_VI_IO_APICS_MAXIMUM];
unsigned amd_vi_nr_io_apics;

static struct amd_vi_setting {
	uint16_t first, last;
	uint8_t setting;
} ivrs_settings[SETTINGS_MAXIMUM];
static size_t ivrs_nr_settings;

void amd_vi_visit_settings(void (*visit)(uint16_t first, uint16_t last, uint8_t setting))
{
	for (size_t i = 0; i < ivrs_nr_settings; i++)
		visit(ivrs_settings[i].first, ivrs_settings[i].last, ivrs_settings[i].setting);
}

static const char *ivrs_add_setting(uint16_t first, uint16_t last, uint8_t setting)
{
	if (setting == 0 || first > last)
		return NULL;
	if (ivrs_nr_settings == SETTINGS_MAXIMUM)
		return "the IVRS has too many device entries";
	ivrs_settings[ivrs_nr_settings++] = (struct amd_vi_setting){ first, last, setting };
	return NULL;
}

static const char *ivrs_add_io_apic(uint16_t id)
{
	for (unsigned i = 0; i < amd_vi_nr_io_apics; i++) {
		if (amd_vi_io_apics[i] == id)
			return NULL;
	}
	if (amd_vi_nr_io_apics == AMD_VI_IO_APICS_MAXIMUM)
		return "the IVRS has too many I/O APICs";
	amd_vi_io_apics[amd_vi_nr_io_apics++] = id;
	return NULL;
}

/* Types below 40h have 4 bytes, below 80h 8, then 16 and 32; the last have what they say. */
static uint64_t ivrs_entry_bytes(const uint8_t *entry, uint64_t left)
{
	if (entry[0] >= IVHD_ENTRY_VARIABLE)
		return left <= IVHD_ENTRY_VARIABLE_LENGTH
			       ? left
			       : IVHD_ENTRY_VARIABLE_LENGTH + 1u + entry[IVHD_ENTRY_VARIABLE_LENGTH];
	return UINT64_C(4) << (entry[0] >> 6);
}

static const char *ivrs_read_entries(const uint8_t *at, uint64_t left)
{
	uint16_t first = 0;
	uint8_t setting = 0;
	const char *why = NULL;

	while (why == NULL && left >= 4) {
		uint64_t bytes = ivrs_entry_bytes(at, left);
		uint16_t id = (uint16_t)acpi_get(at + 1, 2);

		if (bytes > left)
			return "a device entry of the IVRS ends behind its block";
		switch (at[0]) {
		case IVHD_ENTRY_ALL:
			why = ivrs_add_setting(0, UINT16_MAX, at[3]);
			break;
		case IVHD_ENTRY_ONE:
		case IVHD_ENTRY_ALIAS:
		case IVHD_ENTRY_EXTENDED:
		case IVHD_ENTRY_VARIABLE:
			why = ivrs_add_setting(id, id, at[3]);
			break;
		case IVHD_ENTRY_FIRST:
		case IVHD_ENTRY_ALIAS_FIRST:
		case IVHD_ENTRY_EXTENDED_FIRST:
			first = id;
			setting = at[3];
			break;
		case IVHD_ENTRY_LAST:
			why = ivrs_add_setting(first, id, setting);
			break;
		case IVHD_ENTRY_SPECIAL: /* an I/O APIC or HPET: the ID that its messages have */
			id = (uint16_t)acpi_get(at + 5, 2);
			why = ivrs_add_setting(id, id, at[3]);
			if (why == NULL && at[IVHD_SPECIAL_VARIETY] == IVHD_SPECIAL_IO_APIC)
				why = ivrs_add_io_apic(id);
			break;
		}
		at += bytes;
		left -= bytes;
	}
	return why;
}

static bool ivrs_has_unit(hpa_t registers)
{
	for (unsigned i = 0; i < amd_vi_nr_units; i++) {
		if (amd_vi_units[i].registers == registers)
			return true;
	}
	return false;
}

/* Newer firmware tells of a unit by a block of each type. */
static const char *ivrs_read_unit(const uint8_t *block, uint64_t length_bytes)
{
	uint64_t entries = block[0] == IVHD_TYPE_10 ? IVHD_BYTES_10 : IVHD_BYTES;
	hpa_t registers;
	uint32_t id;
	const char *why;

	if (length_bytes < entries)
		return "a block of the IVRS is too short";
	registers = acpi_get(block + IVHD_BASE, 8);
	id = (uint32_t)acpi_get(block + IVHD_DEVICE_ID, 2);
	if (!ivrs_has_unit(registers)) {
		if (amd_vi_nr_units == AMD_VI_UNITS_MAXIMUM)
			return "there are too many";
		why = iommu_hide_registers(registers, AMD_VI_BYTES);
		if (why == NULL &&
		    (mmio_hardware_read(registers + AMD_VI_FEATURES, 8) & AMD_VI_FEATURE_COUNTERS) != 0)
			why = iommu_hide_registers(registers + AMD_VI_BYTES, AMD_VI_BYTES_COUNTERS - AMD_VI_BYTES);
		if (why == NULL)
			why = iommu_hide_function(
				pci_segment_address((uint16_t)acpi_get(block + IVHD_SEGMENT, 2)) |
				pci_address(id >> 8, id >> 3 & 31, id & 7, 0));
		if (why != NULL)
			return why;
		amd_vi_units[amd_vi_nr_units++] =
			(struct amd_vi_unit){ .registers = registers, .flags = block[IVHD_FLAGS] };
	}
	return ivrs_read_entries(block + entries, length_bytes - entries);
}

/* An exclusion range is one that devices reach untranslated; to us it is memory to be mapped, as the others. */
static const char *ivrs_read_memory(const uint8_t *block, uint64_t length_bytes)
{
	uint64_t start, bytes;

	if (length_bytes < IVMD_BYTES)
		return "a block of the IVRS is too short";
	start = acpi_get(block + IVMD_BASE, 8);
	bytes = acpi_get(block + IVMD_LENGTH, 8);
	return bytes == 0 ? NULL : iommu_keep_range(start, start + bytes - 1);
}

const char *amd_vi_find(const uint8_t *ivrs, uint64_t length_bytes)
{
	uint64_t at = IVRS_BLOCKS;
	const char *why = NULL;

	while (why == NULL && at + IVHD_BYTES_10 <= length_bytes) {
		const uint8_t *block = ivrs + at;
		uint64_t bytes = acpi_get(block + IVRS_BLOCK_LENGTH, 2);

		if (bytes < 4 || bytes > length_bytes - at)
			return "a block of the IVRS ends behind it";
		if (block[0] == IVHD_TYPE_10 || block[0] == IVHD_TYPE_11 || block[0] == IVHD_TYPE_40)
			why = ivrs_read_unit(block, bytes);
		else if (block[0] >= IVMD_TYPE_FIRST && block[0] <= IVMD_TYPE_LAST)
			why = ivrs_read_memory(block, bytes);
		at += bytes;
	}
	if (why == NULL && amd_vi_nr_units == 0)
		why = "the IVRS tells of none";
	return why;
}
