/*
 * boot/hardware_features.c: the table of CPU features that matter to us, for both vendors, and the
 * firmware's switches. AMD APM v3 E.4.17 (Fn8000_000A), v2 15.4; Intel SDM v3 appendix A, 24.7.
 *
 * A VMX feature counts as there when its control may be 1; on a running Linux without the right to
 * read MSRs, what the kernel says in /proc/cpuinfo stands for it.
 */
#include "boot/hardware_check.h"

#include "core/log.h"
#include "core/string.h"

#define MSR_FEATURE_CONTROL 0x3au
#define MSR_VM_CR 0xc0010114u
#define MSR_VMX_PIN 0x481u
#define MSR_VMX_PROCESSOR 0x482u
#define MSR_VMX_SECONDARY 0x48bu
#define MSR_VMX_EPT_VPID 0x48cu
#define FEATURE_CONTROL_LOCK UINT64_C(0x1)
#define FEATURE_CONTROL_VMX UINT64_C(0x4)
#define VM_CR_LOCK UINT64_C(0x8)
#define VM_CR_SVMDIS UINT64_C(0x10)

#define MAY_BE_1(bit) (32 + (bit)) /* in a control's capability MSR */

enum hardware_vendor { VENDOR_OTHER, VENDOR_AMD, VENDOR_INTEL };
enum { EAX, EBX, ECX, EDX };

struct hardware_feature {
	enum hardware_vendor vendor;
	const char *name, *text;
	uint32_t leaf;	  /* of CPUID, or */
	uint32_t msr;	  /* the MSR that tells, if not 0 */
	uint8_t which;	  /* register of CPUID */
	uint8_t bit;
	bool required;
	const char *flag; /* Linux's name; NULL: none */
	const char *otherwise; /* without it: advice if it is required, else the consequence */
};

/* The first of a vendor is the extension itself: without it nothing else is asked. */
static const struct hardware_feature hardware_features[] = {
	{ VENDOR_AMD, "virtualization", "AMD-V (SVM)", 0x80000001, 0, ECX, 2, true, NULL,
	  "enable \"SVM mode\" in the firmware's setup; a hypervisor that runs hides it as well" },
	{ VENDOR_AMD, "nested-paging", "nested paging (NPT)", 0x8000000a, 0, EDX, 0, true, "npt",
	  "this CPU is too old" },
	{ VENDOR_AMD, "next-rip", "next RIP at exits (NRIPS)", 0x8000000a, 0, EDX, 3, false,
	  "nrip_save", "instructions are decoded instead, which takes longer" },
	{ VENDOR_AMD, "decode-assists", "decode assists", 0x8000000a, 0, EDX, 7, false,
	  "decodeassists", "instructions are fetched from the guest's memory" },
	{ VENDOR_AMD, "flush-by-asid", "flush by ASID", 0x8000000a, 0, EDX, 6, false,
	  "flushbyasid", "the whole TLB is flushed instead" },
	{ VENDOR_AMD, "virtual-gif", "virtual GIF (VGIF)", 0x8000000a, 0, EDX, 16, false, "vgif",
	  "not used" },
	{ VENDOR_AMD, "virtual-apic", "virtual interrupt controller (AVIC)", 0x8000000a, 0, EDX, 13,
	  false, "avic", "not used" },
	{ VENDOR_AMD, "gigabyte-pages", "1 GiB pages", 0x80000001, 0, EDX, 26, false, "pdpe1gb",
	  "nested page tables take more memory" },

	{ VENDOR_INTEL, "virtualization", "Intel VT-x (VMX)", 1, 0, ECX, 5, true, NULL,
	  "enable \"Intel Virtualization Technology\" in the firmware's setup; a hypervisor that "
	  "runs hides it as well" },
	{ VENDOR_INTEL, "nested-paging", "nested paging (EPT)", 0, MSR_VMX_SECONDARY, 0, MAY_BE_1(1),
	  true, "ept", "this CPU is too old" },
	{ VENDOR_INTEL, "unrestricted-guest", "unrestricted guest (real mode)", 0,
	  MSR_VMX_SECONDARY, 0, MAY_BE_1(7), true, "unrestricted_guest", "this CPU is too old" },
	{ VENDOR_INTEL, "virtual-nmi", "virtual NMIs", 0, MSR_VMX_PIN, 0, MAY_BE_1(5), true, "vnmi",
	  "this CPU is too old" },
	{ VENDOR_INTEL, "monitor-trap", "monitor trap flag", 0, MSR_VMX_PROCESSOR, 0, MAY_BE_1(27),
	  true, "mtf", "this CPU is too old" },
	{ VENDOR_INTEL, "vpid", "virtual processor identifiers (VPID)", 0, MSR_VMX_SECONDARY, 0,
	  MAY_BE_1(5), false, "vpid", "every exit flushes the TLB" },
	{ VENDOR_INTEL, "ept-large-pages", "2 MiB pages in EPT", 0, MSR_VMX_EPT_VPID, 0, 16, false,
	  NULL, "nested page tables take more memory" },
	{ VENDOR_INTEL, "preemption-timer", "VMX preemption timer", 0, MSR_VMX_PIN, 0, MAY_BE_1(6),
	  false, "preemption_timer", "not used" },
};

static enum hardware_vendor hardware_vendor(const struct hardware_source *source, char name[13])
{
	uint32_t leaf[4];

	source->cpuid(0, 0, leaf);
	memcpy(name, &leaf[EBX], 4);
	memcpy(name + 4, &leaf[EDX], 4);
	memcpy(name + 8, &leaf[ECX], 4);
	name[12] = '\0';
	if (memcmp(name, "AuthenticAMD", 12) == 0 || memcmp(name, "HygonGenuine", 12) == 0)
		return VENDOR_AMD;
	return memcmp(name, "GenuineIntel", 12) == 0 ? VENDOR_INTEL : VENDOR_OTHER;
}

/* CPUID of a leaf that this CPU may not have: zeros then. */
static void hardware_cpuid(const struct hardware_source *source, uint32_t leaf, uint32_t result[4])
{
	source->cpuid(leaf & 0x80000000, 0, result);
	if (result[EAX] < leaf)
		memset(result, 0, 4 * sizeof(result[0]));
	else
		source->cpuid(leaf, 0, result);
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

static enum hardware_answer hardware_has(const struct hardware_source *source,
					 const struct hardware_feature *feature)
{
	enum hardware_answer answer;
	uint32_t leaf[4];
	uint64_t value;

	if (feature->msr == 0) {
		hardware_cpuid(source, feature->leaf, leaf);
		return leaf[feature->which] >> feature->bit & 1 ? HARDWARE_YES : HARDWARE_NO;
	}
	answer = source->msr(feature->msr, &value);
	if (answer == HARDWARE_YES)
		return value >> feature->bit & 1 ? HARDWARE_YES : HARDWARE_NO;
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
	bool off = amd ? (value & VM_CR_SVMDIS) != 0 : locked && !(value & FEATURE_CONTROL_VMX);

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
			     "Ritevisor knows AMD's and Intel's", "no virtualization that we know");
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
