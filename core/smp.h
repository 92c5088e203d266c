/*
 * core/smp.h: the other CPUs. They stay as the firmware left them until the guest starts them; the
 * guest's startup IPI then lands in code of ours (core/ap_entry.S) instead of the guest's.
 *
 * How: a CPU that is sent a startup IPI with vector V begins at physical address V << 12. Before the
 * first such IPI, smp_redirect_vector() puts our code there; the guest sees its own page, moved, in
 * the nested tables. So INIT and startup IPIs need no emulation: whatever order they come in, and
 * whomever they are sent to, hardware does what it does.
 */
#ifndef CORE_SMP_H
#define CORE_SMP_H

#include "core/cpu.h"
#include "rv/types.h"

/* Counts the CPUs by the ACPI MADT. Context: boot, ACPI ready. */
void smp_init(void);

/* Takes a page below 1 MiB for the way from real mode to us; it must not be the guest's. start() is
 * called on each CPU that the guest starts, on a stack of its own, with the startup vector. is_reset()
 * says whether an INIT has stopped a CPU, which then takes no NMI. Context: boot. */
int smp_prepare(hpa_t low_page, void (*start)(struct cpu *cpu, uint8_t vector),
		bool (*is_reset)(struct cpu *cpu));

/* Replaces the first bytes at V << 12 by ours. The caller has moved the guest's page away. */
void smp_redirect_vector(uint8_t vector);

/* Is the boot CPU among those that this INIT is meant for? command: all 64 bits of the ICR in the
 * APIC's present mode. */
bool smp_init_reaches_boot_cpu(uint64_t command);

/* Sends this INIT to each of the others that it is meant for. If this CPU is one, it comes last, and
 * that may be the end: what counts is to be done before. Context: exit, no lock held. */
void smp_init_all_but_boot_cpu(uint64_t command);

/* Makes every other CPU that runs its guest exit, and returns when each has. Any lock may be held: a
 * CPU that waits for it is not in its guest, and is not waited for. */
void smp_kick_others(void);

/* For a panic: an NMI to every other CPU, then a short wait, not for an answer. */
void smp_stop_others(void);

/* How many CPUs run vCPUs now. */
uint32_t smp_count_online(void);

#endif
