/*
 * vmm/svm/svm_idle.c: an alarm for a guest. SVM has no timer of its own, and a guest in HLT may have stopped all of
 * its. So while there is an alarm HLT exits, and the guest waits in it, as always, but with its local APIC's timer on
 * loan, and with interrupts intercepted: whatever ends the wait comes to us first.
 *
 * A guest that runs on, or waits by a port (the C-states of ACPI's P_LVL2 and P_LVL3), has its timer on loan from the
 * entry to the exit, unless its own comes before the alarm, with an exit. With interrupts off, it is late.
 *
 * MWAIT would need that too; it may end at any time (AMD APM v3, MWAIT), and so it does at once.
 */
#include "vmm/svm/svm.h"

#include "vmm/apic_timer.h"
#include "vmm/deadline.h"
#include "vmm/svm/svm_ops.h"

void svm_intercept_waits(struct vcpu *vcpu)
{
	struct vmcb *vmcb = svm_of(vcpu)->vmcb;

	vmcb->intercept3 &= ~INTERCEPT_HLT;
	vmcb->intercept4 &= ~(INTERCEPT_MWAIT | INTERCEPT_MWAIT_ARMED);
	if (vcpu->alarm_tsc != DEADLINE_NEVER) {
		vmcb->intercept3 |= INTERCEPT_HLT;
		vmcb->intercept4 |= INTERCEPT_MWAIT | INTERCEPT_MWAIT_ARMED;
	}
}

bool svm_set_alarm(struct vcpu *vcpu)
{
	svm_intercept_waits(vcpu);
	if (vcpu->alarm_tsc != DEADLINE_NEVER)
		apic_timer_claim();
	else
		apic_timer_give_back();
	return false;
}

/* While it steps over an instruction, that may be one that looks at the timer. */
void svm_lend_timer(struct vcpu *vcpu)
{
	struct svm_vcpu *svm = svm_of(vcpu);

	if (svm->idles || vcpu->steps != 0 || !apic_timer_is_claimed)
		return;
	svm->timer_lent = apic_timer_borrow_beside(vcpu, vcpu->alarm_tsc);
	/* No way round the exit that ends it. */
	svm->entry_special |= svm->timer_lent;
}

void svm_end_loan(struct vcpu *vcpu)
{
	bool was_pending = vcpu->nmi_pending;

	vcpu_ops->host_begin(vcpu);
	apic_timer_return_idle(vcpu);
	vcpu_ops->host_end(vcpu);
	svm_of(vcpu)->timer_lent = false;
	vcpu->nmi_came = vcpu->nmi_pending && !was_pending;
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
	/* NMIs get in here. What has come ends it at once; what cannot come goes first, and returns to it. */
	vcpu_ops->host_begin(vcpu);
	vcpu_ops->host_end(vcpu);
	if (svm_is_woken(vcpu)) {
		if ((vcpu->rflags & RFLAGS_IF) && vcpu->has_pending)
			vcpu_skip_instruction(vcpu, 1);
		return;
	}
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
	svm_intercept_waits(vcpu);
	svm_want_interrupts(vcpu, vcpu->interrupts_wanted);
	svm->entry_special = true;
}

/* What of the guest's has woken it comes behind the HLT, and if nothing has, it is still in it: wherever the CPU
 * says that it is. */
void svm_resume_idle(struct vcpu *vcpu)
{
	struct svm_vcpu *svm = svm_of(vcpu);

	if (vcpu->rip == svm->idle_rip || vcpu->rip == svm->idle_next_rip) {
		vcpu->rip = svm_is_woken(vcpu) ? svm->idle_next_rip : svm->idle_rip;
		svm->halt_rip = vcpu->rip == svm->idle_rip ? svm->idle_rip : 0;
	}
	svm->vmcb->rip = vcpu->rip;
	svm->idle_rip = 0;
}

/* What comes before the HLT is executed again would return to it: it is in it already. */
void svm_find_halt(struct vcpu *vcpu)
{
	struct svm_vcpu *svm = svm_of(vcpu);

	if (vcpu->rip == svm->halt_rip && svm->vmcb->exit_code != VMEXIT_HLT) {
		svm->idle_rip = svm->halt_rip;
		svm->entry_special = true;
	}
	svm->halt_rip = 0;
}
