/*
 * vmm/startup_waiting.c: see the header. startup_waiting_lock guards the number of CPUs that wait, and whether
 * the watch is on.
 *
 * An INIT is seen by the CPU that it reaches, a moment after it was sent, and in that moment its sender may
 * send the startup IPI already, which hardware drops: that CPU does not wait for one in a way that hardware
 * knows of. So who begins to wait switches the watch on, and then has each other CPU look at the command that
 * its local APIC was given last. Systems leave 10 ms between the two (AMD APM v2 16.5, Intel SDM 3 9.4.4.1),
 * or, as Linux does, repeat the startup IPI, which then is the last command too. Only a guest that sends
 * something else within these microseconds loses one.
 */
#include "vmm/startup_waiting.h"

#include "core/apic.h"
#include "core/log.h"
#include "core/spinlock.h"
#include "vmm/destination.h"
#include "vmm/kick.h"
#include "vmm/signal.h"
#include "vmm/startup_watch.h"
#include "vmm/vcpu.h"

static struct spinlock startup_waiting_lock;
static uint32_t waiting_count;
static bool waiting_is_watched = true; /* from boot on */

static void waiting_ask_others(const struct cpu *self)
{
	for (uint32_t i = 0; i < cpus_count; i++) {
		struct cpu *cpu = cpu_get(i);

		if (cpu == self || !cpu->online)
			continue;
		signal_look(cpu->vcpu);
		kick_one(cpu->vcpu);
	}
}

void startup_waiting_begin(struct cpu *cpu, bool at_boot)
{
	int error = 0;

	spinlock_acquire(&startup_waiting_lock);
	waiting_count++;
	if (!waiting_is_watched) {
		error = startup_watch_resume();
		waiting_is_watched = error == 0;
	}
	spinlock_release(&startup_waiting_lock);
	if (at_boot)
		return;
	if (error != 0)
		log_error("CPU %u has an INIT, and no memory is left to watch for its start", cpu->index);
	waiting_ask_others(cpu);
}

void startup_waiting_forget(void)
{
	spinlock_acquire(&startup_waiting_lock);
	waiting_count = 0;
	spinlock_release(&startup_waiting_lock);
}

void startup_waiting_end(void)
{
	spinlock_acquire(&startup_waiting_lock);
	waiting_count--;
	if (waiting_count == 0 && waiting_is_watched) {
		startup_watch_pause();
		waiting_is_watched = false;
	}
	spinlock_release(&startup_waiting_lock);
}

/* LDR and DFR too, which nobody has followed while nobody waited. In x2APIC mode neither can be written. */
void startup_waiting_look(struct vcpu *vcpu)
{
	struct apic apic;
	uint64_t command;

	if (!apic_find(&apic))
		return;
	if (apic.page == NULL) {
		command = msr_read(APIC_X2APIC_MSR + (APIC_ICR_LOW >> 4));
	} else {
		destination_read(vcpu);
		command = (uint64_t)apic_read(apic, APIC_ICR_HIGH) << 32 | apic_read(apic, APIC_ICR_LOW);
	}
	if ((command & APIC_ICR_MODE_MASK) == APIC_ICR_STARTUP)
		(void)startup_send(vcpu, command, apic.page == NULL);
}
