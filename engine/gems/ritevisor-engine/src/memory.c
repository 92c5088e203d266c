/*
 * memory.c: the allocator that mruby uses, with a reserve for the time when the quota is reached.
 *
 * When an allocation fails mruby collects all garbage and tries once more; if that fails too, the
 * reserve is given back to the heap, so that NoMemoryError can be rescued, reported and logged.
 */
#include "internal.h"

#include <mruby/error.h>
#include <mruby/presym.h>
#include <mruby/string.h>
#include <stdio.h>
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

	(void)user;
	if (bytes == 0) {
		free(old);
		return NULL;
	}
	memory = realloc(old, bytes);
	if (memory) {
		memory_failed = false;
		if (mrb)
			engine_collect_allocated(mrb, bytes);
	} else {
		if (memory_failed)
			memory_give_reserve();
		memory_failed = true;
	}
	return memory;
}

/* NoMemoryError and SystemStackError are made before they are needed, and the collector takes their
 * messages: so they have none of their own. A message that a script gave stays. */
static mrb_value memory_own_message(mrb_value exception)
{
	const struct RException *error = mrb_exc_ptr(exception);

	return error->mesg ? mrb_obj_value(error->mesg) : mrb_nil_value();
}

const char *memory_quota_text(void)
{
	static char text[128];

	snprintf(text, sizeof(text),
		 "the heap quota of %u KiB is used up: keep less, or give more by the boot option "
		 "heap=16M", (unsigned int)(engine_info()->heap_quota_bytes >> 10));
	return text;
}

static mrb_value memory_message(mrb_state *mrb, mrb_value self)
{
	mrb_value own = memory_own_message(self);

	if (mrb_obj_ptr(self) != mrb->nomem_err && !mrb_nil_p(own))
		return own;
	return mrb_str_new_cstr(mrb, memory_quota_text());
}

static mrb_value memory_stack_message(mrb_state *mrb, mrb_value self)
{
	mrb_value own = memory_own_message(self);

	return mrb_nil_p(own) ? mrb_str_new_lit(mrb, "stack level too deep") : own;
}

void memory_init(mrb_state *mrb)
{
	mrb_define_method_id(mrb, mrb_class_get(mrb, "NoMemoryError"), MRB_SYM(message), memory_message,
			  MRB_ARGS_NONE());
	mrb_define_method_id(mrb, mrb_class_get(mrb, "SystemStackError"), MRB_SYM(message),
			  memory_stack_message, MRB_ARGS_NONE());
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
