/*
 * vmm/svm/svm.h: what the files of the SVM back end share.
 */
#ifndef VMM_SVM_SVM_H
#define VMM_SVM_SVM_H

#include "vmm/decode.h"
#include "vmm/svm/vmcb.h"
#include "vmm/vcpu.h"

/* APM v2 15.30 */
#define MSR_VM_HSAVE_PA 0xc0010117u
#define MSR_SVM_KEY 0xc0010118u
/* Where physical memory and devices lie; a new value could put a device in place of our memory.
 * SMM_CTL opens the memory of SMM, which can reach ours. */
#define MSR_SYSCFG 0xc0010010u
#define SYSCFG_ENCRYPTION UINT64_C(0x800000) /* MemEncryptionModEn */

/* How far the guest is with the last NMI: it gets the next one when it is free. */
enum svm_nmi {
	SVM_NMI_FREE,
	SVM_NMI_IN_HANDLER, /* IRET is intercepted */
	SVM_NMI_AT_IRET,    /* about to execute it, or past it */
	SVM_NMI_STEPS,	    /* over it, because an NMI waits */
};

/* svm_step.c: what runs alone at the next VMRUN, and what it stands in place of meanwhile. */
struct svm_step {
	bool active;
	bool delivers;		/* an event, not an instruction; of the last VMRUN */
	bool traced;		/* the instruction was executed */
	bool own_trap;		/* and the guest's own TF wants a trap behind it */
	bool has_next_rip;
	uint8_t interrupt_length; /* of the INT n whose event is injected; 0: none is */
	enum decode_trace trace;
	uint32_t intercept_exceptions, intercept3, intercept4;
	uint64_t shadow, dr6, hits; /* hits: bits of DR6 that are the guest's */
	uint64_t debug_control, mask, r11;
	uint64_t *data_root;	/* a page for nested tables that let nothing be executed */
};

/* The back end's part of a vCPU. */
struct svm_vcpu {
	struct vmcb *vmcb;	/* the guest's */
	hpa_t vmcb_physical;
	hpa_t host_physical;	/* a VMCB for VMLOAD and VMSAVE of the host's own state */
	hpa_t host_save_physical; /* where VMRUN keeps the rest of it */
	uint64_t event_inject;	/* for the next VMRUN; 0: none */
	bool flush;		/* the next VMRUN flushes the guest's translations */
	bool entry_special;	/* there is one of these, or virtual_interrupt, to do */
	bool virtual_interrupt;	/* the next VMRUN has an interrupt that the CPU is to take by itself */
	bool virtual_alone;	/* likewise, and exit before the first instruction of its handler */
	bool was_alone;		/* the last VMRUN with a virtual interrupt had it so */
	bool halts;		/* it stands before a HLT that it is in: svm_halt() */
	bool idles;		/* it waits in a HLT, and we for an alarm: svm_idle.c */
	bool timer_lent;	/* likewise, or it runs: the local APIC's is on loan */
	uint64_t idle_rip, idle_next_rip; /* of that HLT, and behind it; idle_rip 0: it is over */
	uint64_t halt_rip;	/* it was put back to that HLT, and may not have come to it yet; 0: no */
	bool virtual_refused;	/* the last one was not taken: a physical one came before it */
	struct svm_step step;
	bool step_saved_tf;	/* the guest's own TF while its IRET is stepped over */
	enum svm_nmi nmi;
	uint64_t iret_rip;	/* of the IRET that ends the guest's NMI handler */
};

/* vmm/svm/svm_idle.c: what waits exits while there is an alarm. */
void svm_intercept_waits(struct vcpu *vcpu);
/* There is an alarm, at a VMRUN, if that is not to idle in; and behind any with the timer on loan. */
void svm_lend_timer(struct vcpu *vcpu);
void svm_end_loan(struct vcpu *vcpu);
/* Behind the VMRUN that a guest idled in; before the next. */
void svm_end_idle(struct vcpu *vcpu);
void svm_resume_idle(struct vcpu *vcpu);
/* Behind a VMRUN with a halt_rip. */
void svm_find_halt(struct vcpu *vcpu);

static inline struct svm_vcpu *svm_of(struct vcpu *vcpu)
{
	return vcpu->backend;
}

static inline void svm_set_event(struct svm_vcpu *svm, uint64_t event)
{
	svm->event_inject = event;
	svm->entry_special = true;
}

static inline void svm_request_flush(struct svm_vcpu *svm)
{
	svm->flush = true;
	svm->entry_special = true;
}

/* Loads the guest's registers, VMRUN, stores them (vmm/svm/svm_entry.S). */
static inline void svm_enter(struct vcpu *vcpu, hpa_t vmcb_physical)
{
	__asm__ volatile("call svm_enter_guest"
			 : "+D"(vcpu), "+S"(vmcb_physical)
			 :
			 : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
			   "r15", "memory", "cc");
}

/* vmm/svm/svm_exit.c: turns EXITCODE into vcpu->exit; all kinds but ports. */
void svm_read_exit(struct vcpu *vcpu);

/* vmm/svm/svm_exception.c: of exceptions but #DB: vcpu->exit, and what the guest gets. */
#define SVM_EXCEPTIONS (1u << 13) /* that always exit: #GP */
void svm_read_exception(struct vcpu *vcpu);

/* TF makes #DB after the next instruction; the interrupt shadow keeps interrupts off it. If the
 * instruction faults instead, that ends the step. NMIs are no exceptions. */
#define SVM_STEP_EXCEPTIONS (~(1u << 2))

/* vmm/svm/svm_step.c: around a VMRUN with a step, or with the event of an INT n. */
static inline bool svm_step_wanted(const struct svm_step *step)
{
	return step->active || step->interrupt_length != 0;
}
void svm_step_enter(struct vcpu *vcpu);
void svm_step_leave(struct vcpu *vcpu);
/* Is this nested fault the fetch behind a delivery that ran alone? */
bool svm_step_ends_delivery(const struct vcpu *vcpu, const struct vmcb *vmcb);
/* #DB has exited: the guest gets what of it is its own. False: it did not run alone. */
bool svm_read_trap(struct vcpu *vcpu);

/* vmm/svm/svm_nmi.c: the guest's IRET has exited; and the end of the step over it, by a trap behind
 * it or by a fault. False: there was none. */
void svm_read_iret(struct vcpu *vcpu);
bool svm_end_iret_step(struct vcpu *vcpu, bool completed);

/* vmm/svm/svm_event.c: before the VMRUN with virtual_interrupt; and behind it: what the CPU has not taken is pending
 * again. */
void svm_begin_virtual_interrupt(struct vcpu *vcpu);
void svm_end_virtual_interrupt(struct vcpu *vcpu);

/* vmm/svm/svm_tables.c: I/O and MSR permission maps. */
int svm_tables_init(void);
hpa_t svm_tables_ports(void);
hpa_t svm_tables_msrs(void);
void svm_intercept_port(uint16_t port, bool want);
void svm_intercept_msr(uint32_t msr, bool read, bool write);

/* vmm/svm/npt.c: nested page tables. */
int npt_init(void);
/* Makes `page` the root of the same tables without the right to execute anything. */
hpa_t npt_data_root(uint64_t *page);

static inline void svm_vmload(hpa_t vmcb)
{
	__asm__ volatile("vmload %0" ::"a"(vmcb) : "memory");
}

static inline void svm_vmsave(hpa_t vmcb)
{
	__asm__ volatile("vmsave %0" ::"a"(vmcb) : "memory");
}

#endif
