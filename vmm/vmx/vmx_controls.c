/*
 * vmm/vmx/vmx_controls.c: what this CPU's VMX can do (Intel SDM v3 appendix A), whether that is
 * enough, the controls we choose, and how VMX is switched on.
 */
#include "vmm/vmx/vmx.h"

#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/string.h"
#include "vmm/mtrr.h"

#define CPUID_FEATURES_ECX_VMX (UINT32_C(1) << 5)
#define BASIC_INSTRUCTION_INFO (UINT64_C(1) << 54)
#define BASIC_TRUE_CONTROLS (UINT64_C(1) << 55)
#define MISC_HALTED_STATE UINT64_C(0x40)
#define MISC_PREEMPTION_SHIFT 0x1f

/* IA32_VMX_EPT_VPID_CAP, A.10 */
#define EPT_CAP_WALK_4 (UINT64_C(1) << 6)
#define EPT_CAP_UNCACHED (UINT64_C(1) << 8)
#define EPT_CAP_WRITE_BACK (UINT64_C(1) << 14)
#define EPT_CAP_2M (UINT64_C(1) << 16)
#define EPT_CAP_1G (UINT64_C(1) << 17)
#define EPT_CAP_INVEPT (UINT64_C(1) << 20)
#define EPT_CAP_INVEPT_SINGLE (UINT64_C(1) << 25)
#define EPT_CAP_INVEPT_ALL (UINT64_C(1) << 26)
#define EPT_CAP_INVVPID (UINT64_C(1) << 32)
#define EPT_CAP_INVVPID_SINGLE (UINT64_C(1) << 41)
#define EPT_CAP_INVVPID_ALL (UINT64_C(1) << 42)
#define EPT_POINTER_WALK_4 (UINT64_C(3) << 3)

struct vmx_capabilities vmx_capabilities;

/* A group of controls: the lower half of its capability MSR has the bits that must be 1, the upper
 * half those that may be. */
struct vmx_group {
	uint32_t msr, true_msr;
	uint32_t required, optional, forbidden;
	const char *lacks; /* what a CPU lacks that cannot do the required ones */
};

static bool vmx_choose_group(const struct vmx_group *group, bool true_controls, uint32_t *value)
{
	uint64_t capability = msr_read(true_controls && group->true_msr ? group->true_msr
									: group->msr);
	uint32_t must = (uint32_t)capability, may = (uint32_t)(capability >> 32);

	*value = must | group->required | (group->optional & may);
	return (group->required & ~may) == 0 && (group->forbidden & must) == 0;
}

static const char *vmx_choose_controls(bool true_controls)
{
	static const struct vmx_group processor = {
		MSR_VMX_PROCESSOR, MSR_VMX_TRUE_PROCESSOR,
		PROCESSOR_USE_IO_BITMAPS | PROCESSOR_USE_MSR_BITMAP | PROCESSOR_USE_SECONDARY, 0,
		PROCESSOR_CR3_LOAD_EXITING | PROCESSOR_CR3_STORE_EXITING, "the controls of 2010 and later",
	};
	static const struct vmx_group secondary = {
		MSR_VMX_SECONDARY, 0, SECONDARY_EPT,
		SECONDARY_UNRESTRICTED_GUEST | SECONDARY_RDTSCP | SECONDARY_VPID |
			SECONDARY_INVPCID | SECONDARY_XSAVES | SECONDARY_USER_WAIT,
		0, "nested paging (EPT)",
	};
	static const struct vmx_group pin = {
		MSR_VMX_PIN, MSR_VMX_TRUE_PIN, 0, 0, PIN_EXTERNAL_INTERRUPT_EXITING | PIN_NMI_EXITING,
		"direct interrupts",
	};
	static const struct vmx_group exit = {
		MSR_VMX_EXIT, MSR_VMX_TRUE_EXIT,
		EXIT_HOST_64BIT | EXIT_SAVE_DEBUG_CONTROLS | EXIT_SAVE_EFER | EXIT_LOAD_EFER |
			EXIT_SAVE_PAT | EXIT_LOAD_PAT,
		0, 0, "the switch of EFER and PAT",
	};
	static const struct vmx_group entry = {
		MSR_VMX_ENTRY, MSR_VMX_TRUE_ENTRY,
		ENTRY_LOAD_DEBUG_CONTROLS | ENTRY_LOAD_EFER | ENTRY_LOAD_PAT, 0, 0,
		"the switch of EFER and PAT",
	};
	struct vmx_capabilities *can = &vmx_capabilities;

	/* The primary ones first: whether there are secondary ones is among them. */
	if (!vmx_choose_group(&processor, true_controls, &can->processor))
		return processor.lacks;
	if (!vmx_choose_group(&secondary, true_controls, &can->secondary))
		return secondary.lacks;
	if (!(can->secondary & SECONDARY_UNRESTRICTED_GUEST))
		return "unrestricted guest (real mode)";
	if (!vmx_choose_group(&pin, true_controls, &can->pin))
		return pin.lacks;
	if (!vmx_choose_group(&exit, true_controls, &can->exit))
		return exit.lacks;
	if (!vmx_choose_group(&entry, true_controls, &can->entry))
		return entry.lacks;
	return NULL;
}

/* What we switch on only now and then must be there too. */
static const char *vmx_check_occasional(bool true_controls)
{
	uint64_t pin = msr_read(true_controls ? MSR_VMX_TRUE_PIN : MSR_VMX_PIN) >> 32;
	uint64_t processor = msr_read(true_controls ? MSR_VMX_TRUE_PROCESSOR : MSR_VMX_PROCESSOR) >> 32;
	uint64_t misc;

	if ((~processor & (PROCESSOR_MONITOR_TRAP | PROCESSOR_HLT_EXITING | PROCESSOR_MWAIT_EXITING)) != 0)
		return "the monitor trap flag";
	if ((~pin & (PIN_NMI_EXITING | PIN_VIRTUAL_NMIS | PIN_EXTERNAL_INTERRUPT_EXITING)) != 0 ||
	    (~processor & (PROCESSOR_NMI_WINDOW_EXITING | PROCESSOR_INTERRUPT_WINDOW_EXITING)) != 0)
		return "virtual NMIs";
	misc = msr_read(MSR_VMX_MISC);
	vmx_capabilities.preemption_timer = (pin & PIN_PREEMPTION_TIMER) != 0;
	vmx_capabilities.preemption_shift = misc & MISC_PREEMPTION_SHIFT;
	vmx_capabilities.halted_state = (misc & MISC_HALTED_STATE) != 0;
	return NULL;
}

static const char *vmx_check_ept(void)
{
	uint64_t ept = msr_read(MSR_VMX_EPT_VPID);
	struct vmx_capabilities *can = &vmx_capabilities;

	if (!(ept & EPT_CAP_WALK_4) || !(ept & EPT_CAP_INVEPT) ||
	    !(ept & (EPT_CAP_INVEPT_SINGLE | EPT_CAP_INVEPT_ALL)) ||
	    !(ept & (EPT_CAP_UNCACHED | EPT_CAP_WRITE_BACK)))
		return "nested paging (EPT) with four levels and INVEPT";
	can->ept_pointer_flags = EPT_POINTER_WALK_4 | (ept & EPT_CAP_WRITE_BACK ? MEMORY_TYPE_WRITE_BACK
										: MEMORY_TYPE_UNCACHED);
	can->ept_large_pages = ept & EPT_CAP_2M;
	can->ept_gigabyte_pages = ept & EPT_CAP_1G;
	can->invept_single = ept & EPT_CAP_INVEPT_SINGLE;
	can->invvpid_single = ept & EPT_CAP_INVVPID_SINGLE;
	/* A tag that cannot be flushed is no use. */
	if (!(ept & EPT_CAP_INVVPID) || !(ept & (EPT_CAP_INVVPID_SINGLE | EPT_CAP_INVVPID_ALL)))
		can->secondary &= ~SECONDARY_VPID;
	return NULL;
}

static bool vmx_probe_firmware(char *why, size_t why_bytes)
{
	uint64_t feature;

	/* A CPU without the MSR has no such switch. */
	if (!msr_read_safe(MSR_FEATURE_CONTROL, &feature) || !(feature & FEATURE_CONTROL_LOCK) ||
	    (feature & FEATURE_CONTROL_VMX))
		return true;
	print_format(why, why_bytes, "Intel VT-x is disabled and locked by the firmware; enable "
				     "\"Intel Virtualization Technology\" in the firmware's setup");
	return false;
}

bool vmx_probe(char *why, size_t why_bytes)
{
	struct vmx_capabilities *can = &vmx_capabilities;
	const char *lacks;
	uint64_t basic;
	bool true_controls;

	if (!(cpuid_query(1, 0).ecx & CPUID_FEATURES_ECX_VMX)) {
		print_format(why, why_bytes, "this CPU has no Intel VT-x (VMX), or it is switched off");
		return false;
	}
	if (!vmx_probe_firmware(why, why_bytes))
		return false;
	basic = msr_read(MSR_VMX_BASIC);
	true_controls = basic & BASIC_TRUE_CONTROLS;
	lacks = vmx_choose_controls(true_controls);
	if (lacks == NULL)
		lacks = vmx_check_occasional(true_controls);
	if (lacks == NULL)
		lacks = vmx_check_ept();
	if (lacks != NULL) {
		print_format(why, why_bytes, "this CPU's VT-x is too old: it lacks %s", lacks);
		return false;
	}
	can->revision = (uint32_t)basic & 0x7fffffff;
	can->instruction_info = basic & BASIC_INSTRUCTION_INFO;
	/* An unrestricted guest need not have PE and PG set (24.8). */
	can->cr0_fixed = msr_read(MSR_VMX_CR0_FIXED0) & ~(CR0_PE | CR0_PG);
	return true;
}

static bool vmx_execute_vmxon(hpa_t region)
{
	bool good;

	__asm__ volatile("vmxon %1" : "=@cca"(good) : "m"(region) : "memory");
	return good;
}

static bool vmx_load_vmcs(hpa_t vmcs)
{
	bool good;

	__asm__ volatile("vmclear %1" : "=@cca"(good) : "m"(vmcs) : "memory");
	if (!good)
		return false;
	__asm__ volatile("vmptrld %1" : "=@cca"(good) : "m"(vmcs) : "memory");
	return good;
}

/* 24.7, 24.8 and the VMXON instruction's own page say what it demands. */
void vmx_switch_on(struct vmx_vcpu *vmx)
{
	uint64_t feature;

	if (msr_read_safe(MSR_FEATURE_CONTROL, &feature) && !(feature & FEATURE_CONTROL_LOCK))
		msr_write(MSR_FEATURE_CONTROL, feature | FEATURE_CONTROL_LOCK | FEATURE_CONTROL_VMX);
	cr0_write((cr0_read() | msr_read(MSR_VMX_CR0_FIXED0)) & msr_read(MSR_VMX_CR0_FIXED1));
	cr4_write((cr4_read() | msr_read(MSR_VMX_CR4_FIXED0)) & msr_read(MSR_VMX_CR4_FIXED1));
	memset(vmx->vmcs, 0, PAGE_BYTES);
	memset(vmx->vmxon, 0, PAGE_BYTES);
	memcpy(vmx->vmcs, &vmx_capabilities.revision, sizeof(vmx_capabilities.revision));
	memcpy(vmx->vmxon, &vmx_capabilities.revision, sizeof(vmx_capabilities.revision));
	if (!vmx_execute_vmxon(memory_physical(vmx->vmxon)))
		panic("VMXON failed: is another hypervisor active below us?");
	if (!vmx_load_vmcs(memory_physical(vmx->vmcs)))
		panic("the VMCS cannot be loaded");
	vmx->launched = false;
	vmx->host_rsp = 0;
}
