/*
 * vmm/startup.c: the life of the guest's CPUs. All of them are ours from boot on, parked until the guest
 * starts them, or going on as UEFI firmware had them. Where hardware delivers INITs and startup IPIs within the
 * guest (VMX) it does, as exits.
 * Elsewhere (SVM) an INIT would take the CPU out of its guest. It becomes a signal of the CPU that it is meant
 * for (vmm/signal.h), which takes it before it enters its guest again; so an INIT waits for a script that
 * runs, as it would wait for an instruction. How it does:
 *   - the CPU that it reaches catches it (VM_CR.R_INIT), and a startup IPI is delivered here, in software. For
 *     that the local APICs are watched while a CPU waits for one, for INITs as well (vmm/startup_waiting.c).
 *   - Where the CPU cannot, both are delivered here, and all by which an INIT could come is watched for good.
 *
 * A CPU that has had an INIT is parked: on SVM it sleeps in the host, on VMX in the guest's wait-for-SIPI
 * state. The boot CPU would begin at the reset vector, with firmware that has a machine to set up which is
 * not as it is after a reset; it gets one.
 *
 * startup_lock guards the counting of CPUs that the OS has started, which `fast` needs. UEFI firmware starts
 * CPUs too, before the OS does: these do not count.
 */
#include "vmm/startup.h"

#include "core/apic.h"
#include "core/ipi.h"
#include "core/log.h"
#include "core/smp.h"
#include "core/smp_start.h"
#include "core/spinlock.h"
#include "core/time.h"
#include "rv/errno.h"
#include "vmm/apic_reset.h"
#include "vmm/destination.h"
#include "vmm/kick.h"
#include "vmm/signal.h"
#include "vmm/startup_bus.h"
#include "vmm/startup_waiting.h"
#include "vmm/startup_watch.h"
#include "vmm/suspend.h"

#define STARTUP_STOP_US 2000000 /* it takes microseconds */

static struct spinlock startup_lock;
static bool startup_is_watched;	       /* the local APIC, at least at first */
static bool startup_ends;	       /* watching, once all CPUs run */
static bool startup_is_caught;	       /* an INIT, by the CPU that it reaches */
static uint64_t startup_firmware_root; /* CR3 of a UEFI guest's firmware; 0: none */
static bool startup_by_firmware;       /* the last startup IPI was the firmware's */
static uint64_t startup_taken;	       /* by index: CPUs that the OS has started */
static bool startup_is_closed;	       /* no CPU is started: the machine is to sleep */

void startup_set_firmware(uint64_t cr3)
{
	startup_firmware_root = cr3;
}

/* The guest sends an INIT to its boot CPU, by whatever way. */
_Noreturn static void startup_reset_machine(struct vcpu *vcpu)
{
	vcpu_reset_machine(vcpu, "sent an INIT to its boot CPU");
}

static void startup_send_init(struct vcpu *vcpu, uint64_t command, bool x2apic)
{
	if (destination_includes(command, cpu_boot.vcpu, x2apic))
		startup_reset_machine(vcpu);
	for (uint32_t i = 1; i < cpus_count; i++) {
		struct cpu *cpu = cpu_get(i);

		if (!cpu->online || !destination_includes(command, cpu->vcpu, x2apic))
			continue;
		signal_init(cpu->vcpu);
		kick_one(cpu->vcpu);
	}
}

static void startup_tell_absent(const struct cpu *cpu)
{
	static bool told;

	if (!__atomic_exchange_n(&told, true, __ATOMIC_RELAXED))
		log_warning("the guest starts CPU %u, which did not come at boot: ignored", cpu->index);
}

static void startup_send_startup(struct vcpu *vcpu, uint64_t command, bool x2apic)
{
	startup_by_firmware = startup_firmware_root != 0 &&
			      vcpu_ops->get_control(vcpu, 3) == startup_firmware_root;
	for (uint32_t i = 1; i < cpus_count; i++) {
		struct cpu *cpu = cpu_get(i);

		if (!destination_includes(command, cpu->vcpu, x2apic))
			continue;
		if (cpu->online && signal_startup(cpu->vcpu, (uint8_t)(command & APIC_ICR_VECTOR_MASK)))
			kick_one(cpu->vcpu);
		else if (!cpu->online)
			startup_tell_absent(cpu);
	}
}

/* Where hardware delivers them within the guest: for each CPU that is here one of its own, so that none
 * reaches a CPU that is not. What the guest sends to its own CPU would be lost while we run. */
static void startup_forward(uint64_t command, bool x2apic)
{
	uint32_t mode = (uint32_t)command & APIC_ICR_MODE_MASK;

	for (uint32_t i = 0; i < cpus_count; i++) {
		struct cpu *cpu = cpu_get(i);

		if (!destination_includes(command, cpu->vcpu, x2apic))
			continue;
		if (!cpu->online)
			startup_tell_absent(cpu);
		else if (cpu != cpu_current())
			ipi_send(cpu->apic_id, mode | ((uint32_t)command & APIC_ICR_VECTOR_MASK));
		else if (mode == APIC_ICR_INIT)
			signal_init(cpu->vcpu);
	}
}

bool startup_send(struct vcpu *vcpu, uint64_t command, bool x2apic)
{
	switch (command & APIC_ICR_MODE_MASK) {
	case APIC_ICR_INIT:
		/* The end of a level, which no CPU of today takes notice of */
		if ((command & (APIC_ICR_ASSERT | APIC_ICR_LEVEL)) == APIC_ICR_LEVEL)
			return true;
		if (vcpu_ops->init_exits)
			startup_forward(command, x2apic);
		else
			startup_send_init(vcpu, command, x2apic);
		return true;
	case APIC_ICR_STARTUP:
		if (vcpu_ops->init_exits)
			startup_forward(command, x2apic);
		else
			startup_send_startup(vcpu, command, x2apic);
		return true;
	case APIC_ICR_SMI:
		/* No system sends one; and a CPU that is not ours in SMM either (core/smm.h) would run the
		 * guest's memory there. */
		return true;
	default:
		return false;
	}
}

/* Under `fast`: all CPUs run vCPUs for the OS, so nothing is watched any more. */
static void startup_count(const struct cpu *cpu)
{
	bool ends;

	spinlock_acquire(&startup_lock);
	if (!startup_by_firmware)
		startup_taken |= UINT64_C(1) << cpu->index;
	ends = startup_ends &&
	       (uint32_t)__builtin_popcountll(startup_taken) == smp_count_online() - 1;
	startup_ends = startup_ends && !ends;
	spinlock_release(&startup_lock);
	if (!ends)
		return;
	startup_watch_pause();
	log_info("all %u CPUs run; the local APIC is the guest's alone", smp_count_online());
}

/* An INIT does to the debug registers what VMCB and VMCS do not hold. */
static void startup_clear_debug_addresses(void)
{
	__asm__ volatile("mov %0, %%dr0; mov %0, %%dr1; mov %0, %%dr2; mov %0, %%dr3" ::"r"(UINT64_C(0)));
}

/* What an INIT does to the CPU beside its vCPU. Before the guest runs again is soon enough, and takes too
 * long before: where hardware delivers them, a startup IPI that follows the INIT closely, as Linux's does,
 * is lost on a CPU that does not wait for it yet (SDM v3 26.2). */
static void startup_reset_cpu(struct vcpu *vcpu)
{
	if (!vcpu->reset_is_due)
		return;
	vcpu->reset_is_due = false;
	vcpu_ops->host_begin(vcpu);
	apic_reset();
	vcpu_ops->host_end(vcpu);
	startup_clear_debug_addresses();
	destination_reset(vcpu);
}

/* A startup IPI has come to the CPU that waited for it. */
static void startup_begin(struct vcpu *vcpu, uint8_t vector)
{
	struct segment_register code;

	startup_reset_cpu(vcpu);
	if (vcpu_ops->wait_for_startup != NULL)
		vcpu_ops->wait_for_startup(vcpu, false);
	vcpu_ops->get_segment(vcpu, SEGMENT_CS, &code);
	code.selector = (uint16_t)(vector << 8);
	code.base = (uint64_t)vector << PAGE_SHIFT;
	vcpu_ops->set_segment(vcpu, SEGMENT_CS, &code);
	vcpu->rip = 0;
	vcpu->nmi_pending = false; /* none is remembered from before */
	if (startup_is_caught)
		startup_waiting_end();
	else
		startup_count(vcpu->cpu);
	__atomic_store_n(&vcpu->parked, false, __ATOMIC_SEQ_CST);
}

/* What it has changed is in memory before the machine may sleep; what it changes while it is parked, nobody needs. */
static void startup_become_still(struct vcpu *vcpu)
{
	__asm__ volatile("wbinvd" ::: "memory");
	__atomic_store_n(&vcpu->is_still, true, __ATOMIC_SEQ_CST);
}

/* May it begin? The machine's sleep sees that it does, or it sees that the machine is to sleep. */
static bool startup_may_begin(struct vcpu *vcpu)
{
	bool was_still = __atomic_exchange_n(&vcpu->is_still, false, __ATOMIC_SEQ_CST);

	if (!__atomic_load_n(&startup_is_closed, __ATOMIC_SEQ_CST))
		return true;
	if (was_still)
		startup_become_still(vcpu);
	return false;
}

/* The CPU waits for a startup IPI, parked: it sleeps here, or in its guest. NMIs wake it, and are for
 * nobody. An entry into the guest writes to our memory, as host_begin() does; so it is still behind that, and enters
 * none while the machine is to sleep. */
static void startup_park(struct vcpu *vcpu)
{
	uint32_t signals;

	if (vcpu_ops->wait_for_startup != NULL) {
		vcpu_ops->wait_for_startup(vcpu, true);
		startup_become_still(vcpu);
		while (__atomic_load_n(&startup_is_closed, __ATOMIC_SEQ_CST))
			cpu_pause();
		return;
	}
	vcpu_ops->host_begin(vcpu);
	startup_become_still(vcpu);
	do {
		kick_sleep(vcpu);
		if (vcpu->cpu->nmi_seen)
			(void)kick_take_nmi(vcpu);
		signals = signal_take(vcpu);
	} while (!(signals & SIGNAL_STARTUP) || !startup_may_begin(vcpu));
	vcpu_ops->host_end(vcpu);
	startup_begin(vcpu, (uint8_t)(signals & SIGNAL_VECTOR_MASK));
}

bool startup_wait_again(struct vcpu *vcpu)
{
	if (!vcpu->parked)
		return false;
	startup_park(vcpu);
	return true;
}

static void startup_reset(struct vcpu *vcpu)
{
	/* First of all: the startup IPI may be on its way. */
	if (startup_is_caught)
		startup_waiting_begin(vcpu->cpu, false);
	vcpu_forget(vcpu);
	vcpu->reset_is_due = true;
	/* Where we deliver them, nothing is lost, and the CPU's logical destination is needed at once. */
	if (vcpu_ops->wait_for_startup == NULL)
		startup_reset_cpu(vcpu);
	vcpu_ops->reset(vcpu);
}

static void startup_handle_signals(struct vcpu *vcpu)
{
	bool waits = vcpu->parked;
	uint32_t signals;

	/* Before the INIT is taken, so that a startup IPI behind it finds either. */
	__atomic_store_n(&vcpu->parked, true, __ATOMIC_SEQ_CST);
	signals = signal_take(vcpu);
	if (signals & SIGNAL_LOOK)
		startup_waiting_look(vcpu);
	if (signals & SIGNAL_INIT) {
		if (vcpu->cpu == &cpu_boot)
			startup_reset_machine(vcpu);
		startup_reset(vcpu);
		waits = true;
	}
	if (signals & SIGNAL_SLEEP)
		suspend_take(vcpu);
	if (waits && (signals & SIGNAL_STARTUP) && startup_may_begin(vcpu))
		startup_begin(vcpu, (uint8_t)(signals & SIGNAL_VECTOR_MASK));
	else if (signals & SIGNAL_INIT)
		startup_park(vcpu);
	else
		__atomic_store_n(&vcpu->parked, waits, __ATOMIC_SEQ_CST);
}

void startup_take_signals(struct vcpu *vcpu)
{
	do {
		__atomic_store_n(&vcpu->in_guest, false, __ATOMIC_SEQ_CST);
		startup_handle_signals(vcpu);
		__atomic_store_n(&vcpu->in_guest, true, __ATOMIC_SEQ_CST);
	} while (__atomic_load_n(&vcpu->signals, __ATOMIC_SEQ_CST) != 0);
}

bool startup_stop_others(void)
{
	struct time_limit limit = time_limit_of_us(STARTUP_STOP_US);

	__atomic_store_n(&startup_is_closed, true, __ATOMIC_SEQ_CST);
	for (uint32_t i = 1; i < cpus_count; i++) {
		struct cpu *cpu = cpu_get(i);

		if (!cpu->online || __atomic_load_n(&cpu->vcpu->is_still, __ATOMIC_SEQ_CST))
			continue;
		if (vcpu_ops->init_exits) {
			ipi_send(cpu->apic_id, APIC_ICR_INIT);
		} else {
			signal_init(cpu->vcpu);
			kick_one(cpu->vcpu);
		}
	}
	for (uint32_t i = 1; i < cpus_count; i++) {
		while (cpu_get(i)->online && !__atomic_load_n(&cpu_get(i)->vcpu->is_still, __ATOMIC_SEQ_CST)) {
			if (time_limit_is_over(&limit))
				return false;
		}
		/* What was written last: the line is this CPU's now, which writes it back. */
		if (cpu_get(i)->online)
			__atomic_store_n(&cpu_get(i)->vcpu->is_still, true, __ATOMIC_SEQ_CST);
	}
	return true;
}

void startup_let_others(void)
{
	__atomic_store_n(&startup_is_closed, false, __ATOMIC_SEQ_CST);
}

void startup_restart_vcpu(struct vcpu *vcpu)
{
	vcpu_forget(vcpu);
	vcpu->kicked = vcpu->reset_is_due = vcpu->cpu->nmi_seen = false;
	destination_read(vcpu);
	vcpu_ops->start(vcpu);
	vcpu_ops->want_interrupts(vcpu, vcpu->interrupts_wanted);
	(void)vcpu_ops->set_alarm(vcpu);
}

/* False: it cannot have a vCPU, as is logged. */
static bool startup_can_have_vcpu(const struct cpu *cpu)
{
	char why[160];

	if (!vcpu_ops->probe(why, sizeof(why))) {
		log_error("CPU %u: %s", cpu->index, why);
		return false;
	}
	if (startup_is_watched && !startup_watch_covers_this_cpu()) {
		log_error("CPU %u has its local APIC elsewhere than the boot CPU: it is left out",
			  cpu->index);
		return false;
	}
	return true;
}

/* smp_start_others()'s, on a CPU that is back. Returns if it cannot have a vCPU, as it could not at boot. */
static void startup_return(struct cpu *cpu)
{
	suspend_restore_tsc();
	if (!startup_can_have_vcpu(cpu))
		return;
	cpu->vcpu->signals = 0;
	startup_restart_vcpu(cpu->vcpu);
	cpu->vcpu->parked = true;
	if (startup_is_caught)
		startup_waiting_begin(cpu, true);
	__atomic_store_n(&cpu->online, true, __ATOMIC_SEQ_CST);
	startup_park(cpu->vcpu);
	vcpu_loop(cpu->vcpu);
}

void startup_restart_others(hpa_t low_page)
{
	uint32_t before = smp_count_online();

	startup_waiting_forget();
	for (uint32_t i = 1; i < cpus_count; i++) {
		cpu_get(i)->online = false;
		cpu_get(i)->waits_in_firmware = false;
	}
	if (smp_start_others(low_page, startup_return) != 0)
		suspend_fail("there is no memory to start the other CPUs");
	if ((startup_is_caught || smp_count_online() < before) && startup_guard_absent() != 0)
		suspend_fail("a CPU that is not back cannot be kept from the guest");
}

int startup_create(void)
{
	kick_init();
	destination_read(cpu_boot.vcpu);
	for (uint32_t i = 1; i < cpus_count; i++) {
		struct vcpu *vcpu = memory_allocate(sizeof(*vcpu));
		int error = vcpu == NULL ? -RV_ENOMEM : vcpu_ops->create(vcpu);

		if (error != 0)
			return error;
		vcpu->cpu = cpu_get(i);
		destination_reset(vcpu);
		cpu_get(i)->vcpu = vcpu;
	}
	return smp_allocate_stacks();
}

/* False: as above. */
static bool startup_begin_vcpu(struct cpu *cpu)
{
	if (!startup_can_have_vcpu(cpu))
		return false;
	destination_read(cpu->vcpu);
	vcpu_ops->start(cpu->vcpu);
	return true;
}

void startup_continue(struct cpu *cpu, const struct cpu_state *state)
{
	if (!startup_begin_vcpu(cpu))
		return;
	vcpu_ops->capture_state(cpu->vcpu, state);
	__atomic_store_n(&cpu->online, true, __ATOMIC_SEQ_CST);
	vcpu_loop(cpu->vcpu);
}

void startup_wait_for_guest(struct cpu *cpu)
{
	if (!startup_begin_vcpu(cpu))
		return;
	cpu->vcpu->parked = true;
	if (startup_is_caught)
		startup_waiting_begin(cpu, true);
	__atomic_store_n(&cpu->online, true, __ATOMIC_SEQ_CST);
	startup_park(cpu->vcpu);
	vcpu_loop(cpu->vcpu);
}

int startup_guard_absent(void)
{
	if (smp_count_online() == cpus_count)
		return 0;
	/* It waits for a startup IPI in hardware, for ever: watching does not end. */
	if (startup_is_caught)
		startup_waiting_begin(&cpu_boot, true);
	if (!vcpu_ops->init_exits)
		return 0;
	log_info("not all CPUs are here: INITs and startup IPIs go to those that are, and writes of the local "
		 "APIC exit");
	return startup_watch_begin();
}

int startup_init(bool fast)
{
	int error;

	startup_is_caught = vcpu_ops->can_catch_inits != NULL && vcpu_ops->can_catch_inits();
	if (startup_is_caught)
		log_info("the CPU catches INITs: writes to the local APIC exit while a CPU waits to be started");
	if (vcpu_ops->init_exits || ((fast || startup_is_caught) && cpus_count == 1))
		return 0;
	startup_ends = fast && !startup_is_caught;
	startup_is_watched = true;
	error = startup_watch_begin();
	if (startup_is_caught)
		return error;
	if (fast) {
		log_warning("fast: once all CPUs run, an INIT leads a CPU out of Ritevisor");
		return error;
	}
	log_info("INITs are delivered in software: the local APIC can be read, and its writes exit");
	return error != 0 ? error : startup_bus_begin();
}

bool startup_misses_inits(void)
{
	return !vcpu_ops->init_exits && !startup_is_caught;
}
