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

static const struct {
	int number;
	const char *text;
} overlay_errors[] = {
	{ RV_OVERLAY_FOREIGN, "there is something else in its range, and no overlay: format: true makes one there, and what is "
			      "there is lost" },
	{ RV_OVERLAY_DAMAGED, "it is damaged: what was on the disk for certain is not there any more. format: true makes one "
			      "anew" },
	{ RV_OVERLAY_OF_ANOTHER, "what is there is one of another disk, or of another range" },
	{ RV_EINVAL, "its range has to be of another disk, and of 1 MiB to 64 GiB" },
	{ RV_ENOENT, "no disk can have that name" },
	{ RV_EBUSY, "the other disk is busy, or its range is another overlay's" },
	{ RV_EPERM, "a hook of another script decides about that disk" },
	{ RV_EACCES, "given up by `powers` at the script's top level: name :disk there to keep it" },
	{ RV_EAGAIN, "a disk is not known yet, or cannot be had now" },
	{ RV_EIO, "the other disk has failed a command, or was reset" },
	{ RV_ENOSPC, "there can be 16 overlays, and it can be full" },
	{ RV_ENOMEM, "the hypervisor has not enough memory: give more with memory=" },
	{ RV_ETIMEDOUT, "the other disk takes too long" },
	{ RV_ENOTSUP, "not on a disk of this kind" },
};

static void overlay_check(mrb_state *mrb, const char *what, int64_t result)
{
	const char *text = "unknown error";

	if (result >= 0)
		return;
	for (size_t i = 0; i < ARRAY_LENGTH(overlay_errors); i++) {
		if (overlay_errors[i].number == -result)
			text = overlay_errors[i].text;
	}
	mrb_raisef(mrb, mrb_class_get(mrb, result == -RV_EBUSY ? "DiskBusy" : "AccessError"), "%s: %s (error %i)", what, text,
		   (mrb_int)-result);
}

/* Overlay.__make_on(disk's name, other disk's name, first sector, sectors or 0, whatever is there?) -> its number */
static mrb_value overlay_make_on(mrb_state *mrb, mrb_value self)
{
	struct rv_overlay_spec spec = { 0 };
	mrb_value name, other;
	mrb_int first, sectors;
	mrb_bool anew;
	int64_t number;

	(void)self;
	mrb_get_args(mrb, "ooiib", &name, &other, &first, &sectors, &anew);
	spec.disk = disk_number_of(mrb, name);
	spec.other = disk_number_of(mrb, other);
	spec.first = (uint64_t)first;
	spec.sectors = (uint64_t)sectors;
	spec.anew = anew;
	number = sys_overlay_on_disk(&spec);
	overlay_check(mrb, "Overlay.new", number);
	return mrb_int_value(mrb, (mrb_int)number);
}

/* Overlay.__open(number) -> true; false: not yet */
static mrb_value overlay_open(mrb_state *mrb, mrb_value self)
{
	int64_t result = sys_overlay_open((uint64_t)mrb_as_int(mrb, mrb_get_arg1(mrb)));

	(void)self;
	if (result == -RV_EAGAIN || result == -RV_EBUSY)
		return mrb_false_value();
	overlay_check(mrb, "Overlay", result);
	return mrb_true_value();
}

/* Overlay.__next(number, lba) -> [lba, sectors], or nil */
static mrb_value overlay_next(mrb_state *mrb, mrb_value self)
{
	struct rv_overlay_range range = { 0 };
	mrb_value values[2];
	mrb_int number, lba;
	int64_t error;

	(void)self;
	mrb_get_args(mrb, "ii", &number, &lba);
	range.lba = (uint64_t)lba;
	error = sys_overlay_next((uint64_t)number, &range);
	if (error == -RV_ENOENT)
		return mrb_nil_value();
	overlay_check(mrb, "Overlay#each_range", error);
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
	overlay_check(mrb, "Overlay#read",
		      sys_overlay_read((uint64_t)number, (uint64_t)offset, RSTRING_PTR(text), (uint64_t)bytes));
	return text;
}

/* Overlay.__used(number, is the limit wanted?) -> bytes */
static mrb_value overlay_used(mrb_state *mrb, mrb_value self)
{
	mrb_bool is_limit;
	mrb_int number;
	int64_t bytes;

	(void)self;
	mrb_get_args(mrb, "ib", &number, &is_limit);
	bytes = sys_overlay_used((uint64_t)number, is_limit);
	overlay_check(mrb, "Overlay#size", bytes);
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
	mrb_define_class_method_id(mrb, overlay, MRB_SYM(__used), overlay_used, MRB_ARGS_REQ(2));
	mrb_define_class_method_id(mrb, overlay, MRB_SYM(__make_on), overlay_make_on, MRB_ARGS_REQ(5));
	mrb_define_class_method_id(mrb, overlay, MRB_SYM(__open), overlay_open, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, request, MRB_SYM(__redirect_overlay), redirect_to_overlay, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, request, MRB_SYM(__redirect_disk), redirect_to_disk, MRB_ARGS_REQ(1));
}
