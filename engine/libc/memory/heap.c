/*
 * heap.c - the blocks and bins below malloc: memory that only grows, in blocks without gaps.
 *
 * Good fit by size class with bitmaps (after Masmano et al., "TLSF: a new dynamic memory
 * allocator for real-time systems", 2004): finding, splitting and joining take constant time.
 */
#include "heap.h"

#include <stdlib.h>
#include <string.h>

#include "../include/engine_hooks.h"

struct heap engine_heap;

_Noreturn void heap_die(const char *message)
{
	engine_write(2, message, strlen(message));
	abort();
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

void heap_unlink(struct heap_block *block)
{
	unsigned int bin = heap_bin_of(heap_size(block));
	struct heap_block *next = block->next;
	struct heap_block *previous = block->previous;

	if (HEAP_UNLIKELY((next != NULL && (!heap_inside(next) || next->previous != block))
			  || (previous == NULL ? engine_heap.bin[bin] != block
			      : !heap_inside(previous) || previous->next != block)))
		heap_die("heap: the list of free blocks was overwritten\n");
	if (next != NULL)
		next->previous = previous;
	if (previous != NULL)
		previous->next = next;
	else
		engine_heap.bin[bin] = next;
	if (engine_heap.bin[bin] == NULL)
		engine_heap.bitmap[bin / 64] &= ~(1ULL << bin % 64);
}

/* Make a block of size bytes free and known; its neighbours must be in use. */
static void heap_link(struct heap_block *block, size_t size)
{
	unsigned int bin = heap_bin_of(size);
	struct heap_block *head = engine_heap.bin[bin];

	heap_set_header(block, size, 0);
	*heap_footer(block, size) = size;
	heap_at(block, size)->header |= HEAP_PREVIOUS_FREE;
	block->previous = NULL;
	block->next = head;
	if (head != NULL)
		head->previous = block;
	engine_heap.bin[bin] = block;
	engine_heap.bitmap[bin / 64] |= 1ULL << bin % 64;
}

void heap_release(struct heap_block *block)
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

/* The bin of this size has smaller blocks too; one that fits saves growing the heap. */
struct heap_block *heap_find_exact(size_t size)
{
	struct heap_block *block = engine_heap.bin[heap_bin_of(size)];

	while (block != NULL && heap_size(block) < size)
		block = block->next;
	return block != NULL ? block : heap_find(heap_bin_for(size));
}

void *heap_take(struct heap_block *block, size_t size)
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

/* Lay blocks over new memory: joined to the old when it follows it, else apart. */
static void heap_add_arena(char *memory, size_t bytes)
{
	struct heap_block *block;
	struct heap_block *end = (struct heap_block *)(memory + bytes - HEAP_HEADER_BYTES);

	engine_heap.arena_bytes += bytes;
	if (engine_heap.end == NULL || (uintptr_t)memory < engine_heap.lowest)
		engine_heap.lowest = (uintptr_t)memory;
	if ((uintptr_t)memory + bytes > engine_heap.highest)
		engine_heap.highest = (uintptr_t)memory + bytes;
	heap_set_header(end, 0, HEAP_USED);
	if (engine_heap.end != NULL && (char *)engine_heap.end + HEAP_HEADER_BYTES == memory) {
		/* The old closing header becomes that of the new block. */
		block = engine_heap.end;
		heap_set_header(block, bytes, HEAP_USED | (block->header & HEAP_PREVIOUS_FREE));
	} else {
		/*
		 * A payload must be aligned to 16, so a header is 8 beyond; the first word of an
		 * arena leads to the arena before it, for engine_heap_measure.
		 */
		block = (struct heap_block *)(memory + HEAP_HEADER_BYTES);
		*(struct heap_block **)memory = engine_heap.first_arena;
		engine_heap.first_arena = block;
		heap_set_header(block, bytes - 2 * HEAP_HEADER_BYTES, HEAP_USED);
	}
	engine_heap.end = end;
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
	if (engine_heap.end == NULL || !(engine_heap.end->header & HEAP_PREVIOUS_FREE))
		return 0;
	return heap_size(heap_previous(engine_heap.end));
}

static inline size_t heap_whole_pages(size_t bytes)
{
	return (bytes + HEAP_PAGE_BYTES - 1) & ~(size_t)(HEAP_PAGE_BYTES - 1);
}

struct heap_block *heap_grow(size_t size)
{
	size_t missing = heap_whole_pages(size - heap_free_at_end());
	size_t step = engine_heap.arena_bytes < HEAP_START_BYTES ? HEAP_START_GROW_BYTES
								 : HEAP_GROW_BYTES;
	struct heap_block *block;

	/* Near the quota a smaller step may still do. */
	if (!heap_add_memory(missing > step ? missing : step)
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

