/*
 * core/memory.h: the hypervisor's own memory (one contiguous reserved range), its page allocator,
 * and the direct map through which all physical memory is reached.
 */
#ifndef CORE_MEMORY_H
#define CORE_MEMORY_H

#include "rv/types.h"

/* All physical addresses below this are mapped at DIRECT_MAP_ADDRESS + address. Device memory gets
 * its type from the MTRRs. */
#define DIRECT_MAP_ADDRESS UINT64_C(0xffff800000000000)
#define DIRECT_MAP_BYTES_MAXIMUM GIB(4096)
#define HYPERVISOR_ADDRESS UINT64_C(0xffffffff80000000)

extern hpa_t memory_reserved_start; /* what is ours, 2 MiB aligned */
extern uint64_t memory_reserved_bytes;
extern uint64_t memory_end;	     /* first address above all RAM */
extern uint64_t memory_ram_bytes;   /* how much RAM there is */

static inline void *memory_direct(hpa_t hpa)
{
	return (void *)(DIRECT_MAP_ADDRESS + hpa);
}

static inline hpa_t memory_physical(const void *direct)
{
	return (uint64_t)direct - DIRECT_MAP_ADDRESS;
}

static inline bool memory_touches(hpa_t hpa, uint64_t length_bytes, hpa_t start, uint64_t bytes)
{
	return length_bytes != 0 && hpa < start + bytes &&
	       (length_bytes > start || hpa > start - length_bytes);
}

/* Does the range touch memory that is ours? Overflow-safe. */
static inline bool memory_is_reserved(hpa_t hpa, uint64_t length_bytes)
{
	return memory_touches(hpa, length_bytes, memory_reserved_start, memory_reserved_bytes);
}

/* Is all of the range usable RAM of the guest (memory map type 1, ACPI types, below 1 MiB)? */
bool memory_is_ram(hpa_t hpa, uint64_t length_bytes);

/* One zeroed page of the pool by its direct-map address, NULL when the pool is empty. */
void *memory_allocate_page(void);
void memory_free_page(void *page);
/* The same for what somebody can ask for without end: NULL as soon as only the pages are left that
 * memory_keep_pages() keeps for what the hypervisor cannot do without, such as a CPU that the guest starts. */
void *memory_allocate_spare_page(void);
void memory_keep_pages(uint64_t nr_pages);
/* Could as many be had that way now? */
bool memory_has_spare_pages(uint64_t nr_pages);
/* Memory of ours that devices may reach where an IOMMU keeps them from the rest: what requests pass through, and
 * never what we go by ourselves. Set aside once, of the free memory at the pool's end: 0, -RV_ENOMEM, -RV_EINVAL.
 * Context: boot. */
int memory_set_aside_for_devices(uint64_t bytes, hpa_t *start);
/* A page of it, or, where none was set aside, a spare page. memory_free_page() frees it. */
void *memory_allocate_device_page(void);
/* The same of several, one behind the other; memory_free_pages() frees them. */
void *memory_allocate_device_pages(size_t nr_pages);
bool memory_has_device_pages(uint64_t nr_pages);
/* nr_pages contiguous zeroed pages, aligned to a page. For boot; free with memory_free_pages. */
void *memory_allocate_pages(size_t nr_pages);
void memory_free_pages(void *pages, size_t nr_pages);
uint64_t memory_pages_free(void);
/* Zeroes what is free: until it is taken it has what was there before us, or what was left by who freed it. Context: boot. */
void memory_wipe_free_pages(void);

/* Small objects, zeroed, 16-byte aligned; NULL when the pool is empty. */
void *memory_allocate(size_t length_bytes);
void memory_free(void *object);

#endif
