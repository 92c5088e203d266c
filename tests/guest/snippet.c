/*
 * tests/guest/snippet.c: the instructions that a hypervisor may intercept.
 */
#include "run.h"

#include "instruction.h"

#define STRING_BYTES 3
#define SOURCE (RUN_BUFFER + 0x1000u) /* RUN_BUFFER itself is written */
#define MMIO_VALUE 0x1122334455667788u
#define MSR_VALUE 0x1234u

/* clang-format off */
const struct snippet snippets[SNIPPETS] = {
	{"cpuid", {0x0f, 0xa2}, 2, 1, .rax_after = ANY, .rcx_after = ANY},
	{"in", {0xec}, 1, 1, 0x100, 0, RUN_PORT,
		.rax_after = 0x100 | RUN_PORT_VALUE},
	{"in with an immediate port", {0xe4, RUN_PORT}, 2, 1, .rax_after = RUN_PORT_VALUE},
	{"out", {0xee}, 1, 1, RUN_PORT_VALUE, 0, RUN_PORT, .rax_after = RUN_PORT_VALUE},
	{"insb", {0x6c}, 1, 1, 0, 0, RUN_PORT, 0, RUN_BUFFER, .rdi_after = RUN_BUFFER + 1},
	{"rep insb", {0xf3, 0x6c}, 2, STRING_BYTES, 0, STRING_BYTES, RUN_PORT, 0, RUN_BUFFER,
		.rdi_after = RUN_BUFFER + STRING_BYTES},
	{"rep insb of nothing", {0xf3, 0x6c}, 2, 1, 0, 0, RUN_PORT, 0, RUN_BUFFER,
		.rdi_after = RUN_BUFFER},
	{"outsb", {0x6e}, 1, 1, 0, 0, RUN_PORT, SOURCE, 0, .rsi_after = SOURCE + 1},
	{"rep outsb", {0xf3, 0x6e}, 2, STRING_BYTES, 0, STRING_BYTES, RUN_PORT, SOURCE, 0,
		.rsi_after = SOURCE + STRING_BYTES},
	{"rdmsr", {0x0f, 0x32}, 2, 1, 0, RUN_MSR, .rax_after = MSR_VALUE, .rcx_after = RUN_MSR,
		.is_privileged = true},
	{"wrmsr", {0x0f, 0x30}, 2, 1, MSR_VALUE, RUN_MSR, .rax_after = MSR_VALUE,
		.rcx_after = RUN_MSR, .is_privileged = true},
	{"mov from memory", {0x8b, 0x06}, 2, 1, .rsi = RUN_MMIO, .rax_after = MMIO_VALUE & 0xffffffff,
		.rsi_after = RUN_MMIO},
	{"mov to memory", {0x89, 0x07}, 2, 1, 0x77, .rdi = RUN_MMIO + 0x20, .rax_after = 0x77,
		.rdi_after = RUN_MMIO + 0x20},
	{"add to memory", {0x01, 0x07}, 2, 1, 0x11, .rdi = RUN_MMIO + 0x30, .rax_after = 0x11,
		.rdi_after = RUN_MMIO + 0x30},
	{"rep movsb from memory", {0xf3, 0xa4}, 2, STRING_BYTES, 0, STRING_BYTES, 0, RUN_MMIO, RUN_BUFFER,
		.rsi_after = RUN_MMIO + STRING_BYTES, .rdi_after = RUN_BUFFER + STRING_BYTES},
	{"rep stosb to memory", {0xf3, 0xaa}, 2, STRING_BYTES, 0x66, STRING_BYTES, 0, 0, RUN_MMIO + 0x40,
		.rax_after = 0x66, .rdi_after = RUN_MMIO + 0x40 + STRING_BYTES},
	{"movdqu from memory", {0xf3, 0x0f, 0x6f, 0x06}, 4, 1, .rsi = RUN_MMIO, .rsi_after = RUN_MMIO},
};
/* clang-format on */

void snippet_prepare(void)
{
	out8(RUN_PORT, RUN_PORT_VALUE);
	memset((void *)(uintptr_t)SOURCE, RUN_PORT_VALUE, 64);
	*(volatile uint64_t *)(uintptr_t)RUN_MMIO = MMIO_VALUE;
	msr_write(RUN_MSR, MSR_VALUE);
	cr4_write(cr4_read() | 0x600); /* OSFXSR, OSXMMEXCPT */
	cr0_write((cr0_read() & ~UINT64_C(0xc)) | 2);
}

void snippet_place(const struct snippet *snippet, uint64_t at, struct run *run)
{
	memcpy((void *)(uintptr_t)at, snippet->bytes, snippet->length_bytes);
	*(uint8_t *)(uintptr_t)(at + snippet->length_bytes) = 0xcc;
	*run = (struct run){
		.rax = snippet->rax,
		.rcx = snippet->rcx,
		.rdx = snippet->rdx,
		.rsi = snippet->rsi,
		.rdi = snippet->rdi,
		.rip = at,
	};
}

static bool is_as_wanted(uint64_t value, uint64_t wanted)
{
	return wanted == ANY || value == wanted;
}

bool snippet_ended_well(const struct snippet *snippet, const struct run *run)
{
	return run->vector == VECTOR_BP && is_as_wanted(run->rax, snippet->rax_after) &&
	       is_as_wanted(run->rcx, snippet->rcx_after) &&
	       is_as_wanted(run->rsi, snippet->rsi_after) &&
	       is_as_wanted(run->rdi, snippet->rdi_after);
}

void run_report(const char *topic, const char *name, const struct run *run, bool good)
{
	guest_print("%s %s: %s", good ? "ok" : "not ok", topic, name);
	if (!good) {
		guest_print(": vector %d error 0x%lx cr2 0x%lx at 0x%lx, rax 0x%lx rcx 0x%lx rsi 0x%lx "
			    "rdi 0x%lx flags 0x%lx, %u traps:",
			    run->vector, run->error_code, run->cr2, run->rip, run->rax, run->rcx,
			    run->rsi, run->rdi, run->rflags, run->nr_traps);
		for (unsigned i = 0; i < run->nr_traps && i < RUN_TRAPS; i++)
			guest_print(" 0x%lx (0x%lx)", run->traps[i].rip, run->traps[i].why);
	}
	guest_print("\n");
}

void snippet_report(const char *topic, const struct snippet *snippet, const struct run *run,
		    bool good)
{
	run_report(topic, snippet->name, run, good && snippet_ended_well(snippet, run));
}
