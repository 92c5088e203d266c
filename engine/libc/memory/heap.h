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

/* The heap grows by much while a script starts, and then by little: the hypervisor clears what it
 * gives, and an event waits for that. */
#define HEAP_START_BYTES	0x40000U
#define HEAP_START_GROW_BYTES	0x10000U
#define HEAP_GROW_BYTES		0x4000U
#define HEAP_PAGE_BYTES		0x1000U

struct heap_block {
	uint64_t header;
	/* in a free block only; a quick block uses next alone */
	struct heap_block *next;
	struct heap_block *previous;
};

/* The whole state; heap.c owns it. */
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

extern struct heap engine_heap;

struct heap_statistics {
	size_t arena_bytes;	/* got from engine_heap_grow */
	size_t used_bytes;	/* in blocks in use, headers counted */
	size_t used_blocks;
	size_t free_bytes;	/* quick blocks counted */
	size_t largest_free_bytes;
};

#define HEAP_UNLIKELY(condition)	__builtin_expect(!!(condition), 0)

/* Ends the engine: the message goes to the log, with no use of the heap. */
_Noreturn void heap_die(const char *message);

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

/* A link that a stray write changed must be found before it is followed. */
static inline bool heap_inside(const struct heap_block *block)
{
	return (uintptr_t)block - engine_heap.lowest < engine_heap.highest - engine_heap.lowest;
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

/* A free block of at least size bytes in bin or above, or NULL. */
static inline struct heap_block *heap_find(unsigned int bin)
{
	unsigned int word = bin / 64;
	uint64_t candidates;

	if (HEAP_UNLIKELY(bin >= HEAP_BINS))
		return NULL;
	candidates = engine_heap.bitmap[word] >> bin % 64 << bin % 64;
	while (candidates == 0) {
		if (++word == HEAP_BITMAP_WORDS)
			return NULL;
		candidates = engine_heap.bitmap[word];
	}
	return engine_heap.bin[word * 64 + (unsigned int)__builtin_ctzll(candidates)];
}

/* Join a block that is marked used with free neighbours and put it into its bin. */
void heap_release(struct heap_block *block);

/* Take a free block out of its bin; it keeps its header. */
void heap_unlink(struct heap_block *block);

/* Take a free block for use; what it has beyond size goes back. Returns the payload. */
void *heap_take(struct heap_block *block, size_t size);

/* A free block of at least size bytes, even from a bin with smaller ones, or NULL. */
struct heap_block *heap_find_exact(size_t size);

/* The same by getting more memory. */
struct heap_block *heap_grow(size_t size);

/* Walks all blocks. Aborts with a message if an invariant is broken. */
void engine_heap_measure(struct heap_statistics *statistics);

/* The bytes a block from malloc can really hold. */
size_t malloc_usable_size(void *pointer);

#endif
