/*
 * tests/uefi/wakes.c: makes of a firmware one that wakes its CPUs by a store to memory, as EDK II does where
 * PcdCpuApLoopMode says so: by MWAIT if the CPU has it, else they look again and again. It takes them from
 * the firmware for good, puts its own EFI_MP_SERVICES in the place of the firmware's, and starts Ritevisor.
 * At ExitBootServices it has each CPU answer once more, and waits for that.
 */
#include "tests/uefi/test.h"

#include "boot/uefi/chain.h"
#include "core/instructions.h"

#define CPUS 64
#define CPUID_MONITOR 0x8u /* leaf 1, ECX */
#define TIMER_PERIOD_100NS 100000 /* 10 ms */

/* What the boot CPU writes and its CPU waits for; a line of the cache each. */
struct wakes_cpu {
	uint32_t call; /* counts up */
	uint32_t answer;
	uint32_t apic_id;
	efi_cpu_procedure procedure;
	void *argument;
} __attribute__((aligned(64)));

static struct wakes_cpu wakes_cpus[CPUS];
static uint32_t wakes_nr;
static bool wakes_by_mwait;
static struct efi_mp_services *wakes_firmware, wakes_own;
static struct efi_boot_services *wakes_boot;
static efi_event wakes_event; /* of a call that does not wait */

efi_status EFI_API efi_main(efi_handle self, struct efi_system_table *system);

static uint32_t wakes_load(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static void wakes_wait(const uint32_t *word, uint32_t old)
{
	while (wakes_load(word) == old) {
		if (!wakes_by_mwait) {
			cpu_pause();
			continue;
		}
		__asm__ volatile("monitor" ::"a"(word), "c"(0), "d"(0));
		if (wakes_load(word) == old)
			__asm__ volatile("mwait" ::"a"(0), "c"(0) : "memory");
	}
}

/* On each other CPU, for ever. */
static void EFI_API wakes_loop(void *argument)
{
	struct wakes_cpu *own = argument;
	uint32_t call = 0;

	own = &wakes_cpus[__atomic_fetch_add(&wakes_nr, 1, __ATOMIC_SEQ_CST) % CPUS];
	own->apic_id = cpuid_own_apic_id();
	__atomic_store_n(&own->answer, 1, __ATOMIC_SEQ_CST);
	for (;;) {
		wakes_wait(&own->call, call);
		call = wakes_load(&own->call);
		own->procedure(own->argument);
		__atomic_store_n(&own->answer, call + 1, __ATOMIC_SEQ_CST);
	}
}

static bool wakes_are_back(void)
{
	for (uint32_t i = 0; i < wakes_nr; i++) {
		if (wakes_load(&wakes_cpus[i].answer) != wakes_cpus[i].call + 1)
			return false;
	}
	return true;
}

static void wakes_call(struct wakes_cpu *cpu, efi_cpu_procedure procedure, void *argument)
{
	cpu->procedure = procedure;
	cpu->argument = argument;
	__atomic_add_fetch(&cpu->call, 1, __ATOMIC_SEQ_CST);
}

static efi_status wakes_end(efi_event event)
{
	if (event != NULL) {
		wakes_event = event;
		return EFI_SUCCESS;
	}
	while (!wakes_are_back())
		cpu_pause();
	return EFI_SUCCESS;
}

static efi_status EFI_API wakes_startup_all(struct efi_mp_services *self, efi_cpu_procedure procedure,
					    bool one_by_one, efi_event event, uint64_t timeout_us,
					    void *argument, uint64_t **failed)
{
	(void)self, (void)one_by_one, (void)timeout_us, (void)failed;
	if (!wakes_are_back())
		return EFI_NOT_READY;
	for (uint32_t i = 0; i < wakes_nr; i++)
		wakes_call(&wakes_cpus[i], procedure, argument);
	return wakes_end(event);
}

static efi_status EFI_API wakes_startup_this(struct efi_mp_services *self, efi_cpu_procedure procedure,
					     uint64_t number, efi_event event, uint64_t timeout_us,
					     void *argument, bool *finished)
{
	struct efi_processor_information information;

	(void)self, (void)timeout_us, (void)finished;
	if (!wakes_are_back())
		return EFI_NOT_READY;
	wakes_firmware->get_processor_info(wakes_firmware, number, &information);
	for (uint32_t i = 0; i < wakes_nr; i++) {
		if (wakes_cpus[i].apic_id != information.apic_id)
			continue;
		wakes_call(&wakes_cpus[i], procedure, argument);
		return wakes_end(event);
	}
	return EFI_NOT_FOUND;
}

static efi_status EFI_API wakes_get_number(struct efi_mp_services *self, uint64_t *nr, uint64_t *nr_enabled)
{
	(void)self;
	return wakes_firmware->get_number_of_processors(wakes_firmware, nr, nr_enabled);
}

static efi_status EFI_API wakes_get_info(struct efi_mp_services *self, uint64_t number,
					 struct efi_processor_information *information)
{
	(void)self;
	return wakes_firmware->get_processor_info(wakes_firmware, number, information);
}

static void EFI_API wakes_tick(efi_event event, void *context)
{
	(void)event, (void)context;
	if (wakes_event == NULL || !wakes_are_back())
		return;
	((efi_signal_event)wakes_boot->signal_event)(wakes_event);
	wakes_event = NULL;
}

static void EFI_API wakes_answer(void *argument)
{
	__atomic_add_fetch((uint32_t *)argument, 1, __ATOMIC_SEQ_CST);
}

static void EFI_API wakes_exit(efi_event event, void *context)
{
	uint32_t answers = 0;

	(void)event, (void)context;
	wakes_startup_all(&wakes_own, wakes_answer, false, NULL, 0, &answers, NULL);
	say("wakes: %u CPUs answer at ExitBootServices", answers);
}

static bool wakes_replace(void)
{
	static const struct efi_guid guid = EFI_GUID_MP_SERVICES;
	uint64_t nr_handles;
	efi_handle *handles;

	wakes_own.get_number_of_processors = wakes_get_number;
	wakes_own.get_processor_info = wakes_get_info;
	wakes_own.startup_all_aps = wakes_startup_all;
	wakes_own.startup_this_ap = wakes_startup_this;
	return !efi_failed(wakes_boot->locate_handle_buffer(EFI_SEARCH_BY_PROTOCOL, &guid, NULL,
							    &nr_handles, &handles)) &&
	       !efi_failed(((efi_reinstall)wakes_boot->reinstall_protocol_interface)(
		       handles[0], &guid, wakes_firmware, &wakes_own));
}

static bool wakes_take(void)
{
	static const struct efi_guid exit = EFI_GUID_EXIT_BOOT_SERVICES;
	uint64_t nr, nr_enabled;
	efi_event event;

	if (efi_failed(wakes_firmware->get_number_of_processors(wakes_firmware, &nr, &nr_enabled)) ||
	    efi_failed(wakes_boot->create_event(0, 0, NULL, NULL, &event)) ||
	    efi_failed(wakes_firmware->startup_all_aps(wakes_firmware, wakes_loop, false, event, 0, NULL,
						       NULL)))
		return false;
	while (wakes_load(&wakes_nr) != nr_enabled - 1 || !wakes_are_back())
		cpu_pause();
	return !efi_failed(wakes_boot->create_event(EFI_EVENT_TIMER | EFI_EVENT_NOTIFY_SIGNAL,
						    EFI_TPL_CALLBACK, wakes_tick, NULL, &event)) &&
	       !efi_failed(((efi_set_timer)wakes_boot->set_timer)(event, EFI_TIMER_PERIODIC,
								  TIMER_PERIOD_100NS)) &&
	       /* Before the firmware's own, which is EFI_TPL_CALLBACK's and takes the CPUs back by INIT */
	       !efi_failed(wakes_boot->create_event_ex(EFI_EVENT_NOTIFY_SIGNAL, EFI_TPL_NOTIFY, wakes_exit,
						       NULL, &exit, &event)) &&
	       wakes_replace();
}

efi_status EFI_API efi_main(efi_handle self, struct efi_system_table *system)
{
	static const struct efi_guid image_guid = EFI_GUID_LOADED_IMAGE, mp_guid = EFI_GUID_MP_SERVICES;
	struct efi_loaded_image *image;

	wakes_boot = system->boot;
	wakes_by_mwait = (cpuid_query(1, 0).ecx & CPUID_MONITOR) != 0;
	if (efi_failed(wakes_boot->handle_protocol(self, &image_guid, (void **)&image)) ||
	    efi_failed(wakes_boot->locate_protocol(&mp_guid, NULL, (void **)&wakes_firmware)) ||
	    !wakes_take()) {
		say("wakes: the firmware's CPUs cannot be had");
		return EFI_UNSUPPORTED;
	}
	say("wakes: %u CPUs wait %s", wakes_nr, wakes_by_mwait ? "by MWAIT" : "in a loop");
	return chain_start(system, self, image, "\\EFI\\ritevisor\\ritevisor.efi", "");
}
