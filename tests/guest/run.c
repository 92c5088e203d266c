/*
 * tests/guest/run.c: running a few bytes of code: descriptors, page tables, and what catches the end.
 */
#include "run.h"

#include "instruction.h"

#define SELECTOR_TSS 0x30
#define STACK_BYTES 4096
#define NR_PORTS 65536
#define PAGE_BYTES 4096
#define LARGE_PAGE_BYTES (UINT64_C(1) << 21)
#define TABLE_RIGHTS (RUN_PRESENT | RUN_WRITABLE | RUN_USER)
#define DR6_RESET 0xffff0ff0u

_Static_assert(offsetof(struct run, rip) == 40 && offsetof(struct run, ss) == 72, "run_enter.S");

extern const uint64_t gdt[6];
extern uint64_t pml4[512];
void run_enter(void *run);

static uint64_t run_gdt[13];
static struct __attribute__((packed)) {
	uint32_t reserved0;
	uint64_t rsp[3], reserved1, ist[7], reserved2;
	uint16_t reserved3, iopb;
	uint8_t permissions[NR_PORTS / 8 + 1];
} tss;
static uint8_t fault_stack[STACK_BYTES] __attribute__((aligned(16)));
static uint8_t stack[STACK_BYTES] __attribute__((aligned(16)));
static uint64_t window[512] __attribute__((aligned(PAGE_BYTES)));
static struct run *running;

static void gdt_init(void)
{
	uint64_t base = (uintptr_t)&tss;
	struct __attribute__((packed)) {
		uint16_t limit;
		uint64_t base;
	} pointer = {sizeof(run_gdt) - 1, (uintptr_t)run_gdt};

	memcpy(run_gdt, gdt, sizeof(gdt));
	run_gdt[6] = (base & 0xffffff) << 16 | (base & 0xff000000) << 32 |
		     UINT64_C(0x890000000000) | (sizeof(tss) - 1);
	run_gdt[RUN_USER_DATA / 8] = 0x00cff3000000ffff;
	run_gdt[RUN_USER_CODE64 / 8] = 0x00affb000000ffff;
	run_gdt[RUN_USER_CODE32 / 8] = 0x00cffb000000ffff;
	memset(tss.permissions, 0xff, sizeof(tss.permissions));
	tss.iopb = offsetof(__typeof__(tss), permissions);
	tss.rsp[0] = (uintptr_t)(fault_stack + STACK_BYTES);
	__asm__ volatile("lgdt %0" : : "m"(pointer));
	__asm__ volatile("ltr %w0" : : "r"(SELECTOR_TSS));
}

/* The 2 MiB page of the window becomes a table; tables on the way, and all of the first GiB, are
 * open to CPL 3. */
static void window_init(void)
{
	uint64_t *pdpt = (uint64_t *)(uintptr_t)(pml4[0] & ~UINT64_C(0xfff));
	uint64_t *directory = (uint64_t *)(uintptr_t)(pdpt[0] & ~UINT64_C(0xfff));

	pml4[0] |= RUN_USER;
	pdpt[0] |= RUN_USER;
	for (unsigned i = 0; i < 512; i++) {
		directory[i] |= RUN_USER;
		window[i] = (RUN_WINDOW + i * PAGE_BYTES) | TABLE_RIGHTS;
	}
	directory[RUN_WINDOW / LARGE_PAGE_BYTES] = (uintptr_t)window | TABLE_RIGHTS;
	cr3_write(cr3_read());
}

void run_map(uint64_t address, uint64_t rights)
{
	address &= ~UINT64_C(0xfff);
	window[(address - RUN_WINDOW) / PAGE_BYTES] = rights ? address | rights : 0;
	__asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

void run_permit_port(uint16_t port, bool permit)
{
	uint8_t bit = (uint8_t)(1u << port % 8);

	if (permit)
		tss.permissions[port / 8] &= (uint8_t)~bit;
	else
		tss.permissions[port / 8] |= bit;
}

static uint64_t descriptor(uint64_t flags, uint32_t base, uint32_t last)
{
	return flags | (last & 0xffff) | (uint64_t)(last & 0xf0000) << 32 |
	       (uint64_t)(base & 0xffffff) << 16 | (uint64_t)(base & 0xff000000) << 32;
}

void run_limit(uint32_t base, uint32_t last)
{
	run_gdt[RUN_LIMITED_CODE32 / 8] = descriptor(0x00409b0000000000, base, last);
	run_gdt[RUN_LIMITED_DATA / 8] = descriptor(0x0040930000000000, base, last);
}

static void run_save(struct run *run, struct fault_frame *frame)
{
	run->rax = frame->rax;
	run->rcx = frame->rcx;
	run->rdx = frame->rdx;
	run->rsi = frame->rsi;
	run->rdi = frame->rdi;
	run->rip = frame->rip;
	run->cs = frame->cs;
	run->rflags = frame->rflags;
	run->rsp = frame->rsp;
	run->vector = (int)frame->vector;
	run->error_code = frame->error_code;
	run->cr2 = cr2_read();
}

static bool run_handle(struct fault_frame *frame)
{
	if (frame->vector == VECTOR_DB || frame->vector >= 32) {
		if (running->nr_traps < RUN_TRAPS) {
			running->traps[running->nr_traps].rip = frame->rip;
			running->traps[running->nr_traps].why =
				frame->vector == VECTOR_DB ? dr6_read() & 0xe00f : frame->vector;
		}
		/* A breakpoint on execution comes before it: RF lets it pass this time. */
		if (frame->vector == VECTOR_DB && (dr6_read() & 0xf))
			frame->rflags |= RFLAGS_RF;
		dr6_write(DR6_RESET);
		/* An interrupt of the local APIC's; and one is enough. */
		if (frame->vector >= 32) {
			*(volatile uint32_t *)0xfee000b0 = 0;
			frame->rflags &= ~(uint64_t)RFLAGS_IF;
		}
		if (++running->nr_traps < 64)
			return true;
	}
	run_save(running, frame);
	/* fault_catch goes on at CPL 0. */
	frame->cs = RUN_CODE64;
	frame->ss = RUN_DATA;
	frame->rflags = RFLAGS_FIXED;
	return false;
}

void run_code(struct run *run)
{
	if (run->cs == 0)
		run->cs = RUN_CODE64;
	if (run->ss == 0)
		run->ss = RUN_DATA;
	if (run->rsp == 0)
		run->rsp = (uintptr_t)(stack + STACK_BYTES);
	run->rflags |= RFLAGS_FIXED;
	run->nr_traps = 0;
	running = run;
	fault_handler = run_handle;
	dr6_write(DR6_RESET);
	fault_catch(run_enter, run);
	fault_handler = NULL;
	__asm__ volatile("mov %0, %%ds; mov %0, %%es" : : "r"(RUN_DATA));
}

/* CPL 3 may use INT3. */
static void breakpoint_init(void)
{
	struct __attribute__((packed)) {
		uint16_t limit;
		uint8_t *base;
	} pointer;

	__asm__ volatile("sidt %0" : "=m"(pointer));
	pointer.base[VECTOR_BP * 16 + 5] |= 0x60;
}

void run_init(void)
{
	gdt_init();
	breakpoint_init();
	window_init();
	snippet_prepare();
}
