/*
 * vmm/svm/svm_nmi.c: NMIs to the guest. Each one exits and is injected, because the CPU's own mask for
 * NMIs ends with the next IRET, which would be the host's: what keeps a guest's handler free of a
 * second NMI is an intercept of its IRET, and then a single step over it (AMD APM v2 8.1.3, 15.13.2).
 */
#include "vmm/svm/svm_ops.h"

#include "core/instructions.h"
#include "vmm/svm/svm.h"

void svm_inject_nmi(struct vcpu *vcpu)
{
	struct svm_vcpu *svm = svm_of(vcpu);

	svm_set_event(svm, EVENT_VALID | EVENT_NMI << EVENT_TYPE_SHIFT | 2);
	svm->nmi = SVM_NMI_IN_HANDLER;
	svm->vmcb->intercept3 |= INTERCEPT_IRET;
}

/* The handler is about to return: it has not executed its IRET yet. */
void svm_read_iret(struct vcpu *vcpu)
{
	struct svm_vcpu *svm = svm_of(vcpu);

	/* Not the handler's: it came in place of an instruction that is stepped over. */
	if (svm->nmi != SVM_NMI_IN_HANDLER) {
		vcpu->exit.kind = EXIT_DEBUG_EXCEPTION;
		return;
	}
	svm->nmi = SVM_NMI_AT_IRET;
	svm->iret_rip = vcpu->rip;
	svm->vmcb->intercept3 &= ~INTERCEPT_IRET;
	vcpu->exit.kind = EXIT_NONE;
}

bool svm_can_inject_nmi(struct vcpu *vcpu)
{
	struct svm_vcpu *svm = svm_of(vcpu);

	if (svm->nmi == SVM_NMI_AT_IRET && vcpu->rip != svm->iret_rip)
		svm->nmi = SVM_NMI_FREE;
	/* An instruction that is stepped over already gives an exit of its own. */
	if (svm->nmi == SVM_NMI_AT_IRET && vcpu->steps == 0) {
		svm->nmi = SVM_NMI_STEPS;
		svm->vmcb->intercept_exceptions |= SVM_STEP_EXCEPTIONS;
		svm->vmcb->interrupt_shadow |= 1;
		vcpu->shadow_ended = false;
		svm->step_saved_tf = vcpu->rflags & RFLAGS_TF;
		vcpu->rflags |= RFLAGS_TF;
	}
	/* The exit behind a step comes soon, and its TF is not for the guest's handler to see. */
	return svm->nmi == SVM_NMI_FREE && svm->event_inject == 0 && vcpu->steps == 0;
}

bool svm_end_iret_step(struct vcpu *vcpu, bool completed)
{
	struct svm_vcpu *svm = svm_of(vcpu);

	if (svm->nmi != SVM_NMI_STEPS)
		return false;
	svm->nmi = SVM_NMI_FREE;
	svm->vmcb->intercept_exceptions = SVM_EXCEPTIONS;
	/* IRET has loaded the flags of its frame; one that faults has not. */
	if (completed)
		svm->vmcb->dr6 &= ~DR6_BS;
	else if (!svm->step_saved_tf)
		vcpu->rflags &= ~RFLAGS_TF;
	return true;
}
