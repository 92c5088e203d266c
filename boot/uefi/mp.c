/*
 * boot/uefi/mp.c: EFI_MP_SERVICES (PI specification 1.8, volume 2, 13.4). Without the event that lets
 * startup_all_aps() return at once the CPUs could not wait: the specification allows firmware to refuse
 * one after EFI_EVENT_GROUP_READY_TO_BOOT; EDK II's takes it.
 *
 * The boot CPU alone runs this, but for mp_procedure(), which has nothing but the handover.
 */
#include "boot/uefi/mp.h"

#include "boot/uefi/enter.h"
#include "boot/uefi/text.h"
#include "core/instructions.h"

#define MP_STEP_US 100
#define MP_COME_US 2000000
/* EDK II looks ten times a second whether its CPUs are back. */
#define MP_FINISH_US 5000000

static struct efi_boot_services *mp_boot;
static efi_event mp_event; /* signalled when all are back; NULL: none was called */

static uint32_t mp_state(const struct uefi_cpu *cpu)
{
	return __atomic_load_n(&cpu->state, __ATOMIC_SEQ_CST);
}

/* NULL: the firmware calls this CPU by another APIC ID than it has. */
static struct uefi_cpu *mp_own(struct uefi_handover *handover)
{
	uint32_t apic_id = cpuid_own_apic_id();

	for (uint32_t i = 0; i < handover->nr_cpus; i++) {
		if (handover->cpus[i].apic_id == apic_id)
			return &handover->cpus[i];
	}
	return NULL;
}

/* On each other CPU. From enter_hypervisor() on as a guest, which goes on being the firmware's. */
static void EFI_API mp_procedure(void *argument)
{
	struct uefi_cpu *cpu = mp_own(argument);
	uint32_t state = UEFI_CPU_AWAY;
	const char *why;

	if (cpu == NULL || !enter_is_possible(&why) ||
	    !__atomic_compare_exchange_n(&cpu->state, &state, UEFI_CPU_WAITS, false,
					 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return;
	do {
		cpu_pause();
		state = mp_state(cpu);
	} while (state == UEFI_CPU_WAITS);
	if (state == UEFI_CPU_GOES)
		enter_hypervisor(cpu);
}

static void mp_list(struct efi_mp_services *services, uint64_t nr, struct uefi_handover *handover,
		    hpa_t root, const void *entry)
{
	struct efi_processor_information information;

	for (uint64_t i = 0; i < nr && handover->nr_cpus < ARRAY_LENGTH(handover->cpus); i++) {
		if (efi_failed(services->get_processor_info(services, i, &information)) ||
		    (information.status & EFI_CPU_IS_BSP))
			continue;
		handover->cpus[handover->nr_cpus++] = (struct uefi_cpu){
			.root = root,
			.entry = (uint64_t)entry,
			.apic_id = (uint32_t)information.apic_id,
			.state = UEFI_CPU_AWAY,
		};
	}
}

static bool mp_have_come(const struct uefi_handover *handover, uint64_t nr)
{
	uint64_t waiting = 0;

	for (uint32_t i = 0; i < handover->nr_cpus; i++)
		waiting += mp_state(&handover->cpus[i]) == UEFI_CPU_WAITS;
	return waiting >= nr;
}

static efi_status mp_call(struct efi_mp_services *services, struct uefi_handover *handover)
{
	efi_status status = mp_boot->create_event(0, 0, NULL, NULL, &mp_event);

	if (efi_failed(status)) {
		mp_event = NULL;
		return status;
	}
	status = services->startup_all_aps(services, mp_procedure, false, mp_event, 0, handover, NULL);
	if (efi_failed(status)) {
		mp_boot->close_event(mp_event);
		mp_event = NULL;
	}
	return status;
}

void mp_gather(struct efi_boot_services *boot, struct uefi_handover *handover, hpa_t root,
	       const void *entry)
{
	static const struct efi_guid guid = EFI_GUID_MP_SERVICES;
	struct efi_mp_services *services;
	uint64_t nr = 0, nr_enabled = 0;
	efi_status status;

	mp_boot = boot;
	handover->nr_cpus = 0;
	if (efi_failed(boot->locate_protocol(&guid, NULL, (void **)&services)) ||
	    efi_failed(services->get_number_of_processors(services, &nr, &nr_enabled)))
		return;
	mp_list(services, nr, handover, root, entry);
	if (nr_enabled <= 1)
		return;
	status = mp_call(services, handover);
	if (efi_failed(status)) {
		text_line("the firmware does not call its other CPUs (status %llx)",
			  (unsigned long long)(status & 0xff));
		return;
	}
	for (uint64_t us = 0; us < MP_COME_US && !mp_have_come(handover, nr_enabled - 1);
	     us += MP_STEP_US)
		boot->stall(MP_STEP_US);
}

void mp_release(struct uefi_handover *handover)
{
	for (uint32_t i = 0; i < handover->nr_cpus; i++)
		__atomic_store_n(&handover->cpus[i].state, UEFI_CPU_LEAVES, __ATOMIC_SEQ_CST);
	mp_finish();
}

void mp_finish(void)
{
	if (mp_event == NULL)
		return;
	for (uint64_t us = 0; us < MP_FINISH_US; us += MP_STEP_US) {
		if (!efi_failed(mp_boot->check_event(mp_event))) {
			mp_boot->close_event(mp_event);
			mp_event = NULL;
			return;
		}
		mp_boot->stall(MP_STEP_US);
	}
	/* The event stays, since the firmware may signal it yet. */
	mp_event = NULL;
	text_line("the firmware does not see that all its CPUs are back");
}
