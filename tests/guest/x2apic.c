/*
 * tests/guest/x2apic.c: the second CPU is started, stopped and started anew by the MSRs of the x2APIC;
 * with inside=1 also that it is in the guest every time, where virtualization is hidden.
 */
#include "guest.h"

#include "instruction.h"
#include "second.h"

#define APIC_BASE_X2APIC UINT64_C(0x400)
#define MSR_X2APIC_ID 0x802u
#define MSR_X2APIC_LDR 0x80du
#define MSR_X2APIC_ICR 0x830u
#define ICR_LOGICAL 0x800u
#define CPUID_X2APIC 0x200000u /* leaf 1, ECX */
#define CPUID_VMX 0x20u
#define CPUID_SVM 0x4u /* leaf 0x80000001, ECX */
#define VECTOR_FIRST 0x10
#define WAIT_CYCLES 10000000u
#define START_LOOPS 2000000u

SHARED uint64_t turns, second_id, second_ldr;
SHARED bool virtualization_seen;

static void switch_to_x2apic(void)
{
	msr_write(MSR_APIC_BASE, msr_read(MSR_APIC_BASE) | APIC_BASE_ENABLE | APIC_BASE_X2APIC);
}

static void send(uint32_t destination, uint32_t command)
{
	msr_write(MSR_X2APIC_ICR, (uint64_t)destination << 32 | command);
}

static void second_run(void)
{
	virtualization_seen = (cpuid(1, 0).ecx & CPUID_VMX) || (cpuid(0x80000001, 0).ecx & CPUID_SVM);
	switch_to_x2apic();
	second_id = msr_read(MSR_X2APIC_ID);
	second_ldr = msr_read(MSR_X2APIC_LDR);
	for (;;)
		turns++;
}

static bool second_turns(void)
{
	uint64_t before = turns;

	wait_cycles(WAIT_CYCLES);
	return turns != before;
}

/* As systems do it: INIT, and two startup IPIs of which a CPU that runs ignores the second one. */
static bool start(uint8_t vector)
{
	uint32_t came = second_came;

	second_prepare(vector, second_run);
	send(1, APIC_ICR_INIT);
	wait_cycles(WAIT_CYCLES);
	for (unsigned i = 0; i < 2; i++) {
		send(1, APIC_ICR_STARTUP | vector);
		for (unsigned loop = 0; loop < START_LOOPS && second_came == came; loop++)
			__asm__ volatile("pause");
	}
	return second_came == came + 1 && second_turns();
}

static void write_icr(void *unused)
{
	(void)unused;
	send(0, APIC_ICR_INIT);
}

static void test_start(const char *name, uint8_t vector)
{
	virtualization_seen = true;
	guest_check(start(vector), name, "it came %u times", second_came);
	if (option_number_or("inside", 0))
		guest_check(!virtualization_seen, "in the guest", "virtualization is there");
}

void guest_main(void)
{
	if (!guest_check(cpuid(1, 0).ecx & CPUID_X2APIC, "x2APIC", "the CPU has none"))
		return;
	guest_check(fault_catch(write_icr, NULL) == 13, "no such MSR in xAPIC mode", "it is there");
	switch_to_x2apic();
	test_start("start", VECTOR_FIRST);
	guest_check(second_id == 1 && second_ldr == 2, "second CPU's IDs", "%lu and %lx", second_id,
		    second_ldr);
	send(1, APIC_ICR_INIT);
	wait_cycles(WAIT_CYCLES);
	guest_check(!second_turns(), "INIT stops it", "it runs");
	test_start("start by another vector", VECTOR_FIRST + 1);
	send((uint32_t)second_ldr, APIC_ICR_INIT | ICR_LOGICAL);
	wait_cycles(WAIT_CYCLES);
	guest_check(!second_turns(), "logical INIT stops it", "it runs");
	test_start("start by the first vector", VECTOR_FIRST);
}
