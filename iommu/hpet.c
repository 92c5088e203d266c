/*
 * iommu/hpet.c: QEMU's HPET stores past any IOMMU, at any address below 4 GiB, and whether it says that it can
 * deliver messages or not. So a timer's route register takes what would be an interrupt, and nothing else: each
 * half is looked at by itself, whatever the other is. Written at boot only, so without a lock.
 */
#include "iommu/hpet.h"

#include "core/acpi_tables.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/paging.h"
#include "core/string.h"
#include "rv/errno.h"
#include "vmm/access.h"
#include "vmm/acpi_hide.h"

#define HPETS_MAXIMUM 8

/* ACPI's table (specification, 3.2.4) */
#define HPET_TABLE_SPACE 40
#define HPET_TABLE_BASE 44
#define HPET_TABLE_BYTES 56

/* Registers (2.3) */
#define HPET_BYTES 0x400u
#define HPET_CAPABILITY 0x000u /* r- 12:8: timers, less one */
#define HPET_TIMERS 0x100u     /* the first timer's registers */
#define HPET_TIMER_BYTES 0x20u
#define HPET_ROUTE_VALUE 0x10u /* rw of a timer; 32 bits, as the next */
#define HPET_ROUTE_ADDRESS 0x14u
#define HPET_TIMERS_MAXIMUM ((HPET_BYTES - HPET_TIMERS) / HPET_TIMER_BYTES)

#define MESSAGE_MODE UINT32_C(0x700) /* Intel SDM 3, 11.11.2 */
#define MESSAGE_MODE_LOWEST UINT32_C(0x100)
#define MESSAGES UINT32_C(0xfee00000) /* to FEEF_FFFFh */
#define MESSAGES_MASK UINT32_C(0xfff00ff0) /* 11:4 are reserved; with them it is a local APIC's register */

static struct access_region hpet_regions[HPETS_MAXIMUM];
static size_t hpet_nr_regions;
static bool hpet_is_hidden;

static bool hpet_is_interrupt(uint32_t value)
{
	return (value & MESSAGE_MODE) <= MESSAGE_MODE_LOWEST;
}

/* 0 is what a timer has that delivers none, and the guest's memory. */
static bool hpet_is_message_address(uint32_t address)
{
	return address == 0 || (address & MESSAGES_MASK) == MESSAGES;
}

/* May so much be written there, in a timer's registers? */
static bool hpet_may_write(uint64_t at, uint8_t width_bytes, uint64_t value)
{
	if (at == HPET_ROUTE_ADDRESS)
		return hpet_is_message_address((uint32_t)value);
	return at != HPET_ROUTE_VALUE || (hpet_is_interrupt((uint32_t)value) &&
					  (width_bytes == 4 || hpet_is_message_address((uint32_t)(value >> 32))));
}

/* What is not 32 or 64 bits at such a register is undefined (2.3.1). */
static enum access_result hpet_access(struct access *access, void *context)
{
	const struct access_region *region = context;
	uint64_t offset = access->address - region->first; /* wraps, before the first */
	static bool told;

	if (hpet_is_hidden) {
		access_deny(access);
		return ACCESS_DONE;
	}
	if (!access->write || (access->address + access->width_bytes <= region->first + HPET_TIMERS))
		return ACCESS_PASS;
	if ((access->width_bytes != 4 && access->width_bytes != 8) || offset % access->width_bytes != 0)
		return ACCESS_DONE;
	if (hpet_may_write((offset - HPET_TIMERS) % HPET_TIMER_BYTES, access->width_bytes, access->value))
		return ACCESS_PASS;
	if (!__atomic_exchange_n(&told, true, __ATOMIC_RELAXED))
		log_warning("the guest wants the HPET to store what is no interrupt: refused");
	return ACCESS_DONE;
}

/* What firmware has left there. */
static void hpet_clean(hpa_t base)
{
	unsigned nr_timers = ((uint32_t)mmio_hardware_read(base + HPET_CAPABILITY, 4) >> 8 & 0x1f) + 1;

	for (unsigned i = 0; i < nr_timers && i < HPET_TIMERS_MAXIMUM; i++) {
		hpa_t timer = base + HPET_TIMERS + i * HPET_TIMER_BYTES;

		if (!hpet_is_message_address((uint32_t)mmio_hardware_read(timer + HPET_ROUTE_ADDRESS, 4)))
			mmio_hardware_write(timer + HPET_ROUTE_ADDRESS, 4, 0);
		if (!hpet_is_interrupt((uint32_t)mmio_hardware_read(timer + HPET_ROUTE_VALUE, 4)))
			mmio_hardware_write(timer + HPET_ROUTE_VALUE, 4, 0);
	}
}

static int hpet_guard_one(hpa_t base)
{
	struct access_region *region = &hpet_regions[hpet_nr_regions];
	int error;

	for (size_t i = 0; i < hpet_nr_regions; i++) {
		if (hpet_regions[i].first == base)
			return 0;
	}
	if (base == 0 || base % HPET_BYTES != 0 || base >= paging_direct_bytes || memory_is_ram(base, HPET_BYTES) ||
	    memory_is_reserved(base, HPET_BYTES)) {
		log_warning("ACPI tells of an HPET at 0x%lx, where none can be", base);
		return 0;
	}
	if (hpet_nr_regions == HPETS_MAXIMUM)
		return -RV_ENOSPC;
	*region = (struct access_region){
		.first = base,
		.last = base + HPET_BYTES - 1,
		.handler = hpet_access,
		.context = region,
		.band = BAND_GUARD,
		.writes_only = !hpet_is_hidden,
	};
	error = mmio_register(region);
	if (error != 0)
		return error;
	hpet_nr_regions++;
	hpet_clean(base);
	return 0;
}

static bool hpet_visit(hpa_t hpa, void *context)
{
	uint64_t length_bytes;
	const uint8_t *table = acpi_table(hpa, &length_bytes);

	if (table == NULL || memcmp(table, "HPET", 4) != 0 || length_bytes < HPET_TABLE_BYTES ||
	    table[HPET_TABLE_SPACE] != ACPI_SPACE_MEMORY)
		return false;
	*(int *)context = hpet_guard_one(acpi_get(table + HPET_TABLE_BASE, 8));
	return *(int *)context != 0;
}

int hpet_guard(bool hide)
{
	int error = 0;

	hpet_is_hidden = hide;
	(void)acpi_visit(false, hpet_visit, &error);
	if (hide && error == 0 && hpet_nr_regions != 0 && acpi_hide_tables("HPET") != 0)
		log_info("fast: systems find no HPET, whose writes would exit");
	return error;
}
