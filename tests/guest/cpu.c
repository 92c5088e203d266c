/*
 * tests/guest/cpu.c: what a guest sees of its CPU: no SVM, and none of its registers changed by
 * exits.
 *
 * Options: rounds=N exits of each kind (default 200); port=NUMBER is read in each, so that a hook
 * there puts a script between; msr=NUMBER likewise; bare=1: no hypervisor, so SVM may be there.
 */
#include "guest.h"

#include "cpu_state.h"
#include "instruction.h"

#define MSR_EFER 0xc0000080u
#define EFER_SVME 0x1000u
#define MSR_VM_HSAVE_PA 0xc0010117u
#define RFLAGS_RF 0x10000u
#define DR6_B0 0x1u
#define DR6_RESET 0xffff0ff0u

/* Each of SVM's instructions, with RAX pointing at a page of zeros. */
#define INSTRUCTION(name, text)                                                                    \
	static void try_##name(void *context)                                                      \
	{                                                                                          \
		__asm__ volatile(text : : "a"(context), "c"(0) : "memory");                        \
	}

INSTRUCTION(vmrun, ".byte 0x0f, 0x01, 0xd8")
INSTRUCTION(vmmcall, ".byte 0x0f, 0x01, 0xd9")
INSTRUCTION(vmload, ".byte 0x0f, 0x01, 0xda")
INSTRUCTION(vmsave, ".byte 0x0f, 0x01, 0xdb")
INSTRUCTION(stgi, ".byte 0x0f, 0x01, 0xdc")
INSTRUCTION(clgi, ".byte 0x0f, 0x01, 0xdd")
INSTRUCTION(skinit, ".byte 0x0f, 0x01, 0xde")
INSTRUCTION(invlpga, ".byte 0x0f, 0x01, 0xdf")

static const struct {
	const char *name;
	void (*run)(void *context);
} instructions[] = {
	{"vmrun gives #UD", try_vmrun},	  {"vmmcall gives #UD", try_vmmcall},
	{"vmload gives #UD", try_vmload}, {"vmsave gives #UD", try_vmsave},
	{"stgi gives #UD", try_stgi},	  {"clgi gives #UD", try_clgi},
	{"skinit gives #UD", try_skinit}, {"invlpga gives #UD", try_invlpga},
};

static uint8_t zero_page[4096] __attribute__((aligned(4096)));

static void efer_set_svme(void *context)
{
	(void)context;
	msr_write(MSR_EFER, msr_read(MSR_EFER) | EFER_SVME);
}

static void hsave_write(void *context)
{
	msr_write(MSR_VM_HSAVE_PA, (uintptr_t)context);
}

static void check_svm_hidden(void)
{
	struct cpuid_registers r = cpuid(0x80000001, 0);
	int vector;

	guest_check(!(r.ecx & 4), "cpuid hides SVM", "ecx 0x%x", r.ecx);
	r = cpuid(0x8000000a, 0);
	guest_check(!(r.eax | r.ebx | r.ecx | r.edx), "cpuid has no SVM leaf", "%x %x %x %x", r.eax,
		    r.ebx, r.ecx, r.edx);
	guest_check(!(msr_read(MSR_EFER) & EFER_SVME), "efer hides SVME", "0x%lx",
		    msr_read(MSR_EFER));
	vector = fault_catch(efer_set_svme, NULL);
	guest_check(vector == 13 && !(msr_read(MSR_EFER) & EFER_SVME), "setting SVME gives #GP",
		    "vector %d, efer 0x%lx", vector, msr_read(MSR_EFER));
	vector = fault_catch(hsave_write, zero_page);
	guest_check(vector == 13, "writing VM_HSAVE_PA gives #GP", "vector %d", vector);
	for (size_t i = 0; i < sizeof(instructions) / sizeof(instructions[0]); i++) {
		vector = fault_catch(instructions[i].run, zero_page);
		guest_check(vector == 6, instructions[i].name, "vector %d", vector);
	}
}

/* A trap after an instruction that exits, as after any other (AMD APM v2 13.1.4). */
static volatile uint64_t step_count, step_rip[4];

static bool step_handler(struct fault_frame *frame)
{
	if (frame->vector != 1)
		return false;
	if (step_count < 4)
		step_rip[step_count] = frame->rip;
	step_count++;
	/* A breakpoint on execution comes before the instruction: RF lets it pass this time. */
	if (dr6_read() & DR6_B0)
		frame->rflags |= RFLAGS_RF;
	dr6_write(DR6_RESET);
	return true;
}

static void check_single_step(void)
{
	uint64_t after_cpuid, rax = 0, rcx = 0, rbx, rdx;

	fault_handler = step_handler;
	__asm__ volatile("pushf; orl $0x100, (%%rsp); popf\n"
			 "	cpuid\n"
			 "1:	pushf; andl $~0x100, (%%rsp); popf\n"
			 "	lea 1b(%%rip), %4"
			 : "+a"(rax), "=b"(rbx), "+c"(rcx), "=d"(rdx), "=r"(after_cpuid)
			 :
			 : "cc", "memory");
	fault_handler = NULL;
	guest_check(step_rip[0] == after_cpuid, "a single step ends behind cpuid",
		    "first trap at 0x%lx, cpuid ends at 0x%lx", step_rip[0], after_cpuid);
	guest_check(step_count == 4, "single steps", "%lu traps", step_count);
}

static void check_breakpoint(void)
{
	uint64_t target, rax = 0, rcx = 0, rbx, rdx;

	step_count = 0;
	fault_handler = step_handler;
	__asm__ volatile("lea 1f(%%rip), %4\n"
			 "	mov %4, %%dr0\n"
			 "	mov $0x401, %%esi\n" /* L0, break on execution, 1 byte */
			 "	mov %%rsi, %%dr7\n"
			 "	cpuid\n"
			 "1:	nop\n"
			 "	mov $0x400, %%esi\n"
			 "	mov %%rsi, %%dr7"
			 : "+a"(rax), "=b"(rbx), "+c"(rcx), "=d"(rdx), "=&r"(target)
			 :
			 : "rsi", "cc", "memory");
	fault_handler = NULL;
	guest_check(step_count == 1 && step_rip[0] == target, "breakpoint behind cpuid",
		    "%lu traps, first at 0x%lx, wanted 0x%lx", step_count, step_rip[0], target);
}

static void touch(uint64_t port, bool have_port, uint64_t msr, bool have_msr)
{
	cpuid(0, 0);
	cpuid(0x80000001, 0);
	if (have_port)
		in8((uint16_t)port);
	if (have_msr)
		msr_read((uint32_t)msr);
}

static void check_state_kept(void)
{
	uint64_t rounds = option_number_or("rounds", 200), port = 0, msr = 0, tsc;
	bool have_port = option_number("port", &port), have_msr = option_number("msr", &msr);
	uint64_t backwards = 0;

	cpu_state_set();
	tsc = tsc_read();
	for (uint64_t i = 0; i < rounds; i++) {
		uint64_t now;

		touch(port, have_port, msr, have_msr);
		now = tsc_read();
		backwards += now <= tsc;
		tsc = now;
	}
	cpu_state_check();
	guest_check(backwards == 0, "TSC runs forward", "%lu times not", backwards);
}

void guest_main(void)
{
	if (!option_number_or("bare", 0))
		check_svm_hidden();
	check_single_step();
	check_breakpoint();
	check_state_kept();
}
