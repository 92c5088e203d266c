/*
 * tests/guest/alone.c: instructions that show the trace flag, change it, or end a single step late or
 * never, from a page that a script may watch, with and without a trace flag of the guest's own. Behind
 * each of them, and at the start of each handler, a word of that page is read, which a script may
 * answer: whatever runs the instruction by itself has to be gone by then.
 *
 * Options: probe=VALUE that reads of RUN_MMIO + 0xf00 give (default: what is in memory there).
 */
#include "run.h"

#include "instruction.h"

#define CODE RUN_MMIO		     /* the page that is watched */
#define PROBE (RUN_MMIO + 0xf00u)
#define STACK_TOP (RUN_MMIO + 0xe00u) /* a stack in it */
#define PROBE_VALUE 0x11111111u
#define OPCODE_ICEBP 0xf1
#define VECTOR_OF 4
#define VECTOR_SOFT 0x40
#define RFLAGS_OF 0x800u
#define VECTOR_TIMER 0x51
#define APIC 0xfee00000u
#define APIC_EOI 0xb0u
#define APIC_SVR 0xf0u
#define APIC_LVT_TIMER 0x320u
#define APIC_TIMER_COUNT 0x380u
#define CPUID_MONITOR 0x8u
#define CPUID_WAITPKG 0x20u
#define MSR_UMWAIT_CONTROL 0xe1u
#define MSR_EFER 0xc0000080u
#define MSR_STAR 0xc0000081u
#define MSR_LSTAR 0xc0000082u
#define MSR_SFMASK 0xc0000084u
#define FLAGS_SEEN (RFLAGS_TF | RFLAGS_IF)
#define PUSHES 32

static uint64_t probe_wanted;

/* Where an interrupt or exception in the code under test led, and what it found. */
static struct {
	unsigned count;
	uint64_t vector, rip, flags, probe;
} event;

/* #DB of the code under test. */
static struct {
	unsigned count;
	uint64_t first_rip, dr6;
} traps;

static bool stop_tracing;

static bool handle(struct fault_frame *frame)
{
	uint64_t probe = *(volatile uint32_t *)PROBE;

	if (frame->vector == VECTOR_DB) {
		if (traps.count++ == 0) {
			traps.first_rip = frame->rip;
			traps.dr6 = dr6_read() & 0xe00f;
		}
		dr6_write(0xffff0ff0);
		if (stop_tracing || traps.count > 60)
			frame->rflags &= ~(uint64_t)RFLAGS_TF;
		return true;
	}
	if (frame->vector == VECTOR_TIMER)
		*(volatile uint32_t *)(uintptr_t)(APIC + APIC_EOI) = 0;
	if (frame->vector == VECTOR_UD && *(volatile uint8_t *)frame->rip == OPCODE_ICEBP) {
		frame->rip++; /* QEMU by itself does not have it */
		return true;
	}
	event.count++;
	event.vector = frame->vector;
	event.rip = frame->rip;
	event.flags = frame->rflags;
	event.probe = probe;
	return frame->vector == VECTOR_SOFT || frame->vector == VECTOR_TIMER || frame->vector == VECTOR_BP ||
	       frame->vector == VECTOR_OF;
}

/* Calls the code at CODE + offset with RAX, RSP and flags; gives RAX and RDX. */
static uint64_t call(unsigned offset, uint64_t rax, uint64_t flags, uint64_t stack, uint64_t *rdx)
{
	uint64_t result, other = 0;

	memset(&event, 0, sizeof(event));
	memset(&traps, 0, sizeof(traps));
	stop_tracing = false;
	__asm__ volatile("mov %%rsp, %%rbx; test %5, %5; cmovnz %5, %%rsp\n"
			 "push %4; popf; call *%3; pushf; andl $~0x100, (%%rsp); popf; mov %%rbx, %%rsp"
			 : "=a"(result), "=d"(other)
			 : "a"(rax), "r"(CODE + (uint64_t)offset), "r"(flags | RFLAGS_FIXED), "r"(stack)
			 : "rbx", "rcx", "r11", "rsi", "rdi", "memory", "cc");
	if (rdx)
		*rdx = other;
	return result;
}

static void place(unsigned offset, const void *bytes, size_t length_bytes)
{
	memcpy((void *)(CODE + (uint64_t)offset), bytes, length_bytes);
}

#define PLACE(offset, ...)                                                                         \
	do {                                                                                       \
		static const uint8_t code[] = {__VA_ARGS__};                                       \
		place(offset, code, sizeof(code));                                                 \
	} while (0)
/* mov PROBE, %edx; ret */
#define PROBE_AND_RETURN 0x8b, 0x14, 0x25, 0x00, 0x0f, 0x00, 0x08, 0xc3

static bool probe_is_right(uint64_t value)
{
	return value == probe_wanted;
}

static void check_pushf(uint64_t flags, uint64_t stack, const char *name)
{
	uint64_t rdx, rax;

	PLACE(0, 0x9c, 0x58, PROBE_AND_RETURN); /* pushf; pop %rax */
	rax = call(0, 0, flags, stack, &rdx);
	guest_check((rax & FLAGS_SEEN) == flags && probe_is_right(rdx), name, "flags 0x%lx probe 0x%lx",
		    rax, rdx);
	guest_check(traps.count == (flags & RFLAGS_TF ? 8u : 0u) &&
			    (traps.count == 0 || traps.dr6 == DR6_BS),
		    name, "%u traps, first 0x%lx dr6 0x%lx", traps.count, traps.first_rip, traps.dr6);
}

/* INT n, INT3, ICEBP: the handler sees what the guest had, and returns behind. */
static void check_interrupt(const char *name, const uint8_t *bytes, unsigned length_bytes,
			    unsigned vector, uint64_t flags, uint64_t stack)
{
	static const uint8_t rest[] = {PROBE_AND_RETURN};
	uint64_t rdx;

	place(0, bytes, length_bytes);
	place(length_bytes, rest, sizeof(rest));
	call(0, 0, flags, stack, &rdx);
	if (vector == VECTOR_DB) {
		guest_check(traps.count == (flags & RFLAGS_TF ? 7u : 1u) && probe_is_right(rdx), name,
			    "%u traps, probe 0x%lx", traps.count, rdx);
		return;
	}
	guest_check(event.count == 1 && event.vector == vector && event.rip == CODE + length_bytes &&
			    (event.flags & RFLAGS_TF) == (flags & RFLAGS_TF) &&
			    probe_is_right(event.probe) && probe_is_right(rdx),
		    name, "%u events, vector %lu at 0x%lx flags 0x%lx probes 0x%lx 0x%lx", event.count,
		    event.vector, event.rip, event.flags, event.probe, rdx);
	/* None behind it: behind CALL, `mov`, `ret`, and what follows in call(). */
	guest_check(traps.count == (flags & RFLAGS_TF ? 6u : 0u), name, "%u traps, the first at 0x%lx",
		    traps.count, traps.first_rip);
}

static void check_interrupts(uint64_t flags, uint64_t stack)
{
	static const uint8_t soft[] = {0xcd, VECTOR_SOFT}, breakpoint[] = {0xcc}, icebp[] = {0xf1};

	check_interrupt("int n", soft, sizeof(soft), VECTOR_SOFT, flags, stack);
	check_interrupt("int3", breakpoint, sizeof(breakpoint), VECTOR_BP, flags, stack);
	check_interrupt("icebp", icebp, sizeof(icebp), VECTOR_DB, flags, stack);
}

/* POPF and IRET set TF: the trap comes behind the instruction that follows; or clear it: a last one. */
static void check_loads(uint64_t stack)
{
	uint64_t rdx;

	/* push $0x102; popf; nop; [push $2; popf]; probe; ret */
	PLACE(0, 0x68, 0x02, 0x01, 0, 0, 0x9d, 0x90, 0x6a, 0x02, 0x9d, PROBE_AND_RETURN);
	call(0, 0, 0, stack, &rdx);
	guest_check(traps.count == 3 && traps.first_rip == CODE + 7 && probe_is_right(rdx), "popf sets TF",
		    "%u traps, the first at 0x%lx, probe 0x%lx", traps.count, traps.first_rip, rdx);
	/* mov %rsp, %rcx; push $0x10; push %rcx; push $0x102; push $0x18; push $CODE + 0x20; iretq */
	PLACE(0, 0x48, 0x89, 0xe1, 0x6a, 0x10, 0x51, 0x68, 0x02, 0x01, 0, 0, 0x6a, 0x18, 0x68, 0x20, 0, 0,
	      0x08, 0x48, 0xcf);
	PLACE(0x20, 0x90, 0x6a, 0x02, 0x9d, PROBE_AND_RETURN);
	call(0, 0, 0, stack, &rdx);
	guest_check(traps.count == 3 && traps.first_rip == CODE + 0x21 && probe_is_right(rdx),
		    "iret sets TF", "%u traps, the first at 0x%lx, probe 0x%lx", traps.count,
		    traps.first_rip, rdx);
}

/* STI, and MOV SS and POP SS, whose trap comes one instruction later. */
static void check_shadows(uint64_t stack)
{
	uint64_t rdx;

	PLACE(0, 0x8c, 0xd0, 0x8e, 0xd0, PROBE_AND_RETURN); /* mov %ss, %eax; mov %eax, %ss */
	call(0, 0, 0, stack, &rdx);
	guest_check(probe_is_right(rdx), "mov ss", "probe 0x%lx", rdx);
	PLACE(0, 0xb8, 0x30, 0, 0, 0, 0x8e, 0xd0, PROBE_AND_RETURN); /* the TSS */
	{
		int vector = fault_catch((void (*)(void *))(uintptr_t)CODE, NULL);

		guest_check(vector == VECTOR_GP && fault_error_code == 0x30, "mov ss of a bad one",
			    "vector %d error 0x%lx", vector, fault_error_code);
		fault_handler = handle;
	}
	PLACE(0, 0xfb, 0xfa, PROBE_AND_RETURN); /* sti; cli */
	call(0, 0, 0, stack, &rdx);
	guest_check(probe_is_right(rdx) && event.count == 0, "sti", "probe 0x%lx", rdx);
	PLACE(0, 0x8c, 0xd0, 0x8e, 0xd0, PROBE_AND_RETURN);
	call(0, 0, RFLAGS_TF, stack, &rdx);
	/* None behind the load of SS itself. */
	guest_check(traps.count == 7 && probe_is_right(rdx), "mov ss in single steps",
		    "%u traps, probe 0x%lx", traps.count, rdx);
}

static void check_system_calls(uint64_t mask)
{
	struct __attribute__((packed)) {
		uint16_t limit;
		uint64_t *base;
	} pointer;
	uint64_t rdx = 0, r11;

	msr_write(MSR_EFER, msr_read(MSR_EFER) | 1);
	__asm__ volatile("sgdt %0" : "=m"(pointer));
	pointer.base[RUN_LIMITED_CODE32 / 8] = UINT64_C(0x00af9b000000ffff);
	pointer.base[RUN_LIMITED_DATA / 8] = UINT64_C(0x00cf93000000ffff);
	msr_write(MSR_STAR, (uint64_t)RUN_LIMITED_CODE32 << 32);
	msr_write(MSR_LSTAR, CODE + 0x40);
	msr_write(MSR_SFMASK, mask);
	PLACE(0, 0x0f, 0x05);
	PLACE(0x40, 0x4c, 0x89, 0xd8, PROBE_AND_RETURN); /* mov %r11, %rax */
	r11 = call(0, 0, 0, 0, &rdx);
	__asm__ volatile("mov %0, %%ss" : : "r"(RUN_DATA));
	guest_check((r11 & RFLAGS_TF) == 0 && probe_is_right(rdx) && traps.count == 0, "syscall",
		    "r11 0x%lx probe 0x%lx %u traps", r11, rdx, traps.count);
	r11 = call(0, 0, RFLAGS_TF, 0, &rdx);
	__asm__ volatile("mov %0, %%ss" : : "r"(RUN_DATA));
	guest_check((r11 & RFLAGS_TF) != 0 && probe_is_right(rdx) &&
			    (mask & RFLAGS_TF ? traps.count <= 2 : traps.count > 4),
		    "syscall in single steps", "r11 0x%lx probe 0x%lx %u traps", r11, rdx, traps.count);
}

/* To CPL 3, with these flags in R11, from code at `code`; DR6 of the trap that comes first is of no interest. */
static void run_sysret(struct run *run, uint64_t code, uint32_t flags, uint32_t flags_before)
{
	uint8_t enter[] = {0xb9, 0, 0, 0, 0, 0x41, 0xbb, 0, 0, 0, 0, 0x48, 0x0f, 0x07};
	/* mov PROBE, %edx; mov %r11, %rax; int3 */
	static const uint8_t user[] = {0x8b, 0x14, 0x25, 0x00, 0x0f, 0x00, 0x08, 0x4c, 0x89, 0xd8, 0xcc};
	uint32_t target = (uint32_t)code + 0x80;

	memcpy(enter + 1, &target, sizeof(target));
	memcpy(enter + 7, &flags, sizeof(flags));
	memcpy((void *)code, enter, sizeof(enter));
	memcpy((void *)(code + 0x80), user, sizeof(user));
	*run = (struct run){.rip = code, .rflags = flags_before};
	run_code(run);
	fault_handler = handle;
}

/* As in a page that nobody watches: the guest's TF shows behind SYSRET at once, ours never. */
static void check_sysret(void)
{
	msr_write(MSR_EFER, msr_read(MSR_EFER) | 1);
	msr_write(MSR_STAR, (uint64_t)(RUN_USER_DATA - 8) << 48);
	for (unsigned i = 0; i < 4; i++) {
		uint32_t flags = RFLAGS_FIXED | (i & 1 ? RFLAGS_TF : 0), before = i & 2 ? RFLAGS_TF : 0;
		const char *name = i == 0 ? "sysret" : i & 1 ? "sysret sets TF" : "sysret in single steps";
		struct run plain, run;
		bool alike;

		run_sysret(&plain, RUN_WINDOW + 0x100u, flags, before);
		run_sysret(&run, CODE + 0x100u, flags, before);
		alike = run.nr_traps == plain.nr_traps;
		for (unsigned at = 0; alike && at < run.nr_traps && at < RUN_TRAPS; at++)
			alike = run.traps[at].rip - CODE == plain.traps[at].rip - RUN_WINDOW &&
				run.traps[at].why == plain.traps[at].why;
		guest_check(run.vector == VECTOR_BP && run.rip == CODE + 0x18bu && run.cs == RUN_USER_CODE64 &&
				    run.rax == flags && ((run.rflags ^ flags) & FLAGS_SEEN) == 0 &&
				    probe_is_right(run.rdx),
			    name, "vector %d at 0x%lx r11 0x%lx flags 0x%lx probe 0x%lx", run.vector, run.rip,
			    run.rax, run.rflags, run.rdx);
		guest_check(alike, name, "%u traps, the first at 0x%lx; elsewhere %u, 0x%lx", run.nr_traps,
			    run.traps[0].rip, plain.nr_traps, plain.traps[0].rip);
	}
}

/* 32-bit code at CODE, which ends with LRET. */
static uint64_t call32(uint64_t flags)
{
	static const struct __attribute__((packed)) {
		uint32_t offset;
		uint16_t selector;
	} target = {CODE, RUN_CODE32};
	uint64_t rdx = 0;

	memset(&event, 0, sizeof(event));
	memset(&traps, 0, sizeof(traps));
	stop_tracing = false;
	__asm__ volatile("push %2; popf; lcall *%1; pushf; andl $~0x900, (%%rsp); popf"
			 : "+d"(rdx)
			 : "m"(target), "r"(flags | RFLAGS_FIXED)
			 : "memory", "cc");
	return rdx;
}

/* INTO gives its event after an overflow only, else it is an instruction like any other. */
static void check_into(void)
{
	/* into; mov PROBE, %edx; lret */
	PLACE(0, 0xce, 0x8b, 0x15, 0x00, 0x0f, 0x00, 0x08, 0xcb);
	for (unsigned i = 0; i < 4; i++) {
		uint64_t flags = (i & 1 ? RFLAGS_OF : 0) | (i & 2 ? RFLAGS_TF : 0), rdx = call32(flags);
		const char *name = i & 1 ? "into" : "into without an overflow";

		guest_check(event.count == (i & 1) && probe_is_right(rdx) &&
				    (event.count == 0 ||
				     (event.vector == VECTOR_OF && event.rip == CODE + 1 &&
				      (event.flags & (RFLAGS_TF | RFLAGS_OF)) == flags &&
				      probe_is_right(event.probe))),
			    name, "%u events, vector %lu at 0x%lx flags 0x%lx probes 0x%lx 0x%lx", event.count,
			    event.vector, event.rip, event.flags, event.probe, rdx);
		guest_check(traps.count == (i & 2 ? 7 - (i & 1) : 0), name, "%u traps, the first at 0x%lx",
			    traps.count, traps.first_rip);
	}
}

static void timer_start(uint32_t count)
{
	*(volatile uint32_t *)(uintptr_t)(APIC + APIC_SVR) = 0x1ff;
	*(volatile uint32_t *)(uintptr_t)(APIC + APIC_LVT_TIMER) = VECTOR_TIMER;
	*(volatile uint32_t *)(uintptr_t)(APIC + APIC_TIMER_COUNT) = count;
}

/* HLT ends by an interrupt, which returns behind it; MWAIT may end at any time. */
static void check_waits(uint64_t stack)
{
	uint64_t rdx;

	PLACE(0, 0xfb, 0xf4, 0xfa, PROBE_AND_RETURN); /* sti; hlt; cli */
	timer_start(300000);
	call(0, 0, 0, stack, &rdx);
	guest_check(event.count == 1 && event.vector == VECTOR_TIMER && event.rip == CODE + 2 &&
			    probe_is_right(event.probe) && probe_is_right(rdx),
		    "hlt", "%u events at 0x%lx, probes 0x%lx 0x%lx", event.count, event.rip, event.probe,
		    rdx);
	if (!(cpuid(1, 0).ecx & CPUID_MONITOR))
		return;
	/* mov $PROBE, %eax; xor %ecx, %ecx; xor %edx, %edx; monitor; xor %eax, %eax; sti; mwait; cli */
	PLACE(0, 0xb8, 0x00, 0x0f, 0x00, 0x08, 0x31, 0xc9, 0x31, 0xd2, 0x0f, 0x01, 0xc8, 0x31, 0xc0, 0xfb,
	      0x0f, 0x01, 0xc9, 0xfa, PROBE_AND_RETURN);
	timer_start(300000);
	call(0, 0, 0, stack, &rdx);
	guest_check(probe_is_right(rdx), "mwait", "probe 0x%lx", rdx);
	timer_start(0);
}

/* TPAUSE and UMWAIT end at the time that EDX:EAX says, by an interrupt, or at any time before (Intel SDM 2B, 2D).
 * Where they run alone, something has to end them: the interrupts that would are held meanwhile. */
static void check_user_waits(uint64_t stack)
{
	uint64_t rdx;

	if (!(cpuid(7, 0).ecx & CPUID_WAITPKG))
		return;
	msr_write(MSR_UMWAIT_CONTROL, 0); /* no limit of the system's */
	/* xor %ecx, %ecx; rdtsc; add $0x20000, %eax; adc $0, %edx; tpause %ecx */
	PLACE(0, 0x31, 0xc9, 0x0f, 0x31, 0x05, 0x00, 0x00, 0x02, 0x00, 0x83, 0xd2, 0x00, 0x66, 0x0f, 0xae,
	      0xf1, PROBE_AND_RETURN);
	call(0, 0, 0, stack, &rdx);
	guest_check(event.count == 0 && probe_is_right(rdx), "tpause", "%u events, probe 0x%lx", event.count, rdx);
	/* mov $PROBE, %eax; umonitor %rax; xor %ecx, %ecx; rdtsc; add $0x20000, %eax; adc $0, %edx; umwait %ecx */
	PLACE(0, 0xb8, 0x00, 0x0f, 0x00, 0x08, 0xf3, 0x0f, 0xae, 0xf0, 0x31, 0xc9, 0x0f, 0x31, 0x05, 0x00,
	      0x00, 0x02, 0x00, 0x83, 0xd2, 0x00, 0xf2, 0x0f, 0xae, 0xf1, PROBE_AND_RETURN);
	call(0, 0, 0, stack, &rdx);
	guest_check(event.count == 0 && probe_is_right(rdx), "umwait", "%u events, probe 0x%lx", event.count,
		    rdx);
	/* mov %rax, %rdi; xor %ecx, %ecx; mov $-1, %eax; mov %eax, %edx; sti; tpause %ecx; then until it has come:
	 * 0: testb $1, (%rdi); jz 0b; cli */
	PLACE(0, 0x48, 0x89, 0xc7, 0x31, 0xc9, 0xb8, 0xff, 0xff, 0xff, 0xff, 0x89, 0xc2, 0xfb, 0x66, 0x0f, 0xae,
	      0xf1, 0xf6, 0x07, 0x01, 0x74, 0xfb, 0xfa, PROBE_AND_RETURN);
	timer_start(300000);
	call(0, (uint64_t)(uintptr_t)&event.count, 0, stack, &rdx);
	guest_check(event.count == 1 && event.vector == VECTOR_TIMER && probe_is_right(event.probe) &&
			    probe_is_right(rdx),
		    "tpause and an interrupt", "%u events at 0x%lx, probes 0x%lx 0x%lx", event.count, event.rip,
		    event.probe, rdx);
	if (probe_wanted == PROBE_VALUE)
		return; /* it would not end */
	/* xor %ecx, %ecx; mov $-1, %eax; mov %eax, %edx; tpause %ecx */
	PLACE(0, 0x31, 0xc9, 0xb8, 0xff, 0xff, 0xff, 0xff, 0x89, 0xc2, 0x66, 0x0f, 0xae, 0xf1, PROBE_AND_RETURN);
	call(0, 0, 0, stack, &rdx);
	guest_check(event.count == 0 && probe_is_right(rdx), "tpause without an end", "%u events, probe 0x%lx",
		    event.count, rdx);
}

/* Exits that end an instruction in its place, strings, and instructions that wait. */
static void check_others(void)
{
	uint64_t rdx, rax;
	struct run run = {.rip = CODE + 0x100};

	PLACE(0, 0x53, 0x31, 0xc0, 0x0f, 0xa2, 0x5b, PROBE_AND_RETURN); /* push %rbx; cpuid; pop %rbx */
	call(0, 0, 0, 0, &rdx);
	guest_check(probe_is_right(rdx), "cpuid", "probe 0x%lx", rdx);
	PLACE(0, 0x0f, 0xa2, 0xc3);
	PLACE(0, 0xe4, 0x81, PROBE_AND_RETURN); /* in $0x81, %al */
	rax = call(0, 0, 0, 0, &rdx);
	guest_check((rax & 0xff) == RUN_PORT_VALUE && probe_is_right(rdx), "in", "probe 0x%lx", rdx);
	/* lea 0x8000a00, %rdi; mov $9, %ecx; rep stosb */
	PLACE(0, 0x48, 0x8d, 0x3c, 0x25, 0, 0x0a, 0, 0x08, 0xb9, 9, 0, 0, 0, 0xf3, 0xaa, 0x90, PROBE_AND_RETURN);
	call(0, 0x77, 0, 0, &rdx);
	guest_check(probe_is_right(rdx) && *(volatile uint8_t *)(RUN_MMIO + 0xa08u) == 0x77, "rep stosb",
		    "probe 0x%lx", rdx);
	/* A fault of an instruction that is run by itself, and of one whose event cannot be delivered. */
	PLACE(0x100, 0x0f, 0x0b);
	run_code(&run);
	guest_check(run.vector == VECTOR_UD && run.rip == CODE + 0x100 && run.nr_traps == 0 &&
			    !(run.rflags & RFLAGS_TF),
		    "a fault", "vector %d at 0x%lx flags 0x%lx", run.vector, run.rip, run.rflags);
	PLACE(0x100, 0xcd, 0xf5);
	run = (struct run){.rip = CODE + 0x100, .cs = RUN_USER_CODE64, .ss = RUN_USER_DATA};
	run_code(&run);
	guest_check(run.vector == VECTOR_GP && (run.error_code & 7) == 2 && run.rip == CODE + 0x100,
		    "a gate that is not for CPL 3", "vector %d error 0x%lx at 0x%lx", run.vector,
		    run.error_code, run.rip);
	/* Execution breakpoints come before the instruction, those on data behind it. */
	PLACE(0x100, 0x90, 0x8b, 0x14, 0x25, 0x00, 0x0f, 0x00, 0x08, 0xcc);
	dr0_write(CODE + 0x101);
	dr7_write(0x401);
	run = (struct run){.rip = CODE + 0x100};
	run_code(&run);
	dr7_write(0x400);
	guest_check(run.vector == VECTOR_BP && run.nr_traps == 1 && run.traps[0].rip == CODE + 0x101 &&
			    run.traps[0].why == DR6_B0,
		    "a breakpoint", "vector %d %u traps, 0x%lx at 0x%lx", run.vector, run.nr_traps,
		    run.traps[0].why, run.traps[0].rip);
	fault_handler = handle;
}

void guest_main(void)
{
	run_init();
	out8(0x21, 0xff);
	out8(0xa1, 0xff);
	*(volatile uint32_t *)PROBE = PROBE_VALUE;
	probe_wanted = option_number_or("probe", PROBE_VALUE);
	fault_handler = handle;
	for (unsigned i = 0; i < 4; i++) {
		uint64_t stack = i & 1 ? STACK_TOP : 0, flags = i & 2 ? RFLAGS_TF : 0;

		check_pushf(flags, stack, i & 1 ? "pushf onto the page" : "pushf");
		check_interrupts(flags, stack);
	}
	check_loads(0);
	check_loads(STACK_TOP);
	check_shadows(0);
	check_shadows(STACK_TOP);
	check_system_calls(0);
	check_system_calls(RFLAGS_TF | RFLAGS_IF);
	check_sysret();
	check_into();
	check_waits(0);
	check_waits(STACK_TOP);
	check_user_waits(0);
	check_user_waits(STACK_TOP);
	check_others();
}
