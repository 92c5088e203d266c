/*
 * tests/uefi/calls.c: under Ritevisor, calls the other CPUs by EFI_MP_SERVICES, several times all at once and
 * then each by itself; then ends boot services and powers off. Each CPU says whether it finds the answer that
 * tests/system/scripts/cpuid_mark.rb puts into a leaf of CPUID, and no SVM or VMX.
 */
#include "tests/uefi/test.h"

#include "core/instructions.h"

#define ROUNDS 3
#define MARK_LEAF 0x4000ff00u
#define MARK 0x6b72616du
#define CPUID_VMX 0x20u /* leaf 1, ECX */
#define CPUID_SVM 0x4u	/* leaf 80000001h, ECX */

static struct efi_boot_services *calls_boot;

static struct {
	uint32_t answers, marks, visible;
} calls_count;

efi_status EFI_API efi_main(efi_handle self, struct efi_system_table *system);

static void EFI_API calls_look(void *argument)
{
	(void)argument;
	if (cpuid_query(MARK_LEAF, 0).eax == MARK)
		__atomic_add_fetch(&calls_count.marks, 1, __ATOMIC_SEQ_CST);
	if ((cpuid_query(1, 0).ecx & CPUID_VMX) || (cpuid_query(0x80000001, 0).ecx & CPUID_SVM))
		__atomic_add_fetch(&calls_count.visible, 1, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&calls_count.answers, 1, __ATOMIC_SEQ_CST);
}

static const char *calls_how_many(uint32_t count, uint64_t all)
{
	return count == all ? "all" : count == 0 ? "none" : "some";
}

static void calls_say(const char *what, uint64_t all)
{
	say("calls: %s: %s answer, %s by the hook, %s see virtualization", what,
	    calls_how_many(calls_count.answers, all), calls_how_many(calls_count.marks, all),
	    calls_how_many(calls_count.visible, all));
	__builtin_memset(&calls_count, 0, sizeof(calls_count));
}

static void calls_make(struct efi_mp_services *services, uint64_t nr, uint64_t nr_others)
{
	struct efi_processor_information information;

	for (unsigned round = 0; round < ROUNDS; round++) {
		efi_status status = services->startup_all_aps(services, calls_look, round == 1, NULL, 0,
							      NULL, NULL);

		if (efi_failed(status))
			say("not ok calls: startup_all_aps, status %llx",
			    (unsigned long long)(status & 0xff));
		calls_say("at once", nr_others);
	}
	for (uint64_t i = 0; i < nr; i++) {
		if (!efi_failed(services->get_processor_info(services, i, &information)) &&
		    (information.status & (EFI_CPU_IS_BSP | EFI_CPU_ENABLED)) == EFI_CPU_ENABLED &&
		    efi_failed(services->startup_this_ap(services, calls_look, i, NULL, 0, NULL, NULL)))
			say("not ok calls: startup_this_ap");
	}
	calls_say("one by one", nr_others);
}

static void calls_end(efi_handle self)
{
	static uint8_t map[65536];
	uint64_t bytes = sizeof(map), key, descriptor_bytes;
	uint32_t version;

	if (efi_failed(calls_boot->get_memory_map(&bytes, map, &key, &descriptor_bytes, &version)) ||
	    efi_failed(((efi_exit_boot_services)calls_boot->exit_boot_services)(self, key)))
		say("not ok calls: ExitBootServices");
	else
		say("calls: boot services have ended");
}

efi_status EFI_API efi_main(efi_handle self, struct efi_system_table *system)
{
	static const struct efi_guid guid = EFI_GUID_MP_SERVICES;
	struct efi_mp_services *services;
	uint64_t nr, nr_enabled;

	calls_boot = system->boot;
	if (efi_failed(calls_boot->locate_protocol(&guid, NULL, (void **)&services)) ||
	    efi_failed(services->get_number_of_processors(services, &nr, &nr_enabled))) {
		say("not ok calls: no EFI_MP_SERVICES");
		return EFI_NOT_FOUND;
	}
	say("calls: %llu CPUs to call", (unsigned long long)(nr_enabled - 1));
	calls_make(services, nr, nr_enabled - 1);
	calls_end(self);
	((efi_reset_system)system->runtime->reset_system)(EFI_RESET_SHUTDOWN, EFI_SUCCESS, 0, NULL);
	return EFI_SUCCESS;
}
