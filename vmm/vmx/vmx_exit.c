/*
 * vmm/vmx/vmx_exit.c: from VMX's exit reasons (Intel SDM v3 appendix C) to the normalised exit.
 */
#include "vmm/vmx/vmx.h"

#include "core/cpu.h"
#include "core/instructions.h"
#include "vmm/signal.h"
#include "vmm/nested_table.h"

/* Exit qualification of an EPT violation, table 28-7 */
#define VIOLATION_WRITE 0x2u
#define VIOLATION_FETCH 0x4u
#define VIOLATION_LINEAR 0x80u
#define VIOLATION_FINAL 0x100u
#define VIOLATION_NMI_UNBLOCKED 0x1000u

static void vmx_read_violation(struct vcpu *vcpu)
{
	uint64_t qualification = vmcs_read(VMCS_EXIT_QUALIFICATION);

	vcpu->exit.kind = EXIT_NESTED_FAULT;
	vcpu->exit.next_rip = 0; /* the length is not promised here */
	vcpu->exit.nested.gpa = vmcs_read(VMCS_GUEST_PHYSICAL_ADDRESS);
	vcpu->exit.nested.write = (qualification & VIOLATION_WRITE) != 0;
	vcpu->exit.nested.execute = (qualification & VIOLATION_FETCH) != 0;
	/* Without a linear address it is a load of the page-directory pointers. */
	vcpu->exit.nested.table_walk = (qualification & (VIOLATION_LINEAR | VIOLATION_FINAL)) !=
				       (VIOLATION_LINEAR | VIOLATION_FINAL);
	/* An IRET that did not complete: NMIs stay blocked (28.2.3). */
	if ((qualification & VIOLATION_NMI_UNBLOCKED) && vmx_of(vcpu)->event == 0)
		vmcs_write(VMCS_GUEST_INTERRUPTIBILITY,
			   vmcs_read32(VMCS_GUEST_INTERRUPTIBILITY) | BLOCKING_NMI);
	/* Above what was mapped at start there are only devices: mapped when first touched. */
	if (nested_map_on_demand(vcpu->exit.nested.gpa))
		vcpu->exit.kind = EXIT_NONE;
}

static enum exit_kind vmx_exit_kind(uint32_t reason)
{
	static const uint8_t kinds[] = {
		[REASON_TRIPLE_FAULT] = EXIT_SHUTDOWN,
		[REASON_CPUID] = EXIT_CPUID,
		[REASON_GETSEC] = EXIT_UNDEFINED,
		[REASON_HLT] = EXIT_HALT,
		[REASON_INVD] = EXIT_INVALIDATE_CACHES,
		[REASON_VMCALL] = EXIT_HYPERCALL,
		[REASON_VMCLEAR ... REASON_VMXON] = EXIT_UNDEFINED,
		[REASON_RDMSR] = EXIT_MSR_READ,
		[REASON_WRMSR] = EXIT_MSR_WRITE,
		[REASON_MWAIT] = EXIT_WAIT,
		[REASON_MONITOR_TRAP] = EXIT_DEBUG_EXCEPTION,
		[REASON_INVEPT] = EXIT_UNDEFINED,
		[REASON_INVVPID] = EXIT_UNDEFINED,
		[REASON_WBINVD] = EXIT_INVALIDATE_CACHES,
		[REASON_XSETBV] = EXIT_XSETBV,
		[REASON_VMFUNC] = EXIT_UNDEFINED,
	};
	enum exit_kind kind = EXIT_NONE;

	if (reason < sizeof(kinds))
		kind = (enum exit_kind)kinds[reason];
	return kind == EXIT_NONE ? EXIT_OTHER : kind;
}

/* Only NMIs are intercepted. The exit has taken it, so nobody else will see it. */
static void vmx_read_exception(struct vcpu *vcpu)
{
	if ((vmcs_read32(VMCS_EXIT_EVENT) & EVENT_TYPE_MASK) != EVENT_NMI) {
		vcpu->exit.kind = EXIT_OTHER;
		return;
	}
	vcpu->exit.kind = EXIT_NMI;
	vcpu->cpu->nmi_seen = true;
}

void vmx_read_exit(struct vcpu *vcpu, uint32_t reason)
{
	vcpu->exit.reason = reason;
	vcpu->exit.next_rip = 0;
	vmx_keep_interrupted_event(vcpu);
	switch (reason) {
	case REASON_EXCEPTION_OR_NMI:
		vmx_read_exception(vcpu);
		return;
	case REASON_EPT_VIOLATION:
		vmx_read_violation(vcpu);
		return;
	case REASON_INIT:
		vcpu->exit.kind = EXIT_INIT;
		signal_init(vcpu);
		return;
	case REASON_SIPI:
		vcpu->exit.kind = EXIT_SIPI;
		signal_startup(vcpu, (uint8_t)vmcs_read(VMCS_EXIT_QUALIFICATION));
		return;
	case REASON_EXTERNAL_INTERRUPT:
		vcpu->exit.kind = vmx_read_interrupt(vcpu);
		return;
	case REASON_INTERRUPT_WINDOW:
		vcpu->exit.kind = vmx_read_interrupt_window(vcpu);
		return;
	case REASON_NMI_WINDOW:
		vcpu->exit.kind = EXIT_INTERRUPT_WINDOW;
		vmx_end_nmi_window(vcpu);
		return;
	case REASON_CONTROL_REGISTER:
		vcpu->exit.kind = EXIT_CONTROL_REGISTER;
		vmx_handle_control_register(vcpu);
		return;
	case REASON_PREEMPTION_TIMER: /* or a step has lasted too long */
		vcpu->exit.kind = vcpu->steps != 0 ? EXIT_DEBUG_EXCEPTION : EXIT_ALARM;
		return;
	case REASON_TASK_SWITCH:
		vcpu->exit.kind = EXIT_TASK_SWITCH;
		vmx_handle_task_switch(vcpu);
		return;
	default:
		vcpu->exit.kind = vmx_exit_kind(reason);
		break;
	}
	vcpu->exit.next_rip = vmx_next_rip(vcpu);
}
