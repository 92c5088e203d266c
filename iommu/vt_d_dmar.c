/*
 * iommu/vt_d_dmar.c: owns the reading of the DMAR (VT-d specification, chapter 8): its units, and the memory
 * that devices must reach.
 */
#include "iommu/vt_d.h"

#include "core/acpi_tables.h"
#include "iommu/driver.h"
#include "iommu/vt_d_regs.h"
#include "vmm/access.h"

struct vt_d_unit vt_d_units[VT_D_UNITS_MAXIMUM];
unsigned vt_d_nr_units;

/* Where the last of its registers ends: some are where the capabilities say. */
static uint64_t dmar_unit_bytes(hpa_t registers, uint8_t size)
{
	uint64_t cap = mmio_hardware_read(registers + VT_D_CAPABILITY, 8);
	uint64_t ecap = mmio_hardware_read(registers + VT_D_EXTENDED_CAPABILITY, 8);
	uint64_t bytes = PAGE_BYTES << (size & 0xf);
	uint64_t faults = VT_D_CAPABILITY_FAULTS(cap) + 16 * VT_D_CAPABILITY_NR_FAULTS(cap);
	uint64_t iotlb = VT_D_EXTENDED_IOTLB(ecap) + 16;

	bytes = bytes < faults ? faults : bytes;
	bytes = bytes < iotlb ? iotlb : bytes;
	return align_up(bytes, PAGE_BYTES);
}

static const char *dmar_read_unit(const uint8_t *structure, uint64_t length_bytes)
{
	hpa_t registers;
	uint32_t status;
	const char *why;

	if (length_bytes < DMAR_UNIT_BYTES)
		return "a structure of the DMAR is too short";
	if (vt_d_nr_units == VT_D_UNITS_MAXIMUM)
		return "there are too many";
	registers = acpi_get(structure + DMAR_UNIT_BASE, 8);
	why = iommu_hide_registers(registers, dmar_unit_bytes(registers, structure[DMAR_UNIT_SIZE]));
	if (why != NULL)
		return why;
	status = (uint32_t)mmio_hardware_read(registers + VT_D_STATUS, 4);
	vt_d_units[vt_d_nr_units++] = (struct vt_d_unit){
		.registers = registers,
		.was_on = (status & VT_D_TRANSLATION) != 0,
		.status = status,
		.queue_tail = mmio_hardware_read(registers + VT_D_QUEUE_TAIL, 8),
	};
	return NULL;
}

static const char *dmar_read_memory(const uint8_t *structure, uint64_t length_bytes)
{
	if (length_bytes < DMAR_MEMORY_BYTES)
		return "a structure of the DMAR is too short";
	return iommu_keep_range(acpi_get(structure + DMAR_MEMORY_FIRST, 8),
				acpi_get(structure + DMAR_MEMORY_LAST, 8));
}

const char *vt_d_find(const uint8_t *dmar, uint64_t length_bytes)
{
	uint64_t at = DMAR_STRUCTURES;
	const char *why = NULL;

	while (why == NULL && at + 4 <= length_bytes) {
		uint64_t type = acpi_get(dmar + at, 2);
		uint64_t bytes = acpi_get(dmar + at + DMAR_STRUCTURE_LENGTH, 2);

		if (bytes < 4 || bytes > length_bytes - at)
			return "a structure of the DMAR ends behind it";
		if (type == DMAR_TYPE_UNIT)
			why = dmar_read_unit(dmar + at, bytes);
		else if (type == DMAR_TYPE_RESERVED_MEMORY)
			why = dmar_read_memory(dmar + at, bytes);
		at += bytes;
	}
	if (why == NULL && vt_d_nr_units == 0)
		why = "the DMAR tells of none";
	return why;
}
