/*
 * memory.c: the allocator that mruby uses, with a reserve for the time when the quota is reached.
 *
 * When an allocation fails mruby collects all garbage and tries once more; if that fails too, the
 * reserve is given back to the heap, so that NoMemoryError can be rescued, reported and logged.
 */
#include "internal.h"

#include <stdlib.h>

enum { MEMORY_RESERVE_BYTES = 32 * 1024 };

static void *memory_reserve;
static bool memory_failed;

static void memory_give_reserve(void)
{
	free(memory_reserve);
	memory_reserve = NULL;
}

void *engine_allocate(mrb_state *mrb, void *old, size_t bytes, void *user)
{
	void *memory;

	(void)mrb;
	(void)user;
	if (bytes == 0) {
		free(old);
		return NULL;
	}
	memory = realloc(old, bytes);
	if (memory) {
		memory_failed = false;
	} else {
		if (memory_failed)
			memory_give_reserve();
		memory_failed = true;
	}
	return memory;
}

void engine_memory_prepare(void)
{
	if (!memory_reserve)
		memory_reserve = malloc(MEMORY_RESERVE_BYTES);
	memory_failed = false;
}

void engine_memory_recover(mrb_state *mrb)
{
	if (memory_reserve)
		return;
	mrb_full_gc(mrb);
	engine_memory_prepare();
}
