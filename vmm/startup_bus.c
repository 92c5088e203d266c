/*
 * vmm/startup_bus.c: the range of message-signalled interrupts, as a CPU's stores reach it, and the I/O
 * APICs' redirection entries. startup_bus_lock keeps an I/O APIC's index as it is while its data is written.
 *
 * An MSI that a device sends is not seen: for that an IOMMU would have to remap interrupts.
 */
#include "vmm/startup_bus.h"

#include "core/acpi.h"
#include "core/apic.h"
#include "core/log.h"
#include "core/spinlock.h"
#include "rv/errno.h"
#include "vmm/access.h"

/* AMD APM v2 16.11, Intel SDM 3 11.11.1: FEE0_0000 to FEEF_FFFF; the first page is the local APIC's. */
#define MESSAGES_FIRST UINT64_C(0xfee01000)
#define MESSAGES_LAST UINT64_C(0xfeefffff)

/* 82093AA I/O APIC, 3.1 and 3.2.4 */
#define IO_APIC_SELECT 0x00u	  /* rw */
#define IO_APIC_WINDOW 0x10u	  /* rw what is selected */
#define IO_APIC_EOI 0x40u	  /* -w from version 0x20 on */
#define IO_APIC_REDIRECTION 0x10u /* the first; two registers each, the low one first */
#define IO_APIC_MASKED UINT32_C(0x10000)
#define IO_APIC_MODE_MASK UINT32_C(0x700)
#define IO_APIC_MODE_SMI UINT32_C(0x200)
#define IO_APIC_MODE_INIT UINT32_C(0x500)
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

/* The write is performed here, so that no other comes between the look at the index and it. */
static enum access_result bus_io_apic_access(struct access *access, void *context)
{
	uint64_t offset = access->address & PAGE_MASK, page = access->address & ~PAGE_MASK;
	uint32_t value = (uint32_t)access->value;

	(void)context;
	if (!access->write)
		return ACCESS_PASS;
	/* Others are none, or reserved. */
	if (access->width_bytes != 4 ||
	    (offset != IO_APIC_SELECT && offset != IO_APIC_WINDOW && offset != IO_APIC_EOI))
		return ACCESS_DONE;
	spinlock_acquire(&startup_bus_lock);
	if (offset == IO_APIC_WINDOW) {
		uint32_t index = (uint32_t)mmio_hardware_read(page + IO_APIC_SELECT, 4) & 0xff;

		if (index >= IO_APIC_REDIRECTION && (index & 1) == 0)
			value = bus_checked_entry(value);
	}
	mmio_hardware_write(access->address, 4, value);
	spinlock_release(&startup_bus_lock);
	return ACCESS_DONE;
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
