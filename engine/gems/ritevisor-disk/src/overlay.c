/*
 * overlay.c: what class Overlay has in C, and where requests are sent.
 */
#include "disk.h"

#include "engine/engine.h"
#include "engine/vm/string.h"

#include "rv/kinds.h"

#include <mruby/array.h>
#include <mruby/class.h>
#include <mruby/presym.h>
#include <mruby/string.h>

/* Overlay.__make(disk's name, bytes) -> its number */
static mrb_value overlay_make(mrb_state *mrb, mrb_value self)
{
	mrb_value name;
	mrb_int bytes;
	int64_t number;

	(void)self;
	mrb_get_args(mrb, "oi", &name, &bytes);
	number = sys_overlay(disk_number_of(mrb, name), (uint64_t)bytes);
	if (number < 0)
		engine_check(mrb, "Overlay.new", disk_number_of(mrb, name), number);
	return mrb_int_value(mrb, (mrb_int)number);
}

/* Overlay.__next(number, lba) -> [lba, sectors], or nil */
static mrb_value overlay_next(mrb_state *mrb, mrb_value self)
{
	struct rv_overlay_range range = { 0 };
	mrb_value values[2];
	mrb_int number, lba;

	(void)self;
	mrb_get_args(mrb, "ii", &number, &lba);
	range.lba = (uint64_t)lba;
	if (sys_overlay_next((uint64_t)number, &range) < 0)
		return mrb_nil_value();
	values[0] = engine_from_u64(mrb, range.lba);
	values[1] = engine_from_u64(mrb, range.sectors);
	return mrb_ary_new_from_values(mrb, 2, values);
}

/* Overlay.__read(number, offset, bytes) -> a binary String */
static mrb_value overlay_read(mrb_state *mrb, mrb_value self)
{
	mrb_int number, offset, bytes;
	mrb_value text;

	(void)self;
	mrb_get_args(mrb, "iii", &number, &offset, &bytes);
	if (offset < 0 || bytes <= 0 || bytes > RV_DISK_IO_BYTES)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "a read takes 1 to %i bytes, not %i", (mrb_int)RV_DISK_IO_BYTES, bytes);
	text = string_new_binary(mrb, NULL, bytes);
	engine_check(mrb, "Overlay#read", (uint64_t)offset,
		     sys_overlay_read((uint64_t)number, (uint64_t)offset, RSTRING_PTR(text), (uint64_t)bytes));
	return text;
}

/* Overlay.__used(number) -> bytes */
static mrb_value overlay_used(mrb_state *mrb, mrb_value self)
{
	mrb_int number;
	int64_t bytes;

	(void)self;
	mrb_get_args(mrb, "i", &number);
	bytes = sys_overlay_used((uint64_t)number);
	if (bytes < 0)
		engine_check(mrb, "Overlay#size", (uint64_t)number, bytes);
	return engine_from_u64(mrb, (uint64_t)bytes);
}

static mrb_value redirect_to(mrb_state *mrb, mrb_value self, uint32_t target)
{
	struct rv_event *event = engine_event_open(mrb, self);

	if (!rv_kind_has(event->kind, RV_KIND_REQUEST) || event->kind == RV_EVENT_DISK_DONE ||
	    event->kind == RV_EVENT_DISK_COMMAND)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "redirect: reads, writes, flushes and discards can go elsewhere, not %v",
			   mrb_obj_as_string(mrb, self));
	event->disk_target = target;
	event->verdict = RV_VERDICT_CHANGE | (event->verdict & RV_VERDICT_MODIFIERS);
	return self;
}

/* Event::Request#__redirect_overlay(number) */
static mrb_value redirect_to_overlay(mrb_state *mrb, mrb_value self)
{
	return redirect_to(mrb, self, RV_TARGET_OVERLAY | (uint32_t)mrb_as_int(mrb, mrb_get_arg1(mrb)));
}

/* Event::Request#__redirect_disk(name) */
static mrb_value redirect_to_disk(mrb_state *mrb, mrb_value self)
{
	return redirect_to(mrb, self, RV_TARGET_DISK | disk_number_of(mrb, mrb_get_arg1(mrb)));
}

void overlay_init(mrb_state *mrb)
{
	struct RClass *overlay = mrb_define_class(mrb, "Overlay", mrb->object_class);
	struct RClass *request = mrb_class_get_under(mrb, mrb_class_get(mrb, "Event"), "Request");

	mrb_define_class_method_id(mrb, overlay, MRB_SYM(__make), overlay_make, MRB_ARGS_REQ(2));
	mrb_define_class_method_id(mrb, overlay, MRB_SYM(__next), overlay_next, MRB_ARGS_REQ(2));
	mrb_define_class_method_id(mrb, overlay, MRB_SYM(__read), overlay_read, MRB_ARGS_REQ(3));
	mrb_define_class_method_id(mrb, overlay, MRB_SYM(__used), overlay_used, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, request, MRB_SYM(__redirect_overlay), redirect_to_overlay, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, request, MRB_SYM(__redirect_disk), redirect_to_disk, MRB_ARGS_REQ(1));
}
