/*
 * vmm/startup_watch.c: the local APIC is intercepted for its interrupt command register, for LDR and DFR,
 * which tell whom logical destinations mean, for its ID, which stays, and for local vectors that would
 * deliver an INIT or an SMI. Its MSRs of x2APIC mode have one for IPIs alone.
 *
 * All local APICs answer at one page, where the firmware left the boot CPU's, and stay there. A store of a
 * CPU whose own is elsewhere would be taken for a message (vmm/startup_bus.c).
 */
#include "vmm/startup_watch.h"

#include "core/apic.h"
#include "core/cpu.h"
#include "core/log.h"
#include "core/memory.h"
#include "rv/errno.h"
#include "vmm/access.h"
#include "vmm/apic_timer.h"
#include "vmm/mmio_direct.h"
#include "vmm/startup_bus.h"
#include "vmm/vcpu.h"

static enum access_result watch_page_access(struct access *access, void *context);
static enum access_result watch_msr_access(struct access *access, void *context);
static enum access_result watch_base_access(struct access *access, void *context);

static struct access_region watch_page = {
	.handler = watch_page_access,
	.band = BAND_GUARD,
	.writes_only = true,
};
static struct access_region watch_msr = {
	.first = APIC_X2APIC_MSR + (APIC_ICR_LOW >> 4),
	.last = APIC_X2APIC_MSR + (APIC_ICR_LOW >> 4),
	.handler = watch_msr_access,
	.band = BAND_GUARD,
};
static struct access_region watch_base = {
	.first = MSR_APIC_BASE,
	.last = MSR_APIC_BASE,
	.handler = watch_base_access,
	.band = BAND_GUARD,
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

/* Those of AMD's extended space take no INIT (APM v2 16.7.1). The timer's and the error's have no such field,
 * which does not keep QEMU from looking at it. */
static bool watch_is_local_vector(uint32_t offset)
{
	return offset == APIC_LVT_CMCI || (offset >= APIC_LVT_TIMER && offset <= APIC_LVT_ERROR);
}

static bool watch_is_bad_vector(uint64_t value)
{
	uint64_t mode = value & APIC_LVT_DELIVERY_MASK;

	return mode == APIC_ICR_INIT || mode == APIC_ICR_SMI;
}

/* The one with the highest vector ends. 0: none is in service. */
static uint8_t watch_in_service(const volatile uint32_t *page)
{
	for (unsigned i = 8; i-- > 0;) {
		uint32_t vectors = page[(APIC_ISR + i * APIC_REGISTER_BYTES) / 4];

		if (vectors != 0)
			return (uint8_t)(32 * i + 31 - (unsigned)__builtin_clz(vectors));
	}
	return 0;
}

/* An I/O APIC that sends indices does not hear of it by itself. */
static void watch_end_interrupt(volatile uint32_t *page, uint32_t value)
{
	uint8_t vector = watch_in_service(page);

	page[APIC_EOI / 4] = value;
	startup_bus_end_interrupt(vector);
}

static enum access_result watch_page_access(struct access *access, void *context)
{
	static const uint32_t registers[] = {
		APIC_MESSAGES, APIC_ID,		  APIC_LDR,	  APIC_DFR,	  APIC_ICR_LOW,
		APIC_LVT_CMCI, APIC_LVT_TIMER, APIC_LVT_THERMAL, APIC_LVT_PERFORMANCE, APIC_LVT_LINT0,
		APIC_LVT_LINT1, APIC_LVT_ERROR,
	};
	uint64_t offset = access->address & PAGE_MASK;
	volatile uint32_t *page = memory_direct(access->address - offset);
	struct vcpu *vcpu = access->vcpu;
	bool touched = false;

	(void)context;
	for (size_t i = 0; i < ARRAY_LENGTH(registers); i++)
		touched |= watch_touches(access, registers[i]);
	touched |= io_apic_is_remapped && watch_touches(access, APIC_EOI);
	/* In x2APIC mode the page is nothing. */
	if (!access->write || !touched || watch_in_x2apic_mode())
		return ACCESS_PASS;
	/* What is no plain write of the register is undefined (AMD APM v2 16.3.2, Intel SDM 3 11.4.1),
	 * and some take it for one. */
	if (offset % APIC_REGISTER_BYTES != 0 || access->width_bytes != 4)
		return ACCESS_DONE;
	if (offset == APIC_EOI) {
		watch_end_interrupt(page, (uint32_t)access->value);
		return ACCESS_DONE;
	}
	if (offset == APIC_ICR_LOW) {
		uint64_t command = (uint64_t)page[APIC_ICR_HIGH / 4] << 32 | access->value;

		return startup_send(vcpu, command, false) ? ACCESS_DONE : ACCESS_PASS;
	}
	/* By the ID it has, its CPU hears of changes; most CPUs' cannot be written either. The other is
	 * reserved, and QEMU takes it for an address of messages. */
	if (offset == APIC_ID || offset == APIC_MESSAGES)
		return ACCESS_DONE;
	/* A local vector that would deliver an INIT or an SMI stays masked. */
	if (watch_is_local_vector((uint32_t)offset))
		access->value |= watch_is_bad_vector(access->value) ? APIC_LVT_MASKED : 0;
	else if (offset == APIC_LDR)
		vcpu->logical_destination = (uint32_t)access->value;
	else
		vcpu->destination_format = (uint32_t)access->value;
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
	case APIC_LVT_TIMER:
		if (apic_timer_is_claimed || watch_is_bad_vector(value))
			return false;
		break;
	case APIC_TIMER_INITIAL:
		if (apic_timer_is_claimed)
			return false;
		break;
	case APIC_EOI:
		if (!io_apic_is_remapped)
			break;
		watch_end_interrupt(memory_direct(gpa & ~PAGE_MASK), value);
		return true;
	case APIC_TPR:
	case APIC_ICR_HIGH:
		break;
	default:
		return false;
	}
	*(volatile uint32_t *)memory_direct(gpa) = value;
	return true;
}

/* Its mode may change, its place not; the CPU checks the rest. */
static enum access_result watch_base_access(struct access *access, void *context)
{
	static bool told;

	(void)context;
	if ((access->value & APIC_BASE_ADDRESS) == watch_page.first)
		return ACCESS_PASS;
	if (!__atomic_exchange_n(&told, true, __ATOMIC_RELAXED))
		log_warning("the guest moves its local APIC to 0x%lx: refused",
			    access->value & APIC_BASE_ADDRESS);
	access->fault = true;
	return ACCESS_DONE;
}

bool startup_watch_covers_this_cpu(void)
{
	return (msr_read(MSR_APIC_BASE) & APIC_BASE_ADDRESS) == watch_page.first;
}

int startup_watch_begin(void)
{
	static bool is_begun; /* at boot, or when a CPU does not come back from the machine's sleep */
	gpa_t page = msr_read(MSR_APIC_BASE) & APIC_BASE_ADDRESS;
	int error;

	if (is_begun)
		return 0;
	/* In RAM not every instruction comes to us (vmm/mmio_step.c). */
	if (memory_is_ram(page, PAGE_BYTES))
		return -RV_ENOSPC;
	watch_page.first = page;
	watch_page.last = page + PAGE_BYTES - 1;
	mmio_direct_set(page, watch_store);
	error = mmio_register(&watch_page);
	is_begun = error == 0;
	if (error == 0)
		error = msr_register(&watch_msr, false, true);
	if (error == 0)
		error = msr_register(&watch_base, false, true);
	return error;
}

/* The page last: with it, all CPUs exit once. */
int startup_watch_resume(void)
{
	msr_move_end(&watch_msr, watch_msr.first);
	return mmio_move_end(&watch_page, watch_page.first + PAGE_MASK);
}

void startup_watch_pause(void)
{
	msr_move_end(&watch_msr, watch_msr.first - 1);
	(void)mmio_move_end(&watch_page, watch_page.first - 1);
}
