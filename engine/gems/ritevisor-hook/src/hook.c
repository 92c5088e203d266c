/*
 * hook.c: Hook.__add and its kin: registering with the hypervisor.
 */
#include "alarm.h"
#include "await.h"
#include "dispatch.h"
#include "event.h"
#include "sink.h"
#include "spec.h"
#include "table.h"
#include "text.h"
#include "trace.h"

#include <mruby/array.h>
#include <mruby/hash.h>
#include <mruby/presym.h>
#include <mruby/proc.h>

void mrb_ritevisor_hook_gem_init(mrb_state *mrb);
void mrb_ritevisor_hook_gem_final(mrb_state *mrb);

/* A hook of the hypervisor's. Returns its slot. */
static mrb_value hook_add_one(mrb_state *mrb, mrb_value kind, mrb_value address, mrb_value filters,
			      mrb_value block)
{
	struct rv_hook_spec spec;
	struct hook_entry *entry;
	uint64_t base;
	uint32_t slot;
	int64_t number;

	spec_fill(mrb, kind, address, filters, &spec, &base);
	slot = hook_table_allocate(mrb);
	spec.cookie = hook_table_cookie(slot);
	/* Filled before the hypervisor knows the hook: an event may follow at once. */
	entry = hook_table_entry(slot);
	entry->proc = mrb_proc_ptr(block);
	entry->event = event_object(spec.kind);
	entry->base = base;
	entry->kind = spec.kind;
	entry->on_error = spec.on_error;
	dispatch_prepare(entry);
	number = sys_hook_add(&spec);
	if (number < 0) {
		hook_table_free(slot);
		engine_raise(mrb, "on", spec.clauses[0].first, number);
	}
	entry->number = (uint32_t)number;
	entry->active = true;
	return mrb_int_value(mrb, slot);
}

static void hook_add_all(mrb_state *mrb, mrb_value kind, mrb_value address, mrb_value filters,
			 mrb_value block, mrb_value slots);

/* One for each of a list, in the place of a filter of that name, or of the address if that is nil. */
static void hook_add_each(mrb_state *mrb, mrb_value kind, mrb_value address, mrb_value filters,
			  mrb_value block, mrb_value slots, mrb_value name, mrb_value list)
{
	if (RARRAY_LEN(list) == 0)
		mrb_raise(mrb, E_ARGUMENT_ERROR, "an Array of addresses needs one");
	for (mrb_int i = 0; i < RARRAY_LEN(list); i++) {
		int arena = mrb_gc_arena_save(mrb);
		mrb_value one = mrb_ary_ref(mrb, list, i), those = filters;

		if (mrb_array_p(one))
			mrb_raise(mrb, E_ARGUMENT_ERROR, "an Array of addresses holds Integers and Ranges");
		if (!mrb_nil_p(name)) {
			those = mrb_hash_dup(mrb, filters);
			mrb_hash_set(mrb, those, name, one);
			one = address;
		}
		hook_add_all(mrb, kind, one, those, block, slots);
		mrb_gc_arena_restore(mrb, arena);
	}
}

static void hook_add_all(mrb_state *mrb, mrb_value kind, mrb_value address, mrb_value filters,
			 mrb_value block, mrb_value slots)
{
	mrb_value name = mrb_array_p(address) ? mrb_nil_value() : spec_named_array(mrb, kind, filters);

	if (mrb_array_p(address))
		hook_add_each(mrb, kind, address, filters, block, slots, name, address);
	else if (!mrb_nil_p(name))
		hook_add_each(mrb, kind, address, filters, block, slots, name,
			      mrb_hash_get(mrb, filters, name));
	else
		mrb_ary_push(mrb, slots, hook_add_one(mrb, kind, address, filters, block));
}

/* Hook.__add(kind, address, filters, block, slots): appends the slot, or one for each element of an
 * Array of addresses or of a filter's values. */
static mrb_value hook_add(mrb_state *mrb, mrb_value self)
{
	mrb_value kind, address, filters, block, slots;

	mrb_get_args(mrb, "ooHoA", &kind, &address, &filters, &block, &slots);
	if (!mrb_proc_p(block))
		mrb_raise(mrb, E_ARGUMENT_ERROR, "a hook needs a block: on(...) { |event| ... }");
	hook_add_all(mrb, kind, address, filters, block, slots);
	return slots;
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
		int64_t result = sys_hook_remove(entry->number);

		if (result == -RV_EPERM)
			mrb_raise(mrb, mrb_class_get(mrb, "AccessError"),
				  "off: a policy keeps its hooks; on_error: :pass or observe: true makes one "
				  "that can go");
		/* A hook that the hypervisor disabled is gone there already. */
		if (result != -RV_ENOENT)
			engine_check(mrb, "off", entry->number, result);
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
	spec_init(mrb, hook);
	await_init(mrb, hook);
	text_init(mrb, hook);
	trace_init(mrb);
	sink_init(mrb);
	mrb_define_class_method_id(mrb, hook, MRB_SYM(__add), hook_add, MRB_ARGS_REQ(5));
	mrb_define_class_method_id(mrb, hook, MRB_SYM(__remove), hook_remove, MRB_ARGS_REQ(1));
	mrb_define_class_method_id(mrb, hook, MRB_SYM(__state), hook_state, MRB_ARGS_REQ(1));
}

void mrb_ritevisor_hook_gem_final(mrb_state *mrb)
{
	hook_table_reset(mrb);
}
