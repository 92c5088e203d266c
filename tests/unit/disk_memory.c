/*
 * tests/unit/disk_memory.c: the memory, and those who give it out.
 */
#include "disk_memory.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "core/memory.h"
#include "rv/errno.h"
#include "unit.h"
#include "vmm/guest_memory.h"

#define OURS_START MIB(8)
#define OURS_PAGES 1024
#define OURS_FREE 0xa5

uint8_t *fake_memory;
hpa_t memory_reserved_start = OURS_START;
uint64_t memory_reserved_bytes = OURS_PAGES * PAGE_BYTES;
uint64_t memory_end = FAKE_MEMORY_BYTES;
unsigned disk_memory_taken;

static unsigned disk_memory_pages;
static enum { FREE, FOR_US, FOR_DEVICES } taken[OURS_PAGES];

void disk_memory_reset(unsigned nr_pages)
{
	disk_memory_pages = nr_pages;
	if (fake_memory != NULL)
		return; /* what is free is as it was */
	fake_memory = mmap(NULL, FAKE_MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	disk_memory_take_back();
}

void disk_memory_take_back(void)
{
	disk_memory_taken = 0;
	memset(taken, FREE, sizeof(taken));
	memset(memory_direct(OURS_START), OURS_FREE, OURS_PAGES * PAGE_BYTES);
}

bool memory_is_ram(hpa_t hpa, uint64_t length_bytes)
{
	return hpa < FAKE_MEMORY_BYTES && length_bytes <= FAKE_MEMORY_BYTES - hpa && !memory_is_reserved(hpa, length_bytes);
}

bool memory_has_device_pages(uint64_t nr_pages)
{
	return disk_memory_taken + nr_pages <= disk_memory_pages;
}

static void *allocate(unsigned nr_pages, bool for_devices)
{
	unsigned run = 0;

	for (unsigned i = 0; i < disk_memory_pages; i++) {
		run = taken[i] == FREE ? run + 1 : 0;
		if (run != nr_pages)
			continue;
		for (unsigned k = i + 1 - nr_pages; k <= i; k++)
			taken[k] = for_devices ? FOR_DEVICES : FOR_US;
		disk_memory_taken += nr_pages;
		return memset(memory_direct(OURS_START + (i + 1 - nr_pages) * PAGE_BYTES), 0, nr_pages * PAGE_BYTES);
	}
	return NULL;
}

bool memory_has_spare_pages(uint64_t nr_pages)
{
	return memory_has_device_pages(nr_pages);
}

void *memory_allocate_pages(size_t nr_pages)
{
	return allocate((unsigned)nr_pages, false);
}

void *memory_allocate_spare_page(void)
{
	return allocate(1, false);
}

void *memory_allocate_device_page(void)
{
	return allocate(1, true);
}

void *memory_allocate_device_pages(size_t nr_pages)
{
	return allocate((unsigned)nr_pages, true);
}

void memory_free_pages(void *pages, size_t nr_pages)
{
	unsigned first = (unsigned)((memory_physical(pages) - OURS_START) / PAGE_BYTES);

	for (unsigned i = first; i < first + nr_pages; i++) {
		UNIT_CHECK(i < OURS_PAGES && taken[i] != FREE);
		taken[i] = FREE;
	}
	disk_memory_taken -= (unsigned)nr_pages;
	memset(pages, OURS_FREE, nr_pages * PAGE_BYTES);
}

void memory_free_page(void *page)
{
	memory_free_pages(page, 1);
}

bool disk_memory_is_untouched(void)
{
	const uint8_t *ours = memory_direct(OURS_START);

	return ours[0] == OURS_FREE && memcmp(ours, ours + 1, OURS_PAGES * PAGE_BYTES - 1) == 0;
}

void *memory_allocate(size_t length_bytes)
{
	return calloc(1, length_bytes);
}

void memory_free(void *object)
{
	free(object);
}

int guest_memory_read(gpa_t gpa, void *buffer, size_t length_bytes)
{
	if (!memory_is_ram(gpa, length_bytes))
		return -RV_EFAULT;
	memcpy(buffer, memory_direct(gpa), length_bytes);
	return 0;
}

int guest_memory_write(gpa_t gpa, const void *buffer, size_t length_bytes)
{
	if (!memory_is_ram(gpa, length_bytes))
		return -RV_EFAULT;
	memcpy(memory_direct(gpa), buffer, length_bytes);
	return 0;
}

bool disk_memory_is_given(uint64_t address)
{
	uint64_t page = (address - OURS_START) / PAGE_BYTES;

	return address >= OURS_START && page < OURS_PAGES && taken[page] == FOR_DEVICES;
}

uint8_t *disk_memory_reach(uint64_t address, uint64_t length_bytes)
{
	if (address % PAGE_BYTES + length_bytes > PAGE_BYTES ||
	    (!memory_is_ram(address, length_bytes) && !disk_memory_is_given(address))) {
		unit_fail("DMA of %llu bytes at %#llx", (unsigned long long)length_bytes, (unsigned long long)address);
		return fake_memory;
	}
	return memory_direct(address);
}
