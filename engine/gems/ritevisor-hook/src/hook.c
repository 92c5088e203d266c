/*
 * hook.c: Hook.__add and its kin: registering with the hypervisor.
 */
#include "alarm.h"
#include "dispatch.h"
#include "event.h"
#include "request.h"
#include "table.h"

#include <mruby/array.h>
#include <mruby/presym.h>
#include <mruby/proc.h>

void mrb_ritevisor_hook_gem_init(mrb_state *mrb);
void mrb_ritevisor_hook_gem_final(mrb_state *mrb);

/* Hook.__add(kind, address, filters, block) -> slot */
static mrb_value hook_add(mrb_state *mrb, mrb_value self)
{
	mrb_value kind, address, filters, block;
	struct rv_hook_request request;
	struct hook_entry *entry;
	uint64_t base;
	uint32_t slot;
	int64_t number;

	mrb_get_args(mrb, "ooHo", &kind, &address, &filters, &block);
	if (!mrb_proc_p(block))
		mrb_raise(mrb, E_ARGUMENT_ERROR, "a hook needs a block: on(...) { |event| ... }");
	request_fill(mrb, kind, address, filters, &request, &base);
	slot = hook_table_allocate(mrb);
	request.cookie = hook_table_cookie(slot);
	/* Filled before the hypervisor knows the hook: an event may follow at once. */
	entry = hook_table_entry(slot);
	entry->proc = mrb_proc_ptr(block);
	entry->event = event_object(request.kind);
	entry->base = base;
	entry->on_error = request.on_error;
	dispatch_prepare(entry);
	number = sys_hook_add(&request);
	if (number < 0) {
		hook_table_free(slot);
		engine_raise(mrb, "on", request.first, number);
	}
	entry->number = (uint32_t)number;
	entry->active = true;
	return mrb_int_value(mrb, slot);
}

static uint32_t hook_slot_argument(mrb_state *mrb)
{
	mrb_int slot = mrb_as_int(mrb, mrb_get_arg1(mrb));

	if (slot < 0 || slot > UINT32_MAX || !hook_table_entry((uint32_t)slot))
		mrb_raise(mrb, E_ARGUMENT_ERROR, "no such hook");
	return (uint32_t)slot;
}

/* A block that removes its own hook runs on: its entry is freed when it returns. */
static void hook_doom(struct hook_entry *entry)
{
	entry->active = false;
	entry->doomed = true;
}

/* Hook.__remove(slot) -> [events, errors] */
static mrb_value hook_remove(mrb_state *mrb, mrb_value self)
{
	uint32_t slot = hook_slot_argument(mrb);
	struct hook_entry *entry = hook_table_entry(slot);
	mrb_value counters[2] = { engine_from_u64(mrb, entry->events),
				  engine_from_u64(mrb, entry->errors) };

	if (entry->proc) {
		/* A hook that the hypervisor disabled is gone there already. */
		sys_hook_remove(entry->number);
		if (event_entry == entry)
			hook_doom(entry);
		else
			hook_table_free(slot);
	}
	return mrb_ary_new_from_values(mrb, 2, counters);
}

/* Hook.__state(slot) -> [active, events, errors] */
static mrb_value hook_state(mrb_state *mrb, mrb_value self)
{
	const struct hook_entry *entry = hook_table_entry(hook_slot_argument(mrb));
	mrb_value state[3] = { mrb_bool_value(entry->active), engine_from_u64(mrb, entry->events),
			       engine_from_u64(mrb, entry->errors) };

	return mrb_ary_new_from_values(mrb, 3, state);
}

void mrb_ritevisor_hook_gem_init(mrb_state *mrb)
{
	struct RClass *hook = mrb_define_class(mrb, "Hook", mrb->object_class);

	hook_table_reset(mrb);
	event_init(mrb);
	dispatch_init(mrb, hook);
	alarm_init(mrb, hook);
	request_init(mrb, hook);
	mrb_define_class_method_id(mrb, hook, MRB_SYM(__add), hook_add, MRB_ARGS_REQ(4));
	mrb_define_class_method_id(mrb, hook, MRB_SYM(__remove), hook_remove, MRB_ARGS_REQ(1));
	mrb_define_class_method_id(mrb, hook, MRB_SYM(__state), hook_state, MRB_ARGS_REQ(1));
}

void mrb_ritevisor_hook_gem_final(mrb_state *mrb)
{
	hook_table_reset(mrb);
}
