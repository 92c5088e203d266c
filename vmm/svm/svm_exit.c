/*
 * vmm/svm/svm_exit.c: from SVM's exit codes (AMD APM v2 appendix C) to the normalised exit.
 */
#include "vmm/svm/svm.h"

#include "core/instructions.h"
#include "vmm/nested_table.h"

static void svm_read_nested_fault(struct vcpu *vcpu, const struct vmcb *vmcb, bool was_alone)
{
	/* APM v2 15.25.6: the error code of a page fault, bit 33 for the guest's table walk */
	vcpu->exit.kind = EXIT_NESTED_FAULT;
	vcpu->exit.nested.gpa = vmcb->exit_info2;
	vcpu->exit.nested.write = (vmcb->exit_info1 & 2) != 0;
	vcpu->exit.nested.execute = (vmcb->exit_info1 & 16) != 0;
	vcpu->exit.nested.table_walk = (vmcb->exit_info1 >> 33 & 1) != 0;
	if (svm_step_ends_delivery(vcpu, vmcb)) {
		vcpu->exit.kind = EXIT_DEBUG_EXCEPTION;
		return;
	}
	/* The fetch behind an interrupt that was delivered alone: there, an exit is all that was wanted. */
	if (was_alone && vcpu->exit.nested.execute && !(vmcb->exit_int_info & EVENT_VALID)) {
		vcpu->exit.kind = EXIT_NONE;
		return;
	}
	/* Above what was mapped at start there are only devices: mapped when first touched. */
	if (nested_map_on_demand(vmcb->exit_info2))
		vcpu->exit.kind = EXIT_NONE;
}

/* One that is pending goes first, and what is intercepted for the sake of a virtual interrupt, or of a
 * step, alone is the guest's once that is over. */
static enum exit_kind svm_interrupt_kind(const struct vcpu *vcpu)
{
	const struct svm_vcpu *svm = vcpu->backend;

	if (svm->halts && vcpu->steps == 0)
		return EXIT_HALT;
	if (vcpu->interrupts_wanted && !vcpu->has_pending)
		return EXIT_INTERRUPT;
	return vcpu->steps != 0 ? EXIT_DEBUG_EXCEPTION : EXIT_NONE;
}

void svm_read_exit(struct vcpu *vcpu)
{
	struct vmcb *vmcb = svm_of(vcpu)->vmcb;
	uint32_t code = (uint32_t)vmcb->exit_code;
	bool was_alone = svm_of(vcpu)->was_alone;

	svm_of(vcpu)->was_alone = false;
	vcpu->exit.reason = code;
	vcpu->exit.next_rip = vmcb->next_rip;
	if (svm_of(vcpu)->halt_rip != 0)
		svm_find_halt(vcpu);
	if (svm_of(vcpu)->idles)
		svm_end_idle(vcpu);
	switch (code) {
	case VMEXIT_CPUID:
		vcpu->exit.kind = EXIT_CPUID;
		break;
	case VMEXIT_NPF:
		svm_read_nested_fault(vcpu, vmcb, was_alone);
		break;
	case VMEXIT_MSR:
		vcpu->exit.kind = vmcb->exit_info1 & 1 ? EXIT_MSR_WRITE : EXIT_MSR_READ;
		break;
	case VMEXIT_INTR:
		vcpu->exit.kind = svm_interrupt_kind(vcpu);
		break;
	case VMEXIT_VINTR:
		/* It goes before what is stepped over. */
		vcpu->exit.kind = vcpu->steps != 0 ? EXIT_DEBUG_EXCEPTION : EXIT_INTERRUPT_WINDOW;
		break;
	case VMEXIT_EXCEPTION_DB:
		vcpu->exit.kind = !svm_read_trap(vcpu) && svm_end_iret_step(vcpu, true)
					  ? EXIT_NONE
					  : EXIT_DEBUG_EXCEPTION;
		break;
	case VMEXIT_NMI:
		vcpu->exit.kind = EXIT_NMI;
		break;
	case VMEXIT_IRET:
		svm_read_iret(vcpu);
		break;
	case VMEXIT_PUSHF:
	case VMEXIT_POPF:
	case VMEXIT_INTN:
	case VMEXIT_ICEBP:
		/* Another CPU put it there after we had looked: svm_step.c. */
		vcpu->exit.kind = EXIT_DEBUG_EXCEPTION;
		break;
	case VMEXIT_HLT:
		vcpu->exit.kind = vcpu->steps != 0 ? EXIT_HALT : EXIT_IDLE;
		break;
	case VMEXIT_MWAIT:
	case VMEXIT_MWAIT_ARMED:
		vcpu->exit.kind = EXIT_WAIT;
		break;
	case VMEXIT_SMI:
		vcpu->exit.kind = EXIT_SMI;
		break;
	case VMEXIT_INIT:
		vcpu->exit.kind = EXIT_INIT;
		break;
	case VMEXIT_INVD:
		vcpu->exit.kind = EXIT_INVALIDATE_CACHES;
		break;
	case VMEXIT_SHUTDOWN:
		vcpu->exit.kind = EXIT_SHUTDOWN;
		break;
	case VMEXIT_EXCEPTION_FIRST ... VMEXIT_EXCEPTION_DB - 1:
	case VMEXIT_EXCEPTION_DB + 1 ... VMEXIT_EXCEPTION_LAST:
		svm_read_exception(vcpu);
		break;
	case VMEXIT_VMMCALL:
		vcpu->exit.kind = EXIT_HYPERCALL;
		break;
	default:
		vcpu->exit.kind = code == VMEXIT_INVLPGA ||
						  (code >= VMEXIT_VMRUN && code <= VMEXIT_SKINIT)
					  ? EXIT_UNDEFINED
					  : EXIT_OTHER;
		break;
	}
}
