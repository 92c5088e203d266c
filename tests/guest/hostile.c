/*
 * tests/guest/hostile.c: a guest that means harm: MSRs that would put a device in place of our memory,
 * or make the CPU itself write there; cache lines of ours that INVD would throw away.
 *
 * Options: pat=1, with a hook on the PAT.
 */
#include "guest.h"

#include "instruction.h"

#define VECTOR_GP 13
#define MSR_PAT 0x277u
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
	if (option_number_or("pat", 0))
		check_pat();
	for (unsigned i = 0; i < 3; i++)
		__asm__ volatile("invd" : : : "memory");
	guest_check(true, "INVD", "%s", "");
}
