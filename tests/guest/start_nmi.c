/*
 * tests/guest/start_nmi.c: NMIs to the second CPU from the moment of its startup IPI on. Its first
 * instructions are real mode's, by whose interrupt vectors an NMI comes to code of this guest: it must be
 * in the guest, where SVM is hidden.
 *
 * Option: tries=N (default 100).
 */
#include "guest.h"

#include "instruction.h"
#include "second.h"

#define VECTOR_START 0x10
#define VECTOR_NMI 0x11 /* the page where the handler of an NMI is */
#define NMI_OFFSET 8u	/* of vector 2 in the real-mode table */
#define APIC_ICR_NMI 0x4400u
#define NMIS 300
#define INIT_CYCLES 2000000u
#define WAIT_CYCLES 500000000u
#define CPUID_SVM 0x4u

SHARED bool came, outside;

static void look(void)
{
	outside |= (cpuid(0x80000001, 0).ecx & CPUID_SVM) != 0;
	came = true;
}

static void wait_at_most(uint64_t cycles, bool for_it)
{
	uint64_t start = tsc_read();

	while (!(for_it && came) && tsc_read() - start < cycles)
		__asm__ volatile("pause");
}

static void start_under_nmis(unsigned delay)
{
	came = false;
	second_send(APIC_ICR_INIT);
	wait_at_most(INIT_CYCLES, false);
	second_send(APIC_ICR_STARTUP | VECTOR_START);
	for (unsigned i = 0; i < delay; i++)
		__asm__ volatile("" ::: "memory");
	for (unsigned i = 0; i < NMIS && !came; i++)
		*(volatile uint32_t *)(uintptr_t)(APIC + APIC_ICR_LOW) = APIC_ICR_NMI;
	wait_at_most(WAIT_CYCLES, true);
}

static bool handle_nmi(struct fault_frame *frame)
{
	return frame->vector == 2;
}

void guest_main(void)
{
	unsigned tries = (unsigned)option_number_or("tries", 100), times = 0;

	fault_handler = handle_nmi;
	second_prepare(VECTOR_START, look);
	second_prepare(VECTOR_NMI, look);
	*(volatile uint16_t *)(uintptr_t)NMI_OFFSET = 0;
	*(volatile uint16_t *)(uintptr_t)(NMI_OFFSET + 2) = VECTOR_NMI << 8;
	for (unsigned i = 0; i < tries; i++) {
		start_under_nmis(i * 10);
		times += came;
	}
	guest_check(!outside, "in the guest each time", "SVM is there");
	guest_check(times > 0, "it came", "never");
}
