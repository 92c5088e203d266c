/*
 * tests/unit/fake/core/memory.h: stands before core/memory.h: physical memory is an array, of which
 * a part counts as the hypervisor's.
 */
#ifndef CORE_MEMORY_H
#define CORE_MEMORY_H

#include "rv/types.h"

#define FAKE_MEMORY_BYTES MIB(16)

extern uint8_t *fake_memory;
extern hpa_t memory_reserved_start;
extern uint64_t memory_reserved_bytes;
extern uint64_t memory_end;

static inline void *memory_direct(hpa_t hpa)
{
	return (void *)((uintptr_t)fake_memory + hpa);
}

static inline bool memory_is_reserved(hpa_t hpa, uint64_t length_bytes)
{
	return length_bytes != 0 && hpa < memory_reserved_start + memory_reserved_bytes &&
	       (length_bytes > memory_reserved_start || hpa > memory_reserved_start - length_bytes);
}

static inline hpa_t memory_physical(const void *direct)
{
	return (uintptr_t)direct - (uintptr_t)fake_memory;
}

void *memory_allocate_page(void);
void *memory_allocate_spare_page(void);
bool memory_has_spare_pages(uint64_t nr_pages);
void *memory_allocate_device_page(void);
/* As many, contiguous; free them with memory_free_pages(). */
void *memory_allocate_device_pages(size_t nr_pages);
bool memory_has_device_pages(uint64_t nr_pages);
void *memory_allocate_pages(size_t nr_pages);
int memory_set_aside_for_devices(uint64_t bytes, hpa_t *start);
void memory_free_page(void *page);
void memory_free_pages(void *pages, size_t nr_pages);
bool memory_is_ram(hpa_t hpa, uint64_t length_bytes);
void *memory_allocate(size_t length_bytes);
void memory_free(void *object);

void memory_free_pages(void *pages, size_t nr_pages);
uint64_t memory_pages_free(void);

#endif
