/*
 * iommu/amd_vi_interrupts.c: no device interrupts by a message (IV = 1, IntCtl = 0: an interrupt is aborted, and INITs,
 * NMIs and ExtINTs do not pass), but the I/O APIC, whose interrupts are looked up in a table.
 *
 * To pass interrupts as they are, and stop the rest (IntCtl = 1), would do with less; QEMU loses their vectors there.
 * And QEMU takes a message that is plain DMA of a device for one of the I/O APIC's, so it must not pass as it is
 * either: by the table it is one of the interrupts that the guest has given to the pins.
 *
 * The lock of vmm/startup_bus.c guards the table.
 */
#include "iommu/amd_vi.h"

#include "core/log.h"
#include "core/memory.h"
#include "iommu/amd_vi_regs.h"
#include "iommu/driver.h"
#include "iommu/iommu_map.h"
#include "vmm/startup_bus.h"

#define TABLE_PAGES 2	/* all that a message's 11 bits name, whatever its length is */
#define TABLE_LENGTH 5u /* 32 entries: IO_APIC_PINS_MAXIMUM */

_Static_assert(1u << TABLE_LENGTH == IO_APIC_PINS_MAXIMUM, "an entry for each pin");

static volatile uint32_t *interrupts_table;

static void interrupts_set(unsigned index, const struct io_apic_interrupt *interrupt)
{
	uint32_t entry = 0;

	if (interrupt->valid)
		entry = AMD_VI_INTERRUPT_VALID | (interrupt->lowest ? AMD_VI_INTERRUPT_LOWEST : 0) |
			(interrupt->logical ? AMD_VI_INTERRUPT_LOGICAL : 0) |
			(uint32_t)interrupt->destination << AMD_VI_INTERRUPT_DESTINATION_SHIFT |
			(uint32_t)interrupt->vector << AMD_VI_INTERRUPT_VECTOR_SHIFT;
	if (interrupts_table[index] == entry)
		return;
	interrupts_table[index] = entry;
	iommu_flush(&interrupts_table[index], sizeof(entry));
	if (!amd_vi_command_all(AMD_VI_COMMAND_INVALIDATE_INTERRUPTS | amd_vi_io_apics[0], 0))
		log_error("IOMMU: AMD-Vi does not forget an interrupt of the I/O APIC");
}

const char *amd_vi_refuse_messages(void)
{
	const char *why = startup_bus_cannot_remap();
	uint64_t *entry;

	if (why != NULL)
		return why;
	if (amd_vi_nr_io_apics != 1)
		return "the IVRS does not tell of one I/O APIC";
	interrupts_table = iommu_allocate(TABLE_PAGES);
	if (interrupts_table == NULL)
		return "no memory for a table of interrupts";
	for (uint32_t id = 0; id < AMD_VI_DEVICES; id++)
		amd_vi_table[id * AMD_VI_DEVICE_WORDS + 2] |= AMD_VI_DEVICE_INTERRUPTS;
	entry = &amd_vi_table[amd_vi_io_apics[0] * AMD_VI_DEVICE_WORDS + 2];
	*entry |= AMD_VI_DEVICE_LOOK_UP | memory_physical((const void *)(uintptr_t)interrupts_table) |
		  TABLE_LENGTH << AMD_VI_DEVICE_TABLE_LENGTH_SHIFT;
	iommu_flush(amd_vi_table, AMD_VI_DEVICES * AMD_VI_DEVICE_WORDS * sizeof(uint64_t));
	return NULL;
}

const char *amd_vi_begin_refusing(void)
{
	return startup_bus_remap(interrupts_set) == 0 ? NULL : "there is no memory to watch the I/O APIC";
}
