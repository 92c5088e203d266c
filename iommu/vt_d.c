/*
 * iommu/vt_d.c: VT-d (Architecture Specification, D51397), in legacy mode. All units have one root table, all
 * its entries lead to one context table, and all entries of that to the same page tables: so every device ID
 * has them.
 *
 * A context entry of type 00b lets no device ask for translations, nor give addresses as translated (9.3:
 * ATS). Interrupts are not remapped: a device's message reaches the CPU that it names as whatever it says.
 */
#include "iommu/vt_d.h"

#include "core/log.h"
#include "core/memory.h"
#include "core/string.h"
#include "iommu/driver.h"
#include "iommu/iommu_map.h"
#include "iommu/vt_d_regs.h"
#include "vmm/access.h"

#define ROOT_ENTRIES 256
#define CONTEXT_ENTRIES 256
#define DOMAIN UINT64_C(1)
#define LEVELS_LEAST 3
#define LEVELS_LEAST_BITS 39 /* of addresses that they tell apart */

static uint64_t *vt_d_root;
static struct iommu_format vt_d_format;

static uint64_t vt_d_page(hpa_t hpa, unsigned level)
{
	return hpa | VT_D_PAGE_READ | VT_D_PAGE_WRITE | (level > 0 ? VT_D_PAGE_LARGE : 0);
}

static uint64_t vt_d_next(hpa_t hpa, unsigned level)
{
	(void)level;
	return hpa | VT_D_PAGE_READ | VT_D_PAGE_WRITE;
}

static uint64_t vt_d_read(hpa_t registers, uint32_t offset)
{
	return mmio_hardware_read(registers + offset, 8);
}

static void vt_d_write(hpa_t registers, uint32_t offset, uint64_t value)
{
	mmio_hardware_write(registers + offset, 8, value);
}

static uint32_t vt_d_status(hpa_t registers)
{
	return (uint32_t)mmio_hardware_read(registers + VT_D_STATUS, 4);
}

/* What all units can. NULL, or what one cannot. */
static const char *vt_d_choose_format(void)
{
	uint64_t all = ~UINT64_C(0);
	unsigned levels = LEVELS_LEAST, width = 64;

	for (unsigned i = 0; i < vt_d_nr_units; i++) {
		uint64_t cap = vt_d_read(vt_d_units[i].registers, VT_D_CAPABILITY);

		all &= cap;
		if (VT_D_CAPABILITY_WIDTH(cap) < width)
			width = VT_D_CAPABILITY_WIDTH(cap);
		if ((vt_d_read(vt_d_units[i].registers, VT_D_EXTENDED_CAPABILITY) & VT_D_EXTENDED_QUEUE) == 0)
			return "it has no invalidation queue";
	}
	if (width > LEVELS_LEAST_BITS || (VT_D_CAPABILITY_LEVELS(all) & 2) == 0)
		levels = LEVELS_LEAST + 1;
	if ((VT_D_CAPABILITY_LEVELS(all) & 1u << (levels - 2)) == 0)
		return "its page tables have neither 3 nor 4 levels";
	vt_d_format = (struct iommu_format){
		.nr_levels = levels,
		.address_bits = width,
		.page_level = (all & VT_D_CAPABILITY_2M) == 0 ? 0 : (all & VT_D_CAPABILITY_1G) == 0 ? 1 : 2,
		.page = vt_d_page,
		.table = vt_d_next,
	};
	return NULL;
}

static const char *vt_d_prepare(void)
{
	const char *why = vt_d_choose_format();
	uint64_t *contexts;
	hpa_t pages;

	if (why != NULL)
		return why;
	vt_d_root = iommu_allocate(1);
	contexts = iommu_allocate(1);
	if (vt_d_root == NULL || contexts == NULL)
		return "no memory for its tables: give more with memory=64M";
	if (iommu_map_create(&vt_d_format, &pages) != 0)
		return "its page tables cannot map the memory, or there is none for them";
	for (unsigned i = 0; i < CONTEXT_ENTRIES; i++) {
		contexts[2 * i] = pages | VT_D_ENTRY_PRESENT | VT_D_CONTEXT_NO_FAULTS;
		contexts[2 * i + 1] = DOMAIN << VT_D_CONTEXT_DOMAIN_SHIFT | (vt_d_format.nr_levels - 2);
	}
	iommu_flush(contexts, PAGE_BYTES);
	for (unsigned i = 0; i < ROOT_ENTRIES; i++)
		vt_d_root[2 * i] = memory_physical(contexts) | VT_D_ENTRY_PRESENT;
	iommu_flush(vt_d_root, PAGE_BYTES);
	return NULL;
}

/* Sets or clears bits of the command register (11.4.4.1); they are set in the status when it is done. */
static bool vt_d_command(hpa_t registers, uint32_t set, uint32_t clear)
{
	uint32_t command = (vt_d_status(registers) & VT_D_STAYS & ~clear) | set;

	mmio_hardware_write(registers + VT_D_COMMAND, 4, command);
	return iommu_wait(registers + VT_D_STATUS, 4, set | clear, set);
}

/* A queue that the firmware has is left when it is empty (6.5.2). */
static bool vt_d_set_queue(hpa_t registers, const uint64_t *queue)
{
	if ((vt_d_status(registers) & VT_D_QUEUED) != 0 &&
	    (!iommu_wait(registers + VT_D_QUEUE_HEAD, 8, ~UINT64_C(0), vt_d_read(registers, VT_D_QUEUE_TAIL)) ||
	     !vt_d_command(registers, 0, VT_D_QUEUED)))
		return false;
	vt_d_write(registers, VT_D_QUEUE_TAIL, 0);
	vt_d_write(registers, VT_D_QUEUE, memory_physical(queue));
	return vt_d_command(registers, VT_D_QUEUED, 0);
}

/* Has it forget what it keeps of the firmware's tables, and waits for that: the queue alone keeps no order
 * (6.5.2). number: of the request in the queue, from 0. */
static bool vt_d_invalidate(hpa_t registers, uint64_t *queue, unsigned number, uint64_t what)
{
	uint64_t *done = queue + PAGE_BYTES / sizeof(*queue);
	const uint64_t descriptors[] = {
		what, 0,
		VT_D_QUEUE_WAIT | UINT64_C(1) << 32, memory_physical(done),
	};

	*done = 0;
	iommu_flush(done, sizeof(*done));
	memcpy((uint8_t *)queue + number * sizeof(descriptors), descriptors, sizeof(descriptors));
	iommu_flush(queue, PAGE_BYTES);
	vt_d_write(registers, VT_D_QUEUE_TAIL, (number + 1) * sizeof(descriptors));
	return iommu_wait_memory(done, 1);
}

/* They keep devices from memory while nothing is translated (11.4.8.1), and from the guest's as well. */
static bool vt_d_end_protected_regions(hpa_t registers)
{
	if ((vt_d_read(registers, VT_D_CAPABILITY) & VT_D_CAPABILITY_PROTECTED) == 0)
		return true;
	mmio_hardware_write(registers + VT_D_PROTECTED, 4, 0);
	return iommu_wait(registers + VT_D_PROTECTED, 4, VT_D_PROTECTED_STATUS, 0);
}

/* Translation that is on stays on: it has the old tables, or ours (6.6). */
static const char *vt_d_start_unit(unsigned index, uint64_t *queue)
{
	hpa_t registers = vt_d_units[index].registers;
	uint32_t status = vt_d_status(registers);

	if ((status & VT_D_TRANSLATION) != 0 && VT_D_ROOT_MODE(vt_d_read(registers, VT_D_ROOT)) != 0)
		return "the firmware has it translate in a mode that cannot be changed meanwhile";
	mmio_hardware_write(registers + VT_D_FAULT_CONTROL, 4, VT_D_FAULT_MASKED);
	if ((vt_d_read(registers, VT_D_CAPABILITY) & VT_D_CAPABILITY_WRITE_BUFFER) != 0) {
		mmio_hardware_write(registers + VT_D_COMMAND, 4,
				    (status & VT_D_STAYS) | VT_D_FLUSH_WRITE_BUFFER);
		if (!iommu_wait(registers + VT_D_STATUS, 4, VT_D_FLUSH_WRITE_BUFFER, 0))
			return "it does not flush its write buffer";
	}
	if (!vt_d_set_queue(registers, queue))
		return "it does not take an invalidation queue";
	vt_d_write(registers, VT_D_ROOT, memory_physical(vt_d_root));
	if (!vt_d_command(registers, VT_D_SET_ROOT, 0))
		return "it does not take a root table";
	if (!vt_d_invalidate(registers, queue, 0, VT_D_INVALIDATE_CONTEXTS) ||
	    !vt_d_invalidate(registers, queue, 1, VT_D_INVALIDATE_PAGES))
		return "it does not invalidate";
	if (!vt_d_command(registers, VT_D_TRANSLATION, 0))
		return "it does not translate";
	if (!vt_d_end_protected_regions(registers))
		return "its protected regions cannot be switched off";
	/* Interrupts that are remapped by the firmware's table would stay so for a guest that finds none. */
	if ((status & VT_D_INTERRUPT_REMAPPING) != 0) {
		log_notice("IOMMU: the firmware had interrupts remapped: no longer");
		if (!vt_d_command(registers, 0, VT_D_INTERRUPT_REMAPPING))
			return "it does not stop remapping interrupts";
	}
	return NULL;
}

static unsigned vt_d_count(void)
{
	return vt_d_nr_units;
}

const struct iommu_driver vt_d_driver = {
	.name = "VT-d",
	.signature = "DMAR",
	.find = vt_d_find,
	.prepare = vt_d_prepare,
	.count = vt_d_count,
	.start_unit = vt_d_start_unit,
	.answer = vt_d_answer,
};
