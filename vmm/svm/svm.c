/*
 * vmm/svm/svm.c: the SVM back end's operations: probing, the VMCB, running, injection, host state.
 */
#include "vmm/svm/svm.h"

#include "core/cpu.h"
#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/string.h"
#include "rv/errno.h"
#include "vmm/cpuid.h"
#include "vmm/guest_memory.h"
#include "vmm/run.h"
#include "vmm/svm/svm_ops.h"

#define CPUID_SVM_NESTED_PAGING 0x1u
#define CPUID_SVM_NEXT_RIP 0x8u
#define GUEST_ASID 1
#define TLB_FLUSH_ALL 1
#define DR6_BS UINT64_C(0x4000)
#define CODE_IS_LONG 0x200 /* the L attribute, which counts in long mode only */

static bool svm_probe(char *why, size_t why_bytes)
{
	uint64_t control;

	if (cpuid_query(0x80000000, 0).eax < 0x8000000a ||
	    !(cpuid_query(0x80000001, 0).ecx & 4)) {
		print_format(why, why_bytes, "this CPU has no AMD-V (SVM), or it is switched off");
		return false;
	}
	if (!(cpuid_query(0x8000000a, 0).edx & CPUID_SVM_NESTED_PAGING)) {
		print_format(why, why_bytes, "this CPU's AMD-V has no nested paging");
		return false;
	}
	/* APM v2 15.4; emulators may lack the MSR */
	if (msr_read_safe(MSR_VM_CR, &control) && (control & VM_CR_SVMDIS)) {
		print_format(why, why_bytes,
			     "AMD-V is disabled%s; enable \"SVM mode\" in the firmware's setup",
			     control & VM_CR_LOCK ? " and locked by the firmware" : "");
		return false;
	}
	return true;
}

/* Real mode at reset values but for CS:IP and such, which boot/ sets (APM v2 14.1.3). */
static void svm_init_state(struct vmcb *vmcb)
{
	const struct vmcb_segment data = { .attributes = 0x93, .limit = 0xffff };

	for (unsigned i = 0; i < SEGMENT_COUNT; i++)
		vmcb->segments[i] = data;
	vmcb->segments[SEGMENT_CS].attributes = 0x9b;
	vmcb->ldtr = (struct vmcb_segment){ .attributes = 0x82, .limit = 0xffff };
	vmcb->tr = (struct vmcb_segment){ .attributes = 0x8b, .limit = 0xffff };
	vmcb->gdtr.limit = vmcb->idtr.limit = 0xffff;
	vmcb->cr0 = 0x10;
	vmcb->dr6 = 0xffff0ff0;
	vmcb->dr7 = 0x400;
	vmcb->rflags = RFLAGS_FIXED;
	vmcb->efer = EFER_SVME;
	vmcb->pat = msr_read(MSR_PAT);
}

static void svm_init_control(struct vmcb *vmcb)
{
	/* With more than one CPU, NMIs are how they make each other exit. */
	vmcb->intercept3 = INTERCEPT_CPUID | INTERCEPT_INVLPGA | INTERCEPT_IOIO | INTERCEPT_MSR |
			   INTERCEPT_SHUTDOWN | (cpus_count > 1 ? INTERCEPT_NMI : 0);
	vmcb->intercept4 = INTERCEPT_VMRUN | INTERCEPT_VMMCALL | INTERCEPT_VMLOAD |
			   INTERCEPT_VMSAVE | INTERCEPT_STGI | INTERCEPT_CLGI | INTERCEPT_SKINIT;
	vmcb->iopm_base = svm_tables_ports();
	vmcb->msrpm_base = svm_tables_msrs();
	vmcb->asid = GUEST_ASID;
	vmcb->nested_control = 1;
	vmcb->nested_cr3 = npt_root();
}

/* The tables are made once, by the first CPU. */
static int svm_init_tables(void)
{
	static bool done;
	int error;

	if (done)
		return 0;
	error = svm_tables_init();
	if (error == 0)
		error = npt_init();
	if (error != 0)
		return error;
	svm_intercept_msr(MSR_EFER, true, true);
	for (uint32_t msr = MSR_VM_CR; msr <= MSR_SVM_KEY; msr++)
		svm_intercept_msr(msr, true, true);
	for (uint32_t msr = MSR_GUARDED_FIRST; msr <= MSR_GUARDED_LAST; msr++)
		svm_intercept_msr(msr, false, svm_guards_msr(msr));
	done = true;
	return 0;
}

static int svm_create(struct vcpu *vcpu)
{
	struct svm_vcpu *svm;
	void *host_save, *host_vmcb;
	int error;

	error = svm_init_tables();
	if (error != 0)
		return error;
	svm = memory_allocate(sizeof(*svm));
	if (svm == NULL)
		return -RV_ENOMEM;
	host_save = memory_allocate_page();
	if (host_save == NULL)
		goto no_host_save;
	host_vmcb = memory_allocate_page();
	if (host_vmcb == NULL)
		goto no_host_vmcb;
	svm->vmcb = memory_allocate_page();
	if (svm->vmcb == NULL)
		goto no_vmcb;
	svm->vmcb_physical = memory_physical(svm->vmcb);
	svm->host_physical = memory_physical(host_vmcb);
	svm->host_save_physical = memory_physical(host_save);
	svm->next_rip_saved = cpuid_query(0x8000000a, 0).edx & CPUID_SVM_NEXT_RIP;
	vcpu->backend = svm;
	return 0;

no_vmcb:
	memory_free_page(host_vmcb);
no_host_vmcb:
	memory_free_page(host_save);
no_host_save:
	memory_free(svm);
	return -RV_ENOMEM;
}

static void svm_start(struct vcpu *vcpu)
{
	struct svm_vcpu *svm = svm_of(vcpu);

	msr_write(MSR_EFER, msr_read(MSR_EFER) | EFER_SVME);
	msr_write(MSR_VM_HSAVE_PA, svm->host_save_physical);
	__asm__ volatile("clgi");
	/* What VMSAVE stores is the host's for host_begin(), and for the guest where it shares the
	 * machine's values (SYSCALL and SYSENTER MSRs). */
	memset(svm->vmcb, 0, sizeof(*svm->vmcb));
	svm_vmsave(svm->host_physical);
	svm_vmsave(svm->vmcb_physical);
	svm_init_state(svm->vmcb);
	svm_init_control(svm->vmcb);
	svm_vmload(svm->vmcb_physical);
	svm->event_inject = 0;
	svm_request_flush(svm);
	memset(vcpu->gpr, 0, sizeof(vcpu->gpr));
	vcpu->rflags = RFLAGS_FIXED;
}

/* CPUID that nobody claims is answered at once: it always exits, and guests execute it thousands of
 * times at boot. False: the general way has to do it. */
static bool svm_answer_cpuid(struct vcpu *vcpu, struct vmcb *vmcb)
{
	uint32_t leaf = (uint32_t)vmcb->rax;
	struct cpuid_result result;
	uint64_t next_rip = vmcb->next_rip;

	if (cpuid_is_claimed() || !cpuid_is_plain(leaf) || (vmcb->rflags & RFLAGS_TF))
		return false;
	if (next_rip == 0) {
		const uint8_t *code;

		/* Without nRIP the bytes tell; other modes, and prefixes, go the general way. */
		if (!(vmcb->segments[SEGMENT_CS].attributes & CODE_IS_LONG) ||
		    !(vmcb->efer & EFER_LMA) || (vmcb->cr4 & CR4_LA57))
			return false;
		code = guest_peek_long_code(vcpu->cpu->index, vmcb->rip, vmcb->cr3);
		if (code == NULL || code[0] != 0x0f || code[1] != 0xa2)
			return false;
		next_rip = vmcb->rip + 2;
	}
	result = cpuid_query(leaf, (uint32_t)vcpu->gpr[GPR_RCX]);
	vmcb->rax = result.eax;
	vcpu->gpr[GPR_RBX] = result.ebx;
	vcpu->gpr[GPR_RCX] = result.ecx;
	vcpu->gpr[GPR_RDX] = result.edx;
	vmcb->rip = next_rip;
	vmcb->rflags &= ~RFLAGS_RF;
	vmcb->interrupt_shadow = 0;
	vcpu->exits_by_kind[EXIT_CPUID]++;
	return true;
}

/* Enters the guest until an exit that somebody above has to see. */
static void svm_enter_until_exit(struct vcpu *vcpu, struct svm_vcpu *svm, struct vmcb *vmcb)
{
	do {
		/* SMM's RSM may have cleared it; VMRUN demands it (APM v2 15.5.1). */
		vmcb->efer |= EFER_SVME;
		svm_enter(vcpu, svm->vmcb_physical);
		if (svm->entry_special) {
			svm->entry_special = false;
			vmcb->event_inject = 0;
			vmcb->tlb_control = 0;
		}
	} while (vmcb->exit_code == VMEXIT_CPUID && svm_answer_cpuid(vcpu, vmcb));
}

/* Here because ports are what scripts hook most. EXITINFO1 has the layout that vcpu.h took over from
 * it (APM v2 15.10.2), but for bits that older CPUs lack. */
static inline void svm_read_port(struct vcpu *vcpu, const struct vmcb *vmcb)
{
	vcpu->exit.kind = EXIT_PORT;
	vcpu->exit.reason = VMEXIT_IOIO;
	vcpu->exit.next_rip = vmcb->exit_info2;
	vcpu->exit.port = (uint32_t)vmcb->exit_info1;
}

/* One pass through the guest. */
static inline __attribute__((always_inline)) void svm_run(struct vcpu *vcpu, struct svm_vcpu *svm,
							   struct vmcb *vmcb)
{
	vmcb->rax = vcpu->gpr[GPR_RAX];
	vmcb->rsp = vcpu->gpr[GPR_RSP];
	vmcb->rip = vcpu->rip;
	vmcb->rflags = vcpu->rflags;
	if (vcpu->shadow_ended) {
		vcpu->shadow_ended = false;
		vmcb->interrupt_shadow &= ~UINT64_C(1);
	}
	if (svm->entry_special) {
		vmcb->event_inject = svm->event_inject;
		vmcb->tlb_control = svm->flush ? TLB_FLUSH_ALL : 0;
		svm->event_inject = 0;
		svm->flush = false;
	}
	svm_enter_until_exit(vcpu, svm, vmcb);
	vcpu->gpr[GPR_RAX] = vmcb->rax;
	vcpu->gpr[GPR_RSP] = vmcb->rsp;
	vcpu->rip = vmcb->rip;
	vcpu->rflags = vmcb->rflags;
	if (vmcb->exit_code == VMEXIT_IOIO) {
		svm_read_port(vcpu, vmcb);
		return; /* never amid the delivery of an event */
	}
	svm_read_exit(vcpu);
	/* An exit amid the delivery of an event: it is delivered again (APM v2 15.7.2), but software
	 * interrupts, whose instruction runs again. */
	if ((vmcb->exit_int_info & EVENT_VALID) &&
	    (vmcb->exit_int_info >> EVENT_TYPE_SHIFT & 7) != EVENT_SOFTWARE)
		svm_set_event(svm, vmcb->exit_int_info);
}

__attribute__((noreturn)) static void svm_loop(struct vcpu *vcpu,
					       void (*handle)(struct vcpu *vcpu))
{
	struct svm_vcpu *svm = svm_of(vcpu);

	for (;;) {
		run_prepare(vcpu);
		svm_run(vcpu, svm, svm->vmcb);
		run_finish(vcpu, handle);
	}
}

static void svm_inject_exception(struct vcpu *vcpu, unsigned vector, int64_t error_code)
{
	uint64_t event = EVENT_VALID | EVENT_EXCEPTION << EVENT_TYPE_SHIFT | vector;

	if (error_code >= 0)
		event |= EVENT_ERROR_CODE | (uint64_t)error_code << 32;
	svm_set_event(svm_of(vcpu), event);
}

static void svm_inject_interrupt(struct vcpu *vcpu, unsigned vector)
{
	svm_set_event(svm_of(vcpu), EVENT_VALID | EVENT_INTERRUPT << EVENT_TYPE_SHIFT | vector);
}

static void svm_inject_nmi(struct vcpu *vcpu)
{
	svm_set_event(svm_of(vcpu), EVENT_VALID | EVENT_NMI << EVENT_TYPE_SHIFT | 2);
}

static void svm_inject_single_step(struct vcpu *vcpu)
{
	svm_of(vcpu)->vmcb->dr6 |= DR6_BS;
	svm_inject_exception(vcpu, 1, -1);
}

static bool svm_can_inject(struct vcpu *vcpu)
{
	return svm_of(vcpu)->event_inject == 0;
}

static bool svm_can_interrupt(struct vcpu *vcpu)
{
	const struct svm_vcpu *svm = svm_of(vcpu);

	return (vcpu->rflags & RFLAGS_IF) &&
	       (vcpu->shadow_ended || !(svm->vmcb->interrupt_shadow & 1)) &&
	       svm->event_inject == 0;
}

static void svm_want_interrupt_window(struct vcpu *vcpu, bool want)
{
	struct vmcb *vmcb = svm_of(vcpu)->vmcb;

	/* APM v2 15.21.4: a virtual interrupt, intercepted just before it would be taken */
	if (want) {
		vmcb->intercept3 |= INTERCEPT_VINTR;
		vmcb->v_intr = V_IRQ | V_IGN_TPR | UINT64_C(0xf) << V_INTR_PRIORITY_SHIFT;
	} else {
		vmcb->intercept3 &= ~INTERCEPT_VINTR;
		vmcb->v_intr = 0;
	}
}

static void svm_want_interrupts(struct vcpu *vcpu, bool want)
{
	struct vmcb *vmcb = svm_of(vcpu)->vmcb;

	vmcb->intercept3 = want ? vmcb->intercept3 | INTERCEPT_INTR
				: vmcb->intercept3 & ~INTERCEPT_INTR;
}

/* TF makes #DB after the next instruction; the interrupt shadow keeps interrupts off it. If the
 * instruction faults instead, that ends the step: svm_read_exception(). #BP and #OF, which follow
 * their instructions, go to the guest as ever, and NMIs are no exceptions. */
#define STEP_EXCEPTIONS (~(1u << 2 | 1u << 3 | 1u << 4))

static void svm_want_step(struct vcpu *vcpu, bool want)
{
	struct svm_vcpu *svm = svm_of(vcpu);

	if (want) {
		svm->step_saved_tf = vcpu->rflags & RFLAGS_TF;
		svm->vmcb->intercept_exceptions |= STEP_EXCEPTIONS;
		svm->vmcb->interrupt_shadow |= 1;
		vcpu->shadow_ended = false;
		vcpu->rflags |= RFLAGS_TF;
		return;
	}
	svm->vmcb->intercept_exceptions &= ~STEP_EXCEPTIONS;
	if (!svm->step_saved_tf)
		vcpu->rflags &= ~RFLAGS_TF;
	svm->vmcb->dr6 &= ~DR6_BS;
}

static void svm_nested_flush(struct vcpu *vcpu)
{
	svm_request_flush(svm_of(vcpu));
}

static void svm_host_begin(struct vcpu *vcpu)
{
	svm_vmsave(svm_of(vcpu)->vmcb_physical);
	svm_vmload(svm_of(vcpu)->host_physical);
	__asm__ volatile("stgi" ::: "memory");
	vcpu->host_context = true;
}

static void svm_host_end(struct vcpu *vcpu)
{
	vcpu->host_context = false;
	__asm__ volatile("clgi" ::: "memory");
	svm_vmload(svm_of(vcpu)->vmcb_physical);
	if (vcpu->cpu->nmi_seen) {
		vcpu->cpu->nmi_seen = false;
		if (!__atomic_exchange_n(&vcpu->cpu->kicked, false, __ATOMIC_SEQ_CST))
			vcpu->nmi_pending = true;
	}
}

static void svm_dump(struct vcpu *vcpu)
{
	const struct vmcb *vmcb = svm_of(vcpu)->vmcb;

	log_line(LOG_FATAL, "VMCB: EXITCODE %lx EXITINFO1 %lx EXITINFO2 %lx EXITINTINFO %lx",
		 vmcb->exit_code, vmcb->exit_info1, vmcb->exit_info2, vmcb->exit_int_info);
	log_line(LOG_FATAL, "  CS %04x:%016lx base %016lx attributes %03x CPL %u",
		 vmcb->segments[SEGMENT_CS].selector, vmcb->rip, vmcb->segments[SEGMENT_CS].base,
		 vmcb->segments[SEGMENT_CS].attributes, vmcb->cpl);
	log_line(LOG_FATAL, "  CR0 %016lx CR3 %016lx CR4 %016lx EFER %lx", vmcb->cr0, vmcb->cr3,
		 vmcb->cr4, vmcb->efer);
	log_line(LOG_FATAL, "  RSP %016lx RAX %016lx RFLAGS %lx shadow %lx", vmcb->rsp, vmcb->rax,
		 vmcb->rflags, vmcb->interrupt_shadow);
}

const struct vcpu_operations svm_operations = {
	.name = "SVM",
	.vendor = "AuthenticAMD",
	.probe = svm_probe,
	.create = svm_create,
	.start = svm_start,
	.capture_state = svm_capture_state,
	.loop = svm_loop,
	.get_segment = svm_get_segment,
	.set_segment = svm_set_segment,
	.get_control = svm_get_control,
	.set_control = svm_set_control,
	.get_efer = svm_get_efer,
	.read_msr = svm_read_msr,
	.write_msr = svm_write_msr,
	.guards_msr = svm_guards_msr,
	.hide_cpuid = svm_hide_cpuid,
	.get_cpl = svm_get_cpl,
	.inject_exception = svm_inject_exception,
	.inject_interrupt = svm_inject_interrupt,
	.inject_nmi = svm_inject_nmi,
	.inject_single_step = svm_inject_single_step,
	.can_inject = svm_can_inject,
	.can_interrupt = svm_can_interrupt,
	.want_interrupt_window = svm_want_interrupt_window,
	.want_interrupts = svm_want_interrupts,
	.want_step = svm_want_step,
	.intercept_port = svm_intercept_port,
	.intercept_msr = svm_intercept_msr,
	.nested_deny_page = npt_deny_page,
	.nested_restore_page = npt_restore_page,
	.nested_move_page = npt_move_page,
	.nested_flush = svm_nested_flush,
	.host_begin = svm_host_begin,
	.host_end = svm_host_end,
	.dump = svm_dump,
};
