/*
 * tests/guest/priority.c: which of several reasons not to execute an instruction wins: privilege, the
 * I/O permission bitmap, the memory operand, a debug trap, a hypervisor's interest. Nobody may see a
 * hook's effect where the instruction faults.
 */
#include "run.h"

#include "instruction.h"

#define CODE RUN_WINDOW
#define HOLE (RUN_BUFFER + 0x10000u)
#define READ_ONLY (RUN_BUFFER + 0x11000u)
#define SUPERVISOR (RUN_BUFFER + 0x12000u)
#define NON_CANONICAL UINT64_C(0x800000000000)
#define CR0_WP 0x10000u
#define CR4_DE 0x8u
#define PF_WRITE 2u
#define PF_PRESENT 1u
#define PF_USER 4u
#define MSR_NONE 0x12345678u
/* DR7 for address 0: enabled; what is watched (bits 16-17), one byte. */
#define DR7_WRITE 0x10401u
#define DR7_IO 0x20401u
#define DR7_ACCESS 0x30401u

static void place(struct run *run, const uint8_t *bytes, unsigned length_bytes)
{
	uint8_t *code = (uint8_t *)(uintptr_t)CODE;

	memcpy(code, bytes, length_bytes);
	code[length_bytes] = 0xcc;
	run->rip = CODE;
}
#define PLACE(run, ...) place(run, (const uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__}))

/* Ended by that fault, with nothing done and no trap. */
static void expect(const char *name, struct run *run, int vector, uint64_t error_code)
{
	struct run before = *run;

	run_code(run);
	run_report("priority", name, run,
		   run->vector == vector && run->error_code == error_code && run->rip == before.rip &&
			   run->nr_traps == 0 && run->rax == before.rax && run->rcx == before.rcx &&
			   run->rsi == before.rsi && run->rdi == before.rdi);
}

/* Ports at CPL 3, with 32-bit code too: the bitmap comes first, then memory. */
static void test_ports(void)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct run user = {
			.rcx = 2, .rdx = RUN_PORT, .rsi = RUN_BUFFER, .rdi = RUN_BUFFER, .ss = RUN_USER_DATA,
			.cs = i ? RUN_USER_CODE32 : RUN_USER_CODE64, .rflags = RFLAGS_TF,
		};
		struct run run;

		run_permit_port(RUN_PORT, false);
#define TRY(name, vector, error_code, setting, ...)                                                 \
	run = user;                                                                                \
	run setting;                                                                               \
	PLACE(&run, __VA_ARGS__);                                                                  \
	expect(i ? name ", 32-bit" : name, &run, vector, error_code)

		TRY("in, not permitted", VECTOR_GP, 0, .rax = 1, 0xec);
		TRY("out, not permitted", VECTOR_GP, 0, .rax = 1, 0xee);
		TRY("rep insb, not permitted", VECTOR_GP, 0, .rax = 1, 0xf3, 0x6c);
		TRY("rep outsb, not permitted", VECTOR_GP, 0, .rax = 1, 0xf3, 0x6e);
		TRY("insb, not permitted and no page", VECTOR_GP, 0, .rdi = HOLE, 0x6c);
		run_permit_port(RUN_PORT, true);
		TRY("in16, half permitted", VECTOR_GP, 0, .rax = 1, 0x66, 0xed);
		TRY("insb, no page", VECTOR_PF, PF_WRITE | PF_USER, .rdi = HOLE, 0x6c);
		TRY("outsb, no page", VECTOR_PF, PF_USER, .rsi = HOLE, 0x6e);
		TRY("insb, a page of CPL 0", VECTOR_PF, PF_WRITE | PF_USER | PF_PRESENT, .rdi = SUPERVISOR,
		    0x6c);
		TRY("rdmsr", VECTOR_GP, 0, .rcx = RUN_MSR, 0x0f, 0x32);
		TRY("wrmsr", VECTOR_GP, 0, .rcx = RUN_MSR, 0x0f, 0x30);
		TRY("wbinvd", VECTOR_GP, 0, .rax = 1, 0x0f, 0x09);
		TRY("mov to cr0", VECTOR_GP, 0, .rax = 1, 0x0f, 0x22, 0xc0);
	}
}

/* What the CPU has not got is undefined, at whatever privilege (AMD APM v3, VMRUN; SDM v2, VMXON). */
static void test_extension(void)
{
	static const struct {
		const char *name;
		uint8_t bytes[3];
	} amd[] = {
		{"vmrun", {0x0f, 0x01, 0xd8}},	{"vmmcall", {0x0f, 0x01, 0xd9}},
		{"vmload", {0x0f, 0x01, 0xda}}, {"vmsave", {0x0f, 0x01, 0xdb}},
		{"stgi", {0x0f, 0x01, 0xdc}},	{"clgi", {0x0f, 0x01, 0xdd}},
		{"skinit", {0x0f, 0x01, 0xde}}, {"invlpga", {0x0f, 0x01, 0xdf}},
	}, intel[] = {
		{"vmcall", {0x0f, 0x01, 0xc1}},	  {"vmlaunch", {0x0f, 0x01, 0xc2}},
		{"vmresume", {0x0f, 0x01, 0xc3}}, {"vmxoff", {0x0f, 0x01, 0xc4}},
		{"vmptrld", {0x0f, 0xc7, 0x37}},  {"vmptrst", {0x0f, 0xc7, 0x3f}},
		{"vmread", {0x0f, 0x78, 0xc0}},	  {"vmwrite", {0x0f, 0x79, 0xc0}},
	};
	bool is_amd = cpuid(0, 0).ecx == 0x444d4163; /* "cAMD" */
	struct run run;

	for (unsigned i = 0; i < sizeof(amd) / sizeof(amd[0]); i++) {
		run = (struct run){.rax = RUN_BUFFER, .rdi = RUN_BUFFER, .cs = RUN_USER_CODE64,
				   .ss = RUN_USER_DATA, .rflags = RFLAGS_TF};
		place(&run, is_amd ? amd[i].bytes : intel[i].bytes, 3);
		expect(is_amd ? amd[i].name : intel[i].name, &run, VECTOR_UD, 0);
	}
}

static void test_operands(void)
{
	const struct run kernel = {.rcx = 2, .rdx = RUN_PORT, .rsi = RUN_BUFFER, .rdi = RUN_BUFFER,
				   .rflags = RFLAGS_TF};
	const unsigned i = 0, cs = RUN_CODE32, ss = RUN_LIMITED_DATA;
	const struct run user = kernel;
	struct run run;

	run_limit(0, RUN_BUFFER + 0xff);
	cr0_write(cr0_read() | CR0_WP);
	TRY("insb at CPL 0, no page", VECTOR_PF, PF_WRITE, .rdi = HOLE, 0x6c);
	TRY("rep outsb at CPL 0, no page", VECTOR_PF, 0, .rsi = HOLE, 0xf3, 0x6e);
	TRY("insb, read-only", VECTOR_PF, PF_WRITE | PF_PRESENT, .rdi = READ_ONLY, 0x6c);
	TRY("insb, non-canonical", VECTOR_GP, 0, .rdi = NON_CANONICAL, 0x6c);
	TRY("outsb, non-canonical", VECTOR_GP, 0, .rsi = NON_CANONICAL, 0x6e);
	TRY("insb behind the limit", VECTOR_GP, 0, .rdi = RUN_BUFFER + 0x100; run.cs = cs; run.ss = ss,
	    0x6c);
	TRY("outsb behind the limit", VECTOR_GP, 0, .rsi = RUN_BUFFER + 0x100; run.cs = cs; run.ss = ss,
	    0x6e);
	TRY("outsb behind SS's limit", VECTOR_SS, 0, .rsi = RUN_BUFFER + 0x100; run.cs = cs; run.ss = ss,
	    0x36, 0x6e);
	TRY("rdmsr of none", VECTOR_GP, 0, .rcx = MSR_NONE, 0x0f, 0x32);
	TRY("wrmsr of none", VECTOR_GP, 0, .rcx = MSR_NONE, 0x0f, 0x30);
	TRY("lock cpuid", VECTOR_UD, 0, .rax = 0, 0xf0, 0x0f, 0xa2);
	TRY("lock in", VECTOR_UD, 0, .rax = 0, 0xf0, 0xec);
	TRY("lock insb", VECTOR_UD, 0, .rax = 0, 0xf0, 0x6c);
	cr0_write(cr0_read() & ~(uint64_t)CR0_WP);
}

/* Breakpoints on data and ports: traps behind the instruction (SDM v3 18.2.4, AMD APM v2 13.1.1). */
static void watch(const char *name, uint64_t address, uint64_t dr7, struct run *run, uint64_t rip)
{
	dr0_write(address);
	dr7_write(dr7);
	run_code(run);
	dr7_write(0x400);
	run_report("watched", name, run,
		   run->vector == VECTOR_BP && run->nr_traps >= 1 && run->traps[0].rip == rip &&
			   run->traps[0].why == DR6_B0);
}

static void test_watchpoints(void)
{
	const struct run with = {.rax = 0x5a, .rcx = 2, .rdx = RUN_PORT, .rsi = RUN_MMIO + 0x50,
				 .rdi = RUN_BUFFER};
	struct run run;

	snippet_prepare();
	cr4_write(cr4_read() | CR4_DE);
#define WATCH(name, address, dr7, rip, ...)                                                         \
	run = with;                                                                                \
	PLACE(&run, __VA_ARGS__);                                                                  \
	watch(name, address, dr7, &run, rip)

	WATCH("port, in", RUN_PORT, DR7_IO, CODE + 1, 0xec);
	WATCH("port, out", RUN_PORT, DR7_IO, CODE + 1, 0xee);
	WATCH("port, rep insb", RUN_PORT, DR7_IO, CODE, 0xf3, 0x6c);
	WATCH("buffer, insb", RUN_BUFFER, DR7_WRITE, CODE + 1, 0x6c);
	WATCH("memory, mov from", RUN_MMIO + 0x50, DR7_ACCESS, CODE + 2, 0x8b, 0x06);
	WATCH("memory, mov to", RUN_MMIO + 0x50, DR7_WRITE, CODE + 2, 0x89, 0x06);
	WATCH("memory, add to", RUN_MMIO + 0x50, DR7_WRITE, CODE + 2, 0x01, 0x06);
	WATCH("memory, movsb from", RUN_MMIO + 0x50, DR7_ACCESS, CODE + 1, 0xa4);
	cr4_write(cr4_read() & ~(uint64_t)CR4_DE);
}

void guest_main(void)
{
	run_init();
	run_map(HOLE, 0);
	run_map(READ_ONLY, RUN_PRESENT | RUN_USER);
	run_map(SUPERVISOR, RUN_PRESENT | RUN_WRITABLE);
	test_ports();
	test_extension();
	test_operands();
	test_watchpoints();
}
