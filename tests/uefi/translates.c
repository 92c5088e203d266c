/*
 * tests/uefi/translates.c: makes of a firmware one that has VT-d translate, with tables of its own, before it
 * starts Ritevisor. At ExitBootServices it changes its tables and switches translation off, as EDK II's driver
 * does, waiting for the registers to say so; before and behind that QEMU's edu looks for the hypervisor's memory.
 */
#include "tests/uefi/test.h"

#include "boot/uefi/chain.h"
#include "core/instructions.h"
#include "iommu/vt_d_regs.h"

#define VT_D UINT64_C(0xfed90000) /* QEMU's */
#define VT_D_CONTEXT_COMMAND 0x28u
#define VT_D_CONTEXT_INVALIDATE (UINT64_C(1) << 63 | UINT64_C(1) << 61)
#define PAGE_OF_UINT64 512u
#define WAITS 1000000u
#define OURS_PAGES 8192u /* memory=32M */
#define LARGE_PAGE UINT64_C(0x200000)
#define EDU_ID 0x11e81234u
#define EDU_BUFFER 0x40000u
#define EDU_BYTES 4088u

static struct efi_boot_services *translates_boot;
static uint64_t translates_root;
static uint64_t translates_page[PAGE_OF_UINT64] __attribute__((aligned(4096)));
static uint8_t translates_map[65536] __attribute__((aligned(16)));

efi_status EFI_API efi_main(efi_handle self, struct efi_system_table *system);

static volatile uint64_t *register_at(uint64_t address)
{
	return (volatile uint64_t *)address;
}

static volatile uint32_t *register32_at(uint64_t address)
{
	return (volatile uint32_t *)address;
}

/* Sets and clears bits as a firmware does that reads the status, and waits for it. */
static bool translates_command(uint32_t set, uint32_t clear)
{
	uint32_t status = *register32_at(VT_D + VT_D_STATUS) & VT_D_STAYS;

	*register32_at(VT_D + VT_D_COMMAND) = (status & ~clear) | set;
	for (unsigned i = 0; i < WAITS; i++) {
		if ((*register32_at(VT_D + VT_D_STATUS) & (set | clear)) == set)
			return true;
	}
	return false;
}

static bool translates_set_root(void)
{
	*register_at(VT_D + VT_D_ROOT) = translates_root;
	if (!translates_command(VT_D_SET_ROOT, 0))
		return false;
	*register_at(VT_D + VT_D_CONTEXT_COMMAND) = VT_D_CONTEXT_INVALIDATE;
	for (unsigned i = 0; i < WAITS; i++) {
		if ((*register_at(VT_D + VT_D_CONTEXT_COMMAND) >> 63) == 0)
			return true;
	}
	return false;
}

/* All devices have all addresses below 512 GiB, in pages of 1 GiB. */
static bool translates_start(void)
{
	uint64_t address = UINT32_MAX, *root, *contexts, *pages;

	if (efi_failed(translates_boot->allocate_pages(EFI_ALLOCATE_MAX_ADDRESS, EFI_BOOT_SERVICES_DATA, 3, &address)))
		return false;
	translates_root = address;
	root = (uint64_t *)address;
	contexts = root + PAGE_OF_UINT64;
	pages = contexts + PAGE_OF_UINT64;
	for (unsigned i = 0; i < PAGE_OF_UINT64; i += 2) {
		root[i] = (uint64_t)contexts | VT_D_ENTRY_PRESENT;
		contexts[i] = (uint64_t)pages | VT_D_ENTRY_PRESENT;
		root[i + 1] = 0;
		contexts[i + 1] = UINT64_C(7) << VT_D_CONTEXT_DOMAIN_SHIFT | 1;
	}
	for (uint64_t i = 0; i < PAGE_OF_UINT64; i++)
		pages[i] = GIB(i) | VT_D_PAGE_READ | VT_D_PAGE_WRITE | VT_D_PAGE_LARGE;
	return translates_set_root() && translates_command(VT_D_TRANSLATION, 0);
}

static uint32_t config(uint32_t function, uint32_t offset)
{
	port_write32(0xcf8, 0x80000000u | function << 8 | offset);
	return port_read32(0xcfc);
}

static uint64_t edu_find(void)
{
	for (uint32_t function = 0; function < 256; function++) {
		if (config(function, 0) != EDU_ID)
			continue;
		(void)config(function, 4);
		port_write32(0xcfc, 6);
		return config(function, 0x10) & ~0xfu;
	}
	return 0;
}

static void edu_move(uint64_t edu, uint64_t source, uint64_t target, uint32_t command)
{
	*register_at(edu + 0x80) = source;
	*register_at(edu + 0x88) = target;
	*register_at(edu + 0x90) = EDU_BYTES;
	*register_at(edu + 0x98) = command;
	while ((*register32_at(edu + 0x98) & 1) != 0)
		cpu_pause();
}

/* How much of a page that the edu finds there is not 0. */
static unsigned edu_looks(uint64_t edu, uint64_t at)
{
	unsigned count = 0;

	for (unsigned i = 0; i < PAGE_OF_UINT64; i++)
		translates_page[i] = 0;
	edu_move(edu, (uint64_t)translates_page, EDU_BUFFER, 1);
	edu_move(edu, at, EDU_BUFFER, 1);
	edu_move(edu, EDU_BUFFER, (uint64_t)translates_page, 3);
	for (unsigned i = 0; i < PAGE_OF_UINT64; i++)
		count += translates_page[i] != 0;
	return count;
}

/* The reserved memory that is large enough; 0: none. */
static uint64_t translates_find_ours(void)
{
	uint64_t bytes = sizeof(translates_map), key, step;
	uint32_t version;

	if (efi_failed(translates_boot->get_memory_map(&bytes, translates_map, &key, &step, &version)))
		return 0;
	for (uint64_t at = 0; at + step <= bytes; at += step) {
		/* EFI_MEMORY_DESCRIPTOR (UEFI 7.2): the type, the start at 8, the number of pages at 24 */
		const uint64_t *entry = (const uint64_t *)(const void *)(translates_map + at);

		if ((uint32_t)entry[0] == EFI_RESERVED_MEMORY_TYPE && entry[3] >= OURS_PAGES &&
		    entry[1] % LARGE_PAGE == 0)
			return entry[1];
	}
	return 0;
}

static void EFI_API translates_exit(efi_event event, void *context)
{
	uint64_t ours = translates_find_ours(), edu = edu_find();
	unsigned before, behind;
	bool root, off;

	(void)event, (void)context;
	if (ours == 0 || edu == 0) {
		say("not ok translates: no memory of the hypervisor's, or no edu");
		return;
	}
	before = edu_looks(edu, ours);
	root = translates_set_root();
	off = translates_command(0, VT_D_TRANSLATION);
	behind = edu_looks(edu, ours);
	say("translates: tables %s, off %s", root ? "changed" : "stay", off ? "it says" : "it does not go");
	say("translates: the edu finds %u, then %u words of the hypervisor's", before, behind);
}

efi_status EFI_API efi_main(efi_handle self, struct efi_system_table *system)
{
	static const struct efi_guid image_guid = EFI_GUID_LOADED_IMAGE, exit_guid = EFI_GUID_EXIT_BOOT_SERVICES;
	struct efi_loaded_image *image;
	efi_event event;

	translates_boot = system->boot;
	if (efi_failed(system->boot->handle_protocol(self, &image_guid, (void **)&image)) ||
	    efi_failed(system->boot->create_event_ex(EFI_EVENT_NOTIFY_SIGNAL, EFI_TPL_CALLBACK, translates_exit, NULL,
						     &exit_guid, &event)))
		return EFI_UNSUPPORTED;
	say("translates: %s", translates_start() ? "on" : "it does not start");
	return chain_start(system, self, image, "\\EFI\\ritevisor\\ritevisor.efi", "");
}
