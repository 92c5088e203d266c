/*
 * tests/guest/startup.c: a guest that knows it has a hypervisor and wants to be rid of it: it starts its
 * second CPU a second time, by another vector than the first. Whether that CPU came outside it sees by
 * CPUID, which does not show SVM inside.
 */
#include "guest.h"

#include "instruction.h"
#include "second.h"

#define VECTOR_FIRST 0x10
#define VECTOR_SECOND 0x20 /* and up: one for each way */
#define WAIT_LOOPS 500000u
#define INIT_CYCLES 10000000u
#define CPUID_SVM 0x4u

SHARED uint32_t features;

static void look(void)
{
	features = cpuid(0x80000001, 0).ecx;
}

static volatile uint32_t *icr(uint32_t offset)
{
	return (volatile uint32_t *)(uintptr_t)(APIC + APIC_ICR_LOW + offset);
}

static void write_plain(uint32_t command)
{
	*icr(0) = command;
}

/* QEMU takes any of the 16 bytes for the register. */
static void write_beside(uint32_t command)
{
	*icr(4) = command;
}

static void write_wide(uint32_t command)
{
	*(volatile uint64_t *)icr(0) = (uint64_t)command << 32 | command;
}

static void write_wide_before(uint32_t command)
{
	*(volatile uint64_t *)icr(-4u) = (uint64_t)command << 32;
}

/* An instruction that no hypervisor emulates. */
static void write_float(uint32_t command)
{
	__asm__ volatile("fninit; fildl %1; fistpl %0" : "=m"(*icr(0)) : "m"(command));
}

static void write_pushed(uint32_t command)
{
	__asm__ volatile("mov %%rsp, %%rbx; mov %0, %%rsp; push %1; mov %%rbx, %%rsp"
			 :
			 : "r"((uint64_t)(uintptr_t)icr(8)), "r"((uint64_t)command)
			 : "rbx", "memory");
}

static const char *try(uint8_t vector, void (*write)(uint32_t command))
{
	uint32_t came = second_came;

	features = 0;
	second_prepare(vector, look);
	second_send(APIC_ICR_INIT);
	wait_cycles(INIT_CYCLES);
	write(APIC_ICR_STARTUP | vector);
	for (uint32_t i = 0; i < WAIT_LOOPS && (second_came == came || features == 0); i++)
		__asm__ volatile("pause");
	if (second_came == came)
		return "nowhere";
	return features & CPUID_SVM ? "outside" : "inside";
}

void guest_main(void)
{
	static const struct {
		const char *name;
		void (*write)(uint32_t command);
	} ways[] = {
		{"plain", write_plain},		      {"beside", write_beside},
		{"wide", write_wide},		      {"wide_before", write_wide_before},
		{"float", write_float},		      {"pushed", write_pushed},
	};

	if (!guest_check(second_start(VECTOR_FIRST, look), "second CPU", "it did not come"))
		return;
	for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		guest_print("startup: %s %s\n", ways[i].name,
			    try((uint8_t)(VECTOR_SECOND + i), ways[i].write));
}
