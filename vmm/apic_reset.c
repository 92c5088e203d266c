/*
 * vmm/apic_reset.c: the local APIC after an INIT. No state.
 */
#include "vmm/apic_reset.h"

#include "core/apic.h"
#include "core/cpu.h"
#include "core/exception.h"

#define APIC_VECTORS 256u
#define APIC_SVR_RESET 0xffu

/* The local vector table; `index` is the number of the last entry in the version register that says the
 * entry is there. */
static const struct {
	uint16_t offset;
	uint8_t index;
} apic_entries[] = {
	{ APIC_LVT_TIMER, 0 }, { APIC_LVT_LINT0, 1 },	    { APIC_LVT_LINT1, 2 }, { APIC_LVT_ERROR, 3 },
	{ APIC_LVT_PERFORMANCE, 4 }, { APIC_LVT_THERMAL, 5 }, { APIC_LVT_CMCI, 6 },
};

static bool apic_has_any(struct apic apic, uint32_t registers)
{
	uint32_t any = 0;

	for (uint32_t i = 0; i < APIC_VECTORS / 32; i++)
		any |= apic_read(apic, registers + i * APIC_REGISTER_BYTES);
	return any != 0;
}

static void apic_mask_entries(struct apic apic)
{
	uint32_t last = apic_read(apic, APIC_VERSION) >> 16 & 0xff;

	for (size_t i = 0; i < ARRAY_LENGTH(apic_entries); i++) {
		if (apic_entries[i].index <= last)
			apic_write(apic, apic_entries[i].offset, APIC_LVT_MASKED);
	}
}

static void apic_end_all(struct apic apic)
{
	for (unsigned i = 0; i < APIC_VECTORS && apic_has_any(apic, APIC_ISR); i++)
		apic_write(apic, APIC_EOI, 0);
}

/* There is no other way to take back a request than to let it come. Each vector once: what others go on
 * sending meanwhile comes after the INIT. */
static void apic_drain(struct apic apic)
{
	struct cpu *cpu = cpu_current();

	cpu->drops_interrupts = true;
	apic_end_all(apic);
	for (unsigned i = 0; i < APIC_VECTORS && apic_has_any(apic, APIC_IRR); i++) {
		exception_take_interrupts();
		apic_end_all(apic);
	}
	cpu->drops_interrupts = false;
}

void apic_reset(void)
{
	struct apic apic;

	/* One that is off has no state. */
	if (!apic_find(&apic))
		return;
	apic_mask_entries(apic);
	apic_write(apic, APIC_TIMER_INITIAL, 0);
	apic_write(apic, APIC_TPR, 0);
	apic_write(apic, APIC_SVR, APIC_SVR_ENABLE | APIC_SVR_RESET);
	apic_drain(apic);
	apic_write(apic, APIC_SVR, APIC_SVR_RESET);
	apic_write(apic, APIC_TIMER_DIVIDE, 0);
	apic_write(apic, APIC_ESR, 0);
	if (apic.page == NULL)
		return;
	apic_write(apic, APIC_LDR, 0);
	apic_write(apic, APIC_DFR, APIC_DFR_RESET);
	apic_write(apic, APIC_ICR_HIGH, 0);
}
