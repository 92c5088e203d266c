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
