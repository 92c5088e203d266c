/*
 * vmm/svm/svm_event.c: injecting events (AMD APM v2 15.20), and asking for the exits that tell when
 * one can be.
 */
#include "vmm/svm/svm_ops.h"

#include "core/instructions.h"
#include "vmm/svm/svm.h"

#define DR6_BS UINT64_C(0x4000)

void svm_inject_exception(struct vcpu *vcpu, unsigned vector, int64_t error_code)
{
	uint64_t event = EVENT_VALID | EVENT_EXCEPTION << EVENT_TYPE_SHIFT | vector;

	if (error_code >= 0)
		event |= EVENT_ERROR_CODE | (uint64_t)error_code << 32;
	svm_set_event(svm_of(vcpu), event);
}

void svm_inject_interrupt(struct vcpu *vcpu, unsigned vector)
{
	svm_set_event(svm_of(vcpu), EVENT_VALID | EVENT_INTERRUPT << EVENT_TYPE_SHIFT | vector);
}

void svm_inject_single_step(struct vcpu *vcpu)
{
	svm_of(vcpu)->vmcb->dr6 |= DR6_BS;
	svm_inject_exception(vcpu, 1, -1);
}

void svm_inject_breakpoints(struct vcpu *vcpu, unsigned hits)
{
	svm_of(vcpu)->vmcb->dr6 |= hits;
	svm_inject_exception(vcpu, 1, -1);
}

bool svm_can_inject(struct vcpu *vcpu)
{
	return svm_of(vcpu)->event_inject == 0;
}

bool svm_can_interrupt(struct vcpu *vcpu)
{
	const struct svm_vcpu *svm = svm_of(vcpu);

	return (vcpu->rflags & RFLAGS_IF) &&
	       (vcpu->shadow_ended || !(svm->vmcb->interrupt_shadow & 1)) &&
	       svm->event_inject == 0;
}

void svm_want_interrupt_window(struct vcpu *vcpu, bool want)
{
	struct vmcb *vmcb = svm_of(vcpu)->vmcb;

	/* APM v2 15.21.4: a virtual interrupt, intercepted just before it would be taken */
	if (want) {
		vmcb->intercept3 |= INTERCEPT_VINTR;
		vmcb->v_intr = V_IRQ | V_IGN_TPR | UINT64_C(0xf) << V_INTR_PRIORITY_SHIFT;
	} else {
		vmcb->intercept3 &= ~INTERCEPT_VINTR;
		vmcb->v_intr = 0;
	}
}

void svm_want_interrupts(struct vcpu *vcpu, bool want)
{
	struct vmcb *vmcb = svm_of(vcpu)->vmcb;

	vmcb->intercept3 = want ? vmcb->intercept3 | INTERCEPT_INTR
				: vmcb->intercept3 & ~INTERCEPT_INTR;
}

void svm_want_step(struct vcpu *vcpu, bool want)
{
	struct svm_vcpu *svm = svm_of(vcpu);

	if (want) {
		svm->step_saved_tf = vcpu->rflags & RFLAGS_TF;
		svm->vmcb->intercept_exceptions |= SVM_STEP_EXCEPTIONS;
		svm->vmcb->interrupt_shadow |= 1;
		vcpu->shadow_ended = false;
		vcpu->rflags |= RFLAGS_TF;
		return;
	}
	svm->vmcb->intercept_exceptions = SVM_EXCEPTIONS;
	if (!svm->step_saved_tf)
		vcpu->rflags &= ~RFLAGS_TF;
	svm->vmcb->dr6 &= ~DR6_BS;
}
