/*
 * vmm/svm/svm_exit.c: from SVM's exit codes (AMD APM v2 appendix C) to the normalised exit.
 */
#include "vmm/svm/svm.h"

#include "core/instructions.h"

/* EXITINFO1 of an IOIO exit, APM v2 15.10.2 */
#define IOIO_IN 0x1u
#define IOIO_STRING 0x4u
#define IOIO_REPEAT 0x8u

static void svm_read_port(struct vcpu *vcpu, const struct vmcb *vmcb)
{
	uint64_t info = vmcb->exit_info1;

	vcpu->exit.kind = EXIT_PORT;
	vcpu->exit.next_rip = vmcb->exit_info2;
	vcpu->exit.port.port = (uint16_t)(info >> 16);
	vcpu->exit.port.width_bytes = (uint8_t)(info >> 4 & 7);
	vcpu->exit.port.write = !(info & IOIO_IN);
	vcpu->exit.port.string = (info & IOIO_STRING) != 0;
	vcpu->exit.port.repeat = (info & IOIO_REPEAT) != 0;
	/* Address size and segment are not given by every CPU: the instruction tells. */
	vcpu->exit.port.address_bytes = 0;
	vcpu->exit.port.segment = 0xff;
}

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
	const struct vmcb *vmcb = svm_of(vcpu)->vmcb;
	uint32_t code = (uint32_t)vmcb->exit_code;

	vcpu->exit.reason = code;
	vcpu->exit.next_rip = vmcb->next_rip;
	switch (code) {
	case VMEXIT_CPUID:
		vcpu->exit.kind = EXIT_CPUID;
		break;
	case VMEXIT_IOIO:
		svm_read_port(vcpu, vmcb);
		break;
	case VMEXIT_NPF:
		svm_read_nested_fault(vcpu, vmcb);
		break;
	case VMEXIT_MSR:
		vcpu->exit.kind = vmcb->exit_info1 & 1 ? EXIT_MSR_WRITE : EXIT_MSR_READ;
		break;
	case VMEXIT_INTR:
		vcpu->exit.kind = EXIT_INTERRUPT;
		break;
	case VMEXIT_VINTR:
		vcpu->exit.kind = EXIT_INTERRUPT_WINDOW;
		break;
	case VMEXIT_EXCEPTION_DB:
		vcpu->exit.kind = EXIT_DEBUG_EXCEPTION;
		break;
	case VMEXIT_NMI:
		vcpu->exit.kind = EXIT_NMI;
		break;
	case VMEXIT_INIT:
		vcpu->exit.kind = EXIT_INIT;
		break;
	case VMEXIT_SHUTDOWN:
		vcpu->exit.kind = EXIT_SHUTDOWN;
		break;
	default:
		vcpu->exit.kind = code == VMEXIT_INVLPGA ||
						  (code >= VMEXIT_VMRUN && code <= VMEXIT_SKINIT)
					  ? EXIT_UNDEFINED
					  : EXIT_OTHER;
		break;
	}
}
