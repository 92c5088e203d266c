/*
 * table.h: the hooks of this engine, by the cookie that comes back with an event.
 *
 * A cookie is the slot's number with the slot's generation above it: an event that another CPU had
 * already matched when its hook went off is recognised and passes.
 */
#ifndef RITEVISOR_HOOK_TABLE_H
#define RITEVISOR_HOOK_TABLE_H

#include "engine/engine.h"

struct hook_entry {
	struct RProc *proc;	/* the block; the Ruby object Hook keeps it alive */
	struct RObject *event;	/* the preallocated event object of the kind */
	uint64_t base;		/* what Event#offset subtracts from the address */
	uint64_t events, errors;
	const mrb_code *start;	/* the block's code behind its OP_ENTER; NULL: enter the slow way */
	uint32_t registers;	/* of its frame */
	uint32_t locals;	/* the first of them, with self and the parameters */
	uint32_t slot;
	uint32_t generation;	/* changes when the slot is freed */
	uint32_t number;	/* what RV_SYS_HOOK_ADD returned */
	uint32_t kind, on_error; /* enum rv_event_kind, rv_on_error */
	bool arity;		/* it takes the event as a parameter */
	bool active;
	bool is_of_ends;	/* of requests: it has no block of its own (await.h) */
	bool doomed;		/* removed by its own block: freed when that returns */
};

/* Entries do not move: the open event's is in use while the table grows. For hook_table_find(). */
extern struct hook_entry **hook_table_entries;
extern uint32_t hook_table_count; /* slots ever used */

struct hook_entry *hook_table_entry(uint32_t slot);

/* The entry of a cookie, NULL if its hook is gone. */
static inline struct hook_entry *hook_table_find(uint64_t cookie)
{
	uint32_t slot = (uint32_t)cookie;
	struct hook_entry *entry;

	if (slot >= hook_table_count)
		return NULL;
	entry = hook_table_entries[slot];
	return entry->generation == cookie >> 32 && entry->active ? entry : NULL;
}

/* A free slot; raises NoMemoryError. */
uint32_t hook_table_allocate(mrb_state *mrb);
uint64_t hook_table_cookie(uint32_t slot);
void hook_table_free(uint32_t slot);
uint32_t hook_table_active_count(void);

/* Forgets everything (a new mrb_state in the same process: host tests). */
void hook_table_reset(mrb_state *mrb);

#endif
