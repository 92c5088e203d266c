/*
 * vmm/vmx/vmx_run.c: the run loop on VMX: entry and exit, and what is done right beside them because
 * it happens most.
 */
#include "vmm/vmx/vmx_ops.h"

#include "core/cpu.h"
#include "core/instructions.h"
#include "core/log.h"
#include "vmm/breakpoint.h"
#include "vmm/cpuid.h"
#include "vmm/run.h"
#include "vmm/vmx/vmx.h"

#define INVEPT_SINGLE 1
#define INVEPT_ALL 2
#define INVVPID_SINGLE 1
#define INVVPID_ALL 2
#define GUEST_VPID 1

/* Exit qualification of an I/O instruction, table 28-5 */
#define IO_IN 0x8u
#define IO_STRING 0x10u
#define IO_REPEAT 0x20u

struct invalidation {
	uint64_t target, address;
};

/* SDM v3 29.4.3.1 */
static __attribute__((noinline)) void vmx_flush(struct vmx_vcpu *vmx)
{
	const struct invalidation nested = { .target = ept_pointer() };
	const struct invalidation linear = { .target = GUEST_VPID };
	uint64_t type = vmx_capabilities.invept_single ? INVEPT_SINGLE : INVEPT_ALL;

	if (vmx->flush_nested)
		__asm__ volatile("invept %0, %1" ::"m"(nested), "r"(type) : "cc", "memory");
	type = vmx_capabilities.invvpid_single ? INVVPID_SINGLE : INVVPID_ALL;
	if (vmx->flush_linear && (vmx_capabilities.secondary & SECONDARY_VPID))
		__asm__ volatile("invvpid %0, %1" ::"m"(linear), "r"(type) : "cc", "memory");
	vmx->flush_nested = vmx->flush_linear = false;
}

static __attribute__((noinline)) void vmx_load_rare(struct vcpu *vcpu, struct vmx_vcpu *vmx)
{
	if (vmx->has_alarm)
		vmx_load_alarm(vcpu);
	if (vmx->flush_nested | vmx->flush_linear)
		vmx_flush(vmx);
}

static inline void vmx_load_registers(struct vcpu *vcpu, struct vmx_vcpu *vmx)
{
	if (vcpu->shadow_ended)
		vmx_end_interrupt_shadow(vcpu);
	if (vcpu->rip != vmx->rip)
		vmcs_write(VMCS_GUEST_RIP, vcpu->rip);
	if (vcpu->gpr[GPR_RSP] != vmx->rsp)
		vmcs_write(VMCS_GUEST_RSP, vcpu->gpr[GPR_RSP]);
	if (vcpu->rflags != vmx->rflags)
		vmcs_write(VMCS_GUEST_RFLAGS, vcpu->rflags);
	if (vmx->event != 0)
		vmx_load_event(vmx);
	if (vmx->flush_nested | vmx->flush_linear | vmx->has_alarm)
		vmx_load_rare(vcpu, vmx);
}

static inline void vmx_save_registers(struct vcpu *vcpu, struct vmx_vcpu *vmx)
{
	vmx->rip = vcpu->rip = vmcs_read(VMCS_GUEST_RIP);
	vmx->rsp = vcpu->gpr[GPR_RSP] = vmcs_read(VMCS_GUEST_RSP);
	vmx->rflags = vcpu->rflags = vmcs_read(VMCS_GUEST_RFLAGS);
}

/* CPUID that nobody claims is answered at once: it always exits, and guests execute it thousands of
 * times at boot. False: the general way has to do it. */
static inline bool vmx_answer_cpuid(struct vcpu *vcpu, struct vmx_vcpu *vmx)
{
	uint32_t leaf = (uint32_t)vcpu->gpr[GPR_RAX];
	struct cpuid_result result;
	uint64_t rip, next;

	if (cpuid_is_claimed() || !cpuid_is_plain(leaf) || vmx->steps ||
	    (vmcs_read(VMCS_GUEST_RFLAGS) & (RFLAGS_TF | RFLAGS_RF)) ||
	    (vmcs_read32(VMCS_GUEST_INTERRUPTIBILITY) & (BLOCKING_STI | BLOCKING_MOV_SS)))
		return false;
	rip = vmcs_read(VMCS_GUEST_RIP);
	next = rip + vmcs_read(VMCS_EXIT_INSTRUCTION_LENGTH);
	if ((next ^ rip) >> 32 != 0)
		return false;
	result = cpuid_query(leaf, (uint32_t)vcpu->gpr[GPR_RCX]);
	vcpu->gpr[GPR_RAX] = result.eax;
	vcpu->gpr[GPR_RBX] = result.ebx;
	vcpu->gpr[GPR_RCX] = result.ecx;
	vcpu->gpr[GPR_RDX] = result.edx;
	vmcs_write(VMCS_GUEST_RIP, next);
	vmx->event = 0; /* it was delivered */
	vcpu->exits_by_kind[EXIT_CPUID]++;
	return true;
}

/* Enters the guest until an exit that somebody above has to see. */
static inline enum vmx_entered vmx_enter_until_exit(struct vcpu *vcpu, struct vmx_vcpu *vmx,
						    uint32_t *reason)
{
	enum vmx_entered entered;

	do {
		entered = vmx_enter(vcpu, vmx);
		if (entered != VMX_EXITED)
			break;
		*reason = vmcs_read32(VMCS_EXIT_REASON);
	} while (*reason == REASON_CPUID && vmx_answer_cpuid(vcpu, vmx));
	return entered;
}

/* Here because ports are what scripts hook most. */
static inline void vmx_read_port(struct vcpu *vcpu)
{
	uint32_t qualification = (uint32_t)vmcs_read(VMCS_EXIT_QUALIFICATION);

	vcpu->exit.kind = EXIT_PORT;
	vcpu->exit.reason = REASON_IO;
	vcpu->exit.next_rip = vmx_next_rip(vcpu);
	vcpu->exit.port = (qualification & 0xffff0000) |
			  ((qualification & 7) + 1) << EXIT_PORT_BYTES_SHIFT |
			  (qualification & IO_IN ? EXIT_PORT_IN : 0) |
			  (qualification & IO_STRING ? EXIT_PORT_STRING : 0) |
			  (qualification & IO_REPEAT ? EXIT_PORT_REPEAT : 0) |
			  (vmcs_read(VMCS_GUEST_DR7) & BREAKPOINT_DR7_ENABLED ? EXIT_PORT_WATCHED : 0);
}

/* One pass through the guest. */
static inline __attribute__((always_inline)) void vmx_run(struct vcpu *vcpu, struct vmx_vcpu *vmx)
{
	enum vmx_entered entered;
	uint32_t reason;

	vmx_load_registers(vcpu, vmx);
	entered = vmx_enter_until_exit(vcpu, vmx, &reason);
	if (entered == VMX_FAILED)
		panic("VMX entry failed with error %lu", vmcs_read(VMCS_INSTRUCTION_ERROR));
	vmx_save_registers(vcpu, vmx);
	if (entered == VMX_NMI) {
		/* Whoever waits for us need not any more. */
		vcpu->exit.kind = EXIT_NONE;
		vmx_take_nmi(vcpu);
		return;
	}
	if (reason == REASON_IO) {
		vmx->event = 0; /* never amid the delivery of one */
		vmx_read_port(vcpu);
		return;
	}
	vmx_read_exit(vcpu, reason);
}

__attribute__((noreturn)) void vmx_loop(struct vcpu *vcpu, void (*handle)(struct vcpu *vcpu))
{
	struct vmx_vcpu *vmx = vmx_of(vcpu);

	for (;;) {
		run_prepare(vcpu);
		vmx_run(vcpu, vmx);
		run_finish(vcpu, handle);
	}
}
