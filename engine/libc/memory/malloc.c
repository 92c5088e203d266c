/*
 * malloc.c - malloc, free, realloc, calloc and aligned_alloc over the blocks of heap.c.
 *
 * Small blocks that are freed wait in a short list of their exact size, since a script's next
 * allocation is most often one of a size it just freed; the lists are emptied before the heap
 * grows. A pointer that is not a live block's ends the program with a message.
 */
#include "heap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void heap_empty_quick_lists(void)
{
	for (unsigned int i = 0; i < HEAP_QUICK_LISTS; i++) {
		while (engine_heap.quick[i] != NULL) {
			struct heap_block *block = engine_heap.quick[i];

			if (HEAP_UNLIKELY(!heap_inside(block) || !heap_valid(block)))
				heap_die("heap: a free block was overwritten\n");
			engine_heap.quick[i] = block->next;
			block->header &= ~(uint64_t)HEAP_QUICK;
			heap_release(block);
		}
		engine_heap.quick_count[i] = 0;
	}
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
	if (request <= HEAP_HEADER_BYTES && engine_heap.quick[HEAP_BLOCK_MIN / HEAP_GRAIN] != NULL)
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

	if (HEAP_UNLIKELY(request > HEAP_QUICK_REQUEST_MAX) || (block = engine_heap.quick[list]) == NULL)
		return heap_allocate(request);
	if (HEAP_UNLIKELY(!heap_inside(block)
			  || (block->header & HEAP_QUICK_MASK)
			  != (list * HEAP_GRAIN | HEAP_USED | HEAP_QUICK)))
		heap_die("heap: a free block was overwritten\n");
	engine_heap.quick[list] = block->next;
	engine_heap.quick_count[list]--;
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
	if (list >= HEAP_QUICK_LISTS || engine_heap.quick_count[list] >= HEAP_QUICK_DEPTH) {
		heap_free_block(block);
		return;
	}
	block->header ^= HEAP_QUICK;
	block->next = engine_heap.quick[list];
	engine_heap.quick[list] = block;
	engine_heap.quick_count[list]++;
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
