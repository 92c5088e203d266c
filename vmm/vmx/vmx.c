/*
 * vmm/vmx/vmx.c: the VMX back end's operations: creating, starting, the host's state.
 */
#include "vmm/vmx/vmx.h"

#include "core/cpu.h"
#include "core/exception.h"
#include "core/instructions.h"
#include "core/log.h"
#include "core/memory.h"
#include "rv/errno.h"
#include "vmm/vmx/vmx_ops.h"
#include "vmm/vmx/vmx_quirks.h"

/* vmx_entry.S knows these. */
_Static_assert(offsetof(struct vmx_vcpu, host_rsp) == 16, "VMX_HOST_RSP");
_Static_assert(offsetof(struct vmx_vcpu, launched) == 24, "VMX_LAUNCHED");
_Static_assert(offsetof(struct vmx_vcpu, nmi_seen) == 32, "VMX_NMI_SEEN");
_Static_assert(offsetof(struct vcpu, gpr) == 0, "registers");

/* The tables are made once, by the first CPU. */
static int vmx_init_tables(void)
{
	static bool done;
	int error;

	if (done)
		return 0;
	error = ept_init();
	if (error == 0)
		error = vmx_bitmaps_init();
	done = error == 0;
	return error;
}

/* An NMI between the last look and the entry: see vmx_entry.S. */
static void vmx_handle_host_nmi(void *subject)
{
	struct exception_frame *frame = subject;

	if (frame->rip >= (uint64_t)vmx_enter_checked && frame->rip < (uint64_t)vmx_enter_done)
		frame->rip = (uint64_t)vmx_enter_abort;
}

static int vmx_create(struct vcpu *vcpu)
{
	static struct watcher watcher = { .notify = vmx_handle_host_nmi };
	struct vmx_vcpu *vmx;
	int error = vmx_init_tables();

	if (error != 0)
		return error;
	watch_add(&exception_nmi_watchers, &watcher);
	vmx = memory_allocate(sizeof(*vmx));
	if (vmx == NULL)
		return -RV_ENOMEM;
	vmx->vmcs = memory_allocate_page();
	if (vmx->vmcs == NULL)
		goto no_vmcs;
	vmx->vmxon = memory_allocate_page();
	if (vmx->vmxon == NULL)
		goto no_vmxon;
	vcpu->backend = vmx;
	return 0;

no_vmxon:
	memory_free_page(vmx->vmcs);
no_vmcs:
	memory_free(vmx);
	return -RV_ENOMEM;
}

static void vmx_start(struct vcpu *vcpu)
{
	struct vmx_vcpu *vmx = vmx_of(vcpu);

	/* When the machine has slept, what was told of the old VMCS and of the CPU is of another. */
	vmx->steps = vmx->has_alarm = vmx->had_init = vmx->waits_for_sipi = false;
	vmx->window_wanted = vmx->interrupts_wanted = vmx->interrupt_deferred = false;
	vmx->nmi_seen = &vcpu->cpu->nmi_seen;
	vmx_switch_on(vmx);
	vmx_init_vmcs(vcpu);
	vmx_init_guest(vcpu);
	vmx->flush_nested = true;
}

static void vmx_reset(struct vcpu *vcpu)
{
	vmx_of(vcpu)->had_init = true;
	vmx_init_guest(vcpu);
	/* What waits for a chance to deliver something that is no more */
	vmx_end_nmi_window(vcpu);
	vmx_want_interrupt_window(vcpu, false);
}

/* The handler of an SMI may end a HLT, and RSM does not exit: what the CPU would execute then is not mapped, so
 * it exits before it does, and waits again (startup_wait_again()). */
static void vmx_halt_nowhere(struct vcpu *vcpu)
{
	struct segment_register code;

	vmx_init_guest(vcpu);
	vmx_get_segment(vcpu, SEGMENT_CS, &code);
	code.base = memory_reserved_start;
	vmx_set_segment(vcpu, SEGMENT_CS, &code);
	vmcs_write(VMCS_GUEST_ACTIVITY, ACTIVITY_HLT);
}

static void vmx_wait_for_startup(struct vcpu *vcpu, bool wait)
{
	struct vmx_vcpu *vmx = vmx_of(vcpu);

	if (!wait)
		vmcs_write(VMCS_GUEST_ACTIVITY, ACTIVITY_ACTIVE);
	else if (vmx_quirk_waits_halted(vmx))
		vmx_halt_nowhere(vcpu);
	else
		vmcs_write(VMCS_GUEST_ACTIVITY, ACTIVITY_WAIT_FOR_SIPI);
	vmx->waits_for_sipi = wait;
}

static void vmx_nested_flush(struct vcpu *vcpu)
{
	vmx_of(vcpu)->flush_nested = true;
}

/* TR, FS, GS and the SYSENTER MSRs are the host's since the exit. But the exit sets the GDT's limit
 * to 64 KiB (28.5.2), and an engine must not load descriptors from what lies behind the GDT. CR2 is
 * not switched at all. */
static void vmx_host_begin(struct vcpu *vcpu)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) gdtr = { sizeof(vcpu->cpu->gdt) - 1, (uint64_t)vcpu->cpu->gdt };

	vmx_of(vcpu)->cr2 = cr2_read();
	__asm__ volatile("lgdt %0" ::"m"(gdtr));
	vcpu->host_context = true;
}

static void vmx_host_end(struct vcpu *vcpu)
{
	vcpu->host_context = false;
	cr2_write(vmx_of(vcpu)->cr2);
	if (vcpu->cpu->nmi_seen)
		vmx_take_nmi(vcpu);
}

static void vmx_dump(struct vcpu *vcpu)
{
	(void)vcpu;
	log_line(LOG_FATAL, "VMCS: reason %x qualification %lx guest-physical %lx error %lu",
		 vmcs_read32(VMCS_EXIT_REASON), vmcs_read(VMCS_EXIT_QUALIFICATION),
		 vmcs_read(VMCS_GUEST_PHYSICAL_ADDRESS), vmcs_read(VMCS_INSTRUCTION_ERROR));
	log_line(LOG_FATAL, "  CS %04lx:%016lx base %016lx rights %05lx CPL %u",
		 vmcs_read(VMCS_GUEST_SELECTOR(SEGMENT_CS)), vmcs_read(VMCS_GUEST_RIP),
		 vmcs_read(VMCS_GUEST_BASE(SEGMENT_CS)), vmcs_read(VMCS_GUEST_RIGHTS(SEGMENT_CS)),
		 vmx_get_cpl(vcpu));
	log_line(LOG_FATAL, "  CR0 %016lx CR3 %016lx CR4 %016lx EFER %lx",
		 vmcs_read(VMCS_GUEST_CR0), vmcs_read(VMCS_GUEST_CR3), vmcs_read(VMCS_GUEST_CR4),
		 vmcs_read(VMCS_GUEST_EFER));
	log_line(LOG_FATAL, "  RSP %016lx RFLAGS %lx interruptibility %lx activity %lx",
		 vmcs_read(VMCS_GUEST_RSP), vmcs_read(VMCS_GUEST_RFLAGS),
		 vmcs_read(VMCS_GUEST_INTERRUPTIBILITY), vmcs_read(VMCS_GUEST_ACTIVITY));
	log_line(LOG_FATAL, "  event at entry %lx, interrupted %lx, at exit %lx; controls %x %x",
		 vmcs_read(VMCS_ENTRY_EVENT), vmcs_read(VMCS_VECTORING_EVENT),
		 vmcs_read(VMCS_EXIT_EVENT), vmcs_read32(VMCS_PIN_CONTROLS),
		 vmcs_read32(VMCS_PROCESSOR_CONTROLS));
}

const struct vcpu_operations vmx_operations = {
	.name = "VMX",
	.init_exits = true,
	.vendor = "GenuineIntel",
	.probe = vmx_probe,
	.create = vmx_create,
	.start = vmx_start,
	.reset = vmx_reset,
	.wait_for_startup = vmx_wait_for_startup,
	.capture_state = vmx_capture_state,
	.loop = vmx_loop,
	.get_segment = vmx_get_segment,
	.set_segment = vmx_set_segment,
	.get_control = vmx_get_control,
	.set_control = vmx_set_control,
	.get_efer = vmx_get_efer,
	.read_msr = vmx_read_msr,
	.write_msr = vmx_write_msr,
	.hide_cpuid = vmx_hide_cpuid,
	.get_cpl = vmx_get_cpl,
	.inject_exception = vmx_inject_exception,
	.inject_interrupt = vmx_inject_interrupt,
	.inject_nmi = vmx_inject_nmi,
	.inject_single_step = vmx_inject_single_step,
	.inject_breakpoints = vmx_inject_breakpoints,
	.get_debug = vmx_get_debug,
	.can_inject = vmx_can_inject,
	.can_inject_nmi = vmx_can_inject_nmi,
	.can_interrupt = vmx_can_interrupt,
	.want_interrupt_window = vmx_want_interrupt_window,
	.want_interrupts = vmx_want_interrupts,
	.begin_step = vmx_begin_step,
	.end_step = vmx_end_step,
	.halt = vmx_halt,
	.set_alarm = vmx_set_alarm,
	.intercept_port = vmx_intercept_port,
	.intercept_msr = vmx_intercept_msr,
	.nested_flush = vmx_nested_flush,
	.host_begin = vmx_host_begin,
	.host_end = vmx_host_end,
	.dump = vmx_dump,
};
