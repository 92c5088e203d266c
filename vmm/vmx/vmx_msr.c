/*
 * vmm/vmx/vmx_msr.c: MSRs that the VMCS holds for the guest, and what of VMX the guest would see in
 * MSRs and CPUID.
 */
#include "vmm/mtrr.h"
#include "vmm/msr.h"
#include "vmm/vmx/vmx.h"

#include "core/instructions.h"

#define CPUID_FEATURES_ECX_VMX_SMX UINT32_C(0x60)
#define FEATURE_CONTROL_HIDDEN UINT64_C(0xff06) /* VMX in and outside SMX, SENTER */
#define CPUID_FEATURES_ECX_DEBUG_STORE UINT32_C(0x14) /* 64-bit, by CPL */
#define CPUID_FEATURES_EDX_DEBUG_STORE (UINT32_C(1) << 21)
#define CPUID_POWER_EAX_FEEDBACK (UINT32_C(1) << 19 | UINT32_C(1) << 23)
#define CPUID_STRUCTURED_EBX_TRACE (UINT32_C(1) << 25)
#define CPUID_STRUCTURED_EDX_PCONFIG (UINT32_C(1) << 18)
#define DEBUGCTL_TRACE UINT64_C(0x7c0) /* TR, BTS, BTINT and when: 18.4.1 */

uint64_t vmx_get_efer(struct vcpu *vcpu)
{
	(void)vcpu;
	return vmcs_read(VMCS_GUEST_EFER);
}

/* The entry control repeats LMA (27.3.1.1); the CPU writes it at exits (A.6). */
void vmx_write_efer(uint64_t value)
{
	uint32_t entry = vmcs_read32(VMCS_ENTRY_CONTROLS);

	vmcs_write(VMCS_GUEST_EFER, value);
	vmcs_write(VMCS_ENTRY_CONTROLS, value & EFER_LMA ? entry | ENTRY_GUEST_LONG_MODE
							 : entry & ~ENTRY_GUEST_LONG_MODE);
}

/* The bits that this CPU has, by CPUID. */
static uint64_t vmx_efer_bits(void)
{
	uint32_t features = cpuid_query(0x80000001, 0).edx;
	uint64_t bits = EFER_LMA;

	if (features & UINT32_C(1) << 11)
		bits |= EFER_SCE;
	if (features & UINT32_C(1) << 20)
		bits |= EFER_NXE;
	if (features & UINT32_C(1) << 29)
		bits |= EFER_LME;
	return bits;
}

static enum msr_result vmx_set_efer(struct vcpu *vcpu, uint64_t value)
{
	uint64_t old = vmx_get_efer(vcpu);

	if ((value & ~vmx_efer_bits()) != 0 ||
	    (((value ^ old) & EFER_LME) && (vmcs_read(VMCS_GUEST_CR0) & CR0_PG)))
		return MSR_FAULT;
	vmx_write_efer((value & ~EFER_LMA) | (old & EFER_LMA));
	vmx_of(vcpu)->flush_linear = true;
	return MSR_DONE;
}

static enum msr_result vmx_set_address(uint32_t field, uint64_t value)
{
	unsigned unused = vmcs_read(VMCS_GUEST_CR4) & CR4_LA57 ? 7 : 16;

	if ((uint64_t)((int64_t)(value << unused) >> unused) != value)
		return MSR_FAULT;
	vmcs_write(field, value);
	return MSR_DONE;
}

static enum msr_result vmx_set_pat(uint64_t value)
{
	if (!msr_is_valid_pat(value))
		return MSR_FAULT;
	vmcs_write(VMCS_GUEST_PAT, value);
	return MSR_DONE;
}

/* The CPU says which bits it has. Branch records in memory are hidden, and must not be made while we
 * try the value. */
static enum msr_result vmx_set_debugctl(uint64_t value)
{
	uint64_t host = msr_read(MSR_DEBUG_CONTROL);

	if ((value & DEBUGCTL_TRACE) || !msr_write_safe(MSR_DEBUG_CONTROL, value))
		return MSR_FAULT;
	msr_write(MSR_DEBUG_CONTROL, host);
	vmcs_write(VMCS_GUEST_DEBUGCTL, value);
	return MSR_DONE;
}

static enum msr_result vmx_set_mtrr(struct vcpu *vcpu, uint32_t msr, uint64_t value)
{
	if (!msr_write_safe(msr, value))
		return MSR_FAULT;
	/* Systems switch the MTRRs off, change them, and switch them on. */
	if (msr_read(MSR_MTRR_DEFAULT) & MTRR_ENABLED) {
		ept_update_types();
		vmx_of(vcpu)->flush_nested = true;
	}
	return MSR_DONE;
}

/* The field of the VMCS that holds an MSR of the guest; 0: none. */
static uint32_t vmx_msr_field(uint32_t msr)
{
	switch (msr) {
	case MSR_EFER:
		return VMCS_GUEST_EFER;
	case MSR_PAT:
		return vmx_capabilities.entry & ENTRY_LOAD_PAT ? VMCS_GUEST_PAT : 0;
	case MSR_SYSENTER_CS:
		return VMCS_GUEST_SYSENTER_CS;
	case MSR_SYSENTER_ESP:
		return VMCS_GUEST_SYSENTER_ESP;
	case MSR_SYSENTER_EIP:
		return VMCS_GUEST_SYSENTER_EIP;
	case MSR_DEBUG_CONTROL:
		return VMCS_GUEST_DEBUGCTL;
	case MSR_FS_BASE:
		return VMCS_GUEST_BASE(SEGMENT_FS);
	case MSR_GS_BASE:
		return VMCS_GUEST_BASE(SEGMENT_GS);
	default:
		return 0;
	}
}

/* A CPU whose firmware has switched VMX off for good: that is how we hide it. */
enum msr_result vmx_read_msr(struct vcpu *vcpu, uint32_t msr, uint64_t *value)
{
	uint32_t field = vmx_msr_field(msr);

	(void)vcpu;
	if (field != 0) {
		*value = vmcs_read(field);
		return MSR_DONE;
	}
	if (msr == MSR_FEATURE_CONTROL) {
		*value = (msr_read(msr) & ~FEATURE_CONTROL_HIDDEN) | FEATURE_CONTROL_LOCK;
		return MSR_DONE;
	}
	return msr >= MSR_VMX_FIRST && msr <= MSR_VMX_LAST ? MSR_FAULT : MSR_NOT_HELD;
}

enum msr_result vmx_write_msr(struct vcpu *vcpu, uint32_t msr, uint64_t value)
{
	uint32_t field = vmx_msr_field(msr);

	switch (msr) {
	case MSR_EFER:
		return vmx_set_efer(vcpu, value);
	case MSR_PAT:
		return field == 0 ? MSR_NOT_HELD : vmx_set_pat(value);
	case MSR_SYSENTER_CS:
		vmcs_write(field, (uint32_t)value);
		return MSR_DONE;
	case MSR_SYSENTER_ESP:
	case MSR_SYSENTER_EIP:
	case MSR_FS_BASE:
	case MSR_GS_BASE:
		return vmx_set_address(field, value);
	case MSR_DEBUG_CONTROL:
		return vmx_set_debugctl(value);
	case MSR_FEATURE_CONTROL:
		return MSR_FAULT; /* locked */
	default:
		if (mtrr_is_register(msr))
			return vmx_set_mtrr(vcpu, msr, value);
		return msr >= MSR_VMX_FIRST && msr <= MSR_VMX_LAST ? MSR_FAULT : MSR_NOT_HELD;
	}
}

/* VMX, and SMX, which would need it; what goes with the MSRs that vmm/msr_guard.c refuses; and the bits of
 * an address that name a key. */
void vmx_hide_cpuid(uint32_t leaf, uint32_t registers[4])
{
	switch (leaf) {
	case 1:
		registers[2] &= ~(CPUID_FEATURES_ECX_VMX_SMX | CPUID_FEATURES_ECX_DEBUG_STORE);
		registers[3] &= ~CPUID_FEATURES_EDX_DEBUG_STORE;
		break;
	case 6:
		registers[0] &= ~CPUID_POWER_EAX_FEEDBACK;
		registers[3] = 0;
		break;
	case 7:
		registers[1] &= ~CPUID_STRUCTURED_EBX_TRACE;
		registers[2] &= ~CPUID_STRUCTURED_ECX_TME;
		registers[3] &= ~CPUID_STRUCTURED_EDX_PCONFIG;
		break;
	case 0x14:
	case 0x1b: /* PCONFIG */
		registers[0] = registers[1] = registers[2] = registers[3] = 0;
		break;
	case 0x80000008:
		vcpu_limit_address_bits(registers);
		break;
	}
}
