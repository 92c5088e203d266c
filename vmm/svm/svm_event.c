/*
 * vmm/svm/svm_event.c: injecting events (AMD APM v2 15.20), and asking for the exits that tell when
 * one can be.
 */
#include "vmm/svm/svm_ops.h"

#include "core/instructions.h"
#include "vmm/nested_table.h"
#include "vmm/svm/svm.h"
#include "vmm/svm/svm_quirks.h"

void svm_inject_exception(struct vcpu *vcpu, unsigned vector, int64_t error_code)
{
	uint64_t event = EVENT_VALID | EVENT_EXCEPTION << EVENT_TYPE_SHIFT | vector;

	if (error_code >= 0)
		event |= EVENT_ERROR_CODE | (uint64_t)error_code << 32;
	svm_set_event(svm_of(vcpu), event);
}

/* As a virtual interrupt, which the CPU takes before the guest's first instruction (APM v2 15.21.4).
 * QEMU's may deliver one from EVENTINJ a second time, and amid its own handler: when something wakes
 * the thread of the CPU before its next exception or interrupt.
 *
 * It is delivered alone where another waits, for whose window there is an exit behind it then; and where a physical one
 * came before it, which is held off by the host's IF, 0 at each VMRUN (15.21.1). */
void svm_inject_interrupt(struct vcpu *vcpu, unsigned vector)
{
	struct svm_vcpu *svm = svm_of(vcpu);
	struct vmcb *vmcb = svm->vmcb;

	svm->virtual_alone = (vmcb->intercept3 & INTERCEPT_VINTR) || svm->virtual_refused;
	svm->virtual_refused = false;
	vmcb->v_intr = V_INTR_DUE | (uint64_t)vector << V_INTR_VECTOR_SHIFT;
	if (svm->virtual_alone) {
		vmcb->v_intr |= V_INTR_MASKING;
		vmcb->intercept3 &= ~INTERCEPT_VINTR;
	} else {
		/* A physical one would come first, and then this one amid the handler of that. */
		vmcb->intercept3 |= INTERCEPT_INTR;
	}
	svm->virtual_interrupt = true;
	svm->entry_special = true;
}

void svm_begin_virtual_interrupt(struct vcpu *vcpu)
{
	struct svm_vcpu *svm = svm_of(vcpu);

	if (!svm->virtual_alone)
		return;
	svm->vmcb->nested_cr3 = npt_data_root(svm->step.data_root);
	svm->flush = true;
}

void svm_end_virtual_interrupt(struct vcpu *vcpu)
{
	struct svm_vcpu *svm = svm_of(vcpu);
	struct vmcb *vmcb = svm->vmcb;

	if (vmcb->v_intr & V_IRQ) {
		unsigned vector = (uint8_t)(vmcb->v_intr >> V_INTR_VECTOR_SHIFT);

		if (svm_quirk_was_delivered(vmcb)) {
			vmcb->exit_int_info = EVENT_VALID | EVENT_INTERRUPT << EVENT_TYPE_SHIFT | vector;
		} else {
			vcpu_accept_interrupt(vcpu, vector);
			svm->virtual_refused = true;
		}
	}
	vmcb->v_intr = 0;
	if (svm->virtual_alone) {
		vmcb->nested_cr3 = nested_root();
		svm_request_flush(svm);
	}
	svm->was_alone = svm->virtual_alone;
	svm->virtual_interrupt = svm->virtual_alone = false;
	svm_want_interrupts(vcpu, vcpu->interrupts_wanted);
}

void svm_inject_single_step(struct vcpu *vcpu)
{
	svm_of(vcpu)->vmcb->dr6 |= DR6_BS;
	svm_inject_exception(vcpu, VECTOR_DEBUG, -1);
}

void svm_inject_breakpoints(struct vcpu *vcpu, unsigned hits)
{
	svm_of(vcpu)->vmcb->dr6 |= hits;
	svm_inject_exception(vcpu, VECTOR_DEBUG, -1);
}

bool svm_can_inject(struct vcpu *vcpu)
{
	return svm_of(vcpu)->event_inject == 0;
}

bool svm_can_interrupt(struct vcpu *vcpu)
{
	const struct svm_vcpu *svm = svm_of(vcpu);

	return (vcpu->rflags & RFLAGS_IF) && !svm->step.active &&
	       (vcpu->shadow_ended || !(svm->vmcb->interrupt_shadow & 1)) &&
	       svm->event_inject == 0;
}

void svm_want_interrupt_window(struct vcpu *vcpu, bool want)
{
	struct vmcb *vmcb = svm_of(vcpu)->vmcb;

	/* APM v2 15.21.4: a virtual interrupt, intercepted just before it would be taken */
	if (want) {
		vmcb->intercept3 |= INTERCEPT_VINTR;
		vmcb->v_intr = V_INTR_DUE;
	} else {
		vmcb->intercept3 &= ~INTERCEPT_VINTR;
		vmcb->v_intr = 0;
	}
}

void svm_want_interrupts(struct vcpu *vcpu, bool want)
{
	struct vmcb *vmcb = svm_of(vcpu)->vmcb;

	if (want || svm_of(vcpu)->halts)
		vmcb->intercept3 |= INTERCEPT_INTR;
	else
		vmcb->intercept3 &= ~INTERCEPT_INTR;
}
