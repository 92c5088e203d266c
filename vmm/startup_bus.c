/*
 * vmm/startup_bus.c: the range of message-signalled interrupts, as a CPU's stores reach it, and the I/O
 * APICs' redirection entries. startup_bus_lock keeps an I/O APIC's index as it is while its data is written.
 *
 * A message that a device sends is not seen; an IOMMU may refuse it (iommu/amd_vi.c).
 */
#include "vmm/startup_bus.h"

#include "core/acpi.h"
#include "core/apic.h"
#include "core/instructions.h"
#include "core/log.h"
#include "core/spinlock.h"
#include "rv/errno.h"
#include "vmm/access.h"
#include "vmm/io_apic_regs.h"
#include "vmm/io_apic_remap.h"

/* AMD APM v2 16.11, Intel SDM 3 11.11.1: FEE0_0000 to FEEF_FFFF; the first page is the local APIC's. */
#define MESSAGES_FIRST UINT64_C(0xfee01000)
#define MESSAGES_LAST UINT64_C(0xfeefffff)

#define CPUID_1_ECX_X2APIC UINT32_C(0x200000)
#define IO_APICS_MAXIMUM 16

static struct spinlock startup_bus_lock;
static struct access_region bus_io_apics[IO_APICS_MAXIMUM];
static uint32_t bus_nr_io_apics;

/* As of a device that is not there: no local APIC is here, nor comes (vmm/startup_watch.c). */
static enum access_result bus_message_access(struct access *access, void *context)
{
	(void)context;
	access_deny(access);
	return ACCESS_DONE;
}

/* An entry that would deliver an INIT or an SMI stays masked. */
static uint32_t bus_checked_entry(uint32_t value)
{
	static bool told;
	uint32_t mode = value & IO_APIC_MODE_MASK;

	if (mode != IO_APIC_MODE_INIT && mode != IO_APIC_MODE_SMI)
		return value;
	if (!(value & IO_APIC_MASKED) && !__atomic_exchange_n(&told, true, __ATOMIC_RELAXED))
		log_warning("the guest wants an I/O APIC to send INITs or SMIs: masked");
	return value | IO_APIC_MASKED;
}

static void bus_io_apic_write(uint64_t page, uint64_t offset, uint32_t value)
{
	uint32_t index = 0;

	if (offset == IO_APIC_WINDOW) {
		index = (uint32_t)mmio_hardware_read(page + IO_APIC_SELECT, 4) & 0xff;
		if (index >= IO_APIC_REDIRECTION && (index & 1) == 0)
			value = bus_checked_entry(value);
		if (io_apic_is_remapped && io_apic_remap_write(index, value))
			return;
	}
	if (offset == IO_APIC_EOI && io_apic_is_remapped)
		io_apic_remap_end((uint8_t)value);
	else
		mmio_hardware_write(page + offset, 4, value);
}

static void bus_io_apic_read(struct access *access, uint64_t page, uint64_t offset)
{
	uint32_t value;

	if (offset != IO_APIC_WINDOW ||
	    !io_apic_remap_read((uint32_t)mmio_hardware_read(page + IO_APIC_SELECT, 4) & 0xff, &value))
		return;
	access->value = value & access_mask(access);
	access_answer(access);
}

/* The write is performed here, so that no other comes between the look at the index and it. */
static enum access_result bus_io_apic_access(struct access *access, void *context)
{
	uint64_t offset = access->address & PAGE_MASK, page = access->address & ~PAGE_MASK;

	(void)context;
	/* Others are none, or reserved. */
	if (access->write && (access->width_bytes != 4 || (offset != IO_APIC_SELECT && offset != IO_APIC_WINDOW &&
							   offset != IO_APIC_EOI)))
		return ACCESS_DONE;
	spinlock_acquire(&startup_bus_lock);
	if (access->write)
		bus_io_apic_write(page, offset, (uint32_t)access->value);
	else if (io_apic_is_remapped && !access->resolved)
		bus_io_apic_read(access, page, offset);
	spinlock_release(&startup_bus_lock);
	return access->write ? ACCESS_DONE : ACCESS_PASS;
}

static int bus_watch_io_apic(hpa_t page)
{
	struct access_region *region = &bus_io_apics[bus_nr_io_apics];

	for (uint32_t i = 0; i < bus_nr_io_apics; i++) {
		if (bus_io_apics[i].first == page)
			return 0;
	}
	if (bus_nr_io_apics == IO_APICS_MAXIMUM)
		return -RV_ENOSPC;
	region->first = page;
	region->last = page + PAGE_MASK;
	region->handler = bus_io_apic_access;
	region->writes_only = true;
	region->band = BAND_GUARD;
	bus_nr_io_apics++;
	return mmio_register(region);
}

int startup_bus_begin(void)
{
	static struct access_region messages = {
		.first = MESSAGES_FIRST,
		.last = MESSAGES_LAST,
		.handler = bus_message_access,
		.band = BAND_GUARD,
	};
	int error = mmio_register(&messages);

	return error == 0 ? acpi_visit_io_apics(bus_watch_io_apic) : error;
}

const char *startup_bus_cannot_remap(void)
{
	if (bus_nr_io_apics != 1)
		return "there is not one I/O APIC";
	if (cpuid_query(1, 0).ecx & CPUID_1_ECX_X2APIC)
		return "the CPU has x2APIC mode, in which the end of an interrupt does not exit";
	return io_apic_cannot_remap(bus_io_apics[0].first);
}

int startup_bus_remap(io_apic_set set)
{
	int error;

	mmio_unregister(&bus_io_apics[0]);
	bus_io_apics[0].writes_only = false;
	error = mmio_register(&bus_io_apics[0]);
	if (error != 0)
		return error;
	spinlock_acquire(&startup_bus_lock);
	io_apic_begin_remapping(set);
	spinlock_release(&startup_bus_lock);
	return 0;
}

void startup_bus_forget(void)
{
	spinlock_acquire(&startup_bus_lock);
	if (io_apic_is_remapped)
		io_apic_remap_forget();
	spinlock_release(&startup_bus_lock);
}

void startup_bus_end_interrupt(uint8_t vector)
{
	spinlock_acquire(&startup_bus_lock);
	io_apic_remap_end(vector);
	spinlock_release(&startup_bus_lock);
}
