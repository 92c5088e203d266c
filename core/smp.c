/*
 * core/smp.c: the table of CPUs. It is written at boot; each CPU then writes its own entry only.
 */
#include "core/smp.h"

#include "core/acpi.h"
#include "core/apic.h"
#include "core/ipi.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/panic.h"
#include "rv/errno.h"

#define SMP_STOP_CYCLES 10000000 /* some milliseconds */

uint32_t cpus_count = 1;

static struct cpu *smp_cpus[CPUS_MAXIMUM] = { &cpu_boot };
static struct cpu_stack *smp_stacks[CPUS_MAXIMUM] = { &cpu_boot_stack };

struct cpu *cpu_get(uint32_t index)
{
	return smp_cpus[index];
}

struct cpu *smp_find(uint32_t apic_id)
{
	for (uint32_t i = 0; i < cpus_count; i++) {
		if (smp_cpus[i]->apic_id == apic_id)
			return smp_cpus[i];
	}
	return NULL;
}

void smp_add(uint32_t apic_id)
{
	struct cpu *cpu;

	if (smp_find(apic_id) != NULL)
		return;
	if (cpus_count == CPUS_MAXIMUM) {
		log_warning("more than %d CPUs: the OS cannot start those above", CPUS_MAXIMUM);
		return;
	}
	cpu = memory_allocate(sizeof(*cpu));
	if (cpu == NULL)
		panic("no memory for CPU %u: give more with the option memory=", cpus_count);
	cpu->index = cpus_count;
	cpu->apic_id = apic_id;
	smp_cpus[cpus_count++] = cpu;
}

void smp_init(void)
{
	cpu_boot.apic_id = cpuid_own_apic_id();
	cpu_boot.online = true;
	acpi_visit_cpus(smp_add);
}

/* Two stacks' worth of pages hold an aligned one. */
int smp_allocate_stacks(void)
{
	for (uint32_t i = 1; i < cpus_count; i++) {
		uint8_t *pages = memory_allocate_pages(2 * CPU_STACK_BYTES / PAGE_BYTES - 1);

		if (pages == NULL)
			return -RV_ENOMEM;
		smp_stacks[i] = (struct cpu_stack *)align_up((uint64_t)pages, CPU_STACK_BYTES);
		smp_stacks[i]->cpu = smp_cpus[i];
	}
	return 0;
}

uint64_t smp_stack_top(const struct cpu *cpu)
{
	return (uint64_t)(smp_stacks[cpu->index] + 1);
}

/* The boot CPU's is in the image, which begins what is ours. */
static hpa_t smp_stack_physical(const struct cpu_stack *stack)
{
	return (uint64_t)stack >= HYPERVISOR_ADDRESS
		       ? memory_reserved_start + ((uint64_t)stack - HYPERVISOR_ADDRESS)
		       : memory_physical(stack);
}

bool smp_is_stack(hpa_t page)
{
	for (uint32_t i = 0; i < cpus_count; i++) {
		if (page - smp_stack_physical(smp_stacks[i]) < CPU_STACK_BYTES)
			return true;
	}
	return false;
}

uint32_t smp_count_online(void)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < cpus_count; i++)
		count += smp_cpus[i]->online;
	return count;
}

void smp_stop_others(void)
{
	struct cpu *self = cpu_current();
	uint64_t start = tsc_read();

	for (uint32_t i = 0; i < cpus_count; i++) {
		if (smp_cpus[i] != self && smp_cpus[i]->online)
			ipi_send_nmi(smp_cpus[i]->apic_id);
	}
	while (tsc_read() - start < SMP_STOP_CYCLES)
		cpu_pause();
}
