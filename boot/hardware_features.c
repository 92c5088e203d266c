/*
 * boot/hardware_features.c: the table of CPU features that matter to us, for both vendors, and the
 * firmware's switches. AMD APM v3 E.4.17 (Fn8000_000A), v2 15.4; Intel SDM v3 appendix A, 24.7.
 *
 * A VMX feature counts as there when its control may be 1, or may be 0 where it must be off; on a
 * running Linux without the right to read MSRs, what the kernel says in /proc/cpuinfo stands for it,
 * where it says anything. What is required here is what svm_probe() and vmx_probe() ask for.
 */
#include "boot/hardware_check.h"

#include "core/log.h"
#include "core/string.h"
#include "core/x86.h"

#define CPUID_VMX BIT(5)
#define CPUID_SVM BIT(2)

#define BIT(number) (UINT64_C(1) << (number))
#define MAY_BE_1(number) BIT(32 + (number)) /* in a control's capability MSR */
#define MUST_BE_1(number) BIT(number)

enum hardware_vendor { VENDOR_OTHER, VENDOR_AMD, VENDOR_INTEL };
enum { EAX, EBX, ECX, EDX };

struct hardware_feature {
	enum hardware_vendor vendor;
	const char *name, *text;
	uint32_t leaf;	  /* of CPUID, or */
	uint32_t msr;	  /* the MSR that tells, if not 0 */
	uint8_t which;	  /* register of CPUID */
	uint64_t all;	  /* bits that make the feature */
	bool required;
	const char *flag; /* Linux's name; NULL: none */
	const char *otherwise; /* without it: advice if it is required, else the consequence */
	uint64_t any;	  /* one of these has to be set too; 0: nothing more */
	uint64_t none;	  /* and none of these */
};

/* The first of a vendor is the extension itself: without it nothing else is asked. */
static const struct hardware_feature hardware_features[] = {
	{ VENDOR_AMD, "virtualization", "AMD-V (SVM)", 0x80000001, 0, ECX, BIT(2), true, NULL,
	  "enable \"SVM mode\" in the firmware's setup; a hypervisor that runs hides it as well",
	  0, 0 },
	{ VENDOR_AMD, "nested-paging", "nested paging (NPT)", 0x8000000a, 0, EDX, BIT(0), true, "npt",
	  "this CPU is too old", 0, 0 },
	{ VENDOR_AMD, "next-rip", "next RIP at exits (NRIPS)", 0x8000000a, 0, EDX, BIT(3), false,
	  "nrip_save", "instructions are decoded instead, which takes longer", 0, 0 },
	{ VENDOR_AMD, "decode-assists", "decode assists", 0x8000000a, 0, EDX, BIT(7), false,
	  "decodeassists", "instructions are fetched from the guest's memory", 0, 0 },
	{ VENDOR_AMD, "flush-by-asid", "flush by ASID", 0x8000000a, 0, EDX, BIT(6), false,
	  "flushbyasid", "the whole TLB is flushed instead", 0, 0 },
	{ VENDOR_AMD, "virtual-gif", "virtual GIF (VGIF)", 0x8000000a, 0, EDX, BIT(16), false, "vgif",
	  "not used", 0, 0 },
	{ VENDOR_AMD, "virtual-apic", "virtual interrupt controller (AVIC)", 0x8000000a, 0, EDX,
	  BIT(13), false, "avic", "not used", 0, 0 },
	{ VENDOR_AMD, "gigabyte-pages", "1 GiB pages", 0x80000001, 0, EDX, BIT(26), false, "pdpe1gb",
	  "nested page tables take more memory", 0, 0 },

	{ VENDOR_INTEL, "virtualization", "Intel VT-x (VMX)", 1, 0, ECX, BIT(5), true, NULL,
	  "enable \"Intel Virtualization Technology\" in the firmware's setup; a hypervisor that "
	  "runs hides it as well", 0, 0 },
	{ VENDOR_INTEL, "nested-paging", "nested paging (EPT)", 0, MSR_VMX_SECONDARY, 0, MAY_BE_1(1),
	  true, "ept", "this CPU is too old", 0, 0 },
	{ VENDOR_INTEL, "unrestricted-guest", "unrestricted guest (real mode)", 0,
	  MSR_VMX_SECONDARY, 0, MAY_BE_1(7), true, "unrestricted_guest", "this CPU is too old", 0, 0 },
	{ VENDOR_INTEL, "virtual-nmi", "virtual NMIs", 0, MSR_VMX_PIN, 0, MAY_BE_1(5), true, "vnmi",
	  "this CPU is too old", 0, 0 },
	{ VENDOR_INTEL, "monitor-trap", "monitor trap flag", 0, MSR_VMX_PROCESSOR, 0, MAY_BE_1(27),
	  true, "mtf", "this CPU is too old", 0, 0 },
	{ VENDOR_INTEL, "processor-controls", "controls of 2010 and later", 0,
	  MSR_VMX_TRUE_PROCESSOR, 0, MAY_BE_1(25) | MAY_BE_1(28) | MAY_BE_1(31), true, NULL, "this CPU is too old", 0,
	  MUST_BE_1(15) | MUST_BE_1(16) },
	{ VENDOR_INTEL, "direct-interrupts", "interrupts that go to the guest", 0, MSR_VMX_TRUE_PIN, 0,
	  MAY_BE_1(0) | MAY_BE_1(3), true, NULL, "this CPU is too old", 0,
	  MUST_BE_1(0) | MUST_BE_1(3) },
	{ VENDOR_INTEL, "window-exits", "exits when an interrupt or NMI can be taken", 0,
	  MSR_VMX_PROCESSOR, 0, MAY_BE_1(2) | MAY_BE_1(22), true, NULL, "this CPU is too old", 0, 0 },
	{ VENDOR_INTEL, "efer-exit", "switch of EFER at exits", 0, MSR_VMX_TRUE_EXIT, 0,
	  MAY_BE_1(2) | MAY_BE_1(9) | MAY_BE_1(20) | MAY_BE_1(21), true, NULL,
	  "this CPU is too old", 0, 0 },
	{ VENDOR_INTEL, "efer-entry", "switch of EFER at entries", 0, MSR_VMX_TRUE_ENTRY, 0,
	  MAY_BE_1(2) | MAY_BE_1(15), true, NULL, "this CPU is too old", 0, 0 },
	{ VENDOR_INTEL, "ept-levels", "four levels in EPT", 0, MSR_VMX_EPT_VPID, 0, BIT(6), true, NULL,
	  "this CPU is too old", 0, 0 },
	{ VENDOR_INTEL, "ept-memory-type", "a memory type for EPT's own tables", 0, MSR_VMX_EPT_VPID, 0,
	  0, true, NULL, "this CPU is too old", BIT(8) | BIT(14), 0 },
	{ VENDOR_INTEL, "invept", "INVEPT", 0, MSR_VMX_EPT_VPID, 0, BIT(20), true, NULL,
	  "this CPU is too old", BIT(25) | BIT(26), 0 },
	{ VENDOR_INTEL, "vpid", "virtual processor identifiers (VPID)", 0, MSR_VMX_SECONDARY, 0,
	  MAY_BE_1(5), false, "vpid", "every exit flushes the TLB", 0, 0 },
	{ VENDOR_INTEL, "ept-large-pages", "2 MiB pages in EPT", 0, MSR_VMX_EPT_VPID, 0, BIT(16), false,
	  NULL, "nested page tables take more memory", 0, 0 },
	{ VENDOR_INTEL, "preemption-timer", "VMX preemption timer", 0, MSR_VMX_PIN, 0, MAY_BE_1(6),
	  false, "preemption_timer", "not used", 0, 0 },
};

/* CPUID of a leaf that this CPU may not have: zeros then. */
static void hardware_cpuid(const struct hardware_source *source, uint32_t leaf, uint32_t result[4])
{
	source->cpuid(leaf & 0x80000000, 0, result);
	if (result[EAX] < leaf)
		memset(result, 0, 4 * sizeof(result[0]));
	else
		source->cpuid(leaf, 0, result);
}

/* Whose virtualization it is. As at boot, what the CPU has decides, and not who made it: VIA's and
 * Zhaoxin's have VMX. The name decides what a CPU without any is told. */
static enum hardware_vendor hardware_vendor(const struct hardware_source *source, char name[13])
{
	static const struct {
		const char *name;
		enum hardware_vendor vendor;
	} vendors[] = {
		{ "AuthenticAMD", VENDOR_AMD },	  { "HygonGenuine", VENDOR_AMD },
		{ "GenuineIntel", VENDOR_INTEL }, { "CentaurHauls", VENDOR_INTEL },
		{ "  Shanghai  ", VENDOR_INTEL },
	};
	uint32_t leaf[4];

	source->cpuid(0, 0, leaf);
	memcpy(name, &leaf[EBX], 4);
	memcpy(name + 4, &leaf[EDX], 4);
	memcpy(name + 8, &leaf[ECX], 4);
	name[12] = '\0';
	hardware_cpuid(source, 0x80000001, leaf);
	if (leaf[ECX] & CPUID_SVM)
		return VENDOR_AMD;
	hardware_cpuid(source, 1, leaf);
	if (leaf[ECX] & CPUID_VMX)
		return VENDOR_INTEL;
	for (size_t i = 0; i < ARRAY_LENGTH(vendors); i++) {
		if (memcmp(name, vendors[i].name, 12) == 0)
			return vendors[i].vendor;
	}
	return VENDOR_OTHER;
}

static void hardware_say_name(struct hardware_report *report, const char *vendor)
{
	char name[49] = "";
	const char *start = name;
	uint32_t leaf[4], family, model;

	for (uint32_t i = 0; i < 3; i++) {
		hardware_cpuid(report->source, 0x80000002 + i, leaf);
		memcpy(name + i * sizeof(leaf), leaf, sizeof(leaf));
	}
	while (*start == ' ')
		start++;
	hardware_cpuid(report->source, 1, leaf);
	/* Extended parts: APM v3 E.3.2, SDM v2 CPUID */
	family = (leaf[EAX] >> 8 & 0xf) + ((leaf[EAX] >> 8 & 0xf) == 0xf ? leaf[EAX] >> 20 & 0xff : 0);
	model = (leaf[EAX] >> 4 & 0xf) | (leaf[EAX] >> 16 & 0xf) << 4;
	hardware_say(report, HARDWARE_OK, "cpu", "", "CPU: %s, %s family 0x%x model 0x%x stepping %u",
		     *start ? start : "without a name", vendor, family, model, leaf[EAX] & 0xf);
	if (leaf[ECX] >> 31)
		hardware_say(report, HARDWARE_NOTE, "virtual-machine",
			     "what follows is what that hypervisor shows",
			     "this is a virtual machine already");
}

static enum hardware_answer hardware_bits(uint64_t value, const struct hardware_feature *feature)
{
	return (value & feature->all) == feature->all && (value & feature->none) == 0 &&
	       (feature->any == 0 || (value & feature->any) != 0) ? HARDWARE_YES : HARDWARE_NO;
}

static enum hardware_answer hardware_has(const struct hardware_source *source,
					 const struct hardware_feature *feature)
{
	enum hardware_answer answer;
	uint32_t leaf[4];
	uint64_t value;

	if (feature->msr == 0) {
		hardware_cpuid(source, feature->leaf, leaf);
		return hardware_bits(leaf[feature->which], feature);
	}
	answer = source->msr(feature->msr, &value);
	if (answer == HARDWARE_YES)
		return hardware_bits(value, feature);
	if (answer == HARDWARE_UNKNOWN && source->os_flag != NULL && feature->flag != NULL)
		return source->os_flag(feature->flag);
	return answer;
}

static enum hardware_answer hardware_check_feature(struct hardware_report *report,
						   const struct hardware_feature *feature)
{
	enum hardware_answer answer = hardware_has(report->source, feature);

	if (answer == HARDWARE_YES)
		hardware_say(report, HARDWARE_OK, feature->name, "", "%s", feature->text);
	else if (answer == HARDWARE_NO)
		hardware_say(report, feature->required ? HARDWARE_FAIL : HARDWARE_NOTE, feature->name,
			     feature->otherwise, "no %s", feature->text);
	else
		hardware_say(report, feature->required ? HARDWARE_ASK : HARDWARE_NOTE, feature->name,
			     "run this as root, after: modprobe msr", "%s: not known", feature->text);
	return answer;
}

/* The firmware can switch the extension off, and lock the switch until the next reset. */
static void hardware_check_switch(struct hardware_report *report, enum hardware_vendor vendor)
{
	bool amd = vendor == VENDOR_AMD;
	const char *what = amd ? "VM_CR" : "FEATURE_CONTROL";
	uint64_t value = 0;
	enum hardware_answer known =
		report->source->msr(amd ? MSR_VM_CR : MSR_FEATURE_CONTROL, &value);
	bool locked = value & (amd ? VM_CR_LOCK : FEATURE_CONTROL_LOCK);
	bool off = known == HARDWARE_YES &&
		   (amd ? (value & VM_CR_SVMDIS) != 0 : locked && !(value & FEATURE_CONTROL_VMX));

	if (known == HARDWARE_UNKNOWN && report->source->os_flag != NULL &&
	    report->source->os_flag(amd ? "svm" : "vmx") == HARDWARE_NO) {
		/* The CPU has it, and the system that runs found it switched off. */
		known = HARDWARE_YES;
		off = true;
		what = "as this system found";
	}
	if (known == HARDWARE_UNKNOWN)
		hardware_say(report, HARDWARE_ASK, "firmware-switch",
			     "run this as root, after: modprobe msr",
			     "whether the firmware has switched it off: not known");
	else if (off)
		hardware_say(report, HARDWARE_FAIL, "firmware-switch",
			     amd ? "enable \"SVM mode\" in the firmware's setup"
				 : "enable \"Intel Virtualization Technology\" in the firmware's setup",
			     "switched off by the firmware%s (%s)", locked ? ", and locked" : "", what);
	else
		hardware_say(report, HARDWARE_OK, "firmware-switch", "",
			     known == HARDWARE_NO ? "not switched off by the firmware (no %s)"
						  : "not switched off by the firmware (%s)", what);
}

static void hardware_check_revision(struct hardware_report *report, enum hardware_vendor vendor)
{
	uint32_t leaf[4];
	uint64_t basic;

	if (vendor == VENDOR_AMD) {
		hardware_cpuid(report->source, 0x8000000a, leaf);
		hardware_say(report, HARDWARE_OK, "revision", "", "SVM revision %u, %u ASIDs",
			     leaf[EAX] & 0xff, leaf[EBX]);
	} else if (report->source->msr(0x480, &basic) == HARDWARE_YES) {
		hardware_say(report, HARDWARE_OK, "revision", "", "VMCS revision %u, %u bytes",
			     (unsigned)basic & 0x7fffffff, (unsigned)(basic >> 32) & 0x1fff);
	}
}

static void hardware_check_clock(struct hardware_report *report)
{
	uint32_t leaf[4];

	hardware_cpuid(report->source, 0x80000007, leaf);
	if (leaf[EDX] >> 8 & 1)
		hardware_say(report, HARDWARE_OK, "invariant-tsc", "", "time stamp counter is invariant");
	else
		hardware_say(report, HARDWARE_NOTE, "invariant-tsc",
			     "time budgets of scripts follow the CPU's frequency",
			     "time stamp counter is not said to be invariant");
}

void hardware_check_cpu(struct hardware_report *report)
{
	char name[13];
	enum hardware_vendor vendor = hardware_vendor(report->source, name);
	bool first = true;

	hardware_say_name(report, name);
	if (vendor == VENDOR_OTHER) {
		hardware_say(report, HARDWARE_FAIL, "virtualization",
			     "Ritevisor knows AMD-V (SVM) and Intel VT-x (VMX)",
			     "no virtualization that we know");
		return;
	}
	for (size_t i = 0; i < ARRAY_LENGTH(hardware_features); i++) {
		const struct hardware_feature *feature = &hardware_features[i];

		if (feature->vendor != vendor)
			continue;
		if (hardware_check_feature(report, feature) == HARDWARE_NO && first)
			break;
		if (first) {
			hardware_check_switch(report, vendor);
			hardware_check_revision(report, vendor);
		}
		first = false;
	}
	hardware_check_clock(report);
}
