/*
 * vmm/svm/svm_exit.c: from SVM's exit codes (AMD APM v2 appendix C) to the normalised exit.
 */
#include "vmm/svm/svm.h"

#include "core/instructions.h"

static void svm_read_nested_fault(struct vcpu *vcpu, const struct vmcb *vmcb)
{
	/* APM v2 15.25.6: the error code of a page fault, bit 33 for the guest's table walk */
	vcpu->exit.kind = EXIT_NESTED_FAULT;
	vcpu->exit.nested.gpa = vmcb->exit_info2;
	vcpu->exit.nested.write = (vmcb->exit_info1 & 2) != 0;
	vcpu->exit.nested.execute = (vmcb->exit_info1 & 16) != 0;
	vcpu->exit.nested.table_walk = (vmcb->exit_info1 >> 33 & 1) != 0;
	/* Above what was mapped at start there are only devices: mapped when first touched. */
	if (npt_map_on_demand(vmcb->exit_info2))
		vcpu->exit.kind = EXIT_NONE;
}

void svm_read_exit(struct vcpu *vcpu)
{
	struct vmcb *vmcb = svm_of(vcpu)->vmcb;
	uint32_t code = (uint32_t)vmcb->exit_code;

	vcpu->exit.reason = code;
	vcpu->exit.next_rip = vmcb->next_rip;
	switch (code) {
	case VMEXIT_CPUID:
		vcpu->exit.kind = EXIT_CPUID;
		break;
	case VMEXIT_NPF:
		svm_read_nested_fault(vcpu, vmcb);
		break;
	case VMEXIT_MSR:
		vcpu->exit.kind = vmcb->exit_info1 & 1 ? EXIT_MSR_WRITE : EXIT_MSR_READ;
		break;
	case VMEXIT_INTR:
		/* One that is pending goes first, and what is intercepted for the sake of a virtual
		 * interrupt alone is the guest's once that is delivered. */
		vcpu->exit.kind = vcpu->periodic_wanted && !vcpu->has_pending ? EXIT_INTERRUPT : EXIT_NONE;
		break;
	case VMEXIT_VINTR:
		vcpu->exit.kind = EXIT_INTERRUPT_WINDOW;
		break;
	case VMEXIT_EXCEPTION_DB:
		vcpu->exit.kind = svm_end_iret_step(vcpu, true) && vcpu->steps == 0 ? EXIT_NONE
										     : EXIT_DEBUG_EXCEPTION;
		break;
	case VMEXIT_NMI:
		vcpu->exit.kind = EXIT_NMI;
		break;
	case VMEXIT_IRET:
		svm_read_iret(vcpu);
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
	default:
		vcpu->exit.kind = code == VMEXIT_INVLPGA ||
						  (code >= VMEXIT_VMRUN && code <= VMEXIT_SKINIT)
					  ? EXIT_UNDEFINED
					  : EXIT_OTHER;
		break;
	}
}
