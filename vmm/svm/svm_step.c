/*
 * vmm/svm/svm_step.c: one instruction, or the delivery of one event, that runs alone.
 *
 * SVM has no trap flag of its own for that, so an instruction runs with the guest's TF set (AMD APM v2
 * 13.1.4), which ends behind it by #DB. That flag must not be seen, and must end where it should: TF
 * stands in the VMCB only while the guest runs, and for instructions that would show it, keep it or
 * drop it there is what svm_step_enter() and svm_step_leave() do about them. INT n and its like drop
 * it before the handler's first instruction, and show it on the stack: their event is injected instead.
 * MOV SS holds the trap for one instruction more: it is done here. Each of these is intercepted too, in
 * case that another CPU puts it there after we have looked; then the step ends and we look again.
 *
 * An event that is being injected drops TF as well. It runs under nested tables that let nothing be
 * executed: delivering it does not fetch, so the exit comes before the handler's first instruction.
 *
 * Interrupts are held by the interrupt shadow. QEMU's VMRUN does not load that: there they are intercepted
 * and end the step, which begins anew behind them.
 *
 * A task switch is not seen to, which stores TF in the old task and ends without a trap.
 */
#include "vmm/svm/svm_ops.h"

#include "core/exception.h"
#include "core/instructions.h"
#include "vmm/decode.h"
#include "vmm/guest_memory.h"
#include "vmm/nested_table.h"
#include "vmm/svm/svm.h"
#include "vmm/svm/svm_quirks.h"

#define MSR_SFMASK 0xc0000084u
#define CPUID_SVM_NRIPS 0x8u
#define OPCODE_INT 0xcd
/* What the guest's instructions and their like would do to a step, and instructions that wait */
#define STEP_INTERCEPTS3                                                                           \
	(INTERCEPT_PUSHF | INTERCEPT_POPF | INTERCEPT_IRET | INTERCEPT_INTN | INTERCEPT_HLT |       \
	 INTERCEPT_INTR)
#define STEP_INTERCEPTS4 (INTERCEPT_ICEBP | INTERCEPT_MWAIT | INTERCEPT_MWAIT_ARMED)

void svm_begin_step(struct vcpu *vcpu, const struct decoded_instruction *instruction)
{
	struct svm_vcpu *svm = svm_of(vcpu);

	/* This one gives an exit of its own. */
	if (svm_end_iret_step(vcpu, false))
		svm->nmi = SVM_NMI_AT_IRET;
	svm->step.active = true;
	svm->step.trace = instruction ? instruction->trace : DECODE_TRACE_PLAIN;
	svm->entry_special = true;
}

void svm_end_step(struct vcpu *vcpu)
{
	svm_of(vcpu)->step.active = false;
}

static uint64_t svm_disarm_intercepts(const struct svm_step *step)
{
	return step->trace == DECODE_TRACE_LOADS_FLAGS ? INTERCEPT_POPF | INTERCEPT_IRET : 0;
}

/* SYSCALL keeps TF in R11 and clears what SFMASK says; SYSRET takes TF from R11. Both trap behind them if TF
 * is set then, not before. */
static void svm_enter_system_call(struct vcpu *vcpu, struct svm_step *step)
{
	if (step->trace == DECODE_TRACE_SYSCALL) {
		step->mask = msr_read(MSR_SFMASK);
		msr_write(MSR_SFMASK, step->mask & ~RFLAGS_TF);
	} else if (step->trace == DECODE_TRACE_SYSRET) {
		step->r11 = vcpu->gpr[GPR_R11];
		vcpu->gpr[GPR_R11] |= RFLAGS_TF;
	}
}

static void svm_leave_system_call(struct vcpu *vcpu, struct svm_step *step, struct vmcb *vmcb, bool done)
{
	bool long_mode = (vmcb->efer & EFER_LMA) != 0;
	uint64_t own = vcpu->rflags & RFLAGS_TF;

	if (step->trace == DECODE_TRACE_SYSCALL) {
		msr_write(MSR_SFMASK, step->mask);
		if (!done || !long_mode)
			return;
		vcpu->gpr[GPR_R11] = (vcpu->gpr[GPR_R11] & ~RFLAGS_TF) | own;
		vmcb->rflags &= ~step->mask | ~RFLAGS_TF;
		step->own_trap = (vmcb->rflags & RFLAGS_TF) != 0;
	} else if (step->trace == DECODE_TRACE_SYSRET) {
		vcpu->gpr[GPR_R11] = step->r11;
		if (!done || !long_mode)
			return;
		vmcb->rflags = (vmcb->rflags & ~RFLAGS_TF) | (step->r11 & RFLAGS_TF);
		step->own_trap = (step->r11 & RFLAGS_TF) != 0;
	}
}

static void svm_enter_trace(struct vcpu *vcpu, struct svm_step *step, struct vmcb *vmcb)
{
	step->shadow = vmcb->interrupt_shadow;
	step->dr6 = vmcb->dr6;
	vmcb->dr6 = DR6_FIXED;
	vmcb->interrupt_shadow |= 1;
	vmcb->rflags |= RFLAGS_TF;
	/* With BTF set, TF would trap at the next branch only. */
	if (!msr_read_safe(MSR_DEBUG_CONTROL, &step->debug_control))
		step->debug_control = 0;
	if (step->debug_control & DEBUG_CONTROL_BTF)
		msr_write(MSR_DEBUG_CONTROL, step->debug_control & ~DEBUG_CONTROL_BTF);
	svm_enter_system_call(vcpu, step);
}

static void svm_leave_trace(struct vcpu *vcpu, struct svm_step *step, struct vmcb *vmcb)
{
	bool trap = vmcb->exit_code == VMEXIT_EXCEPTION_DB;
	bool done = trap && ((vmcb->dr6 & DR6_BS) || svm_quirk_is_step(vmcb->dr6));
	uint64_t own = vcpu->rflags & RFLAGS_TF;

	step->hits = trap ? vmcb->dr6 & ~(DR6_FIXED | DR6_BS) : 0;
	step->traced = done;
	step->own_trap = done && own != 0 && !(step->debug_control & DEBUG_CONTROL_BTF);
	vmcb->dr6 = step->dr6;
	if (!trap)
		vmcb->interrupt_shadow = step->shadow;
	if (!done || step->trace != DECODE_TRACE_LOADS_FLAGS)
		vmcb->rflags = (vmcb->rflags & ~RFLAGS_TF) | own;
	if (step->debug_control & DEBUG_CONTROL_BTF)
		msr_write(MSR_DEBUG_CONTROL, step->debug_control);
	svm_leave_system_call(vcpu, step, vmcb, done);
}

void svm_step_enter(struct vcpu *vcpu)
{
	struct svm_vcpu *svm = svm_of(vcpu);
	struct svm_step *step = &svm->step;
	struct vmcb *vmcb = svm->vmcb;

	step->intercept_exceptions = vmcb->intercept_exceptions;
	step->intercept3 = vmcb->intercept3;
	step->intercept4 = vmcb->intercept4;
	vmcb->intercept_exceptions |= SVM_STEP_EXCEPTIONS;
	if (step->interrupt_length != 0) {
		/* With NRIPS the CPU returns to that, without to RIP as it is (APM v2 15.20). */
		if (step->has_next_rip)
			vmcb->next_rip = vcpu->rip + step->interrupt_length;
		else
			vmcb->rip = vcpu->rip + step->interrupt_length;
	}
	if (!step->active)
		return;
	step->delivers = svm->event_inject != 0;
	if (step->delivers) {
		vmcb->nested_cr3 = npt_data_root(step->data_root);
		svm->flush = true;
		return;
	}
	vmcb->intercept3 |= STEP_INTERCEPTS3 & (uint32_t)~svm_disarm_intercepts(step);
	vmcb->intercept4 |= STEP_INTERCEPTS4;
	svm_enter_trace(vcpu, step, vmcb);
}

void svm_step_leave(struct vcpu *vcpu)
{
	struct svm_vcpu *svm = svm_of(vcpu);
	struct svm_step *step = &svm->step;
	struct vmcb *vmcb = svm->vmcb;

	vmcb->intercept_exceptions = step->intercept_exceptions;
	vmcb->intercept3 = step->intercept3;
	vmcb->intercept4 = step->intercept4;
	/* Not delivered: the instruction has not been executed. */
	if (step->interrupt_length != 0 && (vmcb->exit_int_info & EVENT_VALID))
		vmcb->rip = vcpu->rip;
	step->interrupt_length = 0;
	if (!step->active)
		return;
	svm->entry_special = true;
	if (step->delivers) {
		vmcb->nested_cr3 = nested_root();
		svm->flush = true;
	} else {
		svm_leave_trace(vcpu, step, vmcb);
	}
}

bool svm_step_ends_delivery(const struct vcpu *vcpu, const struct vmcb *vmcb)
{
	const struct svm_vcpu *svm = vcpu->backend;

	return svm->step.active && svm->step.delivers && vcpu->exit.nested.execute &&
	       !(vmcb->exit_int_info & EVENT_VALID);
}

bool svm_read_trap(struct vcpu *vcpu)
{
	struct svm_step *step = &svm_of(vcpu)->step;

	if (!step->active || step->delivers)
		return false;
	/* Not ours alone: a breakpoint of the guest, MOV DR under DR7.GD, ICEBP. */
	if (step->hits != 0 || !step->traced)
		svm_inject_breakpoints(vcpu, (unsigned)step->hits);
	if (step->own_trap)
		svm_inject_single_step(vcpu);
	return true;
}

void svm_software_interrupt(struct vcpu *vcpu, const struct decoded_instruction *instruction)
{
	struct svm_vcpu *svm = svm_of(vcpu);
	uint64_t type = EVENT_SOFTWARE;

	if (instruction->trace == DECODE_TRACE_ICEBP) {
		vcpu->rip += instruction->length_bytes;
		vcpu->shadow_ended = true;
		svm_inject_exception(vcpu, VECTOR_DEBUG, -1); /* which returns to where RIP is */
		return;
	}
	/* In virtual-8086 mode INT3 and INTO, unlike INT n, do not ask IOPL (APM v2 8.2.4). */
	if ((vcpu->rflags & RFLAGS_VM) && instruction->opcode != OPCODE_INT)
		type = EVENT_EXCEPTION;
	svm->step.interrupt_length = instruction->length_bytes;
	svm->step.has_next_rip = (cpuid_query(0x8000000a, 0).edx & CPUID_SVM_NRIPS) != 0;
	vcpu->shadow_ended = true;
	svm_set_event(svm, EVENT_VALID | type << EVENT_TYPE_SHIFT | instruction->vector);
}

/* HLT: what would wake the CPU is taken by the host. Until then the guest stands before the HLT, with
 * interrupts intercepted so that none returns to there, and comes back at once. */
void svm_halt(struct vcpu *vcpu)
{
	struct svm_vcpu *svm = svm_of(vcpu);

	vcpu_ops->host_begin(vcpu);
	if (vcpu->rflags & RFLAGS_IF)
		exception_take_interrupts();
	vcpu_ops->host_end(vcpu);
	svm->halts = !vcpu->nmi_pending && !(vcpu->has_pending && (vcpu->rflags & RFLAGS_IF));
	svm_want_interrupts(vcpu, vcpu->interrupts_wanted);
	if (!svm->halts)
		vcpu_skip_instruction(vcpu, 1);
}
