/*
 * vmm/svm/svm_run.c: the run loop on SVM: VMRUN, and what is done right beside it because it happens
 * most.
 */
#include "vmm/svm/svm_ops.h"

#include "core/cpu.h"
#include "core/instructions.h"
#include "vmm/breakpoint.h"
#include "vmm/cpuid.h"
#include "vmm/deadline.h"
#include "vmm/guest_memory.h"
#include "vmm/mmio_direct.h"
#include "vmm/run.h"
#include "vmm/svm/svm.h"
#include "vmm/svm/svm_quirks.h"

#define TLB_FLUSH_ALL 1
#define CODE_IS_LONG 0x200 /* the L attribute, which counts in long mode only */

/* CPUID that nobody claims is answered at once: it always exits, and guests execute it thousands of
 * times at boot. False: the general way has to do it. */
static bool svm_answer_cpuid(struct vcpu *vcpu, const struct svm_vcpu *svm, struct vmcb *vmcb)
{
	uint32_t leaf = (uint32_t)vmcb->rax;
	struct cpuid_result result;
	uint64_t next_rip = vmcb->next_rip;

	if (svm->entry_special || cpuid_is_claimed() || !cpuid_is_plain(leaf) ||
	    (vmcb->rflags & RFLAGS_TF))
		return false;
	if (next_rip == 0) {
		const uint8_t *code;

		/* Without nRIP the bytes tell; other modes, and prefixes, go the general way. */
		if (!(vmcb->segments[SEGMENT_CS].attributes & CODE_IS_LONG) ||
		    !(vmcb->efer & EFER_LMA) || (vmcb->cr4 & CR4_LA57))
			return false;
		code = guest_peek_long_code(vcpu->cpu->index, vmcb->rip, vmcb->cr3);
		if (code == NULL || code[0] != 0x0f || code[1] != 0xa2)
			return false;
		next_rip = vmcb->rip + 2;
	}
	result = cpuid_query(leaf, (uint32_t)vcpu->gpr[GPR_RCX]);
	vmcb->rax = result.eax;
	vcpu->gpr[GPR_RBX] = result.ebx;
	vcpu->gpr[GPR_RCX] = result.ecx;
	vcpu->gpr[GPR_RDX] = result.edx;
	vmcb->rip = next_rip;
	vmcb->rflags &= ~RFLAGS_RF;
	vmcb->interrupt_shadow = 0;
	vcpu->exits_by_kind[EXIT_CPUID]++;
	return true;
}

/* A plain store to the page that is guarded for good. False: the general way has to do it. */
static bool svm_answer_store(struct vcpu *vcpu, const struct svm_vcpu *svm, struct vmcb *vmcb)
{
	const uint8_t *code;
	unsigned bytes;

	if (svm->entry_special || (vmcb->exit_info2 & ~PAGE_MASK) != mmio_direct_page || !(vmcb->exit_info1 & PAGE_FAULT_WRITE) ||
	    (vmcb->exit_info1 >> 33 & 1) || (vmcb->exit_int_info & EVENT_VALID) ||
	    (vmcb->rflags & RFLAGS_TF) || (vmcb->dr7 & BREAKPOINT_DR7_ENABLED) ||
	    !(vmcb->segments[SEGMENT_CS].attributes & CODE_IS_LONG) || !(vmcb->efer & EFER_LMA) ||
	    (vmcb->cr4 & CR4_LA57))
		return false;
	code = guest_peek_long_code(vcpu->cpu->index, vmcb->rip, vmcb->cr3);
	if (code == NULL)
		return false;
	vcpu->gpr[GPR_RAX] = vmcb->rax;
	vcpu->gpr[GPR_RSP] = vmcb->rsp;
	bytes = mmio_direct_perform(vcpu, code, vmcb->exit_info2);
	if (bytes == 0)
		return false;
	vmcb->rip += bytes;
	vmcb->rflags &= ~RFLAGS_RF;
	vmcb->interrupt_shadow = 0;
	vcpu->exits_by_kind[EXIT_NESTED_FAULT]++;
	return true;
}

/* Enters the guest until an exit that somebody above has to see. */
static void svm_enter_until_exit(struct vcpu *vcpu, struct svm_vcpu *svm, struct vmcb *vmcb)
{
	do {
		/* SMM's RSM may have cleared it; VMRUN demands it (APM v2 15.5.1). */
		vmcb->efer |= EFER_SVME;
		svm_enter(vcpu, svm->vmcb_physical);
	} while ((vmcb->exit_code == VMEXIT_CPUID && svm_answer_cpuid(vcpu, svm, vmcb)) ||
		 (vmcb->exit_code == VMEXIT_NPF && svm_answer_store(vcpu, svm, vmcb)));
	if (svm->entry_special) {
		svm->entry_special = false;
		if (svm_step_wanted(&svm->step))
			svm_step_leave(vcpu);
		vmcb->event_inject = 0;
		vmcb->tlb_control = 0;
		if (svm->virtual_interrupt)
			svm_end_virtual_interrupt(vcpu);
	}
}

/* Here because ports are what scripts hook most. EXITINFO1 has the layout that vcpu.h took over from
 * it (APM v2 15.10.2), but for bits that older CPUs lack. */
static inline void svm_read_port(struct vcpu *vcpu, const struct vmcb *vmcb)
{
	vcpu->exit.kind = EXIT_PORT;
	vcpu->exit.reason = VMEXIT_IOIO;
	vcpu->exit.next_rip = vmcb->exit_info2;
	vcpu->exit.port = (uint32_t)vmcb->exit_info1;
	if (vmcb->dr7 & BREAKPOINT_DR7_ENABLED)
		vcpu->exit.port |= EXIT_PORT_WATCHED;
}

/* One pass through the guest. */
static inline __attribute__((always_inline)) void svm_run(struct vcpu *vcpu, struct svm_vcpu *svm,
							   struct vmcb *vmcb)
{
	vmcb->rax = vcpu->gpr[GPR_RAX];
	vmcb->rsp = vcpu->gpr[GPR_RSP];
	vmcb->rip = vcpu->rip;
	vmcb->rflags = vcpu->rflags;
	if (vcpu->shadow_ended) {
		vcpu->shadow_ended = false;
		vmcb->interrupt_shadow &= ~UINT64_C(1);
	}
	if (vcpu->alarm_tsc != DEADLINE_NEVER)
		svm_lend_timer(vcpu);
	if (svm->entry_special) {
		if (svm->idle_rip != 0 && !svm->idles)
			svm_resume_idle(vcpu);
		if (svm_step_wanted(&svm->step))
			svm_step_enter(vcpu);
		if (svm->virtual_interrupt)
			svm_begin_virtual_interrupt(vcpu);
		vmcb->event_inject = svm->event_inject;
		vmcb->tlb_control = svm->flush ? TLB_FLUSH_ALL : 0;
		svm->event_inject = 0;
		svm->flush = false;
	}
	svm_enter_until_exit(vcpu, svm, vmcb);
	vcpu->gpr[GPR_RAX] = vmcb->rax;
	vcpu->gpr[GPR_RSP] = vmcb->rsp;
	vcpu->rip = vmcb->rip;
	vcpu->rflags = vmcb->rflags;
	if (svm->timer_lent)
		svm_end_loan(vcpu);
	if (vmcb->exit_code == VMEXIT_IOIO) {
		svm_read_port(vcpu, vmcb);
		return; /* never amid the delivery of an event */
	}
	svm_read_exit(vcpu);
	/* An exit amid the delivery of an event: it is delivered again (APM v2 15.7.2), but software
	 * interrupts, whose instruction runs again. */
	if ((vmcb->exit_int_info & EVENT_VALID) &&
	    (vmcb->exit_int_info >> EVENT_TYPE_SHIFT & 7) != EVENT_SOFTWARE)
		svm_set_event(svm, svm_quirk_event(vmcb->exit_int_info));
}

__attribute__((noreturn)) void svm_loop(struct vcpu *vcpu, void (*handle)(struct vcpu *vcpu))
{
	struct svm_vcpu *svm = svm_of(vcpu);

	for (;;) {
		run_prepare(vcpu);
		svm_run(vcpu, svm, svm->vmcb);
		run_finish(vcpu, handle);
	}
}
