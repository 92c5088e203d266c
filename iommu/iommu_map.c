/*
 * iommu/iommu_map.c: owns the devices' page tables. Written at boot only, so without a lock.
 */
#include "iommu/iommu_map.h"

#include "core/memory.h"
#include "rv/errno.h"

#define MAP_ENTRIES 512
#define MAP_RANGES_MAXIMUM 256
#define MAP_PART_FOR_DEVICES 8 /* an eighth of our memory */
#define CACHE_LINE_BYTES 64 /* or a multiple */

struct map_range {
	hpa_t start, end;
};

static struct map_ranges {
	struct map_range range[MAP_RANGES_MAXIMUM];
	size_t count;
} map_added, map_left_out;

static const struct iommu_format *map_format;
static uint64_t map_bytes;

void *iommu_allocate(size_t nr_pages)
{
	void *pages = memory_allocate_pages(nr_pages);

	if (pages != NULL)
		map_bytes += nr_pages * PAGE_BYTES;
	return pages;
}

uint64_t iommu_bytes(void)
{
	return map_bytes;
}

/* CLFLUSH is ordered with stores to its line; the fence orders it before what tells the IOMMU (APM v3). */
void iommu_flush(const volatile void *data, size_t length_bytes)
{
	const volatile uint8_t *at = data;

	for (size_t i = 0; i < length_bytes; i += CACHE_LINE_BYTES)
		__asm__ volatile("clflush %0" : : "m"(at[i]) : "memory");
	__asm__ volatile("mfence" : : : "memory");
}

static bool map_insert(struct map_ranges *ranges, hpa_t start, hpa_t end)
{
	if (start >= end)
		return true;
	start = align_down(start, PAGE_BYTES);
	end = align_up(end, PAGE_BYTES);
	for (size_t i = 0; i < ranges->count; i++) {
		struct map_range *range = &ranges->range[i];

		if (start > range->end || range->start > end)
			continue;
		range->start = start < range->start ? start : range->start;
		range->end = end > range->end ? end : range->end;
		return true;
	}
	if (ranges->count == MAP_RANGES_MAXIMUM)
		return false;
	ranges->range[ranges->count++] = (struct map_range){ start, end };
	return true;
}

bool iommu_map_add(hpa_t start, hpa_t end)
{
	return map_insert(&map_added, start, end);
}

bool iommu_map_leave_out(hpa_t start, hpa_t end)
{
	return map_insert(&map_left_out, start, end);
}

static bool map_touches(const struct map_ranges *ranges, hpa_t start, hpa_t end)
{
	for (size_t i = 0; i < ranges->count; i++) {
		if (start < ranges->range[i].end && ranges->range[i].start < end)
			return true;
	}
	return false;
}

/* Is all of it in one range? Where two meet within a larger page, smaller ones are taken. */
static bool map_covers(const struct map_ranges *ranges, hpa_t start, hpa_t end)
{
	for (size_t i = 0; i < ranges->count; i++) {
		if (ranges->range[i].start <= start && end <= ranges->range[i].end)
			return true;
	}
	return false;
}

static uint64_t map_level_bytes(unsigned level)
{
	return PAGE_BYTES << 9 * level;
}

static int map_fill_table(hpa_t hpa, unsigned level, hpa_t *at);

/* An entry that devices may not use stays 0: QEMU's AMD-Vi maps one that has rights and is not present. */
static int map_fill(uint64_t *entry, hpa_t hpa, unsigned level)
{
	hpa_t end = hpa + map_level_bytes(level), table;
	int error;

	if (!map_touches(&map_added, hpa, end) || map_covers(&map_left_out, hpa, end))
		return 0;
	if (level <= map_format->page_level && map_covers(&map_added, hpa, end) &&
	    !map_touches(&map_left_out, hpa, end)) {
		*entry = map_format->page(hpa, level);
		return 0;
	}
	error = map_fill_table(hpa, level - 1, &table); /* ranges are whole pages: level is not 0 */
	if (error == 0)
		*entry = map_format->table(table, level);
	return error;
}

/* A table whose entries are of that level. */
static int map_fill_table(hpa_t hpa, unsigned level, hpa_t *at)
{
	uint64_t *table = iommu_allocate(1);

	if (table == NULL)
		return -RV_ENOMEM;
	for (unsigned i = 0; i < MAP_ENTRIES; i++) {
		int error = map_fill(&table[i], hpa + i * map_level_bytes(level), level);

		if (error != 0)
			return error;
	}
	iommu_flush(table, PAGE_BYTES);
	*at = memory_physical(table);
	return 0;
}

int iommu_map_create(const struct iommu_format *format, hpa_t *root)
{
	hpa_t end = memory_reserved_start + memory_reserved_bytes, devices;
	uint64_t bytes = align_down(memory_reserved_bytes / MAP_PART_FOR_DEVICES, PAGE_BYTES);
	int error = memory_set_aside_for_devices(bytes, &devices);

	map_format = format;
	if (error != 0)
		return error;
	if (!iommu_map_leave_out(memory_reserved_start, devices) || !iommu_map_leave_out(devices + bytes, end))
		return -RV_ENOMEM;
	for (size_t i = 0; i < map_added.count; i++) {
		if (map_added.range[i].end > map_level_bytes(format->nr_levels) ||
		    map_added.range[i].end > UINT64_C(1) << format->address_bits)
			return -RV_ERANGE;
	}
	return map_fill_table(0, format->nr_levels - 1, root);
}
