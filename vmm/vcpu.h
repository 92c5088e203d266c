/*
 * vmm/vcpu.h: a virtual CPU as everything above the vendors' back ends sees it: registers, a
 * normalised exit, and the operations that SVM and VMX each implement.
 *
 * A vCPU belongs to one CPU (vcpu->cpu); only that one touches it once it has started, but for what struct vcpu
 * says is written by others.
 */
#ifndef VMM_VCPU_H
#define VMM_VCPU_H

#include "core/watch.h"
#include "core/x86.h"
#include "rv/types.h"

/* x86 register numbers, the order of struct rv_registers. */
enum gpr {
	GPR_RAX, GPR_RCX, GPR_RDX, GPR_RBX, GPR_RSP, GPR_RBP, GPR_RSI, GPR_RDI,
	GPR_R8, GPR_R9, GPR_R10, GPR_R11, GPR_R12, GPR_R13, GPR_R14, GPR_R15,
	GPR_COUNT,
};

enum segment { SEGMENT_ES, SEGMENT_CS, SEGMENT_SS, SEGMENT_DS, SEGMENT_FS, SEGMENT_GS, SEGMENT_COUNT };

struct segment_register {
	uint16_t selector;
	uint16_t attributes; /* type 0-3, S 4, DPL 5-6, P 7, AVL 8, L 9, D/B 10, G 11, unusable 12 */
	uint32_t limit_bytes; /* expanded by G already */
	uint64_t base;
};

/* All of a running CPU's state that a vCPU can start from; the rest (other MSRs, FPU, debug registers
 * 0-3, XCR0) stays in the CPU itself. */
struct cpu_state {
	uint64_t gpr[16]; /* by enum gpr */
	uint64_t rip, rflags;
	uint64_t cr0, cr2, cr3, cr4, efer; /* without what virtualization added to CR4 and EFER */
	uint64_t dr6, dr7;
	struct segment_register segments[SEGMENT_COUNT], ldtr, tr; /* tr: busy, never unusable */
	uint64_t gdtr_base, idtr_base;
	uint16_t gdtr_limit, idtr_limit;
};

enum exit_kind {
	EXIT_NONE, /* handled inside the back end, run again */
	EXIT_CPUID,
	EXIT_MSR_READ,
	EXIT_MSR_WRITE,
	EXIT_PORT,
	EXIT_NESTED_FAULT,   /* nested page fault, EPT violation */
	EXIT_INTERRUPT,	     /* a physical interrupt is pending; only while wanted */
	EXIT_INTERRUPT_WINDOW,
	EXIT_NMI,
	EXIT_DEBUG_EXCEPTION, /* #DB, or what ends a step otherwise; only while wanted */
	EXIT_HALT,	     /* HLT; while an instruction is stepped over */
	EXIT_WAIT,	     /* MWAIT; likewise */
	EXIT_UNDEFINED,	     /* an instruction of the virtualization extension: #UD */
	EXIT_HYPERCALL,
	EXIT_SHUTDOWN,	     /* triple fault */
	EXIT_SMI,	     /* pending; taken when the host lets it */
	EXIT_INIT,	     /* it is among the CPU's signals, or pending */
	EXIT_SIPI,	     /* the back end has put it among these */
	EXIT_XSETBV,
	EXIT_CONTROL_REGISTER, /* done by the back end, as the next is; here to be counted */
	EXIT_TASK_SWITCH,
	EXIT_INVALIDATE_CACHES, /* INVD, WBINVD */
	EXIT_ALARM,	     /* vcpu->alarm_tsc has come */
	EXIT_IDLE,	     /* HLT; while there is an alarm */
	EXIT_OTHER,	     /* `reason` tells; a mistake of ours */
	EXIT_KIND_COUNT,
};

/* An access to a port: what is done, and below the number of bytes and the port. */
#define EXIT_PORT_IN UINT32_C(0x1)
#define EXIT_PORT_STRING UINT32_C(0x4)
#define EXIT_PORT_REPEAT UINT32_C(0x8)
#define EXIT_PORT_WATCHED UINT32_C(0x8000) /* breakpoints are enabled: one may be on the port */
#define EXIT_PORT_BYTES_SHIFT 4
#define EXIT_PORT_NUMBER_SHIFT 16

static inline uint8_t exit_port_bytes(uint32_t port)
{
	return port >> EXIT_PORT_BYTES_SHIFT & 7;
}

static inline uint16_t exit_port_number(uint32_t port)
{
	return (uint16_t)(port >> EXIT_PORT_NUMBER_SHIFT);
}

struct vcpu_exit {
	enum exit_kind kind;
	uint64_t reason;	  /* the vendor's number, for messages only */
	uint64_t next_rip;	  /* 0: unknown, vcpu_skip_instruction() finds it */
	union {
		uint32_t port; /* EXIT_PORT_*, exit_port_*() */
		struct {
			gpa_t gpa;
			bool write, execute, table_walk;
		} nested;
	};
};

/* One exit, as the panic screen shows it. */
#define VCPU_HISTORY 8
struct vcpu_history {
	enum exit_kind kind;
	uint64_t rip;
};

struct vcpu {
	uint64_t gpr[GPR_COUNT]; /* all valid between run() calls, RSP and RAX too */
	uint64_t rip, rflags;
	struct vcpu_exit exit;
	struct cpu *cpu;	 /* the CPU it belongs to (core/cpu.h) */
	void *backend;		 /* the vendor's part */
	uint64_t exits_by_kind[EXIT_KIND_COUNT];
	struct vcpu_history history[VCPU_HISTORY]; /* the last exits, for a panic */
	uint64_t history_next;
	uint64_t generation;	 /* of the intercepts that it entered the guest with last */
	uint64_t pending_interrupts[4]; /* accepted from the interrupt controller for the guest */
	bool has_pending;	 /* any of them set */
	bool has_taken;		 /* some since interrupt_taken_watchers were told */
	bool nmi_pending;
	bool nmi_came;		 /* the back end has taken it at its exit, before that was handled */
	bool shadow_ended;	 /* an instruction was emulated: the interrupt shadow ends */
	bool host_context;	 /* vcpu_ops->host_begin() is in force */
	bool interrupts_wanted;	 /* someone wants EXIT_INTERRUPT: vmm/interrupt_watch.h */
	/* The life of the guest's CPU (vmm/startup.c). Other CPUs read it, and write the next two. */
	uint32_t signals;	 /* INIT and a startup IPI on their way (vmm/signal.h) */
	bool kicked;		 /* another CPU wants an exit; the NMI that makes it is ours (vmm/kick.h) */
	bool in_guest;		 /* between the last look at what changed before an entry, and its exit */
	bool in_flight;		 /* performs an access that nobody settled (vmm/flight.h) */
	uint64_t moves;		 /* of devices, made by this CPU (vmm/flight.h) */
	bool parked;		 /* waits for a startup IPI: executes nothing, is in no walk */
	bool is_still;		 /* likewise, its caches are written back, and it writes to none of our memory */
	bool reset_is_due;	 /* of what an INIT resets beside the vCPU */
	uint32_t logical_destination, destination_format; /* LDR and DFR (vmm/destination.h) */
	uint64_t alarm_tsc;	 /* vmm/deadline.c's: when this CPU has to look */
	bool checks_deadlines;	 /* likewise: it does so now */
	uint64_t swap_exit, swap_epoch; /* hook/hook_swap.c's: in that exit, this epoch counts */
	uint8_t steps;		 /* 1: an instruction is stepped over (mmio_step.c); else 0 */
};

struct decoded_instruction;
struct guest_fault;

enum msr_result {
	MSR_NOT_HELD, /* the CPU's own register is the guest's */
	MSR_DONE,
	MSR_FAULT,    /* #GP(0) */
};

/* What each vendor implements. Context, where nothing else is said: exit, on the vCPU's own CPU. */
struct vcpu_operations {
	const char *name; /* "SVM", "VMX" */
	bool init_exits; /* hardware delivers INIT and startup IPIs within the guest */
	const char *vendor; /* whose CPUs have it, by CPUID leaf 0 */
	/* Can this CPU run us? If not, writes why in plain words into `why`. Context: boot, or likewise when it is back
	 * from suspend to RAM. */
	bool (*probe)(char *why, size_t why_bytes);
	/* NULL, or: can the CPU catch INITs, wherever they come from? Those of a guest's CPU become its signals then
	 * (vmm/signal.h), at once when it runs in its guest; startup IPIs are lost. To be asked of the boot
	 * CPU, before the others come and before start(). Context: boot. */
	bool (*can_catch_inits)(void);
	/* Makes what a vCPU needs in memory: vcpu->backend, and on the first call the tables for all.
	 * 0 or -errno. Context: boot, any CPU. */
	int (*create)(struct vcpu *vcpu);
	/* Turns virtualization on for the CPU this runs on, which is vcpu->cpu, and puts the vCPU into
	 * the state after INIT (real mode) as reset() does. There is no way back: the OS can only boot with
	 * us after it. Context: boot. */
	void (*start)(struct vcpu *vcpu);
	/* The guest's CPU has an INIT: registers change as they do then (AMD APM v2 14.1.3, Intel SDM 3 table
	 * 10-1), but for CS:RIP, which is 0:0. What INIT keeps stays. */
	void (*reset)(struct vcpu *vcpu);
	/* NULL, or (true) the vCPU waits for a startup IPI when it enters its guest, and gets EXIT_SIPI for
	 * it; (false) not any more. */
	void (*wait_for_startup)(struct vcpu *vcpu, bool wait);
	/* Replaces the vCPU's state, which start() left at reset values, by a running CPU's; what the
	 * struct does not hold (PAT, SYSENTER, SYSCALL and debug MSRs) becomes what the CPU has now,
	 * which we have not changed. Any mode; to go on in long mode is what UEFI needs. Context: boot,
	 * after start(). */
	void (*capture_state)(struct vcpu *vcpu, const struct cpu_state *state);
	/* For ever: run_prepare() (vmm/run.h), the guest until an exit, vcpu->exit filled,
	 * run_finish(). */
	void (*loop)(struct vcpu *vcpu, void (*handle)(struct vcpu *vcpu))
		__attribute__((noreturn));
	void (*get_segment)(struct vcpu *vcpu, enum segment which, struct segment_register *out);
	void (*set_segment)(struct vcpu *vcpu, enum segment which, const struct segment_register *in);
	uint64_t (*get_control)(struct vcpu *vcpu, unsigned number); /* CR0, CR2, CR3, CR4 */
	void (*set_control)(struct vcpu *vcpu, unsigned number, uint64_t value);
	uint64_t (*get_efer)(struct vcpu *vcpu); /* as the guest sees it */
	/* MSRs whose guest's value the back end holds itself, or hides (EFER, PAT, those of the
	 * virtualization extension). */
	enum msr_result (*read_msr)(struct vcpu *vcpu, uint32_t msr, uint64_t *value);
	enum msr_result (*write_msr)(struct vcpu *vcpu, uint32_t msr, uint64_t value);
	/* CPUID leaves that the extension shows in: hidden. registers: EAX, EBX, ECX, EDX */
	void (*hide_cpuid)(uint32_t leaf, uint32_t registers[4]);
	unsigned (*get_cpl)(struct vcpu *vcpu);
	/* Injects at the next run. error_code < 0: none. */
	void (*inject_exception)(struct vcpu *vcpu, unsigned vector, int64_t error_code);
	void (*inject_interrupt)(struct vcpu *vcpu, unsigned vector); /* only if can_interrupt */
	void (*inject_nmi)(struct vcpu *vcpu);	     /* only if can_inject_nmi */
	/* #DB for the guest's own TF, after an instruction that was emulated. */
	void (*inject_single_step)(struct vcpu *vcpu);
	/* #DB for breakpoints on data or ports that an emulated instruction met: bits 0 to 3 of DR6. */
	void (*inject_breakpoints)(struct vcpu *vcpu, unsigned hits);
	uint64_t (*get_debug)(struct vcpu *vcpu, unsigned number); /* DR0 to DR3, DR7 */
	/* Is nothing being injected, or delivered again? */
	bool (*can_inject)(struct vcpu *vcpu);
	/* Can an NMI be injected now? If not, the back end sees to an exit when that changes. */
	bool (*can_inject_nmi)(struct vcpu *vcpu);
	bool (*can_interrupt)(struct vcpu *vcpu); /* IF set, no shadow, nothing being injected */
	/* EXIT_INTERRUPT_WINDOW as soon as can_interrupt */
	void (*want_interrupt_window)(struct vcpu *vcpu, bool want);
	void (*want_interrupts)(struct vcpu *vcpu, bool want); /* EXIT_INTERRUPT */
	/* Single-step, until end_step(): what comes next runs alone with interrupts held, then
	 * EXIT_DEBUG_EXCEPTION: the delivery of an event that is being injected, else an instruction, which
	 * `instruction` describes (NULL: not known). The guest does not see it in its flags, in DR6 or on
	 * its stack; traps that the instruction gives the guest itself are seen to. May be called again
	 * meanwhile. */
	void (*begin_step)(struct vcpu *vcpu, const struct decoded_instruction *instruction);
	void (*end_step)(struct vcpu *vcpu);
	/* Has the CPU deliver the event of an INT n, INT3, INTO or ICEBP at RIP, without executing it. NULL:
	 * a step ends before the handler's first instruction. */
	void (*software_interrupt)(struct vcpu *vcpu, const struct decoded_instruction *instruction);
	/* Loads SS as MOV SS does, with the interrupt shadow behind it. False: `fault` tells. NULL: a step
	 * ends behind such an instruction. */
	bool (*load_stack_segment)(struct vcpu *vcpu, uint16_t selector, struct guest_fault *fault);
	/* HLT, at RIP: waits as the CPU would, or has the guest come back to it. */
	void (*halt)(struct vcpu *vcpu);
	/* vcpu->alarm_tsc has changed. True: EXIT_ALARM comes then. False: an exit of whatever kind does, but not while
	 * the guest has its interrupts off, or its timer cannot be had (vmm/apic_timer.h). */
	bool (*set_alarm)(struct vcpu *vcpu);
	/* NULL, or the guest waits at EXIT_IDLE's HLT, until the alarm at most. */
	void (*idle)(struct vcpu *vcpu);
	/* Intercept tables, one for all vCPUs. In force on other CPUs after vcpu_intercepts_changed(). Context:
	 * boot, exit. */
	void (*intercept_port)(uint16_t port, bool want);
	void (*intercept_msr)(uint32_t msr, bool read, bool write);
	/* The vCPU goes on with the nested tables (vmm/nested_table.h) as they are now. */
	void (*nested_flush)(struct vcpu *vcpu);
	/* The host's own TR, LDTR, FS, GS, SYSCALL MSRs in place of the guest's, and back: around
	 * anything at CPL 3 or that takes interrupts. host_begin also lets NMIs in. */
	void (*host_begin)(struct vcpu *vcpu);
	void (*host_end)(struct vcpu *vcpu);
	/* Prints the vendor's state of the vCPU. Context: a panic. */
	void (*dump)(struct vcpu *vcpu);
};

/* The first guest-physical address that the nested tables never map: what the CPU does not have, what
 * their levels do not reach, and what would be another name of memory below (keys of memory encryption).
 * Written at boot by vmm/nested_table.c. */
extern hpa_t vcpu_nested_limit;

/* CPUID leaf 80000008h: no more address bits than that. */
void vcpu_limit_address_bits(uint32_t registers[4]);

/* The back end chosen at boot. */
extern const struct vcpu_operations *vcpu_ops;

/* Moves RIP past the instruction that exited, whose opcode has `opcode_bytes` bytes behind its
 * prefixes, and ends an interrupt shadow. Injects the fault that a fetch would give if it cannot be read. */
static inline void vcpu_skip_instruction(struct vcpu *vcpu, unsigned opcode_bytes);

/* vmm/mmio_step.c: ends the step over an instruction, which is executed, or is to be tried again. */
void mmio_end_step(struct vcpu *vcpu);

/* vmm/skip.c: the next RIP from the instruction's bytes; false: a fault was injected instead. */
bool vcpu_find_next_rip(struct vcpu *vcpu, unsigned opcode_bytes);

/* What an exit of that kind is called in messages. */
const char *vcpu_exit_name(enum exit_kind kind);

/* To be called after an intercept or a nested table was changed: when it returns, no CPU runs its
 * guest with the old state. May be called with a registry's lock held. Context: boot, exit. */
void vcpu_intercepts_changed(void);

/* Told, with the vCPU, before the guest's triple fault and its like reset the machine. Context: exit. */
extern struct watchers vcpu_reset_watchers;

/* Told, with the vCPU, of an NMI of the guest's that has made it exit, before it is injected. Context: exit; without
 * locks. */
extern struct watchers vcpu_nmi_watchers;

/* Resets the machine, whose guest does not run yet, or any more. Context: any. */
_Noreturn void vcpu_reset_now(void);

/* Resets the machine, and says that it is because the guest `why`. Context: exit. */
_Noreturn void vcpu_reset_machine(struct vcpu *vcpu, const char *why);

/* The run loop: enters the guest, dispatches exits, for ever. Context: boot, on the vCPU's own CPU. */
_Noreturn void vcpu_loop(struct vcpu *vcpu);

/* A physical interrupt that the host took while the guest should have: it is delivered to the guest
 * as soon as it can take it. True: it was not pending already. Context: interrupt, host_context. */
bool vcpu_accept_interrupt(struct vcpu *vcpu, unsigned vector);

/* It was none: the guest does not get what was accepted since it last ran. Context: as above. */
void vcpu_withdraw_interrupt(struct vcpu *vcpu, unsigned vector);

/* What is still to be delivered to the guest, or was begun for it, is no more: it has had an INIT. Context:
 * exit. */
void vcpu_forget(struct vcpu *vcpu);

/* CPU mode helpers. */
static inline bool vcpu_is_long(struct vcpu *vcpu)
{
	return (vcpu_ops->get_efer(vcpu) & EFER_LMA) != 0;
}

static inline void vcpu_skip_instruction(struct vcpu *vcpu, unsigned opcode_bytes)
{
	if (vcpu->exit.next_rip == 0 && !vcpu_find_next_rip(vcpu, opcode_bytes))
		return;
	vcpu->rip = vcpu->exit.next_rip;
	vcpu->shadow_ended = true;
	/* What the CPU does when an instruction completes (AMD APM v2 3.1.6, 13.1.4) */
	vcpu->rflags &= ~RFLAGS_RF;
	if (vcpu->steps != 0)
		mmio_end_step(vcpu);
	if (vcpu->rflags & RFLAGS_TF)
		vcpu_ops->inject_single_step(vcpu);
}

#endif
