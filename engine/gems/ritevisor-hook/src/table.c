/*
 * table.c: the hooks of this engine, by cookie.
 */
#include "table.h"

/* Entries stay where they are while the table grows: the open event's is in use. */
static struct hook_entry **table_entries;
static uint32_t table_count;	/* slots ever used */
static uint32_t table_capacity;

struct hook_entry *hook_table_entry(uint32_t slot)
{
	return slot < table_count ? table_entries[slot] : NULL;
}

uint64_t hook_table_cookie(uint32_t slot)
{
	return (uint64_t)table_entries[slot]->generation << 32 | slot;
}

struct hook_entry *hook_table_find(uint64_t cookie)
{
	uint32_t slot = (uint32_t)cookie;

	if (slot >= table_count || table_entries[slot]->generation != cookie >> 32 ||
	    !table_entries[slot]->active)
		return NULL;
	return table_entries[slot];
}

static uint32_t table_grow(mrb_state *mrb)
{
	if (table_count == table_capacity) {
		uint32_t capacity = table_capacity ? table_capacity * 2 : 8;

		table_entries = mrb_realloc(mrb, table_entries, capacity * sizeof(*table_entries));
		table_capacity = capacity;
	}
	table_entries[table_count] = mrb_malloc(mrb, sizeof(**table_entries));
	*table_entries[table_count] = (struct hook_entry){ .generation = 1, .slot = table_count };
	return table_count++;
}

uint32_t hook_table_allocate(mrb_state *mrb)
{
	for (uint32_t slot = 0; slot < table_count; slot++) {
		if (!table_entries[slot]->active && !table_entries[slot]->proc)
			return slot;
	}
	return table_grow(mrb);
}

void hook_table_free(uint32_t slot)
{
	uint32_t generation = table_entries[slot]->generation + 1;

	*table_entries[slot] = (struct hook_entry){ .generation = generation, .slot = slot };
}

uint32_t hook_table_active_count(void)
{
	uint32_t active = 0;

	for (uint32_t slot = 0; slot < table_count; slot++)
		active += table_entries[slot]->active;
	return active;
}

void hook_table_reset(mrb_state *mrb)
{
	for (uint32_t slot = 0; slot < table_count; slot++)
		mrb_free(mrb, table_entries[slot]);
	mrb_free(mrb, table_entries);
	table_entries = NULL;
	table_count = table_capacity = 0;
}
