/* heap_measure.c - counts what the heap holds, and checks every block while at it. */
#include "heap.h"

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
	struct heap_block *arena = engine_heap.first_arena;

	*statistics = (struct heap_statistics){ .arena_bytes = engine_heap.arena_bytes };
	while (arena != NULL) {
		heap_measure_arena(arena, statistics);
		arena = *(struct heap_block **)((char *)arena - HEAP_HEADER_BYTES);
	}
}
