/*
 * service/arena.c: see the header.
 */
#include "service/arena.h"

#define ARENA_ALIGNMENT 64

static uint8_t *arena_memory;
static uint64_t arena_bytes, arena_used;

void arena_begin(void *memory, uint64_t length_bytes)
{
	arena_memory = memory;
	arena_bytes = length_bytes / ARENA_ALIGNMENT * ARENA_ALIGNMENT;
	arena_used = 0;
}

void *arena_allocate(size_t length_bytes)
{
	uint64_t at = arena_used, left = arena_bytes_left();

	if (length_bytes > left)
		return NULL;
	arena_used += (length_bytes + ARENA_ALIGNMENT - 1) / ARENA_ALIGNMENT * ARENA_ALIGNMENT;
	return arena_memory + at;
}

void arena_free(void *memory)
{
	(void)memory;
}

uint64_t arena_bytes_left(void)
{
	return arena_bytes - arena_used;
}

uint64_t arena_mark(void)
{
	return arena_used;
}

void arena_reset(uint64_t mark)
{
	arena_used = mark;
}
