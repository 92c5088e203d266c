/*
 * core/smp.h: the table of CPUs.
 *
 * Every CPU comes to us at boot, before there is a guest: by INIT and a startup IPI of ours
 * (core/smp_start.h), or from UEFI firmware as it is (boot/uefi_cpus.h). From then on none leaves:
 * the guest's INITs and startup IPIs are not given to hardware where that would lead out of its guest
 * (vmm/startup.c).
 */
#ifndef CORE_SMP_H
#define CORE_SMP_H

#include "core/cpu.h"
#include "rv/types.h"

/* Fills the table by the ACPI MADT. Context: boot, ACPI ready. */
void smp_init(void);

/* A stack for each CPU but the boot CPU. 0 or -RV_ENOMEM. Context: boot. */
int smp_allocate_stacks(void);
/* The top of a CPU's stack. */
uint64_t smp_stack_top(const struct cpu *cpu);

/* Is that page of ours part of a CPU's stack? */
bool smp_is_stack(hpa_t page);

/* One more CPU, which ACPI's tables may not name; those that are known already count once. Context: boot,
 * after smp_init(). */
void smp_add(uint32_t apic_id);

/* The CPU with that APIC ID, NULL: there is none. Context: boot. */
struct cpu *smp_find(uint32_t apic_id);

/* For a panic: an NMI to every other CPU, then a short wait, not for an answer. */
void smp_stop_others(void);

/* How many CPUs came to us. */
uint32_t smp_count_online(void);

#endif
