/*
 * tests/guest/cpu_state.c: registers that a hypervisor must leave alone.
 */
#include "cpu_state.h"

#include "guest.h"
#include "instruction.h"

#define CR0_MP_NE 0x22u
#define CR0_EM_TS 0xcu
#define CR4_OSFXSR_OSXMMEXCPT 0x600u
#define CR4_OSXSAVE 0x40000u
#define CPUID1_ECX_XSAVE 0x04000000u
#define CPUID1_ECX_AVX 0x10000000u
#define XCR0_X87_SSE_AVX 7u
#define VECTORS 16
#define VECTOR_BYTES 32
#define SELECTOR_TSS 0x30
#define SELECTOR_LDT 0x40
#define SELECTOR_IN_LDT 0x0c /* entry 1, table indicator */
#define IST_BYTES 4096

extern const uint64_t gdt[6];
uint64_t cpu_state_gdt[10];

/* MSRs, and what each is set to; `keep`: only read. */
static struct {
	uint32_t msr;
	bool keep;
	const char *name;
	uint64_t value;
} msrs[] = {
	{0x277, false, "PAT", 0x0007010600070106},
	{0x2ff, true, "MTRRdefType", 0},
	{0x200, true, "MTRRphysBase0", 0},
	{0x201, true, "MTRRphysMask0", 0},
	{0x250, true, "MTRRfix64K_00000", 0},
	{0x26f, true, "MTRRfix4K_F8000", 0},
	{0x1b, true, "APIC_BASE", 0},
	{0x174, false, "SYSENTER_CS", 0x18},
	{0x175, false, "SYSENTER_ESP", 0x1122334455},
	{0x176, false, "SYSENTER_EIP", 0x5544332211},
	{0xc0000080, true, "EFER", 0},
	{0xc0000081, false, "STAR", 0x0018001000000000},
	{0xc0000082, false, "LSTAR", 0x123456789abc},
	{0xc0000083, false, "CSTAR", 0xcba987654321 & 0x7fffffffffff},
	{0xc0000084, false, "SFMASK", 0x47700},
	{0xc0000100, false, "FS.base", 0x111122223333},
	{0xc0000101, false, "GS.base", 0x444455556666},
	{0xc0000102, false, "KernelGSbase", 0x777788889999 & 0x7fffffffffff},
	{0xc0000103, false, "TSC_AUX", 0x2a},
};
#define NR_MSRS (sizeof(msrs) / sizeof(msrs[0]))

static const uint64_t ldt[2] = {0, 0x00cf93000000ffff};
static uint8_t ist_stack[IST_BYTES] __attribute__((aligned(16)));
static struct __attribute__((packed)) {
	uint32_t reserved0;
	uint64_t rsp[3], reserved1, ist[7], reserved2;
	uint16_t reserved3, iopb;
} tss;

static uint8_t vectors[VECTORS][VECTOR_BYTES] __attribute__((aligned(32)));
static uint8_t vectors_now[VECTORS][VECTOR_BYTES] __attribute__((aligned(32)));
static bool have_avx;
static uint64_t cr0, cr3, cr4;
static volatile uint64_t ist_frame;

static void vectors_load(void)
{
#define LOAD(n)                                                                                    \
	if (have_avx)                                                                              \
		__asm__ volatile("vmovdqa %0, %%ymm" #n : : "m"(vectors[n]));                      \
	else                                                                                       \
		__asm__ volatile("movdqa %0, %%xmm" #n : : "m"(vectors[n]));
	LOAD(0) LOAD(1) LOAD(2) LOAD(3) LOAD(4) LOAD(5) LOAD(6) LOAD(7)
	LOAD(8) LOAD(9) LOAD(10) LOAD(11) LOAD(12) LOAD(13) LOAD(14) LOAD(15)
#undef LOAD
}

static void vectors_store(void)
{
#define STORE(n)                                                                                   \
	if (have_avx)                                                                              \
		__asm__ volatile("vmovdqa %%ymm" #n ", %0" : "=m"(vectors_now[n]));                \
	else                                                                                       \
		__asm__ volatile("movdqa %%xmm" #n ", %0" : "=m"(vectors_now[n]));
	STORE(0) STORE(1) STORE(2) STORE(3) STORE(4) STORE(5) STORE(6) STORE(7)
	STORE(8) STORE(9) STORE(10) STORE(11) STORE(12) STORE(13) STORE(14) STORE(15)
#undef STORE
}

static void fpu_set(void)
{
	uint32_t features = cpuid(1, 0).ecx, mxcsr = 0x5f80;
	uint16_t control = 0x0b7f;

	cr0_write((cr0_read() & ~(uint64_t)CR0_EM_TS) | CR0_MP_NE);
	cr4_write(cr4_read() | CR4_OSFXSR_OSXMMEXCPT);
	have_avx = (features & CPUID1_ECX_AVX) && (features & CPUID1_ECX_XSAVE);
	if (have_avx) {
		cr4_write(cr4_read() | CR4_OSXSAVE);
		__asm__ volatile("xsetbv" : : "c"(0), "a"(XCR0_X87_SSE_AVX), "d"(0));
	}
	__asm__ volatile("fninit; fldcw %0; fldpi; fldl2e; ldmxcsr %1" : : "m"(control), "m"(mxcsr));
	for (unsigned i = 0; i < VECTORS; i++)
		for (unsigned j = 0; j < (have_avx ? 32 : 16); j++)
			vectors[i][j] = (uint8_t)(i * 16 + j + 1);
	vectors_load();
}

static void fpu_check(void)
{
	uint32_t mxcsr, xcr0 = XCR0_X87_SSE_AVX, high;
	uint16_t control;
	uint64_t first, second;
	static const uint64_t pi = UINT64_C(0x400921fb54442d18), l2e = UINT64_C(0x3ff71547652b82fe);

	vectors_store();
	__asm__ volatile("stmxcsr %0; fnstcw %1; fstpl %2; fstpl %3"
			 : "=m"(mxcsr), "=m"(control), "=m"(first), "=m"(second));
	guest_check(memcmp(vectors, vectors_now, sizeof(vectors)) == 0,
		    have_avx ? "AVX registers" : "SSE registers", "they changed");
	guest_check(mxcsr == 0x5f80, "MXCSR", "0x%x", mxcsr);
	/* The control word's rounding is up, so constants are the next value above. */
	guest_check(control == 0x0b7f, "x87 control word", "0x%x", control);
	guest_check(first - l2e <= 1 && second - pi <= 1, "x87 stack", "0x%lx 0x%lx", first,
		    second);
	if (have_avx)
		__asm__ volatile("xgetbv" : "=a"(xcr0), "=d"(high) : "c"(0));
	guest_check(xcr0 == XCR0_X87_SSE_AVX, "XCR0", "0x%x", xcr0);
}

/* A task register and an LDT of our own, which exits swap with the host's and back. */
static void tables_set(void)
{
	uint64_t base = (uintptr_t)&tss;
	struct __attribute__((packed)) {
		uint16_t limit;
		uint64_t base;
	} pointer = {sizeof(cpu_state_gdt) - 1, (uintptr_t)cpu_state_gdt};

	memcpy(cpu_state_gdt, gdt, sizeof(gdt));
	cpu_state_gdt[6] = (base & 0xffffff) << 16 | (base & 0xff000000) << 32 |
			   UINT64_C(0x890000000000) | (sizeof(tss) - 1);
	base = (uintptr_t)ldt;
	cpu_state_gdt[8] = (base & 0xffffff) << 16 | (base & 0xff000000) << 32 |
			   UINT64_C(0x820000000000) | (sizeof(ldt) - 1);
	tss.ist[0] = (uintptr_t)(ist_stack + IST_BYTES);
	tss.iopb = sizeof(tss);
	__asm__ volatile("lgdt %0" : : "m"(pointer));
	__asm__ volatile("ltr %w0" : : "r"(SELECTOR_TSS));
	__asm__ volatile("lldt %w0" : : "r"(SELECTOR_LDT));
}

static bool ist_handler(struct fault_frame *frame)
{
	if (frame->vector != 3)
		return false;
	ist_frame = (uintptr_t)frame;
	return true;
}

static void load_from_ldt(void *context)
{
	(void)context;
	__asm__ volatile("mov %w0, %%es; mov %w1, %%es" : : "r"(SELECTOR_IN_LDT), "r"(0x10));
}

static void tables_check(void)
{
	uint16_t tr, ldtr;
	struct __attribute__((packed)) {
		uint16_t limit;
		uint64_t base;
	} gdtr, idtr;

	__asm__ volatile("str %0" : "=r"(tr));
	__asm__ volatile("sldt %0" : "=r"(ldtr));
	__asm__ volatile("sgdt %0; sidt %1" : "=m"(gdtr), "=m"(idtr));
	guest_check(tr == SELECTOR_TSS && ldtr == SELECTOR_LDT, "TR and LDTR", "0x%x 0x%x", tr,
		    ldtr);
	guest_check(gdtr.base == (uintptr_t)cpu_state_gdt && idtr.limit == 0xfff, "GDTR and IDTR",
		    "0x%lx, limit 0x%x", gdtr.base, idtr.limit);
	guest_check(fault_catch(load_from_ldt, NULL) < 0, "LDT works", "error code 0x%lx",
		    fault_error_code);
	/* A stack switch by the TSS shows that TR's hidden base is right. */
	((uint8_t *)idtr.base)[3 * 16 + 4] = 1;
	fault_handler = ist_handler;
	__asm__ volatile("int3");
	fault_handler = NULL;
	((uint8_t *)idtr.base)[3 * 16 + 4] = 0;
	guest_check(ist_frame - (uintptr_t)ist_stack < IST_BYTES, "TSS works", "frame at 0x%lx",
		    ist_frame);
}

void cpu_state_set(void)
{
	fpu_set();
	tables_set();
	for (size_t i = 0; i < NR_MSRS; i++) {
		if (msrs[i].keep)
			msrs[i].value = msr_read(msrs[i].msr);
		else
			msr_write(msrs[i].msr, msrs[i].value);
	}
	dr0_write(0x1111);
	dr1_write(0x2222);
	dr2_write(0x3333);
	dr3_write(0x4444);
	dr6_write(0xffff0ff0);
	dr7_write(0x400);
	cr2_write(0xdeadbeef000);
	__asm__ volatile("mov %0, %%cr8" : : "r"(UINT64_C(5)));
	cr0 = cr0_read();
	cr3 = cr3_read();
	cr4 = cr4_read();
}

void cpu_state_check(void)
{
	uint64_t cr8;
	unsigned changed = 0;

	fpu_check();
	for (size_t i = 0; i < NR_MSRS; i++) {
		uint64_t now = msr_read(msrs[i].msr);

		if (now == msrs[i].value)
			continue;
		changed++;
		guest_check(false, msrs[i].name, "0x%lx, was 0x%lx", now, msrs[i].value);
	}
	guest_check(changed == 0, "MSRs", "%u of %lu changed", changed, NR_MSRS);
	guest_check(dr0_read() == 0x1111 && dr1_read() == 0x2222 && dr2_read() == 0x3333 &&
			    dr3_read() == 0x4444 && dr6_read() == 0xffff0ff0 && dr7_read() == 0x400,
		    "debug registers", "dr6 0x%lx dr7 0x%lx", dr6_read(), dr7_read());
	__asm__ volatile("mov %%cr8, %0" : "=r"(cr8));
	guest_check(cr0_read() == cr0 && cr2_read() == 0xdeadbeef000 && cr3_read() == cr3 &&
			    cr4_read() == cr4 && cr8 == 5,
		    "control registers", "cr0 0x%lx cr2 0x%lx cr3 0x%lx cr4 0x%lx cr8 0x%lx",
		    cr0_read(), cr2_read(), cr3_read(), cr4_read(), cr8);
	tables_check();
}
