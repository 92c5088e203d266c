/*
 * core/ipi.c: interprocessor interrupts. No state.
 */
#include "core/ipi.h"

#include "core/apic.h"

/* The guest may be between its writes of the two halves of the ICR: its high half is kept. */
static void ipi_write(struct apic apic, uint32_t apic_id, uint32_t mode)
{
	uint32_t high;

	if (apic.page == NULL) {
		msr_write(APIC_X2APIC_MSR + (APIC_ICR_LOW >> 4),
			  (uint64_t)apic_id << 32 | mode | APIC_ICR_ASSERT);
		return;
	}
	while (apic_read(apic, APIC_ICR_LOW) & APIC_ICR_PENDING)
		cpu_pause();
	high = apic_read(apic, APIC_ICR_HIGH);
	apic_write(apic, APIC_ICR_HIGH, apic_id << 24);
	apic_write(apic, APIC_ICR_LOW, mode | APIC_ICR_ASSERT);
	while (apic_read(apic, APIC_ICR_LOW) & APIC_ICR_PENDING)
		cpu_pause();
	apic_write(apic, APIC_ICR_HIGH, high);
}

/* A guest that has switched its APIC off keeps nobody else from being reached: on for the moment, it
 * sends. (QEMU's cannot be switched on again, and sends all the same.) Out of our reach, at 4 GiB or
 * above, no guest can put it: msr_guard_init(). */
void ipi_send(uint32_t apic_id, uint32_t mode)
{
	uint64_t base = msr_read(MSR_APIC_BASE);
	struct apic apic;

	if (!(base & APIC_BASE_ENABLE))
		msr_write(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
	apic_find(&apic);
	ipi_write(apic, apic_id, mode);
	if (!(base & APIC_BASE_ENABLE))
		msr_write(MSR_APIC_BASE, base);
}

void ipi_send_nmi(uint32_t apic_id)
{
	ipi_send(apic_id, APIC_ICR_NMI);
}

void ipi_send_nmi_to_others(void)
{
	ipi_send(0, APIC_ICR_NMI | APIC_ICR_TO_OTHERS);
}

/* APM v2 16.6.1 and 16.6.2, Intel SDM 3 11.6.2.2: eight CPUs with a bit each, or clusters of four. */
static bool ipi_matches_logical(uint32_t destination, const struct cpu *cpu)
{
	uint32_t logical = cpu->logical_destination >> 24;

	if (cpu->destination_format >> 28 == 0xf)
		return (destination & logical) != 0;
	return destination >> 4 == logical >> 4 && (destination & logical & 0xf) != 0;
}

/* In x2APIC mode the logical ID follows from the APIC's: clusters of sixteen (APM v2
 * 16.14, SDM 3 11.12.10.2). */
static bool ipi_matches_cluster(uint32_t destination, const struct cpu *cpu)
{
	return destination >> 16 == cpu->apic_id >> 4 &&
	       (destination >> (cpu->apic_id & 0xf) & 1) != 0;
}

static bool ipi_matches_destination(uint64_t command, const struct cpu *cpu, bool x2apic)
{
	uint32_t destination = (uint32_t)(x2apic ? command >> 32 : command >> 56);

	if (destination == (x2apic ? UINT32_MAX : 0xff))
		return true;
	if (!(command & APIC_ICR_LOGICAL))
		return destination == cpu->apic_id;
	return x2apic ? ipi_matches_cluster(destination, cpu) : ipi_matches_logical(destination, cpu);
}

bool ipi_is_meant_for(uint64_t command, const struct cpu *cpu, bool x2apic)
{
	switch (command & APIC_ICR_TO_MASK) {
	case 0:
		return ipi_matches_destination(command, cpu, x2apic);
	case APIC_ICR_TO_SELF:
		return cpu == cpu_current();
	case APIC_ICR_TO_OTHERS:
		return cpu != cpu_current();
	default:
		return true;
	}
}
