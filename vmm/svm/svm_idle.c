/*
 * vmm/svm/svm_idle.c: an alarm for a guest that idles. SVM has no timer of its own, and a guest in HLT may have
 * stopped all of its. So while there is an alarm HLT exits, and the guest waits in it, as always, but with its
 * local APIC's timer on loan, and with interrupts intercepted: whatever ends the wait comes to us first.
 *
 * MWAIT would need that too; it may end at any time (AMD APM v3, MWAIT), and so it does at once.
 */
#include "vmm/svm/svm.h"

#include "vmm/apic_timer.h"
#include "vmm/deadline.h"
#include "vmm/svm/svm_ops.h"

bool svm_set_alarm(struct vcpu *vcpu)
{
	struct vmcb *vmcb = svm_of(vcpu)->vmcb;

	vmcb->intercept3 &= ~INTERCEPT_HLT;
	vmcb->intercept4 &= ~(INTERCEPT_MWAIT | INTERCEPT_MWAIT_ARMED);
	if (vcpu->alarm_tsc != DEADLINE_NEVER) {
		vmcb->intercept3 |= INTERCEPT_HLT;
		vmcb->intercept4 |= INTERCEPT_MWAIT | INTERCEPT_MWAIT_ARMED;
	}
	return false;
}

static bool svm_is_woken(const struct vcpu *vcpu)
{
	const struct svm_vcpu *svm = vcpu->backend;

	return vcpu->has_pending || vcpu->nmi_pending || svm->event_inject != 0 || svm->virtual_interrupt;
}

void svm_idle(struct vcpu *vcpu)
{
	struct svm_vcpu *svm = svm_of(vcpu);

	if (vcpu->exit.next_rip == 0 && !vcpu_find_next_rip(vcpu, 1))
		return;
	svm->halts = false;
	/* NMIs get in here. What has come goes first, and returns to the HLT. */
	vcpu_ops->host_begin(vcpu);
	vcpu_ops->host_end(vcpu);
	if (svm_is_woken(vcpu))
		return;
	/* With the guest's interrupts off, nothing of the timer's would come out. */
	if (vcpu->rflags & RFLAGS_IF)
		svm->timer_lent = apic_timer_borrow_idle(vcpu, vcpu->alarm_tsc);
	svm->idles = true;
	svm->idle_rip = vcpu->rip;
	svm->idle_next_rip = vcpu->exit.next_rip;
	svm->vmcb->intercept3 &= ~INTERCEPT_HLT;
	svm->vmcb->intercept3 |= INTERCEPT_INTR;
}

void svm_end_idle(struct vcpu *vcpu)
{
	struct svm_vcpu *svm = svm_of(vcpu);

	svm->idles = false;
	(void)svm_set_alarm(vcpu);
	svm_want_interrupts(vcpu, vcpu->interrupts_wanted);
	if (svm->timer_lent) {
		vcpu_ops->host_begin(vcpu);
		apic_timer_return_idle(vcpu);
		vcpu_ops->host_end(vcpu);
		svm->timer_lent = false;
	}
	svm->entry_special = true;
}

/* What of the guest's has woken it comes behind the HLT, and if nothing has, it is still in it: wherever the CPU
 * says that it is. */
void svm_resume_idle(struct vcpu *vcpu)
{
	struct svm_vcpu *svm = svm_of(vcpu);

	if (vcpu->rip == svm->idle_rip || vcpu->rip == svm->idle_next_rip)
		vcpu->rip = svm_is_woken(vcpu) ? svm->idle_next_rip : svm->idle_rip;
	svm->vmcb->rip = vcpu->rip;
	svm->idle_rip = 0;
}
