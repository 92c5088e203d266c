/*
 * boot/uefi_cpus.c: the other CPUs of a UEFI machine. What is written here is written at boot.
 */
#include "boot/uefi_cpus.h"

#include "boot/uefi_entry.h"
#include "boot/uefi_handover.h"
#include "boot/uefi_state.h"
#include "core/cpu.h"
#include "core/log.h"
#include "core/smp.h"
#include "core/smp_start.h"
#include "vmm/startup.h"

_Static_assert(UEFI_CPUS_MAXIMUM >= CPUS_MAXIMUM, "each CPU has its place in the handover");

/* boot/uefi_entry_code.S: a CPU has come, on its own stack. */
_Noreturn void uefi_cpus_arrive(void);

static struct uefi_cpu *uefi_cpus_find(uint32_t apic_id)
{
	struct uefi_handover *handover = uefi_loader_handover();

	for (uint32_t i = 0; i < handover->nr_cpus && i < ARRAY_LENGTH(handover->cpus); i++) {
		if (handover->cpus[i].apic_id == apic_id)
			return &handover->cpus[i];
	}
	return NULL;
}

static void uefi_cpus_continue(struct cpu *cpu)
{
	struct cpu_state state;

	uefi_state_read(uefi_cpus_find(cpu->apic_id), &state);
	startup_continue(cpu, &state);
}

_Noreturn void uefi_cpus_arrive(void)
{
	smp_arrive(uefi_cpus_continue);
}

void uefi_cpus_list(void)
{
	struct uefi_handover *handover;

	if (!uefi_is_present())
		return;
	handover = uefi_loader_handover();
	for (uint32_t i = 0; i < handover->nr_cpus && i < ARRAY_LENGTH(handover->cpus); i++)
		smp_add(handover->cpus[i].apic_id);
	/* One that comes to the loader's procedure after this is taken out of it by an INIT. */
	for (uint32_t i = 1; i < cpus_count; i++) {
		struct cpu *cpu = cpu_get(i);
		const struct uefi_cpu *other = uefi_cpus_find(cpu->apic_id);

		cpu->waits_in_firmware = other != NULL && __atomic_load_n(&other->state, __ATOMIC_SEQ_CST) ==
								  UEFI_CPU_WAITS;
		if (!cpu->waits_in_firmware)
			log_warning("CPU %u (APIC ID %u) does not come by EFI_MP_SERVICES: it is taken by INIT, "
				    "and lost to a firmware that does not wake it by that",
				    cpu->index, cpu->apic_id);
	}
}

uint32_t uefi_cpus_take(void)
{
	uint32_t count = 0;

	for (uint32_t i = 1; i < cpus_count; i++) {
		struct cpu *cpu = cpu_get(i);
		struct uefi_cpu *other;

		if (!cpu->waits_in_firmware)
			continue;
		other = uefi_cpus_find(cpu->apic_id);
		other->stack = smp_stack_top(cpu);
		__atomic_store_n(&other->state, UEFI_CPU_GOES, __ATOMIC_SEQ_CST);
		count += smp_start_finish(cpu);
	}
	return count;
}
