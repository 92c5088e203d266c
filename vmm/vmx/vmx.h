/*
 * vmm/vmx/vmx.h: what the files of the VMX back end share.
 */
#ifndef VMM_VMX_VMX_H
#define VMM_VMX_VMX_H

#include "vmm/vcpu.h"
#include "vmm/vmx/vmcs.h"

/* Intel SDM v4, table 2-2 */
#define MSR_SYSENTER_CS 0x174u
#define MSR_SYSENTER_ESP 0x175u
#define MSR_SYSENTER_EIP 0x176u

#define CPUID_STRUCTURED_ECX_TME (UINT32_C(1) << 13)

/* CR4 bits that are ours; the guest sees them clear, and setting them is #GP as on a CPU without. */
#define VMX_CR4_HIDDEN (CR4_VMXE | CR4_SMXE)

/* What this CPU can do and what we make of it; the same for all CPUs of a machine. */
struct vmx_capabilities {
	uint32_t revision;	/* for the first word of VMXON region and VMCS */
	uint32_t pin, processor, secondary, exit, entry; /* as a vCPU starts with them */
	uint64_t cr0_fixed;	/* bits that must be 1, unrestricted guest considered */
	uint64_t ept_pointer_flags; /* memory type and walk length */
	bool ept_gigabyte_pages, ept_large_pages;
	bool invept_single, invvpid_single;
	bool preemption_timer, halted_state;
	uint8_t preemption_shift; /* a tick of that timer is 2^this of the TSC's */
	bool instruction_info;	/* string I/O exits tell address size and segment */
};
extern struct vmx_capabilities vmx_capabilities;

/* The back end's part of a vCPU. */
struct vmx_vcpu {
	uint8_t *vmcs, *vmxon;	/* one page each */
	uint64_t host_rsp;	/* what is in the VMCS; vmx_entry.S reads and writes it */
	uint64_t launched;	/* VMRESUME instead of VMLAUNCH; vmx_entry.S */
	bool *nmi_seen;		/* of the CPU; vmx_entry.S */
	uint64_t rip, rflags, rsp; /* what is in the VMCS */
	uint64_t cr2;		/* the guest's, while the host's code may fault */
	uint32_t pin, processor; /* the controls in the VMCS */
	bool steps;		/* an instruction runs alone: CPUID is not answered on the way */
	bool step_blocks;	/* and we hold interrupts for it */
	uint64_t step_rip;	/* where it is */
	uint32_t event, event_error_code, event_length_bytes; /* for the next entry; event 0: none */
	bool flush_nested, flush_linear; /* before the next entry */
	bool has_alarm;		/* likewise: the preemption timer is set to vcpu->alarm_tsc */
	bool had_init;		/* of the guest's */
	bool waits_for_sipi;	/* executes nothing */
	bool window_wanted;	/* EXIT_INTERRUPT_WINDOW is */
	bool interrupts_wanted; /* EXIT_INTERRUPT is */
	bool interrupt_deferred; /* one is pending that the guest cannot take yet */
};

static inline struct vmx_vcpu *vmx_of(struct vcpu *vcpu)
{
	return vcpu->backend;
}

/* vmm/vmx/vmx_entry.S: loads the guest's registers, VMLAUNCH or VMRESUME, stores them. */
enum vmx_entered {
	VMX_EXITED,
	VMX_NMI,    /* not entered: an NMI came to the host meanwhile */
	VMX_FAILED, /* not entered: VMCS_INSTRUCTION_ERROR tells */
};
enum vmx_entered vmx_enter(struct vcpu *vcpu, struct vmx_vcpu *vmx);
extern uint8_t vmx_enter_checked[], vmx_enter_done[], vmx_enter_abort[], vmx_exit_entry[];

/* vmm/vmx/vmx_controls.c: capabilities. */
bool vmx_probe(char *why, size_t why_bytes);
/* Turns VMX on in this CPU: CR0, CR4, VMXON. */
void vmx_switch_on(struct vmx_vcpu *vmx);

/* vmm/vmx/vmx_state.c: what a VMCS starts with. */
void vmx_init_vmcs(struct vcpu *vcpu);
void vmx_init_guest(struct vcpu *vcpu); /* the state after INIT, CS:RIP apart */
void vmx_capture_state(struct vcpu *vcpu, const struct cpu_state *state);

/* vmm/vmx/vmx_event.c: injection and windows. */
void vmx_inject_exception(struct vcpu *vcpu, unsigned vector, int64_t error_code);
void vmx_inject_interrupt(struct vcpu *vcpu, unsigned vector);
void vmx_inject_nmi(struct vcpu *vcpu);
/* The host saw one: another CPU's kick, or the guest's. */
void vmx_take_nmi(struct vcpu *vcpu);
void vmx_inject_single_step(struct vcpu *vcpu);
void vmx_inject_breakpoints(struct vcpu *vcpu, unsigned hits);
bool vmx_can_inject(struct vcpu *vcpu);
bool vmx_can_inject_nmi(struct vcpu *vcpu);
bool vmx_can_interrupt(struct vcpu *vcpu);
void vmx_want_interrupt_window(struct vcpu *vcpu, bool want);
void vmx_want_interrupts(struct vcpu *vcpu, bool want);
void vmx_begin_step(struct vcpu *vcpu, const struct decoded_instruction *instruction);
void vmx_end_step(struct vcpu *vcpu);
void vmx_halt(struct vcpu *vcpu);
bool vmx_set_alarm(struct vcpu *vcpu);
/* Before an entry: how long it is until then. */
void vmx_load_alarm(struct vcpu *vcpu);
/* If an instruction was emulated (vcpu->shadow_ended). */
void vmx_end_interrupt_shadow(struct vcpu *vcpu);
void vmx_end_nmi_window(struct vcpu *vcpu);
/* An external interrupt or an interrupt window has exited. Return what that is to others. */
enum exit_kind vmx_read_interrupt(struct vcpu *vcpu);
enum exit_kind vmx_read_interrupt_window(struct vcpu *vcpu);
/* An exit amid the delivery of an event: it is delivered again at the next entry. */
void vmx_keep_interrupted_event(struct vcpu *vcpu);
/* Writes what is to be injected into the VMCS. */
void vmx_load_event(struct vmx_vcpu *vmx);

/* vmm/vmx/vmx_exit.c: turns an exit into vcpu->exit, but for EXIT_PORT. */
void vmx_read_exit(struct vcpu *vcpu, uint32_t reason);

/* The address behind the instruction that exited, for exits that give its length. Outside of 64-bit
 * code RIP has 32 bits. */
static inline uint64_t vmx_next_rip(const struct vcpu *vcpu)
{
	uint64_t next = vcpu->rip + vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH);

	if ((next ^ vcpu->rip) >> 32 != 0 &&
	    !(vmcs_read32(VMCS_GUEST_RIGHTS(SEGMENT_CS)) & RIGHTS_LONG))
		next = (uint32_t)next;
	return next;
}

/* vmm/vmx/vmx_run.c */
__attribute__((noreturn)) void vmx_loop(struct vcpu *vcpu, void (*handle)(struct vcpu *vcpu));

/* vmm/vmx/vmx_registers.c */
void vmx_get_segment(struct vcpu *vcpu, enum segment which, struct segment_register *out);
void vmx_set_segment(struct vcpu *vcpu, enum segment which, const struct segment_register *in);
/* By VMCS number: LDTR and TR too. */
void vmx_write_segment(unsigned number, const struct segment_register *in);
void vmx_read_segment(unsigned number, struct segment_register *out);
unsigned vmx_get_cpl(struct vcpu *vcpu);

/* vmm/vmx/vmx_control_registers.c */
uint64_t vmx_get_control(struct vcpu *vcpu, unsigned number);
uint64_t vmx_get_debug(struct vcpu *vcpu, unsigned number);
void vmx_set_control(struct vcpu *vcpu, unsigned number, uint64_t value);
/* Without the guest's checks; keeps what VMX demands. */
void vmx_write_cr0(uint64_t value);
void vmx_write_cr4(uint64_t value);
/* An access to a control register has exited. */
void vmx_handle_control_register(struct vcpu *vcpu);

/* vmm/vmx/vmx_msr.c: MSRs, and the bitmaps of ports and MSRs, one for all vCPUs. */
uint64_t vmx_get_efer(struct vcpu *vcpu);
void vmx_write_efer(uint64_t value);
enum msr_result vmx_read_msr(struct vcpu *vcpu, uint32_t msr, uint64_t *value);
enum msr_result vmx_write_msr(struct vcpu *vcpu, uint32_t msr, uint64_t value);
void vmx_hide_cpuid(uint32_t leaf, uint32_t registers[4]);

/* vmm/vmx/vmx_bitmaps.c */
int vmx_bitmaps_init(void);
void vmx_bitmaps_load(void);
void vmx_intercept_port(uint16_t port, bool want);
void vmx_intercept_msr(uint32_t msr, bool read, bool write);

/* PAE paging outside of long mode: the four page-directory pointers go into the VMCS. False: a
 * reserved bit is set, which is #GP. */
bool vmx_load_pdptes(uint64_t cr3);

/* vmm/vmx/vmx_task.c: a task switch, which exits on every CPU. */
void vmx_handle_task_switch(struct vcpu *vcpu);

/* vmm/vmx/ept.c */
int ept_init(void);
uint64_t ept_pointer(void);
/* The MTRRs of this CPU have changed: the entries get other memory types. */
void ept_update_types(void);

#endif
