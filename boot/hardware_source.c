/*
 * boot/hardware_source.c: the hardware report of the machine that we run on, into the log.
 */
#include "boot/hardware_check.h"

#include "boot/uefi_entry.h"
#include "core/acpi.h"
#include "core/cpu.h"
#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "vmm/access.h"

#define PCI_FUNCTIONS 0x10000u
#define PCI_ID 0x00
#define PCI_CLASS 0x08
#define PCI_HEADER_TYPE 0x0e
#define PCI_MULTIFUNCTION 0x80u

static void source_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t registers[4])
{
	struct cpuid_result result = cpuid_query(leaf, subleaf);

	registers[0] = result.eax;
	registers[1] = result.ebx;
	registers[2] = result.ecx;
	registers[3] = result.edx;
}

static enum hardware_answer source_msr(uint32_t msr, uint64_t *value)
{
	return msr_read_safe(msr, value) ? HARDWARE_YES : HARDWARE_NO;
}

static enum hardware_answer source_acpi_table(const char *signature)
{
	return acpi_find_table(signature) != NULL ? HARDWARE_YES : HARDWARE_NO;
}

/* Called with 0, 1, 2, ...: goes on where it found the one before. */
static bool source_pci(size_t index, struct hardware_pci *out)
{
	static uint32_t next;

	if (index == 0)
		next = 0;
	while (next < PCI_FUNCTIONS) {
		uint8_t bus = (uint8_t)(next >> 8), device = next >> 3 & 0x1f, function = next & 7;
		uint32_t id = pci_hardware_read(pci_address(bus, device, function, PCI_ID), 4);
		uint64_t header = pci_address(bus, device, function, PCI_HEADER_TYPE);

		if (id == UINT32_MAX) {
			next += function == 0 ? 8 : 1;
			continue;
		}
		next += function == 0 && !(pci_hardware_read(header, 1) & PCI_MULTIFUNCTION) ? 8 : 1;
		*out = (struct hardware_pci){
			.bus = bus,
			.device = device,
			.function = function,
			.vendor_id = (uint16_t)id,
			.device_id = (uint16_t)(id >> 16),
			.class_code = pci_hardware_read(pci_address(bus, device, function, PCI_CLASS),
							4) >> 8,
		};
		return true;
	}
	return false;
}

static void source_emit(const struct hardware_line *line, void *context)
{
	const bool *all = context;

	if (!*all && line->status != HARDWARE_FAIL)
		return;
	log_notice("hardware: %-4s %s", hardware_status_word(line->status), line->text);
	if (line->advice[0] != '\0')
		log_notice("hardware:      %s", line->advice);
}

void hardware_report(const struct e820_entry *map, size_t nr_map, bool all)
{
	const struct hardware_source source = {
		.cpuid = source_cpuid,
		.msr = source_msr,
		.acpi_table = source_acpi_table,
		.pci = source_pci,
		.map = map,
		.nr_map = nr_map,
		.map_advice = "the firmware gave no memory map",
		.reserved_start = memory_reserved_start,
		.reserved_bytes = memory_reserved_bytes,
		.nr_cpus = cpus_count,
		.firmware = uefi_is_present() ? "UEFI" : "BIOS",
		.secure_boot = HARDWARE_UNKNOWN,
	};

	(void)hardware_check(&source, source_emit, &all);
}
