/*
 * vmm/startup.c: the local APIC is intercepted until all CPUs run, and only for its interrupt
 * command register: before the first startup IPI with a vector goes to hardware, the page that the
 * vector names gets our code, and the guest its own page elsewhere (core/smp.h). Of an INIT the boot CPU
 * is spared on SVM; all other IPIs pass untouched.
 *
 * Once the OS has started every CPU, the APIC's page is the guest's alone: no access to it exits. A
 * CPU that is taken offline and started again by the same vector comes to us again, by the page that
 * stays redirected. But on SVM an INIT takes a CPU out of its guest, and a startup IPI by another
 * vector, or an INIT of the boot CPU, leads out of the hypervisor. An OS that knows nothing of us does
 * not do that; against one that means harm, the boot option `strict` keeps the page intercepted, at an
 * exit an access. The MSRs of x2APIC mode have one for IPIs alone, which stays intercepted on SVM. On
 * VMX both are exits, and nothing need be kept.
 *
 * UEFI firmware starts CPUs too, by vectors of its own, before the OS does: these do not count.
 * startup_lock guards the redirected vectors, the watched pages and the counting.
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

#define STARTUP_PAGES_MAXIMUM 8

static enum access_result startup_page_access(struct access *access, void *context);
static enum access_result startup_msr_access(struct access *access, void *context);
static enum access_result startup_base_access(struct access *access, void *context);

static struct spinlock startup_lock;
static bool startup_watching;
static bool startup_strict; /* keep watching */
static uint64_t startup_firmware_root; /* CR3 of a UEFI guest's firmware; 0: none */
static bool startup_by_firmware;       /* the last startup IPI was the firmware's */
static uint64_t startup_taken;	       /* by index: CPUs that the OS has started */
/* Where local APICs answer: each CPU's may be elsewhere. */
static struct access_region startup_pages[STARTUP_PAGES_MAXIMUM];
static uint32_t startup_nr_pages;
static struct access_region startup_msr = {
	.first = APIC_X2APIC_MSR + (APIC_ICR_LOW >> 4),
	.last = APIC_X2APIC_MSR + (APIC_ICR_LOW >> 4),
	.handler = startup_msr_access,
	.guard = true,
};
static struct access_region startup_base = {
	.first = MSR_APIC_BASE,
	.last = MSR_APIC_BASE,
	.handler = startup_base_access,
	.guard = true,
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

/* The boot CPU must not have an INIT, the others that are meant have theirs. A logical destination never
 * goes to hardware as such: what the boot CPU's LDR holds at that moment is the guest's to change. */
static enum access_result startup_filter_init(uint64_t command)
{
	bool to_boot_cpu;

	/* The end of a level, which no CPU of today takes notice of */
	if ((command & (APIC_ICR_ASSERT | APIC_ICR_LEVEL)) == APIC_ICR_LEVEL)
		return ACCESS_PASS;
	to_boot_cpu = smp_init_reaches_boot_cpu(command);
	if (!to_boot_cpu && !(command & APIC_ICR_LOGICAL))
		return ACCESS_PASS;
	if (to_boot_cpu)
		log_warning("the guest sends an INIT to its boot CPU: ignored there");
	smp_init_all_but_boot_cpu(command);
	return ACCESS_DONE;
}

static enum access_result startup_filter(struct vcpu *vcpu, uint64_t command)
{
	uint8_t vector = (uint8_t)(command & APIC_ICR_VECTOR_MASK);

	if ((command & APIC_ICR_MODE_MASK) == APIC_ICR_INIT && !vcpu_ops->init_exits)
		return startup_filter_init(command);
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

static bool startup_in_x2apic_mode(void)
{
	return (msr_read(MSR_APIC_BASE) & APIC_BASE_X2APIC) != 0;
}

static bool startup_touches(const struct access *access, uint32_t offset)
{
	uint64_t at = access->address & PAGE_MASK;

	return at < offset + APIC_REGISTER_BYTES && at + access->width_bytes > offset;
}

/* Whom logical destinations mean (core/smp.c), and the ICR. */
static enum access_result startup_page_access(struct access *access, void *context)
{
	static const uint32_t registers[] = { APIC_LDR, APIC_DFR, APIC_ICR_LOW };
	uint64_t offset = access->address & PAGE_MASK;
	const volatile uint32_t *page = memory_direct(access->address - offset);
	struct cpu *cpu = access->vcpu->cpu;
	bool touched = false;

	(void)context;
	for (size_t i = 0; i < ARRAY_LENGTH(registers); i++)
		touched |= startup_touches(access, registers[i]);
	/* In x2APIC mode the page is nothing. */
	if (!access->write || !touched || startup_in_x2apic_mode())
		return ACCESS_PASS;
	/* What is no plain write of the register is undefined (AMD APM v2 16.3.2, Intel SDM 3 11.4.1),
	 * and some take it for one. */
	if (offset % APIC_REGISTER_BYTES != 0 || access->width_bytes != 4)
		return ACCESS_DONE;
	if (offset == APIC_ICR_LOW)
		return startup_filter(access->vcpu,
				      (uint64_t)page[APIC_ICR_HIGH / 4] << 32 | access->value);
	if (offset == APIC_LDR)
		cpu->logical_destination = (uint32_t)access->value;
	else
		cpu->destination_format = (uint32_t)access->value;
	return ACCESS_PASS;
}

/* In any other mode there is no such MSR, and the guest gets its #GP. */
static enum access_result startup_msr_access(struct access *access, void *context)
{
	(void)context;
	if (!startup_in_x2apic_mode())
		return ACCESS_PASS;
	return startup_filter(access->vcpu, access->value);
}

static int startup_watch_page(uint64_t base)
{
	struct access_region *region = &startup_pages[startup_nr_pages];
	gpa_t page = base & APIC_BASE_ADDRESS;
	int error;

	for (uint32_t i = 0; i < startup_nr_pages; i++) {
		if (startup_pages[i].first == page)
			return 0;
	}
	/* In RAM not every instruction comes to us (vmm/mmio_step.c). */
	if (startup_nr_pages == STARTUP_PAGES_MAXIMUM || memory_is_ram(page, PAGE_BYTES))
		return -RV_ENOSPC;
	region->first = page;
	region->last = page + PAGE_BYTES - 1;
	region->handler = startup_page_access;
	region->guard = true;
	error = mmio_register(region);
	if (error == 0)
		startup_nr_pages++;
	return error;
}

/* A CPU's page moves, or gives way to MSRs, when the guest says so. The others' stay where they are. */
static enum access_result startup_base_access(struct access *access, void *context)
{
	int error;

	(void)context;
	spinlock_acquire(&startup_lock);
	error = startup_watch_page(access->value);
	spinlock_release(&startup_lock);
	if (error == 0)
		return ACCESS_PASS;
	log_warning("the guest moves its local APIC to 0x%lx, which cannot be watched: refused",
		    access->value & APIC_BASE_ADDRESS);
	access->fault = true;
	return ACCESS_DONE;
}

static void startup_stop_watching(void)
{
	for (uint32_t i = 0; i < startup_nr_pages; i++)
		mmio_unregister(&startup_pages[i]);
	if (vcpu_ops->init_exits)
		msr_unregister(&startup_msr, false, true);
	msr_unregister(&startup_base, false, true);
}

/* All CPUs run vCPUs for the OS: nothing is left to watch for, or little (see above). */
static void startup_release(const struct cpu *cpu)
{
	spinlock_acquire(&startup_lock);
	if (!startup_by_firmware)
		startup_taken |= UINT64_C(1) << cpu->index;
	if (startup_watching &&
	    (uint32_t)__builtin_popcountll(startup_taken) == cpus_count - 1) {
		startup_watching = false;
		if (!startup_strict)
			startup_stop_watching();
		log_info("all %u CPUs run; the local APIC %s", cpus_count,
			 startup_strict ? "stays watched" : "is the guest's alone");
	}
	spinlock_release(&startup_lock);
}

/* The state after INIT and a startup IPI. */
static void startup_reset(struct vcpu *vcpu, uint8_t vector)
{
	struct segment_register code;

	vcpu_forget(vcpu);
	vcpu_ops->start(vcpu);
	if (vcpu_abandoned != NULL)
		vcpu_abandoned(vcpu);
	if (vcpu->periodic_wanted)
		vcpu_ops->want_interrupts(vcpu, true);
	vcpu_ops->get_segment(vcpu, SEGMENT_CS, &code);
	code.selector = (uint16_t)(vector << 8);
	code.base = (uint64_t)vector << PAGE_SHIFT;
	vcpu_ops->set_segment(vcpu, SEGMENT_CS, &code);
	vcpu->rip = 0;
	startup_release(vcpu->cpu);
}

/* On the CPU that the guest has started, in the state after INIT. */
static void startup_run(struct cpu *cpu, uint8_t vector)
{
	if (cpu->vcpu == NULL) {
		struct vcpu *vcpu = memory_allocate(sizeof(*vcpu));

		if (vcpu == NULL || vcpu_ops->create(vcpu) != 0)
			panic("no memory for CPU %u: give more with the option memory=", cpu->index);
		vcpu->cpu = cpu;
		cpu->vcpu = vcpu;
	}
	startup_reset(cpu->vcpu, vector);
	vcpu_loop(cpu->vcpu);
}

/* Without an exit that could tell, a CPU that had an INIT still counts as in its guest. */
static bool startup_is_reset(struct cpu *cpu)
{
	return cpu->vcpu != NULL && vcpu_ops->is_reset(cpu->vcpu);
}

int startup_init(hpa_t low_page, bool strict)
{
	int error;

	if (cpus_count == 1)
		return 0;
	startup_strict = strict && !vcpu_ops->init_exits;
	error = smp_prepare(low_page, startup_run, startup_is_reset);
	if (error == 0)
		error = startup_watch_page(msr_read(MSR_APIC_BASE));
	if (error == 0)
		error = msr_register(&startup_msr, false, true);
	if (error == 0)
		error = msr_register(&startup_base, false, true);
	startup_watching = error == 0;
	return error;
}
