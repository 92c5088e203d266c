/*
 * vmm/startup_watch.c: the local APIC is intercepted for its interrupt command register, for LDR and DFR,
 * which tell whom logical destinations mean, and for its ID, which stays. Its MSRs of x2APIC mode have one for IPIs alone.
 * startup_watch_lock guards the pages.
 */
#include "vmm/startup_watch.h"

#include "core/apic.h"
#include "core/cpu.h"
#include "core/log.h"
#include "core/spinlock.h"
#include "rv/errno.h"
#include "vmm/access.h"
#include "vmm/mmio_direct.h"
#include "vmm/vcpu.h"

#define WATCH_PAGES_MAXIMUM 8

static enum access_result watch_page_access(struct access *access, void *context);
static enum access_result watch_msr_access(struct access *access, void *context);
static enum access_result watch_base_access(struct access *access, void *context);

static struct spinlock startup_watch_lock;
/* Where local APICs answer: each CPU's may be elsewhere. */
static struct access_region watch_pages[WATCH_PAGES_MAXIMUM];
static uint32_t watch_nr_pages;
static struct access_region watch_msr = {
	.first = APIC_X2APIC_MSR + (APIC_ICR_LOW >> 4),
	.last = APIC_X2APIC_MSR + (APIC_ICR_LOW >> 4),
	.handler = watch_msr_access,
	.guard = true,
};
static struct access_region watch_base = {
	.first = MSR_APIC_BASE,
	.last = MSR_APIC_BASE,
	.handler = watch_base_access,
	.guard = true,
};

static bool watch_in_x2apic_mode(void)
{
	return (msr_read(MSR_APIC_BASE) & APIC_BASE_X2APIC) != 0;
}

static bool watch_touches(const struct access *access, uint32_t offset)
{
	uint64_t at = access->address & PAGE_MASK;

	return at < offset + APIC_REGISTER_BYTES && at + access->width_bytes > offset;
}

static enum access_result watch_page_access(struct access *access, void *context)
{
	static const uint32_t registers[] = { APIC_MESSAGES, APIC_ID, APIC_LDR, APIC_DFR, APIC_ICR_LOW };
	uint64_t offset = access->address & PAGE_MASK;
	const volatile uint32_t *page = memory_direct(access->address - offset);
	struct cpu *cpu = access->vcpu->cpu;
	bool touched = false;

	(void)context;
	for (size_t i = 0; i < ARRAY_LENGTH(registers); i++)
		touched |= watch_touches(access, registers[i]);
	/* In x2APIC mode the page is nothing. */
	if (!access->write || !touched || watch_in_x2apic_mode())
		return ACCESS_PASS;
	/* What is no plain write of the register is undefined (AMD APM v2 16.3.2, Intel SDM 3 11.4.1),
	 * and some take it for one. */
	if (offset % APIC_REGISTER_BYTES != 0 || access->width_bytes != 4)
		return ACCESS_DONE;
	if (offset == APIC_ICR_LOW) {
		uint64_t command = (uint64_t)page[APIC_ICR_HIGH / 4] << 32 | access->value;

		return startup_send(access->vcpu, command, false) ? ACCESS_DONE : ACCESS_PASS;
	}
	/* By the ID it has, its CPU hears of changes; most CPUs' cannot be written either. The other is
	 * reserved, and QEMU takes it for an address of messages. */
	if (offset == APIC_ID || offset == APIC_MESSAGES)
		return ACCESS_DONE;
	if (offset == APIC_LDR)
		cpu->logical_destination = (uint32_t)access->value;
	else
		cpu->destination_format = (uint32_t)access->value;
	return ACCESS_PASS;
}

/* In any other mode there is no such MSR, and the guest gets its #GP. */
static enum access_result watch_msr_access(struct access *access, void *context)
{
	(void)context;
	return watch_in_x2apic_mode() && startup_send(access->vcpu, access->value, true) ? ACCESS_DONE
											   : ACCESS_PASS;
}

/* What exits most, and needs no look: the end of an interrupt, the timer, the priority, and IPIs that are
 * interrupts or NMIs. In x2APIC mode the page is nothing, and a store there is lost. */
static bool watch_store(gpa_t gpa, uint32_t value)
{
	uint32_t mode = value & APIC_ICR_MODE_MASK;

	switch (gpa & PAGE_MASK) {
	case APIC_ICR_LOW:
		if (mode != APIC_ICR_FIXED && mode != APIC_ICR_LOWEST && mode != APIC_ICR_NMI)
			return false;
		break;
	case APIC_EOI:
	case APIC_TIMER_INITIAL:
	case APIC_LVT_TIMER:
	case APIC_TPR:
	case APIC_ICR_HIGH:
		break;
	default:
		return false;
	}
	*(volatile uint32_t *)memory_direct(gpa) = value;
	return true;
}

bool startup_watch_has_page(gpa_t page)
{
	for (uint32_t i = 0; i < watch_nr_pages; i++) {
		if (watch_pages[i].first == page)
			return true;
	}
	return false;
}

static int watch_page(uint64_t base)
{
	struct access_region *region = &watch_pages[watch_nr_pages];
	gpa_t page = base & APIC_BASE_ADDRESS;
	int error;

	if (startup_watch_has_page(page))
		return 0;
	/* In RAM not every instruction comes to us (vmm/mmio_step.c). */
	if (watch_nr_pages == WATCH_PAGES_MAXIMUM || memory_is_ram(page, PAGE_BYTES))
		return -RV_ENOSPC;
	region->first = page;
	region->last = page + PAGE_BYTES - 1;
	region->handler = watch_page_access;
	region->guard = true;
	region->writes_only = true;
	/* It is the boot CPU's, and everybody's who has not moved it. */
	if (watch_nr_pages == 0)
		mmio_direct_set(page, watch_store);
	error = mmio_register(region);
	if (error == 0)
		watch_nr_pages++;
	return error;
}

/* A CPU's page moves, or gives way to MSRs, when the guest says so. The others' stay where they are. */
static enum access_result watch_base_access(struct access *access, void *context)
{
	int error;

	(void)context;
	spinlock_acquire(&startup_watch_lock);
	error = watch_page(access->value);
	spinlock_release(&startup_watch_lock);
	if (error == 0)
		return ACCESS_PASS;
	log_warning("the guest moves its local APIC to 0x%lx, which cannot be watched: refused",
		    access->value & APIC_BASE_ADDRESS);
	access->fault = true;
	return ACCESS_DONE;
}

int startup_watch_begin(void)
{
	int error = watch_page(msr_read(MSR_APIC_BASE));

	if (error == 0)
		error = msr_register(&watch_msr, false, true);
	if (error == 0)
		error = msr_register(&watch_base, false, true);
	return error;
}

void startup_watch_end(void)
{
	spinlock_acquire(&startup_watch_lock);
	while (watch_nr_pages != 0)
		mmio_unregister(&watch_pages[--watch_nr_pages]);
	spinlock_release(&startup_watch_lock);
	msr_unregister(&watch_base, false, true);
}
