/*
 * table.c: the hooks of this engine, by cookie.
 */
#include "table.h"

struct hook_entry **hook_table_entries;
uint32_t hook_table_count;
static uint32_t table_capacity;

struct hook_entry *hook_table_entry(uint32_t slot)
{
	return slot < hook_table_count ? hook_table_entries[slot] : NULL;
}

uint64_t hook_table_cookie(uint32_t slot)
{
	return (uint64_t)hook_table_entries[slot]->generation << 32 | slot;
}

static uint32_t table_grow(mrb_state *mrb)
{
	if (hook_table_count == table_capacity) {
		uint32_t capacity = table_capacity ? table_capacity * 2 : 8;

		hook_table_entries = mrb_realloc(mrb, hook_table_entries, capacity * sizeof(*hook_table_entries));
		table_capacity = capacity;
	}
	hook_table_entries[hook_table_count] = mrb_malloc(mrb, sizeof(**hook_table_entries));
	*hook_table_entries[hook_table_count] = (struct hook_entry){ .generation = 1, .slot = hook_table_count };
	return hook_table_count++;
}

uint32_t hook_table_allocate(mrb_state *mrb)
{
	for (uint32_t slot = 0; slot < hook_table_count; slot++) {
		if (!hook_table_entries[slot]->active && !hook_table_entries[slot]->proc)
			return slot;
	}
	return table_grow(mrb);
}

void hook_table_free(uint32_t slot)
{
	uint32_t generation = hook_table_entries[slot]->generation + 1;

	*hook_table_entries[slot] = (struct hook_entry){ .generation = generation, .slot = slot };
}

uint32_t hook_table_active_count(void)
{
	uint32_t active = 0;

	for (uint32_t slot = 0; slot < hook_table_count; slot++)
		active += hook_table_entries[slot]->active;
	return active;
}

void hook_table_reset(mrb_state *mrb)
{
	for (uint32_t slot = 0; slot < hook_table_count; slot++)
		mrb_free(mrb, hook_table_entries[slot]);
	mrb_free(mrb, hook_table_entries);
	hook_table_entries = NULL;
	hook_table_count = table_capacity = 0;
}
