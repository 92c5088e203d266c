/*
 * tests/guest/modes.c: what a hypervisor may intercept, executed in every mode that came before long
 * mode: real mode with and without large segments, 16-bit and 32-bit protected mode, 32-bit and PAE
 * paging. Long and compatibility mode are trap.c's.
 */
#include "guest.h"

#include "instruction.h"

#define PORT_VALUE 0x3c
#define OUTS_VALUE 0x77
#define MSR 0xc0000102u
#define MSR_VALUE 0x4321u
#define MMIO_SUM 0x23456789u
#define MODES 6
#define MODE_REAL 0

/* tests/guest/modes_low.S */
void modes_run(unsigned mode);
extern uint32_t modes_results_at, modes_db_real_at;
extern uint32_t modes_directory[1024];
extern uint64_t modes_pdpt[4], pml4[512];

struct results {
	uint32_t cpuid, in, in_immediate, msr, count, index, source, outs, mmio;
	uint32_t behind[3]; /* the three instructions that it stepped over */
	uint32_t nr_traps, traps[8];
};

static const char *const names[MODES] = {"real mode", "big real mode", "16-bit protected mode",
					 "32-bit protected mode", "32-bit paging", "PAE paging"};

/* The first 4 GiB mapped to themselves. */
static void tables_init(void)
{
	const uint64_t *pdpt = (const uint64_t *)(uintptr_t)(pml4[0] & ~UINT64_C(0xfff));

	for (uint32_t i = 0; i < 1024; i++)
		modes_directory[i] = i << 22 | 0x83;
	for (unsigned i = 0; i < 4; i++)
		modes_pdpt[i] = (pdpt[i] & ~UINT64_C(0xfff)) | 1;
}

static void result(unsigned mode, const char *what, bool good, uint32_t found)
{
	if (good)
		guest_print("ok %s: %s\n", names[mode], what);
	else
		guest_print("not ok %s: %s: 0x%x\n", names[mode], what, found);
}

static void check(unsigned mode, const volatile struct results *r)
{
	uint32_t buffer = modes_results_at - 8;
	uint32_t input = *(volatile uint32_t *)(uintptr_t)buffer;

	result(mode, "cpuid", r->cpuid == cpuid(0, 0).ebx, r->cpuid);
	result(mode, "in", r->in == PORT_VALUE, r->in);
	result(mode, "in with an immediate port", (r->in_immediate & 0xff) == PORT_VALUE,
	       r->in_immediate);
	result(mode, "rdmsr and wrmsr", r->msr == MSR_VALUE + 1 && msr_read(MSR) == MSR_VALUE + 1,
	       r->msr);
	result(mode, "rep insb", r->count == 0 && input == PORT_VALUE * 0x10101, input);
	result(mode, "rep insb's DI", r->index == buffer + 3, r->index);
	result(mode, "outsb", r->outs == OUTS_VALUE && r->source == buffer + 5, r->outs);
	if (mode != MODE_REAL)
		result(mode, "memory", r->mmio == MMIO_SUM, r->mmio);
	result(mode, "single steps", r->nr_traps >= 3, r->nr_traps);
	for (unsigned i = 0; i < 3; i++)
		result(mode, "a step", r->traps[i] == r->behind[i], r->traps[i]);
}

void guest_main(void)
{
	volatile uint32_t *vector_1 = (volatile uint32_t *)4;
	uint32_t saved = *vector_1;

	tables_init();
	*vector_1 = modes_db_real_at;
	for (unsigned mode = 0; mode < MODES; mode++) {
		msr_write(MSR, MSR_VALUE);
		modes_run(mode);
		check(mode, (const volatile struct results *)(uintptr_t)modes_results_at);
	}
	*vector_1 = saved;
}
