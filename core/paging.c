/*
 * core/paging.c: 4-level page tables of the host (AMD APM v2 5.3, Intel SDM 3 4.5). The upper half
 * (the direct map and our image) is the same in every address space: all roots share its tables.
 */
#include "core/paging.h"

#include "core/instructions.h"
#include "core/layout.h"
#include "core/memory.h"
#include "core/spinlock.h"
#include "rv/errno.h"

#define PAGING_ENTRIES 512
#define PAGING_HALF 256

static struct spinlock paging_lock; /* guards the tables that all roots share */

hpa_t paging_host_root;
uint64_t paging_direct_bytes;

static unsigned paging_index(uint64_t virtual_address, unsigned level)
{
	return (unsigned)(virtual_address >> (PAGE_SHIFT + 9 * level)) & (PAGING_ENTRIES - 1);
}

/* Boot time: tables are taken one after another and reached by identity. */
struct paging_builder {
	hpa_t next, end;
};

static uint64_t *paging_builder_table(struct paging_builder *builder)
{
	uint64_t *table = (uint64_t *)builder->next;

	if (builder->end - builder->next < PAGE_BYTES)
		return NULL;
	builder->next += PAGE_BYTES;
	for (unsigned i = 0; i < PAGING_ENTRIES; i++)
		table[i] = 0;
	return table;
}

static uint64_t *paging_builder_descend(struct paging_builder *builder, uint64_t *table,
					unsigned index)
{
	uint64_t *lower;

	if (table[index] & PAGING_PRESENT)
		return (uint64_t *)(table[index] & PAGING_ADDRESS_MASK);
	lower = paging_builder_table(builder);
	if (lower != NULL)
		table[index] = (hpa_t)lower | PAGING_PRESENT | PAGING_WRITABLE;
	return lower;
}

/* What the CPU can address, devices' memory among it: firmware may put that at the top. */
static uint64_t paging_reach(void)
{
	uint64_t bytes = UINT64_C(1) << (cpuid_query(0x80000008, 0).eax & 0x3f);

	return bytes < DIRECT_MAP_BYTES_MAXIMUM ? bytes : DIRECT_MAP_BYTES_MAXIMUM;
}

static bool paging_build_direct_map(struct paging_builder *builder, uint64_t *root)
{
	bool gigabyte_pages = (cpuid_query(0x80000001, 0).edx >> 26) & 1;
	uint64_t leaf = PAGING_PRESENT | PAGING_WRITABLE | PAGING_LARGE | PAGING_NO_EXECUTE;
	uint64_t bytes = gigabyte_pages ? paging_reach()
					: align_up(memory_end < GIB(4) ? GIB(4) : memory_end, GIB(1));

	if (bytes > DIRECT_MAP_BYTES_MAXIMUM)
		return false;
	paging_direct_bytes = bytes;
	for (uint64_t hpa = 0; hpa < bytes; hpa += GIB(1)) {
		uint64_t *upper = paging_builder_descend(builder, root, paging_index(DIRECT_MAP_ADDRESS + hpa, 3));
		uint64_t *middle;

		if (upper == NULL)
			return false;
		if (gigabyte_pages) {
			upper[paging_index(hpa, 2)] = hpa | leaf;
			continue;
		}
		middle = paging_builder_descend(builder, upper, paging_index(hpa, 2));
		if (middle == NULL)
			return false;
		for (unsigned i = 0; i < PAGING_ENTRIES; i++)
			middle[i] = (hpa + MIB(2) * i) | leaf;
	}
	return true;
}

/* Text is read-only, constants neither writable nor executable, data not executable. */
static uint64_t paging_image_rights(uint64_t virtual_address)
{
	if (virtual_address < (uint64_t)layout_text_end)
		return PAGING_PRESENT;
	if (virtual_address < (uint64_t)layout_rodata_end)
		return PAGING_PRESENT | PAGING_NO_EXECUTE;
	return PAGING_PRESENT | PAGING_WRITABLE | PAGING_NO_EXECUTE;
}

static bool paging_build_image(struct paging_builder *builder, uint64_t *root, hpa_t image,
			       uint64_t image_bytes)
{
	for (uint64_t offset = 0; offset < image_bytes; offset += PAGE_BYTES) {
		uint64_t address = HYPERVISOR_ADDRESS + offset;
		uint64_t *table = root;

		for (unsigned level = 3; level > 0 && table != NULL; level--)
			table = paging_builder_descend(builder, table, paging_index(address, level));
		if (table == NULL)
			return false;
		table[paging_index(address, 0)] = (image + offset) | paging_image_rights(address);
	}
	return true;
}

hpa_t paging_build_host(hpa_t image, uint64_t image_bytes, hpa_t tables, uint64_t tables_bytes,
			uint64_t *used_bytes)
{
	struct paging_builder builder = { .next = tables, .end = tables + tables_bytes };
	uint64_t *root = paging_builder_table(&builder);

	if (root == NULL || !paging_build_direct_map(&builder, root) ||
	    !paging_build_image(&builder, root, image, image_bytes))
		return 0;
	*used_bytes = builder.next - tables;
	return (hpa_t)root;
}

/* Puts a table in the place of a larger page. */
static int paging_split(uint64_t *entry, unsigned level)
{
	uint64_t *table = memory_allocate_page();
	uint64_t below = (PAGE_BYTES << 9 * (level - 1)), leaf = *entry;

	if (table == NULL)
		return -RV_ENOMEM;
	if (level == 1)
		leaf &= ~PAGING_LARGE;
	for (unsigned i = 0; i < PAGING_ENTRIES; i++)
		table[i] = leaf + i * below;
	*entry = memory_physical(table) | PAGING_PRESENT | PAGING_WRITABLE;
	return 0;
}

int paging_protect(const void *page, uint64_t rights)
{
	uint64_t address = (uint64_t)page, *table = memory_direct(paging_host_root), *entry;
	int error = 0;

	spinlock_acquire(&paging_lock);
	for (unsigned level = 3; level > 0 && error == 0; level--) {
		entry = &table[paging_index(address, level)];
		if (*entry & PAGING_LARGE)
			error = paging_split(entry, level);
		table = memory_direct(*entry & PAGING_ADDRESS_MASK);
	}
	if (error == 0) {
		entry = &table[paging_index(address, 0)];
		*entry = rights == 0 ? 0 : (*entry & PAGING_ADDRESS_MASK) | rights;
	}
	spinlock_release(&paging_lock);
	__asm__ volatile("invlpg %0" ::"m"(*(const uint8_t *)page) : "memory");
	return error;
}

int paging_protect_image(void)
{
	const uint8_t *alias = memory_direct(memory_reserved_start);
	uint64_t bytes = (uint64_t)(layout_rodata_end - layout_image_start);
	int error = 0;

	for (uint64_t at = 0; at < bytes && error == 0; at += PAGE_BYTES)
		error = paging_protect(alias + at, PAGING_PRESENT | PAGING_NO_EXECUTE);
	return error;
}

hpa_t paging_create(void)
{
	uint64_t *root = memory_allocate_page();
	const uint64_t *host = memory_direct(paging_host_root);

	if (root == NULL)
		return 0;
	for (unsigned i = PAGING_HALF; i < PAGING_ENTRIES; i++)
		root[i] = host[i];
	return memory_physical(root);
}

static void paging_free_table(uint64_t *table, unsigned level)
{
	for (unsigned i = 0; level > 0 && i < (level == 3 ? PAGING_HALF : PAGING_ENTRIES); i++) {
		if (table[i] & PAGING_PRESENT)
			paging_free_table(memory_direct(table[i] & PAGING_ADDRESS_MASK), level - 1);
	}
	memory_free_page(table);
}

void paging_destroy(hpa_t root)
{
	paging_free_table(memory_direct(root), 3);
}

/* The slot of the leaf entry; tables on the way are made if `create`. NULL: none, or no memory. */
static uint64_t *paging_slot(hpa_t root, uint64_t virtual_address, bool create)
{
	uint64_t *table = memory_direct(root);

	for (unsigned level = 3; level > 0; level--) {
		uint64_t *entry = &table[paging_index(virtual_address, level)];

		if (!(*entry & PAGING_PRESENT)) {
			void *lower = create ? memory_allocate_page() : NULL;

			if (lower == NULL)
				return NULL;
			*entry = memory_physical(lower) | PAGING_PRESENT | PAGING_WRITABLE |
				 PAGING_USER;
		}
		table = memory_direct(*entry & PAGING_ADDRESS_MASK);
	}
	return &table[paging_index(virtual_address, 0)];
}

int paging_map(hpa_t root, uint64_t virtual_address, hpa_t hpa, uint64_t rights)
{
	uint64_t *slot;

	if (virtual_address >> 47 != 0)
		return -RV_EINVAL;
	slot = paging_slot(root, virtual_address, true);
	if (slot == NULL)
		return -RV_ENOMEM;
	if (*slot & PAGING_PRESENT)
		return -RV_EEXIST;
	*slot = (hpa & PAGING_ADDRESS_MASK) | rights | PAGING_PRESENT;
	return 0;
}

uint64_t paging_lookup(hpa_t root, uint64_t virtual_address)
{
	const uint64_t *slot = virtual_address >> 47 != 0 ? NULL
							   : paging_slot(root, virtual_address, false);

	return slot != NULL && (*slot & PAGING_PRESENT) ? *slot : 0;
}

uint64_t paging_unmap(hpa_t root, uint64_t virtual_address)
{
	uint64_t *slot = virtual_address >> 47 != 0 ? NULL : paging_slot(root, virtual_address, false);
	uint64_t entry = slot != NULL && (*slot & PAGING_PRESENT) ? *slot : 0;

	if (entry != 0)
		*slot = 0;
	return entry;
}
