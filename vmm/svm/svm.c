/*
 * vmm/svm/svm.c: the SVM back end: probing, the VMCB, the host's own state, and the table of its
 * operations.
 */
#include "vmm/nested_table.h"
#include "vmm/svm/svm.h"

#include "core/cpu.h"
#include "core/exception.h"
#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/string.h"
#include "rv/errno.h"
#include "vmm/kick.h"
#include "vmm/svm/svm_init.h"
#include "vmm/svm/svm_ops.h"

#define CPUID_SVM_NESTED_PAGING 0x1u
#define GUEST_ASID 1

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
	if (svm_lacks_redirect()) {
		print_format(why, why_bytes, "it cannot catch INITs as the boot CPU can");
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
	vmcb->gdtr = vmcb->idtr = (struct vmcb_segment){ .limit = 0xffff };
	vmcb->cpl = 0;
	vmcb->cr0 = (vmcb->cr0 & (CR0_CD | CR0_NW)) | CR0_ET;
	vmcb->cr2 = vmcb->cr3 = vmcb->cr4 = 0;
	vmcb->dr6 = 0xffff0ff0;
	vmcb->dr7 = 0x400;
	vmcb->efer = EFER_SVME;
	vmcb->interrupt_shadow = vmcb->v_intr = vmcb->exit_int_info = 0;
}

static void svm_init_control(const struct cpu *cpu, struct vmcb *vmcb)
{
	/* NMIs: svm_nmi.c; with more than one CPU, they are how these make each other exit. */
	vmcb->intercept3 = INTERCEPT_CPUID | INTERCEPT_INVD | INTERCEPT_INVLPGA | INTERCEPT_IOIO |
			   INTERCEPT_MSR | INTERCEPT_SHUTDOWN | INTERCEPT_NMI;
	if (svm_redirects_inits())
		vmcb->intercept3 |= INTERCEPT_INIT;
	/* Our handler is not in the nested tables, by which emulators execute in SMM as in the guest. One of
	 * the firmware's is, and may look at the guest's registers. */
	if (cpu->smis_are_ours)
		vmcb->intercept3 |= INTERCEPT_SMI;
	vmcb->intercept4 = INTERCEPT_VMRUN | INTERCEPT_VMMCALL | INTERCEPT_VMLOAD |
			   INTERCEPT_VMSAVE | INTERCEPT_STGI | INTERCEPT_CLGI | INTERCEPT_SKINIT;
	vmcb->intercept_exceptions = SVM_EXCEPTIONS;
	vmcb->iopm_base = svm_tables_ports();
	vmcb->msrpm_base = svm_tables_msrs();
	vmcb->asid = GUEST_ASID;
	vmcb->nested_control = 1;
	vmcb->nested_cr3 = nested_root();
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
	svm->step.data_root = memory_allocate_page();
	if (svm->step.data_root == NULL)
		goto no_data_root;
	svm->vmcb_physical = memory_physical(svm->vmcb);
	svm->host_physical = memory_physical(host_vmcb);
	svm->host_save_physical = memory_physical(host_save);
	vcpu->backend = svm;
	return 0;

no_data_root:
	memory_free_page(svm->vmcb);
no_vmcb:
	memory_free_page(host_vmcb);
no_host_vmcb:
	memory_free_page(host_save);
no_host_save:
	memory_free(svm);
	return -RV_ENOMEM;
}

static void svm_reset_state(struct vcpu *vcpu, struct svm_vcpu *svm)
{
	svm_init_state(svm->vmcb);
	svm->event_inject = 0;
	svm->virtual_interrupt = svm->virtual_refused = svm->virtual_alone = svm->was_alone = false;
	svm->nmi = SVM_NMI_FREE;
	svm->halts = svm->idles = false;
	svm->idle_rip = svm->halt_rip = 0;
	svm->step.active = false;
	svm->step.interrupt_length = 0;
	svm_request_flush(svm);
	memset(vcpu->gpr, 0, sizeof(vcpu->gpr));
	vcpu->gpr[GPR_RDX] = cpuid_query(1, 0).eax;
	vcpu->rip = 0;
	vcpu->rflags = RFLAGS_FIXED;
}

static void svm_start(struct vcpu *vcpu)
{
	struct svm_vcpu *svm = svm_of(vcpu);

	/* Without SYSCALL: firmware may have left it on, and an engine's would lead to the guest's or the
	 * firmware's LSTAR at CPL 0. */
	msr_write(MSR_EFER, (msr_read(MSR_EFER) | EFER_SVME) & ~EFER_SCE);
	msr_write(MSR_VM_HSAVE_PA, svm->host_save_physical);
	__asm__ volatile("clgi");
	svm_begin_redirect(vcpu->cpu == &cpu_boot);
	/* What VMSAVE stores is the host's for host_begin(), and for the guest where it shares the
	 * machine's values (SYSCALL and SYSENTER MSRs). */
	memset(svm->vmcb, 0, sizeof(*svm->vmcb));
	svm_vmsave(svm->host_physical);
	svm_vmsave(svm->vmcb_physical);
	svm->vmcb->pat = msr_read(MSR_PAT);
	svm_init_control(vcpu->cpu, svm->vmcb);
	svm_reset_state(vcpu, svm);
	exception_use_stacks(false);
	svm_vmload(svm->vmcb_physical);
}

/* What VMLOAD and VMSAVE switch and INIT does not change stays as it is in the CPU. */
static void svm_reset(struct vcpu *vcpu)
{
	struct svm_vcpu *svm = svm_of(vcpu);

	svm_vmsave(svm->vmcb_physical);
	svm_init_control(vcpu->cpu, svm->vmcb);
	svm_reset_state(vcpu, svm);
	svm_vmload(svm->vmcb_physical);
	svm_want_interrupts(vcpu, vcpu->interrupts_wanted);
	svm_intercept_waits(vcpu);
}

static void svm_nested_flush(struct vcpu *vcpu)
{
	svm_request_flush(svm_of(vcpu));
}

static void svm_host_begin(struct vcpu *vcpu)
{
	svm_vmsave(svm_of(vcpu)->vmcb_physical);
	svm_vmload(svm_of(vcpu)->host_physical);
	exception_use_stacks(true);
	__asm__ volatile("stgi" ::: "memory");
	vcpu->host_context = true;
}

static void svm_host_end(struct vcpu *vcpu)
{
	vcpu->host_context = false;
	__asm__ volatile("clgi" ::: "memory");
	exception_use_stacks(false);
	svm_vmload(svm_of(vcpu)->vmcb_physical);
	if (vcpu->cpu->nmi_seen) {
		if (!kick_take_nmi(vcpu))
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
	.can_catch_inits = svm_can_redirect_inits,
	.create = svm_create,
	.start = svm_start,
	.reset = svm_reset,
	.capture_state = svm_capture_state,
	.loop = svm_loop,
	.get_segment = svm_get_segment,
	.set_segment = svm_set_segment,
	.get_control = svm_get_control,
	.set_control = svm_set_control,
	.get_efer = svm_get_efer,
	.read_msr = svm_read_msr,
	.write_msr = svm_write_msr,
	.hide_cpuid = svm_hide_cpuid,
	.get_cpl = svm_get_cpl,
	.inject_exception = svm_inject_exception,
	.inject_interrupt = svm_inject_interrupt,
	.inject_nmi = svm_inject_nmi,
	.inject_single_step = svm_inject_single_step,
	.inject_breakpoints = svm_inject_breakpoints,
	.get_debug = svm_get_debug,
	.can_inject = svm_can_inject,
	.can_inject_nmi = svm_can_inject_nmi,
	.can_interrupt = svm_can_interrupt,
	.want_interrupt_window = svm_want_interrupt_window,
	.want_interrupts = svm_want_interrupts,
	.begin_step = svm_begin_step,
	.end_step = svm_end_step,
	.software_interrupt = svm_software_interrupt,
	.load_stack_segment = svm_load_stack_segment,
	.halt = svm_halt,
	.set_alarm = svm_set_alarm,
	.idle = svm_idle,
	.intercept_port = svm_intercept_port,
	.intercept_msr = svm_intercept_msr,
	.nested_flush = svm_nested_flush,
	.host_begin = svm_host_begin,
	.host_end = svm_host_end,
	.dump = svm_dump,
};
