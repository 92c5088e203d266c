/*
 * hook.c: Hook.__add and its kin: registering with the hypervisor. mrblib/hook.rb checks and
 * names what scripts give; here the numbers are put into struct rv_hook_request.
 */
#include "alarm.h"
#include "dispatch.h"
#include "event.h"
#include "table.h"

#include "rv/event_kind.h"

#include <mruby/array.h>
#include <mruby/hash.h>
#include <mruby/proc.h>

void mrb_ritevisor_hook_gem_init(mrb_state *mrb);
void mrb_ritevisor_hook_gem_final(mrb_state *mrb);

/* The order in which Hook::Request#to_a gives its numbers. */
enum request_field {
	REQUEST_KIND, REQUEST_FIRST, REQUEST_LAST, REQUEST_ON_ERROR, REQUEST_BUDGET_US,
	REQUEST_WIDTH_MASK, REQUEST_OBSERVE, REQUEST_VALUE_MASK, REQUEST_VALUE_MATCH, REQUEST_BUS,
	REQUEST_DEVICE, REQUEST_FUNCTION, REQUEST_VENDOR_ID, REQUEST_DEVICE_ID, REQUEST_CLASS,
	REQUEST_CLASS_MASK, REQUEST_SUBLEAF, REQUEST_BASE, REQUEST_FIELDS,
};

static uint64_t request_number(mrb_state *mrb, mrb_value fields, enum request_field field)
{
	return engine_to_u64(mrb, mrb_ary_ref(mrb, fields, (mrb_int)field));
}

static struct rv_hook_request request_from_array(mrb_state *mrb, mrb_value fields)
{
#define NUMBER(field) request_number(mrb, fields, field)
	struct rv_hook_request request = {
		.kind = (uint32_t)NUMBER(REQUEST_KIND),
		.on_error = (uint32_t)NUMBER(REQUEST_ON_ERROR),
		.first = NUMBER(REQUEST_FIRST),
		.last = NUMBER(REQUEST_LAST),
		.budget_us = NUMBER(REQUEST_BUDGET_US),
		.width_mask = (uint32_t)NUMBER(REQUEST_WIDTH_MASK),
		.observe = (uint32_t)NUMBER(REQUEST_OBSERVE),
		.value_mask = NUMBER(REQUEST_VALUE_MASK),
		.value_match = NUMBER(REQUEST_VALUE_MATCH),
		.pci_bus = (int32_t)NUMBER(REQUEST_BUS),
		.pci_device = (int32_t)NUMBER(REQUEST_DEVICE),
		.pci_function = (int32_t)NUMBER(REQUEST_FUNCTION),
		.pci_vendor_id = (int32_t)NUMBER(REQUEST_VENDOR_ID),
		.pci_device_id = (int32_t)NUMBER(REQUEST_DEVICE_ID),
		.pci_class = (int32_t)NUMBER(REQUEST_CLASS),
		.pci_class_mask = (int32_t)NUMBER(REQUEST_CLASS_MASK),
		.cpuid_subleaf_set = (int64_t)NUMBER(REQUEST_SUBLEAF) >= 0,
		.cpuid_subleaf = (uint32_t)NUMBER(REQUEST_SUBLEAF),
	};
#undef NUMBER
	return request;
}

/* Hook.__add(fields, block) -> slot */
static mrb_value hook_add(mrb_state *mrb, mrb_value self)
{
	mrb_value fields, block;
	struct rv_hook_request request;
	struct hook_entry *entry;
	uint32_t slot;
	int64_t number;

	mrb_get_args(mrb, "Ao", &fields, &block);
	if (!mrb_proc_p(block) || RARRAY_LEN(fields) != REQUEST_FIELDS)
		mrb_raise(mrb, E_ARGUMENT_ERROR, "a hook needs a block: on(...) { |event| ... }");
	request = request_from_array(mrb, fields);
	if (request.kind == 0 || request.kind >= RV_EVENT_KIND_COUNT)
		mrb_raise(mrb, E_ARGUMENT_ERROR, "no such kind of event");
	slot = hook_table_allocate(mrb);
	request.cookie = hook_table_cookie(slot);
	/* Filled before the hypervisor knows the hook: an event may follow at once. */
	entry = hook_table_entry(slot);
	entry->proc = mrb_proc_ptr(block);
	entry->event = event_object(request.kind);
	entry->base = request_number(mrb, fields, REQUEST_BASE);
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

/* Hook.__kinds -> { port_read: 1, ... } */
static mrb_value hook_kinds(mrb_state *mrb, mrb_value self)
{
	mrb_value kinds = mrb_hash_new(mrb);

	for (uint32_t kind = 1; kind < RV_EVENT_KIND_COUNT; kind++)
		mrb_hash_set(mrb, kinds,
			     mrb_symbol_value(mrb_intern_cstr(mrb, rv_event_kind_name(kind))),
			     mrb_int_value(mrb, kind));
	return kinds;
}

void mrb_ritevisor_hook_gem_init(mrb_state *mrb)
{
	struct RClass *hook = mrb_define_class(mrb, "Hook", mrb->object_class);

	hook_table_reset(mrb);
	event_init(mrb);
	dispatch_init(mrb, hook);
	alarm_init(mrb, hook);
	mrb_define_class_method(mrb, hook, "__kinds", hook_kinds, MRB_ARGS_NONE());
	mrb_define_class_method(mrb, hook, "__add", hook_add, MRB_ARGS_REQ(2));
	mrb_define_class_method(mrb, hook, "__remove", hook_remove, MRB_ARGS_REQ(1));
	mrb_define_class_method(mrb, hook, "__state", hook_state, MRB_ARGS_REQ(1));
}

void mrb_ritevisor_hook_gem_final(mrb_state *mrb)
{
	hook_table_reset(mrb);
}
