/*
 * tests/guest/hostile.c: a guest that means harm: MSRs that would put a device in place of our memory,
 * make the CPU itself write there, or change it under us; cache lines of ours that INVD would throw away.
 *
 * Options: pat=1, with a hook on the PAT.
 */
#include "guest.h"

#include "instruction.h"
#include "reserved.h"

#define VECTOR_GP 13
#define MSR_PAT 0x277u
#define MSR_MTRR_BASE 0x20au /* the sixth of eight: firmware leaves it alone */
#define MSR_MTRR_DEFAULT 0x2ffu
#define MSR_EFER 0xc0000080u

struct write {
	uint32_t msr;
	uint64_t value;
};

static void write_msr(void *context)
{
	const struct write *write = context;

	msr_write(write->msr, write->value);
}

static int try_write(uint32_t msr, uint64_t value)
{
	struct write write = { msr, value };

	return fault_catch(write_msr, &write);
}

static void expect_denied(const char *name, uint32_t msr, uint64_t value)
{
	int vector = try_write(msr, value);

	guest_check(vector == VECTOR_GP, name, "MSR 0x%x, value 0x%lx: vector %d", msr, value, vector);
}

/* The address is one where nothing is: the CPU must not even look. */
static void check_void(const char *name, uint32_t msr)
{
	int vector = try_write(msr, UINT64_C(0x7fffffffff00));

	guest_check(vector < 0, name, "vector %d", vector);
}

static uint64_t ours;

/* What the guest finds is as before; the hypervisor's log tells why. */
static void check_mtrrs(void)
{
	uint64_t default_type = msr_read(MSR_MTRR_DEFAULT);
	uint64_t base = msr_read(MSR_MTRR_BASE), mask = msr_read(MSR_MTRR_BASE + 1);
	int vector = try_write(MSR_MTRR_DEFAULT, default_type & ~UINT64_C(0x800));

	guest_check(vector < 0 && msr_read(MSR_MTRR_DEFAULT) == default_type, "MTRRs off", "0x%lx, vector %d",
		    msr_read(MSR_MTRR_DEFAULT), vector);
	vector = try_write(MSR_MTRR_BASE, ours);
	guest_check(vector < 0, "MTRR base", "vector %d", vector);
	vector = try_write(MSR_MTRR_BASE + 1, 0xffe00800);
	guest_check(vector < 0 && msr_read(MSR_MTRR_BASE + 1) == mask, "MTRR mask", "0x%lx, vector %d",
		    msr_read(MSR_MTRR_BASE + 1), vector);
	/* Where nothing of ours is it is the guest's. */
	try_write(MSR_MTRR_BASE, 0xfd000001);
	try_write(MSR_MTRR_BASE + 1, 0xff000800);
	guest_check(msr_read(MSR_MTRR_BASE) == 0xfd000001 && msr_read(MSR_MTRR_BASE + 1) == 0xff000800,
		    "MTRR elsewhere", "0x%lx", msr_read(MSR_MTRR_BASE));
	msr_write(MSR_MTRR_BASE + 1, mask);
	msr_write(MSR_MTRR_BASE, base);
}

/* AMD APM v2 7.9, 10.2, 15.34: writing what is there must do nothing, all else must fail. */
static void check_amd(void)
{
	static const uint32_t msrs[] = {
		0xc0010010, 0xc0010016, 0xc0010017, 0xc0010018, 0xc0010019, 0xc001001a,
		0xc001001d, 0xc0010058, 0xc0010111, 0xc0010112, 0xc0010113,
	};

	for (size_t i = 0; i < sizeof(msrs) / sizeof(msrs[0]); i++) {
		uint64_t value = msr_read(msrs[i]);
		int vector = try_write(msrs[i], value);

		guest_check(vector < 0, "the value that is there", "MSR 0x%x: vector %d", msrs[i],
			    vector);
		expect_denied("another value gives #GP", msrs[i], value ^ 0x800);
	}
	expect_denied("SMM_CTL gives #GP", 0xc0010116, 2);
	expect_denied("the TSC's ratio gives #GP", 0xc0000104, 1);
	expect_denied("the doorbell gives #GP", 0xc001011b, 0);
	expect_denied("SEV's status gives #GP", 0xc0010131, 1);
	expect_denied("the TSC's rate gives #GP", 0xc0010015, msr_read(0xc0010015) ^ 1u << 24);
	expect_denied("a P-state's voltage gives #GP", 0xc0010064, msr_read(0xc0010064) ^ 1);
	expect_denied("what CPUID says gives #GP", 0xc0011004, msr_read(0xc0011004) ^ 1);
	check_void("microcode is not loaded", 0xc0010020);
	guest_check(!(cpuid(0x80000008, 0).ebx & 1u << 3), "cpuid hides INVLPGB", "");
	guest_check(cpuid(0x80000000, 0).eax < 0x8000001f ||
			    (cpuid(0x8000001f, 0).eax | cpuid(0x8000001f, 0).ebx) == 0,
		    "cpuid hides memory encryption", "eax 0x%x", cpuid(0x8000001f, 0).eax);
	/* Bits that this CPU does not have would make VMRUN fail. */
	for (unsigned bit = 16; bit < 64; bit += 47)
		expect_denied("an unknown EFER bit gives #GP", MSR_EFER,
			      msr_read(MSR_EFER) | (uint64_t)1 << bit);
}

static void check_intel(void)
{
	struct cpuid_registers leaf = cpuid(1, 0);

	guest_check(!(leaf.edx & 1u << 21) && !(leaf.ecx & 0x14), "cpuid hides the debug store",
		    "ecx 0x%x edx 0x%x", leaf.ecx, leaf.edx);
	guest_check(!(cpuid(7, 0).ebx & 1u << 25), "cpuid hides processor trace", "ebx 0x%x",
		    cpuid(7, 0).ebx);
	expect_denied("the trace's buffer gives #GP", 0x560, 0x100000);
	expect_denied("the trace's control gives #GP", 0x570, 1);
	expect_denied("PEBS gives #GP", 0x3f1, 1);
	expect_denied("hardware feedback gives #GP", 0x17d0, 0x100001);
	expect_denied("no NX gives #GP", 0x1a0, msr_read(0x1a0) | UINT64_C(1) << 34);
	expect_denied("the trace's state by XRSTORS gives #GP", 0xda0, 1u << 8);
	expect_denied("a voltage gives #GP", 0x150, UINT64_C(1) << 63);
	expect_denied("memory encryption gives #GP", 0x982, 2);
	check_void("microcode is not loaded", 0x79);
	guest_check(!(cpuid(7, 0).ecx & 1u << 13) && !(cpuid(7, 0).edx & 1u << 18), "cpuid hides TME and PCONFIG",
		    "");
}

/* A hook on it means that we check it; emulators may not. */
static void check_pat(void)
{
	uint64_t pat = msr_read(MSR_PAT);

	expect_denied("a bad PAT gives #GP", MSR_PAT, (pat & ~UINT64_C(0xff)) | 2);
	guest_check(msr_read(MSR_PAT) == pat, "PAT is kept", "0x%lx", msr_read(MSR_PAT));
}

void guest_main(void)
{
	if (cpuid(0, 0).ecx == 0x444d4163) /* "cAMD" */
		check_amd();
	else
		check_intel();
	ours = reserved_find();
	check_mtrrs();
	if (option_number_or("pat", 0))
		check_pat();
	for (unsigned i = 0; i < 3; i++)
		__asm__ volatile("invd" : : : "memory");
	guest_check(true, "INVD", "%s", "");
}
