/*
 * vmm/vcpu.c: the run loop: what to inject before the guest runs, and who handles its exit.
 */
#include "vmm/vcpu.h"

#include "core/cpu.h"
#include "core/exception.h"
#include "core/instructions.h"
#include "core/log.h"
#include "core/panic.h"
#include "core/string.h"
#include "vmm/cpuid.h"
#include "vmm/deadline.h"
#include "vmm/hypercall.h"
#include "vmm/interrupt_watch.h"
#include "vmm/kick.h"
#include "vmm/mmio.h"
#include "vmm/mmio_page.h"
#include "vmm/msr.h"
#include "vmm/pio.h"
#include "vmm/reset_vector.h"
#include "vmm/run.h"
#include "vmm/signal.h"

const struct vcpu_operations *vcpu_ops;
struct watchers vcpu_reset_watchers;
struct watchers vcpu_nmi_watchers;
bool (*hypercall_handler)(struct vcpu *vcpu);

hpa_t vcpu_nested_limit;
uint64_t vcpu_generation;

static const char *const vcpu_exit_names[EXIT_KIND_COUNT] = {
	[EXIT_NONE] = "none",
	[EXIT_CPUID] = "CPUID",
	[EXIT_MSR_READ] = "MSR read",
	[EXIT_MSR_WRITE] = "MSR write",
	[EXIT_PORT] = "port",
	[EXIT_NESTED_FAULT] = "nested page fault",
	[EXIT_INTERRUPT] = "interrupt",
	[EXIT_INTERRUPT_WINDOW] = "interrupt window",
	[EXIT_NMI] = "NMI",
	[EXIT_DEBUG_EXCEPTION] = "single step",
	[EXIT_HALT] = "HLT",
	[EXIT_WAIT] = "MWAIT",
	[EXIT_UNDEFINED] = "undefined instruction",
	[EXIT_HYPERCALL] = "hypercall",
	[EXIT_SHUTDOWN] = "shutdown",
	[EXIT_SMI] = "SMI",
	[EXIT_INIT] = "INIT",
	[EXIT_SIPI] = "SIPI",
	[EXIT_XSETBV] = "XSETBV",
	[EXIT_CONTROL_REGISTER] = "control register",
	[EXIT_TASK_SWITCH] = "task switch",
	[EXIT_INVALIDATE_CACHES] = "cache invalidation",
	[EXIT_ALARM] = "alarm",
	[EXIT_IDLE] = "idle",
	[EXIT_OTHER] = "other",
};

const char *vcpu_exit_name(enum exit_kind kind)
{
	return vcpu_exit_names[kind];
}

void vcpu_limit_address_bits(uint32_t registers[4])
{
	uint32_t bits = (uint32_t)__builtin_ctzll(vcpu_nested_limit);

	if ((registers[0] & 0xff) > bits)
		registers[0] = (registers[0] & ~UINT32_C(0xff)) | bits;
}

static void vcpu_dump_guest(void *unused)
{
	struct vcpu *vcpu = cpu_current()->vcpu;

	(void)unused;
	if (vcpu == NULL || vcpu->backend == NULL)
		return;
	log_line(LOG_FATAL, "last exits, newest first:");
	for (uint64_t i = 0; i < VCPU_HISTORY && i < vcpu->history_next; i++) {
		const struct vcpu_history *entry =
			&vcpu->history[(vcpu->history_next - 1 - i) % VCPU_HISTORY];

		log_line(LOG_FATAL, "  %s at RIP %016lx", vcpu_exit_names[entry->kind], entry->rip);
	}
	vcpu_ops->dump(vcpu);
}

bool vcpu_accept_interrupt(struct vcpu *vcpu, unsigned vector)
{
	uint64_t *word = &vcpu->pending_interrupts[vector / 64 % 4], bit = UINT64_C(1) << vector % 64;
	bool is_new = (*word & bit) == 0;

	*word |= bit;
	vcpu->has_pending = vcpu->has_taken = true;
	return is_new;
}

void vcpu_withdraw_interrupt(struct vcpu *vcpu, unsigned vector)
{
	const uint64_t *words = vcpu->pending_interrupts;

	vcpu->pending_interrupts[vector / 64 % 4] &= ~(UINT64_C(1) << vector % 64);
	vcpu->has_pending = (words[0] | words[1] | words[2] | words[3]) != 0;
}

/* The highest vector first: that is the order of the local APIC's priorities, so the guest's EOIs
 * match what is in service. */
static unsigned vcpu_highest_pending(const struct vcpu *vcpu)
{
	for (unsigned i = 4; i-- > 0;) {
		if (vcpu->pending_interrupts[i] != 0)
			return i * 64 + 63 -
			       (unsigned)__builtin_clzll(vcpu->pending_interrupts[i]);
	}
	panic("no interrupt is pending");
}

static void vcpu_deliver_pending(struct vcpu *vcpu)
{
	uint64_t *words = vcpu->pending_interrupts;
	unsigned vector;

	if (!vcpu_ops->can_interrupt(vcpu)) {
		vcpu_ops->want_interrupt_window(vcpu, true);
		return;
	}
	vector = vcpu_highest_pending(vcpu);
	words[vector / 64] &= ~(UINT64_C(1) << vector % 64);
	vcpu->has_pending = (words[0] | words[1] | words[2] | words[3]) != 0;
	vcpu_ops->want_interrupt_window(vcpu, vcpu->has_pending);
	vcpu_ops->inject_interrupt(vcpu, vector);
}

void vcpu_intercepts_changed(void)
{
	__atomic_add_fetch(&vcpu_generation, 1, __ATOMIC_SEQ_CST);
	if (cpus_count > 1)
		kick_others();
}

void vcpu_forget(struct vcpu *vcpu)
{
	if (vcpu->steps != 0)
		mmio_end_step(vcpu);
	memset(vcpu->pending_interrupts, 0, sizeof(vcpu->pending_interrupts));
	vcpu->has_pending = vcpu->has_taken = false;
	vcpu->nmi_pending = false;
	vcpu->shadow_ended = false;
	vcpu->host_context = false;
}

void vcpu_before_entry(struct vcpu *vcpu)
{
	/* Those who are told may run engines, and more interrupts come meanwhile. */
	while (vcpu->has_taken) {
		vcpu->has_taken = false;
		watch_tell(&interrupt_taken_watchers, vcpu);
	}
	if (vcpu->nmi_pending && vcpu_ops->can_inject_nmi(vcpu)) {
		vcpu->nmi_pending = false;
		vcpu_ops->inject_nmi(vcpu);
	}
	if (vcpu->has_pending)
		vcpu_deliver_pending(vcpu);
}

/* Interrupts the guest is due while someone wants to see them: the host takes it from the
 * controller and hands it on. */
static void vcpu_handle_interrupt(struct vcpu *vcpu)
{
	watch_tell(&interrupt_watchers, vcpu);
	vcpu_ops->host_begin(vcpu);
	exception_take_interrupts();
	vcpu_ops->host_end(vcpu);
}

_Noreturn void vcpu_reset_now(void)
{
	static const struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) no_idt = { 0, 0 };

	port_write8(0xcf9, 2);
	port_write8(0xcf9, 6);
	port_write8(0x64, 0xfe);
	for (unsigned spin = 0; spin < 10000000; spin++)
		cpu_pause();
	__asm__ volatile("lidt %0; ud2" ::"m"(no_idt));
	cpu_stop();
}

_Noreturn void vcpu_reset_machine(struct vcpu *vcpu, const char *why)
{
	log_notice("the guest %s at RIP %lx: resetting", why, vcpu->rip);
	watch_tell(&vcpu_reset_watchers, vcpu);
	vcpu_reset_now();
}

/* The CPU itself checks the value. */
static void vcpu_handle_xsetbv(struct vcpu *vcpu)
{
	uint64_t value = (uint32_t)vcpu->gpr[GPR_RAX] | vcpu->gpr[GPR_RDX] << 32;
	uint64_t cr4 = cr4_read();
	bool good;

	cr4_write(cr4 | CR4_OSXSAVE);
	good = xcr_write_safe((uint32_t)vcpu->gpr[GPR_RCX], value);
	cr4_write(cr4);
	if (good)
		vcpu_skip_instruction(vcpu, 3);
	else
		vcpu_ops->inject_exception(vcpu, VECTOR_GENERAL_PROTECTION, 0);
}

/* INVD too writes back: what it would throw away may be ours. */
static void vcpu_handle_invalidation(struct vcpu *vcpu)
{
	__asm__ volatile("wbinvd" ::: "memory");
	vcpu_skip_instruction(vcpu, 2);
}

/* An instruction that waits, in a page that is open for it alone: what it waits for may never come, and
 * the page is closed again first. And MWAIT where an alarm is set that it would sleep through: it may end at any
 * time (AMD APM v3, MWAIT), and the guest comes back to it. */
static void vcpu_handle_wait(struct vcpu *vcpu)
{
	if (vcpu->steps != 0)
		mmio_end_step(vcpu);
	deadline_look(vcpu);
	if (vcpu->exit.kind == EXIT_HALT)
		vcpu_ops->halt(vcpu);
	else
		vcpu_skip_instruction(vcpu, 3);
}

/* One that is pending becomes a signal as soon as the CPU may take it. A second signal of the same INIT would
 * wipe out a startup IPI behind it. */
static void vcpu_handle_init(struct vcpu *vcpu)
{
	vcpu_ops->host_begin(vcpu);
	vcpu_ops->host_end(vcpu);
	if (!(__atomic_load_n(&vcpu->signals, __ATOMIC_SEQ_CST) & SIGNAL_INIT))
		signal_init(vcpu);
}

/* Or an SMI. Either is taken in there. An NMI tells whether it was a kick or is the guest's. */
static void vcpu_handle_nmi(struct vcpu *vcpu)
{
	bool was_pending = vcpu->nmi_pending && !vcpu->nmi_came;

	vcpu->nmi_came = false;
	vcpu_ops->host_begin(vcpu);
	vcpu_ops->host_end(vcpu);
	if (vcpu->nmi_pending && !was_pending)
		watch_tell(&vcpu_nmi_watchers, vcpu);
}

static void vcpu_handle_exit(struct vcpu *vcpu)
{
	switch (vcpu->exit.kind) {
	case EXIT_CPUID:
		cpuid_handle_exit(vcpu);
		break;
	case EXIT_MSR_READ:
		msr_handle_exit(vcpu, false);
		break;
	case EXIT_MSR_WRITE:
		msr_handle_exit(vcpu, true);
		break;
	case EXIT_NESTED_FAULT:
		if (!startup_wait_again(vcpu) && !reset_vector_handle_fault(vcpu))
			mmio_handle_fault(vcpu);
		break;
	case EXIT_DEBUG_EXCEPTION:
		if (!mmio_handle_step(vcpu))
			vcpu_ops->inject_exception(vcpu, VECTOR_DEBUG, -1);
		break;
	case EXIT_HALT:
	case EXIT_WAIT:
		vcpu_handle_wait(vcpu);
		break;
	case EXIT_INTERRUPT:
		vcpu_handle_interrupt(vcpu);
		break;
	case EXIT_ALARM:
		deadline_look(vcpu);
		break;
	case EXIT_IDLE:
		deadline_look(vcpu);
		vcpu_ops->idle(vcpu);
		break;
	case EXIT_INTERRUPT_WINDOW:
	case EXIT_NONE:
	case EXIT_CONTROL_REGISTER:
	case EXIT_TASK_SWITCH:
	case EXIT_SIPI:
		break;
	case EXIT_XSETBV:
		vcpu_handle_xsetbv(vcpu);
		break;
	case EXIT_INVALIDATE_CACHES:
		vcpu_handle_invalidation(vcpu);
		break;
	case EXIT_INIT:
		vcpu_handle_init(vcpu);
		break;
	case EXIT_SMI:
	case EXIT_NMI:
		vcpu_handle_nmi(vcpu);
		break;
	case EXIT_HYPERCALL:
		if (hypercall_handler != NULL && hypercall_handler(vcpu))
			break;
		vcpu_ops->inject_exception(vcpu, VECTOR_INVALID_OPCODE, -1);
		break;
	case EXIT_UNDEFINED:
		vcpu_ops->inject_exception(vcpu, VECTOR_INVALID_OPCODE, -1);
		break;
	case EXIT_SHUTDOWN:
		if (startup_wait_again(vcpu))
			break;
		/* It resets a PC, and that is how some systems reboot. */
		vcpu_reset_machine(vcpu, "stopped with a triple fault");
	default:
		/* Whatever the guest has done, going on would do it again. */
		vcpu_ops->dump(vcpu);
		log_error("exit %lx is not known", vcpu->exit.reason);
		vcpu_reset_machine(vcpu, "did what this hypervisor cannot handle");
	}
	/* What is handled above in place of an instruction that was stepped over has ended it, whether it
	 * did what it should (a task switch, vcpu_skip_instruction()) or gives an exception. */
	if (vcpu->steps != 0 && vcpu->exit.kind != EXIT_NESTED_FAULT &&
	    (vcpu->exit.kind == EXIT_TASK_SWITCH || !vcpu_ops->can_inject(vcpu)))
		mmio_end_step(vcpu);
}

_Noreturn void vcpu_loop(struct vcpu *vcpu)
{
	static struct watcher watcher = { .notify = vcpu_dump_guest };

	watch_add(&panic_watchers, &watcher);
	vcpu_ops->loop(vcpu, vcpu_handle_exit);
}
