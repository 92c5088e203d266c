/*
 * vmm/vmx/vmx_state.c: what a VMCS starts with: controls, the host's state, and the guest's after
 * INIT or as a running CPU had it.
 */
#include "vmm/vmx/vmx.h"

#include "core/cpu.h"
#include "core/exception.h"
#include "core/instructions.h"
#include "core/log.h"
#include "core/string.h"

#define GUEST_VPID 1
#define NO_LINK UINT64_MAX
#define DR6_RESET UINT64_C(0xffff0ff0)
#define DR7_RESET 0x400

struct table_register {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

static void vmx_init_controls(struct vmx_vcpu *vmx)
{
	const struct vmx_capabilities *can = &vmx_capabilities;

	/* With more than one CPU, NMIs are how they make each other exit. */
	vmx->pin = can->pin | (cpus_count > 1 ? PIN_NMI_EXITING | PIN_VIRTUAL_NMIS : 0);
	if (vmx->interrupts_wanted)
		vmx->pin |= PIN_EXTERNAL_INTERRUPT_EXITING;
	if (vmx->has_alarm)
		vmx->pin |= PIN_PREEMPTION_TIMER;
	vmx->interrupt_deferred = vmx->window_wanted = false;
	vmx->processor = can->processor;
	vmcs_write(VMCS_PIN_CONTROLS, vmx->pin);
	vmcs_write(VMCS_PROCESSOR_CONTROLS, vmx->processor);
	vmcs_write(VMCS_SECONDARY_CONTROLS, can->secondary);
	vmcs_write(VMCS_EXIT_CONTROLS, can->exit);
	vmcs_write(VMCS_ENTRY_CONTROLS, can->entry);
	vmcs_write(VMCS_EXCEPTION_BITMAP, 0);
	vmcs_write(VMCS_PAGE_FAULT_MASK, 0);
	vmcs_write(VMCS_PAGE_FAULT_MATCH, 0);
	vmcs_write(VMCS_CR3_TARGET_COUNT, 0);
	vmcs_write(VMCS_EXIT_MSR_STORE_COUNT, 0);
	vmcs_write(VMCS_EXIT_MSR_LOAD_COUNT, 0);
	vmcs_write(VMCS_ENTRY_MSR_LOAD_COUNT, 0);
	vmcs_write(VMCS_ENTRY_EVENT, 0);
	vmcs_write(VMCS_TSC_OFFSET, 0);
	vmcs_write(VMCS_CR0_MASK, can->cr0_fixed);
	vmcs_write(VMCS_CR4_MASK, VMX_CR4_HIDDEN);
	vmcs_write(VMCS_EPT_POINTER, ept_pointer());
	vmx_bitmaps_load();
	/* Not every CPU has these fields. */
	if (can->secondary & SECONDARY_VPID)
		vmcs_write(VMCS_VPID, GUEST_VPID);
	if (can->secondary & SECONDARY_XSAVES)
		vmcs_write(VMCS_XSS_EXITING_BITMAP, 0);
	if (can->secondary & SECONDARY_PCONFIG)
		vmcs_write(VMCS_PCONFIG_EXITING_BITMAP, 0);
}

static void vmx_init_host(struct cpu *cpu)
{
	struct table_register idtr;

	__asm__ volatile("sidt %0" : "=m"(idtr));
	vmcs_write(VMCS_HOST_CR0, cr0_read());
	vmcs_write(VMCS_HOST_CR3, cr3_read());
	vmcs_write(VMCS_HOST_CR4, cr4_read());
	vmcs_write(VMCS_HOST_CS_SELECTOR, SELECTOR_CODE);
	vmcs_write(VMCS_HOST_SS_SELECTOR, SELECTOR_DATA);
	vmcs_write(VMCS_HOST_DS_SELECTOR, SELECTOR_DATA);
	vmcs_write(VMCS_HOST_ES_SELECTOR, SELECTOR_DATA);
	vmcs_write(VMCS_HOST_FS_SELECTOR, 0);
	vmcs_write(VMCS_HOST_GS_SELECTOR, 0);
	vmcs_write(VMCS_HOST_TR_SELECTOR, SELECTOR_TSS);
	vmcs_write(VMCS_HOST_FS_BASE, 0);
	vmcs_write(VMCS_HOST_GS_BASE, 0);
	vmcs_write(VMCS_HOST_TR_BASE, (uint64_t)&cpu->tss);
	vmcs_write(VMCS_HOST_GDTR_BASE, (uint64_t)cpu->gdt);
	vmcs_write(VMCS_HOST_IDTR_BASE, idtr.base);
	/* SYSENTER and SYSCALL of an engine fault: CS is null, SCE is clear. */
	vmcs_write(VMCS_HOST_SYSENTER_CS, 0);
	vmcs_write(VMCS_HOST_SYSENTER_ESP, 0);
	vmcs_write(VMCS_HOST_SYSENTER_EIP, 0);
	vmcs_write(VMCS_HOST_EFER, msr_read(MSR_EFER) & ~EFER_SCE);
	if (vmx_capabilities.exit & EXIT_LOAD_PAT)
		vmcs_write(VMCS_HOST_PAT, msr_read(MSR_PAT));
	vmcs_write(VMCS_HOST_RIP, (uint64_t)vmx_exit_entry);
}

void vmx_init_vmcs(struct vcpu *vcpu)
{
	vmx_init_controls(vmx_of(vcpu));
	vmx_init_host(vcpu->cpu);
	vmcs_write(VMCS_LINK_POINTER, NO_LINK);
	/* What INIT does not change and the guest has shared with us so far */
	vmcs_write(VMCS_GUEST_SYSENTER_CS, msr_read(MSR_SYSENTER_CS));
	vmcs_write(VMCS_GUEST_SYSENTER_ESP, msr_read(MSR_SYSENTER_ESP));
	vmcs_write(VMCS_GUEST_SYSENTER_EIP, msr_read(MSR_SYSENTER_EIP));
	vmcs_write(VMCS_GUEST_PAT, msr_read(MSR_PAT));
}

static void vmx_init_segments(void)
{
	struct segment_register data = { .attributes = 0x93, .limit_bytes = 0xffff };

	for (unsigned i = SEGMENT_ES; i < SEGMENT_COUNT; i++) {
		data.attributes = i == SEGMENT_CS ? 0x9b : 0x93;
		vmx_write_segment(i, &data);
	}
	data.attributes = 0x82;
	vmx_write_segment(VMCS_SEGMENT_LDTR, &data);
	data.attributes = 0x8b;
	vmx_write_segment(VMCS_SEGMENT_TR, &data);
	vmcs_write(VMCS_GUEST_GDTR_BASE, 0);
	vmcs_write(VMCS_GUEST_GDTR_LIMIT, 0xffff);
	vmcs_write(VMCS_GUEST_IDTR_BASE, 0);
	vmcs_write(VMCS_GUEST_IDTR_LIMIT, 0xffff);
}

/* SDM v3 10.1.1, table 10-1 */
void vmx_init_guest(struct vcpu *vcpu)
{
	struct vmx_vcpu *vmx = vmx_of(vcpu);

	vmx_init_segments();
	vmx_write_efer(0);
	vmx_write_cr0((cr0_read() & (CR0_CD | CR0_NW)) | 0x10);
	vmx_write_cr4(0);
	vmcs_write(VMCS_GUEST_CR3, 0);
	vmcs_write(VMCS_GUEST_DR7, DR7_RESET);
	vmcs_write(VMCS_GUEST_DEBUGCTL, 0);
	vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, 0);
	vmcs_write(VMCS_GUEST_ACTIVITY, ACTIVITY_ACTIVE);
	vmcs_write(VMCS_GUEST_PENDING_DEBUG, 0);
	vmx_set_control(vcpu, 2, 0);
	__asm__ volatile("mov %0, %%dr6" ::"r"(DR6_RESET));
	memset(vcpu->gpr, 0, sizeof(vcpu->gpr));
	vcpu->gpr[GPR_RDX] = cpuid_query(1, 0).eax;
	vcpu->rip = 0;
	vcpu->rflags = RFLAGS_FIXED;
	vmcs_write(VMCS_GUEST_RIP, vcpu->rip);
	vmcs_write(VMCS_GUEST_RSP, 0);
	vmcs_write(VMCS_GUEST_RFLAGS, vcpu->rflags);
	vmx->rip = vcpu->rip;
	vmx->rsp = 0;
	vmx->rflags = vcpu->rflags;
	vmx->event = 0;
	vmx->flush_linear = true;
}

void vmx_capture_state(struct vcpu *vcpu, const struct cpu_state *state)
{
	for (unsigned i = 0; i < SEGMENT_COUNT; i++)
		vmx_write_segment(i, &state->segments[i]);
	vmx_write_segment(VMCS_SEGMENT_LDTR, &state->ldtr);
	vmx_write_segment(VMCS_SEGMENT_TR, &state->tr);
	vmcs_write(VMCS_GUEST_GDTR_BASE, state->gdtr_base);
	vmcs_write(VMCS_GUEST_GDTR_LIMIT, state->gdtr_limit);
	vmcs_write(VMCS_GUEST_IDTR_BASE, state->idtr_base);
	vmcs_write(VMCS_GUEST_IDTR_LIMIT, state->idtr_limit);
	vmx_write_cr0(state->cr0);
	vmx_set_control(vcpu, 2, state->cr2);
	vmcs_write(VMCS_GUEST_CR3, state->cr3);
	vmx_write_cr4(state->cr4);
	vmx_write_efer(state->efer);
	vmcs_write(VMCS_GUEST_DR7, state->dr7);
	__asm__ volatile("mov %0, %%dr6" ::"r"(state->dr6));
	for (unsigned i = 0; i < GPR_COUNT; i++)
		vcpu->gpr[i] = state->gpr[i];
	vcpu->rip = state->rip;
	vcpu->rflags = state->rflags;
	vmx_of(vcpu)->flush_linear = true;
}
