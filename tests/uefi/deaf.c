/*
 * tests/uefi/deaf.c: an Intel CPU that does not come to Ritevisor, since it is deaf to INITs while that
 * starts: it is in VMX operation (SDM v3 24.8). Afterwards it leaves that, and is started by INIT and startup
 * IPI from under Ritevisor: it must not be, because it would run outside. They go to all
 * others, and a third CPU starts by them.
 */
#include "tests/uefi/test.h"

#include "boot/uefi/chain.h"
#include "core/apic.h"
#include "core/instructions.h"
#include "core/string.h"

#define FEATURE_LOCK_AND_VMX 5u
#define VMX_REVISION_MASK 0x7fffffffu
#define APIC_PAGE UINT64_C(0xfee00000)
#define MARK_OFFSET 0x100
#define OTHER_APIC_ID 2
#define START_INIT_US 10000
#define START_WAIT_US 200000

/* Real mode: a mark at MARK_OFFSET + APIC ID */
static const uint8_t deaf_landing[] = {
	0x66, 0xb8, 0x01, 0x00, 0x00, 0x00, /* mov $1, %eax */
	0x0f, 0xa2,			    /* cpuid */
	0x66, 0xc1, 0xeb, 0x18,		    /* shr $24, %ebx */
	0x2e, 0xc6, 0x87, 0x00, 0x01, 0x01, /* movb $1, %cs:MARK_OFFSET(%bx) */
	0xfa, 0xf4,			    /* cli; hlt */
};

static uint8_t deaf_region[4096] __attribute__((aligned(4096)));
static uint32_t deaf_apic_id;
static bool deaf_is, deaf_ends, deaf_ended;

efi_status EFI_API efi_main(efi_handle self, struct efi_system_table *system);

static bool deaf_load(const bool *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

/* On the other CPU, for ever. */
static void EFI_API deaf_loop(void *argument)
{
	uint32_t revision = (uint32_t)msr_read(MSR_VMX_BASIC) & VMX_REVISION_MASK;
	uint64_t region = (uint64_t)deaf_region;

	(void)argument;
	deaf_apic_id = cpuid_own_apic_id();
	memcpy(deaf_region, &revision, sizeof(revision));
	cr0_write(cr0_read() | CR0_NE);
	cr4_write(cr4_read() | CR4_VMXE);
	if (!(msr_read(MSR_FEATURE_CONTROL) & 1))
		msr_write(MSR_FEATURE_CONTROL, FEATURE_LOCK_AND_VMX);
	__asm__ volatile("vmxon %0" ::"m"(region) : "cc", "memory");
	__atomic_store_n(&deaf_is, true, __ATOMIC_SEQ_CST);
	while (!deaf_load(&deaf_ends))
		cpu_pause();
	__asm__ volatile("vmxoff" ::: "cc");
	__atomic_store_n(&deaf_ended, true, __ATOMIC_SEQ_CST);
	for (;;)
		cpu_pause();
}

static void deaf_send(uint32_t command)
{
	volatile uint32_t *page = (volatile uint32_t *)APIC_PAGE;

	page[APIC_ICR_LOW / 4] = command | APIC_ICR_ASSERT | APIC_ICR_TO_OTHERS;
}

static bool deaf_start(struct efi_boot_services *boot)
{
	uint64_t page = 0x9f000;
	volatile uint8_t *landing;

	if (efi_failed(boot->allocate_pages(EFI_ALLOCATE_MAX_ADDRESS, EFI_LOADER_DATA, 1, &page)))
		return false;
	landing = (volatile uint8_t *)page;
	memset((void *)page, 0, PAGE_BYTES);
	memcpy((void *)page, deaf_landing, sizeof(deaf_landing));
	deaf_send(APIC_ICR_INIT);
	boot->stall(START_INIT_US);
	for (unsigned i = 0; i < 2; i++) {
		deaf_send(APIC_ICR_STARTUP | (uint32_t)(page >> PAGE_SHIFT));
		boot->stall(START_WAIT_US);
	}
	if (landing[MARK_OFFSET + deaf_apic_id] != 0)
		say("not ok deaf: the CPU is started, outside");
	else
		say(landing[MARK_OFFSET + OTHER_APIC_ID] == 1 ? "ok deaf: only the other is started"
							      : "not ok deaf: the other is not started");
	return true;
}

efi_status EFI_API efi_main(efi_handle self, struct efi_system_table *system)
{
	static const struct efi_guid image_guid = EFI_GUID_LOADED_IMAGE, mp_guid = EFI_GUID_MP_SERVICES;
	struct efi_boot_services *boot = system->boot;
	struct efi_mp_services *services;
	struct efi_loaded_image *image;
	efi_event event;

	if (efi_failed(boot->handle_protocol(self, &image_guid, (void **)&image)) ||
	    efi_failed(boot->locate_protocol(&mp_guid, NULL, (void **)&services)) ||
	    efi_failed(boot->create_event(0, 0, NULL, NULL, &event)) ||
	    efi_failed(services->startup_this_ap(services, deaf_loop, 1, event, 0, NULL, NULL)))
		return EFI_UNSUPPORTED;
	while (!deaf_load(&deaf_is))
		cpu_pause();
	/* It comes back, with the firmware as Ritevisor's guest. */
	chain_start(system, self, image, "\\EFI\\ritevisor\\ritevisor.efi", "");
	__atomic_store_n(&deaf_ends, true, __ATOMIC_SEQ_CST);
	while (!deaf_load(&deaf_ended))
		cpu_pause();
	if (!deaf_start(boot))
		say("not ok deaf: no page");
	((efi_reset_system)system->runtime->reset_system)(EFI_RESET_SHUTDOWN, EFI_SUCCESS, 0, NULL);
	return EFI_SUCCESS;
}
