/*
 * vmm/suspend.c: see the header. Written at boot, and by the CPU that sleeps, while no other runs.
 *
 * On the way down, in this order: the other CPUs stop, parked as after an INIT, which is what they are when the machine
 * has woken; devices master no bus any more, so that none of them writes to what comes next; our waking vector goes into
 * the FACS and our entry into a page below 1 MiB, and neither interrupts in real mode nor startup IPIs lead to the
 * guest's code; a fingerprint of our memory is taken; SLP_EN is set.
 * On the way up: page tables, descriptor tables and control registers; the fingerprint; whoever has told hardware
 * something (suspend_watchers), in the order in which it did so at boot; the other CPUs, by INIT and startup IPI as at
 * boot; the page, the vectors and the FACS as they were; virtualization; the guest, at its vector.
 */
#include "vmm/suspend.h"

#include "core/acpi_facs.h"
#include "core/console.h"
#include "core/exception.h"
#include "core/fingerprint.h"
#include "core/instructions.h"
#include "core/log.h"
#include "core/low_entry.h"
#include "core/memory.h"
#include "core/paging.h"
#include "core/real_vectors.h"
#include "core/smm.h"
#include "core/smp.h"
#include "core/string.h"
#include "core/time.h"
#include "core/wake.h"
#include "vmm/pci_quiet.h"
#include "vmm/shutdown_status.h"
#include "vmm/signal.h"
#include "vmm/startup.h"
#include "vmm/vcpu.h"

#define SUSPEND_WAIT_US 10000000 /* for a machine that does not sleep after all; it must not do so later */
#define WAKE_STACK_GAP 256u	/* below what wake_call() has saved */
#define CR4_LEFT (CR4_VMXE)	/* is set by who switches VMX on */

static struct {
	bool ready;
	struct suspend_plan plan;
	hpa_t root;
	uint64_t cr0, cr4, pat, tsc;
	uint64_t start, fingerprint;
	bool is_intact;
	const char *why_not; /* it did not sleep */
	struct acpi_waking waking; /* the guest's */
	uint8_t low_page[PAGE_BYTES];
} suspend;

struct watchers suspend_watchers, suspend_fail_watchers, suspend_sleep_watchers, suspend_guest_watchers;

const char *suspend_prepare(const struct suspend_plan *plan)
{
	const char *why = acpi_facs_find(plan->bios);

	if (why != NULL)
		return why;
	if (plan->low_page == 0)
		return "there is no page below 1 MiB to wake by";
	suspend.root = low_entry_create_root(plan->low_page);
	if (suspend.root == 0)
		return "there is no memory for the page tables to wake by";
	/* UEFI firmware may have some of conventional memory for itself. */
	real_vectors_remember(low_entry_idle_vector(plan->low_page), plan->bios ? plan->low_page : 0);
	suspend.plan = *plan;
	suspend.ready = true;
	return NULL;
}

bool suspend_ask(struct vcpu *vcpu)
{
	if (!suspend.ready || vcpu->cpu != &cpu_boot)
		return false;
	signal_sleep(vcpu);
	return true;
}

_Noreturn void suspend_fail(const char *why)
{
	watch_tell(&suspend_fail_watchers, NULL);
	log_error("after suspend to RAM: %s: resetting", why);
	vcpu_reset_now();
}

/* Our memory but for the CPUs' stacks: these are not all mapped, and of those of the others nothing is needed. */
static uint64_t suspend_add_memory(uint64_t sum)
{
	hpa_t at = memory_reserved_start, end = at + memory_reserved_bytes;

	while (at < end) {
		hpa_t next = at + PAGE_BYTES;

		if (!smp_is_stack(at))
			sum = fingerprint_add(sum, memory_direct(at), PAGE_BYTES);
		at = next;
	}
	return sum;
}

/* With this CPU's own stack as far as it is needed. */
static uint64_t suspend_fingerprint(void)
{
	uint64_t sum = suspend_add_memory(suspend.start);

	return fingerprint_add(sum, (const void *)wake_stack, smp_stack_top(cpu_current()) - wake_stack);
}

/* Page tables note that they are used (AMD APM v2 5.4.2): those by which we come back are used once before. */
static void suspend_use_tables(void)
{
	volatile uint8_t *page = (volatile uint8_t *)suspend.plan.low_page;

	cr3_write(suspend.root);
	*page = *page;
	cr3_write(paging_host_root);
	(void)suspend_add_memory(0);
}

static bool suspend_memory_is_ours(void)
{
	uint64_t before = suspend.fingerprint;

	suspend.fingerprint = 0;
	return suspend_fingerprint() == before;
}

/* By the page below 1 MiB, in long mode. */
_Noreturn static void suspend_arrive(void)
{
	cr3_write(paging_host_root);
	exception_restart_cpu();
	cr0_write(suspend.cr0);
	cr4_write(suspend.cr4 & ~CR4_LEFT);
	msr_write(MSR_PAT, suspend.pat);
	suspend.is_intact = suspend_memory_is_ours();
	wake_return();
}

/* wake_call()'s. */
static void suspend_enter(void)
{
	uint64_t start = tsc_read();
	struct time_limit limit;

	low_entry_fill(suspend.plan.low_page, suspend.root, suspend_arrive);
	low_entry_set_stack(suspend.plan.low_page, wake_stack - WAKE_STACK_GAP);
	suspend.cr0 = cr0_read();
	suspend.cr4 = cr4_read();
	suspend.pat = msr_read(MSR_PAT);
	suspend.tsc = suspend.start = start;
	suspend.fingerprint = 0;
	suspend.is_intact = false;
	suspend.why_not = "the machine stays awake";
	watch_tell(&suspend_sleep_watchers, NULL);
	suspend_use_tables();
	suspend.fingerprint = suspend_fingerprint();
	__asm__ volatile("wbinvd" ::: "memory");
	if (!acpi_facs_is_taken((uint32_t)suspend.plan.low_page)) {
		suspend.why_not = "something writes to the firmware's tables meanwhile";
		return;
	}
	suspend.plan.enter();
	limit = time_limit_of_us(SUSPEND_WAIT_US);
	while (!time_limit_is_over(&limit))
		;
}

/* Timers and the clock of the log go on from where they were; what a CPU counts from its wake on would be long ago. */
void suspend_restore_tsc(void)
{
	static uint64_t lost;

	if (cpu_current() == &cpu_boot)
		lost = tsc_read() < suspend.tsc ? suspend.tsc - tsc_read() : 0;
	if (lost != 0)
		msr_write(MSR_TSC, tsc_read() + lost);
}

/* As firmware would have entered it (ACPI 6.4, 5.2.10). */
static void suspend_set_entry(struct vcpu *vcpu)
{
	struct segment_register code;

	vcpu_ops->get_segment(vcpu, SEGMENT_CS, &code);
	code.selector = (uint16_t)(suspend.waking.real_mode >> 4);
	code.base = (uint64_t)code.selector << 4;
	vcpu_ops->set_segment(vcpu, SEGMENT_CS, &code);
	vcpu->rip = suspend.waking.real_mode & 0xf;
}

static void suspend_set_flat_entry(struct vcpu *vcpu)
{
	struct cpu_state state = { .rip = suspend.waking.flat, .rflags = RFLAGS_FIXED, .cr0 = CR0_PE | CR0_ET,
				   .dr6 = DR6_FIXED, .dr7 = 0x400 };
	const struct segment_register flat = { .selector = 0x10, .attributes = 0xc93, .limit_bytes = UINT32_MAX };

	for (unsigned i = 0; i < SEGMENT_COUNT; i++)
		state.segments[i] = flat;
	state.segments[SEGMENT_CS].selector = 0x08;
	state.segments[SEGMENT_CS].attributes = 0xc9b;
	state.ldtr = (struct segment_register){ .attributes = 0x1000 };
	state.tr = (struct segment_register){ .attributes = 0x8b, .limit_bytes = 0xffff };
	vcpu_ops->capture_state(vcpu, &state);
}

/* The guest has what was its own of what lies in its memory. */
static void suspend_give_back(void)
{
	real_vectors_give_back();
	memcpy(memory_direct(suspend.plan.low_page), suspend.low_page, PAGE_BYTES);
	acpi_facs_give_back(&suspend.waking);
}

static void suspend_wake(struct vcpu *vcpu)
{
	char why[160];

	if (!suspend.is_intact)
		suspend_fail("Ritevisor's memory is not as it was");
	suspend_restore_tsc();
	console_restart();
	/* Firmware may have locked it away. */
	if (!vcpu_ops->probe(why, sizeof(why)))
		suspend_fail(why);
	watch_tell(&suspend_watchers, vcpu);
	startup_restart_others(suspend.plan.low_page);
	suspend_give_back();
	shutdown_status_clear();
	smm_take(vcpu->cpu);
	startup_restart_vcpu(vcpu);
	if (suspend.waking.flat != 0)
		suspend_set_flat_entry(vcpu);
	else
		suspend_set_entry(vcpu);
	log_info("awake: %u of %u CPUs are here; the guest goes on at 0x%lx", smp_count_online(), cpus_count,
		 suspend.waking.flat != 0 ? suspend.waking.flat : suspend.waking.real_mode);
}

static void suspend_undo(void)
{
	suspend_give_back();
	pci_quiet_end();
}

void suspend_take(struct vcpu *vcpu)
{
	const char *why = NULL;
	bool was_tried = false;

	/* What it has opened cannot be closed by hardware that has forgotten the vCPU. */
	if (vcpu->steps != 0)
		mmio_end_step(vcpu);
	if (!startup_stop_others())
		why = "a CPU does not stop";
	if (why == NULL) {
		pci_quiet_begin();
		why = acpi_facs_take((uint32_t)suspend.plan.low_page, &suspend.waking);
		if (why != NULL)
			pci_quiet_end();
	}
	if (why == NULL) {
		memcpy(suspend.low_page, memory_direct(suspend.plan.low_page), PAGE_BYTES);
		real_vectors_take();
		log_info("the guest suspends to RAM");
		was_tried = true;
		if (wake_call(suspend_enter)) {
			suspend_wake(vcpu);
		} else {
			suspend_undo();
			why = suspend.why_not;
		}
	}
	if (why != NULL)
		suspend.plan.refuse(why);
	if (was_tried)
		watch_tell(&suspend_guest_watchers, vcpu);
	startup_let_others();
}
