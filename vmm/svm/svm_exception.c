/*
 * vmm/svm/svm_exception.c: exceptions that exit: #GP always, because SVM's own instructions give that
 * above CPL 0 where a CPU without SVM gives #UD; and all of them while an instruction is stepped over.
 */
#include "vmm/svm/svm.h"

#include "core/instructions.h"
#include "vmm/guest_memory.h"
#include "vmm/guest_walk.h"
#include "vmm/prefix.h"

/* #DF, #TS, #NP, #SS, #GP, #PF, #AC, #CP, #VC, #SX */
#define WITH_ERROR_CODE 0x60227d00u
/* #DE, #TS, #NP, #SS, #GP (APM v2 table 8-6) */
#define VECTOR_NONE 0xff

static bool svm_is_contributory(unsigned vector)
{
	return vector < VECTOR_EXCEPTIONS && VECTORS_CONTRIBUTORY >> vector & 1;
}

/* What the guest gets for an exception amid the delivery of another: itself, a double fault, or
 * nothing any more (APM v2 8.2.9). */
static unsigned svm_combine(uint64_t interrupted, unsigned vector)
{
	unsigned first = (unsigned)interrupted & 0xff;

	if (!(interrupted & EVENT_VALID) ||
	    (interrupted >> EVENT_TYPE_SHIFT & 7) != EVENT_EXCEPTION)
		return vector;
	if (first == VECTOR_DOUBLE_FAULT)
		return svm_is_contributory(vector) || vector == VECTOR_PAGE_FAULT ? VECTOR_NONE : vector;
	if ((svm_is_contributory(first) && svm_is_contributory(vector)) ||
	    (first == VECTOR_PAGE_FAULT &&
	     (svm_is_contributory(vector) || vector == VECTOR_PAGE_FAULT)))
		return VECTOR_DOUBLE_FAULT;
	return vector;
}

/* 0F 01 D8 to DF: VMRUN to INVLPGA. */
static bool svm_is_own_instruction(struct vcpu *vcpu)
{
	uint8_t bytes[15];
	struct guest_fault fault;
	unsigned nr = guest_fetch_instruction(vcpu, bytes, &fault), at = 0;

	while (at < nr && prefix_is_legacy(bytes[at]))
		at++;
	if (at < nr && prefix_is_rex(bytes[at]) && vcpu_is_long(vcpu))
		at++;
	return nr - at >= 3 && bytes[at] == 0x0f && bytes[at + 1] == 0x01 &&
	       (bytes[at + 2] & 0xf8) == 0xd8;
}

static void svm_pass_exception(struct vcpu *vcpu, struct vmcb *vmcb, unsigned vector)
{
	unsigned combined = svm_combine(vmcb->exit_int_info, vector);
	uint64_t error_code = combined == vector ? vmcb->exit_info1 : 0;
	bool pushed = (WITH_ERROR_CODE >> (combined & 31) & 1) && (vmcb->cr0 & CR0_PE);

	vmcb->exit_int_info = 0; /* it is not delivered again */
	if (combined == VECTOR_NONE) {
		vcpu->exit.kind = EXIT_SHUTDOWN;
		return;
	}
	if (vector == VECTOR_PAGE_FAULT)
		vmcb->cr2 = vmcb->exit_info2;
	vcpu_ops->inject_exception(vcpu, combined, pushed ? (int64_t)error_code : -1);
}

void svm_read_exception(struct vcpu *vcpu)
{
	struct vmcb *vmcb = svm_of(vcpu)->vmcb;
	unsigned vector = (unsigned)vmcb->exit_code - VMEXIT_EXCEPTION_FIRST;

	/* An exception of an instruction that is stepped over: the step is over, and the guest gets
	 * what it would have got (APM v2 15.12). */
	svm_end_iret_step(vcpu, false);
	vcpu->exit.kind = vcpu->steps != 0 ? EXIT_DEBUG_EXCEPTION : EXIT_NONE;
	/* INT3 or INTO, put there by another CPU after we had looked: RIP stands at it (APM v2 15.12.4). */
	if (vector == VECTOR_BREAKPOINT || vector == VECTOR_OVERFLOW)
		return;
	if (vector == VECTOR_GENERAL_PROTECTION && vmcb->cpl != 0 && vmcb->exit_info1 == 0 &&
	    !(vmcb->exit_int_info & EVENT_VALID) && svm_is_own_instruction(vcpu))
		vcpu_ops->inject_exception(vcpu, VECTOR_INVALID_OPCODE, -1);
	else
		svm_pass_exception(vcpu, vmcb, vector);
}
