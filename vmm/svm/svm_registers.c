/*
 * vmm/svm/svm_registers.c: segment, control and EFER access in the VMCB.
 */
#include "vmm/svm/svm_ops.h"

#include "core/instructions.h"
#include "core/log.h"
#include "vmm/msr.h"
#include "vmm/svm/svm.h"

#define EFER_LMSLE UINT64_C(0x2000)
#define EFER_FFXSR UINT64_C(0x4000)
#define EFER_TCE UINT64_C(0x8000)
#define EFER_MCOMMIT UINT64_C(0x20000)
#define EFER_INTWB UINT64_C(0x40000)
#define EFER_AIBRSE UINT64_C(0x200000)
#define CPUID_EXTENDED_EBX_INVLPGB (UINT32_C(1) << 3 | UINT32_C(1) << 21)
#define CPUID_EXTENDED_EDX_INVLPGB_COUNT UINT32_C(0xffff)
#define ATTRIBUTES_MASK 0xfff
#define ATTRIBUTE_UNUSABLE 0x1000

/* FS and GS are VMLOAD state: in the VMCB only after VMSAVE, which host_begin() does. */
static struct vmcb_segment *svm_segment(struct vcpu *vcpu, enum segment which)
{
	if ((which == SEGMENT_FS || which == SEGMENT_GS) && !vcpu->host_context)
		svm_vmsave(svm_of(vcpu)->vmcb_physical);
	return &svm_of(vcpu)->vmcb->segments[which];
}

void svm_get_segment(struct vcpu *vcpu, enum segment which, struct segment_register *out)
{
	const struct vmcb_segment *segment = svm_segment(vcpu, which);

	out->selector = segment->selector;
	/* VMCB bits 0-7 and 8-11 are descriptor bits 40-47 and 52-55 (APM v2 15.5.1). */
	out->attributes = segment->attributes & ATTRIBUTES_MASK;
	if (!(out->attributes & 0x80))
		out->attributes |= 0x1000;
	out->limit_bytes = segment->limit;
	out->base = segment->base;
}

void svm_set_segment(struct vcpu *vcpu, enum segment which, const struct segment_register *in)
{
	struct vmcb_segment *segment = svm_segment(vcpu, which);

	segment->selector = in->selector;
	segment->attributes = in->attributes & ATTRIBUTES_MASK;
	segment->limit = in->limit_bytes;
	segment->base = in->base;
	if ((which == SEGMENT_FS || which == SEGMENT_GS) && !vcpu->host_context)
		svm_vmload(svm_of(vcpu)->vmcb_physical);
}

static void svm_put_segment(struct vmcb_segment *to, const struct segment_register *from)
{
	/* Of a null or missing descriptor nothing is left: not present, base and limit 0. */
	to->selector = from->selector;
	to->attributes = from->attributes & ATTRIBUTE_UNUSABLE ? 0
							       : from->attributes & ATTRIBUTES_MASK;
	to->limit = from->limit_bytes;
	to->base = from->base;
}

static void svm_capture_segments(struct vmcb *vmcb, const struct cpu_state *state)
{
	for (unsigned i = 0; i < SEGMENT_COUNT; i++)
		svm_put_segment(&vmcb->segments[i], &state->segments[i]);
	svm_put_segment(&vmcb->ldtr, &state->ldtr);
	svm_put_segment(&vmcb->tr, &state->tr);
	vmcb->gdtr.base = state->gdtr_base;
	vmcb->gdtr.limit = state->gdtr_limit;
	vmcb->idtr.base = state->idtr_base;
	vmcb->idtr.limit = state->idtr_limit;
	vmcb->cpl = (uint8_t)(state->segments[SEGMENT_SS].attributes >> 5 & 3);
}

void svm_capture_state(struct vcpu *vcpu, const struct cpu_state *state)
{
	struct vmcb *vmcb = svm_of(vcpu)->vmcb;

	/* The VMLOAD state that the CPU holds, so that what is not replaced stays. */
	if (!vcpu->host_context)
		svm_vmsave(svm_of(vcpu)->vmcb_physical);
	svm_capture_segments(vmcb, state);
	vmcb->cr0 = state->cr0;
	vmcb->cr2 = state->cr2;
	vmcb->cr3 = state->cr3;
	vmcb->cr4 = state->cr4;
	vmcb->efer = state->efer | EFER_SVME;
	vmcb->dr6 = state->dr6;
	vmcb->dr7 = state->dr7;
	for (unsigned i = 0; i < GPR_COUNT; i++)
		vcpu->gpr[i] = state->gpr[i];
	vcpu->rip = state->rip;
	vcpu->rflags = state->rflags;
	svm_request_flush(svm_of(vcpu));
	if (!vcpu->host_context)
		svm_vmload(svm_of(vcpu)->vmcb_physical);
}

/* DR0 to DR3 are the guest's all the time: the host has no use for them, and enables none. */
uint64_t svm_get_debug(struct vcpu *vcpu, unsigned number)
{
	return number == 7 ? svm_of(vcpu)->vmcb->dr7 : debug_address_read(number);
}

uint64_t svm_get_control(struct vcpu *vcpu, unsigned number)
{
	const struct vmcb *vmcb = svm_of(vcpu)->vmcb;

	switch (number) {
	case 0:
		return vmcb->cr0;
	case 2:
		return vmcb->cr2;
	case 3:
		return vmcb->cr3;
	case 4:
		return vmcb->cr4;
	default:
		panic("svm: no control register %u", number);
	}
}

void svm_set_control(struct vcpu *vcpu, unsigned number, uint64_t value)
{
	struct vmcb *vmcb = svm_of(vcpu)->vmcb;

	switch (number) {
	case 0:
		vmcb->cr0 = value;
		break;
	case 2:
		vmcb->cr2 = value;
		break;
	case 3:
		vmcb->cr3 = value;
		break;
	case 4:
		vmcb->cr4 = value;
		break;
	default:
		panic("svm: no control register %u", number);
	}
	svm_request_flush(svm_of(vcpu));
}

/* SVME is ours: the guest never sees it. */
uint64_t svm_get_efer(struct vcpu *vcpu)
{
	return svm_of(vcpu)->vmcb->efer & ~EFER_SVME;
}

/* The bits that this CPU has, by CPUID (APM v2 3.1.7); VMRUN refuses others, which would be our end. */
static uint64_t svm_efer_bits(void)
{
	static const struct {
		uint32_t leaf;
		bool ebx, ecx, edx; /* which register; none: EAX */
		uint8_t bit;
		uint64_t efer;
	} bits[] = {
		{ 0x80000001, .edx = true, .bit = 29, .efer = EFER_LME },
		{ 0x80000001, .edx = true, .bit = 20, .efer = EFER_NXE },
		{ 0x80000001, .edx = true, .bit = 25, .efer = EFER_FFXSR },
		{ 0x80000001, .ecx = true, .bit = 17, .efer = EFER_TCE },
		{ 0x80000001, .ecx = true, .bit = 2, .efer = EFER_LMSLE },
		{ 0x80000008, .ebx = true, .bit = 8, .efer = EFER_MCOMMIT },
		{ 0x80000008, .ebx = true, .bit = 13, .efer = EFER_INTWB },
		{ 0x80000021, .bit = 8, .efer = EFER_AIBRSE },
	};
	uint32_t last = cpuid_query(0x80000000, 0).eax;
	uint64_t found = EFER_SCE | EFER_LMA;

	for (size_t i = 0; i < ARRAY_LENGTH(bits) && bits[i].leaf <= last; i++) {
		struct cpuid_result r = cpuid_query(bits[i].leaf, 0);
		uint32_t reg = bits[i].ebx ? r.ebx : bits[i].ecx ? r.ecx : bits[i].edx ? r.edx : r.eax;

		if (reg >> bits[i].bit & 1)
			found |= bits[i].efer;
	}
	/* EferLmsleUnsupported */
	if (last >= 0x80000008 && (cpuid_query(0x80000008, 0).ebx >> 20 & 1))
		found &= ~EFER_LMSLE;
	return found;
}

static bool svm_set_efer(struct vcpu *vcpu, uint64_t value)
{
	struct vmcb *vmcb = svm_of(vcpu)->vmcb;

	if (value & ~svm_efer_bits())
		return false;
	if (((value ^ vmcb->efer) & EFER_LME) && (vmcb->cr0 & CR0_PG))
		return false;
	vmcb->efer = (value & ~EFER_LMA) | (vmcb->efer & EFER_LMA) | EFER_SVME;
	svm_request_flush(svm_of(vcpu));
	return true;
}

unsigned svm_get_cpl(struct vcpu *vcpu)
{
	return svm_of(vcpu)->vmcb->cpl;
}

/* A CPU whose firmware switched SVM off for good: that is how we hide it (APM v2 15.4). */
enum msr_result svm_read_msr(struct vcpu *vcpu, uint32_t msr, uint64_t *value)
{
	switch (msr) {
	case MSR_EFER:
		*value = svm_get_efer(vcpu);
		return MSR_DONE;
	case MSR_PAT:
		*value = svm_of(vcpu)->vmcb->pat;
		return MSR_DONE;
	case MSR_VM_CR:
		*value = VM_CR_SVMDIS | VM_CR_LOCK;
		return MSR_DONE;
	case MSR_VM_HSAVE_PA:
		*value = 0;
		return MSR_DONE;
	case MSR_SVM_KEY:
		return MSR_FAULT;
	default:
		return MSR_NOT_HELD;
	}
}

enum msr_result svm_write_msr(struct vcpu *vcpu, uint32_t msr, uint64_t value)
{
	switch (msr) {
	case MSR_EFER:
		return svm_set_efer(vcpu, value) ? MSR_DONE : MSR_FAULT;
	case MSR_PAT:
		if (!msr_is_valid_pat(value))
			return MSR_FAULT;
		svm_of(vcpu)->vmcb->pat = value;
		return MSR_DONE;
	case MSR_VM_CR:
		return MSR_DONE; /* locked: writes do nothing */
	case MSR_VM_HSAVE_PA:
	case MSR_SVM_KEY:
		return MSR_FAULT;
	default:
		return MSR_NOT_HELD;
	}
}

/* SVM: Fn8000_0001 ECX[2] and Fn8000_000A; INVLPGB and TLBSYNC, which VMRUN would have to allow: Fn8000_0008;
 * memory encryption: Fn8000_001F (APM v3 E.4). */
void svm_hide_cpuid(uint32_t leaf, uint32_t registers[4])
{
	switch (leaf) {
	case 0x80000001:
		registers[2] &= ~UINT32_C(4);
		break;
	case 0x80000008:
		registers[1] &= ~CPUID_EXTENDED_EBX_INVLPGB;
		registers[3] &= ~CPUID_EXTENDED_EDX_INVLPGB_COUNT;
		vcpu_limit_address_bits(registers);
		break;
	case 0x8000000a:
	case 0x8000001f:
		registers[0] = registers[1] = registers[2] = registers[3] = 0;
		break;
	}
}
