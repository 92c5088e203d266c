/*
 * tests/guest/vmx.c: what a guest on an Intel CPU sees of VMX: nothing.
 */
#include "guest.h"

#include "instruction.h"

#define CPUID_ECX_VMX (1u << 5)
#define CPUID_ECX_SMX (1u << 6)
#define CR4_VMXE 0x2000u
#define CR4_SMXE 0x4000u
#define CR0_NE 0x20u
#define MSR_FEATURE_CONTROL 0x3au
#define MSR_VMX_BASIC 0x480u
#define MSR_VMX_LAST 0x491u
#define VECTOR_UD 6
#define VECTOR_GP 13

/* Each of VMX's instructions, with RAX pointing at a page of zeros. */
#define INSTRUCTION(name, text)                                                                    \
	static void try_##name(void *context)                                                      \
	{                                                                                          \
		__asm__ volatile(text : : "a"(context), "c"(0) : "memory", "cc");                  \
	}

INSTRUCTION(vmxon, "vmxon (%%rax)")
INSTRUCTION(vmxoff, "vmxoff")
INSTRUCTION(vmclear, "vmclear (%%rax)")
INSTRUCTION(vmptrld, "vmptrld (%%rax)")
INSTRUCTION(vmptrst, "vmptrst (%%rax)")
INSTRUCTION(vmread, "vmread %%rcx, (%%rax)")
INSTRUCTION(vmwrite, "vmwrite (%%rax), %%rcx")
INSTRUCTION(vmlaunch, "vmlaunch")
INSTRUCTION(vmresume, "vmresume")
INSTRUCTION(vmcall, "vmcall")
INSTRUCTION(invept, "invept (%%rax), %%rcx")
INSTRUCTION(invvpid, "invvpid (%%rax), %%rcx")
INSTRUCTION(getsec, ".byte 0x0f, 0x37")

static const struct {
	const char *name;
	void (*run)(void *context);
} instructions[] = {
	{"vmxon gives #UD", try_vmxon},	      {"vmxoff gives #UD", try_vmxoff},
	{"vmclear gives #UD", try_vmclear},   {"vmptrld gives #UD", try_vmptrld},
	{"vmptrst gives #UD", try_vmptrst},   {"vmread gives #UD", try_vmread},
	{"vmwrite gives #UD", try_vmwrite},   {"vmlaunch gives #UD", try_vmlaunch},
	{"vmresume gives #UD", try_vmresume}, {"vmcall gives #UD", try_vmcall},
	{"invept gives #UD", try_invept},     {"invvpid gives #UD", try_invvpid},
	{"getsec gives #UD", try_getsec},
};

static uint8_t zero_page[4096] __attribute__((aligned(4096)));

static void set_cr4(void *context)
{
	cr4_write(cr4_read() | (uintptr_t)context);
}

static void set_feature_control(void *context)
{
	(void)context;
	msr_write(MSR_FEATURE_CONTROL, 5);
}

static void read_capability(void *context)
{
	msr_read((uint32_t)(uintptr_t)context);
}

static void set_bad_xcr(void *context)
{
	(void)context;
	__asm__ volatile("xsetbv" : : "c"(0), "a"(0), "d"(0)); /* bit 0 must be set */
}

static void check_hidden(void)
{
	uint32_t ecx = cpuid(1, 0).ecx;
	uint64_t feature = msr_read(MSR_FEATURE_CONTROL);
	int vector;

	guest_check(!(ecx & (CPUID_ECX_VMX | CPUID_ECX_SMX)), "cpuid hides VMX", "ecx 0x%x", ecx);
	guest_check(!(cr4_read() & CR4_VMXE), "CR4 hides VMXE", "0x%lx", cr4_read());
	vector = fault_catch(set_cr4, (void *)CR4_VMXE);
	guest_check(vector == VECTOR_GP, "setting VMXE gives #GP", "vector %d", vector);
	vector = fault_catch(set_cr4, (void *)CR4_SMXE);
	guest_check(vector == VECTOR_GP, "setting SMXE gives #GP", "vector %d", vector);
	guest_check((feature & 7) == 1, "VMX is locked off", "feature control 0x%lx", feature);
	vector = fault_catch(set_feature_control, NULL);
	guest_check(vector == VECTOR_GP, "unlocking it gives #GP", "vector %d", vector);
	for (uint32_t msr = MSR_VMX_BASIC; msr <= MSR_VMX_LAST; msr++) {
		vector = fault_catch(read_capability, (void *)(uintptr_t)msr);
		if (vector != VECTOR_GP)
			guest_check(false, "capability MSRs", "0x%x: vector %d", msr, vector);
	}
	for (size_t i = 0; i < sizeof(instructions) / sizeof(instructions[0]); i++) {
		vector = fault_catch(instructions[i].run, zero_page);
		guest_check(vector == VECTOR_UD, instructions[i].name, "vector %d", vector);
	}
}

/* CR0.NE must be set in hardware; the guest's own value is what it reads. */
static void check_cr0(void)
{
	uint64_t cr0 = cr0_read();

	cr0_write(cr0 & ~(uint64_t)CR0_NE);
	guest_check(!(cr0_read() & CR0_NE), "CR0.NE can be cleared", "0x%lx", cr0_read());
	cr0_write(cr0 | CR0_NE);
	guest_check((cr0_read() | CR0_NE) == (cr0 | CR0_NE) && (cr0_read() & CR0_NE),
		    "CR0.NE can be set", "0x%lx, before 0x%lx", cr0_read(), cr0);
	cr0_write(cr0);
}

void guest_main(void)
{
	check_hidden();
	check_cr0();
	cr4_write(cr4_read() | 0x40000); /* OSXSAVE */
	guest_check(fault_catch(set_bad_xcr, NULL) == VECTOR_GP, "a bad XCR0 gives #GP", "no");
	__asm__ volatile("wbinvd; invd" ::: "memory");
	guest_check(true, "wbinvd and invd", "no");
}
