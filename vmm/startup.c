/*
 * vmm/startup.c: the local APIC is intercepted until all CPUs run, and only for its interrupt
 * command register: before the first startup IPI with a vector goes to hardware, the page that the
 * vector names gets our code, and the guest its own page elsewhere (core/smp.h). INIT and all other
 * IPIs pass untouched.
 *
 * Once the OS has started every CPU, the APIC is the guest's alone: no access to it exits. A CPU that
 * is taken offline and started again by the same vector comes to us again, by the page that stays
 * redirected. Where INIT does not exit (SVM), another vector, or an INIT of the boot CPU, would lead
 * out of the guest. So there the command register goes on being watched where that costs an exit for
 * an IPI only, which is in x2APIC mode; in xAPIC mode, where each access to the page would exit, the
 * boot option `strict` asks for it. UEFI firmware starts CPUs too, by vectors of its own, before the OS does: these do not
 * count. startup_lock guards the redirected vectors and the counting.
 */
#include "vmm/startup.h"

#include "core/apic.h"
#include "core/log.h"
#include "core/smp.h"
#include "core/spinlock.h"
#include "core/string.h"
#include "rv/errno.h"
#include "vmm/access.h"
#include "vmm/vcpu.h"

static enum access_result startup_page_access(struct access *access, void *context);
static enum access_result startup_msr_access(struct access *access, void *context);
static enum access_result startup_base_access(struct access *access, void *context);

static struct spinlock startup_lock;
static bool startup_watching;
static bool startup_strict;
static uint64_t startup_firmware_root; /* CR3 of a UEFI guest's firmware; 0: none */
static bool startup_by_firmware;       /* the last startup IPI was the firmware's */
static uint64_t startup_taken;	       /* by index: CPUs that the OS has started */
static struct access_region startup_page = { .handler = startup_page_access };
static struct access_region startup_msr = {
	.first = APIC_X2APIC_MSR + (APIC_ICR_LOW >> 4),
	.last = APIC_X2APIC_MSR + (APIC_ICR_LOW >> 4),
	.handler = startup_msr_access,
};
static struct access_region startup_base = {
	.first = MSR_APIC_BASE,
	.last = MSR_APIC_BASE,
	.handler = startup_base_access,
};

/* The guest's page of a vector moves to one of ours, and our code takes its place. False: a CPU
 * cannot start there. */
static bool startup_redirect(uint8_t vector)
{
	gpa_t page = (gpa_t)vector << PAGE_SHIFT;
	uint8_t *copy;
	bool good = true;

	spinlock_acquire(&startup_lock);
	if (memory_moved[vector] == 0) {
		copy = memory_is_ram(page, PAGE_BYTES) ? memory_allocate_page() : NULL;
		good = copy != NULL;
		if (good) {
			memcpy(copy, memory_direct(page), PAGE_BYTES);
			good = vcpu_ops->nested_move_page(page, memory_physical(copy)) == 0;
		}
		if (good) {
			memory_moved[vector] = memory_physical(copy);
			vcpu_intercepts_changed();
			smp_redirect_vector(vector);
		}
	}
	spinlock_release(&startup_lock);
	return good;
}

void startup_set_firmware(uint64_t cr3)
{
	startup_firmware_root = cr3;
}

static enum access_result startup_filter(struct vcpu *vcpu, uint64_t command)
{
	uint8_t vector = (uint8_t)(command & APIC_ICR_VECTOR_MASK);

	if ((command & APIC_ICR_MODE_MASK) == APIC_ICR_INIT) {
		if (!vcpu_ops->init_exits && smp_init_reaches_boot_cpu(command)) {
			log_warning("the guest sends an INIT to its boot CPU: ignored");
			return ACCESS_DONE;
		}
		smp_note_init(command);
	}
	if ((command & APIC_ICR_MODE_MASK) != APIC_ICR_STARTUP)
		return ACCESS_PASS;
	startup_by_firmware = startup_firmware_root != 0 &&
			      vcpu_ops->get_control(vcpu, 3) == startup_firmware_root;
	if (startup_redirect(vector))
		return ACCESS_PASS;
	log_warning("the guest starts a CPU at 0x%x, where it has no memory: ignored",
		    (unsigned)vector << PAGE_SHIFT);
	return ACCESS_DONE;
}

static enum access_result startup_page_access(struct access *access, void *context)
{
	volatile uint32_t *page = memory_direct(startup_page.first);

	(void)context;
	if (access->write && (access->address & PAGE_MASK) == APIC_ICR_LOW)
		return startup_filter(access->vcpu,
				      (uint64_t)page[APIC_ICR_HIGH / 4] << 32 | access->value);
	return ACCESS_PASS;
}

static enum access_result startup_msr_access(struct access *access, void *context)
{
	(void)context;
	return startup_filter(access->vcpu, access->value);
}

static int startup_watch_page(uint64_t base)
{
	startup_page.first = base & APIC_BASE_ADDRESS;
	startup_page.last = startup_page.first + PAGE_BYTES - 1;
	return mmio_register(&startup_page);
}

/* The page moves, or gives way to MSRs, when the guest says so. */
static enum access_result startup_base_access(struct access *access, void *context)
{
	(void)context;
	spinlock_acquire(&startup_lock);
	if ((access->value & APIC_BASE_ADDRESS) != startup_page.first) {
		mmio_unregister(&startup_page);
		if (startup_watch_page(access->value) != 0)
			panic("the local APIC at %lx cannot be watched",
			      access->value & APIC_BASE_ADDRESS);
	}
	spinlock_release(&startup_lock);
	return ACCESS_PASS;
}

/* The caller holds startup_lock. */
static void startup_end_watch(void)
{
	if (startup_strict && !vcpu_ops->init_exits) {
		log_info("all %u CPUs run; the local APIC stays watched", cpus_count);
		return;
	}
	mmio_unregister(&startup_page);
	msr_unregister(&startup_base, false, true);
	if (vcpu_ops->init_exits)
		msr_unregister(&startup_msr, false, true);
	log_info("all %u CPUs run; the local APIC is the guest's alone", cpus_count);
}

/* All CPUs run vCPUs for the OS: nothing is left to watch for. */
static void startup_release(const struct cpu *cpu)
{
	spinlock_acquire(&startup_lock);
	if (!startup_by_firmware)
		startup_taken |= UINT64_C(1) << cpu->index;
	if (startup_watching &&
	    (uint32_t)__builtin_popcountll(startup_taken) == cpus_count - 1) {
		startup_watching = false;
		startup_end_watch();
	}
	spinlock_release(&startup_lock);
}

/* On the CPU that the guest has started, in the state after INIT. */
static void startup_run(struct cpu *cpu, uint8_t vector)
{
	struct segment_register code;

	if (cpu->vcpu == NULL) {
		struct vcpu *vcpu = memory_allocate(sizeof(*vcpu));

		if (vcpu == NULL || vcpu_ops->create(vcpu) != 0)
			panic("no memory for CPU %u: give more with the option memory=", cpu->index);
		vcpu->cpu = cpu;
		cpu->vcpu = vcpu;
	}
	vcpu_ops->start(cpu->vcpu);
	vcpu_ops->get_segment(cpu->vcpu, SEGMENT_CS, &code);
	code.selector = (uint16_t)(vector << 8);
	code.base = (uint64_t)vector << PAGE_SHIFT;
	vcpu_ops->set_segment(cpu->vcpu, SEGMENT_CS, &code);
	cpu->vcpu->rip = 0;
	startup_release(cpu);
	vcpu_loop(cpu->vcpu);
}

int startup_init(hpa_t low_page, bool strict)
{
	int error;

	if (cpus_count == 1)
		return 0;
	startup_strict = strict;
	error = smp_prepare(low_page, startup_run);
	if (error == 0)
		error = startup_watch_page(msr_read(MSR_APIC_BASE));
	if (error == 0)
		error = msr_register(&startup_msr, false, true);
	if (error == 0)
		error = msr_register(&startup_base, false, true);
	startup_watching = error == 0;
	return error;
}
