/*
 * vmm/msr_guard.c: which MSRs a write of the guest, or of a script, could harm us by, and what becomes of
 * it. Guards come behind all hooks (vmm/access.h). No state but for a message given once.
 *
 * From the lists of AMD's APM v2 appendix A and Intel's SDM v4. What the back ends hold for the guest
 * (EFER, PAT, SYSENTER, DEBUGCTL, those of SVM and VMX) is checked there. Left to the guest, because
 * nothing of ours depends on it: the TSC; machine check banks; counters and their interrupts; branch
 * records and IBS, which show addresses that are no secret; speculation controls; CET, FRED, PKRS and
 * PASID, which are off while we run, as our CR4 is; TSX, prefetchers, power and clock; the undocumented
 * workarounds of C001_10xxh, which OSes need.
 */
#include "vmm/msr.h"

#include "core/apic.h"
#include "core/cpu.h"
#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/paging.h"
#include "core/string.h"
#include "vmm/mtrr.h"

enum msr_guard_policy {
	MSR_REFUSED, /* #GP */
	MSR_VOID,    /* does nothing, as under hypervisors that OSes know */
	MSR_KEPT,    /* some bits stay, or can only be cleared; #GP for other values */
	MSR_APIC,
	MSR_MTRR,
};

struct msr_guard {
	uint32_t first, last;
	const char *vendor; /* whose CPUs have it; NULL: all */
	enum msr_guard_policy policy;
	uint64_t kept, clears; /* bits that stay as they are; that can be cleared alone */
	const char *why;
};

#define AMD "AuthenticAMD"
#define INTEL "GenuineIntel"
#define ALL_BITS ~UINT64_C(0)
#define BIT(n) (UINT64_C(1) << (n))

static const struct msr_guard msr_guards[] = {
	{ 0x1b, 0x1b, NULL, MSR_APIC, .why = "the local APIC answers where it says" },
	{ 0x200, 0x21f, NULL, MSR_MTRR, .why = "our memory stays cached" },
	{ 0x250, 0x250, NULL, MSR_MTRR, .why = "the same, below 1 MiB" },
	{ 0x258, 0x259, NULL, MSR_MTRR, .why = "the same" },
	{ 0x268, 0x26f, NULL, MSR_MTRR, .why = "the same" },
	{ 0x2ff, 0x2ff, NULL, MSR_MTRR, .why = "the same, where no other holds, or all off" },

	{ 0x79, 0x79, INTEL, MSR_VOID, .why = "microcode changes the CPU under us" },
	{ 0x9b, 0x9b, INTEL, MSR_REFUSED, .why = "SMM_MONITOR_CTL: another monitor" },
	{ 0x150, 0x150, INTEL, MSR_REFUSED, .why = "overclocking mailbox: a voltage at which the CPU errs" },
	{ 0x1a0, 0x1a0, INTEL, MSR_KEPT, BIT(34), BIT(22),
	  "MISC_ENABLE: without NX our page tables fault; CPUID cut short hides features" },
	{ 0x1f2, 0x1f5, INTEL, MSR_REFUSED, .why = "SMRR, PRMRR: memory out of reach" },
	{ 0x2a0, 0x2a0, INTEL, MSR_REFUSED, .why = "PRMRR" },
	{ 0x3f1, 0x3f1, INTEL, MSR_REFUSED, .why = "PEBS writes to linear addresses, while we run too" },
	{ 0x560, 0x587, INTEL, MSR_REFUSED, .why = "RTIT: the trace goes to physical addresses (33.2.7)" },
	{ 0x981, 0x984, INTEL, MSR_REFUSED, .why = "TME: keys, and addresses that name them" },
	{ 0x9fb, 0x9fb, INTEL, MSR_REFUSED, .why = "TME: clears the key" },
	{ 0xc80, 0xc80, INTEL, MSR_KEPT, ALL_BITS, 0, "DEBUG_INTERFACE: probes" },
	{ 0xda0, 0xda0, INTEL, MSR_KEPT, BIT(8), 0, "XSS: XRSTORS would load the trace's MSRs" },
	{ 0x17d0, 0x17d1, INTEL, MSR_REFUSED, .why = "feedback goes to a physical address (15.6.3)" },

	{ 0xc0000104, 0xc0000104, AMD, MSR_REFUSED, .why = "TSC_RATIO is SVM's, which is hidden" },
	{ 0xc0010010, 0xc0010010, AMD, MSR_KEPT, ~BIT(19), BIT(19),
	  "SYSCFG: memory encryption, TOP_MEM, variable MTRRs; systems lock the routing of the fixed "
	  "MTRRs if the firmware forgot that (APM v2 7.9.1)" },
	{ 0xc0010015, 0xc0010015, AMD, MSR_KEPT,
	  BIT(0) | BIT(3) | BIT(13) | BIT(14) | BIT(21) | BIT(24), 0,
	  "HWCR: the lock of SMM and its bus cycles, uncached page tables, the TSC's rate" },
	{ 0xc0010016, 0xc001001a, AMD, MSR_KEPT, ALL_BITS, 0, "IORRs, TOP_MEM: devices in our place" },
	{ 0xc001001d, 0xc001001d, AMD, MSR_KEPT, ALL_BITS, 0, "TOP_MEM2" },
	{ 0xc0010020, 0xc0010020, AMD, MSR_VOID, .why = "microcode changes the CPU under us" },
	{ 0xc0010050, 0xc0010054, AMD, MSR_KEPT, ALL_BITS, 0, "SMIs at accesses to ports" },
	{ 0xc0010055, 0xc0010055, AMD, MSR_KEPT, ~(BIT(27) | BIT(28)), BIT(27) | BIT(28),
	  "messages and SMIs at HLT; systems switch C1E off by it" },
	{ 0xc0010056, 0xc0010056, AMD, MSR_KEPT, ALL_BITS, 0, "the port that an SMI is asked for by" },
	{ 0xc0010058, 0xc0010058, AMD, MSR_KEPT, ALL_BITS, 0, "MMIO_CONF_BASE: devices in our place" },
	{ 0xc0010064, 0xc001006b, AMD, MSR_KEPT, ALL_BITS, 0, "P-states with a voltage at which the CPU errs" },
	{ 0xc0010111, 0xc0010113, AMD, MSR_KEPT, ALL_BITS, 0, "SMM's base and mask" },
	{ 0xc0010116, 0xc0010116, AMD, MSR_KEPT, ALL_BITS, 0, "SMM_CTL" },
	{ 0xc001011b, 0xc001011b, AMD, MSR_REFUSED, .why = "doorbell: interrupts of vCPUs" },
	{ 0xc001011e, 0xc001011e, AMD, MSR_REFUSED, .why = "VM_PAGE_FLUSH" },
	{ 0xc0010130, 0xc0010138, AMD, MSR_REFUSED, .why = "SEV: the owners of pages" },
	{ 0xc0011002, 0xc0011004, AMD, MSR_KEPT, ALL_BITS, 0,
	  "what CPUID says: bits of EFER that VMRUN refuses" },
	{ 0xc0011005, 0xc0011005, AMD, MSR_KEPT, ~BIT(54), 0, "the same; systems switch TOPOEXT on" },
	{ 0xc001100c, 0xc001100c, AMD, MSR_KEPT, ALL_BITS, 0, "the same" },
	{ 0xc001100d, 0xc001100d, AMD, MSR_KEPT, ~BIT(32), 0, "the same; systems switch LAHF off on old CPUs" },
};

static struct access_region msr_guard_regions[ARRAY_LENGTH(msr_guards)];

static enum access_result msr_guard_refuse(struct access *access)
{
	access->fault = true;
	return ACCESS_DONE;
}

/* Writing what is there already is nothing, even where the register is locked. */
static enum access_result msr_guard_keep(const struct msr_guard *guard, struct access *access)
{
	uint64_t now, changed;

	if (!msr_hardware_read((uint32_t)access->address, &now))
		return msr_guard_refuse(access);
	if (access->value == now)
		return ACCESS_DONE;
	changed = access->value ^ now;
	if ((changed & guard->kept) || (changed & guard->clears & access->value))
		return msr_guard_refuse(access);
	return ACCESS_PASS;
}

/* With several CPUs, each has to send and hear what makes the others exit, so its APIC stays on: one
 * that is off hears nothing, and some cannot be switched on again (Intel SDM 3 11.4.3). Only the way
 * from x2APIC mode back leads through that. */
static bool msr_guard_silences(uint64_t value)
{
	return cpus_count > 1 && !(value & APIC_BASE_ENABLE) &&
	       (msr_read(MSR_APIC_BASE) & (APIC_BASE_ENABLE | APIC_BASE_X2APIC)) == APIC_BASE_ENABLE;
}

/* The page must not be one of ours, nor out of our reach where we send by it. */
static enum access_result msr_guard_apic(struct access *access)
{
	gpa_t page = access->value & PAGING_ADDRESS_MASK;

	if (memory_is_reserved(page, PAGE_BYTES) || (cpus_count > 1 && page >= GIB(4)) ||
	    msr_guard_silences(access->value))
		return msr_guard_refuse(access);
	return ACCESS_PASS;
}

/* A guest switches the MTRRs off while it changes them: as long as that would make our memory
 * uncached, on this CPU and not on the others, nothing happens, and it does not notice. */
static enum access_result msr_guard_mtrr(struct access *access)
{
	static bool told;
	uint32_t msr = (uint32_t)access->address;

	if (!mtrr_is_register(msr) || mtrr_keeps_ours(msr, access->value))
		return ACCESS_PASS;
	if (access->direct)
		return msr_guard_refuse(access);
	if (!told)
		log_notice("the guest's MTRRs would change the type of memory that is ours: left as they are");
	told = true;
	return ACCESS_DONE;
}

static enum access_result msr_guard_write(struct access *access, void *context)
{
	const struct msr_guard *guard = context;

	switch (guard->policy) {
	case MSR_VOID:
		/* A script is told. */
		return access->direct ? msr_guard_refuse(access) : ACCESS_DONE;
	case MSR_KEPT:
		return msr_guard_keep(guard, access);
	case MSR_APIC:
		return msr_guard_apic(access);
	case MSR_MTRR:
		return msr_guard_mtrr(access);
	default:
		return msr_guard_refuse(access);
	}
}

int msr_guard_init(void)
{
	int error = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(msr_guards) && error == 0; i++) {
		const struct msr_guard *guard = &msr_guards[i];

		/* By the back end, not by CPUID: there are clones. */
		if (guard->vendor != NULL && memcmp(guard->vendor, vcpu_ops->vendor, sizeof(AMD) - 1) != 0)
			continue;
		msr_guard_regions[i] = (struct access_region){
			.first = guard->first,
			.last = guard->last,
			.handler = msr_guard_write,
			.context = (void *)(uintptr_t)guard,
			.band = BAND_GUARD,
		};
		error = msr_register(&msr_guard_regions[i], false, true);
	}
	return error;
}
