/*
 * vmm/vmx/vmx_event.c: what is injected at the next entry (Intel SDM v3 25.8.3, 27.6), windows, and
 * single steps.
 */
#include "vmm/vmx/vmx.h"

#include "core/cpu.h"
#include "core/instructions.h"
#include "core/panic.h"
#include "vmm/deadline.h"
#include "vmm/kick.h"

#define STEP_CONTROLS (PROCESSOR_MONITOR_TRAP | PROCESSOR_HLT_EXITING | PROCESSOR_MWAIT_EXITING)
#define STEP_TICKS_MAXIMUM 100000 /* of 2^0 to 2^31 cycles; 2^5 is usual */

/* Table 7-5: exceptions that make a double fault of each other. */
static bool vmx_is_contributory(unsigned vector)
{
	return vector < VECTOR_EXCEPTIONS && VECTORS_CONTRIBUTORY >> vector & 1;
}

static bool vmx_makes_double_fault(unsigned first, unsigned second)
{
	return (vmx_is_contributory(first) && vmx_is_contributory(second)) ||
	       (first == VECTOR_PAGE_FAULT && (second == VECTOR_PAGE_FAULT || vmx_is_contributory(second)));
}

void vmx_inject_exception(struct vcpu *vcpu, unsigned vector, int64_t error_code)
{
	struct vmx_vcpu *vmx = vmx_of(vcpu);
	uint32_t interrupted = vmx->event;

	if ((interrupted & EVENT_VALID) && (interrupted & EVENT_TYPE_MASK) == EVENT_EXCEPTION &&
	    vmx_makes_double_fault(interrupted & EVENT_VECTOR_MASK, vector)) {
		vector = VECTOR_DOUBLE_FAULT;
		error_code = 0;
	}
	vmx->event = EVENT_VALID | EVENT_EXCEPTION | vector;
	/* There are no error codes in real mode (27.2.1.3). */
	if (error_code >= 0 && (vmcs_read(VMCS_GUEST_CR0) & CR0_PE)) {
		vmx->event |= EVENT_ERROR_CODE;
		vmx->event_error_code = (uint32_t)error_code;
	}
}

void vmx_inject_interrupt(struct vcpu *vcpu, unsigned vector)
{
	vmx_of(vcpu)->event = EVENT_VALID | EVENT_INTERRUPT | vector;
}

void vmx_inject_nmi(struct vcpu *vcpu)
{
	vmx_of(vcpu)->event = EVENT_VALID | EVENT_NMI | VECTOR_NMI;
}

/* An NMI that made an exit does not come to core/exception.c, which looks at this too. */
void vmx_take_nmi(struct vcpu *vcpu)
{
	if (panic_is_elsewhere())
		cpu_stop();
	if (!kick_take_nmi(vcpu))
		vcpu->nmi_pending = true;
}

/* The trap stays pending, as the CPU itself keeps it, and comes at the next entry (27.7.3). With BTF
 * set only branches trap, and we emulate none. */
void vmx_inject_single_step(struct vcpu *vcpu)
{
	(void)vcpu;
	if (!(vmcs_read(VMCS_GUEST_DEBUGCTL) & DEBUG_CONTROL_BTF))
		vmcs_write(VMCS_GUEST_PENDING_DEBUG,
			   vmcs_read(VMCS_GUEST_PENDING_DEBUG) | PENDING_DEBUG_BS);
}

/* The CPU sets DR6 when it delivers it. */
void vmx_inject_breakpoints(struct vcpu *vcpu, unsigned hits)
{
	(void)vcpu;
	vmcs_write(VMCS_GUEST_PENDING_DEBUG, vmcs_read(VMCS_GUEST_PENDING_DEBUG) | hits |
						     PENDING_DEBUG_ENABLED_BREAKPOINT);
}

/* A pending debug trap goes before interrupts and NMIs, which would lose it. */
static bool vmx_is_blocked(uint32_t blocking)
{
	return (vmcs_read32(VMCS_GUEST_INTERRUPTIBILITY) & blocking) != 0 ||
	       vmcs_read(VMCS_GUEST_PENDING_DEBUG) != 0;
}

static void vmx_set_controls(struct vmx_vcpu *vmx, uint32_t pin, uint32_t processor)
{
	if (vmx->pin != pin)
		vmcs_write(VMCS_PIN_CONTROLS, pin);
	if (vmx->processor != processor)
		vmcs_write(VMCS_PROCESSOR_CONTROLS, processor);
	vmx->pin = pin;
	vmx->processor = processor;
}

bool vmx_can_inject(struct vcpu *vcpu)
{
	return vmx_of(vcpu)->event == 0;
}

/* If no NMI can be injected now, an exit comes as soon as one can. Virtual NMIs are on only while
 * they are waited for, but with several CPUs, where they always are. */
bool vmx_can_inject_nmi(struct vcpu *vcpu)
{
	struct vmx_vcpu *vmx = vmx_of(vcpu);

	/* No entry with an event is allowed then (SDM v3 27.3.1.5). */
	if (vmx->waits_for_sipi)
		return false;
	vmx_end_interrupt_shadow(vcpu);
	if (vmx->event == 0 && !vmx_is_blocked(BLOCKING_STI | BLOCKING_MOV_SS | BLOCKING_NMI))
		return true;
	vmx_set_controls(vmx, vmx->pin | PIN_NMI_EXITING | PIN_VIRTUAL_NMIS,
			 vmx->processor | PROCESSOR_NMI_WINDOW_EXITING);
	return false;
}

void vmx_end_nmi_window(struct vcpu *vcpu)
{
	struct vmx_vcpu *vmx = vmx_of(vcpu);
	uint32_t pin = cpus_count > 1 ? vmx->pin : vmx->pin & ~(PIN_NMI_EXITING | PIN_VIRTUAL_NMIS);

	vmx_set_controls(vmx, pin, vmx->processor & ~PROCESSOR_NMI_WINDOW_EXITING);
}

bool vmx_can_interrupt(struct vcpu *vcpu)
{
	vmx_end_interrupt_shadow(vcpu);
	return (vcpu->rflags & RFLAGS_IF) && vmx_of(vcpu)->event == 0 &&
	       !vmx_is_blocked(BLOCKING_STI | BLOCKING_MOV_SS);
}

static void vmx_update_interrupt_controls(struct vmx_vcpu *vmx)
{
	bool exiting = vmx->interrupts_wanted && !vmx->interrupt_deferred;
	bool window = vmx->window_wanted || vmx->interrupt_deferred;

	vmx_set_controls(vmx,
			 exiting ? vmx->pin | PIN_EXTERNAL_INTERRUPT_EXITING
				 : vmx->pin & ~PIN_EXTERNAL_INTERRUPT_EXITING,
			 window ? vmx->processor | PROCESSOR_INTERRUPT_WINDOW_EXITING
				: vmx->processor & ~PROCESSOR_INTERRUPT_WINDOW_EXITING);
}

void vmx_want_interrupt_window(struct vcpu *vcpu, bool want)
{
	vmx_of(vcpu)->window_wanted = want;
	vmx_update_interrupt_controls(vmx_of(vcpu));
}

void vmx_want_interrupts(struct vcpu *vcpu, bool want)
{
	struct vmx_vcpu *vmx = vmx_of(vcpu);

	vmx->interrupts_wanted = want;
	vmx->interrupt_deferred = vmx->interrupt_deferred && want;
	vmx_update_interrupt_controls(vmx);
}

/* External interrupts exit whether the guest can take them or not (26.2). One that it cannot take
 * must not be acknowledged yet: the guest may change its vector, mask it, or poll for it. It waits in
 * its controller until the guest can. */
enum exit_kind vmx_read_interrupt(struct vcpu *vcpu)
{
	struct vmx_vcpu *vmx = vmx_of(vcpu);

	if (vmx_can_interrupt(vcpu))
		return EXIT_INTERRUPT;
	vmx->interrupt_deferred = true;
	vmx_update_interrupt_controls(vmx);
	return EXIT_NONE;
}

enum exit_kind vmx_read_interrupt_window(struct vcpu *vcpu)
{
	struct vmx_vcpu *vmx = vmx_of(vcpu);

	vmx->interrupt_deferred = false;
	vmx_update_interrupt_controls(vmx);
	return EXIT_INTERRUPT_WINDOW;
}

/* The monitor trap flag exits after one instruction, or after the delivery of an event, and the CPU keeps
 * the guest's own traps pending (26.5.2). Interrupts are held as STI holds them; not while the guest
 * steps itself, because then the CPU wants its trap to be pending (27.3.1.5). An interrupt that comes in
 * between makes the step end before its first instruction, no more. Instructions that wait exit; the
 * preemption timer ends what waits by other means: TPAUSE and UMWAIT may end at any time. */
void vmx_begin_step(struct vcpu *vcpu, const struct decoded_instruction *instruction)
{
	struct vmx_vcpu *vmx = vmx_of(vcpu);
	uint32_t pin = vmx->pin, blocking;

	(void)instruction;
	vmx_end_interrupt_shadow(vcpu);
	if (!vmx->steps)
		vmx->step_blocks = false;
	vmx->steps = true;
	vmx->step_rip = vcpu->rip;
	/* An event that fails to be delivered has woken the CPU all the same. */
	vmcs_write(VMCS_GUEST_ACTIVITY, ACTIVITY_ACTIVE);
	if (vmx_capabilities.preemption_timer) {
		vmcs_write(VMCS_GUEST_PREEMPTION_TIMER, STEP_TICKS_MAXIMUM);
		pin |= PIN_PREEMPTION_TIMER;
	}
	vmx_set_controls(vmx, pin, vmx->processor | STEP_CONTROLS);
	/* Nor while one is being delivered. */
	if ((vcpu->rflags & (RFLAGS_IF | RFLAGS_TF)) != RFLAGS_IF || vmx->event != 0)
		return;
	blocking = vmcs_read32(VMCS_GUEST_INTERRUPTIBILITY);
	if (!(blocking & (BLOCKING_MOV_SS | BLOCKING_STI))) {
		vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, blocking | BLOCKING_STI);
		vmx->step_blocks = true;
	}
}

void vmx_end_step(struct vcpu *vcpu)
{
	struct vmx_vcpu *vmx = vmx_of(vcpu);

	vmx->steps = false;
	vmx_end_interrupt_shadow(vcpu);
	/* Not executed: they are held no longer than before. */
	if (vmx->step_blocks && vcpu->rip == vmx->step_rip)
		vmcs_write(VMCS_GUEST_INTERRUPTIBILITY,
			   vmcs_read32(VMCS_GUEST_INTERRUPTIBILITY) & ~BLOCKING_STI);
	vmx->step_blocks = false;
	vmx_set_controls(vmx, vmx->has_alarm ? vmx->pin : vmx->pin & ~PIN_PREEMPTION_TIMER,
			 vmx->processor & ~STEP_CONTROLS);
}

/* SDM v3 26.5.1. It counts in HLT and MWAIT too, down to 0, and does not while we run. */
bool vmx_set_alarm(struct vcpu *vcpu)
{
	struct vmx_vcpu *vmx = vmx_of(vcpu);

	if (!vmx_capabilities.preemption_timer)
		return false;
	vmx->has_alarm = vcpu->alarm_tsc != DEADLINE_NEVER;
	if (!vmx->steps)
		vmx_set_controls(vmx, vmx->has_alarm ? vmx->pin | PIN_PREEMPTION_TIMER : vmx->pin & ~PIN_PREEMPTION_TIMER,
				 vmx->processor);
	return true;
}

void vmx_load_alarm(struct vcpu *vcpu)
{
	uint64_t now = tsc_read(), ticks = 0;

	if (vmx_of(vcpu)->steps)
		return; /* it bounds the step */
	if (vcpu->alarm_tsc > now)
		ticks = ((vcpu->alarm_tsc - now) >> vmx_capabilities.preemption_shift) + 1;
	vmcs_write(VMCS_GUEST_PREEMPTION_TIMER, ticks < UINT32_MAX ? ticks : UINT32_MAX);
}

/* It goes on to wait inside, behind the HLT (25.4.2). */
void vmx_halt(struct vcpu *vcpu)
{
	vcpu_skip_instruction(vcpu, 1);
	vmx_end_interrupt_shadow(vcpu);
	if (vmx_capabilities.halted_state && vmcs_read(VMCS_GUEST_PENDING_DEBUG) == 0)
		vmcs_write(VMCS_GUEST_ACTIVITY, ACTIVITY_HLT);
}

void vmx_end_interrupt_shadow(struct vcpu *vcpu)
{
	uint32_t blocking;

	if (!vcpu->shadow_ended)
		return;
	vcpu->shadow_ended = false;
	blocking = vmcs_read32(VMCS_GUEST_INTERRUPTIBILITY);
	if (blocking & (BLOCKING_STI | BLOCKING_MOV_SS))
		vmcs_write(VMCS_GUEST_INTERRUPTIBILITY,
			   blocking & ~(BLOCKING_STI | BLOCKING_MOV_SS));
}

/* 28.2.4: the fields of the interrupted event are those that inject it again. */
void vmx_keep_interrupted_event(struct vcpu *vcpu)
{
	struct vmx_vcpu *vmx = vmx_of(vcpu);
	uint32_t event = vmcs_read32(VMCS_VECTORING_EVENT), type = event & EVENT_TYPE_MASK;

	vmx->event = 0;
	if (!(event & EVENT_VALID))
		return;
	vmx->event = event & (EVENT_VALID | EVENT_TYPE_MASK | EVENT_VECTOR_MASK | EVENT_ERROR_CODE);
	if (event & EVENT_ERROR_CODE)
		vmx->event_error_code = vmcs_read32(VMCS_VECTORING_ERROR_CODE);
	if (type == EVENT_SOFTWARE_INTERRUPT || type == EVENT_SOFTWARE_EXCEPTION ||
	    type == EVENT_PRIVILEGED_SOFTWARE_EXCEPTION)
		vmx->event_length_bytes = vmcs_read32(VMCS_EXIT_INSTRUCTION_LENGTH);
	/* Its own blocking is in force already; the entry sets it again. */
	if (type == EVENT_NMI)
		vmcs_write(VMCS_GUEST_INTERRUPTIBILITY,
			   vmcs_read32(VMCS_GUEST_INTERRUPTIBILITY) & ~BLOCKING_NMI);
}

void vmx_load_event(struct vmx_vcpu *vmx)
{
	uint32_t type = vmx->event & EVENT_TYPE_MASK;

	vmcs_write(VMCS_ENTRY_EVENT, vmx->event);
	if (vmx->event & EVENT_ERROR_CODE)
		vmcs_write(VMCS_ENTRY_ERROR_CODE, vmx->event_error_code);
	if (type == EVENT_SOFTWARE_INTERRUPT || type == EVENT_SOFTWARE_EXCEPTION ||
	    type == EVENT_PRIVILEGED_SOFTWARE_EXCEPTION)
		vmcs_write(VMCS_ENTRY_INSTRUCTION_LENGTH, vmx->event_length_bytes);
}
