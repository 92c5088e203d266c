/*
 * core/memory.c: the pool of pages behind the image, and small objects cut from pages.
 * memory_lock guards the page bitmap and the free lists.
 */
#include "core/memory.h"

#include "core/layout.h"
#include "core/log.h"
#include "core/spinlock.h"
#include "core/string.h"
#include "rv/errno.h"

#define MEMORY_PAGES_MAXIMUM (MIB(256) / PAGE_BYTES)

hpa_t memory_reserved_start;
uint64_t memory_reserved_bytes;
uint64_t memory_end;
uint64_t memory_ram_bytes;

static struct spinlock memory_lock;

/* The pool: bit set means taken. */
static uint64_t memory_bitmap[MEMORY_PAGES_MAXIMUM / 64];
static hpa_t memory_pool_start;
static size_t memory_pool_pages;
static size_t memory_pages_taken;
static size_t memory_search_from;
static uint64_t memory_pages_kept; /* written at boot */
/* What devices may reach: pages behind the pool's, in the same bitmap. 0: they reach all, or it is not known. */
static size_t memory_device_pages;
static size_t memory_device_pages_taken;

/* RAM of the guest, from the firmware's map. */
static struct {
	hpa_t start, end;
} memory_ranges[MEMORY_RANGES_MAXIMUM];
static size_t memory_nr_ranges;

void memory_init_pool(hpa_t start, uint64_t length_bytes)
{
	memory_pool_start = align_up(start, PAGE_BYTES);
	memory_pool_pages = (size_t)((start + length_bytes - memory_pool_start) / PAGE_BYTES);
	if (memory_pool_pages > MEMORY_PAGES_MAXIMUM)
		memory_pool_pages = MEMORY_PAGES_MAXIMUM;
}

void memory_add_ram(hpa_t start, uint64_t length_bytes)
{
	/* What the direct map does not reach is no RAM to us, though it is the guest's. */
	if (length_bytes == 0 || start >= DIRECT_MAP_BYTES_MAXIMUM)
		return;
	if (length_bytes > DIRECT_MAP_BYTES_MAXIMUM - start)
		length_bytes = DIRECT_MAP_BYTES_MAXIMUM - start;
	if (memory_nr_ranges == MEMORY_RANGES_MAXIMUM)
		panic("more than %d ranges of memory", MEMORY_RANGES_MAXIMUM);
	memory_ram_bytes += length_bytes;
	if (memory_nr_ranges != 0 && memory_ranges[memory_nr_ranges - 1].end == start) {
		memory_ranges[memory_nr_ranges - 1].end += length_bytes;
	} else {
		memory_ranges[memory_nr_ranges].start = start;
		memory_ranges[memory_nr_ranges++].end = start + length_bytes;
	}
	if (start + length_bytes > memory_end)
		memory_end = start + length_bytes;
}

bool memory_is_ram(hpa_t hpa, uint64_t length_bytes)
{
	for (size_t i = 0; i < memory_nr_ranges; i++) {
		if (hpa >= memory_ranges[i].start && hpa < memory_ranges[i].end)
			return length_bytes <= memory_ranges[i].end - hpa &&
			       !memory_is_reserved(hpa, length_bytes);
	}
	return false;
}

static bool memory_page_taken(size_t page)
{
	return memory_bitmap[page / 64] >> (page % 64) & 1;
}

static void memory_mark(size_t first, size_t nr_pages, bool taken)
{
	for (size_t page = first; page < first + nr_pages; page++) {
		if (memory_page_taken(page) == taken)
			panic("page pool: page %zu is %s already", page, taken ? "taken" : "free");
		memory_bitmap[page / 64] ^= UINT64_C(1) << (page % 64);
	}
	if (first >= memory_pool_pages)
		memory_device_pages_taken += taken ? nr_pages : -nr_pages;
	else
		memory_pages_taken += taken ? nr_pages : -nr_pages;
}

/* The first run of free pages in [from, end); end if none. */
static size_t memory_find(size_t from, size_t end, size_t nr_pages)
{
	size_t run = 0;

	for (size_t page = from; page < end; page++) {
		if (run == 0 && page % 64 == 0 && memory_bitmap[page / 64] == ~UINT64_C(0)) {
			page += 63;
			continue;
		}
		run = memory_page_taken(page) ? 0 : run + 1;
		if (run == nr_pages)
			return page + 1 - nr_pages;
	}
	return end;
}

static void memory_clear_pages(void *pages, size_t nr_pages)
{
	size_t words = nr_pages * (PAGE_BYTES / sizeof(uint64_t));

	__asm__ volatile("rep stosq" : "+D"(pages), "+c"(words) : "a"(UINT64_C(0)) : "memory");
}

void *memory_allocate_pages(size_t nr_pages)
{
	void *pages = NULL;
	size_t first;

	if (nr_pages == 0)
		return NULL;
	spinlock_acquire(&memory_lock);
	first = memory_find(nr_pages == 1 ? memory_search_from : 0, memory_pool_pages, nr_pages);
	if (first == memory_pool_pages && nr_pages == 1)
		first = memory_find(0, memory_pool_pages, nr_pages);
	if (first != memory_pool_pages) {
		memory_mark(first, nr_pages, true);
		pages = memory_direct(memory_pool_start + first * PAGE_BYTES);
		if (nr_pages == 1)
			memory_search_from = first + 1;
	}
	spinlock_release(&memory_lock);
	if (pages != NULL)
		memory_clear_pages(pages, nr_pages);
	return pages;
}

void memory_free_pages(void *pages, size_t nr_pages)
{
	hpa_t hpa = memory_physical(pages);
	size_t first = (size_t)((hpa - memory_pool_start) / PAGE_BYTES);

	if (hpa < memory_pool_start || (hpa & PAGE_MASK) != 0 ||
	    (hpa - memory_pool_start) / PAGE_BYTES + nr_pages > memory_pool_pages + memory_device_pages)
		panic("page pool: %p is not a page of it", pages);
	spinlock_acquire(&memory_lock);
	memory_mark(first, nr_pages, false);
	if (first < memory_search_from)
		memory_search_from = first;
	spinlock_release(&memory_lock);
}

void *memory_allocate_page(void)
{
	return memory_allocate_pages(1);
}

void memory_keep_pages(uint64_t nr_pages)
{
	memory_pages_kept = nr_pages;
}

bool memory_has_spare_pages(uint64_t nr_pages)
{
	return memory_pages_free() >= memory_pages_kept + nr_pages;
}

/* CPUs that look at the same time may take a page each too many. */
void *memory_allocate_spare_page(void)
{
	return memory_has_spare_pages(1) ? memory_allocate_page() : NULL;
}

int memory_set_aside_for_devices(uint64_t bytes, hpa_t *start)
{
	size_t nr_pages = (size_t)(bytes / PAGE_BYTES), first = memory_pool_pages - nr_pages;

	if (nr_pages == 0 || nr_pages >= memory_pool_pages || memory_device_pages != 0)
		return -RV_EINVAL;
	spinlock_acquire(&memory_lock);
	if (memory_find(first, memory_pool_pages, nr_pages) == first) {
		memory_pool_pages = first;
		memory_device_pages = nr_pages;
		*start = memory_pool_start + first * PAGE_BYTES;
	}
	spinlock_release(&memory_lock);
	return memory_device_pages != 0 ? 0 : -RV_ENOMEM;
}

bool memory_has_device_pages(uint64_t nr_pages)
{
	return memory_device_pages == 0 ? memory_has_spare_pages(nr_pages) :
					  memory_device_pages - memory_device_pages_taken >= nr_pages;
}

void *memory_allocate_device_pages(size_t nr_pages)
{
	size_t end = memory_pool_pages + memory_device_pages, page;

	if (memory_device_pages == 0)
		return memory_has_spare_pages(nr_pages) ? memory_allocate_pages(nr_pages) : NULL;
	spinlock_acquire(&memory_lock);
	page = memory_find(memory_pool_pages, end, nr_pages);
	if (page != end)
		memory_mark(page, nr_pages, true);
	spinlock_release(&memory_lock);
	if (page == end)
		return NULL;
	memory_clear_pages(memory_direct(memory_pool_start + page * PAGE_BYTES), nr_pages);
	return memory_direct(memory_pool_start + page * PAGE_BYTES);
}

void *memory_allocate_device_page(void)
{
	return memory_allocate_device_pages(1);
}

void memory_free_page(void *page)
{
	memory_free_pages(page, 1);
}

uint64_t memory_pages_free(void)
{
	return memory_pool_pages - memory_pages_taken;
}

void memory_wipe_free_pages(void)
{
	spinlock_acquire(&memory_lock);
	for (size_t page = 0; page < memory_pool_pages + memory_device_pages; page++) {
		if (!memory_page_taken(page))
			memory_clear_pages(memory_direct(memory_pool_start + page * PAGE_BYTES), 1);
	}
	spinlock_release(&memory_lock);
}

/* Small objects: a header of 16 bytes, then the object; one free list a power of two. Larger ones
 * take whole pages. */
struct memory_object {
	uint64_t class_or_pages;
	struct memory_object *next;
};

#define MEMORY_OBJECT_SMALL UINT64_C(0x736d616c6c000000)
#define MEMORY_OBJECT_LARGE UINT64_C(0x6c61726765000000)
#define MEMORY_OBJECT_FREED UINT64_C(0x6672656564000000)
#define MEMORY_OBJECT_NUMBER UINT64_C(0xffffff)
#define MEMORY_CLASS_MINIMUM 5
#define MEMORY_CLASS_MAXIMUM 11

static struct memory_object *memory_free_lists[MEMORY_CLASS_MAXIMUM + 1];

static struct memory_object *memory_take_small(unsigned class)
{
	struct memory_object *object;
	uint8_t *page = NULL;

	spinlock_acquire(&memory_lock);
	object = memory_free_lists[class];
	if (object != NULL)
		memory_free_lists[class] = object->next;
	spinlock_release(&memory_lock);
	if (object != NULL)
		return object;
	page = memory_allocate_page();
	if (page == NULL)
		return NULL;
	spinlock_acquire(&memory_lock);
	for (size_t at = (size_t)1 << class; at < PAGE_BYTES; at += (size_t)1 << class) {
		object = (struct memory_object *)(void *)(page + at);
		object->next = memory_free_lists[class];
		memory_free_lists[class] = object;
	}
	spinlock_release(&memory_lock);
	return (struct memory_object *)(void *)page;
}

void *memory_allocate(size_t length_bytes)
{
	size_t total = length_bytes + sizeof(struct memory_object);
	struct memory_object *object;
	unsigned class = MEMORY_CLASS_MINIMUM;

	if (total < length_bytes)
		return NULL;
	if (total > (size_t)1 << MEMORY_CLASS_MAXIMUM) {
		size_t nr_pages = (size_t)(align_up(total, PAGE_BYTES) / PAGE_BYTES);

		object = memory_allocate_pages(nr_pages);
		if (object == NULL)
			return NULL;
		object->class_or_pages = MEMORY_OBJECT_LARGE | nr_pages;
		return object + 1;
	}
	while ((size_t)1 << class < total)
		class++;
	object = memory_take_small(class);
	if (object == NULL)
		return NULL;
	memset(object, 0, (size_t)1 << class);
	object->class_or_pages = MEMORY_OBJECT_SMALL | class;
	return object + 1;
}

void memory_free(void *pointer)
{
	struct memory_object *object = (struct memory_object *)pointer - 1;
	uint64_t number;

	if (pointer == NULL)
		return;
	number = object->class_or_pages & MEMORY_OBJECT_NUMBER;
	switch (object->class_or_pages & ~MEMORY_OBJECT_NUMBER) {
	case MEMORY_OBJECT_LARGE:
		memory_free_pages(object, (size_t)number);
		return;
	case MEMORY_OBJECT_SMALL:
		spinlock_acquire(&memory_lock);
		object->class_or_pages = MEMORY_OBJECT_FREED;
		object->next = memory_free_lists[number];
		memory_free_lists[number] = object;
		spinlock_release(&memory_lock);
		return;
	default:
		panic("memory_free: %p was not allocated, or freed before", pointer);
	}
}
