/*
 * core/low_entry.c: fills in core/low_entry_code.S. No state.
 */
#include "core/low_entry.h"

#include "core/memory.h"
#include "core/paging.h"
#include "core/string.h"

#define GDT_BYTES 24

/* core/low_entry_code.S */
extern const uint8_t low_entry_start[], low_entry_end[], low_entry_long[], low_entry_target[];
extern const uint8_t low_entry_idle[], low_entry_gdtr_base[], low_entry_root[], low_entry_jump[], low_entry_stack[];

static void low_entry_patch(hpa_t page, const uint8_t *field, uint64_t value, size_t bytes)
{
	memcpy(memory_direct(page + (uint64_t)(field - low_entry_start)), &value, bytes);
}

void low_entry_fill(hpa_t page, hpa_t root, void (*target)(void))
{
	memcpy(memory_direct(page), low_entry_start, (size_t)(low_entry_end - low_entry_start));
	low_entry_patch(page, low_entry_gdtr_base,
			page + (uint64_t)(low_entry_gdtr_base - 2 - low_entry_start) - GDT_BYTES,
			sizeof(uint32_t));
	low_entry_patch(page, low_entry_root, root, sizeof(uint32_t));
	low_entry_patch(page, low_entry_jump, page + (uint64_t)(low_entry_long - low_entry_start),
			sizeof(uint32_t));
	low_entry_patch(page, low_entry_target, (uint64_t)target, sizeof(uint64_t));
}

void low_entry_set_stack(hpa_t page, uint64_t stack)
{
	low_entry_patch(page, low_entry_stack, stack, sizeof(uint64_t));
}

uint32_t low_entry_idle_vector(hpa_t page)
{
	return (uint32_t)(page >> 4 << 16) | (uint32_t)(low_entry_idle - low_entry_start);
}

hpa_t low_entry_create_root(hpa_t page)
{
	hpa_t root = paging_create();

	if (root == 0)
		return 0;
	if (paging_map(root, page, page, PAGING_WRITABLE) != 0) {
		paging_destroy(root);
		return 0;
	}
	return root;
}
