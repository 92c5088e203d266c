/*
 * event.c: class Event, what all events have in common, and the preallocated objects.
 *
 * Nothing is kept in the objects: methods read struct rv_event, which the hypervisor filled.
 */
#include "event.h"

#include "rv/kinds.h"

#include <mruby/class.h>
#include <mruby/array.h>
#include <mruby/presym.h>
#include <mruby/variable.h>

struct hook_entry *event_entry;

static struct RObject *event_objects[RV_EVENT_KIND_COUNT];

struct RObject *event_object(uint32_t kind)
{
	return event_objects[kind];
}

static _Noreturn void event_raise_over(mrb_state *mrb)
{
	mrb_raise(mrb, mrb_class_get(mrb, "EventError"),
		  "this event is over: copy what you need from it inside the block");
}

struct rv_event *engine_event_open(mrb_state *mrb, mrb_value self)
{
	if (__builtin_expect(!event_entry || event_entry->event != mrb_obj_ptr(self), 0))
		event_raise_over(mrb);
	return engine_event();
}

struct rv_event *event_open_any(mrb_state *mrb)
{
	if (!event_entry)
		event_raise_over(mrb);
	return engine_event();
}

static mrb_value event_kind(mrb_state *mrb, mrb_value self)
{
	uint32_t kind = engine_event_open(mrb, self)->kind;

	return mrb_symbol_value(mrb_intern_cstr(mrb, rv_kind_name(kind)));
}

static mrb_value event_sequence(mrb_state *mrb, mrb_value self)
{
	return engine_from_u64(mrb, engine_event_open(mrb, self)->sequence);
}

static mrb_value event_seen(mrb_state *mrb, mrb_value self)
{
	return mrb_bool_value(engine_event_open(mrb, self)->sequence > 1);
}

static mrb_value event_cpu(mrb_state *mrb, mrb_value self)
{
	return mrb_int_value(mrb, engine_event_open(mrb, self)->cpu);
}

void event_init(mrb_state *mrb)
{
	struct RClass *event = mrb_define_class(mrb, "Event", mrb->object_class);
	mrb_value keep = mrb_ary_new_capa(mrb, RV_EVENT_KIND_COUNT);

	mrb_define_class(mrb, "EventError", E_STANDARD_ERROR);
	mrb_define_method_id(mrb, event, MRB_SYM(kind), event_kind, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, event, MRB_SYM(sequence), event_sequence, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, event, MRB_SYM_Q(seen), event_seen, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, event, MRB_SYM(cpu), event_cpu, MRB_ARGS_NONE());
	mrb_undef_class_method(mrb, event, "new");
	event_access_init(mrb, event);
	event_fields_init(mrb, event);
	event_registers_init(mrb, event);
	mrb_gv_set(mrb, mrb_intern_lit(mrb, "__events"), keep);
	for (uint32_t kind = 1; kind < RV_EVENT_KIND_COUNT; kind++) {
		struct RClass *class = mrb_class_get_under(mrb, event, rv_kinds[kind].class);

		event_objects[kind] = mrb_obj_ptr(mrb_obj_value(
			mrb_obj_alloc(mrb, MRB_TT_OBJECT, class)));
		mrb_ary_push(mrb, keep, mrb_obj_value(event_objects[kind]));
	}
}
