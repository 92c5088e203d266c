/*
 * boot/guest_stub.c: places and fills the guest's 16-bit page (boot/guest_stub_code.S).
 */
#include "boot/guest_stub.h"

#include "boot/guest_stub_layout.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/paging.h"
#include "core/string.h"

#define BIOS_BASE_MEMORY_KIB 0x413 /* BIOS data area: KiB of conventional memory */
#define VECTOR_INT15 (0x15 * 4)
#define STUB_KIB (GUEST_STUB_BYTES / 1024)

extern const uint8_t guest_stub_start[], guest_stub_end[];

static void stub_write16(hpa_t at, uint16_t value)
{
	memcpy(memory_direct(at), &value, sizeof(value));
}

static void stub_write32(hpa_t at, uint32_t value)
{
	memcpy(memory_direct(at), &value, sizeof(value));
}

hpa_t low_page_take(struct e820_entry *map, size_t *nr_map, size_t map_maximum)
{
	uint16_t kib;
	hpa_t page;

	memcpy(&kib, memory_direct(BIOS_BASE_MEMORY_KIB), sizeof(kib));
	if (kib < 128 || kib > 640)
		return 0;
	kib = (uint16_t)((kib - STUB_KIB) & ~(STUB_KIB - 1));
	page = KIB(kib);
	if (e820_reserve(map, nr_map, map_maximum, page, GUEST_STUB_BYTES) != 0)
		return 0;
	stub_write16(BIOS_BASE_MEMORY_KIB, kib);
	return page;
}

/* A descriptor's base is in bits 16-39 (the page is below 1 MiB). */
static void stub_set_descriptors(hpa_t page)
{
	uint64_t descriptor = UINT64_C(0x00009b000000ffff) | page << 16;

	memcpy(memory_direct(page + GUEST_STUB_GDT + 8), &descriptor, sizeof(descriptor));
	stub_write32(page + GUEST_STUB_GDTR + 2, (uint32_t)(page + GUEST_STUB_GDT));
}

bool guest_stub_install(hpa_t page, const struct e820_entry *map, size_t nr_map, uint8_t drive,
			bool hide)
{
	uint16_t e801_ax, e801_bx, int88;
	uint32_t old;

	if (nr_map > GUEST_STUB_ENTRIES_MAXIMUM)
		return false;
	memcpy(memory_direct(page), guest_stub_start, (size_t)(guest_stub_end - guest_stub_start));
	stub_set_descriptors(page);
	stub_write32(page + GUEST_STUB_LINEAR, (uint32_t)page);
	*(uint8_t *)memory_direct(page + GUEST_STUB_DRIVE) = drive;
	if (!hide)
		return true;
	e820_legacy_sizes(map, nr_map, &e801_ax, &e801_bx, &int88);
	stub_write16(page + GUEST_STUB_NR_ENTRIES, (uint16_t)nr_map);
	stub_write16(page + GUEST_STUB_E801_AX, e801_ax);
	stub_write16(page + GUEST_STUB_E801_BX, e801_bx);
	stub_write16(page + GUEST_STUB_INT88, int88);
	memcpy(memory_direct(page + GUEST_STUB_MAP), map, nr_map * sizeof(*map));
	memcpy(&old, memory_direct(VECTOR_INT15), sizeof(old));
	stub_write32(page + GUEST_STUB_OLD_INT15, old);
	stub_write32(VECTOR_INT15, (uint32_t)(page >> 4) << 16 | GUEST_STUB_INT15);
	return true;
}

_Noreturn void guest_stub_jump(hpa_t root, uint64_t entry, uint64_t linear);

_Noreturn void guest_stub_run_native(hpa_t page)
{
	hpa_t root = paging_create();

	if (root == 0 || paging_map(root, page, page, PAGING_WRITABLE) != 0)
		panic("no memory left to start the OS without Ritevisor");
	guest_stub_jump(root, page + GUEST_STUB_NATIVE, page);
}
