/*
 * heap.h - the inside of malloc: blocks, bins and their invariants.
 *
 * Memory is a row of blocks without gaps, each with one header word before the payload. Free
 * neighbours are joined at once, but for small blocks parked in quick lists. One engine is one
 * thread: there is no lock.
 */
#ifndef ENGINE_LIBC_HEAP_H
#define ENGINE_LIBC_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEAP_GRAIN		16U
#define HEAP_HEADER_BYTES	8U
/* header, two links and the size at the end: what a free block must hold */
#define HEAP_BLOCK_MIN		32U

/* The header: size in bytes (a multiple of 16), flags below it, a check in the top 16 bits. */
#define HEAP_USED		1U
#define HEAP_PREVIOUS_FREE	2U
#define HEAP_QUICK		4U
#define HEAP_FLAGS		15U
#define HEAP_SIZE_MASK		0x0000fffffffffff0ULL
#define HEAP_CHECK_SHIFT	48

/* Blocks of up to 1008 bytes have a bin for each size; above, eight bins for a power of two. */
#define HEAP_SMALL_LIMIT	1024U
#define HEAP_SMALL_BINS		64U
#define HEAP_LARGE_STEPS	8U
#define HEAP_LARGE_BINS		(24U * HEAP_LARGE_STEPS)
#define HEAP_BINS		(HEAP_SMALL_BINS + HEAP_LARGE_BINS)
#define HEAP_BITMAP_WORDS	(HEAP_BINS / 64U)
/* far above any quota, and within the bins */
#define HEAP_REQUEST_MAX	0x100000000ULL

#define HEAP_QUICK_LIMIT	512U
#define HEAP_QUICK_LISTS	(HEAP_QUICK_LIMIT / HEAP_GRAIN)
#define HEAP_QUICK_DEPTH	16U
#define HEAP_QUICK_REQUEST_MAX	(HEAP_QUICK_LIMIT - HEAP_GRAIN - HEAP_HEADER_BYTES)
/* size below the limit and flags of a header, without what its neighbour changes */
#define HEAP_QUICK_MASK		(0xffffU & ~HEAP_PREVIOUS_FREE)

#define HEAP_GROW_BYTES		0x10000U
#define HEAP_PAGE_BYTES		0x1000U

struct heap_block {
	uint64_t header;
	/* in a free block only; a quick block uses next alone */
	struct heap_block *next;
	struct heap_block *previous;
};

struct heap_statistics {
	size_t arena_bytes;	/* got from engine_heap_grow */
	size_t used_bytes;	/* in blocks in use, headers counted */
	size_t used_blocks;
	size_t free_bytes;	/* quick blocks counted */
	size_t largest_free_bytes;
};

/* Walks all blocks. Aborts with a message if an invariant is broken. */
void engine_heap_measure(struct heap_statistics *statistics);

/* The bytes a block from malloc can really hold. */
size_t malloc_usable_size(void *pointer);

#endif
