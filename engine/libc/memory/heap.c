/*
 * heap.c - malloc, free, realloc, calloc and aligned_alloc over memory that only grows.
 *
 * Good fit by size class with bitmaps (after Masmano et al., "TLSF: a new dynamic memory
 * allocator for real-time systems", 2004): finding, splitting and joining take constant time.
 * Small blocks that are freed wait in a short list of their exact size, since a script's next
 * allocation is most often one of a size it just freed; the lists are emptied before the heap
 * grows. A pointer that is not a live block's ends the program with a message.
 */
#include "heap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../include/engine_hooks.h"

#define HEAP_UNLIKELY(condition)	__builtin_expect(!!(condition), 0)

struct heap {
	struct heap_block *bin[HEAP_BINS];
	uint64_t bitmap[HEAP_BITMAP_WORDS];
	struct heap_block *quick[HEAP_QUICK_LISTS];
	uint8_t quick_count[HEAP_QUICK_LISTS];
	/* where the newest memory ends: the place of its closing header */
	struct heap_block *end;
	struct heap_block *first_arena;
	size_t arena_bytes;
	/* all memory got lies between these */
	uintptr_t lowest;
	uintptr_t highest;
};

static struct heap heap;

_Noreturn static void heap_die(const char *message)
{
	engine_write(2, message, strlen(message));
	abort();
}

/* A header is only valid at its own address, so stray text or a moved block is noticed. */
static inline uint64_t heap_check(const struct heap_block *block)
{
	return ((uint64_t)(uintptr_t)block << (HEAP_CHECK_SHIFT - 4)
		& 0xffffULL << HEAP_CHECK_SHIFT) ^ 0xa35cULL << HEAP_CHECK_SHIFT;
}

static inline size_t heap_size(const struct heap_block *block)
{
	return block->header & HEAP_SIZE_MASK;
}

static inline bool heap_valid(const struct heap_block *block)
{
	return (block->header ^ heap_check(block)) >> HEAP_CHECK_SHIFT == 0;
}

static inline void heap_set_header(struct heap_block *block, size_t size, uint64_t flags)
{
	block->header = heap_check(block) | size | flags;
}

static inline struct heap_block *heap_at(struct heap_block *block, size_t offset)
{
	return (struct heap_block *)((char *)block + offset);
}

static inline struct heap_block *heap_next(struct heap_block *block)
{
	return heap_at(block, heap_size(block));
}

/* A free block's size stands in its last word, so that the block after it finds its start. */
static inline size_t *heap_footer(struct heap_block *block, size_t size)
{
	return (size_t *)((char *)block + size) - 1;
}

static inline struct heap_block *heap_previous(struct heap_block *block)
{
	size_t size = ((size_t *)block)[-1];
	struct heap_block *previous = (struct heap_block *)((char *)block - size);

	if (HEAP_UNLIKELY(size < HEAP_BLOCK_MIN || size % HEAP_GRAIN != 0
			  || !heap_valid(previous) || heap_size(previous) != size
			  || previous->header & HEAP_USED))
		heap_die("heap: a free block was overwritten\n");
	return previous;
}

/* The bin a free block of this size belongs to. */
static inline unsigned int heap_bin_of(size_t size)
{
	unsigned int top;

	if (size < HEAP_SMALL_LIMIT)
		return (unsigned int)(size / HEAP_GRAIN);
	top = 63U ^ (unsigned int)__builtin_clzll(size);
	return HEAP_SMALL_BINS + (top - 10U) * HEAP_LARGE_STEPS
		+ (unsigned int)(size >> (top - 3U) & (HEAP_LARGE_STEPS - 1));
}

/* The first bin in which every block is large enough. */
static inline unsigned int heap_bin_for(size_t size)
{
	unsigned int top;

	if (size < HEAP_SMALL_LIMIT)
		return (unsigned int)(size / HEAP_GRAIN);
	top = 63U ^ (unsigned int)__builtin_clzll(size);
	return heap_bin_of(size + ((size_t)1 << (top - 3U)) - 1);
}

/* A link that a stray write changed must be found before it is followed. */
static inline bool heap_inside(const struct heap_block *block)
{
	return (uintptr_t)block - heap.lowest < heap.highest - heap.lowest;
}

static void heap_unlink(struct heap_block *block)
{
	unsigned int bin = heap_bin_of(heap_size(block));
	struct heap_block *next = block->next;
	struct heap_block *previous = block->previous;

	if (HEAP_UNLIKELY((next != NULL && (!heap_inside(next) || next->previous != block))
			  || (previous == NULL ? heap.bin[bin] != block
			      : !heap_inside(previous) || previous->next != block)))
		heap_die("heap: the list of free blocks was overwritten\n");
	if (next != NULL)
		next->previous = previous;
	if (previous != NULL)
		previous->next = next;
	else
		heap.bin[bin] = next;
	if (heap.bin[bin] == NULL)
		heap.bitmap[bin / 64] &= ~(1ULL << bin % 64);
}

/* Make a block of size bytes free and known; its neighbours must be in use. */
static void heap_link(struct heap_block *block, size_t size)
{
	unsigned int bin = heap_bin_of(size);
	struct heap_block *head = heap.bin[bin];

	heap_set_header(block, size, 0);
	*heap_footer(block, size) = size;
	heap_at(block, size)->header |= HEAP_PREVIOUS_FREE;
	block->previous = NULL;
	block->next = head;
	if (head != NULL)
		head->previous = block;
	heap.bin[bin] = block;
	heap.bitmap[bin / 64] |= 1ULL << bin % 64;
}

/* Join the block with free neighbours and put it into its bin. */
static void heap_release(struct heap_block *block)
{
	size_t size = heap_size(block);
	struct heap_block *next = heap_at(block, size);

	if (HEAP_UNLIKELY(!heap_valid(next)))
		heap_die("heap: written past the end of a block\n");
	if (!(next->header & HEAP_USED)) {
		size += heap_size(next);
		heap_unlink(next);
	}
	if (block->header & HEAP_PREVIOUS_FREE) {
		block = heap_previous(block);
		size += heap_size(block);
		heap_unlink(block);
	}
	heap_link(block, size);
}

/* A free block of at least size bytes in bin or above, or NULL. */
static inline struct heap_block *heap_find(unsigned int bin)
{
	unsigned int word = bin / 64;
	uint64_t candidates;

	if (HEAP_UNLIKELY(bin >= HEAP_BINS))
		return NULL;
	candidates = heap.bitmap[word] >> bin % 64 << bin % 64;
	while (candidates == 0) {
		if (++word == HEAP_BITMAP_WORDS)
			return NULL;
		candidates = heap.bitmap[word];
	}
	return heap.bin[word * 64 + (unsigned int)__builtin_ctzll(candidates)];
}

/* The bin of this size has smaller blocks too; one that fits saves growing the heap. */
static struct heap_block *heap_find_exact(size_t size)
{
	struct heap_block *block = heap.bin[heap_bin_of(size)];

	while (block != NULL && heap_size(block) < size)
		block = block->next;
	return block != NULL ? block : heap_find(heap_bin_for(size));
}

/* Give back what a block of old_size has beyond size, if that can be a block. */
static void heap_split(struct heap_block *block, size_t old_size, size_t size)
{
	struct heap_block *rest;

	if (old_size - size < HEAP_BLOCK_MIN)
		return;
	block->header -= old_size - size;
	rest = heap_at(block, size);
	heap_set_header(rest, old_size - size, HEAP_USED);
	heap_release(rest);
}

/* Take a free block out of its bin for use; what is too much goes back. */
static void *heap_take(struct heap_block *block, size_t size)
{
	size_t found = heap_size(block);
	struct heap_block *rest;

	if (HEAP_UNLIKELY(!heap_valid(block)))
		heap_die("heap: a free block was overwritten\n");
	heap_unlink(block);
	if (found - size >= HEAP_BLOCK_MIN) {
		/* The block after the rest knows already that a free one is before it. */
		rest = heap_at(block, size);
		heap_set_header(block, size, HEAP_USED);
		heap_link(rest, found - size);
	} else {
		heap_set_header(block, found, HEAP_USED);
		heap_at(block, found)->header &= ~(uint64_t)HEAP_PREVIOUS_FREE;
	}
	return &block->next;
}

static void heap_empty_quick_lists(void)
{
	for (unsigned int i = 0; i < HEAP_QUICK_LISTS; i++) {
		while (heap.quick[i] != NULL) {
			struct heap_block *block = heap.quick[i];

			if (HEAP_UNLIKELY(!heap_inside(block) || !heap_valid(block)))
				heap_die("heap: a free block was overwritten\n");
			heap.quick[i] = block->next;
			block->header &= ~(uint64_t)HEAP_QUICK;
			heap_release(block);
		}
		heap.quick_count[i] = 0;
	}
}

/* Lay blocks over new memory: joined to the old when it follows it, else apart. */
static void heap_add_arena(char *memory, size_t bytes)
{
	struct heap_block *block;
	struct heap_block *end = (struct heap_block *)(memory + bytes - HEAP_HEADER_BYTES);

	heap.arena_bytes += bytes;
	if (heap.end == NULL || (uintptr_t)memory < heap.lowest)
		heap.lowest = (uintptr_t)memory;
	if ((uintptr_t)memory + bytes > heap.highest)
		heap.highest = (uintptr_t)memory + bytes;
	heap_set_header(end, 0, HEAP_USED);
	if (heap.end != NULL && (char *)heap.end + HEAP_HEADER_BYTES == memory) {
		/* The old closing header becomes that of the new block. */
		block = heap.end;
		heap_set_header(block, bytes, HEAP_USED | (block->header & HEAP_PREVIOUS_FREE));
	} else {
		/*
		 * A payload must be aligned to 16, so a header is 8 beyond; the first word of an
		 * arena leads to the arena before it, for engine_heap_measure.
		 */
		block = (struct heap_block *)(memory + HEAP_HEADER_BYTES);
		*(struct heap_block **)memory = heap.first_arena;
		heap.first_arena = block;
		heap_set_header(block, bytes - 2 * HEAP_HEADER_BYTES, HEAP_USED);
	}
	heap.end = end;
	heap_release(block);
}

static bool heap_add_memory(size_t bytes)
{
	char *memory = engine_heap_grow(bytes);

	if (memory == NULL)
		return false;
	heap_add_arena(memory, bytes);
	return true;
}

/* What is free at the end of the heap: adjacent memory will be joined to it. */
static size_t heap_free_at_end(void)
{
	if (heap.end == NULL || !(heap.end->header & HEAP_PREVIOUS_FREE))
		return 0;
	return heap_size(heap_previous(heap.end));
}

static inline size_t heap_whole_pages(size_t bytes)
{
	return (bytes + HEAP_PAGE_BYTES - 1) & ~(size_t)(HEAP_PAGE_BYTES - 1);
}

/* A free block of at least size bytes by getting more memory, or NULL. */
static struct heap_block *heap_grow(size_t size)
{
	size_t missing = heap_whole_pages(size - heap_free_at_end());
	struct heap_block *block;

	/* Near the quota a smaller step may still do. */
	if (!heap_add_memory(missing > HEAP_GROW_BYTES ? missing : HEAP_GROW_BYTES)
	    && !heap_add_memory(missing))
		return NULL;
	block = heap_find_exact(size);
	if (block != NULL)
		return block;
	/* It was not adjacent: it must hold the block alone, with the headers at both ends. */
	if (!heap_add_memory(heap_whole_pages(size + 2 * HEAP_HEADER_BYTES)))
		return NULL;
	return heap_find_exact(size);
}

/* The way when no free block is at hand: empty the quick lists, then grow. */
static __attribute__((noinline)) void *heap_allocate_slowly(size_t size)
{
	struct heap_block *block;

	heap_empty_quick_lists();
	block = heap_find_exact(size);
	if (block == NULL)
		block = heap_grow(size);
	if (block == NULL)
		return NULL;
	return heap_take(block, size);
}

/* A request with its header, in grains. */
static inline size_t heap_block_size(size_t request)
{
	size_t size = (request + HEAP_HEADER_BYTES + HEAP_GRAIN - 1) & ~(size_t)(HEAP_GRAIN - 1);

	return size < HEAP_BLOCK_MIN ? HEAP_BLOCK_MIN : size;
}

/* From the bins. Kept out of malloc, so that its quick way saves no registers. */
static __attribute__((noinline)) void *heap_allocate(size_t request)
{
	size_t size = heap_block_size(request);
	struct heap_block *block;

	if (HEAP_UNLIKELY(request > HEAP_REQUEST_MAX)) {
		errno = ENOMEM;
		return NULL;
	}
	/* These have no list of their own: the smallest block's is the next. */
	if (request <= HEAP_HEADER_BYTES && heap.quick[HEAP_BLOCK_MIN / HEAP_GRAIN] != NULL)
		return malloc(HEAP_HEADER_BYTES + 1);
	block = heap_find(heap_bin_for(size));
	if (block != NULL)
		return heap_take(block, size);
	return heap_allocate_slowly(size);
}

void *malloc(size_t request)
{
	/* the size in grains, with the header; too little for requests of up to 8 bytes */
	size_t list = (request + HEAP_HEADER_BYTES + HEAP_GRAIN - 1) / HEAP_GRAIN;
	struct heap_block *block;

	if (HEAP_UNLIKELY(request > HEAP_QUICK_REQUEST_MAX) || (block = heap.quick[list]) == NULL)
		return heap_allocate(request);
	if (HEAP_UNLIKELY(!heap_inside(block)
			  || (block->header & HEAP_QUICK_MASK)
			  != (list * HEAP_GRAIN | HEAP_USED | HEAP_QUICK)))
		heap_die("heap: a free block was overwritten\n");
	heap.quick[list] = block->next;
	heap.quick_count[list]--;
	block->header ^= HEAP_QUICK;
	return &block->next;
}

static _Noreturn __attribute__((noinline)) void heap_die_of(const void *pointer)
{
	const struct heap_block *block = (const struct heap_block *)
		((const char *)pointer - HEAP_HEADER_BYTES);

	if (((uintptr_t)pointer & (HEAP_GRAIN - 1)) == 0 && heap_valid(block))
		heap_die("heap: a block was freed twice\n");
	heap_die("heap: free or realloc of what is no block, or of one overwritten\n");
}

/* The block of a pointer the program holds; anything but a block in use is fatal. */
static inline struct heap_block *heap_block_of(void *pointer)
{
	struct heap_block *block = (struct heap_block *)((char *)pointer - HEAP_HEADER_BYTES);

	/* A header at another place has another check, so a misaligned pointer fails here too. */
	if (HEAP_UNLIKELY(((block->header ^ heap_check(block))
			   & ~(HEAP_SIZE_MASK | HEAP_PREVIOUS_FREE)) != HEAP_USED
			  || ((uintptr_t)pointer & (HEAP_GRAIN - 1)) != 0))
		heap_die_of(pointer);
	return block;
}

static __attribute__((noinline)) void heap_free_block(struct heap_block *block)
{
	heap_release(block);
}

/*
 * A block parked in a quick list still counts as used for its neighbours. What was written past
 * its end is found when the block behind it is freed, or this one joined.
 */
void free(void *pointer)
{
	struct heap_block *block;
	size_t list;

	if (pointer == NULL)
		return;
	block = heap_block_of(pointer);
	list = heap_size(block) / HEAP_GRAIN;
	if (list >= HEAP_QUICK_LISTS || heap.quick_count[list] >= HEAP_QUICK_DEPTH) {
		heap_free_block(block);
		return;
	}
	block->header ^= HEAP_QUICK;
	block->next = heap.quick[list];
	heap.quick[list] = block;
	heap.quick_count[list]++;
}

/* Grow in place into a free block that follows. */
static bool heap_extend(struct heap_block *block, size_t old_size, size_t size)
{
	struct heap_block *next = heap_at(block, old_size);
	size_t joined;

	if (HEAP_UNLIKELY(!heap_valid(next)))
		heap_die("heap: written past the end of a block\n");
	if (next->header & HEAP_USED)
		return false;
	joined = old_size + heap_size(next);
	if (joined < size)
		return false;
	heap_unlink(next);
	block->header += joined - old_size;
	heap_next(block)->header &= ~(uint64_t)HEAP_PREVIOUS_FREE;
	heap_split(block, joined, size);
	return true;
}

void *realloc(void *pointer, size_t request)
{
	struct heap_block *block;
	size_t size = heap_block_size(request);
	size_t old_size;
	void *moved;

	if (pointer == NULL)
		return malloc(request);
	if (HEAP_UNLIKELY(request > HEAP_REQUEST_MAX)) {
		errno = ENOMEM;
		return NULL;
	}
	block = heap_block_of(pointer);
	old_size = heap_size(block);
	if (size <= old_size) {
		heap_split(block, old_size, size);
		return pointer;
	}
	if (heap_extend(block, old_size, size))
		return pointer;
	moved = malloc(request);
	if (moved == NULL)
		return NULL;
	memcpy(moved, pointer, old_size - HEAP_HEADER_BYTES);
	free(pointer);
	return moved;
}

void *calloc(size_t count, size_t each)
{
	size_t bytes;
	void *pointer;

	if (__builtin_mul_overflow(count, each, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	pointer = malloc(bytes);
	if (pointer != NULL)
		memset(pointer, 0, bytes);
	return pointer;
}

void *aligned_alloc(size_t alignment, size_t request)
{
	char *pointer;
	char *aligned;
	struct heap_block *block;
	struct heap_block *head;
	size_t total;

	if (alignment == 0 || (alignment & (alignment - 1)) != 0
	    || alignment > HEAP_REQUEST_MAX || request > HEAP_REQUEST_MAX) {
		errno = EINVAL;
		return NULL;
	}
	if (alignment <= HEAP_GRAIN)
		return malloc(request);
	pointer = malloc(request + alignment + HEAP_BLOCK_MIN);
	if (pointer == NULL || ((uintptr_t)pointer & (alignment - 1)) == 0)
		return pointer;
	/* Room for a block of its own before the aligned place; it is freed. */
	aligned = pointer + HEAP_BLOCK_MIN + alignment - 1;
	aligned -= (uintptr_t)aligned & (alignment - 1);
	head = heap_block_of(pointer);
	total = heap_size(head);
	block = (struct heap_block *)(aligned - HEAP_HEADER_BYTES);
	heap_set_header(block, total - (size_t)(aligned - pointer), HEAP_USED);
	head->header -= heap_size(block);
	heap_release(head);
	heap_split(block, heap_size(block), heap_block_size(request));
	return aligned;
}

size_t malloc_usable_size(void *pointer)
{
	return pointer == NULL ? 0 : heap_size(heap_block_of(pointer)) - HEAP_HEADER_BYTES;
}

static void heap_measure_arena(struct heap_block *block, struct heap_statistics *statistics)
{
	bool previous_free = false;

	for (; heap_valid(block) && heap_size(block) != 0; block = heap_next(block)) {
		size_t size = heap_size(block);
		bool in_use = (block->header & HEAP_USED) != 0;

		if (previous_free != ((block->header & HEAP_PREVIOUS_FREE) != 0)
		    || (!in_use && (previous_free || *heap_footer(block, size) != size)))
			heap_die("heap: neighbours contradict each other\n");
		previous_free = !in_use;
		if (in_use && !(block->header & HEAP_QUICK)) {
			statistics->used_bytes += size;
			statistics->used_blocks++;
			continue;
		}
		statistics->free_bytes += size;
		if (size > statistics->largest_free_bytes)
			statistics->largest_free_bytes = size;
	}
	if (!heap_valid(block))
		heap_die("heap: a header was overwritten\n");
}

void engine_heap_measure(struct heap_statistics *statistics)
{
	struct heap_block *arena = heap.first_arena;

	*statistics = (struct heap_statistics){ .arena_bytes = heap.arena_bytes };
	while (arena != NULL) {
		heap_measure_arena(arena, statistics);
		arena = *(struct heap_block **)((char *)arena - HEAP_HEADER_BYTES);
	}
}
