/*
 * disk.c: what class Disk has in C, and the ranges of a discard.
 */
#include "disk.h"

#include "engine/engine.h"
#include "engine/vm/string.h"

#include "rv/metric_key.h"

#include <mruby/array.h>
#include <mruby/class.h>
#include <mruby/presym.h>
#include <mruby/string.h>
#include <string.h>

void mrb_ritevisor_disk_gem_init(mrb_state *mrb);
void mrb_ritevisor_disk_gem_final(mrb_state *mrb);

/* Disk.__info(position) -> [name, number of sectors, bytes a sector, model, serial, is it encrypted?], nil behind the last */
static mrb_value disk_info(mrb_state *mrb, mrb_value self)
{
	struct rv_disk_info info;
	char name[RV_DISK_NAME_BYTES];
	mrb_value values[6];

	if (sys_disk((uint64_t)mrb_as_int(mrb, mrb_get_arg1(mrb)), &info) < 0)
		return mrb_nil_value();
	rv_disk_name(info.number, name);
	values[0] = mrb_symbol_value(mrb_intern_cstr(mrb, name));
	values[1] = engine_from_u64(mrb, info.sectors);
	values[2] = mrb_fixnum_value((mrb_int)info.sector_bytes);
	values[3] = mrb_str_new_cstr(mrb, info.model);
	values[4] = mrb_str_new_cstr(mrb, info.serial);
	values[5] = mrb_bool_value((info.flags & RV_DISK_ENCRYPTED) != 0);
	return mrb_ary_new_from_values(mrb, 6, values);
}

/* Disk.__word(name) -> what it is in keys of metrics, nil if no disk can be called so */
static mrb_value disk_word(mrb_state *mrb, mrb_value self)
{
	uint32_t number = disk_number_of(mrb, mrb_get_arg1(mrb));

	(void)self;
	return number <= RV_DISK_LAST ? mrb_int_value(mrb, (mrb_int)rv_word_pack(RV_WORD_DISK, number)) : mrb_nil_value();
}

/* Disk.__fail(name, event): with -1 its controller's end, until the guest resets it, else what it tells the guest; false: the
 * guest does not wait for that; nil: it has no word for it */
static mrb_value disk_fail(mrb_state *mrb, mrb_value self)
{
	mrb_value name;
	mrb_int event;
	int64_t result;

	(void)self;
	mrb_get_args(mrb, "oi", &name, &event);
	result = sys_disk_fail(disk_number_of(mrb, name), event >= 0 ? RV_DISK_EVENT | (uint64_t)event : 0);
	if (result == -RV_ENOTSUP)
		return mrb_nil_value();
	if (result == -RV_EBUSY)
		return mrb_false_value();
	engine_check(mrb, event >= 0 ? "Disk::Controller#event" : "Disk::Controller#fail", disk_number_of(mrb, name), result);
	return mrb_true_value();
}

/* Event::Request#__duplicate, of an end */
static mrb_value request_duplicate(mrb_state *mrb, mrb_value self)
{
	struct rv_event *event = engine_event_open(mrb, self);

	event->disk_target = RV_TARGET_TWICE;
	event->verdict = RV_VERDICT_CHANGE | (event->verdict & RV_VERDICT_MODIFIERS);
	return self;
}

/* A script's own reads and writes ----------------------------------------------------------------- */

static const struct {
	int number;
	const char *text;
} transfer_errors[] = {
	{ RV_ENOENT, "there is no such disk, or it is not known yet: wait for on(:disk_attach)" },
	{ RV_EINVAL, "a disk is read and written in whole sectors" },
	{ RV_ERANGE, "beyond its end" },
	{ RV_EPERM, "a hook of another script decides about that" },
	{ RV_EACCES, "given up by `powers` at the script's top level: name :disk there to keep it" },
	{ RV_EAGAIN, "it cannot be had now: a script has to hook its requests before the guest's driver sets it up, and "
		     "the driver has to have done that" },
	{ RV_EBUSY, "it has no room beside the guest's commands now: try again, in `every` or `after`" },
	{ RV_ENOTSUP, "not with a disk of this kind" },
	{ RV_EIO, "it has failed that, or was reset" },
	{ RV_ETIMEDOUT, "it takes too long: for one event it is two seconds in all" },
	{ RV_ENOMEM, "the hypervisor has not enough memory: give more with memory=" },
};

static const char *transfer_error(int64_t number)
{
	for (size_t i = 0; i < ARRAY_LENGTH(transfer_errors); i++) {
		if (transfer_errors[i].number == number)
			return transfer_errors[i].text;
	}
	return "unknown error";
}

static void transfer_check(mrb_state *mrb, const char *what, mrb_value name, mrb_int lba, int64_t result)
{
	if (result == 0)
		return;
	mrb_raisef(mrb, mrb_class_get(mrb, result == -RV_EBUSY ? "DiskBusy" : "AccessError"), "Disk#%s %v lba=%i: %s (error %i)",
		   what, name, lba, transfer_error(-result), (mrb_int)-result);
}

uint32_t disk_number_of(mrb_state *mrb, mrb_value name)
{
	return rv_disk_named(mrb_sym_name(mrb, mrb_obj_to_sym(mrb, name)));
}

/* Disk.__read(name, lba, bytes) -> a binary String */
static mrb_value disk_read(mrb_state *mrb, mrb_value self)
{
	mrb_int lba, bytes;
	mrb_value name, text;

	(void)self;
	mrb_get_args(mrb, "oii", &name, &lba, &bytes);
	if (lba < 0 || bytes <= 0 || bytes > RV_DISK_IO_BYTES)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "a read takes sectors from 0 on, and 1 to %i bytes, not %i from %i",
			   (mrb_int)RV_DISK_IO_BYTES, bytes, lba);
	text = string_new_binary(mrb, NULL, bytes);
	transfer_check(mrb, "read", name, lba,
		       sys_disk_read(disk_number_of(mrb, name), (uint64_t)lba, RSTRING_PTR(text), (uint64_t)bytes));
	return text;
}

/* Disk.__write(name, lba, string) */
static mrb_value disk_write(mrb_state *mrb, mrb_value self)
{
	mrb_value name, text;
	mrb_int lba;

	mrb_get_args(mrb, "oiS", &name, &lba, &text);
	if (lba < 0 || RSTRING_LEN(text) == 0 || RSTRING_LEN(text) > RV_DISK_IO_BYTES)
		mrb_raisef(mrb, E_ARGUMENT_ERROR, "a write takes sectors from 0 on, and 1 to %i bytes, not %i from %i",
			   (mrb_int)RV_DISK_IO_BYTES, (mrb_int)RSTRING_LEN(text), lba);
	transfer_check(mrb, "write", name, lba,
		       sys_disk_write(disk_number_of(mrb, name), (uint64_t)lba, RSTRING_PTR(text),
				      (uint64_t)RSTRING_LEN(text)));
	return self;
}

/* Disk.__flush(name) */
static mrb_value disk_flush(mrb_state *mrb, mrb_value self)
{
	mrb_value name = mrb_get_arg1(mrb);

	transfer_check(mrb, "flush", name, 0, sys_disk_flush(disk_number_of(mrb, name)));
	return self;
}

/* A range as [lba, sectors]: of ATA 48 bits and 16, of NVMe in the second half, and the upper half of the first. */
static void range_push(mrb_state *mrb, mrb_value list, const uint64_t *words, bool is_nvme)
{
	uint64_t sectors = is_nvme ? words[0] >> 32 : words[0] >> 48;
	uint64_t lba = is_nvme ? words[1] : words[0] & ((UINT64_C(1) << 48) - 1);
	int arena = mrb_gc_arena_save(mrb);
	mrb_value pair[2];

	if (sectors == 0)
		return;
	pair[0] = engine_from_u64(mrb, lba);
	pair[1] = engine_from_u64(mrb, sectors);
	mrb_ary_push(mrb, list, mrb_ary_new_from_values(mrb, 2, pair));
	mrb_gc_arena_restore(mrb, arena);
}

/* Event::Request#__ranges(is_nvme) -> the ranges of the list that are its data */
static mrb_value request_ranges(mrb_state *mrb, mrb_value self)
{
	uint64_t bytes = engine_event_open(mrb, self)->data_bytes;
	mrb_value list = mrb_ary_new(mrb);
	mrb_bool is_nvme;
	uint64_t words[64];

	mrb_get_args(mrb, "b", &is_nvme);
	for (uint64_t done = 0; done < bytes; done += sizeof(words)) {
		uint64_t part = bytes - done < sizeof(words) ? bytes - done : sizeof(words), step = is_nvme ? 2 : 1;

		engine_check(mrb, "Event#data", done, sys_data_read(done, words, part));
		for (uint64_t i = 0; i + step <= part / 8; i += step)
			range_push(mrb, list, &words[i], is_nvme);
	}
	return list;
}

/* Event::Request#__era -> another number whenever disks have come or gone: what was known of its disk before may be of another */
static mrb_value request_era(mrb_state *mrb, mrb_value self)
{
	return mrb_int_value(mrb, (mrb_int)engine_event_open(mrb, self)->disk_era);
}

void mrb_ritevisor_disk_gem_init(mrb_state *mrb)
{
	struct RClass *disk = mrb_define_class(mrb, "Disk", mrb->object_class);
	struct RClass *request;

	engine_open_constant(mrb, MRB_SYM(Bytes));
	request = mrb_class_get_under(mrb, mrb_class_get(mrb, "Event"), "Request");
	mrb_define_class(mrb, "DiskBusy", mrb_class_get(mrb, "AccessError"));
	mrb_define_class_method_id(mrb, disk, MRB_SYM(__info), disk_info, MRB_ARGS_REQ(1));
	mrb_define_class_method_id(mrb, disk, MRB_SYM(__word), disk_word, MRB_ARGS_REQ(1));
	mrb_define_class_method_id(mrb, disk, MRB_SYM(__fail), disk_fail, MRB_ARGS_REQ(2));
	mrb_define_class_method_id(mrb, disk, MRB_SYM(__read), disk_read, MRB_ARGS_REQ(3));
	mrb_define_class_method_id(mrb, disk, MRB_SYM(__write), disk_write, MRB_ARGS_REQ(3));
	mrb_define_class_method_id(mrb, disk, MRB_SYM(__flush), disk_flush, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, request, MRB_SYM(__ranges), request_ranges, MRB_ARGS_REQ(1));
	mrb_define_method_id(mrb, request, MRB_SYM(__era), request_era, MRB_ARGS_NONE());
	mrb_define_method_id(mrb, request, MRB_SYM(__duplicate), request_duplicate, MRB_ARGS_NONE());
	overlay_init(mrb);
}

void mrb_ritevisor_disk_gem_final(mrb_state *mrb)
{
	(void)mrb;
}
