/*
 * tests/guest/ipi.c: two CPUs that wake each other by interprocessor interrupts, each asleep until
 * it is woken. Nobody spins, so the ticks of the TSC are what the IPIs cost (in QEMU with -icount,
 * the instructions of both CPUs).
 *
 * Option: iterations=N round trips (default 1000), of two IPIs each. Prints
 * `bench: ipi TICKS IPIS`.
 */
#include "guest.h"

#include "instruction.h"
#include "second.h"

#define APIC_ID 0x020u
#define APIC_EOI 0x0b0u
#define APIC_SVR 0x0f0u
#define APIC_ENABLE 0x1ffu
#define APIC_ID_SHIFT 24

#define STARTUP_VECTOR 0x10
#define IPI_VECTOR 0x40u
#define WARM_UP_ROUNDS 16

SHARED uint64_t received[2]; /* written by that CPU's handler */

static volatile uint32_t *apic_register(uint32_t offset)
{
	return (volatile uint32_t *)(uintptr_t)(APIC + offset);
}

static bool ipi_handle(struct fault_frame *frame)
{
	if (frame->vector != IPI_VECTOR)
		return frame->vector >= 32;
	received[*apic_register(APIC_ID) >> APIC_ID_SHIFT & 1]++;
	*apic_register(APIC_EOI) = 0;
	return true;
}

static void ipi_send(uint32_t cpu)
{
	*apic_register(APIC_ICR_HIGH) = cpu << APIC_ID_SHIFT;
	*apic_register(APIC_ICR_LOW) = IPI_VECTOR;
}

/* Interrupts are off but while it sleeps. */
static void ipi_wait(unsigned cpu, uint64_t count)
{
	while (received[cpu] < count)
		__asm__ volatile("sti; hlt; cli" : : : "memory");
}

static void ipi_answer(void)
{
	*apic_register(APIC_SVR) = APIC_ENABLE;
	for (uint64_t round = 1;; round++) {
		ipi_wait(1, round);
		ipi_send(0);
	}
}

void guest_main(void)
{
	uint64_t rounds = option_number_or("iterations", 1000), start = 0;

	fault_handler = ipi_handle;
	/* The PIC's interrupts would wake this CPU too. */
	out8(0x21, 0xff);
	out8(0xa1, 0xff);
	*apic_register(APIC_SVR) = APIC_ENABLE;
	if (!guest_check(second_start(STARTUP_VECTOR, ipi_answer), "second CPU", "it did not come"))
		return;
	for (uint64_t round = 1; round <= WARM_UP_ROUNDS + rounds; round++) {
		if (round == WARM_UP_ROUNDS + 1)
			start = tsc_read();
		ipi_send(1);
		ipi_wait(0, round);
	}
	guest_print("bench: ipi %lu %lu\n", tsc_read() - start, 2 * rounds);
}
